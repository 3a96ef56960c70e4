"""Proper orthogonal descriptors of a frame, with their derivatives, from LAMMPS."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.crystal.frame import Frame
from electrolith.energy.pod.lammps import Session, check_elements_known, core_commands, open_frame, place
from electrolith.energy.pod.potential import PARAMETERS, PodSettings

__all__ = ["Descriptors", "core_energy", "pod_descriptors"]

STRAIN_STEP = 1e-4  # central differences: error below 1e-6 of the derivative


@dataclass(frozen=True, slots=True, eq=False)
class Descriptors:
    """Linear model of a frame: multiply the last axis by the coefficients.

    energy: shape (m,).
    forces: 1/Å, shape (n, 3, m).
    stress: 1/Å³, shape (3, 3, m); symmetric.
    """

    energy: NDArray[np.float64]
    forces: NDArray[np.float64]
    stress: NDArray[np.float64]


def pod_descriptors(frame: Frame, settings: PodSettings, *, stress: bool = True) -> Descriptors:
    """Descriptors of `frame` whose product with the coefficients is energy, forces and stress.

    Parameters
    ----------
    frame : any right-handed cell.
    settings : shape of the potential.
    stress : without it the stress part is zero and the call several times faster.

    Raises
    ------
    InputError
        If the frame holds an element that is not in the settings.
    """
    check_elements_known("POD settings", settings.elements, frame)
    with tempfile.TemporaryDirectory(prefix="electrolith-pod-") as name:
        parameters = Path(name) / PARAMETERS
        parameters.write_text(settings.parameters())
        with open_frame(frame, settings.elements) as session:
            session.commands([f"pair_style zero {settings.cutoff}", "pair_coeff * *"])
            elements = " ".join(settings.elements)
            session.command(f'compute pod all pod/global {parameters} "" {elements}')
            table = _table(session)
            forces = np.einsum("ij,njm->nim", session.rotation, table[1:].reshape(len(frame), 3, -1))
            by_strain = np.zeros((3, 3, table.shape[1]))
            for i in range(3) if stress else ():
                for j in range(i, 3):
                    ends = []
                    for sign in (1, -1):
                        place(session, _strained(frame, i, j, sign * STRAIN_STEP))
                        ends.append(_table(session)[0])
                    slope = (ends[0] - ends[1]) / (2 * STRAIN_STEP) / frame.volume
                    by_strain[i, j] = by_strain[j, i] = slope
    return Descriptors(table[0], forces, by_strain)


def _strained(frame: Frame, i: int, j: int, strain: float) -> Frame:
    """The frame under one symmetric strain component."""
    matrix = np.eye(3)
    matrix[i, j] += strain / 2
    matrix[j, i] += strain / 2
    return Frame(frame.positions @ matrix, frame.cell @ matrix, frame.numbers)


def _table(session: Session) -> NDArray[np.float64]:
    """Energy row and 3n force rows of the frame that is in the session now, in its axes."""
    session.command("run 0 post no")
    return np.array(session.lammps.numpy.extract_compute("pod", 0, 2))


def core_energy(
    frame: Frame, settings: PodSettings
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Energy (eV), forces (eV/Å) and stress (eV/Å³) of the ZBL core alone."""
    with open_frame(frame, settings.elements) as session:
        session.command(f"pair_style zbl {settings.core_inner} {settings.core_outer}")
        session.commands([c.replace(" zbl ", " ", 1) for c in core_commands(settings.elements)])
        session.command("compute virial all pressure NULL virial")
        session.command("thermo_style custom step pe c_virial[1]")
        session.command("run 0")
        return session.thermo("pe"), session.atoms("f"), session.stress()
