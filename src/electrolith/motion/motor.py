"""What moves atoms at constant energy: a velocity Verlet step, by an engine in Python or by LAMMPS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import ACCELERATION
from electrolith.core.errors import ElectrolithError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine
from electrolith.energy.pod.lammps import LammpsPod, Session, open_lammps

__all__ = ["EngineMotor", "LammpsMotor", "Motor", "masses_of", "open_motor"]

Array = NDArray[np.float64]

NO_IMAGE = (512 << 20) | (512 << 10) | 512  # LAMMPS's packed image flags of an atom in the home cell


class Motor(Protocol):
    """One cell of atoms that can take velocity Verlet steps.

    What it does after `place` depends on nothing before it, so that a run that is stopped and continued
    repeats the same operations, bit by bit, as one that is not.
    """

    def place(self, positions: Array, velocities: Array) -> None:
        """Start afresh from unwrapped positions (Å) and velocities (Å/fs)."""
        ...

    def step(self) -> None:
        """Take one step."""
        ...

    def scale(self, factor: float) -> None:
        """Multiply all velocities by `factor`."""
        ...

    def kinetic(self) -> float:
        """Kinetic energy, eV."""
        ...

    def potential(self) -> float:
        """Potential energy after the last step, eV."""
        ...

    def phase(self) -> tuple[Array, Array]:
        """Unwrapped positions (Å) and velocities (Å/fs), shape (n, 3) each."""
        ...


def masses_of(numbers: NDArray[np.int64]) -> Array:
    """Standard atomic masses, amu, shape (n,)."""
    from ase.data import atomic_masses

    return np.asarray(atomic_masses[numbers], dtype=float)


class EngineMotor:
    """Velocity Verlet with the forces of any engine."""

    def __init__(self, engine: Engine, frame: Frame, timestep: float) -> None:
        self.engine = engine
        self.frame = frame
        self.timestep = timestep
        self.masses = masses_of(frame.numbers)
        self.positions = np.array(frame.positions)
        self.velocities = np.zeros_like(self.positions)
        self.energy = 0.0

    def _evaluate(self) -> None:
        out = self.engine.evaluate(Frame(self.positions, self.frame.cell, self.frame.numbers))
        self.energy = float(out.energy)
        self.push = out.forces / self.masses[:, None] * (ACCELERATION * self.timestep / 2)

    def place(self, positions: Array, velocities: Array) -> None:
        """Start afresh from unwrapped positions (Å) and velocities (Å/fs)."""
        self.positions = np.array(positions)
        self.velocities = np.array(velocities)
        self._evaluate()

    def scale(self, factor: float) -> None:
        """Multiply all velocities by `factor`."""
        self.velocities = self.velocities * factor

    def step(self) -> None:
        """Take one step."""
        self.velocities = self.velocities + self.push
        self.positions = self.positions + self.velocities * self.timestep
        self._evaluate()
        self.velocities = self.velocities + self.push

    def kinetic(self) -> float:
        """Kinetic energy, eV."""
        square = np.einsum("ij,ij->i", self.velocities, self.velocities)
        return float(0.5 * self.masses @ square / ACCELERATION)

    def potential(self) -> float:
        """Potential energy after the last step, eV."""
        return self.energy

    def phase(self) -> tuple[Array, Array]:
        """Unwrapped positions (Å) and velocities (Å/fs)."""
        return self.positions.copy(), self.velocities.copy()


class LammpsMotor:
    """Velocity Verlet inside an open LAMMPS session, one `run 1` at a time."""

    def __init__(self, session: Session, frame: Frame, timestep: float) -> None:
        self.session = session
        self.cell = np.array(frame.cell)
        self.inverse = np.linalg.inv(self.cell)
        self.masses = masses_of(frame.numbers)
        self.shift = np.zeros((len(frame), 3))
        self.fresh = True
        session.commands(
            [
                f"timestep {timestep / 1000:.17g}",
                "neighbor 1.0 bin",
                "neigh_modify every 1 delay 0 check yes",
                "thermo_style custom step pe",
                "thermo 0",
                "fix move all nve",
            ]
        )
        order = np.array(session.lammps.numpy.extract_atom("id"))[: len(frame)]
        if len(order) != len(frame) or not np.array_equal(order, np.arange(1, len(frame) + 1)):
            raise ElectrolithError(f"LAMMPS holds atoms {order.tolist()[:5]}... instead of 1 to {len(frame)}")

    def _view(self, name: str) -> Any:
        """LAMMPS's own array, to read and write."""
        return self.session.lammps.numpy.extract_atom(name)

    def place(self, positions: Array, velocities: Array) -> None:
        """Start afresh from unwrapped positions (Å) and velocities (Å/fs)."""
        self.shift = np.floor(positions @ self.inverse) @ self.cell
        n = len(positions)
        self._view("x")[:n] = (positions - self.shift) @ self.session.rotation
        self._view("v")[:n] = velocities @ self.session.rotation * 1000.0
        self._view("image")[:n] = NO_IMAGE
        self.fresh = True

    def scale(self, factor: float) -> None:
        """Multiply all velocities by `factor`."""
        self._view("v")[: len(self.masses)] *= factor

    def step(self) -> None:
        """Take one step."""
        self.session.command("run 1 post no" if self.fresh else "run 1 pre no post no")
        self.fresh = False

    def kinetic(self) -> float:
        """Kinetic energy, eV."""
        v = self._view("v")[: len(self.masses)]
        return float(0.5e-6 * self.masses @ np.einsum("ij,ij->i", v, v) / ACCELERATION)

    def potential(self) -> float:
        """Potential energy after the last step, eV."""
        return self.session.thermo("pe")

    def phase(self) -> tuple[Array, Array]:
        """Unwrapped positions (Å) and velocities (Å/fs)."""
        return self.session.unwrapped() + self.shift, self.session.atoms("v") / 1000.0


def _opener(engine: Engine) -> Callable[[Frame], AbstractContextManager[Session]] | None:
    """How to open the engine in LAMMPS, if it lives there."""
    if isinstance(engine, LammpsPod):
        return partial(open_lammps, engine.potential)
    return cast(
        "Callable[[Frame], AbstractContextManager[Session]] | None", getattr(engine, "open_session", None)
    )


@contextmanager
def open_motor(engine: Engine, frame: Frame, timestep: float) -> Iterator[Motor]:
    """The fastest motor for an engine, closed on leaving.

    An engine that runs inside LAMMPS (a POD potential, or any engine with `open_session(frame)`) moves
    there; every other one moves in Python.
    """
    opener = _opener(engine)
    if opener is None:
        yield EngineMotor(engine, frame, timestep)
        return
    wrapped = Frame((frame.fractional - np.floor(frame.fractional)) @ frame.cell, frame.cell, frame.numbers)
    with opener(wrapped) as session:
        yield LammpsMotor(session, frame, timestep)
