"""The report of G(r) fits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from electrolith.scattering.measured_pdf import OrderedPdf, PairDistribution
from electrolith.scattering.pdf_fit import PdfFit, PdfRange
from electrolith.study.figure import Axis, Figure, Layer, Line, Points
from electrolith.study.printed import printed, span
from electrolith.study.section import Part, Table
from electrolith.study.sections.diffraction_parts import shown
from electrolith.study.sections.distance_parts import distance_table, said_of_peaks, transform_figures

__all__ = ["pdf_parts"]


def pdf_parts(found: PairDistribution) -> tuple[Part, ...]:
    """One part per G(r) file: each range with its R_w, parameters and where the misfit sits."""
    ordered = found.ordered or (None,) * len(found.fits)
    parts = []
    for index, (name, fit, notes) in enumerate(zip(found.names, found.fits, found.notes, strict=True)):
        part = _pdf_part(name, fit, notes, index, ordered[index])
        made = found.transforms[index] if found.transforms else None
        peaks = found.peaks[index] if found.peaks else ()
        figures = (*part.figures, *(transform_figures(made, f"pdf_{index}") if made else ()))
        tables = (*part.tables, *((distance_table(peaks),) if peaks else ()))
        words = f"{part.sentence} {said_of_peaks(peaks)}".rstrip()
        parts.append(replace(part, sentence=words, figures=figures, tables=tables))
    return tuple(parts)


def _pdf_part(name: str, fit: PdfFit, notes: tuple[str, ...], index: int, ordered: OrderedPdf | None) -> Part:
    figures = [_g_figure(r, f"pdf_{index}_{k}") for k, r in enumerate(fit.ranges)]
    if ordered is not None:
        figures.append(_ordered_figure(ordered, fit, f"pdf_{index}_orderings"))
    names = list(dict.fromkeys(n for r in fit.ranges for n in r.parameters))
    rows = [
        (
            span(r.low, r.high, "g", "Å"),
            printed(100 * r.r_w, ".1f", "%"),
            *([printed(100 * ordered.r_w[k], ".1f", "%")] if ordered else []),
            printed(r.independent, ".0f"),
            r.free,
            *(
                shown(r.parameters[n]) if n in r.parameters else printed(r.values[n], ".4g", after=", kept")
                for n in names
            ),
        )
        for k, r in enumerate(fit.ranges)
    ]
    extra = ("R_w of the orderings, to 20 Å",) if ordered else ()
    table = Table(
        ("range", "R_w", *extra, "independent points", "parameters", *names), tuple(rows), "Fits by range"
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
            (span(a, b, ".1f"), printed(100 * s, ".0f", "%"))
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
