"""Steps per second of the shipped potential against CHGNet on one cell, in one run, one thread each."""

import time

import numpy as np

from electrolith.crystal.frame import Frame
from electrolith.energy.chgnet import Chgnet
from electrolith.energy.pod.lammps import LammpsPod, open_lammps
from electrolith.energy.pod.potential import load_potential
from electrolith.energy.relax import Relaxation, relax

FACES = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
TETRAHEDRA = np.array([[x, y, z] for x in (0.25, 0.75) for y in (0.25, 0.75) for z in (0.25, 0.75)])


def vacant_antifluorite(seed: int = 1, edge: float = 5.42) -> Frame:
    """Li54N12Cl18: 84 atoms on the 96 sites of a 2x2x2 antifluorite cell, at random."""
    rng = np.random.default_rng(seed)
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    anions = (corners[:, None] + FACES).reshape(-1, 3)[rng.permutation(32)[:30]]
    lithium = (corners[:, None] + TETRAHEDRA).reshape(-1, 3)[rng.permutation(64)[:54]]
    numbers = np.array([7] * 12 + [17] * 18 + [3] * 54)
    return Frame(np.vstack([anions, lithium]) * edge, np.eye(3) * 2 * edge, numbers)


def pod_rate(frame: Frame, steps: int = 1000) -> float:
    """Steps per second of molecular dynamics at 600 K inside LAMMPS."""
    with open_lammps(load_potential("li-n-cl"), frame) as session:
        session.commands(
            [
                "neighbor 1.0 bin",
                "neigh_modify every 2 delay 0 check yes",
                "thermo 1000000",
                "timestep 0.002",
                "velocity all create 600 7",
                "fix hold all nvt temp 600 600 0.1",
                "run 50",
            ]
        )
        start = time.process_time()
        session.command(f"run {steps}")
        return steps / (time.process_time() - start)


def engine_rate(engine, frame: Frame, calls: int) -> float:
    """Evaluations per second, processor time."""
    engine.evaluate(frame)
    start = time.process_time()
    for number in range(calls):
        engine.evaluate(Frame(frame.positions + 1e-3 * number, frame.cell, frame.numbers))
    return calls / (time.process_time() - start)


def main() -> None:
    import torch

    torch.set_num_threads(1)
    frame = vacant_antifluorite()
    engine = LammpsPod(load_potential("li-n-cl"))
    relaxed = relax(frame, engine, settings=Relaxation(force=0.1, steps=80)).frame
    dynamics = pod_rate(relaxed)
    single = engine_rate(engine, relaxed, 50)
    chgnet = engine_rate(Chgnet(), relaxed, 5)
    print(f"{len(frame)} atoms, one thread, per second of processor time")
    print(f"  li-n-cl, dynamics inside LAMMPS   {dynamics:8.1f} steps/s")
    print(f"  li-n-cl, single evaluations       {single:8.1f} /s")
    print(f"  chgnet, single evaluations        {chgnet:8.2f} /s")
    print(f"  ratio dynamics : chgnet           {dynamics / chgnet:8.0f}")


if __name__ == "__main__":
    main()
