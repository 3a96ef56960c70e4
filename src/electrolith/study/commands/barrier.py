"""`electrolith barrier`: the path of least energy of a jump, and its check by another engine."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from electrolith.core.errors import DataError, InputError
from electrolith.core.units import parse
from electrolith.study.commands import complete
from electrolith.study.printed import printed

if TYPE_CHECKING:
    from electrolith.crystal.frame import Frame
    from electrolith.energy.barrier import Barrier, PathCheck
    from electrolith.study.section import Part
    from electrolith.study.table import Cell

__all__ = ["add", "barrier_part"]


def barrier_command(
    start: Annotated[Path, typer.Argument(help="Frame before the jump: POSCAR, extended XYZ, CIF …")],
    end: Annotated[Path, typer.Argument(help="After it: the same atoms in the same order and cell.")],
    engine: Annotated[
        str, typer.Option(help="As in `electrolith engines`.", autocompletion=complete.engines)
    ] = "li-n-cl",
    check: Annotated[
        str | None, typer.Option(help="Engine for single points on start, saddle and end: gpaw.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Extended XYZ that keeps these points; started again, it goes on.")
    ] = None,
    images: Annotated[int, typer.Option(help="Between the two ends.")] = 7,
    force: Annotated[str, typer.Option(help="Largest force across the path.")] = "0.03 eV/angstrom",
    out: Annotated[Path | None, typer.Option(help="Extended XYZ for the images of the path.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with figures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Barrier of a jump by a nudged elastic band with a climbing image; both ends are relaxed first.

    Example: `electrolith barrier before.vasp after.vasp --engine li-n-cl --check gpaw --labels points.xyz`
    """
    from electrolith.energy.barrier import BarrierSettings, barrier, check_path
    from electrolith.energy.engine import make_engine
    from electrolith.study.terminal import finish, live

    settings = BarrierSettings(images=images, force=parse(force, "eV/angstrom"))
    first, last = _frame(start), _frame(end)
    referee = None if check is None else make_engine(check)
    with live() as listener:
        listener.begin("band")
        found = barrier(first, last, make_engine(engine), settings=settings)
        checked = None
        if referee is not None:
            listener.begin(f"check by {check}")
            checked = check_path(
                found,
                referee,
                labels=labels,
                source={"origin": f"barrier {start.stem}"},
                progress=lambda done, total: listener.progress(done / total, f"point {done} of {total}"),
            )
    if out is not None:
        _write(found, out)
    finish("Barrier", (barrier_part(found, checked),), _data(found, checked), html=html, json_file=json_file)


def _frame(path: Path) -> Frame:
    """The frame of a file that holds one."""
    from electrolith.crystal.frame import Frame
    from electrolith.crystal.read_ase import read_atoms

    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a frame such as POSCAR or extended XYZ")
    atoms = read_atoms(path)[0]
    if atoms.cell.rank != 3:
        raise DataError(f"{path}: no periodic cell in this file; expected three lattice vectors")
    return Frame.from_ase(atoms)


def _write(found: Barrier, out: Path) -> None:
    from ase.io import write

    from electrolith.core.files import write_atomic

    images = [frame.to_ase() for frame in found.images]
    for image, energy in zip(images, found.energies, strict=True):
        image.info = {"barrier_energy": float(energy)}
    text = io.StringIO()
    write(text, images, format="extxyz")
    write_atomic(out, text.getvalue())


def _data(found: Barrier, checked: PathCheck | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "engine": found.engine,
        "forward": found.forward,
        "backward": found.backward,
        "converged": found.converged,
        "along": found.along.tolist(),
        "energies": found.energies.tolist(),
        "mismatch": found.mismatch,
    }
    if checked is not None:
        data["check"] = {
            "engine": checked.engine,
            "points": list(checked.points),
            "energies": checked.energies.tolist(),
            "forward": checked.forward,
            "backward": checked.backward,
            "forces": checked.forces.tolist(),
        }
    return data


def barrier_part(found: Barrier, checked: PathCheck | None) -> Part:
    """Barriers, profile, what must not be trusted."""
    from electrolith.study.figure import Axis, Figure, Layer, Line, Points
    from electrolith.study.section import Part, Table

    sentence = (
        f"{1000 * found.forward:.0f} meV forwards and {1000 * found.backward:.0f} meV backwards with "
        f"{found.engine}"
    )
    rows = [_row(found.engine, found.forward, found.backward, float(found.across.max()))]
    layers: list[Layer] = [
        Line(found.along, 1000 * found.energies, "", "computed"),
        Points(found.along, 1000 * found.energies, found.engine, "computed"),
    ]
    if checked is not None:
        sentence += (
            f"; {1000 * checked.forward:.0f} and {1000 * checked.backward:.0f} meV with {checked.engine} "
            "at the same frames"
        )
        rows.append(_row(checked.engine, checked.forward, checked.backward, float(checked.forces.max())))
        where = found.along[list(checked.points)]
        layers.append(Points(where, 1000 * checked.energies, checked.engine, "measured"))
    warnings = [] if found.converged else ["The path did not reach its force criterion: no barrier yet."]
    if found.mismatch > 0.1 * max(found.forward, found.backward):
        warnings.append(
            f"The work of the forces along the path misses the energies by {1000 * found.mismatch:.0f} meV: "
            "take more images, or the forces are not the slope of the energy."
        )
    figure = Figure(
        "barrier",
        "Energy along the path, from the start.",
        Axis("way of all atoms / Å"),
        Axis("energy / meV"),
        tuple(layers),
    )
    columns = ("engine", "forwards / meV", "backwards / meV", "largest force / meV/Å")
    note = "The largest force is that across the path for the first engine, and any on a point for the check."
    return Part(
        "Barrier", sentence + ".", (figure,), (Table(columns, tuple(rows)),), tuple(warnings), (note,)
    )


def _row(engine: str, forward: float, backward: float, force: float) -> tuple[Cell, ...]:
    return (
        engine,
        printed(1000 * forward, ".0f"),
        printed(1000 * backward, ".0f"),
        printed(1000 * force, ".0f"),
    )


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command("barrier")(barrier_command)
