"""Run the notebooks (`notebooks/*.py`, percent format) as they stand and keep what every cell gives.

The format is plain Python: it reads well in a difference, ruff looks at it, Jupyter opens it through jupytext
and VS Code by itself. Nothing but the package is needed to run it; outputs are never committed.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import html
import io
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook: `text` is Markdown or Python."""

    markdown: bool
    text: str


@dataclass(frozen=True)
class Ran:
    """A cell and what it gave: printed text, the table or text of its last value, figures as PNG."""

    cell: Cell
    printed: str = ""
    shown: str = ""
    table: bool = False
    figures: tuple[bytes, ...] = field(default=(), repr=False)


def read_notebook(path: Path) -> tuple[Cell, ...]:
    """Cells of a file in percent format."""
    cells = []
    for piece in re.split(r"^# %%", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
        head, _, body = piece.partition("\n")
        if "[markdown]" in head:
            text = "\n".join(re.sub(r"^# ?", "", line) for line in body.splitlines())
            cells.append(Cell(True, text.strip()))
        else:
            cells.append(Cell(False, body.strip()))
    return tuple(c for c in cells if c.text)


def title(cells: tuple[Cell, ...]) -> str:
    """The question that a notebook opens with."""
    return cells[0].text.splitlines()[0].removeprefix("# ")


def run_notebook(path: Path, folder: Path) -> tuple[Ran, ...]:
    """Run every cell in `folder`, in one name space; an exception ends it, with the cell's number.

    Raises
    ------
    RuntimeError
        If a cell fails.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    space: dict[str, Any] = {"__name__": "__main__"}
    done = []
    with contextlib.chdir(folder):
        for number, cell in enumerate(read_notebook(path)):
            try:
                done.append(Ran(cell) if cell.markdown else _run(cell, space, f"{path.name}, cell {number}"))
            except Exception as error:
                raise RuntimeError(f"{path.name}, cell {number}: {error}") from error
    return tuple(done)


def _run(cell: Cell, space: dict[str, Any], name: str) -> Ran:
    """Execute one cell; its last expression is shown unless it ends in a semicolon."""
    tree = ast.parse(cell.text)
    last = tree.body[-1]
    shown: Any = None
    with contextlib.redirect_stdout(io.StringIO()) as out:
        if isinstance(last, ast.Expr):
            first = ast.Module(tree.body[:-1], [])
            exec(compile(first, name, "exec"), space)  # noqa: S102
            shown = eval(compile(ast.Expression(last.value), name, "eval"), space)  # noqa: S307
            shown = None if cell.text.rstrip().endswith(";") else shown
        else:
            exec(compile(tree, name, "exec"), space)  # noqa: S102
    text, table = _show(shown)
    return Ran(cell, out.getvalue().rstrip(), text, table, tuple(_figures()))


def _show(value: Any) -> tuple[str, bool]:
    """A value as text, or a data frame as a table of HTML."""
    if value is None or type(value).__module__.startswith("matplotlib"):  # its figure is shown
        return "", False
    if hasattr(value, "to_html") and hasattr(value, "columns"):
        return value.to_html(index=False, border=0, float_format=lambda x: f"{x:.4g}"), True
    return (value if isinstance(value, str) else repr(value)), False


def _figures() -> Iterator[bytes]:
    """Figures that a cell left open; they are closed."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    import matplotlib.pyplot as plt

    for number in plt.get_fignums():
        file = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plt.figure(number).savefig(file, format="png", dpi=110, bbox_inches="tight")
        yield file.getvalue()
    plt.close("all")


def as_markdown(ran: tuple[Ran, ...], stem: str) -> tuple[str, dict[str, bytes]]:
    """The page of a notebook that ran, and its figures by file name."""
    lines, figures = [], {}
    for one in ran:
        lines.append(one.cell.text if one.cell.markdown else f"```python\n{one.cell.text}\n```")
        texts = (one.printed, "" if one.table else one.shown)
        lines += [f'<pre class="output">{html.escape(text)}</pre>' for text in texts if text]
        if one.table:
            lines.append(f'<div class="output table">\n{one.shown}\n</div>')
        for png in one.figures:
            name = f"{stem}-{len(figures) + 1}.png"
            figures[name] = png
            lines.append(f"![figure {len(figures)} of this notebook]({name})")
    return "\n\n".join(lines) + "\n", figures


def as_ipynb(ran: tuple[Ran, ...]) -> str:
    """The notebook with its outputs, in Jupyter's own format."""
    cells = []
    for number, one in enumerate(ran):
        cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}, "source": one.cell.text}
        if one.cell.markdown:
            cells.append({**cell, "cell_type": "markdown"})
            continue
        outputs: list[dict[str, Any]] = []
        if one.printed:
            outputs.append({"output_type": "stream", "name": "stdout", "text": one.printed + "\n"})
        bundles = [{"text/html" if one.table else "text/plain": one.shown}] if one.shown else []
        bundles += [{"image/png": base64.b64encode(png).decode()} for png in one.figures]
        outputs += [{"output_type": "display_data", "metadata": {}, "data": bundle} for bundle in bundles]
        cells.append({**cell, "cell_type": "code", "execution_count": None, "outputs": outputs})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}, indent=1)


if __name__ == "__main__":
    import tempfile
    import time

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for path in sorted(FOLDER.glob("*.py")):
        if sys.argv[1:] and not any(word in path.name for word in sys.argv[1:]):
            continue
        begun = time.process_time()
        with tempfile.TemporaryDirectory() as place:
            ran = run_notebook(path, Path(place))
        sys.stdout.write(f"{path.name}: {time.process_time() - begun:.1f} s of processor time\n")
        for one in ran:
            sys.stdout.write("".join(f"    {t}\n" for t in (one.printed, one.shown) if t))
            sys.stdout.write("".join(f"    [figure, {len(p)} bytes]\n" for p in one.figures))
