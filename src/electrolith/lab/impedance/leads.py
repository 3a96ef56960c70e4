r"""Cables and contacts in series with the cell: taken off where they were measured, allowed for where not.

A lead resistance is common to all spectra of a cell. It changes an activation energy more than the noise does
wherever the cell has less than a few hundred ohm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.lab.impedance.spectrum import Spectrum

Array = np.ndarray
USUAL = (0.6, 2.7)  # ohm and factor: median and 68 % of two-point cell holders, 0.2 to 1.6 ohm
REPEATED = 0.1  # share of a short circuit's resistance that plugging the cell in again may change


@dataclass(frozen=True, eq=False)
class Leads:
    """What stands in series with the cell.

    resistance : ohm, None where nobody stated it.
    short : spectrum of the short-circuited holder, taken off point by point.
    """

    resistance: Estimate | None = None
    short: Spectrum | None = None

    @property
    def stated(self) -> bool:
        """Whether anything was measured."""
        return self.resistance is not None or self.short is not None

    @property
    def spread(self) -> float:
        """Standard deviation of what is left after the correction, ohm."""
        if self.short is not None:
            return REPEATED * float(np.median(self.short.impedance.real))
        if self.resistance is None or self.resistance.doubt != "known":
            return 0.0
        return self.resistance.std

    def log_prior(self, ohms: Array) -> Array:
        """Logarithm of the density of what is still in series after the correction, up to a constant."""
        if self.stated:
            return -0.5 * (ohms / max(self.spread, 1e-6)) ** 2
        median, factor = USUAL
        x = np.log(np.maximum(ohms, 1e-12) / median) / np.log(factor)
        # Student's tails of three degrees: ten ohm are rare, not impossible
        return np.where(ohms > 0, -2 * np.log1p(x**2 / 3) - np.log(np.maximum(ohms, 1e-12)), -np.inf)

    def prior_grid(self) -> Array:
        """Resistances, ohm, that cover the prior."""
        if self.stated:
            return max(self.spread, 1e-6) * np.linspace(-5, 5, 201)
        return np.geomspace(USUAL[0] / 100, USUAL[0] * 100, 301)


def corrected(spectrum: Spectrum, leads: Leads) -> Spectrum:
    """The spectrum without the leads; says so in its remarks.

    Raises
    ------
    InputError
        If the leads are larger than the cell at some frequency.
    """
    if not leads.stated:
        return spectrum
    if leads.short is not None:
        series = _interpolated(leads.short, spectrum.frequency)
        said = f"short circuit {leads.short.source} taken off ({np.median(series.real):.3g} ohm)"
    else:
        assert leads.resistance is not None  # noqa: S101 - one of the two is stated
        series = np.full(spectrum.frequency.size, leads.resistance.value + 0j)
        said = f"leads of {leads.resistance.value:.3g} ohm taken off"
    impedance = spectrum.impedance - series
    if np.median(np.abs(series)) > np.median(np.abs(spectrum.impedance)):
        raise InputError(
            f"{spectrum.source}: leads of {np.median(np.abs(series)):.3g} ohm are more than the cell itself "
            f"({np.median(np.abs(spectrum.impedance)):.3g} ohm); check their unit"
        )
    return replace(spectrum, impedance=impedance, remarks=(*spectrum.remarks, said))


def _interpolated(short: Spectrum, frequency: Array) -> Array:
    """Impedance (F,) of the short circuit; beyond its range R stays and X goes with the frequency."""
    order = np.argsort(short.frequency)
    known, z = np.log(short.frequency[order]), short.impedance[order]
    at = np.log(frequency)
    inside = np.clip(at, known[0], known[-1])
    inductance = np.interp(inside, known, z.imag / np.exp(known))
    return np.asarray(np.interp(inside, known, z.real) + 1j * inductance * frequency)


def influence(points: Sequence[tuple[float | None, float]], leads: Leads, form: str) -> tuple[str, ...]:
    """How far leads that nobody measured move R and Ea, where that exceeds a hundredth or 2 meV.

    Parameters
    ----------
    points : (temperature in K or None, resistance of the electrolyte in ohm).
    form : "sigma T" or "sigma", what is drawn against 1/T.
    """
    if leads.stated or not points:
        return ()
    smallest = min(ohms for _, ohms in points)
    usual = USUAL[0] * USUAL[1]
    warm = [(float(t), ohms) for t, ohms in points if t is not None and ohms > 0]
    said = (
        f"the leads were not measured: {usual:.2g} ohm of cables, a usual size, are "
        f"{100 * usual / smallest:.2g} % of the smallest R"
    )
    advice = "give `leads` or `short_circuit`"
    if len({t for t, _ in warm}) > 2:
        kelvin, ohms = np.array(warm).T
        power = 1.0 if form == "sigma T" else 0.0
        less, more = (
            np.polyfit(-1 / (BOLTZMANN * kelvin), power * np.log(kelvin) - np.log(r), 1)[0]
            for r in (ohms, ohms + usual)
        )
        if 1e3 * abs(more - less) > 2:
            return (f"{said} and move Ea by {1e3 * (more - less):+.2g} meV; {advice}",)
    return (f"{said}; {advice}",) if usual > 0.01 * smallest else ()


def lead_draws(leads: Leads, *, measured: float = 0.0, spread: float = np.inf) -> tuple[Array, float]:
    r"""Draws (DRAWS,) of the series resistance left, in rising order, and the logarithm of the evidence.

    Posterior of prior × N(measured; ·, spread): a fit that sees a series resistance takes part.

    Parameters
    ----------
    measured, spread : a fitted series resistance and its standard deviation, ohm.
    """
    grid = leads.prior_grid()
    base = np.trapezoid(np.exp(leads.log_prior(grid)), grid)
    if np.isfinite(spread):
        near = measured + spread * np.linspace(-6, 6, 241)
        grid = np.unique(np.concatenate([grid, near if leads.stated else near[near > 0]]))
    logarithm = leads.log_prior(grid) - np.log(base)
    if np.isfinite(spread):
        logarithm = logarithm - 0.5 * ((grid - measured) / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))
    top = float(logarithm.max())
    density = np.exp(logarithm - top)
    summed = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))])
    uniform = (np.arange(DRAWS) + 0.5) / DRAWS
    return np.interp(uniform, summed / summed[-1], grid), float(np.log(summed[-1]) + top)
