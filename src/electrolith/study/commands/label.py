"""`electrolith label` and `electrolith converge`: energies and forces of frames by a reference method."""

from __future__ import annotations

import contextlib
import csv
import io
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.reading import reader
from electrolith.study.commands import complete
from electrolith.study.printed import printed

if TYPE_CHECKING:
    from electrolith.crystal.frame import Frame
    from electrolith.energy.dft.convergence import ConvergencePoint
    from electrolith.energy.engine import Engine
    from electrolith.energy.labels.labelling import LabelRun
    from electrolith.study.run import Listener
    from electrolith.study.section import Part, Table
    from electrolith.study.table import Cell

__all__ = ["add"]

SECONDS_PER_HOUR = 3600.0
FramesFile = Annotated[
    Path, typer.Argument(help="Frames: extended XYZ or anything else ASE reads, with what is known of them.")
]
EngineName = Annotated[
    str,
    typer.Option(
        help="As in `electrolith engines`: gpaw, cp2k, espresso, vasp, chgnet.",
        autocompletion=complete.engines,
    ),
]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="YAML with the engine's settings.")]
Hours = Annotated[float | None, typer.Option(help="No frame is begun after so many hours.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")]


def label(
    frames: FramesFile,
    out: Annotated[Path, typer.Option(help="Labels, extended XYZ; started again on it, it goes on.")],
    engine: EngineName = "gpaw",
    settings_file: SettingsFile = None,
    processes: Annotated[int, typer.Option(help="Frames at once, one thread each.")] = 1,
    hours: Hours = None,
    at_most: Annotated[int | None, typer.Option(help="Labels to make now.")] = None,
    per_process: Annotated[int, typer.Option(help="Labels after which a worker process is renewed.")] = 12,
    json_file: JsonFile = None,
) -> None:
    """Label frames with energies, forces and stress, several at once; killed, the same command goes on.

    Example: `electrolith label frames.xyz --out labels.xyz --engine gpaw --processes 2 --hours 8`
    """
    from electrolith.energy.labels.labelling import label_frames
    from electrolith.study.terminal import finish

    given = read_frames(frames)
    settings = engine_settings(engine, settings_file)
    name = _name(engine, settings)
    start = time.monotonic()
    with _progress(json_file) as listener:
        listener.begin(f"label by {engine}")
        run = label_frames(
            given,
            out,
            open_engine=partial(_open, engine, settings),
            settings=name,
            processes=processes,
            at_most=at_most,
            seconds=None if hours is None else hours * SECONDS_PER_HOUR,
            per_process=per_process,
            isolated=True,
            progress=lambda done, total: listener.progress(done / total, f"frame {done} of {total}"),
        )
    rate = run.done / (time.monotonic() - start) * SECONDS_PER_HOUR
    data = {"settings": name, "file": str(out), "labels_per_hour": rate, **asdict(run)}
    finish("Labels", (_part(run, name, out, rate),), data, json_file=json_file)
    if run.failed and not run.done and not run.already:
        raise ElectrolithError(f"{frames}: none of the {len(run.failed)} frames begun could be labelled")


def converge(
    frames: FramesFile,
    folder: Annotated[Path, typer.Option(help="Labels and the table; started again on it, it goes on.")],
    engine: EngineName = "gpaw",
    settings_file: SettingsFile = None,
    cutoffs: Annotated[str, typer.Option(help="Plane-wave cutoffs, eV; the other settings stay.")] = "",
    kpoints: Annotated[str, typer.Option(help="K-point lengths, Å; the other settings stay.")] = "",
    hours: Hours = None,
    json_file: JsonFile = None,
) -> None:
    """How far energies, forces and pressure of some frames are converged with cutoff and k-points.

    Every label of the folder that belongs to the settings named is in the table, `convergence.csv`; with
    `--hours 0` the table alone is made.

    Example: `electrolith converge frames.xyz --folder converged --cutoffs 400,520,650,800 --kpoints 10,14,20`
    """
    from electrolith.core.files import write_atomic
    from electrolith.energy.dft.convergence import convergence_points, series
    from electrolith.energy.dft.reference import settings_class
    from electrolith.study.section import Part
    from electrolith.study.terminal import finish

    given = read_frames(frames)
    base = engine_settings(engine, settings_file)
    kind = settings_class(engine)
    if kind is None:
        raise InputError(f"engine {engine!r} has no settings that could converge")
    points = series(
        kind() if base is None else base,
        cutoffs=_numbers("--cutoffs", cutoffs),
        kpoint_lengths=_numbers("--kpoints", kpoints),
    )
    if not points:
        raise InputError("nothing is varied: give --cutoffs 400,520,650,800 or --kpoints 7,10,14.6,20")
    with _progress(json_file) as listener:
        runs = () if hours == 0 else _label_series(engine, given, folder, points, hours, listener)
    rows = convergence_points(folder, points)
    write_atomic(folder / "convergence.csv", _csv(rows))
    failed = tuple(text for run in runs for _, text in run.failed)
    sentence = f"{len(rows)} labels against the finest of their series, in {folder / 'convergence.csv'}."
    part = Part("Convergence", sentence, tables=(_table(rows),), warnings=failed)
    finish("Convergence", (part,), [asdict(row) for row in rows], json_file=json_file)


def _label_series(
    engine: str,
    frames: tuple[tuple[Frame, dict[str, Any]], ...],
    folder: Path,
    points: tuple[tuple[str, float, Any], ...],
    hours: float | None,
    listener: Listener,
) -> tuple[LabelRun, ...]:
    """Label all frames with all settings, telling the listener how far it is."""
    from electrolith.energy.dft.convergence import label_series

    deadline = None if hours is None else time.monotonic() + hours * SECONDS_PER_HOUR
    listener.begin(f"label by {engine}")
    return label_series(
        frames,
        folder,
        points,
        engine_of=partial(_open, engine),
        seconds=lambda: None if deadline is None else max(0.0, deadline - time.monotonic()),
        progress=lambda done, total: listener.progress(done / total, f"label {done} of {total}"),
    )


def _progress(json_file: Path | None) -> contextlib.AbstractContextManager[Listener]:
    """Progress on the terminal, none where data for programs is printed there."""
    from electrolith.study.run import Listener
    from electrolith.study.terminal import live

    return contextlib.nullcontext(Listener()) if str(json_file) == "-" else live()


def _open(engine: str, settings: Any = None) -> Engine:
    """The engine; what its library prints goes where it spoils no data."""
    from electrolith.energy.dft.reference import open_reference

    with contextlib.redirect_stdout(sys.stderr):
        return open_reference(engine, settings)


@reader("frames to label")
def read_frames(path: Path) -> tuple[tuple[Frame, dict[str, Any]], ...]:
    """Frames of a file ASE reads, each with what its file says of it.

    Raises
    ------
    InputError
        If the file is missing or a frame is not periodic.
    DataError
        If ASE cannot read it.
    """
    from electrolith.crystal.frame import Frame
    from electrolith.crystal.read_ase import read_atoms
    from electrolith.energy.labels.labels import KEPT

    if not path.is_file():
        raise InputError(f"{path}: no such file of frames")
    found = read_atoms(path, every=True)
    frames = []
    for number, atoms in enumerate(found):
        if not abs(atoms.cell.volume) > 0:
            raise InputError(f"{path}, frame {number + 1}: no periodic cell; a label needs one")
        source = {k: _plain(atoms.info[k]) for k in KEPT if k in atoms.info and k != "seconds"}
        source.setdefault("key", f"{path.name.split('.')[0]}-{number + 1}")
        frames.append((Frame.from_ase(atoms), source))
    return tuple(frames)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def engine_settings(engine: str, path: Path | None) -> Any:
    """Settings of `engine` from a YAML file, checked; None where no file is given.

    Raises
    ------
    InputError
        If the engine takes none, or one of them is wrong.
    """
    from electrolith.energy.dft.reference import settings_class
    from electrolith.study.settings import load_yaml, pointing, read

    kind = settings_class(engine)
    if path is None:
        return None
    if kind is None:
        raise InputError(f"{path}: engine {engine!r} takes no settings")
    with pointing(engine):
        return read(kind, load_yaml(path), str(path), folder=path.parent)


def _name(engine: str, settings: Any) -> str:
    """What stands in the labels."""
    from electrolith.energy.dft.reference import reference_name

    return str(settings.fingerprint) if settings else reference_name(_open(engine))


def _part(run: LabelRun, name: str, out: Path, rate: float) -> Part:
    from electrolith.study.section import Part

    counts = f"{run.done} labels made, {run.already} there already, {len(run.failed)} failed, {run.left} left"
    shown = f"{rate:.0f} labels/hour" if run.done else "nothing made"
    return Part(
        "Labels", f"{counts}; {shown}; {name} in {out}.", warnings=tuple(text for _, text in run.failed)
    )


def _numbers(where: str, text: str) -> tuple[float, ...]:
    """Numbers separated by commas."""
    try:
        return tuple(float(x) for x in text.split(",") if x.strip())
    except ValueError as error:
        raise InputError(f"{where}: expected numbers separated by commas, got {text!r}") from error


COLUMNS: tuple[tuple[str, str, Callable[[ConvergencePoint], Cell]], ...] = (
    ("frame", "frame", lambda p: p.frame),
    ("formula", "formula", lambda p: p.formula),
    ("varied", "varied", lambda p: p.varied),
    ("value", "value_eV_or_angstrom", lambda p: printed(p.value, "g")),
    ("k-points", "kpoints", lambda p: "x".join(map(str, p.kpoints))),
    ("E (meV/atom)", "energy_meV_per_atom", lambda p: printed(p.energy, ".2f")),
    ("E differences (meV/atom)", "energy_differences_meV_per_atom", lambda p: printed(p.relative, ".2f")),
    ("F mean (meV/Å)", "force_mean_meV_per_angstrom", lambda p: printed(p.forces, ".2f")),
    ("F largest (meV/Å)", "force_largest_meV_per_angstrom", lambda p: printed(p.force_largest, ".2f")),
    ("p (GPa)", "pressure_GPa", lambda p: printed(p.pressure, ".3f")),
    ("s", "seconds", lambda p: printed(p.seconds, "g")),
)


def _table(rows: tuple[ConvergencePoint, ...]) -> Table:
    from electrolith.study.section import Table

    shown = tuple(tuple(cell(row) for _, _, cell in COLUMNS) for row in rows)
    return Table(tuple(name for name, _, _ in COLUMNS), shown, "Error against the finest setting")


def _csv(rows: tuple[ConvergencePoint, ...]) -> str:
    """The table as text, one line per label."""
    from electrolith.study.table import cell_text

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column for _, column, _ in COLUMNS])
    # The file was made for people: the digits of the table.
    writer.writerows([cell_text(cell(row)) for _, _, cell in COLUMNS] for row in rows)
    return buffer.getvalue()


def add(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(label)
    app.command()(converge)
