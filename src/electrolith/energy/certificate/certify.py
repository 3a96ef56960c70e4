"""Measure a fitted potential, piece by piece, into a certificate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from electrolith.core.archive import fingerprint
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.against_teacher import (
    activations,
    common_checks,
    elastic_checks,
    lattices,
    teachers_minimum,
    volume_checks,
)
from electrolith.energy.certificate.bench import NO_TIME, Bench, Timed, repeated
from electrolith.energy.certificate.certificate import Certificate, certificate_of
from electrolith.energy.certificate.certification import CertifyMaterial, CertifySettings
from electrolith.energy.certificate.comparison import DiffusivityOf
from electrolith.energy.certificate.domain import force_spread
from electrolith.energy.certificate.long_run import LongRun, LongRunSettings, long_run
from electrolith.energy.certificate.promises import SPREAD_LIMIT
from electrolith.energy.certificate.trial import Trial, TrialSettings, energy_drift, run_trial
from electrolith.energy.engine import Engine
from electrolith.energy.labels.labels import Label
from electrolith.energy.labels.recorded import Recorded
from electrolith.energy.pod.fit import PodFit
from electrolith.energy.pod.lammps import LammpsPod, check_elements_known
from electrolith.energy.relax import Relaxation, Relaxed, relax

__all__ = ["CertifyMaterial", "CertifySettings", "certify"]

VISITED = 20  # frames kept of a trial run
JUDGED = 4  # of which the committee sees so many


def certify(
    fit: PodFit,
    labels: tuple[Label, ...],
    materials: tuple[CertifyMaterial, ...],
    *,
    settings: CertifySettings,
    teacher: Engine | None,
    folder: Path,
    diffusivity: DiffusivityOf | None = None,
    progress: Callable[[float, str], None] | None = None,
    seconds: float | None = None,
) -> Certificate:
    """Measure what a potential may be trusted with.

    Every piece is stored in `folder` under the fingerprint of all it depends on: a call that was killed, or
    ran out of time, goes on where it ended. What the teacher says is stored by frame and serves other fits.

    Parameters
    ----------
    fit : the potential with its committee and held-out errors.
    labels : it was fitted to.
    materials : to measure on.
    teacher : the reference method, or None: then what needs it is "not measured".
    folder : for the pieces.
    diffusivity : of a path; given from outside, because estimating D belongs to another room.
    progress : told the share that is done and what comes next.
    seconds : budget; what does not fit is named in the certificate.

    Raises
    ------
    InputError
        If there is no material or no label, or a material holds an element the potential does not know.
    """
    if not materials or not labels:
        raise InputError("certify: at least one material and the labels of the fit are needed")
    if len({m.name for m in materials}) < len(materials):
        raise InputError(f"certify: two materials have one name: {', '.join(m.name for m in materials)}")
    for material in materials:
        check_elements_known(f"certify: {material.name}", fit.potential.elements, material.frame)
    student = LammpsPod(fit.potential)
    deadline = time.monotonic() + (np.inf if seconds is None else seconds)
    bench = Bench(
        fit,
        materials,
        settings,
        student,
        None if teacher is None else _recorded(teacher, folder, deadline),
        "" if teacher is None else _reference(teacher),
        folder,
        deadline,
        progress or (lambda _share, _text: None),
        _count(materials, settings),
    )
    try:
        return _measure(bench, labels, teacher, diffusivity)
    finally:
        student.close()


def _count(materials: Sequence[CertifyMaterial], settings: CertifySettings) -> int:
    """Number of pieces, for the progress."""
    moving = sum(m.dynamics for m in materials)
    runs = (
        len(settings.temperatures) + 2 * len(settings.common_temperatures) + len(settings.long_temperatures)
    )
    return 6 * len(materials) + moving * (runs + 1) + 2


def _reference(teacher: Engine) -> str:
    """What the teacher's answers depend on, as far as it says so."""
    said = [getattr(getattr(teacher, part, None), "fingerprint", "") for part in ("settings", "potential")]
    # A DFT engine is named by its settings: said once, so that its answers can join the other labels.
    return "-".join(" ".join(dict.fromkeys([teacher.name, *filter(None, said)])).split())


def _recorded(teacher: Engine, folder: Path, deadline: float) -> Recorded:
    """The teacher with a memory on the disk and a look at the clock."""
    reference = _reference(teacher)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"teacher-{fingerprint(reference)[:8]}.xyz"
    return Recorded(Timed(teacher, deadline), path, settings=reference, source={"kind": "certificate"})


def _measure(
    bench: Bench, labels: tuple[Label, ...], teacher: Engine | None, diffusivity: DiffusivityOf | None
) -> Certificate:
    """Every piece, cheap ones first."""
    theirs = {m.name: teachers_minimum(bench, m) for m in bench.materials}
    relaxed = {m.name: _relaxed(bench, m, theirs[m.name]) for m in bench.materials}
    start = {m.name: _start(bench, m, theirs[m.name], relaxed[m.name]) for m in bench.materials}
    trials, visited = _trials(bench, relaxed)
    drift = _drift(bench, relaxed)
    share = _outside(bench, visited)
    lattice = lattices(bench, relaxed, theirs, labels)
    volume_curves = volume_checks(bench, start)
    elastic = elastic_checks(bench, start)
    common = common_checks(bench, start, teacher, diffusivity)
    activation = activations(bench, common)
    long_runs = _long_runs(bench, relaxed)
    return replace(
        certificate_of(bench.fit, labels, lattice=lattice, trials=trials, drift=drift),
        outside_share=share,
        teacher="" if teacher is None else teacher.name,
        volume_curves=volume_curves,
        elastic=elastic,
        common=common,
        activation=activation,
        long_runs=long_runs,
        unmeasured=tuple(bench.missing),
        code=f"electrolith {version('electrolith')}",
    )


def _start(bench: Bench, material: CertifyMaterial, theirs: Frame | None, ours: Frame | None) -> Frame:
    """Where the comparison of one material is made."""
    wanted = {"teacher": theirs, "student": ours, "given": None}[bench.settings.start]
    if wanted is None and bench.teacher is None:
        wanted = ours
    return material.frame if wanted is None else wanted


def _relaxed(bench: Bench, material: CertifyMaterial, theirs: Frame | None) -> Frame | None:
    """The material at the student's minimum, which lies next to the teacher's."""
    frame = material.frame if theirs is None else theirs

    def make() -> Relaxed:
        found = relax(frame, bench.student, settings=Relaxation(force=0.01, steps=600))
        if not found.converged:
            raise ElectrolithError(
                f"the student did not relax it (largest force {found.largest_force:.2g} eV/Å)"
            )
        return found

    found = bench.piece(f"relaxation, {material.name}", [frame], make)
    return None if found is None else found.frame


@dataclass(frozen=True, slots=True, eq=False)
class _TrialRun:
    """A trial and the frames it visited."""

    trial: Trial
    visited: tuple[Frame, ...]


def _trials(bench: Bench, relaxed: dict[str, Frame | None]) -> tuple[tuple[Trial, ...], tuple[Frame, ...]]:
    """Runs at constant temperature, and what they visited."""
    s = bench.settings
    plain = TrialSettings(s.duration, s.timestep, s.heating, mobile=s.mobile)
    hot = TrialSettings(s.hot_duration, s.timestep, s.heating, mobile=s.mobile, broken_at=float("inf"))
    runs: list[_TrialRun] = []
    for material in bench.moving:
        frame = relaxed[material.name]
        for temperature, setting in (*((t, plain) for t in s.temperatures), (s.hot_temperature, hot)):
            name = f"trial run, {material.name} at {temperature:g} K"
            if frame is None:
                bench.begin(name)
                bench.miss(name, "the student did not relax the material")
                continue
            cell = repeated(frame, s.atoms)
            run = bench.piece(
                name,
                [cell, temperature, setting, s.seed],
                lambda c=cell, t=temperature, x=setting, m=material: _trial(bench, m, c, t, x),  # type: ignore[misc]
            )
            if run is not None:
                runs.append(run)
    return tuple(r.trial for r in runs), tuple(f for r in runs for f in r.visited[:: VISITED // JUDGED])


def _trial(
    bench: Bench, material: CertifyMaterial, cell: Frame, temperature: float, settings: TrialSettings
) -> _TrialRun:
    """One run."""
    trial, visited = run_trial(
        bench.fit.potential,
        cell,
        temperature=temperature,
        seed=bench.settings.seed,
        material=material.name,
        settings=settings,
        frames=VISITED,
    )
    return _TrialRun(replace(trial, hot=bool(np.isinf(settings.broken_at))), visited)


def _drift(bench: Bench, relaxed: dict[str, Frame | None]) -> float:
    """Of the energy, in the first material that is run."""
    s = bench.settings
    frames = [(m.name, relaxed[m.name]) for m in bench.moving]
    for name, frame in frames:
        if frame is None:
            continue
        cell = repeated(frame, s.atoms)
        found = bench.piece(
            f"energy drift, {name}",
            [cell, s.drift_temperature, s.drift_duration, s.heating, s.timestep],
            lambda c=cell: energy_drift(  # type: ignore[misc]
                bench.fit.potential,
                c,
                temperature=s.drift_temperature,
                duration=s.drift_duration,
                timestep=s.timestep,
                settling=s.heating / 2,
            ),
        )
        return float("nan") if found is None else float(found)
    bench.miss("energy drift", "no material is run" if not frames else "the student relaxed no material")
    return float("nan")


def _outside(bench: Bench, visited: tuple[Frame, ...]) -> float:
    """Share of the visited frames on which the committee disagrees."""
    if not visited:
        bench.begin("visited frames")
        bench.miss("visited frames outside the training domain", "no run visited any")
        return float("nan")
    found = bench.piece(
        "visited frames",
        [bench.fit.committee, visited],
        lambda: float(np.mean(force_spread(bench.fit, visited) > SPREAD_LIMIT)),
    )
    return float("nan") if found is None else float(found)


def _long_runs(bench: Bench, relaxed: dict[str, Frame | None]) -> tuple[LongRun, ...]:
    """Nanoseconds of the student; a run goes on where it ended."""
    s = bench.settings
    found = []
    setting = LongRunSettings(s.long_duration, s.timestep, s.heating, mobile=s.mobile, seed=s.seed)
    for material in bench.moving:
        for temperature in s.long_temperatures:
            name = f"long run, {material.name} at {temperature:g} K"
            bench.begin(name)
            frame = relaxed[material.name]
            if frame is None:
                bench.miss(name, "the student did not relax the material")
                continue
            cell = repeated(frame, s.atoms)
            run = long_run(
                bench.fit.potential,
                cell,
                temperature=temperature,
                material=material.name,
                path=bench.path("long run", bench.fit.potential.fingerprint, cell, temperature, setting),
                settings=setting,
                deadline=bench.deadline,
            )
            if run.duration > 0 or run.failure:
                found.append(run)
            if not run.is_complete:
                bench.miss(name, f"{NO_TIME} after {run.duration / 1000:g} of {run.asked / 1000:g} ps")
    return tuple(found)
