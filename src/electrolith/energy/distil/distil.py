"""A material and a teacher become a fast potential with a certificate.

Start from deformed cells; then, round after round: fit, let the student run, find where it does not know,
label what teaches most. Every round is on the disk before the next begins.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.lease import Lock
from electrolith.energy.certificate.certificate import Certificate
from electrolith.energy.certificate.promises import ENERGY_LIMIT, FORCE_LIMIT, SHARE_LIMIT
from electrolith.energy.distil.distillation import Distillation
from electrolith.energy.distil.explore import Exploration, explore, most_informative
from electrolith.energy.distil.rounds import Sourced, last_round, read_round, write_round
from electrolith.energy.distil.start import Base, bases_of, starting_frames
from electrolith.energy.engine import Engine
from electrolith.energy.labels.labelling import LabelRun, label_frames
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.pod.equations import EquationBook, normal_equations
from electrolith.energy.pod.fit import CheapLabels, PodFit, fit_pod, save_fit
from electrolith.energy.pod.potential import PodSettings
from electrolith.energy.pod.shape import ShapeTrial, choose_shape

__all__ = ["LABELS", "POTENTIAL", "STATE", "Distilled", "Round", "Teacher", "distil"]

LABELS, CHEAP, STATE, POTENTIAL = "labels.xyz", "cheap.xyz", "state.json", "potential"
SETTLED = 2  # rounds in a row in which the student met nothing unknown
GROWTH = 2.0  # the shape of the potential is chosen again when there are this many times more labels

Certify = Callable[[PodFit, tuple[Label, ...], Path, float], Certificate]
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Teacher:
    """A method that labels.

    open: makes the engine in a worker process. reference: fingerprint of its settings.
    per_process: labels after which a worker process is renewed; DFT codes grow with every label.
    """

    open: Callable[[], Engine]
    reference: str
    per_process: int = 500


@dataclass(frozen=True, slots=True)
class Round:
    """What one round reached.

    labels: after it. energy, forces: held-out errors, eV/atom and eV/Å.
    outside: share of the frames its student visited that lie outside the training domain; nan in the last.
    broken, runs: runs that broke, of how many. elapsed: s, from the beginning.
    """

    number: int
    labels: int
    energy: float
    forces: float
    outside: float
    broken: int
    runs: int
    elapsed: float


@dataclass(frozen=True, slots=True, eq=False)
class Distilled:
    """What came of it.

    reason: why it ended. failed: frames the teacher could not label, one text each.
    shapes: what the last choice of shape was made from.
    """

    fit: PodFit
    certificate: Certificate
    rounds: tuple[Round, ...]
    shapes: tuple[ShapeTrial, ...]
    failed: tuple[str, ...]
    reason: str
    elapsed: float


@dataclass(slots=True, eq=False)
class _Course:
    """A distillation under way; what must survive is in `state.json` and the frame files."""

    settings: Distillation
    teacher: Teacher
    second: Teacher | None
    folder: Path
    report: Report
    bases: tuple[Base, ...]
    book: EquationBook
    spent: float = 0.0
    begun: float = field(default_factory=time.monotonic)
    rounds: list[Round] = field(default_factory=list)
    shape: PodSettings | None = None
    shape_labels: int = 0
    shapes: tuple[ShapeTrial, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def elapsed(self) -> float:
        """Seconds of all runs together."""
        return self.spent + time.monotonic() - self.begun

    @property
    def left(self) -> float:
        """Seconds until the certificate must begin."""
        return 3600 * (self.settings.hours - self.settings.certificate_hours) - self.elapsed

    def say(self, text: str) -> None:
        """Tell how far the budget is used and what is done now."""
        whole = 3600 * self.settings.hours
        minutes = max(0.0, whole - self.elapsed) / 60
        self.report(min(1.0, self.elapsed / whole), f"{text}; at most {minutes:.0f} min left")

    def keep(self) -> None:
        """Write what must survive."""
        state = {
            "elapsed": self.elapsed,
            "rounds": [asdict(r) for r in self.rounds],
            "shape": None if self.shape is None else asdict(self.shape),
            "shape_labels": self.shape_labels,
            "shapes": [asdict(s) for s in self.shapes],
            "teacher": self.teacher.reference,
            "seed": self.settings.seed,
        }
        write_atomic(self.folder / STATE, json.dumps(state, indent=1) + "\n")


def distil(
    settings: Distillation,
    *,
    teacher: Teacher,
    folder: Path,
    certify: Certify,
    second: Teacher | None = None,
    report: Report | None = None,
) -> Distilled:
    """Distil `teacher` into a potential, or go on where an earlier run in `folder` was stopped.

    Parameters
    ----------
    settings : what, and how much it may cost.
    teacher : labels everything the student is judged by.
    folder : labels, frames of every round, state and the potential with its certificate.
    certify : measures the student in at most the given seconds, in a folder of its own.
    second : the cheaper teacher, if the settings name one.
    report : called with the share of the time budget used and what is done.

    Returns
    -------
    The potential with its certificate, whether it holds or not; `reason` says why it ended.

    Raises
    ------
    InputError
        If the folder belongs to another distillation, or too few frames could be labelled to fit anything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with Lock(folder / ".distil.lock"):
        bases = bases_of(settings.materials, seed=settings.seed)
        elements = tuple(dict.fromkeys(s for base in bases for s in base.frame.symbols))
        settings = replace(settings, shapes=tuple(replace(s, elements=elements) for s in settings.shapes))
        course = _Course(
            settings,
            teacher,
            second,
            folder,
            report or (lambda share, text: None),
            bases,
            EquationBook(settings.processes),
        )
        _resume(course)
        return _run(course, certify)


def _run(course: _Course, certify: Certify) -> Distilled:
    """Rounds until nothing is left to learn or to spend."""
    settings, number, settled = course.settings, last_round(course.folder), 0
    if number < 0:
        number = 0
        write_round(course.folder, 0, starting_frames(course.bases, settings.start, seed=settings.seed))
    while True:
        labels = _label(course, number)
        fit = _fit(course, labels)
        reason = _spent(course, labels)
        if reason:
            _note(course, number, labels, fit, None)
            return _finish(course, fit, labels, certify, reason)
        found = _explore(course, fit, number + 1)
        _note(course, number, labels, fit, found)
        settled = settled + 1 if _nothing_new(fit, found) else 0
        if settled == SETTLED:
            done = _finish(course, fit, labels, certify, "the certificate holds")
            # A second certificate takes as long as the first; without that time the first one stands.
            if done.certificate.trusted or course.left <= 0:
                return done if done.certificate.trusted else replace(done, reason="the time is used up")
            settled = 0
        room = min(settings.per_round, settings.labels - len(labels))
        write_round(course.folder, number + 1, _next_frames(course, fit, found, labels, room, number + 1))
        number += 1


def _resume(course: _Course) -> None:
    """Take up what an earlier run left.

    Raises
    ------
    InputError
        If it was a distillation from another teacher or with another seed.
    DataError
        If its state is damaged.
    """
    path = course.folder / STATE
    if not path.is_file():
        return
    try:
        state: dict[str, Any] = json.loads(path.read_text())
        before = (state["teacher"], state["seed"])
        course.spent = float(state["elapsed"])
        course.rounds = [Round(**r) for r in state["rounds"]]
        if state["shape"] is not None:
            course.shape = _shape(state["shape"])
        course.shape_labels = int(state["shape_labels"])
        course.shapes = tuple(ShapeTrial(**{**s, "settings": _shape(s["settings"])}) for s in state["shapes"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: not the state of a distillation ({error}); remove it, the labels beside it are kept"
        ) from error
    here = (course.teacher.reference, course.settings.seed)
    if before != here:
        raise InputError(
            f"{course.folder}: holds a distillation from {before[0]} with seed {before[1]}, this one is from "
            f"{here[0]} with seed {here[1]}; choose another folder"
        )


def _shape(data: dict[str, Any]) -> PodSettings:
    """Settings of a potential from plain data."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return PodSettings(**values)


def _spent(course: _Course, labels: tuple[Label, ...]) -> str:
    """Which budget is used up; empty while none is."""
    if len(labels) >= course.settings.labels:
        return f"the {course.settings.labels} labels are used up"
    return "the time is used up" if course.left <= 0 else ""


def _nothing_new(fit: PodFit, found: Exploration) -> bool:
    """Whether the student met nothing unknown and keeps its promises on labels it has not seen."""
    everything = fit.held_out[0]
    good = everything.energy <= ENERGY_LIMIT and everything.forces <= FORCE_LIMIT
    return good and not found.broken and found.outside <= SHARE_LIMIT


def _label(course: _Course, number: int) -> tuple[Label, ...]:
    """Label one round's frames; those that fail are remembered."""
    frames = read_round(course.folder, number)
    settings, at = course.settings, f"round {number}: labels by {course.teacher.reference}"

    def told(done: int, total: int) -> None:
        course.say(f"{at}, {done} of {total}")

    def run(teacher: Teacher, path: Path, some: Sequence[Sourced]) -> LabelRun:
        return label_frames(
            some,
            path,
            open_engine=teacher.open,
            settings=teacher.reference,
            processes=settings.processes,
            per_process=teacher.per_process,
            seconds=max(0.0, course.left),
            progress=told,
        )

    made = run(course.teacher, course.folder / LABELS, [f for f in frames if "cheap" not in f[1]["run"]])
    for _, text in made.failed:
        course.failed[text] = text
    if course.second is not None:
        run(course.second, course.folder / CHEAP, frames)
    course.keep()
    path = course.folder / LABELS
    labels = read_labels(path) if path.is_file() else ()
    if not labels:
        texts = "; ".join(course.failed.values()) or "no time was left"
        raise InputError(f"{course.folder}: {course.teacher.reference} labelled no frame: {texts}")
    return labels


def _fit(course: _Course, labels: tuple[Label, ...]) -> PodFit:
    """Choose the shape where that is due, then the regularisation, by held-out errors."""
    settings, path = course.settings, course.folder / CHEAP
    cheap = None
    if course.second is not None and settings.second_teacher is not None and path.is_file():
        cheap = CheapLabels(read_labels(path), settings.second_teacher.weight)
    prior = settings.second_teacher is not None and settings.second_teacher.prior

    def fitted(shape: PodSettings) -> PodFit:
        held = None
        if cheap is not None and prior:
            held = fit_pod(cheap.labels, shape, name="prior", book=course.book).potential.coefficients
        mixed = None if prior else cheap
        return fit_pod(labels, shape, name=settings.name, book=course.book, cheap=mixed, prior=held)

    if course.shape is None or len(labels) >= GROWTH * course.shape_labels:
        course.say(f"{len(labels)} labels: choosing the shape of the potential")
        course.shapes = choose_shape(
            fitted, settings.shapes, settings.regularisations, labels[0].frame, slower=settings.slower
        )
        course.shape = next(s.settings for s in course.shapes if s.chosen)
        course.shape_labels = len(labels)
        for shape in settings.shapes:
            if shape.parameters() != course.shape.parameters():
                course.book.forget(shape)
    course.say(f"{len(labels)} labels: fitting")
    fits = [fitted(replace(course.shape, regularisation=r)) for r in settings.regularisations]
    best = min(fits, key=lambda f: f.held_out[0].forces)
    course.shape = best.potential.settings
    save_fit(best, course.folder / POTENTIAL)
    return best


def _explore(course: _Course, fit: PodFit, number: int) -> Exploration:
    """Let the student run."""
    return explore(
        fit,
        course.bases,
        course.settings.explore,
        round_number=number,
        seed=course.settings.seed,
        processes=course.settings.processes,
        progress=lambda done, total: course.say(f"round {number}: the student runs, {done} of {total}"),
    )


def _next_frames(
    course: _Course,
    fit: PodFit,
    found: Exploration,
    labels: tuple[Label, ...],
    room: int,
    number: int,
) -> tuple[Sourced, ...]:
    """Frames of the next round: what teaches most; deformed cells where too little was visited."""
    course.say(f"round {number}: choosing frames")
    known = normal_equations(course.book.equations(labels, fit.potential.settings), fit.potential.settings)
    chosen = most_informative(found.visits, fit, known, room)
    frames: list[Sourced] = [(v.frame, {**v.source, "spread": round(v.spread, 3)}) for v in chosen]
    if len(frames) < room:
        again = starting_frames(course.bases, course.settings.start, seed=course.settings.seed + number)
        deformed = [(f, {**s, "round": number}) for f, s in again if s["origin"].startswith("volume")]
        pick = np.random.default_rng([course.settings.seed, number]).permutation(len(deformed))
        frames += [deformed[i] for i in pick[: room - len(frames)]]
    if course.settings.second_teacher is not None:
        taken = {id(v) for v in chosen}
        others = [v for v in found.visits if id(v) not in taken][: course.settings.second_teacher.labels]
        frames += [(v.frame, {**v.source, "run": f"{v.source['run']} cheap"}) for v in others]
    return tuple(frames)


def _note(
    course: _Course, number: int, labels: tuple[Label, ...], fit: PodFit, found: Exploration | None
) -> None:
    """Keep what a round reached."""
    everything = fit.held_out[0]
    outside, broken, runs = (
        (float("nan"), 0, 0) if found is None else (found.outside, len(found.broken), found.runs)
    )
    row = Round(
        number, len(labels), everything.energy, everything.forces, outside, broken, runs, course.elapsed
    )
    course.rounds = [r for r in course.rounds if r.number != number] + [row]
    course.keep()


def _finish(
    course: _Course, fit: PodFit, labels: tuple[Label, ...], certify: Certify, reason: str
) -> Distilled:
    """Certify, and store the potential with what is known of it."""
    kinds = sorted({x.kind for x in labels})
    provenance = {
        "labels": len(labels),
        "kinds": {kind: sum(x.kind == kind for x in labels) for kind in kinds},
        "reference": course.teacher.reference,
        "folds": len(fit.committee),
        "seed": course.settings.seed,
        "rounds": len(course.rounds),
    }
    fit = replace(fit, potential=replace(fit.potential, provenance=provenance))
    save_fit(fit, course.folder / POTENTIAL)
    course.say("measuring the certificate")
    seconds = max(1.0, 3600 * course.settings.hours - course.elapsed)
    certificate = certify(fit, labels, course.folder, seconds)
    course.keep()
    if not certificate.trusted and reason == "the certificate holds":
        reason = "the certificate does not hold yet"
    return Distilled(
        fit,
        certificate,
        tuple(course.rounds),
        course.shapes,
        tuple(course.failed.values()),
        reason,
        course.elapsed,
    )
