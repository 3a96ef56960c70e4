"""`electrolith run`, `check`, `report`, `schema`, `engines`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from electrolith.study.section import Results

File = Annotated[Path, typer.Argument(help="Study file, or its folder.", metavar="STUDY")]


Seed = Annotated[
    int | None,
    typer.Option(
        help="Of everything that is drawn (orderings, search, velocities, potential), for all sections."
    ),
]


Where = Annotated[
    str | None,
    typer.Option(
        "--execution",
        help="Where long work runs: local, or a profile [execution.NAME] of an electrolith.toml (a cluster). "
        "Without it what the study says under `execution:`.",
    ),
]


def run(study: File, seed: Seed = None, execution: Where = None) -> None:
    """Compute what the study lacks, then write its report.

    Example: `electrolith run examples/li9n2cl3/study.yaml`
    """
    from electrolith.study.run import run_study
    from electrolith.study.study import read_study
    from electrolith.study.terminal import console, live

    checked = read_study(study, seed=seed, execution=execution)
    _say_altered(checked.folder)
    with live() as listener:
        results = run_study(checked, listener)
    _close(results)
    if results.runs and not results.failures and all(r.stored for r in results.runs):
        console.print(
            f"everything was there: {len(results.runs)} results, nothing was computed", soft_wrap=True
        )
    if results.failures:
        raise typer.Exit(1)


def _say_altered(folder: Path) -> None:
    """Name inputs that are no longer those of the archive that the study was unpacked from."""
    from rich.markup import escape

    from electrolith.study.exports.bundle import altered
    from electrolith.study.terminal import console

    for name in altered(folder):
        what = "differs from" if (folder / name).is_file() else "is missing, unlike in"
        console.print(
            f"[yellow]![/yellow] {escape(name)} {what} the archive this study came from; "
            "what depends on it is computed again",
            soft_wrap=True,
        )


def _close(results: Results) -> None:
    """Report, headline with its marks, where to look."""
    from rich.markup import escape

    from electrolith.study.compose import headline_of
    from electrolith.study.report import evidence_of, marked, parts_of, warnings_of, write_report
    from electrolith.study.terminal import console, headline, print_table, write_asked

    path = write_report(results)
    evidence = evidence_of(results)
    print_table(headline(headline_of(results), marked(results)))
    for stage, text in results.failures.items():
        console.print(f"[red]![/red] {stage}: {escape(text)}", soft_wrap=True)
    count = len(warnings_of(results))
    if count:
        said = f"{count} warning{'s' if count > 1 else ''}"
        console.print(
            f"[red]![/red] {said}; they stand at the top of the report, and ! marks what they are about"
        )
    write_asked(parts_of(results), evidence)
    console.print(f"report: {escape(str(path))}", soft_wrap=True)


def check(study: File, seed: Seed = None) -> None:
    """Find everything that can be wrong with a study before anything costly runs.

    Example: `electrolith check examples/li9n2cl3/study.yaml`
    """
    import typer
    from rich.markup import escape

    from electrolith.study.probe import cost_table, costs_of, open_files
    from electrolith.study.run import stored_results
    from electrolith.study.sections import SECTIONS
    from electrolith.study.sections.probes import PROBES
    from electrolith.study.study import jobs_of, read_study
    from electrolith.study.terminal import console, print_table

    checked = read_study(study, seed=seed)
    jobs = jobs_of(checked, [s for section in SECTIONS for s in section.stages])
    opened = open_files(checked, PROBES)
    refused = [(one.where, *what) for one in opened for what in one.refused]
    for where, file, why in refused:
        console.print(f"[red]![/red] {escape(where)}: {escape(file)}: {escape(why)}", soft_wrap=True)
    for note in checked.notes:
        console.print(f"[yellow]![/yellow] {escape(note)}", soft_wrap=True)
    print_table(cost_table(costs_of(jobs, stored_results(checked), PROBES)))
    count = sum(one.count for one in opened)
    words = f"{len(refused)} of {count} data files cannot be read" if refused else "nothing wrong was found"
    read = f" in {count} data files" if count and not refused else ""
    console.print(f"{escape(checked.title)}: {words}{read}", soft_wrap=True)
    if refused:
        raise typer.Exit(1)


def report(study: File, seed: Seed = None) -> None:
    """Write the report of what is already computed.

    Example: `electrolith report examples/li9n2cl3/study.yaml`
    """
    from rich.markup import escape

    from electrolith.study.run import stored_results
    from electrolith.study.study import read_study
    from electrolith.study.terminal import console

    results = stored_results(read_study(study, seed=seed))
    if results.damaged:
        for stage in results.damaged:
            console.print(f"[red]![/red] {stage}: {escape(results.failures[stage])}", soft_wrap=True)
        console.print(
            "the report was not written: something computed would be missing from it", soft_wrap=True
        )
        raise typer.Exit(1)
    _close(results)


def schema(
    results: Annotated[
        bool, typer.Option("--results", help="Of the data that commands write instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of the study file, so that editors complete it.

    Example: `electrolith schema > electrolith.schema.json`
    """
    from electrolith.study.document import document_schema
    from electrolith.study.study import study_schema

    if results:
        typer.echo(json.dumps(document_schema(), indent=1, ensure_ascii=False))
        return
    from electrolith.study.sections import SECTIONS

    typer.echo(json.dumps(study_schema(SECTIONS), indent=1))


def engines() -> None:
    """List the engines that are installed, by the name a study uses.

    Example: `electrolith engines`
    """
    from electrolith.core.registry import known
    from electrolith.study.section import Table
    from electrolith.study.terminal import print_table

    rows = tuple((name, entry.value) for name, entry in sorted(known("electrolith.engines").items()))
    print_table(Table(("engine", "where"), rows))


run.writes_tables = report.writes_tables = True  # type: ignore[attr-defined]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (run, check, report, schema, engines):
        app.command()(command)
