"""Density functional theory by Quantum ESPRESSO as an engine, through ASE's calculator."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError, nearest
from electrolith.core.files import sha256
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.reference import digest, grid_by_length
from electrolith.energy.engine import Evaluation

__all__ = ["Espresso", "EspressoSettings", "espresso_engine", "espresso_input"]

RYDBERG = 13.605693122990  # eV, CODATA 2022
DEBIAN_PSEUDOPOTENTIALS = Path("/usr/share/espresso/pseudo")


@dataclass(frozen=True, slots=True)
class EspressoSettings:
    """PBE of an insulator with plane waves and the pseudopotentials the user names.

    pseudopotentials: file of each element, {"Li": "Li.pbe-s-kjpaw_psl.1.0.0.UPF"}.
    folder: where these files lie.
    cutoff: plane waves of the orbitals, eV.
    density_ratio: cutoff of the density over that of the orbitals; 4 is enough for norm-conserving sets.
    kpoint_length: each lattice vector times its number of k-points is at least this, Å; Γ-centred.
    functional: exchange and correlation as Quantum ESPRESSO names it, whatever the files say.
    width: of the Fermi-Dirac occupation, eV.
    scf_convergence: estimated error of the energy, eV per atom.
    iterations: of the self-consistency cycle, at most.
    """

    pseudopotentials: dict[str, str]
    folder: Path = DEBIAN_PSEUDOPOTENTIALS
    cutoff: Annotated[float, Unit("eV")] = 60 * RYDBERG
    density_ratio: float = 8.0
    kpoint_length: Annotated[float, Unit("angstrom")] = 14.6
    functional: str = "PBE"
    width: Annotated[float, Unit("eV")] = 0.02
    scf_convergence: Annotated[float, Unit("eV")] = 1e-7
    iterations: int = 150

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant, and files that are not there."""
        for name in ("cutoff", "kpoint_length", "width", "scf_convergence"):
            if not getattr(self, name) > 0:
                raise InputError(f"Quantum ESPRESSO: {name} must be above 0, got {getattr(self, name)}")
        if self.density_ratio < 4:
            raise InputError(
                f"Quantum ESPRESSO: density_ratio must be 4 or more, got {self.density_ratio:g}: the "
                "density holds waves of twice the orbitals' length"
            )
        if not self.pseudopotentials:
            raise InputError("Quantum ESPRESSO: name a pseudopotential for each element")
        for element, name in self.pseudopotentials.items():
            if not (self.folder / name).is_file():
                there = [p.name for p in self.folder.glob(f"{element}[._]*")] if self.folder.is_dir() else []
                raise InputError(nearest(f"pseudopotentials of {element} in {self.folder}", name, there))

    @property
    def fingerprint(self) -> str:
        """Short text that two labels of equal settings share; knows the content of the files."""
        files = "".join(sha256(self.folder / self.pseudopotentials[e]) for e in sorted(self.pseudopotentials))
        code = digest(self, without=("iterations", "folder"), more=files)
        return f"espresso-{self.functional}-{self.cutoff:.4g}eV-{code}"

    def kpoints(self, frame: Frame) -> tuple[int, int, int]:
        """Γ-centred k-points along each lattice vector."""
        return grid_by_length(frame, self.kpoint_length)


class Espresso:
    """Engine: DFT by pw.x, a fresh process in a folder of its own for every frame."""

    def __init__(self, settings: EspressoSettings, *, command: str) -> None:
        self.settings = settings
        self.command = command
        self._code = "espresso"

    @property
    def name(self) -> str:
        """Code, functional and cutoff."""
        return self.settings.fingerprint

    @cached_property
    def _profile(self) -> Any:
        from ase.calculators.espresso import EspressoProfile

        return EspressoProfile(command=self.command, pseudo_dir=self.settings.folder)

    def provenance(self, frame: Frame) -> dict[str, Any]:
        """Version of the code and k-points of `frame`, to be stored beside a label."""
        return {"code": self._code, "kpts": list(self.settings.kpoints(frame))}

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        ElectrolithError
            If the self-consistency cycle does not converge or pw.x stops; the text holds its own.
        """
        from ase.calculators.espresso import Espresso as Calculator

        formula = frame.to_ase().get_chemical_formula()
        lacking = sorted(set(frame.symbols) - set(self.settings.pseudopotentials))
        if lacking:
            raise InputError(f"{formula}: no pseudopotential is named for {', '.join(lacking)}")
        with tempfile.TemporaryDirectory(prefix="espresso-") as folder:
            atoms = frame.to_ase()
            atoms.calc = Calculator(
                profile=self._profile, directory=folder, **espresso_input(frame, self.settings)
            )
            out = Path(folder) / "espresso.pwo"
            try:
                energy = float(atoms.get_potential_energy())
                found = Evaluation(energy, np.array(atoms.get_forces()), np.array(atoms.get_stress(False)))
            except Exception as error:
                raise ElectrolithError(f"pw.x stopped on {formula}: {_said(out, error)}") from error
            told = out.read_text(errors="replace")
            if "convergence NOT achieved" in told:
                raise ElectrolithError(f"pw.x stopped on {formula}: {_said(out, None)}")
            if version := re.search(r"Program PWSCF v\.(\S+)", told):
                self._code = f"espresso {version.group(1)}"
        return found


def espresso_input(frame: Frame, settings: EspressoSettings) -> dict[str, Any]:
    """What ASE's calculator writes into the input file."""
    ratio = settings.cutoff / RYDBERG
    return {
        "pseudopotentials": dict(settings.pseudopotentials),
        "kpts": settings.kpoints(frame),
        "koffset": (0, 0, 0),
        "input_data": {
            "control": {"calculation": "scf", "tprnfor": True, "tstress": True, "disk_io": "none"},
            "system": {
                "ecutwfc": ratio,
                "ecutrho": ratio * settings.density_ratio,
                "input_dft": settings.functional,
                "occupations": "smearing",
                "smearing": "fermi-dirac",
                "degauss": settings.width / RYDBERG,
                "nosym": True,
            },
            "electrons": {
                "conv_thr": settings.scf_convergence * len(frame) / RYDBERG,
                "electron_maxstep": settings.iterations,
                "mixing_beta": 0.4,
            },
        },
    }


def _said(out: Path, error: Exception | None) -> str:
    """What went wrong, in the program's words where it has some."""
    told = out.read_text(errors="replace") if out.exists() else ""
    if "convergence NOT achieved" in told:
        return "the self-consistency cycle did not converge; atoms too close together, or too few iterations?"
    boxed = re.findall(r"%{20,}\n(.*?)%{20,}", told, re.DOTALL)
    if boxed:
        return " ".join(boxed[0].split())
    return f"{type(error).__name__}: {error}"


def espresso_engine(settings: EspressoSettings | None = None) -> Espresso:
    """Quantum ESPRESSO as found on this machine: the command in `ESPRESSO_COMMAND`, or pw.x of the PATH.

    Raises
    ------
    InputError
        If there is none, or no settings name the pseudopotentials.
    """
    if settings is None:
        raise InputError(
            "engine 'espresso' needs settings that name the pseudopotentials: "
            "pseudopotentials: {Li: Li.pbe-s-kjpaw_psl.1.0.0.UPF}, folder: where they lie"
        )
    threads = os.environ.get("OMP_NUM_THREADS", "1")  # by itself it would take every core for every frame
    command = os.environ.get("ESPRESSO_COMMAND", f"env OMP_NUM_THREADS={threads} pw.x")
    program = shlex.split(command)[0] if "ESPRESSO_COMMAND" in os.environ else "pw.x"
    if shutil.which(program) is None:
        raise InputError(
            f"engine 'espresso': {program} is not on the PATH; Debian and Ubuntu: "
            "apt-get install quantum-espresso; elsewhere set ESPRESSO_COMMAND, as in 'mpirun -n 4 pw.x'"
        )
    return Espresso(settings, command=command)
