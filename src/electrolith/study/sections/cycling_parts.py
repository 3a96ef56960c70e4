"""Full cells in the report: capacity, efficiency, profiles, dQ/dV, stretches, retention, every cycle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.format import number as digits
from electrolith.lab.cycling.cycles import CycleTable
from electrolith.lab.cycling.measure import FullCells, OneFullCell
from electrolith.study.figure import Axis, Band, Figure, Layer, Line, Points, ordered
from electrolith.study.section import Part, Table
from electrolith.study.table import Cell, as_cell

__all__ = ["cycling_parts"]


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
        f"{_initial(table)}."
    )
    notes = [*table.remarks, *(() if cell.account is None else cell.account.notes)]
    warnings = (*(() if cell.account is None else cell.account.warnings), *cell.doubts)
    kept = cell.retention
    if kept is not None and kept.regime == "ageing":
        sentence += (
            f" {digits(100 * kept.measured, 4)} % of cycle {kept.reference} is left at cycle {kept.last}."
        )
    if cell.fade is not None:
        notes.append(
            "Fade laws by support: "
            + ", ".join(f"{k} {digits(v, 2)}" for k, v in cell.fade.support.items())
            + "."
        )
    figures = [_capacity(cell, number), _efficiency(cell, number)]
    if cell.profiles:
        figures.append(_profiles(cell, number))
    if cell.differentials:
        figures.append(_differentials(cell, number))
    return Part(
        f"Cell {name}",
        sentence,
        tuple(figures),
        (_rates(cell), *_left(cell), _cycles(cell)),
        warnings,
        tuple(notes),
    )


def _initial(table: CycleTable) -> str:
    """The initial efficiency in words, or why there is none."""
    value = 100 * table.initial_efficiency
    if not np.isfinite(value):
        return "no initial Coulombic efficiency, for no cycle has a whole charge and a whole discharge"
    return f"initial Coulombic efficiency {digits(value)} % ({table.convention})"


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
            as_cell(s.name),
            kind,
            int(s.first),
            int(s.last),
            float(s.current),
            *(float(scale * s.capacity) for _, scale in scales),
        )
        for s, kind in zip(cell.steps, cell.kinds, strict=True)
    ]
    heads = tuple(f"median discharge / {unit}" for unit, _ in scales)
    columns = ("rate", "taken for", "first cycle", "last cycle", "discharge current / mA", *heads)
    return Table(columns, tuple(rows), "Rate steps; retention is stated for ageing only")


def _left(cell: OneFullCell) -> tuple[Table, ...]:
    """What is left at the last cycle, as measured and by the law."""
    kept = cell.retention
    if kept is None:
        return ()
    law = None if kept.by_law is None else kept.by_law.through(lambda x: 100 * x, unit="percent")
    row: tuple[Cell, ...] = (kept.reference, kept.last, kept.regime, 100 * kept.measured, law)
    name = "law" if cell.fade is None else f"by the {cell.fade.law} law"
    columns = ("of cycle", "at cycle", "stretch", "left, measured / %", f"left, {name} / percent")
    caption = (
        "What is left at the last cycle of the reference's stretch; a loss is ageing only in an ageing one"
    )
    return (Table(columns, (row,), caption),)


def _cycles(cell: OneFullCell) -> Table:
    """Every cycle."""
    factor, unit = _per(cell)
    t = cell.table
    kept = 100 * cell.kept
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
