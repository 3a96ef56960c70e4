"""Fit a POD potential to labels, and say what it gets wrong on frames it has not seen.

The model is linear in its coefficients. Energies, forces and stresses are fitted together, after the
ZBL core is taken off; LAMMPS supplies the descriptors and the solution is one ridge regression.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lacuna.core.errors import DataError, InputError
from lacuna.energy.descriptors import Descriptors, core_energy, pod_descriptors
from lacuna.energy.labels import Label, fingerprint
from lacuna.energy.potential import PodSettings, Potential

__all__ = ["FitErrors", "PodFit", "fit_pod"]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


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


@dataclass(frozen=True, slots=True, eq=False)
class PodFit:
    """A fitted potential and its errors.

    held_out: errors on labels that were left out of the fit (folds of whole runs), first of all together.
    trained: errors of the final fit on its own labels.
    committee: eV, shape (folds, m); coefficients of the fits that each left one fold out.
    """

    potential: Potential
    held_out: tuple[FitErrors, ...]
    trained: FitErrors
    committee: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A label as linear equations."""

    label: Label
    design: NDArray[np.float64]
    target: NDArray[np.float64]
    weight: NDArray[np.float64]


def fit_pod(
    labels: tuple[Label, ...],
    settings: PodSettings,
    *,
    name: str,
    folds: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> PodFit:
    """Fit `settings` to `labels`, and again with each fold of runs left out.

    Minimises Σ w² (A c - b)² + λ N |c|² with energies per atom, force components and stresses times the
    volume per atom as rows (weights in `settings`), N the number of force components.

    Parameters
    ----------
    labels : of one reference method.
    settings : shape, weights, regularisation.
    name : of the potential.
    folds : number of left-out groups; frames of one run stay together.
    progress : called with (labels done, labels in all) while descriptors are computed.

    Raises
    ------
    DataError
        If labels of different settings are mixed.
    InputError
        If too few labels are left, or one holds an unknown element.
    """
    if len({x.settings for x in labels}) > 1:
        raise DataError("labels of different settings cannot be fitted together")
    groups = _groups(labels)
    folds = min(folds, len(set(groups)))
    if folds < 2:
        raise InputError(
            f"{len(labels)} labels from {len(set(groups))} runs: at least two runs are needed, "
            "one to fit and one to judge by"
        )
    rows = []
    for number, label in enumerate(labels):
        rows.append(_row(label, settings))
        if progress is not None:
            progress(number + 1, len(labels))
    grams = [_gram(row) for row in rows]
    fold_of = np.array([groups[i] % folds for i in range(len(labels))])
    committee = np.array(
        [
            _solve([g for g, f in zip(grams, fold_of, strict=True) if f != fold], settings)
            for fold in range(folds)
        ]
    )
    coefficients = _solve(grams, settings)
    held_out = [_miss(row, committee[fold]) for row, fold in zip(rows, fold_of, strict=True)]
    trained = [_miss(row, coefficients) for row in rows]
    potential = Potential(name, settings, coefficients, fingerprint(labels), {})
    near = np.array([np.sqrt(np.mean(x.forces**2)) <= settings.far_force for x in labels])
    trained_errors = _mean("all", None, [m for m, n in zip(trained, near, strict=True) if n])
    return PodFit(potential, _by_kind(labels, held_out, near), trained_errors, committee)


def _groups(labels: tuple[Label, ...]) -> list[int]:
    """Number of the run each label came from; labels without a run are runs of their own."""
    seen: dict[tuple[object, ...], int] = {}
    out = []
    for number, label in enumerate(labels):
        run: tuple[object, ...] = (number,)
        if label.temperature is not None and "a0" in label.source:
            run = (label.kind, label.temperature, round(float(label.source["a0"]), 4), len(label.frame))
        out.append(seen.setdefault(run, len(seen)))
    return out


def _row(label: Label, settings: PodSettings) -> _Row:
    """Energy per atom, forces, stress times volume per atom as equations for the coefficients."""
    descriptors = pod_descriptors(label.frame, settings)
    core, core_forces, core_stress = core_energy(label.frame, settings)
    size, volume = len(label.frame), label.frame.volume
    design = [descriptors.energy[None] / size, descriptors.forces.reshape(3 * size, -1)]
    target = [np.array([(label.energy - core) / size]), (label.forces - core_forces).ravel()]
    weight = [np.array([settings.energy_weight]), np.ones(3 * size)]
    if label.stress is not None:
        i, j = np.array(VOIGT).T
        design.append(descriptors.stress[i, j] * volume / size)
        target.append((label.stress - core_stress)[i, j] * volume / size)
        weight.append(np.full(6, settings.stress_weight))
    trust = 1 / np.sqrt(1 + np.mean(label.forces**2) / settings.force_scale**2)
    return _Row(label, np.vstack(design), np.concatenate(target), trust * np.concatenate(weight))


def _gram(row: _Row) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Normal equations of one label, and its number of force components."""
    a = row.design * row.weight[:, None]
    return a.T @ a, a.T @ (row.target * row.weight), 3 * len(row.label.frame)


def _solve(
    grams: list[tuple[NDArray[np.float64], NDArray[np.float64], int]], settings: PodSettings
) -> NDArray[np.float64]:
    """Ridge solution of summed normal equations."""
    matrix = np.sum([g[0] for g in grams], axis=0)
    right = np.sum([g[1] for g in grams], axis=0)
    ridge = settings.regularisation * sum(g[2] for g in grams)
    solution: NDArray[np.float64] = np.linalg.solve(matrix + ridge * np.eye(len(right)), right)
    return solution


def _miss(row: _Row, coefficients: NDArray[np.float64]) -> tuple[float, float, float]:
    """Absolute errors of one label: eV/atom, eV/Å, eV/Å³."""
    size = len(row.label.frame)
    miss = row.design @ coefficients - row.target
    pressure = np.nan
    if row.label.stress is not None:
        pressure = abs(miss[1 + 3 * size :][:3].mean()) * size / row.label.frame.volume
    return abs(miss[0]), float(np.abs(miss[1 : 1 + 3 * size]).mean()), float(pressure)


def _mean(kind: str, temperature: float | None, misses: list[tuple[float, float, float]]) -> FitErrors:
    """Mean errors of some labels."""
    table = np.array(misses)
    pressures = table[:, 2][np.isfinite(table[:, 2])]
    pressure = float(pressures.mean()) if len(pressures) else float("nan")
    return FitErrors(
        kind, temperature, len(table), float(table[:, 0].mean()), float(table[:, 1].mean()), pressure
    )


def _by_kind(
    labels: tuple[Label, ...], misses: list[tuple[float, float, float]], near: NDArray[np.bool_]
) -> tuple[FitErrors, ...]:
    """Errors of all labels but far ones, then for each kind and temperature, far ones last."""
    groups: dict[tuple[str, float], list[tuple[float, float, float]]] = {}
    for label, miss, is_near in zip(labels, misses, near, strict=True):
        key = (label.kind, label.temperature or 0.0) if is_near else ("~ far from equilibrium", 0.0)
        groups.setdefault(key, []).append(miss)
    every = [m for m, is_near in zip(misses, near, strict=True) if is_near]
    return (
        _mean("all", None, every),
        *(_mean(kind.lstrip("~ "), t or None, groups[kind, t]) for kind, t in sorted(groups)),
    )


def predict(
    descriptors: Descriptors, coefficients: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Energy (eV), forces (eV/Å) and stress (eV/Å³) without the core."""
    return (
        float(descriptors.energy @ coefficients),
        descriptors.forces @ coefficients,
        descriptors.stress @ coefficients,
    )
