"""Particle sizes of several samples side by side."""

from __future__ import annotations

import numpy as np

from electrolith.lab.particles.analysis import ParticleResult
from electrolith.study.figure import Axis, Bars, Figure, Line, Role
from electrolith.study.section import Part, Results, Table
from electrolith.study.stack import condition_label, in_order

__all__ = ["particles_together"]

ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published", "warning")


def particles_together(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """Shares in the window, cumulative curves, a table."""
    found = [(condition_label(m), f) for m in in_order(members) if (f := m.get(ParticleResult)) is not None]
    if len(found) < 2:
        return ()
    labels = tuple(n for n, _ in found)
    sizes = [f.sizes for _, f in found]
    low, high = (1e9 * v for v in sizes[0].window)
    shares = np.array([s.share.value for s in sizes])
    half = np.array([np.diff(s.share.interval())[0] / 2 for s in sizes])
    bars = Bars(labels, shares, "", "measured", errors=np.nan_to_num(half), horizontal=True)
    window = f"{low:.0f}–{high:.0f} nm"
    share = Figure(
        "particles-shares",
        f"Share of the particles, by number, of {window}, with 68 % intervals.",
        Axis("share / %"),
        Axis(""),
        (bars,),
        height=140 + 28 * len(found),
    )
    curves = tuple(
        _cumulative(n, s.diameters, s.weights, role)
        for n, s, role in zip(labels, sizes, ROLES * 5, strict=False)
    )
    cumulative = Figure(
        "particles-cumulative", "Share of the particles below a diameter.", Axis("diameter / nm", log=True),
        Axis("share below / %"), curves,
    )  # fmt: skip
    rows = tuple((n, s.count, *s.number, s.share) for n, s in zip(labels, sizes, strict=True))
    table = Table(("sample", "particles", "D10", "D50", "D90", f"share {window}"), rows, "By number.")
    finest = min(zip(labels, sizes, strict=True), key=lambda p: p[1].number[1].value)[0]
    return (
        Part(
            "Particle sizes side by side",
            f"{len(found)} samples; the finest is {finest}.",
            (share, cumulative),
            (table,),
        ),
    )


def _cumulative(label: str, diameters: np.ndarray, weights: np.ndarray, role: Role) -> Line:
    order = np.argsort(diameters)
    total = np.cumsum(weights[order])
    return Line(1e9 * diameters[order], 100 * total / total[-1], label, role)
