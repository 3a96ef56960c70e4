"""Runs of other programs, simulated: lithium that hops on a lattice, as LAMMPS and VASP write it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.files import write_atomic
from electrolith.motion.conductivity import nernst_einstein
from electrolith.study.synthetic.truth import MARK, Truth

__all__ = ["HOP", "write_trajectories"]

HOP, CELLS = 3.0, 6  # Å between sites; sites along an edge
ATTEMPTS, ENERGY = 20.0, 0.25  # jumps per ps of one ion at endless temperature; eV
FRAMES, BETWEEN, STEP = 500, 200.0, 2.0  # frames; fs between them; fs of a step
LITHIUM, CHLORINE = 16, 16
TEMPERATURES = (600, 750, 900)


def write_trajectories(folder: Path, rng: np.random.Generator) -> list[Truth]:
    """LAMMPS dumps at 600 and 900 K, a VASP folder at 750 K; activation energy of D and σ(300 K) behind them.

    Ions hop by themselves: D = Γ a²/6 with Γ the rate of all their jumps, and the Haven ratio is 1.
    """
    for kelvin in TEMPERATURES:
        positions = _positions(kelvin, rng)
        if kelvin == TEMPERATURES[1]:
            _write_vasp(folder / f"{kelvin}K", positions, kelvin)
        else:
            _write_dump(folder / f"{kelvin}K.lammpstrj", positions)
    density = LITHIUM / (CELLS * HOP) ** 3
    conductivity = nernst_einstein(_rate(300.0) * HOP**2 / 6, density=density, charge=1, temperature=300.0)
    return [
        Truth("", "activation_energy", ENERGY, "eV"),
        Truth("", "conductivity_300K", float(conductivity), "S/cm"),
    ]


def _rate(kelvin: float) -> float:
    """Jumps of one ion, 1/fs."""
    return ATTEMPTS / 1000 * float(np.exp(-ENERGY / (BOLTZMANN * kelvin)))


def _positions(kelvin: float, rng: np.random.Generator) -> np.ndarray:
    """Unwrapped positions, Å, shape (frames, lithium then chlorine, 3)."""
    jumps = rng.poisson(_rate(kelvin) * BETWEEN, (FRAMES, LITHIUM))
    way = np.zeros((FRAMES, LITHIUM, 3))
    for _ in range(int(jumps.max())):
        axis = rng.integers(3, size=jumps.shape)[..., None]
        step = np.where(jumps > 0, HOP * rng.choice([-1.0, 1.0], jumps.shape), 0.0)[..., None]
        np.put_along_axis(way, axis, np.take_along_axis(way, axis, 2) + step, 2)
        jumps = np.maximum(jumps - 1, 0)
    sites = np.indices((CELLS,) * 3).reshape(3, -1).T * HOP
    lithium = rng.permutation(sites)[:LITHIUM] + np.cumsum(way, axis=0)
    chlorine = rng.permutation(sites + HOP / 2)[:CHLORINE]
    both = np.concatenate([lithium, np.broadcast_to(chlorine, (FRAMES, CHLORINE, 3))], axis=1)
    return both + rng.normal(scale=0.1, size=both.shape)


def _write_dump(path: Path, positions: np.ndarray) -> None:
    edge, atoms = CELLS * HOP, positions.shape[1]
    text = []
    head = f"ITEM: NUMBER OF ATOMS\n{atoms}\nITEM: BOX BOUNDS pp pp pp\n" + f"0 {edge}\n" * 3
    for number, frame in enumerate(positions):
        text.append(
            f"ITEM: TIMESTEP\n{number * round(BETWEEN / STEP)}\n{head}ITEM: ATOMS id element xu yu zu\n"
        )
        text += [
            f"{k + 1} {'Li' if k < LITHIUM else 'Cl'} {x:.3f} {y:.3f} {z:.3f}\n"
            for k, (x, y, z) in enumerate(frame)
        ]
    write_atomic(path, "".join(text))


def _write_vasp(folder: Path, positions: np.ndarray, kelvin: int) -> None:
    edge, every = CELLS * HOP, round(BETWEEN / STEP)
    text = [f"{MARK}\n1.0\n{edge} 0 0\n0 {edge} 0\n0 0 {edge}\nLi Cl\n{LITHIUM} {CHLORINE}\n"]
    for number, frame in enumerate(positions % edge / edge):
        text.append(f"Direct configuration= {number + 1:5d}\n")
        text += [f"{x:.6f} {y:.6f} {z:.6f}\n" for x, y, z in frame]
    write_atomic(folder / "XDATCAR", "".join(text))
    write_atomic(folder / "INCAR", f"IBRION = 0\nPOTIM = {STEP}\nNBLOCK = {every}\nTEBEG = {kelvin}\n")
