"""VASP: input files of labels, relaxations and molecular dynamics, and labels by a VASP that is installed."""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.reference import digest
from electrolith.energy.engine import Evaluation

__all__ = [
    "Vasp",
    "VaspDynamics",
    "VaspSettings",
    "vasp_dynamics_inputs",
    "vasp_engine",
    "vasp_inputs",
    "write_vasp",
]

# PAW sets of the Materials Project, MPRelaxSet of pymatgen 2025; other elements take their own symbol.
PAW_SETS = {"Li": "Li_sv", "Na": "Na_pv", "K": "K_sv", "Mg": "Mg_pv", "Ca": "Ca_sv", "Al": "Al", "Ho": "Ho_3"}


@dataclass(frozen=True, slots=True)
class VaspSettings:
    """PBE PAW as in the Materials Project: 520 eV, 64 k-points per Å⁻³.

    task: one self-consistent point (a label), or a relaxation of positions and cell.
    cutoff: plane waves, eV.
    kpoint_density: k-points per volume of the reciprocal cell, Å³ (2π included in the vectors).
    energy_per_atom: convergence of the energy, eV per atom.
    spin: whether the two spins are treated apart.
    """

    task: Literal["static", "relax"] = "static"
    cutoff: Annotated[float, Unit("eV")] = 520.0
    kpoint_density: float = 64.0
    energy_per_atom: Annotated[float, Unit("eV")] = 5e-5
    spin: bool = True

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant."""
        for name in ("cutoff", "kpoint_density", "energy_per_atom"):
            if not getattr(self, name) > 0:
                raise InputError(f"VASP settings: {name} must be above 0, got {getattr(self, name)}")

    @property
    def fingerprint(self) -> str:
        """Short text that two labels of equal settings share."""
        return f"vasp-PBE-{self.cutoff:g}eV-{digest(self)}"

    def kpoints(self, frame: Frame) -> tuple[int, int, int]:
        """Γ-centred k-points along each lattice vector."""
        return _kpoints(frame, self.kpoint_density)


@dataclass(frozen=True, slots=True)
class VaspDynamics:
    """Born-Oppenheimer dynamics: Nosé-Hoover, Γ only, no spin, heated from 100 K.

    temperature: K.          start: K.
    duration, heating, timestep: fs.
    cutoff: plane waves, eV.
    """

    temperature: Annotated[float, Unit("K")]
    start: Annotated[float, Unit("K")] = 100.0
    duration: Annotated[float, Unit("fs")] = 80e3
    heating: Annotated[float, Unit("fs")] = 2e3
    timestep: Annotated[float, Unit("fs")] = 2.0
    cutoff: Annotated[float, Unit("eV")] = 520.0

    def __post_init__(self) -> None:
        """Refuse runs that cannot be."""
        if not (self.temperature > 0 and self.start > 0):
            raise InputError(f"VASP dynamics: temperatures must be above 0 K, got {self.temperature}")
        if not self.duration > self.heating > self.timestep > 0:
            raise InputError(
                "VASP dynamics: timestep < heating < duration is needed, got "
                f"{self.timestep}, {self.heating}, {self.duration} fs"
            )


def vasp_inputs(frame: Frame, settings: VaspSettings | None = None) -> dict[str, str]:
    """INCAR, KPOINTS, POSCAR and POTCAR.spec of one label or relaxation, by file name.

    POTCAR.spec names the PAW sets in the order of POSCAR; VASP's licence forbids shipping the sets.
    """
    settings = settings or VaspSettings()
    tags: dict[str, object] = {
        "PREC": "Accurate",
        "ENCUT": f"{settings.cutoff:g}",
        "ALGO": "Fast",
        "EDIFF": f"{settings.energy_per_atom * len(frame):g}",
        "ISMEAR": -5 if min(_kpoints(frame, settings.kpoint_density)) > 1 else 0,
        "SIGMA": 0.05,
        "ISPIN": 2 if settings.spin else 1,
        "LASPH": ".TRUE.",
        "LREAL": "Auto",
        "LWAVE": ".FALSE.",
        "NELM": 100,
    }
    if settings.task == "relax":
        tags |= {"IBRION": 2, "ISIF": 3, "NSW": 99}
    else:
        tags |= {"IBRION": -1, "NSW": 0, "ISIF": 2}
    grid = " ".join(map(str, _kpoints(frame, settings.kpoint_density)))
    return _files(frame, tags, f"{settings.kpoint_density:g} k-points per Å⁻³", grid)


def vasp_dynamics_inputs(frame: Frame, settings: VaspDynamics) -> dict[str, dict[str, str]]:
    """Files of the two parts of a run, "heating" and "holding", each by file name."""
    common: dict[str, object] = {
        "PREC": "Normal",
        "ENCUT": f"{settings.cutoff:g}",
        "ALGO": "Fast",
        "ISMEAR": 0,
        "SIGMA": 0.05,
        "ISPIN": 1,
        "ISYM": 0,
        "LREAL": "Auto",
        "LWAVE": ".FALSE.",
        "LCHARG": ".FALSE.",
        "IBRION": 0,
        "ISIF": 2,
        "MDALGO": 2,
        "SMASS": 0,
        "POTIM": f"{settings.timestep:g}",
    }
    warm = {
        "TEBEG": f"{settings.start:g}",
        "TEEND": f"{settings.temperature:g}",
        "NSW": round(settings.heating / settings.timestep),
    }
    hold = {
        "TEBEG": f"{settings.temperature:g}",
        "TEEND": f"{settings.temperature:g}",
        "NSW": round(settings.duration / settings.timestep),
    }
    parts = {"heating": warm, "holding": hold}
    return {name: _files(frame, common | tags, "Γ only", "1 1 1") for name, tags in parts.items()}


def write_vasp(inputs: dict[str, str], folder: Path) -> None:
    """Write each file into `folder`."""
    for name, text in inputs.items():
        write_atomic(folder / name, text)


def _kpoints(frame: Frame, density: float) -> tuple[int, int, int]:
    """Γ-centred grid with at least `density` points per volume, in proportion to the reciprocal lengths."""
    reciprocal = 2 * math.pi * np.linalg.inv(frame.cell).T
    lengths = np.linalg.norm(reciprocal, axis=1)
    points = density * abs(np.linalg.det(reciprocal))
    scale = (points / lengths.prod()) ** (1 / 3)
    a, b, c = (max(1, math.ceil(float(x) - 1e-9)) for x in scale * lengths)
    return a, b, c


def _order(frame: Frame) -> list[int]:
    """Indices of the atoms, kind by kind, as POSCAR lists them."""
    kinds = sorted(set(frame.symbols), key=frame.symbols.index)
    return [i for kind in kinds for i, s in enumerate(frame.symbols) if s == kind]


def _files(frame: Frame, tags: dict[str, object], comment: str, grid: str) -> dict[str, str]:
    """The four files."""
    kinds = sorted(set(frame.symbols), key=frame.symbols.index)
    order = _order(frame)
    fractional = frame.fractional[order] % 1.0
    counts = " ".join(str(frame.symbols.count(k)) for k in kinds)
    rows = [" ".join(f"{x:.12f}" for x in row) for row in (*frame.cell, *fractional)]
    poscar = [" ".join(kinds), "1.0", *rows[:3], " ".join(kinds), counts, "Direct", *rows[3:]]
    return {
        "INCAR": "".join(f"{key} = {value}\n" for key, value in tags.items()),
        "KPOINTS": f"{comment}\n0\nGamma\n{grid}\n0 0 0\n",
        "POSCAR": "\n".join(poscar) + "\n",
        "POTCAR.spec": "\n".join(PAW_SETS.get(k, k) for k in kinds) + "\n",
    }


class Vasp:
    """Engine: static labels by VASP, with exactly the files of `vasp_inputs`."""

    def __init__(self, settings: VaspSettings, *, command: str, potentials: Path) -> None:
        self.settings = settings
        self.command = command
        self.potentials = potentials
        self._code = "vasp"

    @property
    def name(self) -> str:
        """Code, functional and cutoff."""
        return self.settings.fingerprint

    def provenance(self, frame: Frame) -> dict[str, Any]:
        """Version of the code and k-points of `frame`, to be stored beside a label."""
        return {"code": self._code, "kpts": list(self.settings.kpoints(frame))}

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        InputError
            If the folder of PAW sets lacks one.
        ElectrolithError
            If the self-consistency cycle does not converge or VASP stops.
        """
        inputs = vasp_inputs(frame, self.settings)
        inputs["POTCAR"] = "".join(self._potential(name) for name in inputs.pop("POTCAR.spec").split())
        formula = frame.to_ase().get_chemical_formula()
        with tempfile.TemporaryDirectory(prefix="vasp-") as name:
            folder = Path(name)
            write_vasp(inputs, folder)
            run = subprocess.run(  # noqa: S603 - the program the user named
                shlex.split(self.command), cwd=folder, capture_output=True, text=True, check=False
            )
            outcar = folder / "OUTCAR"
            told = outcar.read_text(errors="replace") if outcar.exists() else ""
            if run.returncode or "aborting loop because EDIFF is reached" not in told:
                last = (run.stderr or run.stdout).strip().splitlines()[-1:] or ["no message"]
                why = f"status {run.returncode}: {last[0]}" if run.returncode else "EDIFF was not reached"
                raise ElectrolithError(f"VASP stopped on {formula}: {why}")
            if version := re.search(r"vasp\.(\S+)", told):
                self._code = f"vasp {version.group(1)}"
            return _result(folder / "vasprun.xml", _order(frame), formula)

    def _potential(self, name: str) -> str:
        """One PAW set, from `name/POTCAR` in the folder or its part for PBE."""
        for folder in (self.potentials, self.potentials / "potpaw_PBE"):
            path = folder / name / "POTCAR"
            if path.is_file():
                return path.read_text()
        raise InputError(f"{self.potentials}: no PAW set {name}/POTCAR, nor below potpaw_PBE")


def _result(path: Path, order: list[int], formula: str) -> Evaluation:
    """What VASP wrote, in the order of the frame."""
    from ase.io import read

    try:
        atoms = read(path, format="vasp-xml")
        energy = float(atoms.get_potential_energy(force_consistent=True))
        forces = np.empty((len(order), 3))
        forces[order] = atoms.get_forces()
        return Evaluation(energy, forces, np.array(atoms.get_stress(voigt=False)))
    except Exception as error:
        raise ElectrolithError(
            f"VASP wrote no result for {formula} ({type(error).__name__}: {error})"
        ) from error


def vasp_engine(settings: VaspSettings | None = None) -> Vasp:
    """VASP as set up on this machine: the command in `VASP_COMMAND` or vasp_std, PAW sets in `VASP_PP_PATH`.

    Raises
    ------
    InputError
        If the program or the folder is not there, or the settings ask for a relaxation.
    """
    settings = settings or VaspSettings()
    if settings.task != "static":
        raise InputError("engine 'vasp': a label is one static point, got task 'relax'")
    command = os.environ.get("VASP_COMMAND", "vasp_std")
    if shutil.which(shlex.split(command)[0]) is None:
        raise InputError(
            f"engine 'vasp': {shlex.split(command)[0]} is not on the PATH (VASP is licensed: no package "
            "holds it); set VASP_COMMAND, as in 'mpirun -n 4 vasp_std'"
        )
    potentials = os.environ.get("VASP_PP_PATH")
    if potentials is None or not Path(potentials).is_dir():
        raise InputError(f"engine 'vasp': VASP_PP_PATH must name the folder of PAW sets, got {potentials}")
    return Vasp(settings, command=command, potentials=Path(potentials))
