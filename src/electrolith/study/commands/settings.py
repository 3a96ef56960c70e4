"""`electrolith settings`: every key of every settings file, in words."""

from __future__ import annotations

from typing import Annotated, Any

import typer

__all__ = ["add"]


def settings(
    name: Annotated[
        str,
        typer.Argument(
            help="A section of the study (dynamics, measured.impedance) or another file (design)."
        ),
    ] = "",
) -> None:
    """What each key of a settings file is for, what it takes and what it is without.

    Example: `electrolith settings dynamics`
    """
    from electrolith.study.reference import chapter, chapters
    from electrolith.study.table import Table
    from electrolith.study.terminal import console, print_table

    if not name:
        rows = tuple((c.name, len(c.keys), c.words) for c in chapters())
        for part in _pieces(rows):
            print_table(Table(("settings", "keys", "for"), part))
        console.print("`electrolith settings NAME` lists the keys of one", soft_wrap=True)
        return
    found = chapter(name)
    lines = tuple((k.path, k.takes, k.default, k.words) for k in found.keys)
    console.print(f"{found.words} In {found.place}.", soft_wrap=True, markup=False)
    for part in _pieces(lines):
        print_table(Table(("key", "takes", "without it", "for"), part))


def _pieces(rows: tuple[Any, ...], most: int = 30) -> tuple[tuple[Any, ...], ...]:
    """Tables short enough to be shown whole."""
    return tuple(rows[i : i + most] for i in range(0, len(rows), most))


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(settings)
