"""Density functional theory by GPAW as an engine (extra `dft`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError, MissingExtra
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.reference import digest, grid_by_length
from electrolith.energy.engine import Evaluation

__all__ = ["Gpaw", "GpawSettings", "gpaw_engine"]


@dataclass(frozen=True, slots=True)
class GpawSettings:
    """Plane-wave PBE of an insulator; the defaults converge forces to 0.6 meV/Å for Li-N-Cl.

    cutoff: plane waves, eV. At 380 eV forces are 20 meV/Å off, at 650 eV 0.6.
    kpoint_length: each lattice vector times its number of k-points is at least this, Å.
    kpoint_grid: "shifted", even numbers of points half a step away from Γ (Monkhorst-Pack), or "gamma", Γ
        among them. At equal numbers of points the shifted grid is some twenty times nearer to convergence
        in energy and pressure, and needs half the time: time reversal pairs all of its points.
    functional: exchange and correlation as GPAW names it.
    width: of the Fermi-Dirac occupation, eV.
    energy_convergence: eV per valence electron.
    density_convergence: electrons per valence electron.
    eigenstate_convergence: eV² per valence electron.
    iterations: of the self-consistency cycle, at most.
    """

    cutoff: Annotated[float, Unit("eV")] = 650.0
    kpoint_length: Annotated[float, Unit("angstrom")] = 14.6
    kpoint_grid: Literal["shifted", "gamma"] = "shifted"
    functional: str = "PBE"
    width: Annotated[float, Unit("eV")] = 0.02
    energy_convergence: float = 2e-5
    density_convergence: float = 1e-4
    eigenstate_convergence: float = 1e-6
    iterations: int = 150

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant."""
        for name in ("cutoff", "kpoint_length", "width", "energy_convergence", "density_convergence"):
            if not getattr(self, name) > 0:
                raise InputError(f"GPAW settings: {name} must be above 0, got {getattr(self, name)}")
        if self.cutoff < 200:
            raise InputError(
                f"GPAW settings: a cutoff of {self.cutoff} eV is too low for any PAW set; "
                "650 eV is converged for Li-N-Cl"
            )

    @property
    def fingerprint(self) -> str:
        """Short text that two labels of equal settings share."""
        # Labels made before there was a choice are Γ-centred, and keep the fingerprint that they carry.
        same = ("iterations", "kpoint_grid") if self.kpoint_grid == "gamma" else ("iterations",)
        return f"gpaw-{self.functional}-{self.cutoff:g}eV-{digest(self, without=same)}"

    def kpoints(self, frame: Frame) -> tuple[int, int, int]:
        """Numbers of k-points along each lattice vector; a shifted grid has even ones."""
        least = grid_by_length(frame, self.kpoint_length)
        if self.kpoint_grid == "gamma":
            return least
        a, b, c = (n + n % 2 for n in least)
        return a, b, c


class Gpaw:
    """Engine: plane-wave DFT by GPAW."""

    def __init__(self, settings: GpawSettings, *, log: str | None = None) -> None:
        self.settings = settings
        self.log = log

    @property
    def name(self) -> str:
        """Code, functional and cutoff."""
        return self.settings.fingerprint

    def provenance(self, frame: Frame) -> dict[str, Any]:
        """Version of the code, numbers and kind of the k-points of `frame`, to be stored beside a label."""
        import gpaw

        return {
            "code": f"gpaw {gpaw.__version__}",
            "kpts": list(self.settings.kpoints(frame)),
            "grid": self.settings.kpoint_grid,
        }

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        MissingExtra
            If GPAW is not installed.
        ElectrolithError
            If the self-consistency cycle does not converge; the text holds GPAW's own.
        """
        atoms = frame.to_ase()
        atoms.calc = _calculator(self.settings, frame, self.log)
        try:
            energy = float(atoms.get_potential_energy())
            forces = np.array(atoms.get_forces())
            stress = np.array(atoms.get_stress(voigt=False))
        except Exception as error:
            raise ElectrolithError(
                f"GPAW stopped on {atoms.get_chemical_formula()}: {type(error).__name__}: {error}; "
                "atoms too close together, or too few iterations?"
            ) from error
        return Evaluation(energy, forces, stress)


def _calculator(settings: GpawSettings, frame: Frame, log: str | None) -> Any:
    """The ASE calculator of GPAW's newer interface."""
    try:
        from gpaw.new.ase_interface import GPAW
    except ImportError as error:
        raise MissingExtra("dft", "gpaw") from error
    return GPAW(
        mode={"name": "pw", "ecut": settings.cutoff},
        xc=settings.functional,
        kpts={"size": settings.kpoints(frame), "gamma": settings.kpoint_grid == "gamma"},
        occupations={"name": "fermi-dirac", "width": settings.width},
        symmetry={"point_group": False},
        convergence={
            "energy": settings.energy_convergence,
            "density": settings.density_convergence,
            "eigenstates": settings.eigenstate_convergence,
        },
        mixer={"backend": "pulay", "beta": 0.4, "nmaxold": 5, "weight": 1.0},
        eigensolver={"name": "davidson", "niter": 3},
        maxiter=settings.iterations,
        txt=log,
    )


def gpaw_engine(settings: GpawSettings | None = None) -> Gpaw:
    """GPAW; without `settings`, with those of the shipped labels.

    Raises
    ------
    MissingExtra
        If GPAW is not installed.
    """
    try:
        import gpaw  # noqa: F401
    except ImportError as error:
        raise MissingExtra("dft", "gpaw") from error
    return Gpaw(settings or GpawSettings())
