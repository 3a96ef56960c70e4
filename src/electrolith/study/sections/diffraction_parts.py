"""The report of refinements, of G(r) fits and of operando series."""

from __future__ import annotations

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.core.format import pm
from electrolith.scattering.measured import Diffraction
from electrolith.scattering.measured_operando import Operando
from electrolith.scattering.measured_pdf import OrderedPdf, PairDistribution
from electrolith.scattering.operando import OperandoFit
from electrolith.scattering.pdf_fit import PdfFit, PdfRange
from electrolith.scattering.profile_likelihood import Likelihood
from electrolith.scattering.result import FittedHistogram, RietveldFit
from electrolith.scattering.series import Trend
from electrolith.study.figure import Axis, Figure, Heat, Layer, Line, Points, Role
from electrolith.study.section import Part, Table

__all__ = ["diffraction_parts", "operando_parts", "pdf_parts"]

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
            (k, v.text(), "data and conditions" if k in fit.given else "data") for k, v in fit.ratios.items()
        )
        tables.append(Table(("ratio of contents", "value", "from"), rows, "What is determined"))
    if len(fit.phases) > 1:
        tables.append(_fractions(fit))
    tables.append(_correlations(fit))
    course = tuple((s, str(n), f"{c:.3f}" if c == c else "", r) for s, n, c, r in stages)
    tables.append(Table(("stage", "parameters added", "χ²", "remark"), course, "Course of the refinement"))
    figures = tuple(_pattern(h, f"rietveld_{index}_{k}") for k, h in enumerate(fit.histograms))
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


def _fractions(fit: RietveldFit) -> Table:
    """Weight fractions, and for phases that were not found what could hide."""
    rows = []
    for key, value in fit.fractions.items():
        limit = fit.absent.get(key.split("/", 1)[1])
        words = f"not found, below {100 * limit:.2g} % (95 %)" if limit is not None else ""
        rows.append((key, words or value.through(lambda x: 100 * x, unit="%").text()))
    return Table(("pattern/phase", "weight fraction"), tuple(rows), "Phases (Hill and Howard)")


def _likelihoods(items: tuple[Likelihood, ...]) -> Table:
    """Profiles of the occupancies in words."""
    rows = tuple(
        (item.name, "flat: not determined" if item.flat else f"{item.low:.4g} to {item.high:.4g}")
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
        layers.append(Line(x, y, ticks.phase, _ROLES[k % len(_ROLES)]))
        level -= 0.05 * span
    offset = level - float(difference.max())
    layers.append(Line(item.x, difference + offset, "difference (shifted)", "third"))
    caption = (
        f"{item.name}: observed and calculated intensity, reflections, difference; "
        f"Durbin-Watson {item.durbin_watson:.2f} (noise gives 2)."
    )
    return Figure(name, caption, Axis(_ABSCISSA[item.abscissa]), Axis("intensity"), tuple(layers), height=460)


def _shown(value: Estimate) -> str:
    """Value with esd in parentheses, or what is not known."""
    if value.doubt == "unknown":
        return f"{value.value:.4g} (not determined)"
    return pm(value.value, value.std)


def _cells(fit: RietveldFit) -> Table:
    units = {"angstrom": "Å", "degree": "°"}
    rows = tuple((*k.split("/"), f"{_shown(v)} {units.get(v.unit, v.unit)}") for k, v in fit.cell.items())
    return Table(("phase", "parameter", "value"), rows, "Cells")


def _sites(fit: RietveldFit) -> Table:
    rows = []
    for s in fit.sites:
        fixed = s.identified == "fixed"
        if s.identified.startswith("not"):
            vacancy = "not determined"
        elif fixed or s.vacancy.doubt == "unknown":
            vacancy = f"{100 * s.vacancy.value:.2f} %"
        else:
            vacancy = f"{pm(100 * s.vacancy.value, 100 * s.vacancy.std)} %"
        occupancy = f"{s.occupancy.value:.4g}" if fixed else _shown(s.occupancy)
        b = f"{s.b_iso.value:.3g}" if s.b_iso.doubt == "unknown" else _shown(s.b_iso)
        rows.append((s.phase, s.site, s.species, str(s.multiplicity), occupancy, vacancy, b, s.identified))
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
        if np.isfinite(fit.correlation[i, j]) and "background" not in fit.names[i] + fit.names[j]
    ]
    rows = tuple(
        (fit.names[j], fit.names[i], f"{fit.correlation[i, j]:+.3f}")
        for c, i, j in sorted(pairs, reverse=True)[:8]
        if c > 0.7
    )
    return Table(("parameter", "with", "correlation"), rows, "Strong correlations")


def _series_part(found: Diffraction) -> Part:
    keys = list(found.fits[0].cell)
    rows = tuple(
        (
            name,
            *(_shown(fit.cell[k]) if k in fit.cell else "" for k in keys),
            f"{100 * fit.histograms[0].r_wp:.2f} %",
        )
        for name, fit in zip(found.names, found.fits, strict=True)
    )
    tables = [Table(("sample", *keys, "R_wp"), rows, "Samples")]
    if found.trends:
        trend_rows = tuple((t.quantity, t.variable, t.correlation.text()) for t in found.trends)
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


def pdf_parts(found: PairDistribution) -> tuple[Part, ...]:
    """One part per G(r) file: each range with its R_w, parameters and where the misfit sits."""
    ordered = found.ordered or (None,) * len(found.fits)
    return tuple(
        _pdf_part(name, fit, notes, index, frames)
        for index, (name, fit, notes, frames) in enumerate(
            zip(found.names, found.fits, found.notes, ordered, strict=True)
        )
    )


def _pdf_part(name: str, fit: PdfFit, notes: tuple[str, ...], index: int, ordered: OrderedPdf | None) -> Part:
    figures = [_g_figure(r, f"pdf_{index}_{k}") for k, r in enumerate(fit.ranges)]
    if ordered is not None:
        figures.append(_ordered_figure(ordered, fit, f"pdf_{index}_orderings"))
    names = list(dict.fromkeys(n for r in fit.ranges for n in r.parameters))
    rows = [
        (
            f"{r.low:g} to {r.high:g} Å",
            f"{100 * r.r_w:.1f} %",
            *([f"{100 * ordered.r_w[k]:.1f} %"] if ordered else []),
            f"{r.independent:.0f} / {r.free}",
            *(_shown(r.parameters[n]) if n in r.parameters else f"{r.values[n]:.4g}, kept" for n in names),
        )
        for k, r in enumerate(fit.ranges)
    ]
    extra = ("R_w of the orderings, to 20 Å",) if ordered else ()
    table = Table(
        ("range", "R_w", *extra, "independent points / parameters", *names), tuple(rows), "Fits by range"
    )
    worst = max(fit.ranges, key=lambda r: r.high - r.low)
    k = int(np.argmax(worst.share))
    sentence = (
        "; ".join(f"R_w {100 * r.r_w:.1f} % from {r.low:g} to {r.high:g} Å" for r in fit.ranges)
        + f". Of the misfit of the widest range {100 * worst.share[k]:.0f} % lies between "
        f"{worst.edges[k]:.1f} and {worst.edges[k + 1]:.1f} Å."
    )
    share = Table(
        ("r / Å", "share of the misfit"),
        tuple(
            (f"{a:.1f} to {b:.1f}", f"{100 * s:.0f} %")
            for a, b, s in zip(worst.edges, worst.edges[1:], worst.share, strict=False)
        ),
        "Where the average crystal fails (widest range)",
    )
    warnings = tuple(dict.fromkeys(f"{r.low:g} to {r.high:g} Å: {w}" for r in fit.ranges for w in r.warnings))
    return Part(
        f"Pair distribution function {name}", sentence, tuple(figures), (table, share), warnings, notes
    )


def _ordered_figure(item: OrderedPdf, fit: PdfFit, name: str) -> Figure:
    """Observed, average crystal, orderings."""
    widest = max(fit.ranges, key=lambda r: r.high - r.low)
    keep = widest.r <= item.r[-1] + 1e-9
    layers: tuple[Layer, ...] = (
        Points(widest.r[keep], widest.observed[keep], "observed", "measured", small=True),
        Line(widest.r[keep], widest.calculated[keep], "average crystal (fitted)", "computed"),
        Line(item.r, item.calculated, f"mean of {item.count} orderings (scale only)", "second", dash=True),
    )
    caption = "Computed disorder beside the measured curve: B and cell from the fit, only the scale adjusted."
    return Figure(name, caption, Axis("r / Å"), Axis("G / Å⁻²"), layers)


def _g_figure(item: PdfRange, name: str) -> Figure:
    difference = item.observed - item.calculated
    offset = float(item.observed.min() - 1.3 * np.abs(difference).max())
    layers: tuple[Layer, ...] = (
        Points(item.r, item.observed, "observed", "measured", small=True),
        Line(item.r, item.calculated, "calculated", "computed"),
        Line(item.r, difference + offset, "difference (shifted)", "third"),
    )
    caption = f"G(r) from {item.low:g} to {item.high:g} Å, R_w {100 * item.r_w:.1f} %."
    return Figure(name, caption, Axis("r / Å"), Axis("G / Å⁻²"), layers)


def operando_parts(found: Operando) -> tuple[Part, ...]:
    """Heat map, cell in time, candidates with onset or detection limit."""
    fit, settings = found.fit, found.settings
    new = [t for t in fit.candidates if t.change.detected]
    if new:
        sentence = "; ".join(
            f"{t.phase} appears at {t.change.time:.3g} {fit.time_unit} (95 %: "
            f"{t.change.low:.3g} to {t.change.high:.3g}), "
            f"{100 * t.change.size:.2f} wt % at the end"
            for t in new
        )
    else:
        limits = ", ".join(f"{t.phase} {100 * t.limit_series:.2f}" for t in fit.candidates)
        sentence = f"No candidate phase appears; detection limits in wt % over half of the series: {limits}"
    rows = tuple(
        (
            t.phase,
            f"yes, since {t.change.time:.3g} {fit.time_unit}" if t.change.detected else "not detected",
            f"{100 * t.change.size:.2f}({100 * t.change.size_sigma:.2f})" if t.change.detected else "",
            f"{100 * t.limit:.2f}",
            f"{100 * t.limit_series:.2f}",
            f"{t.change.gain:.1f} / {t.change.needed:.1f}",
        )
        for t in fit.candidates
    )
    table = Table(
        (
            "candidate",
            "present",
            "wt %",
            "limit, one frame / wt %",
            "limit, series / wt %",
            "log-likelihood gain / needed",
        ),
        rows,
        "New phases: likelihood ratio of each candidate",
    )
    changes = Table(
        ("parameter", "change", "at", "log-likelihood gain / needed"),
        tuple(
            (
                n,
                f"{c.size:+.5f}({c.size_sigma:.5f}) ({c.kind})" if c.detected else "none",
                f"{c.time:.3g} ({c.low:.3g} to {c.high:.3g}) {fit.time_unit}" if c.detected else "",
                f"{c.gain:.1f} / {c.needed:.1f}",
            )
            for n, c in fit.changes.items()
        ),
        "Change points of the cell",
    )
    excess = Table(
        ("position", "d / Å", "significance"),
        tuple((f"{e.position:.2f}", f"{e.d:.3f}", f"{e.z:.1f} σ") for e in fit.excess),
        "Intensity where no known phase has a line (last quarter of the series)",
    )
    tables = tuple(t for t in (table, changes, excess) if t.rows)
    figures = (
        _heat(found),
        _residual_heat(found),
        *_cell_figures(found),
        _agreement(fit),
        *_candidate_figures(found),
    )
    notes = (f"{len(fit.time)} frames, instrument {settings.instrument}",)
    return (Part("Operando series", sentence + ".", figures, tables, fit.warnings, notes),)


def _along(fit: OperandoFit) -> str:
    """Label of the axis that the series runs over."""
    return f"{fit.axis} / {fit.time_unit}" if fit.time_unit else fit.axis


def _heat(found: Operando) -> Figure:
    fit = found.fit
    step = max(1, len(fit.x) // 800)
    rows = max(1, len(fit.time) // 300)
    size = len(fit.x) // step * step
    z = fit.observed[::rows, :size].reshape(-1, size // step, step).mean(axis=2)
    x = fit.x[:size].reshape(-1, step).mean(axis=1)
    layer = Heat(x, fit.time[::rows], np.sqrt(np.maximum(z, 0)), "√ intensity")
    return Figure(
        "operando_map",
        "All frames; colour is the root of the intensity.",
        Axis("2θ / degree"),
        Axis(_along(fit)),
        (layer,),
        height=420,
    )


def _residual_heat(found: Operando) -> Figure:
    """What the phases of the start leave over, in σ: new lines stand out as bands."""
    fit = found.fit
    step, rows = max(1, len(fit.x) // 400), max(1, len(fit.time) // 300)
    size = len(fit.x) // step * step
    z = fit.heat[::rows, :size].reshape(-1, size // step, step).sum(axis=2) / np.sqrt(step)
    x = fit.x[:size].reshape(-1, step).mean(axis=1)
    layer = Heat(x, fit.time[::rows], np.clip(z, -4, 4), "residual / σ", diverging=True)
    caption = (
        "Observed minus the phases of the start, over σ (cut at ±4): what is new shows as upright bands."
    )
    axes = Axis("2θ / degree"), Axis(_along(fit))
    return Figure("operando_residuals", caption, *axes, (layer,), height=420)


def _cell_figures(found: Operando) -> list[Figure]:
    fit = found.fit
    out = []
    for index, name in enumerate(fit.names):
        if name not in fit.changes:
            continue
        y, s = fit.values[fit.good, index], fit.sigma[fit.good, index]
        out.append(
            Figure(
                f"operando_{name.replace('/', '_')}",
                f"{name} frame by frame, where the lattice was found.",
                Axis(_along(fit)),
                Axis(f"{name} / Å"),
                (Points(fit.time[fit.good], y, name, "measured", y - s, y + s),),
                height=300,
            )
        )
    return out


def _agreement(fit: OperandoFit) -> Figure:
    """R_wp of every frame; lost frames stand out."""
    lost = ~fit.good
    layers: list[Layer] = [Points(fit.time[fit.good], 100 * fit.r_wp[fit.good], "described", "measured")]
    if lost.any():
        layers.append(Points(fit.time[lost], 100 * fit.r_wp[lost], "lattice lost", "warning"))
    return Figure(
        "operando_agreement",
        "Weighted profile R factor of every frame.",
        Axis(_along(fit)),
        Axis("R_wp / %"),
        tuple(layers),
        height=300,
    )


def _candidate_figures(found: Operando) -> list[Figure]:
    fit = found.fit
    layers: list[Layer] = [
        Points(
            fit.time,
            100 * t.fraction,
            t.phase,
            ("measured", "computed", *_ROLES)[k % 6],
            100 * (t.fraction - t.sigma),
            100 * (t.fraction + t.sigma),
            small=True,
        )
        for k, t in enumerate(fit.candidates)
    ]
    if not layers:
        return []
    caption = "Weight fraction of each candidate if it were there, with its doubt; negative values are kept."
    return [Figure("operando_candidates", caption, Axis(_along(fit)), Axis("wt %"), tuple(layers))]
