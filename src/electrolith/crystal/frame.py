"""One periodic arrangement of atoms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import GRAM_PER_CM3
from electrolith.core.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Atoms in a periodic cell.

    positions: Cartesian, Å, shape (n, 3).
    cell: lattice vectors as rows, Å, shape (3, 3).
    numbers: atomic numbers, shape (n,).
    """

    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    numbers: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check the shapes and that the cell has a volume; keep read-only copies."""
        positions = np.array(self.positions, dtype=float)
        cell = np.array(self.cell, dtype=float)
        numbers = np.array(self.numbers, dtype=np.int64)
        if numbers.ndim != 1 or positions.shape != (len(numbers), 3):
            raise InputError(
                f"frame: positions must have shape (n, 3) with n atomic numbers, "
                f"got {positions.shape} and {numbers.shape}"
            )
        if cell.shape == (3, 3) and not np.all(np.isfinite(cell)):
            raise InputError(f"frame: a vector of the cell is not finite: {cell.tolist()}")
        if cell.shape != (3, 3) or not 0 < abs(np.linalg.det(cell)) < np.inf:
            raise InputError(
                f"frame: the cell must be three independent row vectors (Å), got {cell.tolist()}"
            )
        if not np.all(np.isfinite(positions)):
            atom = int(np.argwhere(~np.isfinite(positions).all(axis=1))[0, 0])
            raise InputError(f"frame: position of atom {atom} is not finite: {positions[atom].tolist()}")
        for name, array in (("positions", positions), ("cell", cell), ("numbers", numbers)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        """Count the atoms."""
        return len(self.numbers)

    @property
    def volume(self) -> float:
        """Volume of the cell, Å³."""
        return float(abs(np.linalg.det(self.cell)))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Chemical symbol of each atom, in order."""
        from ase.data import chemical_symbols

        return tuple(chemical_symbols[z] for z in self.numbers)

    @property
    def fractional(self) -> NDArray[np.float64]:
        """Positions in units of the lattice vectors, not wrapped, shape (n, 3)."""
        return np.asarray(np.linalg.solve(self.cell.T, self.positions.T).T)

    @property
    def density(self) -> float:
        """Mass density, g/cm³."""
        from ase.data import atomic_masses

        return float(atomic_masses[self.numbers].sum() / self.volume * GRAM_PER_CM3)

    def to_ase(self) -> Atoms:
        """Copy into an ASE object, periodic along all three vectors."""
        from ase import Atoms

        return Atoms(numbers=self.numbers, positions=self.positions, cell=self.cell, pbc=True)

    @classmethod
    def from_ase(cls, atoms: Atoms) -> Frame:
        """Copy positions, cell and atomic numbers out of an ASE object."""
        return cls(atoms.get_positions(), np.array(atoms.cell), atoms.get_atomic_numbers())
