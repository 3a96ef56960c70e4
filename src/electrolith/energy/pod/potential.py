"""A fitted POD potential on disk: parameters, coefficients, repulsive core, manifest."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError, nearest
from electrolith.core.files import write_atomic
from electrolith.core.reading import reader

__all__ = [
    "DRAWS",
    "PodSettings",
    "Potential",
    "has_draws",
    "load_draws",
    "load_potential",
    "potential_names",
    "save_draws",
    "save_potential",
]

MANIFEST = "manifest.json"
PARAMETERS = "parameters.pod"
COEFFICIENTS = "coefficients.pod"
DRAWS = "draws.npz"


@dataclass(frozen=True, slots=True)
class PodSettings:
    """Shape of a proper-orthogonal-descriptor potential and how it is regularised.

    elements: chemical symbols, in the order of the LAMMPS atom types.
    inner, cutoff: range of the radial functions, Å.
    two_body, three_body, four_body: number of radial functions; 0 leaves the term out.
    three_angular, four_angular: angular degree.
    bessel_degree, inverse_degree: polynomials from which the radial functions are made.
    core_inner, core_outer: where the ZBL repulsion starts to be switched off and ends, Å.
    regularisation: ridge on the coefficients, relative to the number of force components.
    energy_weight: of an energy per atom (eV/atom) relative to a force component (eV/Å).
    stress_weight: of a stress times the volume per atom (eV/atom) relative to a force component.
    force_scale: a label whose root-mean-square force is this has its squared weight halved, eV/Å; labels
        far from equilibrium teach repulsion without spoiling the rest.
    far_force: labels with a root-mean-square force above this are fitted but judged apart, eV/Å.
    """

    elements: tuple[str, ...] = ("Li", "N", "Cl")
    inner: float = 1.0
    cutoff: float = 5.0
    two_body: int = 8
    three_body: int = 6
    three_angular: int = 4
    four_body: int = 3
    four_angular: int = 2
    bessel_degree: int = 4
    inverse_degree: int = 10
    core_inner: float = 1.1
    core_outer: float = 1.6
    regularisation: float = 1e-6
    energy_weight: float = 30.0
    stress_weight: float = 10.0
    force_scale: float = 0.5
    far_force: float = 2.0

    def __post_init__(self) -> None:
        """Refuse shapes that LAMMPS would refuse later and less clearly."""
        if not self.elements or len(set(self.elements)) != len(self.elements):
            raise InputError(f"POD settings: elements must be named once each, got {list(self.elements)}")
        if not 0 < self.inner < self.cutoff:
            raise InputError(
                f"POD settings: 0 < inner < cutoff is needed, got {self.inner} and {self.cutoff} Å"
            )
        if not 0 < self.core_inner < self.core_outer < self.cutoff:
            raise InputError(
                "POD settings: 0 < core_inner < core_outer < cutoff is needed, got "
                f"{self.core_inner}, {self.core_outer}, {self.cutoff} Å"
            )
        if not self.regularisation > 0:
            raise InputError(
                f"POD settings: regularisation must be above 0, got {self.regularisation}; "
                "1e-6 runs, 1e-10 is known to explode in dynamics"
            )
        if self.three_body < self.four_body or self.three_angular < self.four_angular:
            raise InputError("POD settings: the four-body term must not be larger than the three-body term")

    def parameters(self) -> str:
        """The LAMMPS parameter file of this shape."""
        lines = {
            "species": " ".join(self.elements),
            "pbc": "1 1 1",
            "rin": f"{self.inner:g}",
            "rcut": f"{self.cutoff:g}",
            "bessel_polynomial_degree": self.bessel_degree,
            "inverse_polynomial_degree": self.inverse_degree,
            "onebody": 1,
            "twobody_number_radial_basis_functions": self.two_body,
            "threebody_number_radial_basis_functions": self.three_body,
            "threebody_angular_degree": self.three_angular,
            "fourbody_number_radial_basis_functions": self.four_body,
            "fourbody_angular_degree": self.four_angular,
            "fivebody_number_radial_basis_functions": 0,
            "fivebody_angular_degree": 0,
            "sixbody_number_radial_basis_functions": 0,
            "sixbody_angular_degree": 0,
            "sevenbody_number_radial_basis_functions": 0,
            "sevenbody_angular_degree": 0,
        }
        return "".join(f"{key} {value}\n" for key, value in lines.items())


@dataclass(frozen=True, slots=True, eq=False)
class Potential:
    """A fitted potential, ready for LAMMPS.

    name: as studies call it.
    settings: shape and regularisation.
    coefficients: eV, shape (number of descriptors,).
    training: fingerprint of the labels it was fitted to.
    provenance: what else the manifest says (labels, errors, versions), plain data.
    """

    name: str
    settings: PodSettings
    coefficients: NDArray[np.float64]
    training: str
    provenance: dict[str, Any]

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols, in the order of the LAMMPS atom types."""
        return self.settings.elements

    @property
    def fingerprint(self) -> str:
        """Hexadecimal digest of what decides energies and forces."""
        return hashlib.sha256((self.settings.parameters() + self.coefficient_text()).encode()).hexdigest()[
            :16
        ]

    def coefficient_text(self) -> str:
        """The LAMMPS coefficient file."""
        lines = [
            f"model_coefficients: {len(self.coefficients)} 0 0",
            *(f"{c:.17g}" for c in self.coefficients),
        ]
        return "\n".join(lines) + "\n"


def potential_names() -> tuple[str, ...]:
    """Names of the potentials that come with the package."""
    folder = files("electrolith.energy") / "potentials"
    return tuple(sorted(p.name for p in folder.iterdir() if (p / MANIFEST).is_file()))


def save_potential(potential: Potential, folder: Path) -> None:
    """Write parameter file, coefficient file and manifest into `folder`."""
    settings = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(potential.settings).items()}
    manifest = {
        "name": potential.name,
        "fingerprint": potential.fingerprint,
        "training": potential.training,
        "settings": settings,
        "provenance": potential.provenance,
    }
    write_atomic(folder / PARAMETERS, potential.settings.parameters())
    write_atomic(folder / COEFFICIENTS, potential.coefficient_text())
    write_atomic(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


@reader("a potential")
def save_draws(potential: Potential, draws: NDArray[np.float64], folder: Path) -> None:
    """Write draws from the posterior of the coefficients (eV, shape (k, m)) beside the potential."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, draws=draws, fingerprint=np.array(potential.fingerprint))
    write_atomic(folder / DRAWS, buffer.getvalue())


def has_draws(name_or_folder: str | Path) -> bool:
    """Whether draws from its posterior lie beside a potential."""
    return (_folder_of(name_or_folder) / DRAWS).is_file()


def load_draws(name_or_folder: str | Path) -> tuple[Potential, ...]:
    """Draws from the posterior of a potential, each a potential of its own.

    Raises
    ------
    InputError
        If the potential has no draws.
    DataError
        If they belong to other coefficients, or are not finite.
    """
    potential = load_potential(name_or_folder)
    path = _folder_of(name_or_folder) / DRAWS
    if not path.is_file():
        raise InputError(
            f"potential {potential.name}: no posterior beside it ({DRAWS}); fit it again from its labels "
            "with `electrolith fit`, or set dynamics.posterior: false"
        )
    with np.load(path, allow_pickle=False) as bundle:
        draws, belongs = np.asarray(bundle["draws"], dtype=float), str(bundle["fingerprint"])
    if belongs != potential.fingerprint or draws.shape[1:] != potential.coefficients.shape:
        raise DataError(
            f"{path}: draws of the coefficients {belongs}, the potential is "
            f"{potential.fingerprint}; fit again"
        )
    if not np.all(np.isfinite(draws)):
        raise DataError(f"{path}: draws are not finite; fit again")
    return tuple(
        replace(potential, name=f"{potential.name}, draw {n + 1}", coefficients=c)
        for n, c in enumerate(draws)
    )


def _folder_of(name_or_folder: str | Path) -> Path:
    """Folder of a potential of the package by name, or of one on disk."""
    folder = Path(name_or_folder)
    if not (folder / MANIFEST).is_file():
        if str(name_or_folder) not in potential_names():
            raise InputError(nearest("potential", str(name_or_folder), potential_names()))
        folder = Path(str(files("electrolith.energy") / "potentials" / str(name_or_folder)))
    return folder


def load_potential(name_or_folder: str | Path) -> Potential:
    """A potential of the package by name, or one in a folder.

    Raises
    ------
    InputError
        If there is none of that name.
    DataError
        If its files are damaged or do not belong together.
    """
    folder = _folder_of(name_or_folder)
    manifest = _read_manifest(folder / MANIFEST)
    shape: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in manifest["settings"].items()
    }
    try:
        settings = PodSettings(**shape)
    except TypeError as error:
        raise DataError(
            f"{folder / MANIFEST}: settings of another version of Electrolith ({error})"
        ) from error
    coefficients = _read_coefficients(folder / COEFFICIENTS)
    potential = Potential(
        manifest["name"], settings, coefficients, manifest["training"], manifest["provenance"]
    )
    if potential.fingerprint != manifest["fingerprint"]:
        raise DataError(
            f"{folder}: coefficients and manifest do not belong together "
            f"(fingerprint {potential.fingerprint}, the manifest says {manifest['fingerprint']}); fit again"
        )
    return potential


def _read_manifest(path: Path) -> dict[str, Any]:
    """The manifest as plain data, with the keys every potential has."""
    try:
        manifest: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise DataError(f"{path}: not a manifest of a potential ({error})") from error
    missing = {"name", "fingerprint", "training", "settings", "provenance"} - set(manifest)
    if missing:
        raise DataError(f"{path}: the manifest lacks {', '.join(sorted(missing))}")
    return manifest


def _read_coefficients(path: Path) -> NDArray[np.float64]:
    """Coefficients of a LAMMPS POD file, shape (n,)."""
    if not path.is_file():
        raise DataError(f"{path}: missing; a potential is {PARAMETERS}, {COEFFICIENTS} and {MANIFEST}")
    head, *lines = path.read_text().splitlines()
    try:
        count = int(head.split()[1])
        values = np.array([float(line) for line in lines])
    except (IndexError, ValueError) as error:
        raise DataError(f"{path}: not a POD coefficient file ({error})") from error
    if len(values) != count:
        raise DataError(f"{path}: {count} coefficients announced, {len(values)} found; the file is cut short")
    return values
