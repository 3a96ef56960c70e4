"""The command line: each module of this folder adds its commands to one app."""

from __future__ import annotations

import sys

import typer

from electrolith.core.errors import ElectrolithError

__all__ = ["app", "main"]

app = typer.Typer(
    name="electrolith",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="From a disordered crystal to a solid-state cell: computed, measured and published side by side.",
)


INTERRUPTED = 130


def _register() -> None:
    """Import the modules that add commands, in the order of the help."""
    from electrolith.study.commands import (
        barrier,
        batch,
        cell,
        certify,
        cycling,
        diffusion,
        distil,
        fit,
        impedance,
        indent,
        label,
        nmr,
        ordering,
        particles,
        scattering,
        stability,
        study,
        train,
        vacancies,
        xanes,
    )

    materials = (nmr, xanes, indent, particles, batch)
    for module in (
        study,
        ordering,
        fit,
        certify,
        distil,
        train,
        label,
        vacancies,
        barrier,
        diffusion,
        stability,
        impedance,
        cycling,
        scattering,
        *materials,
        cell,
    ):
        module.add(app)


_register()


def main() -> None:
    """Entry point: a refusal is one clear line and exit status 2, Ctrl-C is 130."""
    from rich.markup import escape

    from electrolith.study.terminal import console

    try:
        app()
    except ElectrolithError as error:
        console.print(f"[bold red]electrolith:[/bold red] {escape(str(error))}", soft_wrap=True)
        sys.exit(2)
    except SystemExit as end:
        # typer turns Ctrl-C into this exit status.
        if end.code == INTERRUPTED:
            console.print("stopped; run the same command again and it goes on from here")
        raise
    except KeyboardInterrupt:
        console.print("stopped; run the same command again and it goes on from here")
        sys.exit(INTERRUPTED)
