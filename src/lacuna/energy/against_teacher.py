"""The pieces of a certificate that need the teacher."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lacuna.core.errors import LacunaError
from lacuna.crystal.frame import Frame
from lacuna.energy.bench import NO_TEACHER, NO_TIME, Bench, repeated
from lacuna.energy.certification import CertifyMaterial
from lacuna.energy.common_runs import CommonRunSettings, common_run
from lacuna.energy.comparison import (
    ActivationCheck,
    CommonCheck,
    DiffusivityOf,
    ElasticCheck,
    VolumeCheck,
    compare_activation,
    compare_runs,
)
from lacuna.energy.elastic import ElasticConstants, ElasticSettings, elastic_constants
from lacuna.energy.engine import Engine
from lacuna.energy.equation_of_state import birch_murnaghan, energy_volume
from lacuna.energy.labels import Label
from lacuna.energy.lattice import LatticeCheck, label_lattices, lattice_check
from lacuna.energy.relax import Relaxation, relax

__all__ = ["activations", "common_checks", "elastic_checks", "lattices", "volume_checks"]


def lattices(
    bench: Bench, relaxed: dict[str, Frame | None], labels: tuple[Label, ...]
) -> tuple[LatticeCheck, ...]:
    """Relaxed cells against the teacher; without one, against the labels at rest."""
    if bench.teacher is None:
        bench.begin("relaxed cells of the labels")
        if bench.is_late:
            bench.miss("relaxed cells", NO_TIME)
            return ()
        found = label_lattices(bench.fit, labels)
        if not found:
            bench.miss("relaxed cells", f"{NO_TEACHER}, and no label is at rest")
        return found
    teacher = bench.teacher
    checks = []
    for material in bench.materials:
        name, frame = f"relaxed cell, {material.name}", relaxed[material.name]
        if frame is None:
            bench.begin(name)
            bench.miss(name, "the student did not relax the material")
            continue
        key = [bench.reference, frame, bench.settings.teacher_relaxes]
        check = bench.piece(name, key, lambda m=material, f=frame: _lattice(bench, teacher, m, f))  # type: ignore[misc]
        if check is not None:
            checks.append(check)
    return tuple(checks)


def _lattice(bench: Bench, teacher: Engine, material: CertifyMaterial, frame: Frame) -> LatticeCheck:
    """The teacher's pressure in the student's cell, or both cells relaxed."""
    out = teacher.evaluate(frame)
    label = Label(frame, out.energy, out.forces, out.stress, teacher.name, {})
    check = lattice_check(material.name, label, bench.fit.potential)
    if not bench.settings.teacher_relaxes:
        return check
    theirs = relax(frame, teacher, settings=Relaxation(force=0.01, steps=600))
    if not theirs.converged:
        raise LacunaError(f"the teacher did not relax it (largest force {theirs.largest_force:.2g} eV/Å)")
    return LatticeCheck(
        check.material,
        check.volume,
        check.pressure,
        check.bulk_modulus,
        float((frame.volume / theirs.frame.volume) ** (1 / 3) - 1),
        relaxed_by_both=True,
    )


def volume_checks(bench: Bench) -> tuple[VolumeCheck, ...]:
    """Energy-volume curves with both."""
    if bench.teacher is None:
        bench.miss("energy-volume curves", NO_TEACHER)
        return ()
    s, teacher = bench.settings, bench.teacher
    found = [
        bench.piece(
            f"energy-volume curve, {material.name}",
            [bench.reference, material.frame, s.span, s.points],
            lambda m=material: _volumes(bench, teacher, m),  # type: ignore[misc]
        )
        for material in bench.materials
    ]
    return tuple(x for x in found if x is not None)


def _volumes(bench: Bench, teacher: Engine, material: CertifyMaterial) -> VolumeCheck:
    """One curve with both, at the same frames."""
    s = bench.settings
    volumes, ours = energy_volume(material.frame, bench.student, span=s.span, points=s.points)
    _, theirs = energy_volume(material.frame, teacher, span=s.span, points=s.points)
    return VolumeCheck(
        material.name,
        tuple(volumes.tolist()),
        tuple(ours.tolist()),
        tuple(theirs.tolist()),
        birch_murnaghan(volumes, ours),
        birch_murnaghan(volumes, theirs),
    )


def elastic_checks(bench: Bench) -> tuple[ElasticCheck, ...]:
    """Elastic constants of the student, and of the teacher where there is one that is asked."""
    s = bench.settings
    teacher = bench.teacher if s.teacher_elastic else None
    if teacher is None:
        reason = NO_TEACHER if bench.teacher is None else "the settings leave them out"
        bench.miss("elastic constants of the teacher", reason)
    settings = ElasticSettings(strain=s.strain, ions=s.ions)
    found = []
    for material in bench.materials:
        ours = _constants(bench, bench.student, "the student", material, settings)
        theirs = None if teacher is None else _constants(bench, teacher, "the teacher", material, settings)
        if ours is not None:
            found.append(ElasticCheck(material.name, s.ions, ours, theirs))
    return tuple(found)


def _constants(
    bench: Bench, engine: Engine, who: str, material: CertifyMaterial, settings: ElasticSettings
) -> ElasticConstants | None:
    """Those of one material with one engine."""
    return bench.piece(
        f"elastic constants of {who}, {material.name}",
        [bench.reference, material.frame, settings],
        lambda: elastic_constants(material.frame, engine, settings=settings),
    )


def common_checks(
    bench: Bench, teacher: Engine | None, diffusivity: DiffusivityOf | None
) -> tuple[CommonCheck, ...]:
    """The same runs with both; the time left is shared out among the temperatures."""
    s = bench.settings
    wanted = [(m, t) for m in bench.moving for t in s.common_temperatures]
    if teacher is None or not wanted:
        bench.miss("common runs", NO_TEACHER if teacher is None else "none were asked for")
        return ()
    settings = CommonRunSettings(s.common_duration, s.timestep, settling=s.common_settling, seed=s.seed)
    found = []
    for number, (material, temperature) in enumerate(wanted):
        left = bench.deadline - time.monotonic()
        until = time.monotonic() + left / (len(wanted) - number)
        check = _common(bench, teacher, diffusivity, material, temperature, settings, until)
        if check is not None:
            found.append(check)
    return tuple(found)


def _common(
    bench: Bench,
    teacher: Engine,
    diffusivity: DiffusivityOf | None,
    material: CertifyMaterial,
    temperature: float,
    settings: CommonRunSettings,
    until: float,
) -> CommonCheck | None:
    """One temperature of one material; the teacher's run serves every student."""
    name = f"common run, {material.name} at {temperature:g} K"
    frame = repeated(material.frame, bench.settings.common_atoms)
    runs = []
    for engine, who in ((bench.student, bench.fit.potential.fingerprint), (teacher, bench.reference)):
        bench.begin(f"{name}, {engine.name}")
        path = bench.path("common run", who, frame, temperature, settings)
        runs.append(
            common_run(engine, frame, temperature=temperature, settings=settings, path=path, deadline=until)
        )
    student, theirs = runs
    if len(theirs.path) < 2 or len(student.path) < 2:
        reason = student.failure or theirs.failure or NO_TIME
        bench.begin(name)
        bench.miss(name, reason)
        return None
    if theirs.steps < settings.steps and not theirs.failure:
        done = theirs.steps * settings.timestep / 1000
        bench.miss(f"{name}, to its end", f"{NO_TIME} after {done:g} of {settings.duration / 1000:g} ps")
    return compare_runs(
        student,
        theirs,
        frame,
        material=material.name,
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
