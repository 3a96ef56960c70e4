"""`electrolith export`, `import`, `diff`, `cite`: a study leaves, comes back, is compared and cited."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError
from electrolith.study.printed import doubted, printed

if TYPE_CHECKING:
    from electrolith.study.exports.diff import Difference, Moved
    from electrolith.study.section import Part
    from electrolith.study.table import Cell

__all__ = ["add"]

Source = Annotated[Path, typer.Argument(help="Study file, or its folder.", metavar="STUDY")]


def export(
    study: Source,
    ro_crate: Annotated[Path | None, typer.Option(help="New folder, or a name that ends in .zip.")] = None,
    eln: Annotated[Path | None, typer.Option(help="Archive of electronic notebooks, .eln.")] = None,
    bdf: Annotated[Path | None, typer.Option(help="Folder for its records, Battery Data Format.")] = None,
) -> None:
    """Write a study with everything that belongs to it as an archive for others, or only its records.

    Inputs, settings, stored results, report, tables, every number with what it comes from; see `metadata:`.

    Example: `electrolith export examples/li9n2cl3 --ro-crate li9n2cl3.zip`
    """
    from rich.markup import escape

    from electrolith.study.exports.bundle import write_bundle
    from electrolith.study.exports.crate import crate_of
    from electrolith.study.run import stored_results
    from electrolith.study.study import read_study
    from electrolith.study.terminal import console

    if sum(form is not None for form in (ro_crate, eln, bdf)) != 1:
        raise InputError(
            "export: give --ro-crate FOLDER|FILE.zip, --eln FILE.eln or --bdf FOLDER, one of the three"
        )
    if bdf is not None:
        _records(study, bdf)
        return
    if eln is not None and eln.suffix != ".eln":
        raise InputError(f"--eln {eln}: the name of such an archive ends in .eln")
    crate = crate_of(stored_results(read_study(study)))
    target = ro_crate if ro_crate is not None else eln
    assert target is not None  # noqa: S101 - one of the three is given, and it is not the third
    write_bundle(crate, target)
    console.print(f"{escape(str(target))}: {len(crate.files)} files", soft_wrap=True)
    for name in crate.left_out:
        console.print(f"left out, private: {escape(name)}", soft_wrap=True)


def _records(study: Path, folder: Path) -> None:
    """Write the records of a study and say what stayed behind."""
    from rich.markup import escape

    from electrolith.study.exports.bdf import write_bdf_folder
    from electrolith.study.study import read_study
    from electrolith.study.terminal import console

    written = write_bdf_folder(read_study(study), folder)
    console.print(f"{escape(str(folder))}: {len(written.files)} tables", soft_wrap=True)
    for name in written.left_out:
        console.print(f"left out, private: {escape(name)}", soft_wrap=True)


def import_(
    archive: Annotated[Path, typer.Argument(help="RO-Crate: a folder, .zip or .eln.", metavar="CRATE")],
    out: Annotated[Path, typer.Option(help="New folder for the study.")],
) -> None:
    """Unpack an archived study, every file compared with its checksum.

    `run` on it computes what is missing: nothing.

    Example: `electrolith import li9n2cl3.zip --out li9n2cl3`
    """
    from rich.markup import escape

    from electrolith.study.exports.bundle import read_bundle
    from electrolith.study.run import stored_results
    from electrolith.study.study import read_study
    from electrolith.study.terminal import console

    names = read_bundle(archive, out)
    console.print(f"{escape(str(out))}: {len(names)} files, all as described", soft_wrap=True)
    studies = [n for n in names if n == "study.yaml"]
    if not studies:
        console.print("no study.yaml in it: nothing to run", soft_wrap=True)
        return
    try:
        found = stored_results(read_study(out / studies[0]))
    except InputError as error:
        console.print(
            f"[yellow]![/yellow] the study cannot be run as it is: {escape(str(error))}", soft_wrap=True
        )
        return
    if found.failures:
        console.print(
            f"{len(found.runs)} results are there; `run` computes: {escape(', '.join(found.failures))}"
        )
    else:
        console.print(f"everything is there: {len(found.runs)} results, nothing to compute", soft_wrap=True)


def diff(
    before: Annotated[Path, typer.Argument(help="Study file, or its folder.")],
    after: Annotated[Path, typer.Argument(help="The one to compare it with.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Which numbers of two studies differ, by how many standard deviations, and why.

    Example: `electrolith diff study-of-may study-of-june`
    """
    from electrolith.study.exports.diff import difference
    from electrolith.study.terminal import finish

    found = difference(before, after)
    finish("Difference", _parts(found), asdict(found), json_file=json_file)


def _parts(found: Difference) -> tuple[Part, ...]:
    """Numbers, then causes."""
    from electrolith.study.section import Part, Table

    far = sum(1 for m in found.moved if m.sigmas is not None and m.sigmas > 2)
    sentence = (
        f"{len(found.moved)} numbers, {far} of them moved by more than two standard deviations "
        "(counted as if the two runs were independent)."
    )
    rows = tuple(
        (
            m.label,
            m.kind,
            _number(m.before, m.before_std),
            _number(m.after, m.after_std),
            m.unit,
            _sigmas(m),
            _because(m),
        )
        for m in found.moved
    )
    columns = ("quantity", "", "before", "after", "unit", "σ", "because")
    causes = tuple((c.kind, c.name, c.before[:60], c.after[:60], ", ".join(c.stages)) for c in found.causes)
    text = f"{len(causes)} things differ." if causes else "Nothing that is recorded differs."
    return (
        Part("Numbers", sentence, tables=(Table(columns, rows),)),
        Part(
            "What differs",
            text,
            tables=(Table(("", "name", "before", "after", "enters"), causes),) if causes else (),
        ),
    )


def _because(moved: Moved) -> str:
    """What explains it, in words."""
    if moved.because:
        return "; ".join(moved.because)
    same = moved.before == moved.after and moved.before_std == moved.after_std
    return "" if same else "nothing that is recorded"


def _sigmas(moved: Moved) -> Cell:
    return "?" if moved.sigmas is None else printed(moved.sigmas, ".1f")


def _number(value: float | None, std: float | None) -> Cell:
    """A number with the digits of its doubt."""
    return None if value is None else doubted(value, std or 0.0)


def cite(study: Source) -> None:
    """Print BibTeX of every method, data set and program that a study used.

    Example: `electrolith cite examples/li9n2cl3 > references.bib`
    """
    from electrolith.study.exports.cite import bibtex, citations
    from electrolith.study.run import stored_results
    from electrolith.study.study import read_study

    typer.echo(bibtex(citations(stored_results(read_study(study)))))


def add(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(export)
    app.command("import")(import_)
    app.command()(diff)
    app.command()(cite)
