"""Records of full cells to one finished result: cycles, stretches and their kind, retention, fade, curves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.account import Account
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.progress import tracked
from electrolith.core.units import Unit
from electrolith.lab.cycling.bells import doubts_of
from electrolith.lab.cycling.cycles import Convention, Counting, CycleSettings, CycleTable, cycle_table
from electrolith.lab.cycling.fade import Fade, fit_fade
from electrolith.lab.cycling.profile import Differential, Half, Profile, differential, profile
from electrolith.lab.cycling.rates import RateStep, rate_steps
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.cycling.regime import Regime, regimes

HALVES: tuple[Half, ...] = ("charge", "discharge")
DRAWN = 600  # points of a profile; more nobody can see


@dataclass(frozen=True)
class CyclingSettings:
    """Records of full cells.

    mass : of active material.
    area : of the electrode.
    one_c : current at 1C, "200 mA/g".
    reference : cycle that retention refers to; without, the first complete one of the longest stretch at one
        rate.
    profiles : cycles whose voltage is shown.
    convention : of the Coulombic efficiency.
    counting : of cycles, the vendor's or own.
    files : cycler records, one for each cell.
    """

    files: tuple[Path, ...]
    mass: Annotated[float | None, Unit("kg")] = None
    area: Annotated[float | None, Unit("m2")] = None
    one_c: Annotated[float | None, Unit("A/kg")] = None
    reference: int | None = None
    profiles: tuple[int, ...] = ()
    convention: Convention = "discharge/charge"
    counting: Counting = "vendor"

    def __post_init__(self) -> None:
        CycleSettings(mass=self.mass, area=self.area)
        if self.one_c is not None and not 1 < self.one_c < 1e4:
            raise InputError(f"one_c {self.one_c:g} A/kg is no cathode's; state the unit, as in '200 mA/g'")


@dataclass(frozen=True, eq=False)
class Retention:
    """What is left of the capacity of a named cycle at the last one of the same stretch.

    reference, last : cycle numbers.
    measured : capacity of the last over that of the reference, as recorded.
    by_law : the same by the fade law, None where there is no law.
    regime : of the stretch; a retention means ageing only where it is "ageing".
    """

    reference: int
    last: int
    measured: float
    by_law: Estimate | None
    regime: Regime


@dataclass(frozen=True, eq=False)
class OneFullCell:
    """One record's table and what follows from it.

    steps, kinds : stretches at one rate and what each is.
    reference : cycle number that retention refers to.
    kept : discharge of every cycle over that of the reference, (m,), nan without.
    doubts : what no cell does, in words.
    """

    source: str
    table: CycleTable
    steps: tuple[RateStep, ...]
    kinds: tuple[Regime, ...]
    reference: int | None
    kept: np.ndarray
    retention: Retention | None
    fade: Fade | None
    profiles: tuple[Profile, ...]
    differentials: tuple[Differential, ...]
    doubts: tuple[str, ...] = ()
    account: Account | None = None


@dataclass(frozen=True, eq=False)
class FullCells:
    """All cells. failures : (file, reason)."""

    cells: tuple[OneFullCell, ...]
    failures: tuple[tuple[str, str], ...]


def measure_cycling(settings: CyclingSettings) -> FullCells:
    """Cycle table, rates, retention, fade and profiles of every record.

    Raises
    ------
    InputError
        If no record can be read.
    """
    cells, failures = [], []
    for path in tracked(settings.files, "record"):
        try:
            record = read_cycling(path, mass=settings.mass, area=settings.area)
            cells.append(judge_record(record, settings))
        except ElectrolithError as error:
            failures.append((str(path), str(error)))
    if not cells:
        raise InputError(f"no cycling record could be read; {failures[0][1]}")
    return FullCells(tuple(cells), tuple(failures))


def judge_record(record: CyclingRecord, settings: CyclingSettings) -> OneFullCell:
    """One record evaluated; the settings' `files` are not read.

    Raises
    ------
    InputError
        If the named reference cycle is not in the record, or not complete.
    """
    how = CycleSettings(settings.counting, settings.convention, settings.mass, settings.area)
    table = cycle_table(record, how)
    steps = rate_steps(table, one_c=settings.one_c)
    kinds = regimes(steps)
    whole = table.cycle[table.complete]
    reference = _reference(settings, table, whole, steps)
    fade = _fade(table, reference, steps)
    curves = tuple(
        p
        for p in (_profile(record, table, c, h) for c in _shown(settings, whole, steps) for h in HALVES)
        if p
    )
    return OneFullCell(
        source=record.source,
        table=table,
        steps=steps,
        kinds=kinds,
        reference=reference,
        kept=_kept(table, reference),
        retention=_retention(table, reference, steps, kinds, fade),
        fade=fade,
        profiles=curves,
        differentials=tuple(d for d in (_differential(c) for c in curves) if d is not None),
        doubts=doubts_of(table, one_c=settings.one_c),
        account=record.account,
    )


def _reference(
    settings: CyclingSettings, table: CycleTable, whole: np.ndarray, steps: tuple[RateStep, ...]
) -> int | None:
    """The cycle named, else the first complete one of the longest stretch at one rate."""
    if settings.reference is not None:
        if settings.reference not in whole:
            there = "is not complete" if settings.reference in table.cycle else "is not there"
            raise InputError(
                f"{table.source}: reference cycle {settings.reference} {there}; complete are "
                + (f"{whole[0]} to {whole[-1]}" if whole.size else "none")
            )
        return settings.reference
    if not whole.size:
        return None
    longest = max(steps, key=lambda s: s.last - s.first, default=None)
    inside = whole[whole >= longest.first] if longest is not None else whole
    return int(inside[0]) if inside.size else int(whole[0])


def _stretch(reference: int | None, steps: tuple[RateStep, ...]) -> int | None:
    """Which stretch holds the reference."""
    if reference is None:
        return None
    return next((i for i, s in enumerate(steps) if s.first <= reference <= s.last), None)


def _kept(table: CycleTable, reference: int | None) -> np.ndarray:
    """Discharge of every cycle over that of the reference."""
    at = np.flatnonzero(table.cycle == reference) if reference is not None else np.zeros(0, dtype=int)
    if not at.size:
        return np.full(table.cycle.size, np.nan)
    return np.asarray(table.discharge / table.discharge[at[0]])


def _fade(table: CycleTable, reference: int | None, steps: tuple[RateStep, ...]) -> Fade | None:
    """Fade over the stretch of one rate that holds the reference."""
    at = _stretch(reference, steps)
    if reference is None or at is None:
        return None
    keep = table.complete & (table.cycle <= steps[at].last)
    specific = table.specific_discharge
    capacity, unit = (table.discharge, "mAh") if specific is None else (specific, "mAh/g")
    try:
        return fit_fade(table.cycle[keep], capacity[keep], reference=reference, unit=unit)
    except InputError:
        return None


def _retention(
    table: CycleTable,
    reference: int | None,
    steps: tuple[RateStep, ...],
    kinds: tuple[Regime, ...],
    fade: Fade | None,
) -> Retention | None:
    """What is left at the last complete cycle of the reference's stretch."""
    at = _stretch(reference, steps)
    if reference is None or at is None:
        return None
    inside = table.complete & (table.cycle >= reference) & (table.cycle <= steps[at].last)
    rows = np.flatnonzero(inside)
    if rows.size < 2:
        return None
    last = int(table.cycle[rows[-1]])
    return Retention(
        reference,
        last,
        float(table.discharge[rows[-1]] / table.discharge[rows[0]]),
        None if fade is None else fade.retention(float(last)),
        kinds[at],
    )


def _shown(settings: CyclingSettings, whole: np.ndarray, steps: tuple[RateStep, ...]) -> tuple[int, ...]:
    """Cycles whose profile is kept: those asked for, else one of each rate, else a few."""
    if settings.profiles:
        return settings.profiles
    if not whole.size:
        return ()
    # The middle of a step: its first cycles still carry the change of rate.
    of_steps = [whole[(whole >= s.first) & (whole <= s.last)] for s in steps]
    if len({s.name for s in steps}) > 2:
        return tuple(dict.fromkeys(int(inside[inside.size // 2]) for inside in of_steps if inside.size))
    return tuple(
        dict.fromkeys(int(whole[i]) for i in (0, min(1, whole.size - 1), whole.size // 2, whole.size - 1))
    )


def _profile(record: CyclingRecord, table: CycleTable, cycle: int, half: Half) -> Profile | None:
    """A thinned profile, None where the cycle has no such half."""
    try:
        curve = profile(record, table, cycle, half)
    except InputError:
        return None
    rows = np.unique(np.linspace(0, curve.capacity.size - 1, min(DRAWN, curve.capacity.size)).astype(int))
    return Profile(curve.cycle, curve.half, curve.capacity[rows], curve.voltage[rows])


def _differential(curve: Profile) -> Differential | None:
    """dQ/dV, None for a flat or tiny profile."""
    span = float(np.ptp(curve.voltage))
    return differential(curve, width=max(5e-3, span / 150)) if span > 0.02 else None
