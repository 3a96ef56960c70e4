"""Relaxed orderings and what each of them weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.crystal.canonical import effective_number
from electrolith.crystal.frame import Frame
from electrolith.crystal.order import Kind
from electrolith.energy.relax import Relaxed

__all__ = ["RelaxedOrderings"]


@dataclass(frozen=True, eq=False)
class RelaxedOrderings:
    """Every ordering at its minimum.

    relaxed, kinds : in the order of the orderings.     engine : its name.
    chosen : indices in the order in which dynamics takes them: one of each arrangement of the immobile ions,
        those that carry most weight first.
    lattice_parameters : cube root of the volume per crystallographic cell, Å, shape (k,).
    weights : share of each ordering in the canonical ensemble at `temperature` (K), averaged over draws of
        the potential where it has a posterior, shape (k,).
    arrangements : number of each one's arrangement of the immobile ions, shape (k,).
    thermal : effective number of orderings, were the energies known exactly.
    """

    relaxed: tuple[Relaxed, ...]
    kinds: tuple[Kind, ...]
    engine: str
    chosen: tuple[int, ...]
    lattice_parameters: np.ndarray
    weights: np.ndarray
    arrangements: np.ndarray
    temperature: float
    thermal: float

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Relaxed frames in the order in which dynamics takes them."""
        return tuple(self.relaxed[i].frame for i in self.chosen)

    @property
    def ground(self) -> Frame:
        """The relaxed ordering of lowest energy."""
        return self.relaxed[self.lowest].frame

    @property
    def lowest(self) -> int:
        """Index of the ordering of lowest energy."""
        return int(np.argmin([r.energy if r.converged else np.inf for r in self.relaxed]))

    @property
    def effective(self) -> float:
        """Effective number of orderings, 1 / Σ w²."""
        return effective_number(self.weights)

    @property
    def above(self) -> np.ndarray:
        """Energy above the lowest, meV per atom, shape (k,)."""
        energies = np.array([r.energy for r in self.relaxed])
        good = np.array([r.converged for r in self.relaxed])
        lowest = energies[good].min() if good.any() else energies.min()
        return np.asarray(1000 * (energies - lowest) / len(self.relaxed[0].frame))

    def shares(self, number: int) -> np.ndarray:
        """Share of each of the first `number` frames of `chosen` in an average over them, shape (number,).

        A frame stands for its arrangement; several of one arrangement divide its weight.
        """
        return self.shares_of(self.chosen[:number])

    def shares_of(self, orderings: Sequence[int]) -> np.ndarray:
        """Share of each of some orderings in an average over them, shape (k,)."""
        taken = np.array(orderings)
        total = np.bincount(self.arrangements, weights=self.weights)
        alike = np.array([(self.arrangements[taken] == self.arrangements[i]).sum() for i in taken])
        share = total[self.arrangements[taken]] / alike
        return np.asarray(share / share.sum()) if share.sum() > 0 else np.full(len(taken), 1.0 / len(taken))

    def covered(self, number: int) -> float:
        """Weight of the arrangements among the first `number` frames of `chosen`."""
        taken = np.unique(self.arrangements[np.array(self.chosen[:number])])
        return float(np.bincount(self.arrangements, weights=self.weights)[taken].sum())
