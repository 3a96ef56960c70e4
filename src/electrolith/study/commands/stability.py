"""`electrolith window`, `interface`, `moisture` and `phases`: stability without a study file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError
from electrolith.core.files import write_atomic
from electrolith.core.safe_text import file_name
from electrolith.core.units import parse, split_quantity
from electrolith.study.commands import complete

if TYPE_CHECKING:
    from electrolith.stability.entries import EntrySettings
    from electrolith.stability.library import Library

__all__ = ["add"]

Html = Annotated[Path | None, typer.Option(help="Write a page with figures.")]
Json = Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")]
Own = Annotated[Path | None, typer.Option("--entries", help="Your own entries: CSV, or JSON of pymatgen.")]
Scheme = Annotated[str, typer.Option(help="anchored (corrected by tabulated enthalpies) or engine.")]
Draws = Annotated[int, typer.Option(help="Resamples of the energies for the error bars.")]
phases = typer.Typer(no_args_is_help=True, help="The library of competing phases.")


def with_unit(text: str, unit: str, option: str) -> float:
    """A quantity of the command line; a bare number is refused, because nobody knows what it was."""
    if not split_quantity(text)[2]:
        raise InputError(f"{option} {text}: a number without a unit; write it as '{text.strip()} {unit}'")
    return parse(text, unit)


def _entry_settings(scheme: str, draws: int, temperature: float | None = None) -> EntrySettings:
    """Settings from the options; the class refuses what is wrong."""
    from electrolith.stability.entries import EntrySettings

    return EntrySettings(scheme=scheme, draws=draws, temperature=temperature)  # type: ignore[arg-type]


def window_command(
    formulas: Annotated[
        list[str] | None,
        typer.Argument(help="Phases; without any, the comparison.", autocompletion=complete.formulas),
    ] = None,
    temperature: Annotated[str, typer.Option(help="Of the free energies.")] = "298.15 K",
    ion: Annotated[str, typer.Option(help="Working ion.")] = "Li",
    entropy: Annotated[float, typer.Option(help="Configurational entropy, k per formula unit.")] = 0.0,
    on_hull: Annotated[
        bool, typer.Option("--hull", help="Take the energy on the hull of the composition.")
    ] = False,
    entries: Own = None,
    scheme: Scheme = "anchored",
    draws: Draws = 200,
    materials_project: Annotated[
        bool,
        typer.Option("--mp", help="Energies of the Materials Project (key in MP_API_KEY); enthalpies only."),
    ] = False,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Electrochemical window with error bars, ladder and products.

    Example: `electrolith window Li9N2Cl3`
    """
    from electrolith.stability.comparison import compare
    from electrolith.stability.entries import entries_of
    from electrolith.stability.window import WindowSettings, window
    from electrolith.study.sections.stability import library_with, phase_in
    from electrolith.study.sections.stability_parts import comparison_part, window_part
    from electrolith.study.terminal import finish

    warm: float | None = with_unit(temperature, "K", "--temperature")
    if materials_project:
        library, scheme, warm, draws = _from_materials_project(formulas or [], ion), "engine", None, 0
    else:
        library = library_with(entries)
    if not formulas:
        found = compare(library, _entry_settings(scheme, draws), temperature=warm)
        finish("Windows", (comparison_part(found),), found, html=html, json_file=json_file)
        return
    settings = WindowSettings(ion)
    parts, data = [], []
    for formula in formulas:
        phase = phase_in(formula, library, configurational_entropy=entropy)
        phase = replace(phase, energy="hull") if on_hull else phase
        pair = [
            window(
                phase,
                entries_of(library, phase.elements | {ion}, _entry_settings(scheme, draws, t)),
                settings,
            )
            for t in dict.fromkeys((None, warm))
        ]
        parts.append(window_part(*pair))
        data.append(pair[0])
    finish("Electrochemical window", tuple(parts), data, html=html, json_file=json_file)


def _from_materials_project(formulas: list[str], ion: str) -> Library:
    """Phases of the Materials Project in the elements asked for; from all systems of one to all elements."""
    from electrolith.stability.library import Library, composition_of
    from electrolith.stability.read_entries import materials_project_entries

    elements = {e for f in formulas for e, _ in composition_of(f)} | {ion}
    return Library(materials_project_entries(sorted(elements), api_key=os.environ.get("MP_API_KEY")))


def interface_command(
    first: Annotated[str, typer.Argument(help="Formula of one phase.", autocompletion=complete.formulas)],
    second: Annotated[str, typer.Argument(help="Formula of the other.", autocompletion=complete.formulas)],
    open_to: Annotated[
        list[str] | None,
        typer.Option("--open", help="Open element and its potential, Li=4.2V, repeatable."),
    ] = None,
    entries: Own = None,
    scheme: Scheme = "anchored",
    draws: Draws = 100,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Reactions where two phases meet, over all mixing ratios, closed or open.

    Example: `electrolith interface Li5NCl2 LiCoO2 --open Li=4.2V`
    """
    from electrolith.core.flat import flat
    from electrolith.stability.entries import entries_of
    from electrolith.stability.interface import InterfaceSettings, interface
    from electrolith.study.sections.contact_parts import interface_part
    from electrolith.study.sections.stability import library_with, phase_in
    from electrolith.study.terminal import finish

    library = library_with(entries)
    potentials = _open_elements(open_to or [])
    one, other = phase_in(first, library), phase_in(second, library)
    together = entries_of(
        library, one.elements | other.elements | set(potentials), _entry_settings(scheme, draws)
    )
    cases = [interface(one, other, together)]
    if potentials:
        cases.append(interface(one, other, together, InterfaceSettings.at_volts(potentials)))
    finish(
        f"{first} | {second}",
        tuple(interface_part(c) for c in cases),
        [{"open_to_V": c.volts, **flat(c)} for c in cases],
        html=html,
        json_file=json_file,
    )


def _open_elements(texts: list[str]) -> dict[str, float]:
    """Elements and potentials (V) of `Li=4.2V`, each element once."""
    found: dict[str, float] = {}
    for text in texts:
        element, given, volts = text.partition("=")
        if not given:
            raise InputError(
                f"--open {text}: expected an element and its potential, like Li=4.2V (against its metal)"
            )
        element = element.strip()
        if element in found:
            raise InputError(
                f"--open {text}: {element} is open already at {found[element]:g} V; give it once"
            )
        found[element] = parse(volts, "V")
    return found


def moisture_command(
    formula: Annotated[str, typer.Argument(help="Formula of the phase.", autocompletion=complete.formulas)],
    dew_point: Annotated[str, typer.Option(help="Below 0 °C the frost point.")] = "-60 degC",
    temperature: Annotated[str, typer.Option(help="Of the gas and the phase.")] = "25 degC",
    relative_humidity: Annotated[
        str | None, typer.Option(help="'40 %', at that temperature; instead of the dew point.")
    ] = None,
    gas: Annotated[
        list[str] | None, typer.Option("--gas", help="Further gas and its pressure, 'CO2=42 Pa'; or air.")
    ] = None,
    no_map: Annotated[bool, typer.Option("--no-map", help="Leave out the map.")] = False,
    entries: Own = None,
    draws: Draws = 200,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """What moist gas would do to a phase: products, driving force, balanced reaction.

    Example: `electrolith moisture Li9N2Cl3 --dew-point "-60 degC"`
    """
    import numpy as np

    from electrolith.core.constants import ZERO_CELSIUS
    from electrolith.stability.humidity import dew_point_from_pressure, pressure_from_relative_humidity
    from electrolith.stability.moisture import DRY_AIR, MoistureSettings, moisture, moisture_map
    from electrolith.study.sections.contact_parts import moisture_part
    from electrolith.study.sections.stability import library_with, phase_in
    from electrolith.study.terminal import finish

    library = library_with(entries)
    phase = phase_in(formula, library)
    kelvin = with_unit(temperature, "degC", "--temperature") + ZERO_CELSIUS
    dew = with_unit(dew_point, "degC", "--dew-point") + ZERO_CELSIUS
    if relative_humidity is not None:
        share = with_unit(relative_humidity, "%", "--relative-humidity") / 100
        dew = dew_point_from_pressure(pressure_from_relative_humidity(share, kelvin))
    settings = MoistureSettings(dew_point=dew, temperature=kelvin, gases=_gases(gas or []), draws=draws)
    air = replace(settings, reading="equilibrium", gases=settings.gases or DRY_AIR)
    points = (moisture(phase, library, settings), moisture(phase, library, air))
    chart = None
    if not no_map:
        chart = moisture_map(
            phase,
            library,
            settings,
            dew_points=np.linspace(193.15, 293.15, 21),
            temperatures=np.linspace(273.15, 333.15, 7),
        )
    finish(
        f"{formula} in moist gas",
        (moisture_part(points, chart),),
        points,
        html=html,
        json_file=json_file,
    )


def _gases(texts: list[str]) -> dict[str, float]:
    """Partial pressures of `CO2=42`, or dry air."""
    from electrolith.stability.moisture import DRY_AIR

    found: dict[str, float] = {}
    for text in texts:
        if text == "air":
            found |= DRY_AIR
            continue
        name, given, pressure = text.partition("=")
        if not given:
            raise InputError(f"--gas {text}: expected a gas and its pressure, like CO2=42 Pa, or air")
        found[name.strip()] = with_unit(pressure, "Pa", f"--gas {name}")
    return found


@phases.command("build")
def phases_build(
    structures: Annotated[Path, typer.Option(help="Folder of starting structures (CIF).")] = Path("phases"),
    phase_list: Annotated[
        Path | None, typer.Option("--list", help="CSV of phases; without it the library's own list.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for journal and tables.")] = Path("library"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be computed.")] = False,
    limit: Annotated[int | None, typer.Option(help="Stop after this many phases.")] = None,
    force_tolerance: Annotated[str, typer.Option(help="Largest force.")] = "0.03 eV/angstrom",
) -> None:
    """Relax what the library lacks; safe to kill, goes on where it stopped.

    Example: `electrolith phases build --dry-run`
    """
    from electrolith.stability.build import build, read_candidates, read_journal
    from electrolith.stability.library import DATA
    from electrolith.stability.pack import pack
    from electrolith.stability.relax import RelaxSettings
    from electrolith.study.terminal import console

    settings = RelaxSettings(force_tolerance=parse(force_tolerance, "eV/angstrom"))
    journal = out / "journal.jsonl"
    candidates = read_candidates(phase_list or Path(str(DATA / "phase_list.csv")))
    if dry_run:
        _show_pending(candidates, journal, settings)
        return
    out.mkdir(parents=True, exist_ok=True)
    steps = build(
        candidates, structures=structures, journal=journal, settings=settings, progress=console.print
    )
    for number, _ in enumerate(steps, start=1):
        if limit is not None and number >= limit:
            break
    count = pack(
        read_journal(journal), table=out / "phases_chgnet.csv", structures=out / "structures_chgnet.jsonl.gz"
    )
    console.print(f"{count} phases in {out}")


def _show_pending(candidates, journal, settings) -> None:  # type: ignore[no-untyped-def]
    """What a build would compute: phases neither in the journal nor, by the same settings, in the library."""
    from electrolith.stability.build import pending, read_journal
    from electrolith.stability.library import shipped_library
    from electrolith.study.section import Part, Table
    from electrolith.study.terminal import finish

    known = {f"{p.formula} {p.id}" for p in shipped_library().phases if p.settings == settings.fingerprint()}
    todo = [
        c for c in pending(candidates, read_journal(journal), settings) if f"{c.formula} {c.id}" not in known
    ]
    atoms = sum(c.atoms for c in todo)
    sentence = (
        f"{len(todo)} of {len(candidates)} phases ({atoms} atoms) would be relaxed with settings "
        f"{settings.fingerprint()}; the library holds {len(known)} made with them."
    )
    rows = tuple((c.formula, c.id, c.atoms, c.source) for c in todo[:40])
    table = Table(("formula", "id", "atoms", "starting structure"), rows, "To be computed (first 40)")
    finish("Phases to build", (Part("Phases to build", sentence, tables=(table,)),), {})


@phases.command("fetch")
def phases_fetch(
    elements: Annotated[list[str], typer.Argument(help="Elements; structures of these only.")],
    out: Annotated[Path, typer.Option(help="Folder for structures and their list.")] = Path("phases"),
    server: Annotated[
        str | None, typer.Option(help="OPTIMADE address; without it that of the Materials Project.")
    ] = None,
) -> None:
    """Fetch starting structures from an OPTIMADE server, with the list that `phases build` reads.

    Example: `electrolith phases fetch Li N Cl --out my-phases`
    """
    from electrolith.stability.read_optimade import MATERIALS_PROJECT, fetch_structures
    from electrolith.study.terminal import console

    server = server or MATERIALS_PROJECT
    found = fetch_structures(elements, server=server)
    rows = ["formula,id,priority,atoms,file,source"]
    for name, structure in sorted(found.items()):
        formula = structure.composition.reduced_formula
        file = f"{file_name(f'{formula}__{name}')}.cif"
        write_atomic(out / file, structure.to(fmt="cif"))
        rows.append(f"{formula},{name},0,{len(structure)},{file},{server}")
    write_atomic(out / "list.csv", "\n".join(rows) + "\n")
    console.print(f"{len(found)} structures in {out}; next:")
    console.print(f"electrolith phases build --structures {out} --list {out}/list.csv", soft_wrap=True)


@phases.command("export")
def phases_export(out: Annotated[Path, typer.Argument(help="File to write, .json.")]) -> None:
    """Write the library as OPTIMADE serves structures, with ids, energies and fingerprints.

    Example: `electrolith phases export phases.json`
    """
    from electrolith.stability.library import shipped_library
    from electrolith.stability.write_optimade import write_optimade
    from electrolith.study.terminal import console

    library = shipped_library()
    write_optimade(out, library)
    console.print(f"{len(library.phases)} structures, library {library.fingerprint}: {out}", soft_wrap=True)


@phases.command("check")
def phases_check(entries: Own = None, html: Html = None, json_file: Json = None) -> None:
    """Formation enthalpies against tables, the corrections in the labels, known compounds on the hull.

    Example: `electrolith phases check`
    """
    from electrolith.stability.check import check_library
    from electrolith.study.sections.stability import library_with
    from electrolith.study.sections.stability_parts import check_part
    from electrolith.study.terminal import finish

    found = check_library(library_with(entries))
    finish("Phase library", (check_part(found),), found, html=html, json_file=json_file)


@phases.command("diff")
def phases_diff(
    old: Annotated[Path, typer.Argument(help="Table of the older library.")],
    new: Annotated[
        Path | None, typer.Argument(help="Table of the newer one; the shipped one if left out.")
    ] = None,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """What changed between two libraries, and which windows moved.

    Example: `electrolith phases diff old/phases_chgnet.csv new/phases_chgnet.csv`
    """
    from electrolith.stability.diff import diff_libraries
    from electrolith.stability.library import read_library, shipped_library
    from electrolith.study.sections.stability_parts import diff_part
    from electrolith.study.terminal import finish

    found = diff_libraries(read_library(old), read_library(new) if new else shipped_library())
    finish("Libraries", (diff_part(found),), found, html=html, json_file=json_file)


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("window")(window_command)
    app.command("interface")(interface_command)
    app.command("moisture")(moisture_command)
    app.add_typer(phases, name="phases")
