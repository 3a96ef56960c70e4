"""How the uncertainty of conductivities and thicknesses reaches a cell's numbers; and its sensitivities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.cell.build import Window, cell_arrays
from electrolith.cell.rates import discharged
from electrolith.cell.resistance import layer_conductivity
from electrolith.cell.simulate import FAST
from electrolith.cell.stack import Stack, facts
from electrolith.cell.vary import batch_of, changed
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Uncertain:
    """A cell with the doubt of its inputs carried through.

    separator : resistance of all layers, ohm cm². capacity : mAh/g at `rate`. sources : what was drawn.
    """

    rate: float
    separator: Estimate
    capacity: Estimate
    sources: tuple[str, ...]


def monte_carlo(
    stack: Stack,
    window: Window,
    rate: float,
    *,
    rng: np.random.Generator,
    conductivities: Mapping[str, Estimate] | None = None,
    thickness_error: float = 0.0,
    draws: int = 200,
) -> Uncertain:
    """Draw conductivities and separator thicknesses, and discharge every draw at `rate` C in one batch.

    Parameters
    ----------
    conductivities : S/m at 25 °C by material; layers that state an uncertainty of their own are drawn too.
    thickness_error : relative standard deviation of each separator's thickness.

    Raises
    ------
    InputError
        For a relative error outside 0..0.5 or fewer than 2 draws.
    """
    if not 0 <= thickness_error < 0.5 or draws < 2:
        raise InputError(
            f"monte carlo: thickness_error must lie in 0..0.5 and draws be 2 or more, "
            f"got {thickness_error} and {draws}"
        )
    known, sources = _drawn_conductivities(stack, conductivities or {}, rng, draws)
    cells = cell_arrays(stack, window, conductivities=known)
    if cells.size == 1:
        cells = cells.take(np.zeros(draws, int))
    if thickness_error:
        layers = len(stack.separators)
        factor = np.exp(thickness_error * rng.standard_normal((draws, layers)))
        contacts = cells.contact_resistance.copy()
        contacts[:, :layers] *= factor
        cells = cells.with_arrays(
            {"layer_resistance": cells.layer_resistance * factor, "contact_resistance": contacts}
        )
        sources.append(f"thickness of each layer ± {100 * thickness_error:.3g} %")
    charge, _, _ = discharged(cells, np.full(draws, rate), window=window, numerics=FAST)
    capacity = charge / cells.active_mass / 3600.0
    asr = cells.series_resistance * 1e4
    if not sources:  # nothing has a stated doubt: a spread of zero would be a lie
        return Uncertain(
            rate,
            Estimate.unknown_doubt(float(asr[0]), "ohm cm2"),
            Estimate.unknown_doubt(float(capacity[0]), "mAh/g"),
            (),
        )
    return Uncertain(rate, Estimate(asr, "ohm cm2"), Estimate(capacity, "mAh/g"), tuple(sources))


def _drawn_conductivities(
    stack: Stack, given: Mapping[str, Estimate], rng: np.random.Generator, draws: int
) -> tuple[dict[str, np.ndarray], list[str]]:
    known: dict[str, np.ndarray] = {}
    sources: list[str] = []
    for layer in stack.separators:
        value = given.get(layer.material) or layer_conductivity(layer, rng=rng)
        if value.doubt != "known" or value.draws.size < 2 or layer.material in known:
            continue
        from electrolith.cell.materials import electrolytes

        pick = rng.integers(0, value.draws.size, draws)
        known[electrolytes()[layer.material].name] = value.draws[pick]
        sources.append(f"conductivity of {layer.material}, {value.text()}")
    return known, sources


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivities:
    """Relative change of capacity and energy per relative change of each number, at `rate` C.

    names : of the numbers. capacity, energy : d ln / d ln, (n,).
    """

    rate: float
    names: tuple[str, ...]
    capacity: np.ndarray
    energy: np.ndarray


def sensitivities(
    stack: Stack, window: Window, rate: float, *, names: Sequence[str] | None = None, step: float = 0.05
) -> Sensitivities:
    """Central differences of one discharge over every number in `names`, all in one batch."""
    chosen = list(names) if names is not None else _usual(stack)
    stacks = []
    for name in chosen:
        value = _value(stack, name)
        stacks += [changed(stack, {name: value * np.exp(s)}) for s in (-step, step)]
    cells = batch_of(stacks, window)
    charge, energy, _ = discharged(cells, np.full(cells.size, rate), window=window)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_mass = np.log(charge / cells.active_mass).reshape(-1, 2)
        per_energy = np.log(energy / cells.active_mass).reshape(-1, 2)
    return Sensitivities(
        rate,
        tuple(chosen),
        (per_mass[:, 1] - per_mass[:, 0]) / (2 * step),
        (per_energy[:, 1] - per_energy[:, 0]) / (2 * step),
    )


def _usual(stack: Stack) -> list[str]:
    layers = dict.fromkeys(f"{layer.material}.thickness" for layer in stack.separators)
    cathode = ["diffusivity", "particle_radius", "exchange_current", "bruggeman", "loading"]
    return [*layers, *(f"cathode.{c}" for c in cathode), "lithium_exchange_current"]


def _value(stack: Stack, name: str) -> float:
    """Current value of a number, from the layer, else from the library, else as it follows."""
    from electrolith.cell.build import active_material
    from electrolith.cell.stack import loading

    key, _, field = name.partition(".")
    if not field:
        return float(getattr(stack, key))
    layer = next(la for la in stack.layers if key == ("cathode" if la.role == "cathode" else la.material))
    value = getattr(layer, field)
    if value is None and key == "cathode" and hasattr(active_material(layer), field):
        value = getattr(active_material(layer), field)
    if value is None:
        value = loading(stack) if field == "loading" else getattr(facts(layer, stack.area), field)
    return float(value)
