"""Several figures as lettered panels of one, two columns wide, as journals print them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from electrolith.core.files import write_atomic
from electrolith.core.safe_text import file_name
from electrolith.study.figure import Figure
from electrolith.study.figure_paper import axes_for, drawn

__all__ = ["write_composite"]

WIDTH = 180 / 25.4  # inches: two columns of a journal
MOST = 12
"""Panels of one figure; more are unreadable in print and stay figures of their own."""


def write_composite(
    name: str, panels: Sequence[tuple[str, Figure]], folder: Path, formats: tuple[str, ...] = ("svg", "pdf")
) -> tuple[Path, ...]:
    """Write the panels as one figure; the files."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    shown = list(panels)[:MOST]
    columns = 1 if len(shown) == 1 else 2 if len(shown) <= 6 else 3
    rows = -(-len(shown) // columns)
    tallest = [max(f.height for _, f in shown[r * columns : (r + 1) * columns]) for r in range(rows)]
    heights = [WIDTH / columns * min(max(h / 520, 0.6), 1.4) for h in tallest]
    style = {"font.size": 7, "axes.linewidth": 0.6, "svg.fonttype": "none", "pdf.fonttype": 42}
    folder.mkdir(parents=True, exist_ok=True)
    with rc_context({**style, "svg.hashsalt": "electrolith"}):
        canvas = Canvas(figsize=(WIDTH, sum(heights)), layout="constrained")
        FigureCanvasAgg(canvas)
        grid = canvas.add_gridspec(rows, columns, height_ratios=heights)
        for index, (letter, figure) in enumerate(shown):
            axes, strip = axes_for(figure, canvas, grid[index // columns, index % columns])
            drawn(figure, axes, strip)
            if letter:
                axes.set_title(letter, loc="left", fontweight="bold", fontsize=9)
        paths = []
        for suffix in formats:
            raw = io.BytesIO()
            when = {"Date": None} if suffix == "svg" else {"CreationDate": None}
            canvas.savefig(raw, format=suffix, metadata=when)
            path = folder / f"{file_name(name)}.{suffix}"
            write_atomic(path, raw.getvalue())
            paths.append(path)
    return tuple(paths)
