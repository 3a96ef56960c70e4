"""Which of a few physical circuits the data support, by the corrected Akaike criterion."""

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.lab.impedance.fit import CircuitFit, FitSettings, fit_circuit
from electrolith.lab.impedance.quality import inductive_points
from electrolith.lab.impedance.spectrum import Spectrum

Electrodes = Literal["blocking", "lithium"]
CANDIDATES: Final[dict[str, tuple[str, ...]]] = {
    "blocking": (
        "R0-CPE1",
        "p(R1,CPE1)-CPE2",
        "R0-p(R1,CPE1)-CPE2",
        "p(R1,CPE1)-p(R2,CPE2)-CPE3",
        "R0-p(R1,CPE1)-p(R2,CPE2)-CPE3",
    ),
    "lithium": (
        "R0-p(R1,CPE1)",
        "R0-p(R1,CPE1)-W1",
        "p(R1,CPE1)-p(R2,CPE2)",
        "R0-p(R1,CPE1)-p(R2,CPE2)",
        "R0-p(R1,CPE1)-p(R2,CPE2)-W1",
        "R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)",
    ),
}


@dataclass(frozen=True)
class ChoiceSettings:
    """What to compare.

    electrodes : "blocking" or "lithium" picks the candidate circuits.
    circuits : an own list instead.
    fit : how each is fitted; its circuit is replaced.
    """

    electrodes: Electrodes = "blocking"
    circuits: tuple[str, ...] = ()
    fit: FitSettings = field(default_factory=lambda: FitSettings("R0-CPE1"))


@dataclass(frozen=True, eq=False)
class Choice:
    """Candidate circuits, best first.

    fits : in the order of rising criterion.
    criterion : AICc less the smallest, the same order.
    weights : Akaike weights, the relative support.
    skipped : circuits the data are too few for.
    """

    fits: tuple[CircuitFit, ...]
    criterion: tuple[float, ...]
    weights: tuple[float, ...]
    skipped: tuple[str, ...]

    @property
    def best(self) -> CircuitFit:
        """The fit with the smallest criterion."""
        return self.fits[0]


def choose_circuit(spectrum: Spectrum, settings: ChoiceSettings | None = None) -> Choice:
    r"""Fit every candidate and rank them: AICc = N ln(χ²/N) + 2k + 2k(k+1)/(N - k - 1).

    Raises
    ------
    InputError
        If no candidate has fewer parameters than there are data.
    """
    from dataclasses import replace

    settings = settings or ChoiceSettings()
    circuits = settings.circuits or _candidates(spectrum, settings)
    fits, skipped = [], []
    for circuit in circuits:
        try:
            fits.append(fit_circuit(spectrum, replace(settings.fit, circuit=circuit)))
        except InputError:
            skipped.append(circuit)
    scored = sorted(((akaike(fit), i) for i, fit in enumerate(fits)), key=lambda pair: pair)
    if not scored or not np.isfinite(scored[0][0]):
        raise InputError(
            f"{spectrum.source}: {spectrum.frequency.size} points are too few for any of {circuits}"
        )
    relative = np.array([score for score, _ in scored]) - scored[0][0]
    support = np.exp(-relative / 2)
    return Choice(
        tuple(fits[i] for _, i in scored),
        tuple(float(r) for r in relative),
        tuple(float(s) for s in support / support.sum()),
        tuple(skipped),
    )


def _candidates(spectrum: Spectrum, settings: ChoiceSettings) -> tuple[str, ...]:
    """The circuits for the electrodes, with a cable's inductance where the spectrum shows one."""
    plain = CANDIDATES[settings.electrodes]
    low, high = settings.fit.frequency_low, settings.fit.frequency_high
    used = (spectrum.frequency >= low) & (spectrum.frequency <= high)
    inductive = np.count_nonzero(inductive_points(spectrum)[used]) >= 2 and not settings.fit.drop_inductive
    return (*plain, *(f"L0-{circuit}" for circuit in plain)) if inductive else plain


def akaike(fit: CircuitFit) -> float:
    """Corrected Akaike information criterion of a fit with unknown noise level."""
    count = 2 * fit.frequency.size
    k = len(fit.names) + 1  # the noise level is fitted too
    if count - k - 1 <= 0:
        return float("inf")
    return float(count * np.log(fit.chi2 / count) + 2 * k + 2 * k * (k + 1) / (count - k - 1))
