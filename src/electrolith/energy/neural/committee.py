"""Several models of one kind: their mean, and how far they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine, Evaluation

__all__ = ["Committee", "force_disagreement"]


@dataclass(frozen=True, slots=True)
class Committee:
    """Engine: the mean of its members, refused where they disagree too much to be believed.

    members: engines fitted to different draws of one set of labels, at least two.
    limit: eV/Å; largest standard deviation over the members of the force on any atom; None believes all.
    """

    members: tuple[Engine, ...]
    limit: float | None = 0.5

    def __post_init__(self) -> None:
        if len(self.members) < 2:
            raise InputError(f"a committee needs at least two members, got {len(self.members)}")

    @property
    def name(self) -> str:
        """All members."""
        return "committee of " + ", ".join(m.name for m in self.members)

    def evaluate(self, frame: Frame) -> Evaluation:
        """Mean energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        InputError
            If the members disagree by more than `limit`; the text names the frame and the atom.
        """
        every = [m.evaluate(frame) for m in self.members]
        spread = force_disagreement([e.forces for e in every])
        worst = int(np.argmax(spread))
        if self.limit is not None and spread[worst] > self.limit:
            formula = frame.to_ase().get_chemical_formula()
            raise InputError(
                f"{formula}: the members of the committee disagree by {spread[worst]:.2f} eV/Å on atom "
                f"{worst + 1} ({frame.symbols[worst]}), more than {self.limit:g}; label frames like this one"
            )
        stresses = [e.stress for e in every if e.stress is not None]
        return Evaluation(
            float(np.mean([e.energy for e in every])),
            np.mean([e.forces for e in every], axis=0),
            np.mean(stresses, axis=0) if len(stresses) == len(every) else None,
        )


def force_disagreement(forces: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Standard deviation over the members of the force on each atom, eV/Å, shape (n,).

    sqrt(Σᵢ |Fᵢ - F̄|² / (M - 1)) for M members.
    """
    stacked = np.array(forces)
    off = stacked - stacked.mean(axis=0)
    return np.asarray(np.sqrt((off**2).sum(axis=(0, 2)) / (len(stacked) - 1)))
