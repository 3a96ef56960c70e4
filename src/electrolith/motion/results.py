"""What a run leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.motion.diffusivity import IonSquares
from electrolith.motion.displacement import Curves
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import Guard

__all__ = ["Run", "Trajectories"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One trajectory: where it was run, what it gave, whether to believe it.

    temperature : K.      ordering, seed : indices from 0.      volume : Å³.
    curves : mean square displacement by element.      squares : the same ion by ion, for errors.
    time : of the samples, fs.      temperatures : K.      conserved : eV.     Shapes (n_frames,).
    framework : mean square displacement of the framework from the first sample, Å², shape (n_frames,).
    steps : taken in all.      duration : sampled, fs.      seconds : computing time.
    status : "finished" or "stopped"; `reason` says why it stopped.
    path : of the mobile ions, from the framework's centre of mass, unwrapped, Å, every `path_interval` fs,
        shape (n, n_ions, 3); empty unless asked for.
    file : the stored trajectory, relative to the folder of the runs; empty if it stored none.
    """

    temperature: float
    ordering: int
    seed: int
    formula: str
    volume: float
    curves: Curves
    squares: IonSquares
    time: Array
    temperatures: Array
    conserved: Array
    framework: Array
    guards: tuple[Guard, ...]
    steps: int
    duration: float
    seconds: float
    status: Literal["finished", "stopped"]
    reason: str
    file: str
    path: NDArray[np.float32]
    path_interval: float

    @property
    def label(self) -> str:
        """For tables: "600 K, ordering 1, seed 1"."""
        return f"{self.temperature:g} K, ordering {self.ordering + 1}, seed {self.seed + 1}"


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """All trajectories of a study.

    mobile : symbol of the mobile element.       charge : of its ions, e.
    hop_distance : between neighbouring sites of the mobile ions, Å.
    dynamics : settings of the runs; None for runs of other programs.
    posterior : whether each ordering and seed ran with a draw of its own from the potential's posterior.
    """

    runs: tuple[Run, ...]
    dynamics: Dynamics | None
    engine: str
    mobile: str
    charge: float
    hop_distance: float
    posterior: bool = False

    def at(self, temperature: float) -> tuple[Run, ...]:
        """The runs at one temperature, K."""
        found = tuple(r for r in self.runs if r.temperature == temperature)
        if not found:
            known = sorted({r.temperature for r in self.runs})
            raise InputError(f"no run at {temperature:g} K; temperatures: {known}")
        return found
