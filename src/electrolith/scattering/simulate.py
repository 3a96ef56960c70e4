"""Patterns without data: sticks, and full profiles on an even abscissa."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

from .data import PowderData
from .instrument import ConstantWavelength, Instrument, TimeOfFlight
from .model import Histogram, calculate, compile_model, parameters
from .peaks import link, peak_table
from .phase import Phase
from .tables import table_note

__all__ = ["Simulated", "Sticks", "simulate", "sticks"]


@dataclass(frozen=True, slots=True, eq=False)
class Sticks:
    """Reflections with integrated intensities (multiplicity, Lorentz, polarisation, all
    wavelengths included).

    hkl : shape (n, 3). d : Å. position : degrees or µs. intensity : strongest 100. multiplicity : shape (n,).
    """

    hkl: np.ndarray
    d: np.ndarray
    position: np.ndarray
    intensity: np.ndarray
    multiplicity: np.ndarray
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A calculated pattern, strongest point 100 for each phase mixture, with its sticks.

    x : shape (n,). total : shape (n,). by_phase : shape (n_phases, n).
    """

    name: str
    abscissa: str
    x: np.ndarray
    total: np.ndarray
    by_phase: np.ndarray
    sticks: tuple[Sticks, ...]


def sticks(
    phase: Phase,
    instrument: Instrument,
    *,
    low: float,
    high: float,
    ions: dict[str, str] | None = None,
    lengths: dict[str, float] | None = None,
) -> Sticks:
    """Reflections between low and high, degrees 2θ or µs.

    Raises
    ------
    InputError
        If the range is empty or holds no reflection.
    """
    if not 0 < low < high:
        raise InputError(f"range {low} to {high} is empty")
    linked = link(phase, instrument, np.array([low, high]), ions or {}, lengths or {}, "sticks")
    table, _ = peak_table(linked, phase, instrument, "sticks", ())
    n = len(linked.reflections.d)
    first = np.unique(table.reflection, return_index=True)[1]
    area = np.bincount(table.reflection, weights=table.area, minlength=n)
    position = table.centre[first]
    keep = (position >= low) & (position <= high)
    if not keep.any():
        raise InputError(f"phase {phase.name} has no reflection between {low:g} and {high:g}")
    area = area[keep]
    return Sticks(
        linked.reflections.hkl[keep],
        linked.reflections.d[keep],
        position[keep],
        100 * area / area.max(),
        linked.reflections.multiplicity[keep],
        table_note(linked.table, instrument.radiation),
    )


def simulate(
    phases: tuple[Phase, ...],
    instrument: Instrument,
    *,
    low: float,
    high: float,
    points: int = 4000,
    shares: tuple[float, ...] | None = None,
    name: str = "pattern",
) -> Simulated:
    """Profile of one or several phases.

    Parameters
    ----------
    shares : scale factors of the phases; default one each.
    """
    x = np.linspace(low, high, points)
    kind = "tof" if isinstance(instrument, TimeOfFlight) else "two_theta"
    blank = PowderData(x, np.ones_like(x), np.ones_like(x), kind, source=name)  # type: ignore[arg-type]
    histogram = Histogram(name, blank, instrument, background=1)
    model = compile_model(phases, (histogram,))
    values = parameters(phases, (histogram,))
    for phase, share in zip(phases, shares or (1.0,) * len(phases), strict=True):
        values[f"{name}/scale/{phase.name}"] = share
    shown = calculate(model, values)[0]
    top = float(shown.total.max()) or 1.0
    edge = 179.0 if isinstance(instrument, ConstantWavelength) else high
    rows = tuple(sticks(p, instrument, low=low, high=min(high, edge)) for p in phases)
    return Simulated(name, kind, x, 100 * shown.total / top, 100 * shown.by_phase / top, rows)
