"""Full cells in the study: cycle table, rates, retention against a stated cycle, fade, profiles, dQ/dV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.progress import tracked
from electrolith.core.units import Unit
from electrolith.lab.cycling.bells import doubts_of
from electrolith.lab.cycling.cycles import Convention, Counting, CycleSettings, CycleTable, cycle_table
from electrolith.lab.cycling.fade import Fade, fit_fade, retention
from electrolith.lab.cycling.profile import Differential, Profile, differential, profile
from electrolith.lab.cycling.rates import RateStep, rate_steps
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.cycling.regime import regimes
from electrolith.study.figure import Axis, Band, Figure, Layer, Line, Points, Role, ordered
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.sections.cycling_result import FullCells, OneFullCell
from electrolith.study.sections.cycling_together import cycling_together
from electrolith.study.settings import Files
from electrolith.study.table import Cell
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "FullCells", "MeasuredCycling", "cycling_parts", "evidence_of", "full_cells"]

ROLES: tuple[Role, ...] = ("computed", "measured", "second", "third", "fourth", "warning")


@dataclass(frozen=True)
class MeasuredCycling:
    """Records of full cells.

    mass : of active material.
    area : of the electrode.
    one_c : current at 1C, "200 mA/g".
    reference : cycle that retention refers to; the first complete one of its rate without.
    profiles : cycles whose voltage is shown.
    convention : of the Coulombic efficiency.
    counting : of cycles, the vendor's or own.
    files : cycler records, one for each cell.
    """

    files: Files
    mass: Annotated[float | None, Unit("kg")] = None
    area: Annotated[float | None, Unit("m2")] = None
    one_c: Annotated[float | None, Unit("A/kg")] = None
    reference: int | None = None
    profiles: tuple[int, ...] = ()
    convention: Convention = "discharge/charge"
    counting: Counting = "vendor"

    def __post_init__(self) -> None:
        CycleSettings(mass=self.mass, area=self.area)


def full_cells(settings: MeasuredCycling) -> FullCells:
    """Cycle table, rates, fade and profiles of every record."""
    cells, failures = [], []
    for path in tracked(settings.files, "record"):
        try:
            cells.append(_one(read_cycling(path, mass=settings.mass, area=settings.area), settings))
        except ElectrolithError as error:
            failures.append((str(path), str(error)))
    if not cells:
        raise InputError(f"no cycling record could be read; {failures[0][1]}")
    return FullCells(tuple(cells), tuple(failures))


def _one(record: CyclingRecord, settings: MeasuredCycling) -> OneFullCell:
    """One record evaluated."""
    how = CycleSettings(settings.counting, settings.convention, settings.mass, settings.area)
    table = cycle_table(record, how)
    steps = rate_steps(table, one_c=settings.one_c)
    whole = table.cycle[table.complete]
    reference = settings.reference if settings.reference is not None else _usual_reference(whole, steps)
    curves = [
        p
        for p in (_profile(record, table, c, h) for c in _shown(settings, whole, steps) for h in HALVES)
        if p
    ]
    differentials = [_differential(c) for c in curves]
    return OneFullCell(
        record.source,
        table,
        steps,
        reference,
        _fade(table, reference, steps),
        tuple(curves),
        tuple(d for d in differentials if d is not None),
        record.account,
    )


HALVES = ("charge", "discharge")


def _usual_reference(whole: np.ndarray, steps: tuple[RateStep, ...]) -> int | None:
    """First complete cycle of the longest stretch at one rate."""
    if not whole.size:
        return None
    longest = max(steps, key=lambda s: s.last - s.first, default=None)
    inside = whole[whole >= longest.first] if longest is not None else whole
    return int(inside[0]) if inside.size else int(whole[0])


def _fade(table: CycleTable, reference: int | None, steps: tuple[RateStep, ...]) -> Fade | None:
    """Fade over the stretch of one rate that holds the reference."""
    stretch = next((s for s in steps if reference is not None and s.first <= reference <= s.last), None)
    if reference is None or stretch is None:
        return None
    keep = table.complete & (table.cycle <= stretch.last)
    specific = table.specific_discharge
    capacity, unit = (table.discharge, "mAh") if specific is None else (specific, "mAh/g")
    try:
        return fit_fade(table.cycle[keep], capacity[keep], reference=reference, unit=unit)
    except InputError:
        return None


def _shown(settings: MeasuredCycling, whole: np.ndarray, steps: tuple[RateStep, ...]) -> tuple[int, ...]:
    """Cycles whose profile is drawn: those asked for, else one of each rate, else a few."""
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


def _profile(record: CyclingRecord, table: CycleTable, cycle: int, half: str) -> Profile | None:
    """A profile, None where the cycle has no such half; at most 600 points."""
    try:
        curve = profile(record, table, cycle, "charge" if half == "charge" else "discharge")
    except InputError:
        return None
    rows = np.unique(np.linspace(0, curve.capacity.size - 1, min(600, curve.capacity.size)).astype(int))
    return Profile(curve.cycle, curve.half, curve.capacity[rows], curve.voltage[rows])


def _differential(curve: Profile) -> Differential | None:
    """dQ/dV, None for a flat or tiny profile."""
    span = float(np.ptp(curve.voltage))
    return differential(curve, width=max(5e-3, span / 150)) if span > 0.02 else None


def evidence_of(found: FullCells) -> tuple[Evidence, ...]:
    """Initial efficiency, capacity per named rate, retention."""
    rows = []
    for cell in found.cells:
        source = Path(cell.source).name
        if np.isfinite(cell.table.initial_efficiency):
            value = Estimate.unknown_doubt(100 * cell.table.initial_efficiency, "percent")
            rows.append(Evidence("initial_coulombic_efficiency", "Initial CE", value, "measured", source))
        for step in cell.steps:
            if step.specific is not None and step.c_rate is not None:
                inside = (cell.table.cycle >= step.first) & (cell.table.cycle <= step.last)
                first = float(cell.table.discharge[inside][0] / (1e3 * (cell.table.settings.mass or 1.0)))
                value = Estimate.unknown_doubt(first, "mAh/g")
                key, label = f"capacity_{step.name}", f"Capacity at {step.name}"
                if key not in {r.quantity for r in rows}:
                    note = f"discharge, cycle {step.first}"
                    rows.append(Evidence(key, label, value, "measured", source, note=note))
        areal = cell.table.areal_discharge
        if areal is not None and cell.reference in cell.table.cycle:
            at = int(np.flatnonzero(cell.table.cycle == cell.reference)[0])
            value = Estimate.unknown_doubt(float(areal[at]), "mAh/cm2")
            note = f"discharge, cycle {cell.reference}"
            rows.append(Evidence("areal_capacity", "Areal capacity", value, "measured", source, note=note))
        whole = float(np.count_nonzero(cell.table.complete))
        rows.append(Evidence("cycles", "Cycles", Estimate.exact(whole, "1"), "measured", source))
        rows += _retention_row(cell, source)
    return tuple(rows)


def _retention_row(cell: OneFullCell, source: str) -> list[Evidence]:
    """Retention of the last cycle of the ageing, by its law, with its reference and the cycle measured."""
    fade = cell.fade
    if fade is None or not _ages(cell):
        return []
    last = float(fade.cycle[-1])
    value = fade.retention(last).through(lambda x: 100 * x, unit="percent")
    measured = 100 * float(fade.capacity[-1] / fade.capacity[0])
    note = (
        f"cycle {last:.0f} against cycle {fade.reference}, {fade.law} law; {measured:.4g} % measured at that "
        "cycle"
    )
    return [Evidence("capacity_retention", "Retention", value, "measured", source, note=note)]


def _ages(cell: OneFullCell) -> bool:
    """Whether the stretch that holds the reference is ageing: a rate test's few cycles have no retention."""
    return any(
        kind == "ageing"
        for step, kind in zip(cell.steps, regimes(cell.steps), strict=True)
        if cell.reference is not None and step.first <= cell.reference <= step.last
    )


def evidence(results: Results) -> tuple[Evidence, ...]:
    """The section's rows of the headline."""
    found = results.get(FullCells)
    return () if found is None else evidence_of(found)


def parts(results: Results) -> tuple[Part, ...]:
    """The section's part of the report."""
    found = results.get(FullCells)
    return () if found is None else cycling_parts(found)


def cycling_parts(found: FullCells) -> tuple[Part, ...]:
    """One part per cell."""
    parts = [_cell_part(cell, number) for number, cell in enumerate(found.cells, start=1)]
    if found.failures:
        warnings = tuple(f"{Path(file).name} left out: {why}" for file, why in found.failures)
        parts.append(
            Part("Records left out", f"{len(found.failures)} files could not be read.", warnings=warnings)
        )
    return tuple(parts)


def _cell_part(cell: OneFullCell, number: int) -> Part:
    """Sentence, figures and tables of one cell."""
    table, name = cell.table, Path(cell.source).name
    sentence = (
        f"{name}: {table.cycle.size} cycles (counted by the "
        f"{'instrument' if table.counted_by == 'vendor' else 'record'}), "
        f"initial Coulombic efficiency {100 * table.initial_efficiency:.2f} % ({table.convention})."
    )
    notes = [*table.remarks, *(() if cell.account is None else cell.account.notes)]
    warnings = (*(() if cell.account is None else cell.account.warnings), *doubts_of(table))
    if cell.fade is not None and _ages(cell):
        last = float(cell.fade.cycle[-1])
        kept = cell.fade.retention(last)
        sentence += (
            f" {100 * kept.value:.2f} % of cycle {cell.fade.reference} is left at cycle {last:.0f} "
            f"({cell.fade.law} law)."
        )
        notes.append(
            f"Fade laws by support: {', '.join(f'{k} {v:.2f}' for k, v in cell.fade.support.items())}."
        )
    figures = [_capacity(cell, number), _efficiency(cell, number)]
    if cell.profiles:
        figures.append(_profiles(cell, number))
    if cell.differentials:
        figures.append(_differentials(cell, number))
    return Part(
        f"Cell {name}", sentence, tuple(figures), (_rates(cell), _cycles(cell)), warnings, tuple(notes)
    )


def _per(cell: OneFullCell) -> tuple[float, str]:
    """Factor from mAh to the best unit known, and that unit."""
    settings = cell.table.settings
    if settings.mass is not None:
        return 1 / (1e3 * settings.mass), "mAh g⁻¹"
    if settings.area is not None:
        return 1 / (1e4 * settings.area), "mAh cm⁻²"
    return 1.0, "mAh"


def _capacity(cell: OneFullCell, number: int) -> Figure:
    """Charge and discharge capacity against cycle, with the fade law."""
    factor, unit = _per(cell)
    table = cell.table
    layers: list[Layer] = [
        Points(table.cycle, factor * table.charge, "charge", "published", small=True),
        Points(table.cycle, factor * table.discharge, "discharge", "measured", small=True),
    ]
    if cell.fade is not None:
        grid = np.linspace(cell.fade.reference, float(cell.fade.cycle[-1]), 60)
        drawn = [cell.fade.at(float(g)) for g in grid]
        scale = 1.0 if cell.fade.unit == "mAh/g" else factor
        low, high = np.array([d.interval(0.95) for d in drawn]).T
        layers.append(Band(grid, scale * low, scale * high, "95 %"))
        layers.append(Line(grid, scale * np.array([d.value for d in drawn]), f"{cell.fade.law} law"))
    caption = "Capacity against cycle: charge (open), discharge (filled), fade law with its 95 % band."
    return Figure(
        f"cycling-capacity-{number}",
        caption,
        Axis("cycle"),
        Axis(f"capacity / {unit}"),
        tuple(layers),
        key=True,
    )


def _efficiency(cell: OneFullCell, number: int) -> Figure:
    """Coulombic efficiency against cycle."""
    table = cell.table
    good = table.complete
    layers = (Points(table.cycle[good], 100 * table.efficiency[good], "", "measured", small=True),)
    caption = f"Coulombic efficiency ({table.convention}) of complete cycles."
    shown = 100 * table.efficiency[good & np.isfinite(table.efficiency)]
    ends, beyond = _readable(shown, 0.02)
    if beyond:
        caption += f" {beyond} cycles lie outside the axis."
    y = Axis("Coulombic efficiency / %", range=ends)
    return Figure(f"cycling-efficiency-{number}", caption, Axis("cycle"), y, layers, height=300)


def _profiles(cell: OneFullCell, number: int) -> Figure:
    """Voltage against capacity of the chosen cycles."""
    factor, unit = _per(cell)
    cycles = list(dict.fromkeys(c.cycle for c in cell.profiles))
    shades = ordered(len(cycles))
    layers = tuple(
        Line(
            factor * c.capacity,
            c.voltage,
            _cycle_name(cell, c.cycle) if c.half == "charge" else "",
            colour=shades[cycles.index(c.cycle)],
            dash=c.half == "discharge",
        )
        for c in cell.profiles
    )
    caption = "Voltage profiles: charge (solid), discharge (dashed)."
    return Figure(
        f"cycling-profiles-{number}", caption, Axis(f"capacity / {unit}"), Axis("voltage / V"), layers
    )


def _cycle_name(cell: OneFullCell, cycle: int) -> str:
    """A cycle by its number and, where there are several, its rate."""
    step = next((s for s in cell.steps if s.first <= cycle <= s.last), None)
    return f"cycle {cycle}" + (f", {step.name}" if step is not None and len(cell.steps) > 1 else "")


def _differentials(cell: OneFullCell, number: int) -> Figure:
    """dQ/dV of the chosen cycles."""
    factor, unit = _per(cell)
    shown = [c for c in cell.profiles if float(np.ptp(c.voltage)) > 0.02]
    cycles = list(dict.fromkeys(c.cycle for c in shown))
    shades = ordered(len(cycles))
    layers = tuple(
        Line(
            d.voltage,
            (1 if c.half == "charge" else -1) * factor * d.dq_dv,
            _cycle_name(cell, c.cycle) if c.half == "charge" else "",
            colour=shades[cycles.index(c.cycle)],
        )
        for c, d in zip(shown, cell.differentials, strict=True)
    )
    caption = "Differential capacity: charge upwards, discharge downwards."
    inside = [layer.y[_off_the_ends(layer.x)] for layer in layers]
    ends, _ = _readable(np.concatenate(inside) if inside else np.array([]), 0.0)
    if any(float(np.nanmax(np.abs(layer.y))) > 1.2 * max(map(abs, ends or (np.inf,))) for layer in layers):
        caption += " The spike of the constant voltage at the end of the charge is cut."
    y = Axis(f"dQ/dV / {unit} V⁻¹", range=ends)
    return Figure(f"cycling-differential-{number}", caption, Axis("voltage / V"), y, layers)


def _off_the_ends(voltage: np.ndarray) -> np.ndarray:
    """Points a hundredth of the span away from both ends, where current is held and dQ/dV has no meaning."""
    low, high = float(np.nanmin(voltage)), float(np.nanmax(voltage))
    margin = 0.01 * (high - low)
    return np.asarray((voltage > low + margin) & (voltage < high - margin))


def _readable(values: np.ndarray, outside: float) -> tuple[tuple[float, float] | None, int]:
    """Ends of an axis without the share `outside` at each end, with a margin; how many lie beyond."""
    finite = values[np.isfinite(values)]
    if finite.size < 3:
        return None, 0
    low, high = np.quantile(finite, [outside, 1 - outside])
    margin = 0.08 * (high - low) or 1.0
    ends = float(low - margin), float(high + margin)
    return ends, int(np.sum((finite < ends[0]) | (finite > ends[1])))


def _rates(cell: OneFullCell) -> Table:
    """Rate steps, what each is, and its capacity in every unit known."""
    known = cell.table.settings
    scales = [("mAh", 1.0)]
    if known.area is not None:
        scales.insert(0, ("mAh cm⁻²", 1 / (1e4 * known.area)))
    if known.mass is not None:
        scales.insert(0, ("mAh g⁻¹", 1 / (1e3 * known.mass)))
    rows: list[tuple[Cell, ...]] = [
        (
            s.name,
            kind,
            int(s.first),
            int(s.last),
            float(s.current),
            *(float(scale * s.capacity) for _, scale in scales),
        )
        for s, kind in zip(cell.steps, regimes(cell.steps), strict=True)
    ]
    heads = tuple(f"median discharge / {unit}" for unit, _ in scales)
    columns = ("rate", "taken for", "first cycle", "last cycle", "discharge current / mA", *heads)
    return Table(columns, tuple(rows), "Rate steps; retention is stated for ageing only")


def _cycles(cell: OneFullCell) -> Table:
    """Every cycle."""
    factor, unit = _per(cell)
    t = cell.table
    kept = np.full(t.cycle.size, np.nan)
    if cell.reference is not None and cell.reference in t.cycle:
        kept = 100 * retention(t.cycle, t.discharge, reference=cell.reference)
    rows = tuple(
        (
            int(t.cycle[i]),
            float(factor * t.charge[i]),
            float(factor * t.discharge[i]),
            float(100 * t.efficiency[i]),
            float(kept[i]),
            float(t.charge_voltage[i]),
            float(t.discharge_voltage[i]),
            float(1e3 * t.hysteresis[i]),
            float(t.discharge_energy[i]),
        )
        for i in range(t.cycle.size)
    )
    columns = (
        "cycle",
        f"charge / {unit}",
        f"discharge / {unit}",
        "CE / %",
        "retention / %",
        "charge voltage / V",
        "discharge voltage / V",
        "hysteresis / mV",
        "E discharge / mWh",
    )
    reference = "no complete cycle" if cell.reference is None else f"cycle {cell.reference}"
    minor = ("charge voltage / V", "discharge voltage / V", "E discharge / mWh")
    return Table(columns, rows, f"Cycles; retention against {reference}", minor)


SECTION = Section(
    "measured.cycling",
    MeasuredCycling,
    (Stage(full_cells, version=2),),
    evidence,
    parts,
    together=cycling_together,
)
