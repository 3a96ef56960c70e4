"""`electrolith synthetic`: raw files of a whole paper, simulated, and whether a study finds their truths."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from electrolith.study.printed import printed

__all__ = ["add"]

Folder = Annotated[Path, typer.Argument(help="Folder of the study, such as examples/paper.")]


def synthetic(
    folder: Folder,
    short: Annotated[bool, typer.Option(help="Fewer cycles, frames and points: minutes.")] = False,
    check: Annotated[bool, typer.Option(help="Hold the results against the truths instead.")] = False,
) -> None:
    """Simulate the raw files of a whole paper; with --check, say whether its study found their truths.

    Example: `electrolith synthetic examples/paper`
    """
    from electrolith.study.synthetic.paper import SHORT, Extent, write_paper
    from electrolith.study.terminal import console

    if check:
        _check(folder)
        return
    truths = write_paper(folder, SHORT if short else Extent())
    console.print(f"{len(truths)} truths in {folder / 'data' / 'truth.csv'}; nothing here was measured")


def _check(folder: Path) -> None:
    """Print what was not recovered; exit status 1 where something was not, or intervals are not honest."""
    from electrolith.study.run import stored_results
    from electrolith.study.section import Table
    from electrolith.study.study import read_study
    from electrolith.study.synthetic.recover import covered, recover
    from electrolith.study.synthetic.truth import read_truth
    from electrolith.study.terminal import console, print_table

    rows = recover(stored_results(read_study(folder)), read_truth(folder / "data" / "truth.csv"))
    lost = [r for r in rows if not r.good]
    print_table(
        Table(
            ("sample", "quantity", "truth", "found", "off / σ", "source"),
            tuple(
                (
                    r.truth.sample,
                    r.truth.quantity,
                    printed(r.truth.value, ".5g", r.truth.unit),
                    r.found,
                    r.off,
                    r.source,
                )
                for r in lost
            ),
            "Not recovered",
        )
    )
    share = covered(rows)
    console.print(
        f"{len(rows) - len(lost)} of {len(rows)} numbers hold their truth; the 68 % intervals hold it in "
        f"{100 * share:.0f} % of {sum(r.inside is not None for r in rows)}"
    )
    if lost or not 0.5 <= share <= 0.85:
        raise typer.Exit(1)


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(synthetic)
