"""`electrolith order`: a disordered crystal to files of ordered atoms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError

if TYPE_CHECKING:
    from electrolith.crystal.order import Orderings

__all__ = ["add"]


def order(
    crystal: Annotated[Path, typer.Argument(help="CIF with partial occupancies, or any crystal file.")],
    supercell: Annotated[tuple[int, int, int], typer.Option(help="Repeats along the vectors.")] = (2, 2, 2),
    composition: Annotated[
        str | None, typer.Option(help="Of the supercell; without it the nearest neutral one.")
    ] = None,
    charge: Annotated[list[str] | None, typer.Option(help="Oxidation state, Li=1; once per species.")] = None,
    decorations: Annotated[int, typer.Option(help="How many random ones are ranked.")] = 3000,
    lowest: Annotated[int, typer.Option(help="How many of lowest energy are kept.")] = 30,
    random: Annotated[int, typer.Option(help="How many others are kept.")] = 20,
    monte_carlo: Annotated[int, typer.Option(help="How many annealed ones are kept.")] = 5,
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the structures.")] = None,
    ending: Annotated[str, typer.Option(help="Format: vasp, xyz, cif or json.")] = "vasp",
    html: Annotated[Path | None, typer.Option(help="Write a page with figures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Order a disordered crystal: rank random decorations by electrostatics, anneal, write what is kept.

    Example: `electrolith order examples/li9n2cl3/li9n2cl3.cif --supercell 2 2 2 --out orderings`
    """
    from electrolith.crystal.crystal import DisorderedCrystal
    from electrolith.crystal.order import Keep, Ordering, Orderings, order_crystal
    from electrolith.crystal.read import read_crystal
    from electrolith.study.section import Results, Study
    from electrolith.study.sections import material, ordering
    from electrolith.study.terminal import finish

    read = read_crystal(crystal, oxidation_states=_states(charge or []))
    keep = Keep(lowest=lowest, random=random, monte_carlo=monte_carlo)
    settings = Ordering(supercell, composition, decorations=decorations, keep=keep, seed=seed)
    found = order_crystal(read, settings)
    if out is not None:
        _write(found, out, ending)
    results = Results(Study("Orderings", crystal, {}, ()), {DisorderedCrystal: read, Orderings: found})
    parts = (*material.parts(results), *ordering.parts(results))
    data = {
        "composition": found.composition.formula,
        "kinds": found.kinds,
        "energies": found.energies,
        "random_energies": found.random_energies,
    }
    finish("Orderings", parts, data, html=html, json_file=json_file)


def _states(texts: list[str]) -> dict[str, float]:
    """Oxidation states of options like Li=1."""
    states = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            states[name.strip()] = float(number)
        except ValueError as error:
            raise InputError(f"--charge {text!r}: expected a species and its charge, like N=-3") from error
    return states


def _write(found: Orderings, folder: Path, ending: str) -> None:
    """One file per ordering, named by its place, kind and energy rank."""
    from electrolith.crystal.write import write_frame
    from electrolith.study.terminal import console

    folder.mkdir(parents=True, exist_ok=True)
    for number, (frame, kind) in enumerate(zip(found.frames, found.kinds, strict=True), start=1):
        write_frame(folder / f"{number:03d}-{kind.replace(' ', '-')}.{ending}", frame)
    console.print(f"{len(found.frames)} structures: {folder}")


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(order)
