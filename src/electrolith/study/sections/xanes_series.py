"""Absorption over time: spectra one above the other, the cell they came from, series together."""

from __future__ import annotations

import numpy as np

from electrolith.lab.xanes.analysis import XanesResult
from electrolith.study.figure import Axis, Figure, Labels, Layer, Line, Points, Role
from electrolith.study.printed import printed
from electrolith.study.section import Part, Results, Table
from electrolith.study.stack import Curve, evenly, stack
from electrolith.study.table import Cell

__all__ = ["cell_figures", "spectrum_stack", "xanes_together"]

SHOWN = 10
ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published", "warning")


def _near(energy: np.ndarray, edge: float) -> np.ndarray:
    return (energy > edge - 15) & (energy < edge + 35)


def _when(found: XanesResult, index: int) -> str:
    """A spectrum by its time, and by the cell's state where there is one."""
    series = found.series
    if series is None or not series.timed:
        return found.spectra[index].name
    seconds = float(series.time[index])
    words = f"{seconds / 60:.0f} min" if series.time[-1] < 3 * 3600 else f"{seconds / 3600:.3g} h"
    if index < found.voltage.size and np.isfinite(found.voltage[index]):
        words += f", {1e3 * found.voltage[index]:.0f} mV"
    return words


def spectrum_stack(found: XanesResult) -> Figure:
    """Spectra of a series, evenly taken, from the first upwards."""
    curves = []
    for index in evenly(len(found.spectra), SHOWN):
        s = found.spectra[index]
        near = _near(s.energy, s.edge)
        curves.append(Curve(s.energy[near], s.flat[near], _when(found, index)))
    caption = "Normalised absorption, shifted; the first spectrum is the lowest."
    return stack("xanes-stack", caption, curves, x=Axis("energy / eV"), y="normalised µ", shared=True)


def cell_figures(found: XanesResult) -> tuple[Figure, ...]:
    """Voltage of the cell with the spectra marked on it, and its current."""
    record, series = found.record, found.series
    if record is None or series is None:
        return ()
    begin = record.time[0]
    hours = (record.time - begin) / 3600
    inside = np.isfinite(found.voltage)
    at, volt = (series.clock[inside] - begin) / 3600, found.voltage[inside]
    numbers = [i for i, good in enumerate(inside) if good]
    marked = evenly(len(numbers), SHOWN)
    layers: list[Layer] = [
        Line(hours, record.voltage, "voltage", "computed"),
        Points(at, volt, "spectra", text=tuple(_when(found, i) for i in numbers)),
        Labels(at[marked], volt[marked], tuple(str(numbers[i] + 1) for i in marked), "measured"),
    ]
    caption = "Voltage of the cell; points: when the spectra were taken, numbered in their order."
    axis = Axis("time / h")
    figures = [Figure("xanes-cell-voltage", caption, axis, Axis("voltage / V"), tuple(layers))]
    if record.current.size:
        current = (Line(hours, record.current, "current", "second"),)
        figures.append(
            Figure(
                "xanes-cell-current", "Current of the same cell.", axis, Axis("I / mA"), current, height=240
            )
        )
    return tuple(figures)


def xanes_together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """What changed in each series: the difference between last and first spectra, and its course in time."""
    found = [(m.group.name, m.get(XanesResult)) for m in members]
    series = [(n, f) for n, f in found if f is not None and f.series is not None]
    if len(series) < 2:
        return ()
    edges: dict[int, list[tuple[str, XanesResult]]] = {}
    for name, one in series:
        # Edges further apart than 30 eV are different elements.
        energy = one.spectra[0].edge
        key = next((k for k in edges if abs(k - energy) < 30), round(energy))
        edges.setdefault(key, []).append((name, one))
    rows = tuple(_row(name, f) for name, f in series)
    columns = (
        "series",
        "spectra",
        "new peak",
        "energy / eV",
        "size over edge step",
        "largest not seen (95 %)",
    )
    figures = tuple(_differences(key, inside) for key, inside in edges.items() if len(inside) > 1)
    changed = [name for name, f in series if any(c.found for c in f.changes)]
    sentence = (
        f"{len(series)} series; a change in {', '.join(changed)}."
        if changed
        else f"No change in any of {len(series)} series."
    )
    return (Part("Absorption series side by side", sentence, figures, (Table(columns, rows),)),)


def _row(name: str, found: XanesResult) -> tuple[Cell, ...]:
    new = next((c for c in found.changes if c.kind.startswith("new")), None)
    if new is None:
        return (name, len(found.spectra), None, None, None, None)
    energy = new.energy if new.found else None
    size = new.size if new.found else None
    return (name, len(found.spectra), "yes" if new.found else "no", energy, size, printed(new.limit, ".3g"))


def _differences(key: int, inside: list[tuple[str, XanesResult]]) -> Figure:
    """Mean of the last third less mean of the first spectra, of each series."""
    curves = []
    for name, found in inside:
        series = found.series
        assert series is not None  # noqa: S101 - only series come here
        third = max(1, len(series.time) // 3)
        change = series.mu[-third:].mean(axis=0) - series.mu[: max(1, third // 2)].mean(axis=0)
        near = _near(series.energy, float(np.median(series.edge)))
        curves.append(Curve(series.energy[near], change[near], name))
    caption = f"End of each series less its start, near {key} eV, all on one scale, shifted."
    return stack(f"xanes-differences-{key}", caption, curves, x=Axis("energy / eV"), y="Δµ", shared=True)
