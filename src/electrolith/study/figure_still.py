"""A figure as a small picture inside a page, for readers whose browser runs no scripts."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from electrolith.study.figure import Figure

__all__ = ["still"]

WIDTH = 110.0  # mm
DPI = 110


def still(figure: Figure) -> str:
    """The figure drawn by matplotlib, as the address of an image that lies in the page."""
    from electrolith.study.figure_paper import Paper, write_figure

    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_figure(figure, Path(folder), paper=Paper(width=WIDTH, formats=("png",), dpi=DPI))
        return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
