"""Impedance at several temperatures: conductivities and their Arrhenius lines, part by part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from electrolith.core.arrhenius import Arrhenius, fit_arrhenius
from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.electrolyte import Electrolyte, electrolytes_of
from electrolith.lab.impedance.fit import CircuitFit, FitSettings, fit_circuit
from electrolith.lab.impedance.geometry import Geometry, conductivity_warning
from electrolith.lab.impedance.leads import Leads
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.together import Together, fit_together

Array = np.ndarray
Form = Literal["sigma T", "sigma"]
ROOM = 298.15
BENT = 3.0  # √(χ²/dof) of a line; of seven good points one series in a thousand exceeds it


@dataclass(frozen=True)
class SeriesSettings:
    """How a temperature series is evaluated.

    fit : circuit and weights of every spectrum.
    form : "sigma T" fits ln σT (the custom of the field), "sigma" ln σ.
    temperature_error : standard deviation of one temperature reading, K; enters Ea.
    simultaneous : fit all spectra at once, every resistance following its own Arrhenius line.
    reference : temperature the conductivity is quoted at, K.
    """

    fit: FitSettings = field(default_factory=lambda: FitSettings("p(R1,CPE1)-CPE2"))
    form: Form = "sigma T"
    temperature_error: float = 0.0
    simultaneous: bool = False
    reference: float = ROOM
    seed: int = 0

    def __post_init__(self) -> None:
        if self.form not in ("sigma T", "sigma"):
            raise InputError(f"form must be 'sigma T' or 'sigma', got {self.form!r}")
        if self.temperature_error < 0:
            raise InputError(f"temperature_error must not be negative, got {self.temperature_error}")


@dataclass(frozen=True, eq=False)
class PartSeries:
    """Conductivity of one part of the sample against temperature.

    part : "total", "bulk", "grain boundary", ...
    temperature : K, (n,).
    conductivity : S/cm, each with the geometry's doubt, which is common to all.
    activation_energy : eV, of the form named.
    other_activation_energy : eV, of the other form.
    at_reference : S/cm, at the temperature `reference`, K.
    line : the fitted line, of ln(σT/(S K/cm)) or ln(σ/(S/cm)).
    scatter : √(χ²/dof) of the line; above one it widens the errors.
    heating, cooling : activation energies of the two branches, eV, where both have at least three
        points.
    """

    part: str
    form: Form
    temperature: Array
    conductivity: tuple[Estimate, ...]
    activation_energy: Estimate
    other_activation_energy: float
    at_reference: Estimate
    reference: float
    line: Arrhenius
    scatter: float
    heating: Estimate | None
    cooling: Estimate | None

    def at(self, temperature: float) -> Estimate:
        """Conductivity on the line at a temperature in K, S/cm, with the line's and the geometry's doubt."""
        t, power = self.reference, 1.0 if self.form == "sigma T" else 0.0
        return self.at_reference.through(
            lambda s, e: s * (t / temperature) ** power * np.exp(e / BOLTZMANN * (1 / t - 1 / temperature)),
            self.activation_energy,
            unit="S/cm",
        )


@dataclass(frozen=True, eq=False)
class ConductivitySeries:
    """Everything a temperature series of a pellet says.

    parts : the whole electrolyte first ("total"), then bulk and grain boundary where they were told apart.
    fits : by rising temperature.
    electrolytes : of every fit.
    together : the fit of all temperatures at once, where it was asked for.
    failures : (source, reason).
    warnings : in words.
    """

    parts: tuple[PartSeries, ...]
    fits: tuple[CircuitFit, ...]
    electrolytes: tuple[Electrolyte, ...]
    together: Together | None
    failures: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    settings: SeriesSettings

    def part(self, name: str) -> PartSeries:
        """The series of one part of the sample.

        Raises
        ------
        InputError
            If no arc carries that label.
        """
        found = next((p for p in self.parts if p.part == name), None)
        if found is None:
            raise InputError(f"no part {name!r}; known: {', '.join(p.part for p in self.parts)}")
        return found


def conductivity_series(
    spectra: tuple[Spectrum, ...], geometry: Geometry, settings: SeriesSettings, leads: Leads | None = None
) -> ConductivitySeries:
    r"""Fit every spectrum with one circuit and follow its electrolyte over temperature; see `series_of`.

    Raises
    ------
    InputError
        If a spectrum has no temperature, or no spectrum can be fitted.
    """
    if untold := [s.source for s in spectra if s.temperature is None]:
        raise InputError(f"no temperature for {untold[0]}; give temperatures in the order of the files")
    fits, failures = [], []
    for spectrum in spectra:
        try:
            fits.append(fit_circuit(spectrum, settings.fit))
        except ElectrolithError as error:
            failures.append((spectrum.source, str(error)))
    if not fits:
        raise InputError(f"no spectrum could be fitted; first reason: {failures[0][1]}")
    read, lost = electrolytes_of(
        tuple((fit,) for fit in fits), (1.0,), geometry=geometry, leads=leads, seed=settings.seed
    )
    kept = [i for i, one in enumerate(read) if one is not None]
    if not kept:
        raise InputError(f"no spectrum shows an electrolyte; first reason: {lost[0][1]}")
    return series_of(
        [fits[i] for i in kept],
        [one for one in read if one is not None],
        geometry,
        settings,
        leads,
        failures=(*failures, *lost),
    )


def series_of(
    fits: Sequence[CircuitFit],
    electrolytes: Sequence[Electrolyte],
    geometry: Geometry,
    settings: SeriesSettings,
    leads: Leads | None = None,
    *,
    failures: tuple[tuple[str, str], ...] = (),
) -> ConductivitySeries:
    r"""Turn the electrolyte's resistances into conductivities and fit ln σT = ln A - Ea/kT.

    The doubt of the geometry is common to all temperatures: it enters σ and A, not Ea. That of the leads is
    common as well, and enters Ea, because it weighs more the hotter the cell.

    Parameters
    ----------
    fits, electrolytes : in the order of measurement, each fit with a temperature.
    """
    branch = _branches(np.array([fit.temperature or np.nan for fit in fits]))
    together = None
    if settings.simultaneous:
        together = fit_together(tuple(fits))
        fits = together.fits
        # one order of draws for all: their errors are common, and the draws keep that
        read, _ = electrolytes_of(
            tuple((fit,) for fit in fits),
            (1.0,),
            geometry=geometry,
            leads=leads,
            seed=settings.seed,
            common=True,
        )
        electrolytes = [new or old for new, old in zip(read, electrolytes, strict=True)]
    warnings = [] if together is None or not together.rejected else [together.text]
    temperature = np.array([fit.temperature for fit in fits], dtype=float)
    parts = [
        p
        for p in (_part(*named, temperature, geometry, branch, settings) for named in _named(electrolytes))
        if p
    ]
    odd = (conductivity_warning(s.value * 100, geometry) for part in parts[:1] for s in part.conductivity)
    warnings += [text for text in odd if text][:1]
    warnings += [
        f"{part.part}: the points leave the Arrhenius line by {part.scatter:.1f} times their errors: leads, "
        "a change of the sample, or more than one process"
        for part in parts
        if part.scatter > BENT
    ]
    rank = np.argsort(temperature, kind="stable")
    return ConductivitySeries(
        tuple(parts),
        tuple(fits[i] for i in rank),
        tuple(electrolytes[i] for i in rank),
        together,
        failures,
        tuple(warnings),
        settings,
    )


def _branches(temperature: Array) -> Array:
    """+1 where the temperature rose to a point, -1 where it fell; the first as the second."""
    if temperature.size < 2:
        return np.ones(temperature.size)
    steps = np.sign(np.diff(temperature))
    return np.concatenate([steps[:1], steps])


def _named(electrolytes: Sequence[Electrolyte]) -> list[tuple[str, list[Estimate | None]]]:
    """(part, resistances): the whole, then bulk and grain boundary by what each arc was taken for."""
    named: list[tuple[str, list[Estimate | None]]] = [("total", [e.resistance for e in electrolytes])]
    for label, series in (
        ("bulk", [e.bulk for e in electrolytes]),
        ("grain boundary", [e.grain_boundary for e in electrolytes]),
    ):
        if sum(_usable(r) for r in series) > 1:
            named.append((label, series))
    return named


def _part(
    name: str,
    resistances: list[Estimate | None],
    temperature: Array,
    geometry: Geometry,
    branch: Array,
    settings: SeriesSettings,
) -> PartSeries | None:
    """Arrhenius lines of one part, None with fewer than two usable temperatures."""
    rng = np.random.default_rng(settings.seed + 1)
    usable = [(r, t, b) for r, t, b in zip(resistances, temperature, branch, strict=True) if _usable(r)]
    if len({t for _, t, _ in usable}) < 2:
        return None
    found = [r for r, _, _ in usable if r is not None]
    kelvin, ways = np.array([t for _, t, _ in usable]), np.array([b for _, _, b in usable])
    constant = geometry.cell_constant
    logarithm = np.log(constant.value / 100 / np.array([r.value for r in found]))
    spread = _covariance(found)
    power = 1.0 if settings.form == "sigma T" else 0.0
    line, energy, intercept, scatter = _line(
        kelvin, logarithm + power * np.log(kelvin), spread, settings, rng
    )
    if settings.simultaneous:
        energy, intercept = _drawn_line(kelvin, found, constant.value / 100, power)
    other = _line(kelvin, logarithm + (1 - power) * np.log(kelvin), spread, settings, rng)[
        0
    ].activation_energy
    relative = constant.draws / constant.value
    reference = settings.reference
    quoted = np.exp(intercept - energy.draws / (BOLTZMANN * reference)) / reference**power
    return PartSeries(
        part=name,
        form=settings.form,
        temperature=kelvin,
        conductivity=tuple(geometry.conductivity(r).to("S/cm") for r in found),
        activation_energy=energy,
        other_activation_energy=other,
        at_reference=Estimate(quoted * _matched(relative, quoted.size), "S/cm"),
        reference=reference,
        line=line,
        scatter=scatter,
        heating=_branch_energy(kelvin, logarithm, spread, ways > 0, ways, power, settings, rng),
        cooling=_branch_energy(kelvin, logarithm, spread, ways < 0, ways, power, settings, rng),
    )


def _usable(resistance: Estimate | None) -> bool:
    """A positive resistance with a sensible doubt."""
    return resistance is not None and resistance.value > 0 and _width(resistance) < 0.7 * resistance.value


def _width(resistance: Estimate) -> float:
    """Half of the central 68 %: rare draws of another circuit do not blow it up."""
    low, high = resistance.interval()
    return (high - low) / 2


def _covariance(found: list[Estimate]) -> Array:
    """Covariance of ln R (n, n): what the temperatures share, the leads, stands beside the diagonal.

    Correlations that two thousand draws cannot tell from none are none.
    """
    size = np.array([_width(r) / r.value for r in found])
    if len(found) == 1 or any(r.draws.size != found[0].draws.size for r in found):
        return np.diag(size**2)
    ranks = np.argsort(np.argsort([r.draws for r in found], axis=1), axis=1).astype(float)
    shared = np.corrcoef(ranks) if np.all(size > 0) else np.eye(len(found))
    shared = np.where(np.abs(shared) > 0.1, np.clip(shared, -0.98, 0.98), 0.0)
    np.fill_diagonal(shared, 1.0)
    values, vectors = np.linalg.eigh(shared)
    shared = (vectors * np.clip(values, 1e-3, None)) @ vectors.T
    return np.asarray(shared * np.outer(size, size))


def _matched(relative: Array, size: int) -> Array:
    """Draws of the geometry in the number needed; a single value broadcasts."""
    return relative if relative.size in (1, size) else np.resize(relative, size)


def _line(
    kelvin: Array, logarithm: Array, spread: Array, settings: SeriesSettings, rng: np.random.Generator
) -> tuple[Arrhenius, Estimate, Array, float]:
    """Line, activation energy, draws of the intercept, and √(χ²/dof), which widens the errors."""
    variance = spread + 1e-12 * np.eye(len(kelvin))
    first = fit_arrhenius(kelvin, logarithm, covariance=variance)
    # a wrong temperature moves a point along the line by E/kT² δT
    lean = first.activation_energy / (BOLTZMANN * kelvin**2) * settings.temperature_error
    line = fit_arrhenius(kelvin, logarithm, covariance=variance + np.diag(lean**2))
    scatter = float(np.sqrt(line.chi2 / line.dof)) if line.dof > 0 else float("nan")
    widen = max(1.0, scatter) if np.isfinite(scatter) else 1.0
    values, vectors = np.linalg.eigh(line.covariance * widen**2)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    drawn = np.array([line.intercept, line.activation_energy]) + rng.standard_normal((2000, 2)) @ root.T
    return line, Estimate(drawn[:, 1], "eV"), drawn[:, 0], scatter


def _drawn_line(
    kelvin: Array, found: list[Estimate], constant: float, power: float
) -> tuple[Estimate, Array]:
    """Activation energy and intercepts from a line through every draw; for errors common to all points."""
    ohms = np.maximum(np.array([r.draws for r in found]), 1e-300)
    logarithms = np.log(constant / ohms) + power * np.log(kelvin)[:, None]
    slope, intercept = np.polyfit(-1 / (BOLTZMANN * kelvin), logarithms, 1)
    return Estimate(slope, "eV"), intercept


def _branch_energy(
    kelvin: Array,
    logarithm: Array,
    spread: Array,
    chosen: Array,
    ways: Array,
    power: float,
    settings: SeriesSettings,
    rng: np.random.Generator,
) -> Estimate | None:
    """Activation energy of heating or cooling alone, where both were measured."""
    if len(np.unique(ways)) < 2 or chosen.sum() < 3 or np.unique(kelvin[chosen]).size < 2:
        return None
    t = kelvin[chosen]
    return _line(t, logarithm[chosen] + power * np.log(t), spread[np.ix_(chosen, chosen)], settings, rng)[1]
