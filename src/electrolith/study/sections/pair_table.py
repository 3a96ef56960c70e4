"""Pairs of columns with their coefficients, as a table of the report."""

from __future__ import annotations

from electrolith.lab.synthesis.correlate import Correlation
from electrolith.study.section import Table

__all__ = ["pair_table"]


def pair_table(pairs: tuple[Correlation, ...], caption: str) -> Table:
    """Pairs of columns with their coefficients."""
    rows = tuple(
        (
            p.first,
            p.second,
            str(p.n),
            f"{p.r:.2f}",
            f"{p.low:.2f} to {p.high:.2f}",
            f"{p.rank:.2f} ({p.rank_low:.2f} to {p.rank_high:.2f})",
            f"{p.probability:.2g}",
            f"{p.corrected:.2g}",
        )
        for p in pairs[:30]
    )
    return Table(("column", "with", "n", "r", "interval", "rank", "probability", "corrected"), rows, caption)
