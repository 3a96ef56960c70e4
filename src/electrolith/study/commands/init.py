"""`electrolith init`: a study to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from electrolith.core.errors import InputError

__all__ = ["add"]


def init(
    template: Annotated[str, typer.Argument(help="A template; --list says which there are.")] = "",
    folder: Annotated[Path | None, typer.Argument(help="New folder; the template's name if none.")] = None,
    samples: Annotated[bool, typer.Option(help="With simulated data, so that it runs at once.")] = True,
    list_: Annotated[bool, typer.Option("--list", help="Say which templates there are.")] = False,
) -> None:
    """Write a commented study that runs at once, to begin with.

    Example: `electrolith init pellet my-pellet`
    """
    from rich.markup import escape

    from electrolith.study.starting import TEMPLATES, begin
    from electrolith.study.table import Table
    from electrolith.study.terminal import console, print_table

    if list_:
        print_table(Table(("template", "answers"), tuple((t.name, t.sentence) for t in TEMPLATES.values())))
        return
    if not template:
        raise InputError(f"init: name a template: {', '.join(TEMPLATES)}")
    place = folder or Path(template)
    written = begin(template, place, samples=samples)
    console.print(f"{escape(str(place))}: {len(written)} files", soft_wrap=True)
    if samples and TEMPLATES[template].samples is not None:
        console.print("the data are simulated; put your own in their place")
    console.print(f"next: electrolith check {escape(str(place))}", soft_wrap=True)


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(init)
