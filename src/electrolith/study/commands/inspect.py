"""`electrolith inspect`: how a file would be read, without computing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add"]


def inspect(
    files: Annotated[list[Path], typer.Argument(help="Any file or folder of an instrument or a program.")],
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """What a file is, which column was taken for what, its units and its doubts.

    Example: `electrolith inspect eis/*.csv cell.ndax`
    """
    from electrolith.study.look import look_at, look_parts
    from electrolith.study.terminal import finish

    parts = tuple(part for file in files for part in look_parts(file))
    data = [
        {"file": str(file), "found": list(look_at(file)[0])} for file in files
    ] if json_file is not None else None  # fmt: skip
    finish("Reading", parts, data, html=html, json_file=json_file)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inspect")(inspect)
