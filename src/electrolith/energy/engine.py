"""What an engine is, and the check that a plugin author runs on one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.core.registry import find, known
from electrolith.crystal.frame import Frame

__all__ = ["Engine", "Evaluation", "check_engine", "engine_names", "make_engine"]

GROUP = "electrolith.engines"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What an engine says of one frame.

    energy: eV, of the whole cell.
    forces: eV/Å, shape (n, 3).
    stress: eV/Å³, shape (3, 3), derivative of the energy with strain over the volume (positive when the
        cell wants to shrink); None from an engine that has none.
    """

    energy: float
    forces: NDArray[np.float64]
    stress: NDArray[np.float64] | None


@runtime_checkable
class Engine(Protocol):
    """Energy, forces and stress of one frame; `evaluate` must not change its input."""

    @property
    def name(self) -> str:
        """The name the report prints."""
        ...

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`."""
        ...


def engine_names() -> tuple[str, ...]:
    """Every engine that can be named in a study, in alphabetical order."""
    return tuple(sorted(known(GROUP)))


def make_engine(name: str) -> Engine:
    """The engine registered as `name` in the entry-point group `electrolith.engines`.

    Raises
    ------
    InputError
        If no engine has this name (the text holds the nearest one), or the entry point makes no engine.
    MissingExtra
        If the engine needs a package that is not installed.
    """
    maker: Callable[[], Any] = find(GROUP, name)
    engine = maker()
    if not isinstance(engine, Engine):
        raise InputError(
            f"engine {name!r}: its entry point gave a {type(engine).__name__}; "
            "an engine has a `name` and `evaluate(frame)`"
        )
    return engine


def check_engine(engine: Engine, frame: Frame, *, step: float = 1e-3, tolerance: float = 1e-3) -> None:
    """Raise AssertionError, naming the broken promise, unless `engine` keeps the contract on `frame`.

    Parameters
    ----------
    engine : the engine under test.
    frame : a frame without symmetry, in a skewed cell, at least two species; fewer than ten atoms is fast.
    step : displacement of the central differences, Å (and strain, dimensionless).
    tolerance : largest accepted deviation, eV (energies), eV/Å (forces), eV/Å³ (stress).
    """
    out = engine.evaluate(_guarded(engine, frame))
    assert np.isfinite(out.energy), f"{engine.name}: the energy is {out.energy}"
    assert out.forces.shape == frame.positions.shape, f"{engine.name}: forces of shape {out.forces.shape}"
    assert np.all(np.isfinite(out.forces)), f"{engine.name}: a force is not finite"
    again = engine.evaluate(frame)
    assert abs(again.energy - out.energy) < tolerance, f"{engine.name}: a second call gives another energy"
    net = np.abs(out.forces.sum(axis=0)).max()
    assert net < tolerance, f"{engine.name}: net force {net:.2g} eV/Å"
    _check_symmetries(engine, frame, out, tolerance)
    _check_forces(engine, frame, out, step, tolerance)
    if out.stress is not None:
        _check_stress(engine, frame, out.stress, step, tolerance)


def _guarded(engine: Engine, frame: Frame) -> Frame:
    """Check that evaluating a copy leaves the copy as it was; return the frame."""
    copy = Frame(frame.positions, frame.cell, frame.numbers)
    for array in (copy.positions, copy.cell, copy.numbers):
        array.flags.writeable = True
    engine.evaluate(copy)
    same = (
        np.array_equal(copy.positions, frame.positions)
        and np.array_equal(copy.cell, frame.cell)
        and np.array_equal(copy.numbers, frame.numbers)
    )
    assert same, f"{engine.name} changed its input"
    return frame


def _check_symmetries(engine: Engine, frame: Frame, out: Evaluation, tolerance: float) -> None:
    """Lattice translation, order of the atoms, rotation of everything."""
    moved = frame.positions.copy()
    moved[0] += frame.cell[0] - 2 * frame.cell[2]
    same = engine.evaluate(Frame(moved, frame.cell, frame.numbers))
    assert abs(same.energy - out.energy) < tolerance, f"{engine.name}: not periodic"
    assert np.allclose(same.forces, out.forces, atol=tolerance), f"{engine.name}: forces not periodic"

    order = np.arange(len(frame))[::-1]
    swapped = engine.evaluate(Frame(frame.positions[order], frame.cell, frame.numbers[order]))
    assert abs(swapped.energy - out.energy) < tolerance, f"{engine.name}: depends on the order of the atoms"
    assert np.allclose(swapped.forces, out.forces[order], atol=tolerance), (
        f"{engine.name}: forces do not follow the order of the atoms"
    )

    turn = _rotation()
    turned = engine.evaluate(Frame(frame.positions @ turn.T, frame.cell @ turn.T, frame.numbers))
    assert abs(turned.energy - out.energy) < tolerance, f"{engine.name}: depends on the orientation"
    assert np.allclose(turned.forces, out.forces @ turn.T, atol=tolerance), (
        f"{engine.name}: forces do not turn with the frame"
    )
    if out.stress is not None:
        assert turned.stress is not None, f"{engine.name}: stress sometimes missing"
        assert np.allclose(turned.stress, turn @ out.stress @ turn.T, atol=tolerance), (
            f"{engine.name}: stress does not turn with the frame"
        )


def _rotation() -> NDArray[np.float64]:
    """A proper rotation without special angles (columns of an orthogonal factor)."""
    q, r = np.linalg.qr(np.array([[1.0, 0.3, -0.5], [0.2, 0.9, 0.4], [0.6, -0.1, 0.8]]))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def _check_forces(engine: Engine, frame: Frame, out: Evaluation, step: float, tolerance: float) -> None:
    """Forces are minus the gradient of the energy, by central differences."""
    for atom in range(len(frame)):
        for axis in range(3):
            energies = []
            for sign in (1, -1):
                moved = frame.positions.copy()
                moved[atom, axis] += sign * step
                energies.append(engine.evaluate(Frame(moved, frame.cell, frame.numbers)).energy)
            slope = -(energies[0] - energies[1]) / (2 * step)
            wrong = abs(slope - out.forces[atom, axis])
            assert wrong < tolerance, (
                f"{engine.name}: force {out.forces[atom, axis]:.4g} eV/Å on atom {atom}, axis {axis} "
                f"is not minus the energy gradient {slope:.4g}"
            )


def _check_stress(
    engine: Engine, frame: Frame, stress: NDArray[np.float64], step: float, tolerance: float
) -> None:
    """Stress is the energy's derivative with strain over the volume, by central differences."""
    assert stress.shape == (3, 3), f"{engine.name}: stress of shape {stress.shape}"
    assert np.allclose(stress, stress.T, atol=tolerance), f"{engine.name}: stress is not symmetric"
    for i in range(3):
        for j in range(i, 3):
            energies = []
            for sign in (1, -1):
                strain = np.eye(3)
                strain[i, j] += sign * step / 2
                strain[j, i] += sign * step / 2
                strained = Frame(frame.positions @ strain, frame.cell @ strain, frame.numbers)
                energies.append(engine.evaluate(strained).energy)
            slope = (energies[0] - energies[1]) / (2 * step) / frame.volume
            wrong = abs(slope - stress[i, j])
            assert wrong < tolerance, (
                f"{engine.name}: stress {stress[i, j]:.4g} eV/Å³ along {'xyz'[i]}{'xyz'[j]} "
                f"is not the energy's strain derivative {slope:.4g}"
            )
