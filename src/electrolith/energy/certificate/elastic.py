r"""Elastic constants of a frame from the stress of any engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine
from electrolith.energy.relax import Relaxation, relax

__all__ = ["ElasticConstants", "ElasticSettings", "constants_of", "elastic_constants"]

Array = NDArray[np.float64]

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True, slots=True)
class ElasticSettings:
    """How elastic constants are measured.

    strain : of the central differences; shears are engineering strains.
    ions : "clamped" keeps the fractional positions; "relaxed" lets the atoms follow at every strain.
    force : largest force of a relaxed strained cell.
    asymmetry : largest accepted difference of C from its transpose, over the largest element.
    """

    strain: float = 5e-3
    ions: Literal["clamped", "relaxed"] = "clamped"
    force: Annotated[float, Unit("eV/angstrom")] = 1e-3
    asymmetry: float = 0.05

    def __post_init__(self) -> None:
        """Refuse strains that measure noise or another crystal."""
        if not 1e-5 <= self.strain <= 0.05:
            raise InputError(f"elastic.strain must lie between 1e-5 and 0.05, got {self.strain:g}")
        if not self.force > 0:
            raise InputError(f"elastic.force must be above 0 eV/Å, got {self.force:g}")


@dataclass(frozen=True, slots=True)
class ElasticConstants:
    """Stiffness in Voigt order xx, yy, zz, yz, xz, xy, and its isotropic averages.

    stiffness : eV/Å³, six rows of six, symmetric.
    asymmetry : largest difference of the matrix as measured from its transpose, over its largest element.
    pressure : of the unstrained cell, eV/Å³; the constants are slopes of the Cauchy stress there.
    bulk_modulus, shear_modulus : Hill averages, eV/Å³.
    voigt, reuss : (bulk, shear) of uniform strain and of uniform stress, eV/Å³; Hill is their mean.
    """

    stiffness: tuple[tuple[float, ...], ...]
    asymmetry: float
    pressure: float
    bulk_modulus: float
    shear_modulus: float
    voigt: tuple[float, float]
    reuss: tuple[float, float]

    @property
    def matrix(self) -> Array:
        """Stiffness as an array, eV/Å³, shape (6, 6)."""
        return np.array(self.stiffness)

    @property
    def young_modulus(self) -> float:
        """Hill average, eV/Å³."""
        k, g = self.bulk_modulus, self.shear_modulus
        return 9 * k * g / (3 * k + g)

    @property
    def is_stable(self) -> bool:
        """Whether every strain costs energy (Born): all eigenvalues positive."""
        return bool(np.linalg.eigvalsh(self.matrix).min() > 0)


def elastic_constants(
    frame: Frame, engine: Engine, *, settings: ElasticSettings | None = None
) -> ElasticConstants:
    r"""C from central differences of the stress with each of the six strains.

    .. math:: C_{ij} = \frac{\sigma_i(+\epsilon_j) - \sigma_i(-\epsilon_j)}{2 \epsilon_j}

    Parameters
    ----------
    frame : relaxed, or nearly: `pressure` says how nearly.
    engine : gives stress.
    settings : strain, and whether atoms follow it.

    Raises
    ------
    InputError
        If the engine gives no stress.
    DataError
        If the matrix is not symmetric: then the stress is not a derivative of one energy.

    Source: Nielsen, Martin, Phys. Rev. B 32 (1985) 3780.
    """
    settings = settings or ElasticSettings()
    start = frame if settings.ions == "clamped" else _follow(frame, engine, settings)
    rest = _stress(start, engine, "the unstrained cell")
    columns = []
    for i, j in VOIGT:
        strain = np.zeros((3, 3))
        strain[i, j] += settings.strain / 2
        strain[j, i] += settings.strain / 2
        pair = [_strained_stress(start, sign * strain, engine, settings) for sign in (1, -1)]
        columns.append((pair[0] - pair[1]) / (2 * settings.strain))
    measured = np.array([[column[i, j] for column in columns] for i, j in VOIGT])
    return constants_of(measured, rest=rest, asymmetry=settings.asymmetry)


def constants_of(measured: Array, *, rest: Array | None = None, asymmetry: float = 0.05) -> ElasticConstants:
    """Constants and averages of a measured stiffness matrix.

    Parameters
    ----------
    measured : eV/Å³, shape (6, 6), as it came out of the stress.
    rest : stress of the unstrained cell, eV/Å³, shape (3, 3); what it adds to the asymmetry is allowed for.
    asymmetry : largest accepted one, over the largest element.

    Raises
    ------
    DataError
        If the matrix is not finite or less symmetric than that.
    """
    if not np.all(np.isfinite(measured)):
        raise DataError("elastic constants: a stress is not finite")
    scale = float(np.abs(measured).max())
    worst = float(np.abs(measured - measured.T).max()) / scale if scale > 0 else np.inf
    rest = np.zeros((3, 3)) if rest is None else rest
    if worst > asymmetry + 2 * float(np.abs(rest).max()) / max(scale, 1e-300):
        i, j = np.unravel_index(np.argmax(np.abs(measured - measured.T)), (6, 6))
        raise DataError(
            f"elastic constants: C{i + 1}{j + 1} and C{j + 1}{i + 1} differ by {100 * worst:.0f} % of the "
            "largest constant, so the stress is not the derivative of one energy; check the engine with "
            "check_engine, or relax the frame further"
        )
    c = (measured + measured.T) / 2
    voigt = _voigt(c)
    reuss = _reuss(c)
    return ElasticConstants(
        stiffness=tuple(tuple(float(x) for x in row) for row in c),
        asymmetry=worst,
        pressure=float(-np.trace(rest) / 3),
        bulk_modulus=(voigt[0] + reuss[0]) / 2,
        shear_modulus=(voigt[1] + reuss[1]) / 2,
        voigt=voigt,
        reuss=reuss,
    )


def _voigt(c: Array) -> tuple[float, float]:
    """Bulk and shear modulus at uniform strain."""
    normal, mixed = float(np.trace(c[:3, :3])), float(c[0, 1] + c[0, 2] + c[1, 2])
    shear = float(np.trace(c[3:, 3:]))
    return (normal + 2 * mixed) / 9, (normal - mixed + 3 * shear) / 15


def _reuss(c: Array) -> tuple[float, float]:
    """Bulk and shear modulus at uniform stress; not a number where the crystal is unstable."""
    if np.linalg.eigvalsh(c).min() <= 0:
        return float("nan"), float("nan")
    s = np.linalg.inv(c)
    normal, mixed = float(np.trace(s[:3, :3])), float(s[0, 1] + s[0, 2] + s[1, 2])
    shear = float(np.trace(s[3:, 3:]))
    return 1 / (normal + 2 * mixed), 15 / (4 * normal - 4 * mixed + 3 * shear)


def _follow(frame: Frame, engine: Engine, settings: ElasticSettings) -> Frame:
    """Atoms at rest in a held cell."""
    found = relax(frame, engine, settings=Relaxation(force=settings.force, cell=False))
    if not found.converged:
        raise DataError(
            f"elastic constants: the atoms of a strained cell did not come to rest (largest force "
            f"{found.largest_force:.2g} eV/Å, wanted {settings.force:g}); take a looser force or clamped ions"
        )
    return found.frame


def _strained_stress(frame: Frame, strain: Array, engine: Engine, settings: ElasticSettings) -> Array:
    """Stress of the strained frame, with its atoms at rest if so asked."""
    stretch = np.eye(3) + strain
    strained = Frame(frame.positions @ stretch, frame.cell @ stretch, frame.numbers)
    if settings.ions == "relaxed":
        strained = _follow(strained, engine, settings)
    return _stress(strained, engine, "a strained cell")


def _stress(frame: Frame, engine: Engine, where: str) -> Array:
    """Stress from the engine, or a refusal."""
    stress = engine.evaluate(frame).stress
    if stress is None:
        raise InputError(
            f"engine {engine.name} gives no stress for {where}; elastic constants are slopes of the stress"
        )
    return stress
