"""Patterns of several groups, and frames of an operando series, one above the other."""

from __future__ import annotations

import numpy as np

from electrolith.scattering.measured import Diffraction
from electrolith.scattering.measured_operando import Operando
from electrolith.scattering.operando import OperandoFit
from electrolith.study.figure import Axis, Figure, Role
from electrolith.study.section import Part, Results
from electrolith.study.stack import Curve, condition_label, evenly, in_order, stack

__all__ = ["frame_stack", "pattern_stacks"]

_ABSCISSA = {"two_theta": "2θ / degree", "tof": "time of flight / µs"}
FRAMES = 12


def pattern_stacks(members: tuple[Results, ...]) -> tuple[Part, ...]:
    """A stack for each instrument that saw several samples."""
    found: dict[tuple[str, ...], list[Curve]] = {}
    for member in in_order(members):
        diffraction = member.get(Diffraction)
        if diffraction is None:
            continue
        for name, fit, tool in zip(diffraction.names, diffraction.fits, _tools(diffraction), strict=True):
            for item in fit.histograms:
                label = condition_label(member) if len(diffraction.fits) == 1 else name
                role: Role = "measured" if member.group.sample == member.study.reference else "computed"
                key = (item.abscissa, tool)
                found.setdefault(key, []).append(Curve(item.x, item.observed, label, role))
    return tuple(
        Part(
            f"Patterns of the series, {tool}",
            f"{len(curves)} patterns by {tool}, each on its own scale, in the order of the conditions.",
            (_figure(abscissa, tool, curves),),
        )
        for (abscissa, tool), curves in found.items()
        if len(curves) > 1
    )


def _tools(found: Diffraction) -> tuple[str, ...]:
    """The instrument of each fit."""
    names = tuple(t.replace("\\", "/").rsplit("/", 1)[-1] for t in found.settings.instruments)
    return names if len(names) == len(found.fits) else names[:1] * len(found.fits)


def _figure(abscissa: str, tool: str, curves: list[Curve]) -> Figure:
    caption = f"Patterns ({tool}) one above the other; orange: the reference sample."
    name = "patterns-" + "".join(c if c.isalnum() else "-" for c in tool.lower())
    return stack(name, caption, curves, x=Axis(_ABSCISSA[abscissa]))


def frame_stack(found: Operando) -> Figure:
    """Frames of a series in time, evenly taken."""
    fit: OperandoFit = found.fit
    curves = [
        Curve(fit.x, fit.observed[i], f"{fit.time[i]:.3g} {fit.time_unit}")
        for i in evenly(len(fit.time), FRAMES)
    ]
    floor = float(np.median(fit.observed))
    curves = [Curve(c.x, np.sqrt(np.maximum(c.y, floor / 4)), c.label) for c in curves]
    caption = (
        "Frames one above the other, from the start upwards; the root of the intensity shows weak lines."
    )
    return stack("operando_stack", caption, curves, x=Axis("2θ / degree"), y="√ intensity")
