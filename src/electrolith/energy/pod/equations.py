"""Labels as linear equations for the coefficients of a POD potential, computed once and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from electrolith.core.processes import Processes
from electrolith.energy.labels.labels import Label
from electrolith.energy.pod.descriptors import core_energy, pod_descriptors
from electrolith.energy.pod.potential import PodSettings

__all__ = ["EquationBook", "Equations", "NormalEquations", "equations_of"]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
BLOCK = 24  # labels handed to a process at a time; starting one costs a second


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """One label as rows of `design @ coefficients = target`.

    Rows: energy per atom (eV/atom), then force components (eV/Å), then, if the label has a stress, its six
    components times the volume per atom (eV/atom). The ZBL core is taken off the targets.

    design: shape (rows, m).     target: shape (rows,).
    """

    label: Label
    design: NDArray[np.float64]
    target: NDArray[np.float64]

    def weights(self, settings: PodSettings) -> NDArray[np.float64]:
        """Weight of every row, shape (rows,)."""
        size = len(self.label.frame)
        parts = [np.array([settings.energy_weight]), np.ones(3 * size)]
        if self.label.stress is not None:
            parts.append(np.full(6, settings.stress_weight))
        trust = 1 / np.sqrt(1 + np.mean(self.label.forces**2) / settings.force_scale**2)
        weights: NDArray[np.float64] = trust * np.concatenate(parts)
        return weights

    def miss(self, coefficients: NDArray[np.float64]) -> tuple[float, float, float]:
        """Absolute errors: eV/atom, eV/Å (mean over components), eV/Å³ (pressure; nan without stress)."""
        size = len(self.label.frame)
        miss = self.design @ coefficients - self.target
        pressure = np.nan
        if self.label.stress is not None:
            pressure = abs(miss[1 + 3 * size :][:3].mean()) * size / self.label.frame.volume
        return abs(float(miss[0])), float(np.abs(miss[1 : 1 + 3 * size]).mean()), float(pressure)


@dataclass(frozen=True, slots=True, eq=False)
class NormalEquations:
    """Σ (w A)ᵀ (w A), Σ (w A)ᵀ (w b) and the number of force components; sums of them are again such."""

    matrix: NDArray[np.float64]
    right: NDArray[np.float64]
    components: int

    def __add__(self, other: NormalEquations) -> NormalEquations:
        return NormalEquations(
            self.matrix + other.matrix, self.right + other.right, self.components + other.components
        )

    def __sub__(self, other: NormalEquations) -> NormalEquations:
        return NormalEquations(
            self.matrix - other.matrix, self.right - other.right, self.components - other.components
        )


def equations_of(label: Label, settings: PodSettings) -> Equations:
    """The equations of one label."""
    descriptors = pod_descriptors(label.frame, settings, stress=label.stress is not None)
    core, core_forces, core_stress = core_energy(label.frame, settings)
    size, volume = len(label.frame), label.frame.volume
    design = [descriptors.energy[None] / size, descriptors.forces.reshape(3 * size, -1)]
    target = [np.array([(label.energy - core) / size]), (label.forces - core_forces).ravel()]
    if label.stress is not None:
        i, j = np.array(VOIGT).T
        design.append(descriptors.stress[i, j] * volume / size)
        target.append((label.stress - core_stress)[i, j] * volume / size)
    return Equations(label, np.vstack(design), np.concatenate(target))


def normal_equations(equations: Sequence[Equations], settings: PodSettings) -> NormalEquations:
    """Weighted normal equations of some labels."""
    size = equations[0].design.shape[1]
    total = NormalEquations(np.zeros((size, size)), np.zeros(size), 0)
    for one in equations:
        weights = one.weights(settings)
        a = one.design * weights[:, None]
        total.matrix[...] += a.T @ a
        total.right[...] += a.T @ (one.target * weights)
    return replace(total, components=sum(3 * len(one.label.frame) for one in equations))


@dataclass(slots=True, eq=False)
class EquationBook:
    """Equations that were computed already, by label and by shape of the potential.

    Weights and regularisation may change without computing anything again. Half a megabyte a label of
    twenty atoms and shape.
    """

    processes: int = 1
    _kept: dict[tuple[str, float, str], Equations] = field(default_factory=dict)

    def equations(
        self,
        labels: Sequence[Label],
        settings: PodSettings,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Equations]:
        """Equations of `labels` in their order.

        Parameters
        ----------
        labels : of any methods.
        settings : shape of the potential and its core.
        progress : called with (labels done, labels in all).
        """
        keys = [_key(label, settings) for label in labels]
        lacking = {k: label for k, label in zip(keys, labels, strict=True) if k not in self._kept}
        done = len(labels) - len(lacking)
        for key, equations in zip(lacking, self._compute(list(lacking.values()), settings), strict=True):
            self._kept[key] = equations
            done += 1
            if progress is not None:
                progress(done, len(labels))
        # The stored label may be an equal one with other words about its source.
        return [replace(self._kept[k], label=label) for k, label in zip(keys, labels, strict=True)]

    def forget(self, settings: PodSettings) -> None:
        """Drop the equations of one shape."""
        shape = _shape(settings)
        self._kept = {k: v for k, v in self._kept.items() if k[2] != shape}

    def _compute(self, labels: list[Label], settings: PodSettings) -> Iterator[Equations]:
        """Equations one after the other, by several processes where that pays."""
        if self.processes == 1 or len(labels) <= BLOCK:
            yield from (equations_of(label, settings) for label in labels)
            return
        blocks = [labels[i : i + BLOCK] for i in range(0, len(labels), BLOCK)]
        with Processes(self.processes) as pool:
            for block in pool.map(_block, blocks, [settings] * len(blocks)):
                yield from block


def _block(labels: list[Label], settings: PodSettings) -> list[Equations]:
    """Equations of some labels, in a process of its own."""
    return [equations_of(label, settings) for label in labels]


def _key(label: Label, settings: PodSettings) -> tuple[str, float, str]:
    return f"{label.identity} {label.settings}", label.energy, _shape(settings)


def _shape(settings: PodSettings) -> str:
    """What decides the design matrix."""
    return f"{settings.parameters()}{settings.core_inner} {settings.core_outer}"
