"""The report of refinements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.scattering.measured import Diffraction
from electrolith.scattering.profile_likelihood import Likelihood
from electrolith.scattering.result import FittedHistogram, RietveldFit
from electrolith.scattering.series import Trend
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role
from electrolith.study.printed import Printed, doubted, printed, span
from electrolith.study.section import Part, Table
from electrolith.study.sections.refined_parts import cumulative, parameters, reflections, weak_lines
from electrolith.study.table import Cell

__all__ = ["diffraction_parts", "shown"]

_ROLES: tuple[Role, ...] = ("second", "third", "fourth", "guide")
_ABSCISSA = {"two_theta": "2θ / degree", "tof": "time of flight / µs"}


def diffraction_parts(found: Diffraction) -> tuple[Part, ...]:
    """One part per refinement, one for trends over the samples."""
    held = found.likelihoods or ((),) * len(found.fits)
    out = [
        _fit_part(name, fit, stages, notes, index, likelihoods)
        for index, (name, fit, stages, notes, likelihoods) in enumerate(
            zip(found.names, found.fits, found.stages, found.notes, held, strict=True)
        )
    ]
    if len(found.fits) > 1 or found.failed:
        out.append(_series_part(found))
    return tuple(out)


def _fit_part(
    name: str,
    fit: RietveldFit,
    stages: tuple[tuple[str, int, float, str], ...],
    notes: tuple[str, ...],
    index: int,
    likelihoods: tuple[Likelihood, ...],
) -> Part:
    quality = ", ".join(
        f"{h.name} R_wp {100 * h.r_wp:.2f} % (expected {100 * h.r_exp:.2f} %)" for h in fit.histograms
    )
    sentence = (
        f"{quality}; χ² per degree of freedom {fit.chi2:.2f}, {len(fit.names)} "
        f"parameters, {fit.points} points."
    )
    open_words = [f"Not determined: {n.words}." for n in fit.null]
    if fit.null:
        sentence += (
            " The level of the occupancies is not in these data. A measured density (--density; density: in "
            "a study) or the total of a site (--total; totals:) would fix it; neutrality (--neutral) "
            "and ties of contents (--tie) fix ratios only."
        )
    tables = [_cells(fit), _sites(fit)]
    if fit.ratios:
        rows = tuple(
            (k, v, "data and conditions" if k in fit.given else "data") for k, v in fit.ratios.items()
        )
        tables.append(Table(("ratio of contents", "value", "from"), rows, "What is determined"))
    if len(fit.phases) > 1:
        tables.append(_fractions(fit))
    tables += [parameters(fit), _correlations(fit)]
    if fit.foreign:
        tables.append(_foreign(fit))
    tables += [reflections(h) for h in fit.histograms]
    course = tuple((s, n, printed(c, ".3f"), r) for s, n, c, r in stages)
    tables.append(Table(("stage", "parameters added", "χ²", "remark"), course, "Course of the refinement"))
    figures = tuple(
        figure
        for k, h in enumerate(fit.histograms)
        for figure in (
            _pattern(h, f"rietveld_{index}_{k}"),
            cumulative(h, f"rietveld_{index}_{k}_chi2"),
            weak_lines(h, f"rietveld_{index}_{k}_root"),
        )
    )
    if likelihoods:
        tables.append(_likelihoods(likelihoods))
    details = tuple(line for h in fit.histograms for line in h.tables)
    known = (
        *(c for c in fit.closed if "closed by" in c),
        *(f"given: {c}" for c in fit.conditions),
        *(f"constraint: {c}" for c in fit.constraints),
    )
    return Part(
        f"Refinement of {name}",
        sentence,
        figures,
        tuple(t for t in tables if t.rows),
        (*open_words, *fit.warnings),
        (*known, *notes, *details, "esds are multiplied by the goodness of fit if above one"),
    )


def _foreign(fit: RietveldFit) -> Table:
    """Lines without an owner."""
    rows = tuple(
        (
            f.histogram,
            printed(f.position, ".3f"),
            printed(f.d, ".4f"),
            printed(f.z, ".1f"),
            printed(100 * f.height, ".2f"),
        )
        for f in fit.foreign
    )
    columns = ("pattern", "position", "d / Å", "significance / σ", "height over the strongest / %")
    return Table(columns, rows, "Lines that no phase explains")


def _fractions(fit: RietveldFit) -> Table:
    """Weight fractions, and for phases that were not found what could hide."""
    rows: list[tuple[Cell, ...]] = []
    for key, value in fit.fractions.items():
        limit = fit.absent.get(key.split("/", 1)[1])
        share: Cell = value.through(lambda x: 100 * x, unit="%")
        if limit is not None:
            share = Printed(
                100 * limit,
                f"not found, below {100 * limit:.2g} % (95 %)",
                None,
                "%",
                "not found; below (95 %)",
            )
        rows.append((key, share))
    return Table(("pattern/phase", "weight fraction"), tuple(rows), "Phases (Hill and Howard)")


def _likelihoods(items: tuple[Likelihood, ...]) -> Table:
    """Profiles of the occupancies in words."""
    rows = tuple(
        (item.name, "flat: not determined" if item.flat else span(item.low, item.high, ".4g"))
        for item in items
    )
    return Table(("parameter", "68 % by the likelihood profile"), rows, "Each held, all others refined again")


def _pattern(item: FittedHistogram, name: str) -> Figure:
    """Observed, calculated, difference below, ticks per phase."""
    span = float(item.observed.max() - item.observed.min())
    difference = item.observed - item.calculated
    low = float(item.observed.min())
    layers: list[Layer] = [
        Points(item.x, item.observed, "observed", "measured", small=True),
        Line(item.x, item.calculated, "calculated", "computed"),
        Line(item.x, item.background, "background", "guide", dash=True),
    ]
    level = low - 0.02 * span
    for k, ticks in enumerate(item.ticks):
        x = np.repeat(ticks.position, 3)
        y = np.tile([level, level - 0.03 * span, np.nan], len(ticks.position))
        role = _ROLES[k % len(_ROLES)]
        layers.append(Line(x, y, ticks.phase, role))
        indices = tuple(
            f"{ticks.phase} {' '.join(map(str, hkl))}, d {d:.4f} Å"
            for hkl, d in zip(ticks.hkl.astype(int).tolist(), ticks.d, strict=True)
        )
        middle = np.full(len(ticks.position), level - 0.015 * span)
        layers.append(Points(ticks.position, middle, "", role, text=indices, small=True))
        level -= 0.05 * span
    offset = level - float(difference.max())
    layers.append(Line(item.x, difference + offset, "difference (shifted)", "third"))
    caption = (
        f"{item.name}: observed and calculated intensity, reflections, difference; "
        f"Durbin-Watson {item.durbin_watson:.2f} (noise gives 2)."
    )
    return Figure(
        name,
        caption,
        Axis(_ABSCISSA[item.abscissa]),
        Axis("intensity"),
        tuple(layers),
        height=460,
        wide=True,
        key=True,
    )


def shown(value: Estimate) -> Printed:
    """Value with esd in parentheses, or what is not known."""
    if value.doubt == "unknown":
        return Printed(value.value, f"{value.value:.4g} (not determined)", note="not determined")
    return doubted(value.value, value.std)


def _in(value: Printed, unit: str) -> Printed:
    return replace(value, text=f"{value.text} {unit}", unit=unit)


def _cells(fit: RietveldFit) -> Table:
    units = {"angstrom": "Å", "degree": "°"}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (*k.split("/"), _in(shown(v), units.get(v.unit, v.unit))) for k, v in fit.cell.items()
    )
    return Table(("phase", "parameter", "value"), rows, "Cells")


def _sites(fit: RietveldFit) -> Table:
    rows = []
    for s in fit.sites:
        fixed = s.identified == "fixed"
        if s.identified.startswith("not"):
            vacancy: Cell = "not determined"
        elif fixed or s.vacancy.doubt == "unknown":
            vacancy = printed(100 * s.vacancy.value, ".2f", "%")
        else:
            vacancy = doubted(100 * s.vacancy.value, 100 * s.vacancy.std, "%")
        occupancy = printed(s.occupancy.value, ".4g") if fixed else shown(s.occupancy)
        b = printed(s.b_iso.value, ".3g") if s.b_iso.doubt == "unknown" else shown(s.b_iso)
        rows.append((s.phase, s.site, s.species, s.multiplicity, occupancy, vacancy, b, s.identified))
    return Table(
        ("phase", "site", "species", "per cell", "occupancy", "site vacant", "B / Å²", "identified"),
        tuple(rows),
        "Sites, vacancies, and whether the data determine them",
    )


def _correlations(fit: RietveldFit) -> Table:
    """Pairs that move together."""
    size = len(fit.names)
    pairs = [
        (abs(fit.correlation[i, j]), i, j)
        for i in range(size)
        for j in range(i)
        if np.isfinite(fit.correlation[i, j])
        and "background" not in (fit.kinds[fit.names[i]], fit.kinds[fit.names[j]])
    ]
    rows = tuple(
        (fit.names[j], fit.names[i], printed(fit.correlation[i, j], "+.3f"))
        for c, i, j in sorted(pairs, reverse=True)[:8]
        if c > 0.7
    )
    return Table(("parameter", "with", "correlation"), rows, "Strong correlations")


def _series_part(found: Diffraction) -> Part:
    keys = list(found.fits[0].cell)
    rows = tuple(
        (
            name,
            *(shown(fit.cell[k]) if k in fit.cell else None for k in keys),
            printed(100 * fit.histograms[0].r_wp, ".2f", "%"),
        )
        for name, fit in zip(found.names, found.fits, strict=True)
    )
    tables = [Table(("sample", *keys, "R_wp"), rows, "Samples")]
    if found.trends:
        trend_rows = tuple((t.quantity, t.variable, t.correlation) for t in found.trends)
        tables.append(Table(("quantity", "against", "rank correlation"), trend_rows, "Trends"))
    figures = tuple(_trend_figure(t, n) for n, t in enumerate(found.trends))
    sentence = f"{len(found.fits)} patterns refined" + (
        f", {len(found.failed)} failed." if found.failed else "."
    )
    warnings = tuple(f"{name}: {text}" for name, text in found.failed.items())
    return Part("Samples side by side", sentence, figures, tuple(tables), warnings)


def _trend_figure(item: Trend, number: int) -> Figure:
    y = np.array([e.value for e in item.y])
    low, high = (np.array([e.interval()[i] for e in item.y]) for i in (0, 1))
    known = bool(np.all(np.isfinite(low)))
    label = {"hours": "milling time / h", "speed": "milling speed / rpm"}[item.variable]
    points = Points(
        item.x, y, item.quantity, "measured", low if known else None, high if known else None, item.samples
    )
    caption = f"{item.quantity} of the samples; rank correlation {item.correlation.text()}."
    return Figure(f"trend_{number}", caption, Axis(label), Axis(item.quantity), (points,), height=320)
