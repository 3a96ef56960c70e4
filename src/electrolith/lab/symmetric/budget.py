"""Where the overpotential goes: the resistance of the layers against what a cell shows at each current."""

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer of the stack: its resistance in ohm, measured or from thickness and conductivity."""

    name: str
    resistance: Estimate
    count: int = 1


@dataclass(frozen=True, eq=False)
class Shown:
    """An overpotential (V) a cell showed at a current density (A/m2), and the resistance it implies (ohm)."""

    density: float
    overpotential: Estimate
    implied: Estimate


@dataclass(frozen=True, eq=False)
class Budget:
    """The stack's resistance against the cell's.

    total : sum of the layers, ohm.
    shown : what each current implies.
    share : of the layers in each overpotential.
    one_resistance : whether a single resistance explains all currents within 95 % intervals.
    findings : in sentences.
    """

    layers: tuple[Layer, ...]
    total: Estimate
    shown: tuple[Shown, ...]
    share: tuple[float, ...]
    one_resistance: bool
    findings: tuple[str, ...]


def layer(name: str, *, thickness: Estimate, conductivity: Estimate, area: float, count: int = 1) -> Layer:
    """A layer from its thickness (m), conductivity (S/m) and area (m2): R = t/(σ A)."""
    return Layer(name, thickness.through(lambda t, s: t / (s * area), conductivity, unit="ohm"), count)


def resistance_budget(
    layers: tuple[Layer, ...], shown: tuple[tuple[float, Estimate], ...], *, area: float
) -> Budget:
    """Compare the layers with overpotentials.

    Parameters
    ----------
    shown : (current density in A/m2, overpotential as estimate in V).
    area : of one electrode, m2.

    Raises
    ------
    InputError
        If there are no layers or no overpotentials.
    """
    if not layers or not shown:
        raise InputError("a budget needs at least one layer and one overpotential")
    total = layers[0].resistance.through(lambda r: 0 * r, unit="ohm")
    for one in layers:
        total = total.through(lambda t, r, n=one.count: t + n * r, one.resistance, unit="ohm")
    seen = tuple(
        Shown(j, v, v.through(lambda x, j=j: x / (j * area), unit="ohm"))
        for j, v in sorted(shown, key=lambda pair: pair[0])
    )
    spans = [_span(s.implied) for s in seen]
    single = max(low for low, _ in spans) <= min(high for _, high in spans)
    share = tuple(float(total.value / s.implied.value) for s in seen)
    return Budget(layers, total, seen, share, single, _findings(total, seen, spans, single))


def _span(value: Estimate) -> tuple[float, float]:
    """95 % interval; five percent either way where no doubt was stated."""
    if value.doubt == "unknown":
        return 0.95 * value.value, 1.05 * value.value
    return value.interval(0.95)


def _findings(
    total: Estimate, seen: tuple[Shown, ...], spans: list[tuple[float, float]], single: bool
) -> tuple[str, ...]:
    """What agrees and what does not."""
    low, high = _span(total)
    said = []
    for one, (a, b) in zip(seen, spans, strict=True):
        where = f"{one.density / 10:.3g} mA/cm2"
        drop = total.value * one.overpotential.value / one.implied.value
        millivolt = 1e3 * one.overpotential.value
        text = f"at {where} the cell shows {millivolt:.3g} mV, that is {one.implied.value:.0f} ohm"
        if a > high:
            text += f"; the layers explain {total.value:.0f} ohm ({1e3 * drop:.3g} mV): the rest is interface"
        elif b < low:
            text += (
                f"; less than the {total.value:.0f} ohm of the layers: heating, better contact, or a short"
            )
        else:
            text += f", as the layers ({total.value:.0f} ohm)"
        said.append(text)
    if not single:
        said.append(
            "no single resistance explains these overpotentials: "
            + ", ".join(f"{one.implied.value:.0f} ohm at {one.density / 10:.3g} mA/cm2" for one in seen)
            + "; a charge-transfer part that falls with current would, an ohmic one cannot"
        )
    return tuple(said)
