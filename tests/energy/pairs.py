"""A toy for vacancies: neighbours repel softly, unlike ones more than like ones."""

import numpy as np

from electrolith.core.errors import ElectrolithError
from electrolith.energy.engine import Evaluation

UNLIKE = 3.2  # Å; beyond the first neighbours of rock salt, short of the second
LIKE = 4.4  # Å; beyond the second, short of the third


def pair(r, strength, reach):
    """Energy of one pair, eV; force and energy vanish at the reach."""
    return strength * (1 - (r / reach) ** 2) ** 2


class Pairs:
    """One-body energies by atomic number, and soft repulsions of unlike and of like atoms."""

    name = "pairs"

    def __init__(self, atoms=None, *, strength=3.0, like=1.5, stop_after=None, error=None):
        self.atoms = atoms or {3: -1.5, 17: -4.0}
        self.strength, self.like = strength, like
        self.stop_after, self.error, self.calls = stop_after, error or KeyboardInterrupt(), 0

    def evaluate(self, frame):
        if self.stop_after is not None and self.calls >= self.stop_after:
            raise self.error
        self.calls += 1
        steps = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        energy = sum(self.atoms[int(z)] for z in frame.numbers)
        forces, stress = np.zeros((len(frame), 3)), np.zeros((3, 3))
        for i, at in enumerate(frame.positions):
            away = frame.positions[None] + (steps @ frame.cell)[:, None] - at
            r = np.linalg.norm(away, axis=2)
            same = np.broadcast_to(frame.numbers == frame.numbers[i], r.shape)
            reach, strength = np.where(same, LIKE, UNLIKE), np.where(same, self.like, self.strength)
            near = (r < reach) & (r > 1e-9)
            s = 1 - (r[near] / reach[near]) ** 2
            slope = -4 * strength[near] * s / reach[near] ** 2  # over r
            energy += 0.5 * np.sum(strength[near] * s**2)
            forces[i] = np.sum(slope[:, None] * away[near], axis=0)
            stress += 0.5 * np.einsum("n,ni,nj->ij", slope, away[near], away[near]) / frame.volume
        return Evaluation(float(energy), forces, stress)


def fails(text="did not converge"):
    """An error of the kind an engine raises."""
    return ElectrolithError(text)
