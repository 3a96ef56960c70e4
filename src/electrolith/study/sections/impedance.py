"""Impedance spectra in the study: σ(T) and activation energy of a pellet, or an interface followed in
time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate, parse_estimate
from electrolith.core.units import Unit
from electrolith.lab.impedance.arcs import Arc, read_arcs
from electrolith.lab.impedance.choose import ChoiceSettings, Electrodes, choose_circuit
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.fit import CircuitFit, FitSettings, fit_circuit
from electrolith.lab.impedance.geometry import Geometry, conductivity_warning
from electrolith.lab.impedance.growth import Growth, interface_growth
from electrolith.lab.impedance.quality import Quality, check_spectrum
from electrolith.lab.impedance.read import read_many, temperature_from_name
from electrolith.lab.impedance.relaxation import RelaxationTimes, relaxation_times
from electrolith.lab.impedance.series import ConductivitySeries, Form, SeriesSettings, conductivity_series
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.study.section import Evidence, Part, Results, Section
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = [
    "SECTION",
    "MeasuredImpedance",
    "PelletImpedance",
    "evidence_of",
    "measure",
    "pellet_geometry",
    "pellet_impedance",
]


@dataclass(frozen=True)
class MeasuredImpedance:
    """Impedance files of one cell.

    files : in the order of `temperatures` or `times`.
    diameter, thickness : of the pellet, "10 mm", "0.90(2) mm".
    temperatures : one per spectrum, or "from names" to read them from the file names.
    times : one per spectrum, for a cell followed in time; else the instrument's clock is used.
    follow : what the series runs over; "auto" takes temperatures where there are several, else time.
    circuit : own circuit string; without it the best of a few physical ones is chosen.
    electrodes : which circuits those are.
    form : "sigma T" (the custom of the field) or "sigma".
    relative_density : of the pressed pellet, "0.85(2)", only recorded.
    """

    files: Files
    diameter: str | None = None
    thickness: str | None = None
    temperatures: Literal["from names"] | Annotated[tuple[float, ...], Unit("K")] = "from names"
    times: Annotated[tuple[float, ...], Unit("s")] = ()
    follow: Literal["auto", "temperature", "time"] = "auto"
    circuit: str | None = None
    electrodes: Electrodes = "blocking"
    form: Form = "sigma T"
    simultaneous: bool = False
    temperature_error: Annotated[float, Unit("delta_degC")] = 0.0
    frequency_low: Annotated[float, Unit("Hz")] = 0.0
    frequency_high: Annotated[float, Unit("Hz")] = float("inf")
    relative_density: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.circuit is not None:
            Circuit.parse(self.circuit)
        if (self.diameter is None) != (self.thickness is None):
            raise InputError("diameter and thickness come together, or neither; a conductivity needs both")


@dataclass(frozen=True, eq=False)
class PelletImpedance:
    """What the impedance of a cell says.

    circuit : fitted; rivals: circuit and ΔAICc of those compared.
    fits, arcs : per spectrum.
    conductivity : S/cm per spectrum, None without geometry.
    series : over temperature.
    growth : over time.
    failures : (file, reason).
    """

    circuit: str
    rivals: tuple[tuple[str, float], ...]
    fits: tuple[CircuitFit, ...]
    arcs: tuple[tuple[Arc, ...], ...]
    quality: tuple[Quality, ...]
    relaxation: tuple[RelaxationTimes, ...]
    conductivity: tuple[Estimate, ...] | None
    series: ConductivitySeries | None
    growth: Growth | None
    remarks: tuple[str, ...]
    warnings: tuple[str, ...]
    failures: tuple[tuple[str, str], ...]


def pellet_impedance(settings: MeasuredImpedance) -> PelletImpedance:
    """Read, check and fit every spectrum, and follow it over temperature or time."""
    batch = read_many(settings.files)
    if not batch.spectra:
        raise InputError(f"no impedance spectrum could be read; {batch.failures[0][1]}")
    return measure(_placed(batch.spectra, settings), settings, batch.failures)


def _placed(spectra: tuple[Spectrum, ...], settings: MeasuredImpedance) -> tuple[Spectrum, ...]:
    """Spectra with their temperatures and times."""
    for name, given in (("temperatures", settings.temperatures), ("times", settings.times)):
        if given and given != "from names" and len(given) != len(spectra):
            raise InputError(
                f"{len(given)} {name} for {len(spectra)} spectra; one each, in the order of the files"
            )
    if settings.temperatures == "from names":
        spectra = tuple(s.at(temperature=temperature_from_name(s.source)) for s in spectra)
        spectra = _in_order(spectra)
    else:
        spectra = tuple(s.at(temperature=t) for s, t in zip(spectra, settings.temperatures, strict=True))
    if settings.times:
        return tuple(replace(s, time=t, started=None) for s, t in zip(spectra, settings.times, strict=True))
    return spectra


def _in_order(spectra: tuple[Spectrum, ...]) -> tuple[Spectrum, ...]:
    """By the clock where the files have one, else by temperature: names do not say which came first."""
    clock = _clock(spectra)
    if clock is not None and len({s.started for s in spectra} | {None}) > 2:
        return tuple(spectra[i] for i in np.argsort(clock, kind="stable"))
    return tuple(sorted(spectra, key=lambda s: s.temperature or 0.0))


def measure(
    spectra: tuple[Spectrum, ...],
    settings: MeasuredImpedance,
    failures: tuple[tuple[str, str], ...] = (),
) -> PelletImpedance:
    """The whole evaluation of spectra that are in hand."""
    geometry = pellet_geometry(settings)
    circuit, rivals = _circuit(spectra, settings)
    choice = FitSettings(
        circuit,
        frequency_low=settings.frequency_low,
        frequency_high=settings.frequency_high,
        seed=settings.seed,
    )
    fits, used, lost = [], [], list(failures)
    for spectrum in spectra:
        try:
            fits.append(fit_circuit(spectrum, choice))
            used.append(spectrum)
        except ElectrolithError as error:
            lost.append((spectrum.source, str(error)))
    if not fits:
        raise InputError(f"no spectrum could be fitted with {circuit}; {lost[0][1]}")
    series = _series(tuple(used), geometry, choice, settings)
    sigma = (
        None
        if geometry is None
        else tuple(geometry.conductivity(f.total_resistance).to("S/cm") for f in fits)
    )
    warning = conductivity_warning(100 * sigma[0].value, geometry) if sigma and geometry else None
    remarks = [r for s in used for r in s.remarks]
    if geometry is not None and geometry.density is not None:
        remarks.append(
            f"relative density of the pellet: {geometry.density.text()}; σ is that of the pellet as pressed"
        )
    return PelletImpedance(
        circuit=circuit,
        rivals=rivals,
        fits=tuple(fits),
        arcs=tuple(read_arcs(fit, geometry) for fit in fits),
        quality=tuple(check_spectrum(s) for s in used),
        relaxation=tuple(relaxation_times(s) for s in used[:1]),
        conductivity=sigma,
        series=series,
        growth=_growth(tuple(used), tuple(fits), series, settings),
        remarks=tuple(dict.fromkeys(remarks)),
        warnings=(*_unstated(settings), *((warning,) if warning else ()), *_mixed(tuple(fits))),
        failures=tuple(lost),
    )


def pellet_geometry(settings: MeasuredImpedance) -> Geometry | None:
    """The pellet, None where it was not given."""
    if settings.diameter is None or settings.thickness is None:
        return None
    rng = np.random.default_rng(settings.seed)
    density = settings.relative_density
    return Geometry(
        _length(settings.diameter, rng),
        _length(settings.thickness, rng),
        None if density is None else parse_estimate(density, "1", rng=rng),
    )


def _length(text: str, rng: np.random.Generator) -> Estimate:
    """A length in m; one without stated doubt enters with none, and `_unstated` says so in the report."""
    found = parse_estimate(text, "m", rng=rng)
    return Estimate.exact(found.value, "m") if found.doubt == "unknown" else found


def _mixed(fits: tuple[CircuitFit, ...]) -> list[str]:
    """Spectra of one temperature that cannot be of one sample."""
    found = []
    for i, one in enumerate(fits):
        for other in fits[:i]:
            if one.temperature is None or one.temperature != other.temperature:
                continue
            a, b = one.total_resistance.value, other.total_resistance.value
            if max(a, b) > 3 * min(a, b) > 0:
                found.append(
                    f"{one.source} and {other.source} are at one temperature and differ by a factor of "
                    f"{max(a, b) / min(a, b):.1f}: different cells in one folder, or a sample that changed"
                )
    return found[:5]


def _unstated(settings: MeasuredImpedance) -> list[str]:
    """A word on lengths given without their uncertainty."""
    given = {"diameter": settings.diameter, "thickness": settings.thickness}
    bare = [name for name, text in given.items() if text is not None and "(" not in text]
    if not bare:
        return []
    return [
        f"no uncertainty was stated for {' and '.join(bare)}: the doubt of σ lacks it; write '0.90(2) mm'"
    ]


def _circuit(
    spectra: tuple[Spectrum, ...], settings: MeasuredImpedance
) -> tuple[str, tuple[tuple[str, float], ...]]:
    """The circuit given, or the one best supported by the spectrum that shows most: the coldest."""
    if settings.circuit is not None:
        return settings.circuit, ()
    coldest = min(spectra, key=lambda s: s.temperature or np.inf)
    base = FitSettings(
        "R0-CPE1", frequency_low=settings.frequency_low, frequency_high=settings.frequency_high, starts=64
    )
    choice = choose_circuit(coldest, ChoiceSettings(settings.electrodes, fit=base))
    rivals = tuple((f.circuit, c) for f, c in zip(choice.fits, choice.criterion, strict=True))
    return choice.best.circuit, rivals


def _series(
    spectra: tuple[Spectrum, ...], geometry: Geometry | None, fit: FitSettings, settings: MeasuredImpedance
) -> ConductivitySeries | None:
    """The temperature series, where there is one."""
    temperatures = {s.temperature for s in spectra}
    if settings.follow == "time" or geometry is None or None in temperatures or len(temperatures) < 2:
        if settings.follow == "temperature":
            raise InputError(
                "a temperature series needs the geometry and two spectra with different temperatures"
            )
        return None
    how = SeriesSettings(
        fit,
        form=settings.form,
        temperature_error=settings.temperature_error,
        simultaneous=settings.simultaneous,
        seed=settings.seed,
    )
    return conductivity_series(spectra, geometry, how)


def _growth(
    spectra: tuple[Spectrum, ...],
    fits: tuple[CircuitFit, ...],
    series: ConductivitySeries | None,
    settings: MeasuredImpedance,
) -> Growth | None:
    """The interface followed in time: the slowest arc of every fit, the total where there is one arc only."""
    if series is not None or settings.follow == "temperature" or len(fits) < 4:
        return None
    times = _clock(spectra)
    if times is None or np.any(np.diff(times) <= 0):
        if settings.follow == "time":
            raise InputError(
                "no rising times: give `times`, one per spectrum, or files whose clock can be read"
            )
        return None
    arcs = [read_arcs(fit) for fit in fits]
    found = [a[-1].resistance if len(a) > 1 else f.total_resistance for a, f in zip(arcs, fits, strict=True)]
    ohms = np.array([r.value for r in found])
    doubt = np.array([r.std if r.doubt == "known" else np.nan for r in found])
    doubt = np.where(np.isfinite(doubt), doubt, np.nanmax(doubt) if np.isfinite(doubt).any() else 0.05 * ohms)
    return interface_growth(times, ohms, doubt, seed=settings.seed)


def _clock(spectra: tuple[Spectrum, ...]) -> np.ndarray | None:
    """Time of every spectrum in s from the first, by the file's own start where it has one."""
    if any(s.time is None for s in spectra):
        return None
    starts = [0.0 if s.started is None else datetime.fromisoformat(s.started).timestamp() for s in spectra]
    times = np.array([start + float(s.time or 0.0) for start, s in zip(starts, spectra, strict=True)])
    return times - times[0]


def evidence_of(found: PelletImpedance) -> tuple[Evidence, ...]:
    """Conductivity at 300 K and activation energy of the whole pellet."""
    if found.series is None or not found.series.parts:
        return ()
    total = found.series.parts[0]
    t, power = total.reference, 1.0 if total.form == "sigma T" else 0.0
    at_300 = total.at_reference.through(
        lambda s, e: s * (t / 300.0) ** power * np.exp(e / BOLTZMANN * (1 / t - 1 / 300.0)),
        total.activation_energy,
        unit="S/cm",
    )
    note = f"impedance, ln {'σT' if power else 'σ'} of {total.temperature.size} temperatures"
    source = f"{len(found.fits)} spectra"
    return (
        Evidence("conductivity_300K", "σ(300 K)", at_300, "measured", source, note=note),
        Evidence("activation_energy", "Eₐ", total.activation_energy, "measured", source, note=note),
    )


def evidence(results: Results) -> tuple[Evidence, ...]:
    """The section's rows of the headline."""
    found = results.get(PelletImpedance)
    return () if found is None else evidence_of(found)


def parts(results: Results) -> tuple[Part, ...]:
    """The section's part of the report."""
    from electrolith.study.sections.impedance_parts import (
        impedance_parts,  # it needs this module's result type
    )

    found = results.get(PelletImpedance)
    return () if found is None else impedance_parts(found)


SECTION = Section("measured.impedance", MeasuredImpedance, (Stage(pellet_impedance),), evidence, parts)
