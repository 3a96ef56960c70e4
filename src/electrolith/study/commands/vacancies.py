"""`electrolith vacancies`: neutral vacancies of a crystal in cells of several sizes, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.units import parse
from electrolith.study.commands import complete

if TYPE_CHECKING:
    from electrolith.crystal.frame import Frame
    from electrolith.energy.engine import Engine

__all__ = ["add"]


def vacancies(
    host: Annotated[
        str,
        typer.Option(
            help="LiCl, beta-Li3N, or a file with an ordered crystal.", autocompletion=complete.crystals
        ),
    ],
    folder: Annotated[Path, typer.Option(help="Where labels and results go; start again here after a kill.")],
    cells: Annotated[
        str,
        typer.Option(
            help="Formula units of each supercell, 4,8,16; published: the paper's, or a file as it is."
        ),
    ] = "published",
    engine: Annotated[
        str, typer.Option(help="As in `electrolith engines`.", autocompletion=complete.engines)
    ] = "gpaw",
    perfect: Annotated[
        Path | None,
        typer.Option(help="Relaxed perfect crystal; without it the engine relaxes the shipped one."),
    ] = None,
    sites: Annotated[int | None, typer.Option(help="How many distinct sites; without it all.")] = None,
    force: Annotated[str, typer.Option(help="Largest force of a relaxed cell.")] = "0.05 eV/angstrom",
    steps: Annotated[int, typer.Option(help="Most steps of a relaxation.")] = 100,
    start: Annotated[str | None, typer.Option(help="Engine that relaxes each vacancy first.")] = None,
    unrelaxed: Annotated[bool, typer.Option(help="Also the energy before relaxation.")] = True,
    metal: Annotated[
        str | None, typer.Option(help="Energy of the metal per atom, '-1.9 eV'; else tabulated or computed.")
    ] = None,
    element: Annotated[str, typer.Option(help="What is missing.")] = "Li",
    name: Annotated[str | None, typer.Option(help="Of a crystal from a file; else the file's.")] = None,
    kind: Annotated[str | None, typer.Option(help="Of material, written with the labels.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with figures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Energy of taking one atom out of a crystal, in supercells of several sizes.

    Every energy is a label in `labels.xyz` of the folder, every finished site a row of its `vacancies.csv`.
    Killed at any moment, the same command goes on from the last label.

    Example: `electrolith vacancies --host LiCl --cells 4,8,16 --engine gpaw --folder licl`
    """
    from electrolith.core.lease import Lock
    from electrolith.energy.engine import make_engine
    from electrolith.energy.labels.recorded import Recorded
    from electrolith.energy.vacancy.cell import CellVacancies
    from electrolith.energy.vacancy.table import VacancyRow, merged, read_rows, rows_of, write_rows
    from electrolith.energy.vacancy.vacancies import HOSTS, VacancySettings, vacancies_of
    from electrolith.study.sections.vacancy_dft_parts import dft_part
    from electrolith.study.terminal import console, finish

    model = make_engine(engine)
    title = name or (host if host in HOSTS else Path(host).stem)
    known = HOSTS.get(host)
    label = kind or (known.kind if known else title)
    settings = VacancySettings(element, sites or "all", parse(force, "eV/angstrom"), steps, unrelaxed)
    first = make_engine(start) if start else None
    code = _code(engine)
    with Lock(folder / "lock"):
        recorded = Recorded(model, folder / "labels.xyz", settings=model.name, source={"code": code})
        zero = _metal(None if metal is None else parse(metal, "eV"), model, element)
        unit = _unit(host, perfect, recorded.about(kind=label, origin=f"{title}, relaxation of the cell"))
        frames = _supercells(unit, cells, host)
        table = folder / "vacancies.csv"
        before = read_rows(table) if table.is_file() else ()
        rows: list[VacancyRow] = []
        failed: list[str] = []
        for size, frame in frames.items():
            found: CellVacancies | None = None
            try:
                for found in vacancies_of(
                    title,
                    frame,
                    recorded,
                    metal=zero,
                    size=size,
                    settings=settings,
                    kind=label,
                    start=first,
                    tell=lambda text: console.print(f"[dim]•[/dim] {text}"),
                ):
                    write_rows(table, merged(before, [*rows, *rows_of(found, code)]))
            except ElectrolithError as error:
                failed.append(str(error))
            if found is not None:
                rows += rows_of(found, code)
                failed += [site.failure for site in found.sites if site.failure]
    if not rows:
        raise ElectrolithError(f"no vacancy of {title} was computed: {'; '.join(failed)}")
    part = dft_part(tuple(rows), warnings=tuple(failed), title=f"Vacancies of {title}")
    finish("Vacancies", (part,), list(rows), html=html, json_file=json_file)


def _supercells(unit: Frame, cells: str, host: str) -> dict[int, Frame]:
    """Perfect supercells by their formula units; a crystal from a file is taken as it is unless told."""
    from electrolith.energy.vacancy.vacancies import HOSTS, formula_units, host_cell

    if cells == "published":
        if host not in HOSTS:
            return {formula_units(unit): unit}
        return {HOSTS[host].size: host_cell(unit, HOSTS[host].size, name=host)}
    try:
        sizes = sorted(int(part) for part in cells.split(","))
    except ValueError as error:
        raise InputError(f"--cells {cells!r}: expected formula units such as 4,8,16, or published") from error
    return {size: host_cell(unit, size, name=host) for size in sizes}


def _unit(host: str, perfect: Path | None, engine: Engine) -> Frame:
    """Small perfect cell."""
    from electrolith.crystal.library import shipped_names
    from electrolith.crystal.read import read_crystal
    from electrolith.energy.vacancy.vacancies import HOSTS, perfect_unit

    if perfect is not None:
        return read_crystal(perfect).to_frame()
    if host in shipped_names():
        return perfect_unit(host, engine)
    if not Path(host).is_file():
        raise InputError(
            f"--host {host!r}: no shipped structure ({', '.join(HOSTS)}) and no file of this name"
        )
    return read_crystal(Path(host)).to_frame()


def _metal(stated: float | None, engine: Engine, element: str) -> float:
    """Energy per atom of the metal: as stated, tabulated for these settings, or computed."""
    from electrolith.energy.vacancy.shipped import metal_reference
    from electrolith.energy.vacancy.vacancies import metal_energy

    if stated is not None:
        return stated
    tabulated = metal_reference(engine.name, element)
    found = metal_energy(engine, element) if tabulated is None else tabulated
    if found is None:
        raise InputError(
            f"engine {engine.name} does not know {element} metal, so a vacancy has no zero; "
            "give its energy per atom with --metal, or choose an engine that knows it (chgnet, gpaw)"
        )
    return found


def _code(engine: str) -> str:
    """Program and version behind an engine, as far as the installed packages say."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{engine} {version(engine)}"
    except PackageNotFoundError:
        return engine


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(vacancies)
