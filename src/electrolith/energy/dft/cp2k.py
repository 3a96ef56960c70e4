"""Density functional theory by CP2K (Gaussians and plane waves) as an engine, through ASE's calculator."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.reference import digest, grid_by_length
from electrolith.energy.engine import Evaluation

__all__ = ["Cp2k", "Cp2kSettings", "cp2k_engine", "cp2k_input", "time_reversed"]

RYDBERG = 13.605693122990  # eV, CODATA 2022
PROGRAMS = ("cp2k.ssmp", "cp2k.psmp", "cp2k.sopt", "cp2k.popt", "cp2k")


@dataclass(frozen=True, slots=True)
class Cp2kSettings:
    """PBE of an insulator with Goedecker potentials and the short-ranged MOLOPT basis.

    cutoff: plane waves of the density's finest grid, eV; "600 Ry" is understood.
    relative_cutoff: of the grid a Gaussian of unit exponent is mapped onto, eV.
    basis: for every element, from `basis_file`.     bases: for single elements, where it has another name
        ("TZV2P-MOLOPT-PBE-GTH-q3" for Li in BASIS_MOLOPT_UZH).
    potential: for every element, from `potential_file`.
    kpoint_length: each lattice vector times its number of k-points is at least this, Å; Γ-centred.
    functional: exchange and correlation as CP2K names it.
    scf_convergence: of the density matrix or the orbitals' gradient.
    precision: what is neglected in integrals and neighbour lists (EPS_DEFAULT).
    iterations: of the self-consistency cycle, at most.
    basis_file, potential_file : as CP2K finds them.
    """

    cutoff: Annotated[float, Unit("eV")] = 600 * RYDBERG
    relative_cutoff: Annotated[float, Unit("eV")] = 60 * RYDBERG
    basis: str = "DZVP-MOLOPT-SR-GTH"
    basis_file: str = "BASIS_MOLOPT"
    bases: dict[str, str] = field(default_factory=dict)
    potential: str = "GTH-PBE"
    potential_file: str = "GTH_POTENTIALS"
    kpoint_length: Annotated[float, Unit("angstrom")] = 14.6
    functional: str = "PBE"
    scf_convergence: float = 1e-7
    precision: float = 1e-12
    iterations: int = 100

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant."""
        for name in ("cutoff", "relative_cutoff", "kpoint_length", "scf_convergence", "precision"):
            if not getattr(self, name) > 0:
                raise InputError(f"CP2K settings: {name} must be above 0, got {getattr(self, name)}")
        if self.cutoff < 100 * RYDBERG:
            raise InputError(
                f"CP2K settings: a cutoff of {self.cutoff:g} eV is too low for any density; this is the "
                "density's grid, not that of the orbitals: 600 Ry is usual"
            )

    @property
    def fingerprint(self) -> str:
        """Short text that two labels of equal settings share."""
        code = digest(self, without=("iterations",))
        return f"cp2k-{self.functional}-{self.cutoff / RYDBERG:.4g}Ry-{code}"

    def kpoints(self, frame: Frame) -> tuple[int, int, int]:
        """Γ-centred k-points along each lattice vector."""
        return grid_by_length(frame, self.kpoint_length)


class Cp2k:
    """Engine: DFT by CP2K, a fresh process for every frame."""

    def __init__(self, settings: Cp2kSettings, *, command: str) -> None:
        self.settings = settings
        self.command = command

    @property
    def name(self) -> str:
        """Code, functional and cutoff."""
        return self.settings.fingerprint

    @cached_property
    def version(self) -> str:
        """Code and version as the program states it."""
        program = next((w for w in shlex.split(self.command) if "cp2k" in w), "cp2k")
        out = subprocess.run(  # noqa: S603 - the program this engine runs anyway
            [program, "--version"], capture_output=True, text=True, check=False
        )
        found = re.search(r"CP2K version (\S+)", out.stdout)
        return f"cp2k {found.group(1)}" if found else "cp2k"

    def provenance(self, frame: Frame) -> dict[str, Any]:
        """Version of the code and k-points of `frame`, to be stored beside a label."""
        return {"code": self.version, "kpts": list(self.settings.kpoints(frame))}

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        ElectrolithError
            If the self-consistency cycle does not converge or CP2K stops; the text holds CP2K's own.
        """
        with tempfile.TemporaryDirectory(prefix="cp2k-") as folder:
            try:
                out = self._run(frame, Path(folder))
            except Exception as error:
                raise ElectrolithError(self._said(frame, Path(folder), error)) from error
            if "SCF run NOT converged" in _text(Path(folder) / "frame.out"):
                raise ElectrolithError(self._said(frame, Path(folder), None))
        return out

    def _run(self, frame: Frame, folder: Path) -> Evaluation:
        from ase.calculators.cp2k import CP2K

        atoms = frame.to_ase()
        inside = f"cd {shlex.quote(str(folder))} && exec {self.command} 2> errors"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # ASE's, when a stopped program is closed
            with CP2K(
                label="frame",
                command=inside,
                inp=cp2k_input(frame, self.settings),
                xc=self.settings.functional,
                cutoff=self.settings.cutoff,
                max_scf=self.settings.iterations,
                basis_set=None,
                basis_set_file=self.settings.basis_file,
                pseudo_potential=None,
                potential_file=self.settings.potential_file,
            ) as calculator:
                atoms.calc = calculator
                energy = float(atoms.get_potential_energy())
                return Evaluation(energy, np.array(atoms.get_forces()), np.array(atoms.get_stress(False)))

    def _said(self, frame: Frame, folder: Path, error: Exception | None) -> str:
        """What happened, in CP2K's words where it has some."""
        formula = frame.to_ase().get_chemical_formula()
        if error is None:
            return (
                f"CP2K stopped on {formula}: the self-consistency cycle did not converge in "
                f"{self.settings.iterations} iterations; atoms too close together, or a metal?"
            )
        told = _text(folder / "errors") + _text(folder / "frame.out")
        box = re.search(r"\[ABORT\](.*?)\*{20}", told, re.DOTALL)
        words = [
            w for w in (box.group(1) if box else "").split() if re.search("[a-zA-Z0-9]", w) and w != "O/|"
        ]
        said = " ".join(words)[:300] or f"{type(error).__name__} {error}".strip()
        return f"CP2K stopped on {formula}: {said}"


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def cp2k_input(frame: Frame, settings: Cp2kSettings) -> str:
    """What ASE's calculator does not write by itself: k-points, basis sets, convergence."""
    grid = settings.kpoints(frame)
    lines = [
        "&FORCE_EVAL",
        "&DFT",
        f"&MGRID\nREL_CUTOFF [eV] {settings.relative_cutoff:.12g}\n&END MGRID",
        f"&QS\nEPS_DEFAULT {settings.precision:g}\n&END QS",
        f"&SCF\nEPS_SCF {settings.scf_convergence:g}",
        "&MIXING\nMETHOD BROYDEN_MIXING\nALPHA 0.4\nNBROYDEN 8\n&END MIXING",
        "&END SCF",
    ]
    if grid != (1, 1, 1):
        points = [f"KPOINT {a:.12g} {b:.12g} {c:.12g} {w:g}" for (a, b, c), w in time_reversed(grid)]
        lines += ["&KPOINTS", "SCHEME GENERAL", *points, "&END KPOINTS"]
    lines += ["&END DFT", "&SUBSYS"]
    for symbol in sorted(set(frame.symbols)):
        basis = settings.bases.get(symbol, settings.basis)
        lines.append(f"&KIND {symbol}\nBASIS_SET {basis}\nPOTENTIAL {settings.potential}\n&END KIND")
    return "\n".join([*lines, "&END SUBSYS", "&END FORCE_EVAL"])


def time_reversed(grid: tuple[int, int, int]) -> tuple[tuple[tuple[float, float, float], float], ...]:
    """Γ-centred points in reciprocal lattice vectors, one of each pair k, -k, with weights 1 or 2."""
    points = []
    for index in product(*(range(n) for n in grid)):
        opposite = tuple(-i % n for i, n in zip(index, grid, strict=True))
        if index <= opposite:
            a, b, c = (i / n for i, n in zip(index, grid, strict=True))
            points.append(((a, b, c), 1.0 if index == opposite else 2.0))
    return tuple(points)


def cp2k_engine(settings: Cp2kSettings | None = None) -> Cp2k:
    """CP2K as found on this machine: the command in `ASE_CP2K_COMMAND`, or a program of the PATH.

    Raises
    ------
    InputError
        If there is none.
    """
    command = os.environ.get("ASE_CP2K_COMMAND")
    found = next((name for name in PROGRAMS if shutil.which(name)), None)
    if command is None and found is None:
        raise InputError(
            "engine 'cp2k': CP2K is not installed (no cp2k.psmp on the PATH); Debian and Ubuntu: "
            "apt-get install cp2k; elsewhere set ASE_CP2K_COMMAND, for instance 'mpirun -n 4 cp2k.psmp -s'"
        )
    threads = os.environ.get("OMP_NUM_THREADS", "1")  # by itself it would take every core for every frame
    return Cp2k(settings or Cp2kSettings(), command=command or f"env OMP_NUM_THREADS={threads} {found} -s")
