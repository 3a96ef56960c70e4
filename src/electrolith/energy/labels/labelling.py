"""Frames to labels: by several processes, appended one at a time, so that nothing that dies loses a label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.lease import Lock
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine, Evaluation
from electrolith.energy.labels.labels import Label, append_label, identity_of, read_labels, repair
from electrolith.energy.labels.workers import Outcome, Work, evaluated, evaluated_here

__all__ = ["LabelRun", "label_frames"]


@dataclass(frozen=True, slots=True)
class LabelRun:
    """What a labelling run did.

    done: frames labelled now.          already: found labelled, or given twice.
    failed: index and text of the frames that gave no label.
    left: frames not begun, because the time or the wanted number was used up.
    """

    done: int
    already: int
    failed: tuple[tuple[int, str], ...]
    left: int = 0


def label_frames(
    frames: Sequence[tuple[Frame, dict[str, Any]]],
    path: Path,
    *,
    open_engine: Callable[[], Engine],
    settings: str,
    processes: int = 1,
    at_most: int | None = None,
    seconds: float | None = None,
    per_process: int = 12,
    isolated: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> LabelRun:
    """Label `frames`, appending to `path`; frames labelled there before are left out.

    Killed at any moment it loses the frames in flight at most: start it again on the same file. A frame
    that fails, or whose process is killed, is named in the result and the others go on.

    Parameters
    ----------
    frames : each with what is known of it (kind, T, a0, origin, key).
    path : uncompressed extended XYZ; one labelling run at a time writes to it.
    open_engine : makes the engine; called once in every process. With several processes it must be
        picklable: `functools.partial(make_engine, "chgnet")`.
    settings : fingerprint of the engine's settings.
    processes : frames evaluated at once, each by one thread of its own process; 1 stays in this process,
        unless `isolated`.
    at_most : labels to make in this call.
    seconds : no frame is begun after this time.
    per_process : labels after which a worker process is renewed (some codes grow by 100 MB a label).
    isolated : one process, too, is a worker that is renewed and may be killed without harm.
    progress : called with (frames done, frames in all).

    Raises
    ------
    InputError
        If `path` holds labels of other settings, another run writes to it, or the engine gives no forces.
    DataError
        If `path` cannot be written; the labels made before are intact.
    ElectrolithError
        What opening the engine raised.
    """
    if processes < 1 or per_process < 1:
        raise InputError(
            f"labelling: processes and per_process must be 1 or more, got {processes} and {per_process}"
        )
    with Lock(path.with_name(f".{path.name}.lock")):
        todo, already = _todo(frames, path, settings)
        work = Work(todo, at_most=at_most, seconds=seconds)
        if processes == 1 and not isolated:
            outcomes = evaluated_here(work, open_engine)
        else:
            outcomes = evaluated(work, open_engine, processes=processes, per_process=per_process)
        done, failed = 0, list[tuple[int, str]]()
        try:
            for outcome in outcomes:
                frame, source = frames[outcome.index]
                trouble = outcome.text or _trouble(outcome.evaluation, frame)
                if trouble:
                    work.fail()
                    failed.append((outcome.index, f"{_named(frames, outcome.index)}: {trouble}"))
                else:
                    append_label(path, _label(frame, source, outcome, settings))
                    done += 1
                if progress is not None:
                    progress(already + done + len(failed), len(frames))
        finally:
            outcomes.close()
    return LabelRun(done, already, tuple(sorted(failed)), work.left)


def _todo(
    frames: Sequence[tuple[Frame, dict[str, Any]]], path: Path, settings: str
) -> tuple[list[tuple[int, Frame]], int]:
    """Frames not labelled in `path` with their indices, and how many need nothing."""
    repair(path)
    present = read_labels(path) if path.exists() else ()
    if present and present[0].settings != settings:
        raise InputError(
            f"{path}: holds labels of {present[0].settings}, this run would add {settings}; "
            "choose another file"
        )
    known = {x.identity for x in present}
    todo = []
    for index, (frame, _) in enumerate(frames):
        identity = identity_of(frame)
        if identity not in known:
            known.add(identity)
            todo.append((index, frame))
    return todo, len(frames) - len(todo)


def _trouble(out: Evaluation | None, frame: Frame) -> str:
    """Why an evaluation is no label; nothing if it is one."""
    if out is None:
        return "no evaluation"
    if out.forces.shape != frame.positions.shape:
        return f"forces of shape {out.forces.shape} for {len(frame)} atoms"
    for name, value in (("energy", out.energy), ("forces", out.forces), ("stress", out.stress)):
        if value is not None and not np.all(np.isfinite(value)):
            return f"not finite: the {name}"
    return ""


def _label(frame: Frame, source: dict[str, Any], outcome: Outcome, settings: str) -> Label:
    """The label of a frame that went well."""
    out = outcome.evaluation
    assert out is not None  # noqa: S101 - `_trouble` has seen to it
    known = {**source, **(outcome.provenance or {}), "seconds": outcome.seconds}
    return Label(frame, out.energy, out.forces, out.stress, settings, known)


def _named(frames: Sequence[tuple[Frame, dict[str, Any]]], index: int) -> str:
    """A frame in words: its place, formula and where it came from."""
    frame, source = frames[index]
    known = [f"{name} {source[name]}" for name in ("key", "kind", "T", "origin") if name in source]
    formula = frame.to_ase().get_chemical_formula()
    return f"frame {index + 1} of {len(frames)} ({', '.join([formula, *known])})"
