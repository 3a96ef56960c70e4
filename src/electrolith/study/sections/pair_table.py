"""Pairs of columns with their coefficients, as a table of the report."""

from __future__ import annotations

from electrolith.lab.synthesis.correlate import Correlation
from electrolith.study.printed import printed, span
from electrolith.study.section import Table

__all__ = ["pair_table"]


def pair_table(pairs: tuple[Correlation, ...], caption: str) -> Table:
    """Pairs of columns with their coefficients."""
    rows = tuple(
        (
            p.first,
            p.second,
            p.n,
            printed(p.r, ".2f"),
            span(p.low, p.high, ".2f"),
            printed(p.rank, ".2f"),
            span(p.rank_low, p.rank_high, ".2f"),
            printed(p.probability, ".2g"),
            printed(p.corrected, ".2g"),
        )
        for p in pairs[:30]
    )
    return Table(
        ("column", "with", "n", "r", "interval", "rank", "interval of the rank", "probability", "corrected"),
        rows,
        caption,
    )
