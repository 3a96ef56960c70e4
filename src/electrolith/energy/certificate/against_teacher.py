"""The pieces of a certificate that need the teacher."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from electrolith.core.errors import ElectrolithError
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.bench import NO_TEACHER, NO_TIME, Bench, repeated
from electrolith.energy.certificate.certification import CertifyMaterial
from electrolith.energy.certificate.common_runs import CommonRunSettings, common_run
from electrolith.energy.certificate.comparison import (
    ActivationCheck,
    CommonCheck,
    DiffusivityOf,
    ElasticCheck,
    VolumeCheck,
    compare_activation,
    compare_runs,
)
from electrolith.energy.certificate.elastic import ElasticConstants, ElasticSettings, elastic_constants
from electrolith.energy.certificate.equation_of_state import birch_murnaghan, energy_volume
from electrolith.energy.certificate.lattice import LatticeCheck, label_lattices, lattice_check
from electrolith.energy.engine import Engine
from electrolith.energy.labels.labels import Label, fingerprint
from electrolith.energy.relax import Relaxation, Relaxed, relax

__all__ = [
    "activations",
    "common_checks",
    "elastic_checks",
    "lattices",
    "teachers_minimum",
    "volume_checks",
]


def teachers_minimum(bench: Bench, material: CertifyMaterial) -> Frame | None:
    """The material relaxed by the teacher, where it is asked to."""
    teacher = bench.teacher
    if teacher is None or bench.settings.start != "teacher" or not material.compared:
        return None

    def make() -> Relaxed:
        found = relax(material.frame, teacher, settings=Relaxation(force=0.02, steps=500))
        if not found.converged:
            raise ElectrolithError(
                f"the teacher did not relax it (largest force {found.largest_force:.2g} eV/Å)"
            )
        return found

    name = f"minimum of the teacher, {material.name}"
    found = bench.piece(name, [material.frame], make, who=bench.reference)
    return None if found is None else found.frame


def lattices(
    bench: Bench,
    relaxed: dict[str, Frame | None],
    theirs: dict[str, Frame | None],
    labels: tuple[Label, ...],
) -> tuple[LatticeCheck, ...]:
    """Relaxed cells against the teacher; without one, against the labels at rest."""
    teacher = bench.teacher
    if teacher is None:
        return _label_lattices(bench, labels)
    checks = []
    for material in bench.compared:
        name, ours, other = f"relaxed cell, {material.name}", relaxed[material.name], theirs[material.name]
        if ours is None:
            bench.begin(name)
            bench.miss(name, "the student did not relax the material")
            continue
        check = bench.piece(
            name,
            [bench.reference, ours, other],
            lambda m=material, f=ours, o=other: _lattice(bench, teacher, m, f, o),  # type: ignore[misc]
        )
        if check is not None:
            checks.append(check)
    return tuple(checks)


def _label_lattices(bench: Bench, labels: tuple[Label, ...]) -> tuple[LatticeCheck, ...]:
    """Cells judged by labels at rest."""
    name = "relaxed cells"
    key = [fingerprint(labels), bench.fit.committee]
    found = bench.piece(name, key, lambda: label_lattices(bench.fit, labels))
    if found == ():
        bench.miss(name, f"{NO_TEACHER}, and no label is at rest")
    return found or ()


def _lattice(
    bench: Bench, teacher: Engine, material: CertifyMaterial, ours: Frame, theirs: Frame | None
) -> LatticeCheck:
    """The teacher's pressure in the student's cell, and its own cell where it is known."""
    out = teacher.evaluate(ours)
    label = Label(ours, out.energy, out.forces, out.stress, teacher.name, {})
    check = lattice_check(material.name, label, bench.fit.potential)
    if theirs is None:
        return check
    error = float((ours.volume / theirs.volume) ** (1 / 3) - 1)
    return replace(check, length_error=error, relaxed_by_both=True)


def volume_checks(bench: Bench, start: dict[str, Frame]) -> tuple[VolumeCheck, ...]:
    """Energy-volume curves with both."""
    if bench.teacher is None:
        bench.miss("energy-volume curves", NO_TEACHER)
        return ()
    s, teacher = bench.settings, bench.teacher
    found = [
        bench.piece(
            f"energy-volume curve, {material.name}",
            [bench.reference, start[material.name], s.span, s.points],
            lambda m=material: _volumes(bench, teacher, m.name, start[m.name]),  # type: ignore[misc]
        )
        for material in bench.compared
    ]
    return tuple(x for x in found if x is not None)


def _volumes(bench: Bench, teacher: Engine, name: str, frame: Frame) -> VolumeCheck:
    """One curve with both, at the same frames."""
    s = bench.settings
    volumes, ours = energy_volume(frame, bench.student, span=s.span, points=s.points)
    _, theirs = energy_volume(frame, teacher, span=s.span, points=s.points)
    return VolumeCheck(
        name,
        tuple(volumes.tolist()),
        tuple(ours.tolist()),
        tuple(theirs.tolist()),
        birch_murnaghan(volumes, ours),
        birch_murnaghan(volumes, theirs),
    )


def elastic_checks(bench: Bench, start: dict[str, Frame]) -> tuple[ElasticCheck, ...]:
    """Elastic constants of the student, and of the teacher where there is one that is asked."""
    s = bench.settings
    teacher = bench.teacher if s.teacher_elastic else None
    if teacher is None:
        reason = NO_TEACHER if bench.teacher is None else "the settings leave them out"
        bench.miss("elastic constants of the teacher", reason)
    settings = s.elastic
    found = []
    for material in bench.compared:
        name, frame = material.name, start[material.name]
        who = bench.fit.potential.fingerprint
        ours = _constants(bench, bench.student, f"the student, {name}", frame, settings, who)
        theirs = None
        if teacher is not None:
            theirs = _constants(bench, teacher, f"the teacher, {name}", frame, settings, bench.reference)
        if ours is not None:
            found.append(ElasticCheck(name, s.ions, ours, theirs))
    return tuple(found)


def _constants(
    bench: Bench, engine: Engine, whose: str, frame: Frame, settings: ElasticSettings, who: str
) -> ElasticConstants | None:
    """Those of one material with one engine."""
    return bench.piece(
        f"elastic constants of {whose}",
        [frame, settings],
        lambda: elastic_constants(frame, engine, settings=settings),
        who=who,
    )


def common_checks(
    bench: Bench, start: dict[str, Frame], teacher: Engine | None, diffusivity: DiffusivityOf | None
) -> tuple[CommonCheck, ...]:
    """The same runs with both; the time left, or half of it before long runs, is shared out among them."""
    s = bench.settings
    wanted = [(m, t) for m in bench.moving for t in s.common_temperatures]
    if teacher is None or not wanted:
        bench.miss("common runs", NO_TEACHER if teacher is None else "none were asked for")
        return ()
    settings = s.common
    found = []
    now = time.monotonic()
    end = bench.deadline if not s.long_temperatures else now + (bench.deadline - now) / 2
    for number, (material, temperature) in enumerate(wanted):
        now = time.monotonic()
        until = now + (end - now) / (len(wanted) - number)
        check = _common(
            bench, teacher, diffusivity, material.name, start[material.name], temperature, settings, until
        )
        if check is not None:
            found.append(check)
    return tuple(found)


def _common(
    bench: Bench,
    teacher: Engine,
    diffusivity: DiffusivityOf | None,
    material: str,
    cell: Frame,
    temperature: float,
    settings: CommonRunSettings,
    until: float,
) -> CommonCheck | None:
    """One temperature of one material; the teacher's run serves every student."""
    name = f"common run, {material} at {temperature:g} K"
    frame = repeated(cell, bench.settings.common_atoms)
    runs = []
    for engine, who in ((bench.student, bench.fit.potential.fingerprint), (teacher, bench.reference)):
        bench.begin(f"{name}, {engine.name}")
        path = bench.path("common run", who, frame, temperature, settings)
        runs.append(
            common_run(engine, frame, temperature=temperature, settings=settings, path=path, deadline=until)
        )
    student, theirs = runs
    settled = min(len(run.settled(settings.settling)) for run in runs) > 1
    if not settled and not student.failure:
        bench.miss(name, theirs.failure or f"{NO_TIME} before it had settled")
        return None
    shorter = min(runs, key=lambda run: run.steps)
    if shorter.steps < settings.steps and not shorter.failure:
        done = shorter.steps * settings.timestep / 1000
        bench.miss(f"{name}, to its end", f"{NO_TIME} after {done:g} of {settings.duration / 1000:g} ps")
    return compare_runs(
        student,
        theirs,
        frame,
        material=material,
        temperature=temperature,
        settings=settings,
        mobile=bench.settings.mobile,
        diffusivity=diffusivity,
    )


def activations(bench: Bench, common: Sequence[CommonCheck]) -> tuple[ActivationCheck, ...]:
    """Activation energies, where three temperatures have a diffusivity with both."""
    found = []
    for material in dict.fromkeys(c.material for c in common):
        check = compare_activation([c for c in common if c.material == material])
        if check is None:
            bench.miss(
                f"activation energy, {material}", "fewer than three temperatures have a diffusivity with both"
            )
        else:
            found.append(check)
    if not common:
        bench.miss("activation energy", "there are no common runs")
    return tuple(found)
