"""Barriers checked by DFT: labels on start, saddle and end of jumps against the engine of the study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from electrolith.core.errors import DataError
from electrolith.crystal.frame import Frame
from electrolith.crystal.site import surroundings
from electrolith.energy.engine import Engine
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.vacancy.stationary import curvature, stationary_energy
from electrolith.study.figure import Axis, Figure, Line, Points
from electrolith.study.printed import printed
from electrolith.study.section import Part, Results, Section, Table
from electrolith.study.sections.engine import EngineChoice, engine_fingerprint, open_engine
from electrolith.study.table import Cell
from electrolith.study.wiring import Progress, Stage

__all__ = ["SECTION", "Barriers", "CheckedBarriers", "CheckedJump"]

POINTS = ("start", "saddle", "end")
BOND = 2.8  # Å: a framework atom this near surrounds the ion; the next shell begins above 3 Å


@dataclass(frozen=True)
class Barriers:
    """Labels on start, saddle and end of jumps, as `electrolith barrier --check gpaw --labels F` leaves them.

    file : extended XYZ; the origin of each label is a name and one of start, saddle, end. A path needs its
        saddle and one end at least.
    """

    SHORTHAND: ClassVar[str] = "file"
    file: Path


@dataclass(frozen=True, eq=False)
class CheckedJump:
    """One jump at the same three frames by two methods.

    way : of the ion that moves furthest, Å.      around : framework atoms near it at start, saddle, end.
    forward, backward : barrier of the reference, eV.    engine_forward, engine_backward : of the engine, eV.
    settled_forward, settled_backward : of the reference at its own stationary points, estimated from its
        forces and the engine's curvature, eV; nan where that curvature is not one of a minimum or a saddle.
    force : largest force of the reference on an atom of the saddle, eV/Å.
    """

    name: str
    formula: str
    ion: str
    way: float
    around: tuple[str, str, str]
    forward: float
    backward: float
    engine_forward: float
    engine_backward: float
    settled_forward: float
    settled_backward: float
    force: float


@dataclass(frozen=True, eq=False)
class CheckedBarriers:
    """All jumps of the file. reference : fingerprint of its settings.      engine : name."""

    jumps: tuple[CheckedJump, ...]
    reference: str
    engine: str

    @property
    def mean_difference(self) -> float:
        """Engine less reference over both directions, eV."""
        return float(np.nanmean(self._differences))

    @property
    def mean_error(self) -> float:
        """Mean absolute difference over both directions, eV."""
        return float(np.nanmean(np.abs(self._differences)))

    @property
    def _differences(self) -> list[float]:
        both = [(j.engine_forward - _best(j)[0], j.engine_backward - _best(j)[1]) for j in self.jumps]
        return [d for pair in both for d in pair]


def _best(jump: CheckedJump) -> tuple[float, float]:
    """Barriers of the reference: at its own stationary points where these can be told."""
    return (
        jump.settled_forward if np.isfinite(jump.settled_forward) else jump.forward,
        jump.settled_backward if np.isfinite(jump.settled_backward) else jump.backward,
    )


def barrier_checks(barriers: Barriers, engine: EngineChoice, progress: Progress) -> CheckedBarriers:
    """The study's engine at the frames that were labelled."""
    labels = read_labels(barriers.file)
    paths: dict[str, dict[str, Label]] = {}
    for label in labels:
        name, _, point = str(label.source.get("origin", "")).rpartition(" ")
        if point not in POINTS:
            raise DataError(
                f"{barriers.file}: origin {label.source.get('origin')!r} names no point of a path; expected "
                "a name and one of start, saddle, end"
            )
        paths.setdefault(name.removeprefix("barrier ").strip() or name, {})[point] = label
    whole = {name: points for name, points in paths.items() if len(points) > 1 and "saddle" in points}
    if not whole:
        raise DataError(f"{barriers.file}: no path has a saddle and an end of it")
    model = open_engine(engine)
    jumps = []
    for number, (name, points) in enumerate(whole.items()):
        progress(number / len(whole), name)
        jumps.append(_jump(name, points, model))
    return CheckedBarriers(tuple(jumps), labels[0].settings, model.name)


def _jump(name: str, labels: dict[str, Label], model: Engine) -> CheckedJump:
    """Barriers of one path by both methods, and what the ion passes; nan where an end has no label."""
    frames = {point: labels[point].frame for point in POINTS if point in labels}
    first, *_, last = frames.values()
    moved = last.positions - first.positions
    moved -= np.round(moved @ np.linalg.inv(first.cell)) @ first.cell
    far = np.linalg.norm(moved, axis=1)
    ion = int(np.argmax(far))
    theirs = {point: labels[point].energy for point in frames}
    ours = {point: model.evaluate(frame).energy for point, frame in frames.items()}
    settled = {point: _settled(labels[point], model, falls=int(point == "saddle")) for point in frames}
    around = [_around(frames[point], ion) if point in frames else "…" for point in POINTS]
    return CheckedJump(
        name=name,
        formula=str(first.to_ase().get_chemical_formula(mode="metal")),
        ion=first.symbols[ion],
        way=float(far[ion]),
        around=(around[0], around[1], around[2]),
        forward=_from(theirs, "start"),
        backward=_from(theirs, "end"),
        engine_forward=_from(ours, "start"),
        engine_backward=_from(ours, "end"),
        settled_forward=_from(settled, "start"),
        settled_backward=_from(settled, "end"),
        force=float(np.linalg.norm(labels["saddle"].forces, axis=1).max()),
    )


def _from(energies: dict[str, float], end: str) -> float:
    """Energy of the saddle from that of an end, eV; nan where the end is not there."""
    return float(energies["saddle"] - energies.get(end, np.nan))


def _settled(label: Label, model: Engine, *, falls: int) -> float:
    """Energy of the stationary point next to a label, eV; nan unless as many directions fall as should."""
    found = stationary_energy(label.energy, label.forces, curvature(label.frame, model))
    return found.energy if found.negative == falls else float("nan")


def _around(frame: Frame, ion: int) -> str:
    """Atoms of other elements near an ion, "N2Cl2"."""
    other = [i for i in np.argsort(frame.numbers, kind="stable") if frame.numbers[i] != frame.numbers[ion]]
    names = [frame.symbols[i] for i in other]
    gap = (frame.positions[other] - frame.positions[ion]) @ np.linalg.inv(frame.cell)
    near = int(np.sum(np.linalg.norm((gap - np.round(gap)) @ frame.cell, axis=1) < BOND))
    if near == 0:
        return "–"
    (text,) = surroundings(
        frame.positions[[ion]], frame.positions[other], names, frame.cell, number=near, within=BOND + 0.5
    )
    return text


def _figure(found: CheckedBarriers) -> Figure:
    """Barriers of the engine against those of the reference."""
    x = np.array([v for j in found.jumps for v in _best(j)])
    shown = np.array([v for j in found.jumps for v in (j.forward, j.backward)])
    y = np.array([v for j in found.jumps for v in (j.engine_forward, j.engine_backward)])
    every = np.concatenate([x, y, shown])
    ends = np.array([min(0.0, np.nanmin(every)), 1.05 * np.nanmax(every)])
    text = tuple(
        f"{j.name}, {way}<br>{a:.3f} and {b:.3f} eV"
        for j in found.jumps
        for way, a, b in (
            ("forwards", _best(j)[0], j.engine_forward),
            ("backwards", _best(j)[1], j.engine_backward),
        )
    )
    return Figure(
        "barriers",
        f"Barriers with {found.engine} against those of {found.reference}, forwards and backwards. Filled: "
        "DFT at its own minima and saddles, estimated from its forces; open: at the very frames of the path.",
        Axis("barrier by DFT / eV"),
        Axis(f"barrier with {found.engine} / eV"),
        (
            Line(ends, ends, "equal", "guide", dash=True),
            Points(shown, y, "same frames", "published"),
            Points(x, y, "DFT settled", "computed", text=text),
        ),
        equal=True,
    )


def _milli(energy: float) -> Cell:
    return printed(1000 * energy, ".0f")


def parts(results: Results) -> tuple[Part, ...]:
    """The barriers' part of the report."""
    found = results.get(CheckedBarriers)
    if found is None:
        return ()
    rows = tuple(
        (
            j.name,
            j.formula,
            j.ion,
            printed(j.way, ".1f"),
            " → ".join(j.around),
            _milli(j.engine_forward),
            _milli(j.forward),
            _milli(j.settled_forward),
            _milli(j.engine_backward),
            _milli(j.backward),
            _milli(j.settled_backward),
            printed(1000 * j.force, ".0f"),
        )
        for j in found.jumps
    )
    columns = (
        "jump",
        "cell",
        "ion",
        "way / Å",
        "around it: start → saddle → end",
        f"forwards, {found.engine} / meV",
        "forwards, DFT there / meV",
        "forwards, DFT settled / meV",
        f"backwards, {found.engine} / meV",
        "backwards, DFT there / meV",
        "backwards, DFT settled / meV",
        "DFT force on the saddle / meV/Å",
    )
    number = len(found.jumps)
    sentence = (
        f"{number} jump{'s' if number > 1 else ''} by {found.engine} and {found.reference}: barriers differ "
        f"by {1000 * found.mean_error:.0f} meV on average ({found.engine} less DFT: "
        f"{1000 * found.mean_difference:+.0f} meV)."
    )
    note = (
        "Start, saddle and end were found with a potential (nudged elastic band, climbing image); DFT gave "
        "energy and forces there. Settled: the energy at DFT's own minimum or saddle next to the frame, "
        "estimated to second order from these forces and the curvature of the engine. "
        "Frames that have gone into a fit since are no longer unseen by that fit."
    )
    caption = "Barriers with the engine of this study and by DFT"
    return (
        Part("Barriers by DFT", sentence, (_figure(found),), (Table(columns, rows, caption),), (), (note,)),
    )


SECTION = Section("barriers", Barriers, (Stage(barrier_checks, fingerprint=engine_fingerprint),), parts=parts)
