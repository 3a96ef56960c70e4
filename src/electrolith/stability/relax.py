"""Relaxation of one phase, cell and positions together, by CHGNet."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from electrolith.core.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from pymatgen.core import Structure

ENGINE = "chgnet-0.3.0"


@dataclass(frozen=True)
class RelaxSettings:
    """How a phase is relaxed.

    force_tolerance: largest force (and cell force) left, eV/Å.
    max_steps: steps of L-BFGS allowed; a phase stopped there is kept and marked.
    max_atoms: phases with a larger primitive cell are refused.
    """

    model: str = "0.3.0"
    force_tolerance: float = 0.03
    max_steps: int = 150
    max_atoms: int = 200

    def __post_init__(self) -> None:
        if self.force_tolerance <= 0:
            raise InputError(f"force_tolerance must be above 0 eV/Å, got {self.force_tolerance}")
        if self.max_steps < 1 or self.max_atoms < 1:
            raise InputError("max_steps and max_atoms must be at least 1")

    def fingerprint(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of these settings."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Relaxed:
    """A relaxed cell: energy in eV per cell, lattice in Å (3, 3), fractional positions (n, 3)."""

    energy: float
    lattice: np.ndarray
    fractional: np.ndarray
    numbers: np.ndarray
    steps: int
    largest_force: float
    converged: bool


def chgnet_calculator(settings: RelaxSettings) -> Any:
    """The ASE calculator of the model named in `settings`, on the processor."""
    try:
        from chgnet.model import CHGNet
        from chgnet.model.dynamics import CHGNetCalculator
    except ImportError as error:
        raise MissingExtra("mlip", "chgnet") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CHGNet.load(model_name=settings.model, use_device="cpu", verbose=False)
        return CHGNetCalculator(model, use_device="cpu", on_isolated_atoms="warn")


def relax(structure: Structure, *, settings: RelaxSettings, calculator: Any) -> Relaxed:
    """Relax the primitive cell of `structure`.

    Raises
    ------
    InputError
        If the primitive cell has more atoms than `settings.max_atoms`.
    """
    from ase.filters import FrechetCellFilter
    from ase.optimize import LBFGS
    from pymatgen.io.ase import AseAtomsAdaptor

    primitive = structure.get_primitive_structure(tolerance=0.01)
    if len(primitive) > settings.max_atoms:
        raise InputError(
            f"{primitive.composition.reduced_formula}: {len(primitive)} atoms in the primitive cell, "
            f"more than max_atoms = {settings.max_atoms}"
        )
    atoms: Any = AseAtomsAdaptor.get_atoms(primitive, msonable=False)
    atoms.calc = calculator
    moving = FrechetCellFilter(atoms)
    optimizer = LBFGS(moving, logfile=None)
    converged = bool(optimizer.run(fmax=settings.force_tolerance, steps=settings.max_steps))
    return Relaxed(
        energy=float(atoms.get_potential_energy()),
        lattice=np.array(atoms.cell),
        fractional=np.array(atoms.get_scaled_positions()),
        numbers=np.array(atoms.numbers),
        steps=int(optimizer.nsteps),
        largest_force=float(np.abs(moving.get_forces()).max()),
        converged=converged,
    )
