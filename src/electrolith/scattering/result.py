"""What a refinement gives."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from electrolith.core.estimate import Estimate

from .identify import NullCombination
from .instrument import Instrument
from .phase import Phase

__all__ = ["FittedHistogram", "FittedSite", "ForeignLine", "RietveldFit", "Ticks"]


@dataclass(frozen=True, slots=True)
class ForeignLine:
    """A line that no phase explains.

    position : degrees or µs. d : Å. z : its significance. height : of the strongest peak, 0..1.
    """

    histogram: str
    position: float
    d: float
    z: float
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Where a phase has reflections: hkl shape (n, 3), position shape (n,), d in Å, relative intensity."""

    phase: str
    hkl: np.ndarray
    position: np.ndarray
    d: np.ndarray
    intensity: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class FittedHistogram:
    """Observed and calculated pattern, each of shape (n,), and how well they agree.

    r_wp, r_p, r_exp : 0..1, background included. durbin_watson : 2 for residuals that are noise.
    tables : the scattering factors used, one line per species. instrument : as refined.
    left_out : regions of the abscissa that took no part, in words.
    """

    name: str
    abscissa: str
    x: np.ndarray
    observed: np.ndarray
    calculated: np.ndarray
    background: np.ndarray
    sigma: np.ndarray
    by_phase: np.ndarray
    ticks: tuple[Ticks, ...]
    r_wp: float
    r_p: float
    r_exp: float
    durbin_watson: float
    tables: tuple[str, ...]
    instrument: Instrument
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FittedSite:
    """One species on one site. vacancy : what all species of the site leave empty. identified : in words."""

    phase: str
    site: str
    species: str
    multiplicity: int
    occupancy: Estimate
    vacancy: Estimate
    b_iso: Estimate
    identified: str


@dataclass(frozen=True, slots=True, eq=False)
class RietveldFit:
    """A refinement: parameters with covariance, curves, and what could not be known.

    names, values, esd : refined parameters, shape (n,); esd is inf where the data leave it open.
    covariance, correlation : shape (n, n) on the identified space. esds are multiplied by GoF if above one.
    fractions : weight fraction of each phase in each histogram, keyed "histogram/phase" (Hill and Howard).
    kinds, units : of every parameter by name. shift : largest last shift over esd.
    absent : further phases that were not found, with the weight fraction that could hide (95 %).
    foreign : lines that no phase explains.
    null : combinations that neither data nor conditions determine. closed : what the data alone leave open,
    and the conditions that closed it. ratios : identified ratios of occupancies; given : those of them
    that rest on the conditions. warnings : plain words.
    """

    names: tuple[str, ...]
    values: np.ndarray
    esd: np.ndarray
    covariance: np.ndarray
    correlation: np.ndarray
    all_values: dict[str, float]
    kinds: dict[str, str]
    units: dict[str, str]
    phases: tuple[Phase, ...]
    histograms: tuple[FittedHistogram, ...]
    sites: tuple[FittedSite, ...]
    cell: dict[str, Estimate]
    fractions: dict[str, Estimate]
    ratios: dict[str, Estimate]
    given: tuple[str, ...]
    null: tuple[NullCombination, ...]
    closed: tuple[str, ...]
    constraints: tuple[str, ...]
    conditions: tuple[str, ...]
    warnings: tuple[str, ...]
    chi2: float
    gof: float
    points: int
    evaluations: int
    converged: bool
    shift: float = 0.0
    absent: dict[str, float] = field(default_factory=dict)
    foreign: tuple[ForeignLine, ...] = ()
    engine: str = "electrolith"

    def value(self, name: str) -> float:
        """A refined parameter by name."""
        return float(self.values[self.names.index(name)])

    def std(self, name: str) -> float:
        """Its standard deviation."""
        return float(self.esd[self.names.index(name)])
