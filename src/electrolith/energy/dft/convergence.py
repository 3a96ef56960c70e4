"""How far a reference method is converged: the same frames with more plane waves and more k-points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import GPA
from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine
from electrolith.energy.labels.labelling import LabelRun, label_frames
from electrolith.energy.labels.labels import Label, read_labels

__all__ = ["ConvergencePoint", "convergence_points", "label_series", "series"]


@dataclass(frozen=True, slots=True)
class ConvergencePoint:
    """One frame with one setting, against the finest setting of the same series.

    varied: "cutoff" (eV) or "kpoint_length" (Å).     value: of what is varied.     finest: its finest value.
    energy: error of the energy, meV per atom.
    relative: the part of it that no choice of the atoms' own energies takes up, meV per atom: the error
        of energy differences between frames.
    forces, force_largest: mean and largest error of the components, meV/Å.
    pressure: error, GPa (below 0: the cell comes out too small).
    seconds: wall time of the label, as it was run.
    """

    frame: str
    formula: str
    kpoints: tuple[int, ...]
    varied: str
    value: float
    finest: float
    energy: float
    relative: float
    forces: float
    force_largest: float
    pressure: float
    seconds: float


def series(
    base: Any, *, cutoffs: Sequence[float], kpoint_lengths: Sequence[float]
) -> tuple[tuple[str, float, Any], ...]:
    """What is varied, its value and the settings: first the cutoffs, then the k-points; the rest as `base`.

    Raises
    ------
    InputError
        If the settings have no such field.
    """
    points = []
    for name, values in (("cutoff", cutoffs), ("kpoint_length", kpoint_lengths)):
        if values and not hasattr(base, name):
            raise InputError(f"convergence: {type(base).__name__} has no {name}")
        points += [(name, float(v), replace(base, **{name: float(v)})) for v in sorted(values)]
    return tuple(points)


def label_series(
    frames: Sequence[tuple[Frame, dict[str, Any]]],
    folder: Path,
    points: Sequence[tuple[str, float, Any]],
    *,
    engine_of: Callable[[Any], Engine],
    seconds: Callable[[], float | None] = lambda: None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[LabelRun, ...]:
    """Label all frames with each setting, one file of `folder` per setting; what is there is not repeated.

    engine_of: makes an engine from settings.     seconds: time left, asked before each setting.
    """
    runs = []
    distinct = {p[2].fingerprint: p[2] for p in points}
    for number, (name, settings) in enumerate(distinct.items()):

        def tell(done: int, _: int, before: int = number * len(frames)) -> None:
            if progress is not None:
                progress(before + done, len(distinct) * len(frames))

        runs.append(
            label_frames(
                frames,
                folder / f"{name}.xyz",
                open_engine=partial(engine_of, settings),
                settings=name,
                seconds=seconds(),
                progress=tell,
            )
        )
    return tuple(runs)


def convergence_points(
    folder: Path, points: Sequence[tuple[str, float, Any]]
) -> tuple[ConvergencePoint, ...]:
    """Every label of `folder` that belongs to `points`, against the finest of its series."""
    found: list[ConvergencePoint] = []
    for varied in dict.fromkeys(p[0] for p in points):
        labels = {
            value: {x.identity: x for x in read_labels(path)}
            for name, value, settings in points
            if name == varied and (path := folder / f"{settings.fingerprint}.xyz").exists()
        }
        if labels:
            found += _against_finest(varied, labels)
    return tuple(found)


def _against_finest(varied: str, labels: dict[float, dict[str, Label]]) -> list[ConvergencePoint]:
    """The points of one series: a frame without a finest label is left out."""
    finest = max(labels)
    rows = []
    for value, these in labels.items():
        common = [i for i in these if i in labels[finest]]
        pairs = [(these[i], labels[finest][i]) for i in common]
        for (label, best), relative in zip(pairs, _unabsorbed(pairs), strict=True):
            rows.append(_point(varied, value, finest, label, best, float(relative)))
    return rows


def _unabsorbed(pairs: list[tuple[Label, Label]]) -> NDArray[np.float64]:
    """Errors of the energies per atom, eV, less the best energy of each element; shape (frames,)."""
    elements = sorted({z for label, _ in pairs for z in label.frame.numbers.tolist()})
    counts = np.array([[np.sum(label.frame.numbers == z) for z in elements] for label, _ in pairs], float)
    sizes = counts.sum(axis=1, keepdims=True)
    errors = np.array([label.energy - best.energy for label, best in pairs]) / sizes[:, 0]
    shares = counts / sizes
    return np.asarray(errors - shares @ np.linalg.lstsq(shares, errors, rcond=None)[0])


def _point(
    varied: str, value: float, finest: float, label: Label, best: Label, relative: float
) -> ConvergencePoint:
    off = np.abs(label.forces - best.forces)
    pressure = float("nan")
    if label.stress is not None and best.stress is not None:
        pressure = float(np.trace(best.stress - label.stress)) / 3 * GPA
    return ConvergencePoint(
        frame=str(label.source.get("key", label.kind)),
        formula=label.frame.to_ase().get_chemical_formula(),
        kpoints=tuple(label.source.get("kpts", ())),
        varied=varied,
        value=value,
        finest=finest,
        energy=1000 * (label.energy - best.energy) / len(label.frame),
        relative=1000 * relative,
        forces=1000 * float(off.mean()),
        force_largest=1000 * float(off.max()),
        pressure=pressure,
        seconds=float(label.source.get("seconds", float("nan"))),
    )
