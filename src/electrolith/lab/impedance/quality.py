"""Bells: what is wrong with a spectrum before anybody fits it."""

from dataclasses import dataclass

import numpy as np

from electrolith.lab.impedance.kramers_kronig import KramersKronig, kramers_kronig
from electrolith.lab.impedance.spectrum import Spectrum

FEWEST_PER_DECADE = 5.0


@dataclass(frozen=True, eq=False)
class Quality:
    """What the spectrum is worth.

    warnings : in words, empty when nothing rings.
    points_per_decade : mean density.
    decades : width of the sweep.
    kramers_kronig : the linear test, None below eight points.
    """

    source: str
    warnings: tuple[str, ...]
    points_per_decade: float
    decades: float
    kramers_kronig: KramersKronig | None


def check_spectrum(spectrum: Spectrum) -> Quality:
    """Look for what spoils a fit: drift, inductance or blocking only, negative Z', sparse points."""
    frequency, impedance = spectrum.frequency, spectrum.impedance
    decades = float(np.log10(frequency.max() / frequency.min()))
    density = float((frequency.size - 1) / decades) if decades > 0 else 0.0
    test = kramers_kronig(spectrum) if frequency.size >= 8 and decades > 0 else None
    phase = np.rad2deg(np.angle(impedance))
    found = []
    if density < FEWEST_PER_DECADE:
        found.append(
            f"{density:.1f} points per decade; fewer than {FEWEST_PER_DECADE:g} hide overlapping arcs"
        )
    if np.all(impedance.imag > 0):
        found.append(
            "inductive at every frequency: no relaxation to see; cables, or the sign of Z'' is swapped"
        )
    elif (coil := inductive_points(spectrum)).any():
        found.append(f"{int(coil.sum())} points with Z'' > 0 (inductance of cables at high frequency)")
    if np.all(phase < -75):
        found.append(
            "blocking at every frequency: an upper limit to the conductivity is all that can be said"
        )
    if np.any(impedance.real < 0):
        found.append(
            f"{int(np.sum(impedance.real < 0))} points with negative Z': artefact of the instrument or "
            f"contacts"
        )
    if np.unique(frequency).size < frequency.size:
        found.append("frequencies measured more than once: repeated points or spectra run together")
    if test is not None and not test.passed:
        found.append(test.verdict)
    return Quality(spectrum.source, tuple(found), density, decades, test)


def inductive_points(spectrum: Spectrum) -> np.ndarray:
    """Points with Z'' above 2 % of |Z|, bool (F,); less may be the noise of a resistance."""
    return np.asarray(spectrum.impedance.imag > 0.02 * np.abs(spectrum.impedance))
