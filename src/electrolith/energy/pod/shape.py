"""Which shape of potential: the fastest among those whose held-out error is near the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from electrolith.crystal.frame import Frame
from electrolith.crystal.site import repeat
from electrolith.energy.certificate.trial import TrialSettings, run_trial
from electrolith.energy.pod.fit import PodFit
from electrolith.energy.pod.potential import PodSettings

__all__ = ["ShapeTrial", "choose_shape"]

ATOMS = 80  # in the cell that speed is measured in
STEPS = 300


@dataclass(frozen=True, slots=True)
class ShapeTrial:
    """One shape with the regularisation that suits it best.

    energy, forces: held-out errors, eV/atom and eV/Å.     steps_per_second: of one thread.
    """

    settings: PodSettings
    coefficients: int
    energy: float
    forces: float
    steps_per_second: float
    chosen: bool


def choose_shape(
    fitted: Callable[[PodSettings], PodFit],
    shapes: Sequence[PodSettings],
    regularisations: Sequence[float],
    frame: Frame,
    *,
    slower: float = 0.1,
) -> tuple[ShapeTrial, ...]:
    """Fit every shape with every regularisation; choose.

    Parameters
    ----------
    fitted : makes a fit of given settings.
    shapes, regularisations : to choose from.
    frame : a cell to measure the speed in; repeated to some eighty atoms.
    slower : a shape is good enough if its held-out force error is at most this much (relative) above the
        best; of those that are, the fastest is chosen.
    """
    big = _repeated(frame)
    trials = []
    for shape in shapes:
        fits = [fitted(replace(shape, regularisation=r)) for r in regularisations]
        fit = min(fits, key=lambda f: f.held_out[0].forces)
        best = fit.held_out[0]
        speed = _speed(fit, big) if len(shapes) > 1 else float("nan")
        found = fit.potential
        trials.append(
            ShapeTrial(found.settings, found.coefficients.size, best.energy, best.forces, speed, False)
        )
    limit = (1 + slower) * min(t.forces for t in trials)
    good = [t for t in trials if t.forces <= limit]
    chosen = max(good, key=lambda t: t.steps_per_second) if len(shapes) > 1 else trials[0]
    return tuple(replace(t, chosen=t is chosen) for t in trials)


def _repeated(frame: Frame) -> Frame:
    """The frame repeated along its shortest vectors until it has enough atoms."""
    repeats = [1, 1, 1]
    lengths = np.linalg.norm(frame.cell, axis=1)
    while len(frame) * np.prod(repeats) < ATOMS:
        repeats[int(np.argmin(lengths * repeats))] += 1
    return repeat(frame, (repeats[0], repeats[1], repeats[2]))


def _speed(fit: PodFit, frame: Frame) -> float:
    """Steps per second of processor time, in a short cold run."""
    timestep = 1.0
    settings = TrialSettings(duration=STEPS * timestep, timestep=timestep, heating=10 * timestep)
    outcome, _ = run_trial(fit.potential, frame, temperature=100.0, seed=1, settings=settings, frames=1)
    return outcome.steps_per_second
