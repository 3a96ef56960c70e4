"""Student and teacher in figures: energy against volume, diffusivity, radial distribution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrolith.energy.certificate.certificate import Certificate
from electrolith.energy.certificate.comparison import CommonCheck
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role

__all__ = ["certificate_figures"]

ROLES: tuple[Role, ...] = ("computed", "second", "third", "fourth", "warning")
SHOWN_PAIRS = 3  # of g(r), the most frequent ones


def certificate_figures(certificate: Certificate) -> tuple[Figure, ...]:
    """One figure for each kind of comparison that was made."""
    return (*_volume_figure(certificate), *_diffusivity_figure(certificate), *_radial_figure(certificate))


def _volume_figure(certificate: Certificate) -> tuple[Figure, ...]:
    """Energy over volume, each material from its own teacher's minimum."""
    layers: list[Layer] = []
    for number, x in enumerate(certificate.volume_curves):
        role = ROLES[number % len(ROLES)]
        volumes, fine = np.array(x.volumes), np.linspace(min(x.volumes), max(x.volumes), 80)
        v0, e0 = x.teacher_fit.volume, x.teacher_fit.energy
        ours = 1000 * (x.student_fit.at(fine) - x.student_fit.energy)
        layers.append(Line(fine / v0, ours, f"{x.material}, potential", role))
        theirs = 1000 * (np.array(x.teacher) - e0)
        layers.append(Points(volumes / v0, theirs, f"{x.material}, {certificate.teacher}", role))
    if not layers:
        return ()
    caption = (
        f"Energy against volume: the potential (lines) and {certificate.teacher} (points), each from its own "
        "minimum; volumes over the teacher's."
    )
    return (
        Figure(
            "certificate_volume",
            caption,
            Axis("volume / volume of the teacher's minimum"),
            Axis("E − E₀ / meV per atom"),
            tuple(layers),
        ),
    )


def _diffusivity_figure(certificate: Certificate) -> tuple[Figure, ...]:
    """D of both over 1000/T, with 95 % intervals."""
    layers: list[Layer] = []
    for number, material in enumerate(dict.fromkeys(c.material for c in certificate.common)):
        checks = [c for c in certificate.common if c.material == material]
        role = ROLES[number % len(ROLES)]
        layers += _arrhenius(checks, f"{material}, potential", role, student=True)
        layers += _arrhenius(checks, f"{material}, {certificate.teacher}", "published", student=False)
    if not layers:
        return ()
    return (
        Figure(
            "certificate_diffusivity",
            "Diffusivity of the mobile ion in the same runs with both; bars are 95 % intervals.",
            Axis("1000 K / T"),
            Axis("D / cm² s⁻¹", log=True),
            tuple(layers),
        ),
    )


def _arrhenius(checks: Sequence[CommonCheck], name: str, role: Role, *, student: bool) -> list[Layer]:
    """Points of one engine; the teacher's a little aside, so that both bars are seen."""
    sides = [(c.temperature, c.student if student else c.teacher) for c in checks]
    known = [(t, s.diffusivity) for t, s in sides if s.diffusivity is not None]
    if not known:
        return []
    shift = 0.0 if student else 0.006
    return [
        Points(
            np.array([1000 / t + shift for t, _ in known]),
            np.array([d.value for _, d in known]),
            name,
            role,
            low=np.array([d.low for _, d in known]),
            high=np.array([d.high for _, d in known]),
        )
    ]


def _radial_figure(certificate: Certificate) -> tuple[Figure, ...]:
    """Radial distributions of the coolest common run, pairs one above the other."""
    runs = [c for c in certificate.common if c.student.radial and c.teacher.radial]
    if not runs:
        return ()
    run = min(runs, key=lambda c: c.temperature)
    order = sorted(range(len(run.student.radial)), key=lambda i: -run.student.radial[i].weight)[:SHOWN_PAIRS]
    layers: list[Layer] = []
    lift = 0.0
    for number, i in enumerate(order):
        ours, theirs = run.student.radial[i], run.teacher.radial[i]
        layers.append(
            Line(
                theirs.centres,
                np.array(theirs.values) + lift,
                f"{ours.pair}, {certificate.teacher}",
                "published",
            )
        )
        layers.append(
            Line(
                ours.centres,
                np.array(ours.values) + lift,
                f"{ours.pair}, potential",
                ROLES[number % len(ROLES)],
                dash=True,
            )
        )
        lift += float(np.ceil(max(*ours.values, *theirs.values)))
    return (
        Figure(
            "certificate_radial",
            f"Radial distribution of {run.material} at {run.temperature:g} K in the same run with both; "
            "pairs are set one above the other.",
            Axis("distance / Å", range=(1.0, 6.0)),
            Axis("g(r), shifted"),
            tuple(layers),
        ),
    )
