r"""Which of a few physical circuits the data support: Akaike criterion, summed over the spectra of a cell.

Residuals that follow each other count for fewer data, so that a slightly wrong model does not make every
further element look certain; and an arc whose resistance the data do not determine earns nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.progress import tracked
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.fit import (
    CircuitFit,
    FitSettings,
    arcs_of,
    correlation_time,
    fit_circuit,
    time_constant,
)
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
RICHER: Final[dict[str, tuple[str, ...]]] = {
    "blocking": (
        "p(R1,CPE1)-TLM1",
        "p(R1,CPE1)-p(R2,CPE2)-TLM1",
        "p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)-CPE4",
    ),
    "lithium": (),
}
STRUCTURE = 1.5  # neighbouring residuals that say the same, above which richer circuits are tried
COIL_FROM = 3e5  # Hz; below it the microhenry of a cable is not seen
WITNESSES = 8  # spectra of a series that choose its circuit
NOTHING = 1e-6  # an extra arc that earns nothing must not win by rounding


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

    circuits : in the order of rising criterion.
    criterion : AICc summed over the spectra, less the smallest, the same order.
    weights : Akaike weights, the relative support.
    skipped : circuits the data are too few for.
    series : fits of every circuit, one per spectrum that took part, the same order.
    sources : of those spectra.
    """

    circuits: tuple[str, ...]
    criterion: tuple[float, ...]
    weights: tuple[float, ...]
    skipped: tuple[str, ...]
    series: tuple[tuple[CircuitFit, ...], ...]
    sources: tuple[str, ...]

    @property
    def fits(self) -> tuple[CircuitFit, ...]:
        """Fits of the first spectrum."""
        return tuple(fits[0] for fits in self.series)

    @property
    def best(self) -> CircuitFit:
        """The fit of the first spectrum with the best supported circuit."""
        return self.series[0][0]


def choose_circuit(spectrum: Spectrum, settings: ChoiceSettings | None = None) -> Choice:
    """The circuits ranked by one spectrum alone; see `choose_jointly`."""
    return choose_jointly((spectrum,), settings)


def choose_jointly(spectra: Sequence[Spectrum], settings: ChoiceSettings | None = None) -> Choice:
    r"""Fit every candidate to the spectra of one cell and rank them by their summed criterion.

    AICc = N ln(χ²/N) + 2k + 2k(k+1)/(N - k - 1), N the data less those that repeat their neighbours. Of a
    long series eight spectra evenly taken decide.

    Raises
    ------
    InputError
        If no candidate has fewer parameters than there are data.
    """
    settings = settings or ChoiceSettings()
    pick = np.unique(np.linspace(0, len(spectra) - 1, min(WITNESSES, len(spectra))).round().astype(int))
    witnesses = [spectra[i] for i in pick]
    circuits = settings.circuits or CANDIDATES[settings.electrodes]
    fitted, skipped = _fitted(witnesses, circuits, settings)
    if not fitted:
        raise InputError(
            f"{spectra[0].source}: {spectra[0].frequency.size} points are too few for any of {circuits}"
        )
    if not settings.circuits:
        _refine(fitted, witnesses, circuits, settings)
    scores = {circuit: _total(fitted, circuit) for circuit in fitted}
    ranked = sorted(scores, key=lambda c: scores[c])
    relative = np.array([scores[c] for c in ranked]) - scores[ranked[0]]
    support = np.exp(-relative / 2)
    return Choice(
        tuple(ranked),
        tuple(float(r) for r in relative),
        tuple(float(s) for s in support / support.sum()),
        tuple(skipped),
        tuple(fitted[c] for c in ranked),
        tuple(s.source for s in witnesses),
    )


def _refine(
    fitted: dict[str, tuple[CircuitFit, ...]],
    spectra: Sequence[Spectrum],
    circuits: Sequence[str],
    settings: ChoiceSettings,
) -> None:
    """Add what the plain circuits may lack: a cable's inductance, then a richer electrode or a third arc."""
    coil = ""
    if _coiled(spectra, settings):
        leading = sorted(fitted, key=lambda c: _total(fitted, c))[:2]
        fitted |= _fitted(spectra, [f"L0-{c}" for c in leading], settings)[0]
        if _leader(fitted).startswith("L0-"):  # without its coil none of the others was judged fairly
            coil = "L0-"
            rest = [f"L0-{c}" for c in circuits if c in fitted and c not in leading]
            fitted |= _fitted(spectra, rest, settings)[0]
    repeats = [correlation_time(fit.residuals) for fit in fitted[_leader(fitted)]]
    if np.median(repeats) > STRUCTURE:
        fitted |= _fitted(spectra, [coil + c for c in RICHER[settings.electrodes]], settings)[0]


def _leader(fitted: dict[str, tuple[CircuitFit, ...]]) -> str:
    """The best supported circuit."""
    return min(fitted, key=lambda c: _total(fitted, c))


def _fitted(
    spectra: Sequence[Spectrum], circuits: Sequence[str], settings: ChoiceSettings
) -> tuple[dict[str, tuple[CircuitFit, ...]], list[str]]:
    """Fits by circuit, and the circuits some spectrum has too few points for."""
    found, skipped = {}, []
    for circuit in tracked(circuits, "circuit"):
        how = replace(settings.fit, circuit=circuit)
        try:
            fits = fit_neighbours(spectra, how)
        except InputError:
            skipped.append(circuit)
            continue
        if all(np.isfinite(akaike(fit)) for fit in fits):
            found[circuit] = fits
        else:
            skipped.append(circuit)
    return found, skipped


def fit_neighbours(
    spectra: Sequence[Spectrum], settings: FitSettings, near: CircuitFit | None = None
) -> tuple[CircuitFit, ...]:
    """Fits of spectra of one cell, each beginning at its neighbour's besides the random starts."""
    fits: list[CircuitFit] = []
    for spectrum in spectra:
        near = fit_circuit(spectrum, settings, near=None if near is None else near.values)
        fits.append(near)
    return tuple(fits)


def _coiled(spectra: Sequence[Spectrum], settings: ChoiceSettings) -> bool:
    """Whether a cable's inductance may matter somewhere."""
    if settings.fit.drop_inductive:
        return False
    high = min(settings.fit.frequency_high, max(float(s.frequency.max()) for s in spectra))
    return high > COIL_FROM or any(inductive_points(s).sum() >= 2 for s in spectra)


def _total(fitted: dict[str, tuple[CircuitFit, ...]], circuit: str) -> float:
    """Criterion of a circuit over the spectra; an arc that stays undetermined earns nothing."""
    total = 0.0
    for i, fit in enumerate(fitted[circuit]):
        rivals = [fits[i] for fits in fitted.values()]
        best = min(rivals, key=lambda f: f.chi2)
        repeat = correlation_time(best.residuals)
        own = akaike(fit, repeat)
        if _vague(fit):
            smaller = [akaike(f, repeat) for f in rivals if len(f.names) < len(fit.names) and not _vague(f)]
            own = max([own, *(s + NOTHING * len(fit.names) for s in smaller)]) if smaller else own
        total += own
    return total


def _vague(fit: CircuitFit) -> bool:
    """Whether a resistance that was measured, one not slower than the window, is not determined."""
    circuit = Circuit.parse(fit.circuit)
    slowest = 1 / (2 * np.pi * float(fit.frequency.min()))
    slow = {r.name for r, s in arcs_of(circuit) if time_constant(fit.values, r, s) > slowest}
    ohmic = {leaf.name for leaf in circuit.leaves if leaf.element.role == "resistance"}
    return any(name in ohmic and name not in slow for name in fit.undetermined)


def akaike(fit: CircuitFit, repeat: float = 1.0) -> float:
    """Corrected Akaike information criterion of a fit with unknown noise level.

    repeat : neighbouring data that count as one.
    """
    count = 2 * fit.frequency.size
    k = len(fit.names) + 1  # the noise level is fitted too
    if count - k - 1 <= 0:
        return float("inf")
    return float(count / repeat * np.log(fit.chi2 / count) + 2 * k + 2 * k * (k + 1) / (count - k - 1))
