"""X-ray absorption in the study: normalised spectra, maps, shares, and whether anything changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.account import account_notes
from electrolith.core.estimate import Estimate
from electrolith.core.format import number
from electrolith.lab.xanes.analysis import XanesResult, XanesSettings, measure_xanes
from electrolith.lab.xanes.change import Change
from electrolith.lab.xanes.combination import Combination
from electrolith.lab.xanes.series import SpectrumSeries
from electrolith.study.figure import Axis, Figure, Heat, Layer, Line, Points, Role
from electrolith.study.printed import printed, ranged
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.sections.xanes_series import cell_figures, spectrum_stack, xanes_together
from electrolith.study.settings import Files
from electrolith.study.table import Cell
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "MeasuredXanes", "absorption_spectra", "xanes_parts"]

_ROLES: tuple[Role, ...] = ("computed", "measured", "second", "third", "fourth", "published")


@dataclass(frozen=True)
class MeasuredXanes(XanesSettings):
    """Absorption spectra of one experiment, in order of time where they state none."""

    files: Files
    references: Files = ()
    record: Path | None = None


def absorption_spectra(settings: MeasuredXanes) -> XanesResult:
    """Normalise, order and search the spectra."""
    return measure_xanes(settings)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """The edge and the largest share of a by-product compatible with the data."""
    found = results.get(XanesResult)
    return () if found is None else xanes_evidence(found)


def xanes_evidence(found: XanesResult) -> tuple[Evidence, ...]:
    """Rows of the headline table."""
    first = found.spectra[0]
    step = float(np.median(np.diff(first.energy[np.abs(first.energy - first.edge) < 5])))
    rng = np.random.default_rng(0)
    edge = Estimate(first.edge + step * (rng.random(2000) - 0.5), "eV")  # known to a step of the grid
    rows = [
        Evidence(
            "absorption_edge",
            "Absorption edge E₀",
            edge,
            "measured",
            "XANES",
            note="steepest rise, first spectrum",
        )
    ]
    for change in found.changes:
        if not change.found or change.kind.startswith(("new", "edge")):
            continue
        share = change.size.through(lambda v: 100 * v, unit="%")
        rows.append(
            Evidence(
                "byproduct_share", f"Share of {change.kind}", share, "measured", "XANES", note="step found"
            )
        )
    rows += [
        Evidence(
            "xanes_new_peak", "New XANES peak", c.energy, "measured", "XANES", note="no reference needed"
        )
        for c in found.changes
        if c.found and c.energy is not None
    ]
    return tuple(rows)


def parts(results: Results) -> tuple[Part, ...]:
    """XANES' part of the report."""
    found = results.get(XanesResult)
    return () if found is None else xanes_parts(found)


def xanes_parts(found: XanesResult) -> tuple[Part, ...]:
    """The part of the report, or of the command's page."""
    figures = [_spectra(found)] if found.series is None else [spectrum_stack(found)]
    tables = [_table(found)]
    if found.series is not None:
        figures += [_map(found.series), *cell_figures(found), _edges(found)]
        figures += [_amplitudes(found.series, c) for c in found.changes if c.kind != "edge shift"]
        tables.append(_changes(found.changes))
    if found.combinations:
        figures.append(_shares(found))
        tables.append(_share_table(found.combinations))
    if found.peak_fits:
        tables.append(_peaks(found))
    if found.changes:
        sentence = " ".join(c.statement for c in found.changes)
    else:
        s = found.spectra[0]
        sentence = f"Edge at {s.edge:.2f} eV, edge step {number(s.edge_step, 4)}."
    notes = list(account_notes(found.accounts))
    if found.components is not None:
        shares = ", ".join(f"{number(100 * v, 2)} %" for v in found.components.shares[:4])
        notes.append(
            f"{found.components.significant} component(s) of the series stand above the points' noise; "
            f"they explain {shares} of its variance."
        )
    if found.self_absorption is not None:
        notes.append(found.self_absorption.statement)
    return (Part("X-ray absorption", sentence, tuple(figures), tuple(tables), found.warnings, tuple(notes)),)


def _pick(n: int) -> list[int]:
    return [int(i) for i in np.unique(np.linspace(0, n - 1, min(n, len(_ROLES))).round())]


def _spectra(found: XanesResult) -> Figure:
    layers: list[Layer] = []
    for i, role in zip(_pick(len(found.spectra)), _ROLES, strict=False):
        s = found.spectra[i]
        near = (s.energy > s.edge - 30) & (s.energy < s.edge + 80)
        layers.append(Line(s.energy[near], s.flat[near], s.name, role))
    caption = "Normalised and flattened absorption around the edge."
    return Figure("xanes-spectra", caption, Axis("energy / eV"), Axis("normalised µ"), tuple(layers))


def _hours(series: SpectrumSeries) -> tuple[np.ndarray, str]:
    return (series.time / 3600, "time / h") if series.timed else (series.time + 1, "spectrum")


def _map(series: SpectrumSeries) -> Figure:
    edge = float(np.median(series.edge))
    near = np.flatnonzero((series.energy > edge - 15) & (series.energy < edge + 35))
    near = near[:: max(1, near.size // 300)]
    rows = slice(None, None, max(1, len(series.time) // 300))
    time, label = _hours(series)
    heat = Heat(
        series.energy[near],
        time[rows],
        np.round(series.slope[rows][:, near], 5),
        "dµ/dE / eV⁻¹",
        diverging=True,
    )
    caption = "First derivative of the absorption: energy against time."
    return Figure("xanes-map", caption, Axis("energy / eV"), Axis(label), (heat,))


def _edges(found: XanesResult) -> Figure:
    series = found.series
    assert series is not None  # noqa: S101 - only called with a series
    if found.voltage.size and np.any(np.isfinite(found.voltage)):
        text = tuple(f"{n}<br>{v:.3f} V" for n, v in zip(series.names, found.voltage, strict=True))
        points = Points(found.voltage, series.half, "µ = 0.5", text=text)
        caption = "Energy at half the edge step against the cell's voltage at the time of each spectrum."
        return Figure("xanes-edge", caption, Axis("voltage / V"), Axis("energy at µ = 0.5 / eV"), (points,))
    time, label = _hours(series)
    points = Points(time, series.half, "µ = 0.5", text=series.names)
    caption = "Energy at half the edge step over the series."
    return Figure("xanes-edge", caption, Axis(label), Axis("energy at µ = 0.5 / eV"), (points,))


def _amplitudes(series: SpectrumSeries, change: Change) -> Figure:
    time, label = _hours(series)
    factor, unit = (100.0, "%") if change.unit == "share" else (1.0, change.unit)
    y = factor * (change.amplitudes - change.amplitudes[: max(change.at_index, 1)].mean())
    error = factor * change.error
    layers: list[Layer] = [Points(time, y, change.kind, low=y - error, high=y + error, text=series.names)]
    if change.found and not change.drifts:
        at = time[change.at_index]
        step = factor * change.size.value
        layers.insert(
            0, Line(np.array([time[0], at, at, time[-1]]), np.array([0.0, 0.0, step, step]), "step found")
        )
    elif not change.found:
        limit = factor * change.limit
        layers.insert(0, Line(time[[0, -1]], np.array([limit, limit]), "limit (95 %)", "guide", dash=True))
    slug = "byproduct" if change.unit == "share" else "feature"
    name = f"xanes-{slug}" + (f"-{change.kind.split()[-1]}" if change.unit == "share" else "")
    caption = f"Amplitude of the {change.kind} in each spectrum, from the mean before the change."
    return Figure(name, caption, Axis(label), Axis(f"amplitude / {unit}"), tuple(layers))


def _table(found: XanesResult) -> Table:
    rows = tuple(
        (
            s.name,
            s.mode,
            printed(s.edge, ".2f"),
            printed(s.half, ".3f"),
            printed(s.edge_step, ".4g"),
            printed(s.noise, ".2g"),
            *_white_line(found, i),
            *_cell_state(found, i),
        )
        for i, s in ((i, found.spectra[i]) for i in _rows(len(found.spectra)))
    )
    columns = (
        "spectrum",
        "mode",
        "E₀ / eV",
        "E(µ = 0.5) / eV",
        "edge step",
        "noise / step",
        "white line / eV",
        "its height",
        "cell / V",
        "charge / mAh",
    )
    return Table(
        columns,
        rows,
        "Noise: standard deviation of one point over the edge step.",
    )


def _white_line(found: XanesResult, index: int) -> tuple[Cell, Cell]:
    """Energy and height of a white line."""
    line = found.white_lines[index]
    return (None, None) if line is None else (line.energy, line.height)


def _rows(n: int) -> list[int]:
    return list(range(n)) if n <= 24 else [int(i) for i in np.unique(np.linspace(0, n - 1, 24).round())]


def _cell_state(found: XanesResult, index: int) -> tuple[Cell, Cell]:
    """Voltage and charge of the cell."""
    if index >= found.voltage.size or not np.isfinite(found.voltage[index]):
        return None, None
    return printed(found.voltage[index], ".3f"), printed(found.charge[index], ".3g")


def _changes(changes: tuple[Change, ...]) -> Table:
    rows = tuple(
        (
            c.kind,
            "yes" if c.found else "no",
            printed(c.probability, ".2g", before="≤ "),
            c.size,
            printed(c.limit, ".3g"),
            printed(c.detectable, ".3g"),
            c.unit,
        )
        for c in changes
    )
    columns = (
        "change looked for",
        "found",
        "probability without it",
        "size",
        "largest compatible (95 %)",
        "detectable",
        "unit",
    )
    return Table(columns, rows)


def _shares(found: XanesResult) -> Figure:
    x = np.arange(1.0, len(found.combinations) + 1)
    label = "spectrum"
    if found.series is not None:
        x, label = _hours(found.series)
    layers: list[Layer] = []
    for k, role in zip(range(len(found.combinations[0].names)), _ROLES, strict=False):
        values = [c.weights[k] for c in found.combinations]
        low, high = np.array([v.interval() for v in values]).T
        y = np.array([c.best[k] for c in found.combinations])
        layers.append(Points(x, y, found.combinations[0].names[k], role, low=low, high=high))
    caption = (
        "Shares of the references in each spectrum: best fit, not negative, summing to one; 68 % intervals."
    )
    return Figure("xanes-shares", caption, Axis(label), Axis("share"), tuple(layers))


def _share_table(found: tuple[Combination, ...]) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            found[i].name,
            *(_share(b, w) for b, w in zip(found[i].best, found[i].weights, strict=True)),
            1.0,
            printed(found[i].r_factor, ".2g"),
        )
        for i in _rows(len(found))
    )
    first = found[0]
    caption = (
        f"Linear combination of references from {first.low:.1f} to {first.high:.1f} eV: best fit with its "
        "68 % interval; the shares of a fit sum to one."
    )
    return Table(("spectrum", *first.names, "sum", "R factor"), rows, caption)


def _share(best: float, weight: Estimate) -> Cell:
    """A share of the best fit with the interval of the resampled ones."""
    low, high = weight.interval()
    return ranged(best, min(low, best), max(high, best))


def _peaks(found: XanesResult) -> Table:
    rows = tuple(
        (s.name, p.centre, p.height, p.width, p.area, printed(fit.rms, ".2g"))
        for s, fit in zip(found.spectra, found.peak_fits, strict=True)
        for p in fit.peaks
    )
    return Table(
        ("spectrum", "centre / eV", "height over step", "width / eV", "area / eV", "residual"),
        rows,
        "Peaks over an arctangent edge.",
    )


SECTION = Section(
    "measured.xanes",
    MeasuredXanes,
    (Stage(absorption_spectra, version=3),),
    evidence,
    parts,
    together=xanes_together,
)
