"""`electrolith xanes`: normalised absorption, shares of references, and whether a series has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from electrolith.core.errors import InputError, nearest
from electrolith.core.units import parse, parse_list

if TYPE_CHECKING:
    from electrolith.lab.xanes.analysis import XanesResult
    from electrolith.lab.xanes.combination import CombinationRange
    from electrolith.lab.xanes.read import Columns
    from electrolith.study.section import Part

__all__ = ["add"]


def xanes(
    files: Annotated[
        list[Path], typer.Argument(help="XDI, Athena columns (.dat, .txt, .xmu) or projects (.prj).")
    ],
    reference: Annotated[
        list[Path] | None, typer.Option(help="Reference spectrum; give it again for each phase.")
    ] = None,
    mode: Annotated[str, typer.Option(help="auto, mu, transmission or fluorescence.")] = "auto",
    energy_unit: Annotated[str, typer.Option(help="eV or keV.")] = "eV",
    columns: Annotated[
        str,
        typer.Option(help="Columns by name or number: 'energy=2, incident=5, signal=6' or 'energy=1, mu=3'."),
    ] = "",
    edge: Annotated[str, typer.Option(help="Edge energy, where it should not be found.")] = "",
    normalised: Annotated[bool, typer.Option(help="The spectra are normalised already.")] = False,
    record: Annotated[
        Path | None, typer.Option(help="Electrochemical record (.mpt) taken at the same time.")
    ] = None,
    formula: Annotated[
        str, typer.Option(help="Composition, for the self-absorption of a thick sample.")
    ] = "",
    peaks: Annotated[str, typer.Option(help="Starting energies of peaks to fit: '2826, 2828.7 eV'.")] = "",
    shares_over: Annotated[
        str, typer.Option(help="Energies of the linear combination, relative to the edge.")
    ] = "-20 eV, 60 eV",
    width: Annotated[str, typer.Option(help="Width of the peak looked for.")] = "1 eV",
    xdi: Annotated[
        Path | None, typer.Option(help="Folder for the normalised spectra as XDI; wants --absorber.")
    ] = None,
    absorber: Annotated[str, typer.Option(help="Element and edge of the spectra, 'Cl K', for --xdi.")] = "",
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Normalise spectra; for a series, say whether it changed and how large a change could hide.

    Example: `electrolith xanes scan_*.dat --reference Li4OH3Cl.dat --html xanes.html`
    """
    from electrolith.lab.xanes.analysis import XanesSettings, measure_xanes
    from electrolith.lab.xanes.change import ChangeTest
    from electrolith.lab.xanes.normalise import Normalisation
    from electrolith.lab.xanes.read import Mode
    from electrolith.study.sections.xanes import xanes_evidence, xanes_parts
    from electrolith.study.terminal import finish

    if mode not in get_args(Mode):
        raise InputError(nearest("--mode", mode, get_args(Mode)))
    if energy_unit not in ("eV", "keV"):
        raise InputError(nearest("--energy-unit", energy_unit, ("eV", "keV")))
    chosen = XanesSettings(
        files=tuple(files),
        references=tuple(reference or ()),
        mode=cast(Mode, mode),
        columns=_columns(columns),
        energy_unit="keV" if energy_unit == "keV" else "eV",
        normalisation=Normalisation(edge=parse(edge, "eV") if edge else None, already=normalised),
        record=record,
        formula=formula,
        peaks=parse_list(peaks, "eV") if peaks else (),
        search=ChangeTest(feature_width=parse(width, "eV")),
        shares_over=_range(shares_over),
    )
    if xdi is not None and not absorber:
        raise InputError("--xdi: say which element and edge the spectra are of, --absorber 'Cl K'")
    found = measure_xanes(chosen)
    if xdi is not None:
        _write_xdi(found, xdi, absorber)
    data = _data(found)
    finish(
        "X-ray absorption",
        (*xanes_parts(found), _normalised(found)),
        data,
        evidence=xanes_evidence(found),
        html=html,
        json_file=json_file,
    )


def _range(text: str) -> CombinationRange:
    """Two energies relative to the edge."""
    from electrolith.lab.xanes.combination import CombinationRange

    ends = parse_list(text, "eV")
    if len(ends) != 2:
        raise InputError(f"--shares-over: expected two energies, '-20 eV, 60 eV', got {text!r}")
    return CombinationRange(*ends)


def _columns(text: str) -> Columns:
    """'energy=2, signal=6' as a choice of columns."""
    from electrolith.lab.xanes.read import Columns

    chosen: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, _, value = (w.strip() for w in part.partition("="))
        if name not in ("energy", "mu", "incident", "signal"):
            raise InputError(nearest("--columns", name, ("energy", "mu", "incident", "signal")))
        chosen[name] = value
    return Columns(**chosen)


def _write_xdi(found: XanesResult, folder: Path, absorber: str) -> None:
    """One file per spectrum, named by its place and name."""
    from electrolith.core.safe_text import file_name
    from electrolith.lab.xanes.write_xdi import absorber as edge_of
    from electrolith.lab.xanes.write_xdi import write_xdi
    from electrolith.study.terminal import console

    edge = edge_of(absorber)
    for number, spectrum in enumerate(found.spectra, start=1):
        write_xdi(folder / f"{number:03d}-{file_name(spectrum.name)}.xdi", spectrum, edge=edge)
    console.print(f"{len(found.spectra)} spectra as XDI: {folder}", soft_wrap=True)


def _data(found: XanesResult) -> dict[str, Any]:
    """Edges, changes and shares for programs."""
    return {
        "spectra": [
            {"name": s.name, "mode": s.mode, "edge_eV": s.edge, "half_eV": s.half, "edge_step": s.edge_step}
            for s in found.spectra
        ],
        "changes": [
            {
                "kind": c.kind,
                "found": c.found,
                "probability": c.probability,
                "size": c.size.value,
                "limit": c.limit,
                "detectable": c.detectable,
                "energy_eV": c.energy.value if c.energy is not None else None,
                "unit": c.unit,
                "statement": c.statement,
            }
            for c in found.changes
        ],
        "shares": [
            {
                "name": c.name,
                "range_eV": [c.low, c.high],
                "r_factor": c.r_factor,
                **{n: [b, *w.interval()] for n, b, w in zip(c.names, c.best, c.weights, strict=True)},
            }
            for c in found.combinations
        ],
        "warnings": list(found.warnings),
    }


def _normalised(found: XanesResult) -> Part:
    """Normalised spectra: a common grid where there is a series, else the spectrum's own."""
    from electrolith.study.section import Part
    from electrolith.study.table import Table

    if found.series is not None:
        names, energy, columns = found.series.names, found.series.energy, found.series.mu
    else:
        names, energy, columns = (
            (found.spectra[0].name,),
            found.spectra[0].energy,
            found.spectra[0].flat[None],
        )
    rows = tuple(tuple(map(float, row)) for row in zip(energy, *columns, strict=True))
    return Part("Normalised spectra", "Every point.", data=(Table(("energy / eV", *names), rows),))


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("xanes")(xanes)
