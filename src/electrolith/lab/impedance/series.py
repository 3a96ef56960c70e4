"""Impedance at several temperatures: conductivities and their Arrhenius lines, part by part."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from electrolith.core.arrhenius import Arrhenius, fit_arrhenius
from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.arcs import Arc, read_arcs
from electrolith.lab.impedance.fit import CircuitFit, FitSettings, fit_circuit
from electrolith.lab.impedance.geometry import Geometry, conductivity_warning
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.together import fit_together

Array = np.ndarray
Form = Literal["sigma T", "sigma"]
ROOM = 298.15


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

    parts : total first.
    fits : by rising temperature.
    arcs : of every fit.
    failures : (source, reason).
    warnings : in words.
    """

    parts: tuple[PartSeries, ...]
    fits: tuple[CircuitFit, ...]
    arcs: tuple[tuple[Arc, ...], ...]
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
    spectra: tuple[Spectrum, ...], geometry: Geometry, settings: SeriesSettings
) -> ConductivitySeries:
    r"""Fit every spectrum, turn resistances into conductivities, and fit ln σT = ln A - Ea/kT.

    The doubt of the geometry is common to all temperatures: it enters σ and A, not Ea.

    Raises
    ------
    InputError
        If a spectrum has no temperature, or no spectrum can be fitted.
    """
    if untold := [s.source for s in spectra if s.temperature is None]:
        raise InputError(f"no temperature for {untold[0]}; give temperatures in the order of the files")
    fits, order, failures = [], [], []
    for position, spectrum in enumerate(spectra):
        try:
            fits.append(fit_circuit(spectrum, settings.fit))
            order.append(position)
        except ElectrolithError as error:
            failures.append((spectrum.source, str(error)))
    if not fits:
        raise InputError(f"no spectrum could be fitted; first reason: {failures[0][1]}")
    if settings.simultaneous:
        fits = list(fit_together(tuple(fits)))
    arcs = [read_arcs(fit, geometry) for fit in fits]
    branch = _branches(np.array([fit.temperature or np.nan for fit in fits]))
    warnings = [f"{fit.source}: {name} {why}" for fit in fits for name, why in fit.undetermined.items()]
    parts = [
        p for p in (_part(*named, geometry, branch, settings) for named in _resistances(fits, arcs)) if p
    ]
    for part in parts[:1]:
        for one in part.conductivity:
            if text := conductivity_warning(one.value * 100, geometry):
                warnings.append(text)
                break
    rank = np.argsort([fit.temperature or 0.0 for fit in fits], kind="stable")
    return ConductivitySeries(
        tuple(parts),
        tuple(fits[i] for i in rank),
        tuple(arcs[i] for i in rank),
        tuple(failures),
        tuple(warnings),
        settings,
    )


def _branches(temperature: Array) -> Array:
    """+1 where the temperature rose to a point, -1 where it fell; the first as the second."""
    if temperature.size < 2:
        return np.ones(temperature.size)
    steps = np.sign(np.diff(temperature))
    return np.concatenate([steps[:1], steps])


def _resistances(
    fits: list[CircuitFit], arcs: list[tuple[Arc, ...]]
) -> list[tuple[str, list[Estimate | None], Array]]:
    """(part, resistances, temperatures): the total, then each arc by its order of time constants."""
    temperature = np.array([fit.temperature for fit in fits], dtype=float)
    total: list[Estimate | None] = [fit.total_resistance for fit in fits]
    named = [("total", total, temperature)]
    coldest = int(np.argmin(temperature))
    count = len(arcs[coldest])
    for rank in range(count if count > 1 else 0):
        label = arcs[coldest][rank].label
        label = label if label not in [n for n, _, _ in named] else f"{label} {rank + 1}"
        series = [a[rank].resistance if a[rank].resistance.doubt == "known" else None for a in arcs]
        named.append((label, series, temperature))
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
    ohms = np.array([r.value for r in found])
    spread = np.array([r.std for r in found]) / ohms
    constant = geometry.cell_constant
    logarithm = np.log(constant.value / 100 / ohms)
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
    return resistance is not None and resistance.value > 0 and resistance.std < resistance.value


def _matched(relative: Array, size: int) -> Array:
    """Draws of the geometry in the number needed; a single value broadcasts."""
    return relative if relative.size in (1, size) else np.resize(relative, size)


def _line(
    kelvin: Array, logarithm: Array, spread: Array, settings: SeriesSettings, rng: np.random.Generator
) -> tuple[Arrhenius, Estimate, Array, float]:
    """Line, activation energy, draws of the intercept, and √(χ²/dof), which widens the errors."""
    variance = spread**2
    first = fit_arrhenius(kelvin, logarithm, covariance=np.maximum(variance, 1e-12))
    # a wrong temperature moves a point along the line by E/kT² δT
    lean = first.activation_energy / (BOLTZMANN * kelvin**2) * settings.temperature_error
    line = fit_arrhenius(kelvin, logarithm, covariance=np.maximum(variance + lean**2, 1e-12))
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
    return _line(t, logarithm[chosen] + power * np.log(t), spread[chosen], settings, rng)[1]
