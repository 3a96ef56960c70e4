"""Toy engines that worker processes can import, and a labelling run that a test kills."""

import functools
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from ase.calculators.calculator import Calculator

from electrolith.core.errors import ElectrolithError
from electrolith.crystal.frame import Frame
from electrolith.energy.ase_engine import AseEngine
from electrolith.energy.engine import Evaluation
from electrolith.energy.labels.labelling import label_frames

CELL = np.array([[3.0, 0.2, 0.0], [0.4, 3.1, 0.1], [0.0, -0.3, 2.9]])


def numbered(count: int):
    """Frames told apart by the x of their first atom: 0.01, 0.02, ..."""
    return tuple(
        (
            Frame(np.array([[0.01 * (i + 1), 0, 0], [1.5, 1.4, 1.3]]), CELL, np.array([3, 17])),
            {"key": f"k{i}"},
        )
        for i in range(count)
    )


class Toy:
    """Springs; notes each call in a folder; the numbers `at` meet their `fate`."""

    name = "toy"

    def __init__(self, folder, fate: str = "", at: tuple[int, ...] = (), pause: float = 0.0):
        self.folder, self.fate, self.at, self.pause = Path(folder), fate, at, pause

    def provenance(self, frame):
        return {"code": f"toy 1 with {os.environ.get('OMP_NUM_THREADS')} thread"}

    def evaluate(self, frame: Frame) -> Evaluation:
        number = round(float(frame.positions[0, 0]) * 100)
        (self.folder / f"{number}-{os.getpid()}-{time.monotonic_ns()}").touch()
        if number in self.at:
            self.meet()
        time.sleep(self.pause)
        return Evaluation(float((frame.positions**2).sum()), -2 * frame.positions, np.eye(3) * 0.01)

    def meet(self):
        if self.fate == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fate == "diverges":
            raise ElectrolithError("the cycle did not converge in 150 iterations")
        if self.fate == "raises":
            raise RuntimeError("isolated atoms")
        if self.fate == "hangs":
            time.sleep(600)


class NotFinite(Toy):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        number = round(float(frame.positions[0, 0]) * 100)
        return Evaluation(out.energy, out.forces * (np.nan if number in self.at else 1.0), out.stress)


class Forceless(Toy):
    def evaluate(self, frame):
        return Evaluation(0.0, None, None)


class EnergyOnly(Calculator):
    """A calculator of ASE without forces."""

    implemented_properties = ("energy",)

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 1.0}


def energy_only():
    return AseEngine(EnergyOnly())


def dies():
    os.kill(os.getpid(), signal.SIGKILL)


def missing():
    raise FileNotFoundError("weights.pt")


if __name__ == "__main__":  # folder, processes
    folder, processes = Path(sys.argv[1]), int(sys.argv[2])
    (folder / "calls").mkdir(exist_ok=True)
    label_frames(
        numbered(40),
        folder / "labels.xyz",
        open_engine=functools.partial(Toy, folder / "calls", pause=0.2),
        settings="toy",
        processes=processes,
    )
