"""The relaxed cell of a potential against the reference, through the reference's pressure there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine
from electrolith.energy.labels.errors import runs_of
from electrolith.energy.labels.labels import Label
from electrolith.energy.pod.fit import PodFit
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.pod.potential import Potential

__all__ = ["LatticeCheck", "label_lattices", "lattice_check"]

STEP = 5e-3  # of the length, for the bulk modulus
AT_REST = 0.06  # eV/Å, root mean square force of a label that counts as relaxed
AT_EASE = 6e-3  # eV/Å³ (1 GPa), largest pressure of such a label


@dataclass(frozen=True, slots=True)
class LatticeCheck:
    """The potential's relaxed cell against the reference.

    volume: of that cell per atom, Å³.
    pressure: of the reference method in the cell that the potential relaxed, eV/Å³.
    bulk_modulus: of the potential, eV/Å³.
    length_error: (a - a_reference)/a_reference, mean over the cell's directions.
    relaxed_by_both: whether the reference relaxed its own cell; otherwise its pressure here stands for that.
    """

    material: str
    volume: float
    pressure: float
    bulk_modulus: float
    length_error: float
    relaxed_by_both: bool = False


def lattice_check(material: str, label: Label, potential: Potential) -> LatticeCheck:
    """Compare cells through the reference's pressure in the cell the potential relaxed.

    Δa/a = -p / (3 K), with K the potential's bulk modulus: positive when the potential's cell is too wide,
    that is when the reference is under tension there.

    Parameters
    ----------
    material : its name in the certificate.
    label : of the frame relaxed by a potential; the potential's own remaining pressure there is taken off.
    potential : to be judged.

    Raises
    ------
    InputError
        If the label has no stress.
    """
    if label.stress is None:
        raise InputError(f"{material}: the label has no stress, so the cells cannot be compared")
    engine = LammpsPod(potential)
    frame = label.frame
    bulk = -(_pressure(engine, frame, 1 + STEP) - _pressure(engine, frame, 1 - STEP)) / (6 * STEP)
    here = _pressure(engine, frame, 1.0)
    engine.close()
    reference = float(-np.trace(label.stress) / 3)
    error = (here - reference) / (3 * bulk)
    return LatticeCheck(material, frame.volume / len(frame), reference, bulk, error)


def _pressure(engine: Engine, frame: Frame, scale: float) -> float:
    """Pressure of the frame with all lengths scaled, eV/Å³."""
    stress = engine.evaluate(Frame(frame.positions * scale, frame.cell * scale, frame.numbers)).stress
    return float(-np.trace(stress) / 3) if stress is not None else np.nan


def label_lattices(fit: PodFit, labels: tuple[Label, ...]) -> tuple[LatticeCheck, ...]:
    """Cells judged by the labels at rest, one per composition, each by coefficients that never saw it.

    A label counts as at rest with a root-mean-square force below 0.06 eV/Å and less than 1 GPa of pressure;
    of several the one with the smallest forces is taken.
    """
    best: dict[str, tuple[float, int]] = {}
    for number, label in enumerate(labels):
        size = float(np.sqrt(np.mean(label.forces**2)))
        if label.stress is None or size > AT_REST or abs(np.trace(label.stress)) / 3 > AT_EASE:
            continue
        name = f"{label.frame.to_ase().get_chemical_formula(empirical=True)}, {label.kind}"
        if name not in best or size < best[name][0]:
            best[name] = (size, number)
    groups = runs_of(labels)
    folds = len(fit.committee)
    return tuple(
        lattice_check(
            name, labels[number], replace(fit.potential, coefficients=fit.committee[groups[number] % folds])
        )
        for name, (_, number) in sorted(best.items())
    )
