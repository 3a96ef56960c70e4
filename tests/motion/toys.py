"""Toy engines with known physics, and a script that a test kills: `toys.py FOLDER CHUNK_SECONDS [crash]`."""

import hashlib
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation
from electrolith.energy.pod.lammps import open_frame
from electrolith.motion import Accumulator, Dynamics, Run, simulate
from electrolith.motion.diffusivity import IonSquares
from electrolith.motion.displacement import log_lags
from electrolith.motion.guards import hops_guard

SKEWED = np.array([[6.0, 0.0, 0.0], [1.8, 6.2, 0.0], [-1.1, 0.9, 5.9]])


@dataclass(frozen=True)
class Wells:
    """Chlorine held by springs to its sites; lithium in a cosine lattice, two wells along each vector.

    The engine knows nothing of momentum, so it is no engine for `check_engine`, but its diffusion is real.
    """

    sites: tuple[tuple[float, ...], ...]
    barrier: float = 0.15  # eV
    spring: float = 2.0  # eV/Å²
    name: str = "wells"

    def evaluate(self, frame):
        inverse = np.linalg.inv(frame.cell)
        mobile = frame.numbers == 3
        forces = np.zeros((len(frame), 3))
        f = frame.positions[mobile] @ inverse
        phase = 4 * np.pi * f
        energy = self.barrier / 2 * np.sum(1 - np.cos(phase))
        forces[mobile] = -(self.barrier / 2 * 4 * np.pi * np.sin(phase)) @ inverse.T
        off = (frame.positions[~mobile] - np.array(self.sites)) @ inverse
        off = (off - np.round(off)) @ frame.cell
        energy += self.spring / 2 * np.sum(off**2)
        forces[~mobile] = -self.spring * off
        return Evaluation(float(energy), forces, None)


def wells(barrier=0.15, spring=2.0, lithium=8, chlorine=8):
    """A skewed cell with lithium in its wells, and the engine that belongs to it."""
    grid = np.array([[i, j, k] for i in (0, 0.5) for j in (0, 0.5) for k in (0, 0.5)])
    sites = (grid[:chlorine] + 0.25) @ SKEWED
    frame = Frame(
        np.concatenate([grid[:lithium] @ SKEWED, sites]),
        SKEWED,
        np.array([3] * lithium + [17] * chlorine),
    )
    return frame, Wells(tuple(map(tuple, sites.tolist())), barrier, spring)


class LennardJones:
    """Small lithium in a lattice of chlorine, by LAMMPS; forces everything a potential does there."""

    name = "toy-lj"

    @contextmanager
    def open_session(self, frame):
        with open_frame(frame, ("Li", "Cl")) as session:
            session.commands(
                [
                    "pair_style lj/cut 5.0",
                    "pair_coeff 1 1 0.01 2.4",
                    "pair_coeff 1 2 0.03 2.2",
                    "pair_coeff 2 2 0.25 3.35",
                    "pair_modify shift yes",
                ]
            )
            yield session

    def evaluate(self, frame):
        with self.open_session(frame) as session:
            session.command("run 0")
            return Evaluation(session.thermo("pe"), session.atoms("f"), None)


class Crashing(LennardJones):
    """Takes its process down, as a fault in a compiled library does, where the first atom sits off 0."""

    @contextmanager
    def open_session(self, frame):
        if frame.positions[0, 0] > 0.01 and os.environ.get("TOY_PARENT") != str(os.getpid()):
            os._exit(11)
        with super().open_session(frame) as session:
            yield session


def antifluorite(shift=0.0):
    """Eight chlorine and twelve lithium in a skewed cell that repeats the antifluorite lattice."""
    a = 5.35
    fcc = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    tetrahedral = np.array([[x, y, z] for x in (0.25, 0.75) for y in (0.25, 0.75) for z in (0.25, 0.75)])
    positions, numbers = [], []
    for corner in np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]):
        positions += [*(fcc + corner), *(tetrahedral[:6] + corner)]
        numbers += [17] * 4 + [3] * 6
    cell = np.array([[1.0, 0, 0], [0, 2, 0], [0, 0, 2]]) @ np.array([[2.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    positions += [p + np.array([1, 0, 0]) for p in positions]
    numbers += numbers
    cell[1] += cell[0] / 2  # half a supercell vector is a lattice vector: the same crystal, skewed
    return Frame(np.array(positions) * a + [shift, 0, 0], cell * a, np.array(numbers))


def short(**changes):
    """Dynamics short enough for a test."""
    settings = {
        "temperatures": (500.0,),
        "duration": 1600.0,
        "budget": 1600.0,
        "heating": 200.0,
        "settling": 100.0,
        "sampling": 20.0,
        "orderings": 1,
    }
    return Dynamics(**(settings | changes))


def run_of(path, *, temperature, volume, ordering=0, seed=0, guards=None, reason=""):
    """A finished run whose mobile ions took `path`, Å, shape (n_frames, n_ions, 3), 100 fs apart."""
    frames, ions = path.shape[:2]
    longest = frames // 2
    accumulator = Accumulator(
        groups=np.zeros(ions, int),
        mobile=np.ones(ions, bool),
        longest=longest,
        block=8,
        resolved=log_lags(longest, 40),
    )
    for frame in path:
        accumulator.add(frame)
    squares = IonSquares(
        accumulator.resolved * 100.0,
        accumulator.ions,
        accumulator.ion_counts,
        800.0,
        (frames - 1) * 100.0,
        100.0,
    )
    empty = np.zeros(0)
    return Run(
        temperature=temperature,
        ordering=ordering,
        seed=seed,
        formula=f"Li{ions}",
        volume=volume,
        curves=accumulator.curves(interval=100.0, names=("Li",)),
        squares=squares,
        time=empty,
        temperatures=empty,
        conserved=empty,
        framework=empty,
        guards=(hops_guard(100.0),) if guards is None else guards,
        steps=frames * 50,
        duration=(frames - 1) * 100.0,
        seconds=1.0,
        status="stopped" if reason else "finished",
        reason=reason,
        file="",
        path=path.astype(np.float32),
        path_interval=100.0,
    )


def digest(trajectories, folder):
    """Fingerprint of everything a run gives, bit by bit."""
    digest = hashlib.sha256()
    for run in trajectories.runs:
        for array in (run.curves.msd, run.squares.sums, run.conserved, run.temperatures):
            digest.update(array.tobytes())
        digest.update((folder / run.file).read_bytes() if run.file else b"")
    return digest.hexdigest()


def main(folder, chunk_seconds, crash):
    from pathlib import Path

    os.environ["TOY_PARENT"] = str(os.getpid())
    trajectories = simulate(
        [antifluorite(), antifluorite(0.1)][: 2 if crash else 1],
        Crashing() if crash else LennardJones(),
        dynamics=short(temperatures=(500.0,), orderings=2 if crash else 1),
        mobile="Li",
        hop_distance=2.675,
        folder=Path(folder),
        chunk_seconds=float(chunk_seconds),
    )
    print(digest(trajectories, Path(folder)))  # noqa: T201
    for run in trajectories.runs:
        print(run.status, run.reason)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "crash" in sys.argv[3:])
