"""Where a fitted potential was taught, and whether a frame, a pressure or a temperature lies outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import GPA
from electrolith.crystal.frame import Frame
from electrolith.energy.labels.labels import Label
from electrolith.energy.pod.descriptors import pod_descriptors
from electrolith.energy.pod.fit import PodFit

__all__ = ["Domain", "domain_of", "force_spread", "outside"]


@dataclass(frozen=True, slots=True)
class Domain:
    """What the labels of a potential span.

    elements : chemical symbols.
    pressures : lowest and highest pressure of a label, eV/Å³; None where no label has a stress.
    temperatures : of the runs the frames came from, K; 0 stands for frames without a run.
    """

    elements: tuple[str, ...]
    pressures: tuple[float, float] | None
    temperatures: tuple[float, float]


def domain_of(labels: Sequence[Label], *, far_force: float = np.inf) -> Domain:
    """The domain that labels span; those with a root-mean-square force above `far_force` (eV/Å) are left out.

    Frames far from equilibrium teach repulsion only: nothing should be computed at their pressure.
    """
    near = [x for x in labels if np.sqrt(np.mean(x.forces**2)) <= far_force]
    pressures = [float(-np.trace(x.stress) / 3) for x in near if x.stress is not None]
    temperatures = [x.temperature or 0.0 for x in near]
    return Domain(
        tuple(sorted({s for x in near for s in x.frame.symbols})),
        (min(pressures), max(pressures)) if pressures else None,
        (min(temperatures, default=0.0), max(temperatures, default=0.0)),
    )


def outside(
    domain: Domain | None,
    *,
    elements: Sequence[str] = (),
    pressure: float | None = None,
    temperature: float | None = None,
) -> tuple[str, ...]:
    """Sentences about what lies outside the domain; none if all lies within.

    Parameters
    ----------
    domain : None for a potential that states none: then nothing can be said.
    elements : chemical symbols of a frame.
    pressure : eV/Å³.     temperature : K.
    """
    if domain is None:
        return ()
    said = []
    if strange := sorted(set(elements) - set(domain.elements)):
        said.append(f"No label holds {', '.join(strange)}; the labels know {', '.join(domain.elements)}.")
    if pressure is not None and domain.pressures is not None:
        low, high = domain.pressures
        if not low <= pressure <= high:
            said.append(
                f"A pressure of {GPA * pressure:.1f} GPa lies outside that of the labels, "
                f"{GPA * low:.1f} to {GPA * high:.1f} GPa."
            )
    if temperature is not None and temperature > domain.temperatures[1]:
        said.append(
            f"{temperature:g} K lies above the hottest run among the labels, {domain.temperatures[1]:g} K."
        )
    return tuple(said)


def force_spread(fit: PodFit, frames: Sequence[Frame]) -> NDArray[np.float64]:
    """Spread of the committee's forces on the worst atom of each frame, eV/Å, shape (frames,).

    The members of the committee each left one fold of the training runs out.
    """
    worst = []
    for frame in frames:
        descriptors = pod_descriptors(frame, fit.potential.settings, stress=False)
        forces = descriptors.forces @ fit.committee.T
        spread = np.sqrt(((forces - forces.mean(axis=-1, keepdims=True)) ** 2).sum(axis=1).mean(axis=-1))
        worst.append(float(spread.max()))
    return np.array(worst)
