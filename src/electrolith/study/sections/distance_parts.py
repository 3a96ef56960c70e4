"""Peaks of G(r) with the distances that make them, and S(Q) with what its cut does to G(r)."""

from __future__ import annotations

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.scattering.distances import NEAR, PeakOfG
from electrolith.scattering.measured_pdf import Transform
from electrolith.study.figure import Axis, Figure, Line
from electrolith.study.printed import printed
from electrolith.study.section import Table

__all__ = ["distance_table", "said_of_peaks", "transform_figures"]

SEEDS = 0


def said_of_peaks(peaks: tuple[PeakOfG, ...]) -> str:
    """The first distance, the ripples, what nothing explains."""
    words = []
    first = next((p for p in peaks if p.pairs), None)
    if first is not None:
        words.append(f"The nearest distance is {_where(first)} Å ({first.pairs[0].pair}).")
    ripples = [p for p in peaks if p.ripple]
    if ripples:
        at = ", ".join(_where(p) for p in ripples)
        words.append(
            f"At {at} Å stands no distance but a ripple of the cut at q_max: without the cut the crystal "
            "has nothing there."
        )
    odd = [p for p in peaks if not p.known]
    if odd:
        words.append(
            f"At {', '.join(_where(p) for p in odd)} Å the crystal has neither a distance nor a ripple."
        )
    return " ".join(words)


def _where(peak: PeakOfG) -> str:
    return _estimate(peak).number()


def _estimate(peak: PeakOfG) -> Estimate:
    rng = np.random.default_rng(SEEDS)
    return Estimate.normal(peak.r, max(peak.sigma, 1e-4), "angstrom", rng=rng)


def distance_table(peaks: tuple[PeakOfG, ...]) -> Table:
    """A row for each peak."""
    rows = []
    for peak in peaks:
        pairs = "; ".join(f"{d.pair} {d.r:.3f} Å ({d.count:.1f})" for d in peak.pairs)
        nothing = "termination ripple" if peak.ripple else "not explained"
        calculated = printed(peak.calculated, ".3f")
        rows.append((_estimate(peak), calculated, pairs or nothing))
    caption = (
        f"Maxima of G(r) up to {NEAR:g} Å, the fitted curve's maximum there, and the distances of the fitted "
        "crystal that make it (in brackets the neighbours of an atom, vacancies left out)."
    )
    return Table(("r observed / Å", "r calculated / Å", "distances"), tuple(rows), caption)


def transform_figures(made: Transform, name: str) -> tuple[Figure, ...]:
    """S(Q), and G(r) with and without a window."""
    data = Figure(
        f"{name}_structure_function",
        "Structure function from which G(r) was made.",
        Axis("Q / Å⁻¹"),
        Axis("S(Q)"),
        (Line(made.q, made.s, "", "measured"),),
    )
    near = made.r <= 10.0
    windows = Figure(
        f"{name}_window",
        "G(r) as cut at q_max, which is what is fitted, and with a Lorch window: peaks that vanish with the "
        "window are ripples of the cut, all others become broader.",
        Axis("r / Å"),
        Axis("G / Å⁻²"),
        (
            Line(made.r[near], made.g[near], "cut at q_max", "measured"),
            Line(made.r[near], made.softened[near], "Lorch window", "computed"),
        ),
    )
    return data, windows
