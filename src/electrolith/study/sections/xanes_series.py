"""Absorption over time: spectra one above the other, the cell they came from, series together."""

from __future__ import annotations

import numpy as np

from electrolith.core.format import number
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
    words = f"{seconds / 60:.0f} min" if series.time[-1] < 3 * 3600 else f"{number(seconds / 3600, 3)} h"
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
    """Groups (gases, states of charge, samples) beside each other: spectra, shares, what changed in each."""
    found = [(m.group.name, f) for m in members if (f := m.get(XanesResult)) is not None]
    if len(found) < 2:
        return ()
    series = [(n, f) for n, f in found if f.series is not None]
    edges = _by_edge(found)
    figures = [_states(key, inside) for key, inside in edges.items() if len(inside) > 1]
    tables = [*_shares_of(found)]
    sentence = f"{len(found)} groups."
    if len(series) > 1:
        figures += [_differences(k, rows) for k, rows in _by_edge(series).items() if len(rows) > 1]
        columns = (
            "series",
            "spectra",
            "new peak",
            "energy / eV",
            "size over edge step",
            "largest not seen (95 %)",
        )
        tables.insert(0, Table(columns, tuple(_row(name, f) for name, f in series)))
        changed = [name for name, f in series if any(c.found for c in f.changes)]
        sentence = (
            f"{len(series)} series; a change in {', '.join(changed)}."
            if changed
            else f"No change in any of {len(series)} series."
        )
    if not figures and not tables:
        return ()
    return (Part("Absorption of all groups", sentence, tuple(figures), tuple(tables)),)


def _by_edge(found: list[tuple[str, XanesResult]]) -> dict[int, list[tuple[str, XanesResult]]]:
    """Groups by absorption edge; edges further apart than 30 eV are different elements."""
    edges: dict[int, list[tuple[str, XanesResult]]] = {}
    for name, one in found:
        energy = one.spectra[0].edge
        key = next((k for k in edges if abs(k - energy) < 30), round(energy))
        edges.setdefault(key, []).append((name, one))
    return edges


def _states(key: int, inside: list[tuple[str, XanesResult]]) -> Figure:
    """The last spectrum of every group on one axis."""
    layers = []
    for (name, found), role in zip(inside, ROLES * 5, strict=False):
        s = found.spectra[-1]
        near = _near(s.energy, s.edge)
        layers.append(Line(s.energy[near], s.flat[near], name, role))
    caption = f"Normalised absorption near {key} eV: the last spectrum of every group."
    return Figure(f"xanes-states-{key}", caption, Axis("energy / eV"), Axis("normalised µ"), tuple(layers))


def _shares_of(found: list[tuple[str, XanesResult]]) -> tuple[Table, ...]:
    """Shares of the references in the last spectrum of every group that was fitted with the same ones."""
    fitted = [(name, f.combinations[-1]) for name, f in found if f.combinations]
    if len(fitted) < 2 or len({c.names for _, c in fitted}) > 1:
        return ()
    rows: tuple[tuple[Cell, ...], ...] = tuple((name, *c.weights, float(c.r_factor)) for name, c in fitted)
    caption = "Linear combination of the same references in the last spectrum of every group."
    return (Table(("group", *fitted[0][1].names, "R factor"), rows, caption),)


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
