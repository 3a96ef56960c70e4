"""What limits a cell, in a sentence with numbers: every loss is taken away in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.cell.arrays import CellArrays, joined
from electrolith.cell.build import Window
from electrolith.cell.rates import discharged
from electrolith.cell.simulate import Numerics

_FAST = 1e3


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """One cell at one rate.

    capacity : mAh/g. equilibrium : mAh/g without any loss. energy : J/m².
    without : name of each loss, capacity in mAh/g and energy in J/m² with it taken away, most gain first.
    sentence : the answer.
    """

    rate: float
    capacity: float
    equilibrium: float
    energy: float
    without: tuple[tuple[str, float, float], ...]
    sentence: str


def what_limits(cells: CellArrays, rate: float, window: Window, *, numerics: Numerics | None = None) -> Limit:
    """Take away each loss of the first of `cells` in turn at `rate` C and see what it gains."""
    one = cells.take(np.array([0]))
    cases = {"": one, **_relieved(one)}
    batch = joined(list(cases.values()))
    charge, energy, _ = discharged(batch, np.full(batch.size, rate), window=window, numerics=numerics)
    capacity = charge / batch.active_mass / 3600.0
    rows = sorted(
        ((name, float(q), float(e)) for name, q, e in zip(cases, capacity, energy, strict=True) if name),
        key=lambda row: (-row[2], -row[1]),
    )
    full = _equilibrium(one, window)
    sentence = _sentence(rate, float(capacity[0]), full, float(energy[0]), rows)
    return Limit(rate, float(capacity[0]), full, float(energy[0]), tuple(rows), sentence)


def _relieved(one: CellArrays) -> dict[str, CellArrays]:
    cases = {
        "diffusion in the particles": one.with_arrays({"diffusivity": one.diffusivity * _FAST}),
        "cathode kinetics": one.with_arrays(
            {"exchange_current": one.exchange_current * _FAST, "film_resistance": one.film_resistance / _FAST}
        ),
        "ions in the cathode": one.with_arrays({"ionic_conductivity": one.ionic_conductivity * _FAST}),
        "electrons in the cathode": one.with_arrays(
            {"electronic_conductivity": one.electronic_conductivity * _FAST}
        ),
        "kinetics at the lithium": one.with_arrays(
            {"lithium_exchange_current": one.lithium_exchange_current * _FAST}
        ),
    }
    if (one.film_resistance > 0).any():
        cases["films on the particles"] = one.with_arrays({"film_resistance": one.film_resistance / _FAST})
    for i, name in enumerate(one.layer_names):
        less = one.layer_resistance.copy()
        less[:, i] = 0.0
        label = f"the {name} layer"
        cases[label if label not in cases else f"{label} ({i + 1})"] = one.with_arrays(
            {"layer_resistance": less}
        )
    if (one.contact_resistance > 0).any():
        cases["contacts"] = one.with_arrays({"contact_resistance": np.zeros_like(one.contact_resistance)})
    return cases


def _equilibrium(one: CellArrays, window: Window) -> float:
    """Capacity without losses, mAh/g."""
    curve = one.ocp
    end = float(curve(np.array(curve.high)))
    last = curve.high if end >= window.low else curve.stoichiometry_at(window.low)
    return float((last - one.stoichiometry[0]) * one.capacity[0] / one.active_mass[0] / 3600.0)


def _sentence(
    rate: float, capacity: float, full: float, energy: float, rows: list[tuple[str, float, float]]
) -> str:
    start = f"At {rate:g}C the cell delivers {capacity:.0f} of {full:.0f} mAh/g"
    name, better, more = rows[0]
    if capacity <= 0:
        helpful = [row for row in rows if row[1] > 0]
        if not helpful:
            return (
                f"{start}: the voltage leaves its window at once, and no single loss taken away would help."
            )
        return (
            f"{start}: the voltage leaves its window at once; without {name} it would deliver "
            f"{better:.0f} mAh/g."
        )
    gain = 100 * (more / energy - 1)
    if gain < 1:
        return f"{start}; no single loss costs more than 1 % of the energy."
    second, _, more_2 = rows[1]
    return (
        f"{start}; {name} costs most: without it {better:.0f} mAh/g and {gain:.0f} % more energy, "
        f"then {second} ({100 * (more_2 / energy - 1):.0f} %)."
    )
