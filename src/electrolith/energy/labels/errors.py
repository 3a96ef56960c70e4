"""What a potential misses on labels: by kind and temperature, and which labels belong to one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.energy.labels.labels import Label

__all__ = ["FitErrors", "errors_by_kind", "mean_errors", "runs_of"]


@dataclass(frozen=True, slots=True)
class FitErrors:
    """Mean absolute errors over some labels.

    kind: of material, or "all".
    temperature: of the runs the frames came from, K; None for frames that were not from a run, or all.
    energy: eV/atom.
    forces: eV/Å, per component.
    pressure: eV/Å³.
    """

    kind: str
    temperature: float | None
    labels: int
    energy: float
    forces: float
    pressure: float


def runs_of(labels: Sequence[Label]) -> list[int]:
    """Number of the run each label came from; labels without a run are runs of their own."""
    seen: dict[tuple[object, ...], int] = {}
    out = []
    for number, label in enumerate(labels):
        run: tuple[object, ...] = (number,)
        if "run" in label.source:
            run = (label.kind, label.source["run"])
        elif label.temperature is not None and "a0" in label.source:
            run = (label.kind, label.temperature, round(float(label.source["a0"]), 4), len(label.frame))
        out.append(seen.setdefault(run, len(seen)))
    return out


def mean_errors(kind: str, temperature: float | None, misses: list[tuple[float, float, float]]) -> FitErrors:
    """Mean errors of some labels."""
    table = np.array(misses)
    pressures = table[:, 2][np.isfinite(table[:, 2])]
    pressure = float(pressures.mean()) if len(pressures) else float("nan")
    return FitErrors(
        kind, temperature, len(table), float(table[:, 0].mean()), float(table[:, 1].mean()), pressure
    )


def errors_by_kind(
    labels: Sequence[Label], misses: list[tuple[float, float, float]], near: NDArray[np.bool_]
) -> tuple[FitErrors, ...]:
    """Errors of all labels but far ones, then for each kind and temperature, far ones last."""
    groups: dict[tuple[str, float], list[tuple[float, float, float]]] = {}
    for label, miss, is_near in zip(labels, misses, near, strict=True):
        key = (label.kind, label.temperature or 0.0) if is_near else ("~ far from equilibrium", 0.0)
        groups.setdefault(key, []).append(miss)
    every = [m for m, is_near in zip(misses, near, strict=True) if is_near]
    return (
        mean_errors("all", None, every),
        *(mean_errors(kind.lstrip("~ "), t or None, groups[kind, t]) for kind, t in sorted(groups)),
    )
