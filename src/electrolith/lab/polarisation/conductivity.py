"""Electronic conductivity from settled currents at several voltages, with an ohmic check and a detection
limit.
"""

from dataclasses import dataclass, field

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.geometry import Geometry
from electrolith.lab.polarisation.transient import SettledCurrent, SettleRule, Transient, settle

Array = np.ndarray


@dataclass(frozen=True)
class PolarisationSettings:
    """How currents are evaluated.

    rule : when a current counts as settled.
    detection_limit : of the instrument, A; 0 if unknown, then the result says so.
    seed : of the draws.
    """

    rule: SettleRule = field(default_factory=SettleRule)
    detection_limit: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.detection_limit < 0:
            raise InputError(f"detection_limit must not be negative, got {self.detection_limit:g} A")


@dataclass(frozen=True, eq=False)
class ElectronicConductivity:
    """Electronic conductivity of a pellet between blocking electrodes.

    conductivity : S/cm; an upper limit where `limit_only`.
    conductance : S, slope of the line.
    offset : A, its intercept.
    ohmic : whether a straight line through the origin explains the currents.
    transference : electronic over total, where the ionic conductivity was given.
    detection_limit : the lowest conductivity the instrument shows, S/cm.
    """

    currents: tuple[SettledCurrent, ...]
    conductance: Estimate
    offset: Estimate
    conductivity: Estimate
    limit_only: bool
    ohmic: bool
    detection_limit: float | None
    transference: Estimate | None
    findings: tuple[str, ...]


def electronic_conductivity(
    transients: tuple[Transient, ...],
    geometry: Geometry,
    settings: PolarisationSettings | None = None,
    *,
    ionic: Estimate | None = None,
) -> ElectronicConductivity:
    """Settle every current, fit I = G V + I0, and turn G into σ_e = G t/A.

    Parameters
    ----------
    ionic : ionic conductivity, S/cm, for the transference number.

    Raises
    ------
    InputError
        If fewer than two different voltages come.
    """
    settings = settings or PolarisationSettings()
    found = tuple(
        settle(t, settings.rule, seed=settings.seed + i)
        for i, t in enumerate(sorted(transients, key=lambda t: t.voltage))
    )
    voltage = np.array([s.voltage for s in found])
    if np.unique(np.round(voltage, 4)).size < 2:
        raise InputError(f"a line needs two different voltages, got {np.unique(voltage).tolist()} V")
    current = np.array([s.current.value for s in found])
    error = np.array([s.current.std for s in found])
    # a current that never changes is known to a step of the instrument at best, never exactly
    grain = min((_grain(t.current) for t in transients), default=0.0) / np.sqrt(12)
    floor = max(grain, 1e-4 * float(np.abs(current).max()))
    error = np.where(np.isfinite(error), np.maximum(error, floor), np.abs(current) * 0.5 + floor)
    line, covariance, chi2 = _line(voltage, current, error)
    rng = np.random.default_rng(settings.seed + 100)
    values, vectors = np.linalg.eigh(covariance)
    drawn = line + rng.standard_normal((2000, 2)) @ (vectors * np.sqrt(np.clip(values, 0, None))).T
    conductance, offset = Estimate(drawn[:, 0], "S"), Estimate(drawn[:, 1], "A")
    constant = geometry.cell_constant
    sigma = conductance.through(lambda g, k: g * k / 100, constant, unit="S/cm")
    below = bool(settings.detection_limit and np.all(np.abs(current) < settings.detection_limit))
    limit = settings.detection_limit / float(np.abs(voltage).max()) * constant.value / 100
    ohmic = chi2 < 4.0 and abs(offset.value) < 3 * offset.std + 0.05 * float(np.abs(current).max())
    transference = None
    if ionic is not None:
        transference = sigma.through(lambda e, i: e / (e + i), _drawn(ionic, rng), unit="1")
    return ElectronicConductivity(
        found,
        conductance,
        offset,
        sigma,
        below,
        bool(ohmic),
        float(limit) if settings.detection_limit else None,
        transference,
        _findings(found, below, bool(ohmic), limit, settings.detection_limit),
    )


def _grain(current: Array) -> float:
    """The smallest step between two values of a current, A; 0 where it never changes."""
    steps = np.diff(np.unique(current))
    return float(steps.min()) if steps.size else 0.0


def _drawn(value: Estimate, rng: np.random.Generator) -> Estimate:
    """An estimate from another analysis with draws of the number used here."""
    if value.draws.size in (1, 2000):
        return value
    return Estimate(rng.choice(value.draws, 2000), value.unit, value.doubt)


def _line(voltage: Array, current: Array, error: Array) -> tuple[Array, Array, float]:
    """Slope and intercept, their covariance widened by the scatter, and χ² per degree of freedom."""
    design = np.column_stack([voltage, np.ones_like(voltage)]) / error[:, None]
    solution, *_ = np.linalg.lstsq(design, current / error, rcond=None)
    dof = voltage.size - 2
    chi2 = float(np.sum((current / error - design @ solution) ** 2) / dof) if dof > 0 else 0.0
    return solution, np.linalg.inv(design.T @ design) * max(1.0, chi2), chi2


def _findings(
    found: tuple[SettledCurrent, ...], below: bool, ohmic: bool, limit: float, detection: float
) -> tuple[str, ...]:
    """What to know before quoting the number."""
    said = [f"{s.voltage:g} V: {s.text}" for s in found if not s.settled]
    if below:
        said.append(
            f"all currents are below the detection limit of {detection:.2g} A: σ_e < {limit:.2g} S/cm "
            f"is all that can be said"
        )
    if not detection:
        said.append("the detection limit of the instrument was not stated")
    if not ohmic:
        said.append(
            "the currents do not lie on a line through the origin: leakage, decomposition, or not yet settled"
        )
    return tuple(said)
