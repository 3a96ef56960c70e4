"""From the spectra of a cell to one finished result: fits, arcs, σ(T), the interface in time, doubts."""

from dataclasses import dataclass

import numpy as np

from electrolith.core.account import account_notes
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.arcs import Arc, read_arcs
from electrolith.lab.impedance.choose import ChoiceSettings, choose_circuit
from electrolith.lab.impedance.fit import CircuitFit, fit_circuit
from electrolith.lab.impedance.geometry import Geometry, conductivity_warning
from electrolith.lab.impedance.growth import Growth, interface_growth
from electrolith.lab.impedance.place import clock, placed
from electrolith.lab.impedance.quality import Quality, check_spectrum
from electrolith.lab.impedance.read import read_many
from electrolith.lab.impedance.relaxation import RelaxationTimes, relaxation_times
from electrolith.lab.impedance.series import ConductivitySeries, conductivity_series
from electrolith.lab.impedance.settings import ImpedanceSettings, pellet_geometry
from electrolith.lab.impedance.spectrum import Spectrum

Failures = tuple[tuple[str, str], ...]


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
    failures: Failures


def measure_impedance(settings: ImpedanceSettings) -> PelletImpedance:
    """Read the files and judge what they hold.

    Raises
    ------
    InputError
        If no file can be read or no spectrum fitted.
    """
    batch = read_many(settings.files)
    if not batch.spectra:
        raise InputError(f"no impedance spectrum could be read; {batch.failures[0][1]}")
    return judge_spectra(batch.spectra, settings, batch.failures)


def judge_spectra(
    spectra: tuple[Spectrum, ...], settings: ImpedanceSettings, failures: Failures = ()
) -> PelletImpedance:
    """Check and fit every spectrum, say what its parts are, and follow them over temperature or time.

    Parameters
    ----------
    spectra : of one cell; temperatures and times of the settings are given to them in this order.
    settings : their `files` are not read here.
    failures : (file, reason) of what could not be read.
    """
    geometry = pellet_geometry(
        settings.diameter, settings.thickness, settings.relative_density, seed=settings.seed
    )
    area = None if geometry is None else geometry.area.value
    spectra = placed(tuple(s.of_area(area) for s in spectra), settings)
    circuit, rivals = _circuit(spectra, settings)
    fits, used, lost = _fitted(spectra, circuit, settings)
    lost = [*failures, *lost]
    if not fits:
        raise InputError(f"no spectrum could be fitted with {circuit}; {lost[0][1]}")
    series = _series(used, geometry, circuit, settings)
    sigma = (
        None
        if geometry is None
        else tuple(geometry.conductivity(f.total_resistance).to("S/cm") for f in fits)
    )
    return PelletImpedance(
        circuit=circuit,
        rivals=rivals,
        fits=fits,
        arcs=tuple(read_arcs(fit, geometry) for fit in fits),
        quality=tuple(check_spectrum(s) for s in used),
        relaxation=tuple(relaxation_times(s) for s in used[:1]),
        conductivity=sigma,
        series=series,
        growth=_growth(used, fits, series, settings),
        remarks=_remarks(used, geometry),
        warnings=(*_reading(used, geometry), *_doubts(fits, geometry, sigma, settings)),
        failures=tuple(lost),
    )


def _fitted(
    spectra: tuple[Spectrum, ...], circuit: str, settings: ImpedanceSettings
) -> tuple[tuple[CircuitFit, ...], tuple[Spectrum, ...], list[tuple[str, str]]]:
    """The fits, the spectra they belong to, and what could not be fitted."""
    fits, used, lost = [], [], []
    for spectrum in spectra:
        try:
            fits.append(fit_circuit(spectrum, settings.fit(circuit)))
            used.append(spectrum)
        except ElectrolithError as error:
            lost.append((spectrum.source, str(error)))
    return tuple(fits), tuple(used), lost


def _remarks(used: tuple[Spectrum, ...], geometry: Geometry | None) -> tuple[str, ...]:
    """What the readers noticed, and what is only recorded."""
    remarks = [r for s in used for r in s.remarks]
    remarks += account_notes(s.account for s in used if s.account is not None)
    if geometry is not None and geometry.density is not None:
        remarks.append(
            f"relative density of the pellet: {geometry.density.text()}; σ is that of the pellet as pressed"
        )
    return tuple(dict.fromkeys(remarks))


def _reading(used: tuple[Spectrum, ...], geometry: Geometry | None) -> tuple[str, ...]:
    """What is doubtful about the files themselves."""
    doubts = [w for s in used if s.account is not None for w in s.account.warnings]
    known = sorted({s.temperature - 273.15 for s in used if s.temperature is not None})
    if geometry is None and len(known) > 1:
        shown = ", ".join(f"{t:.4g}" for t in known[:8])
        doubts.append(
            f"spectra at {shown} °C: a series, but without diameter and thickness there is no σ(T) and no Eₐ"
        )
    return tuple(dict.fromkeys(doubts))


def _doubts(
    fits: tuple[CircuitFit, ...],
    geometry: Geometry | None,
    sigma: tuple[Estimate, ...] | None,
    settings: ImpedanceSettings,
) -> list[str]:
    """What must not be trusted, in words."""
    warning = conductivity_warning(100 * sigma[0].value, geometry) if sigma and geometry else None
    return [*_unstated(settings), *((warning,) if warning else ()), *_mixed(fits)]


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


def _unstated(settings: ImpedanceSettings) -> list[str]:
    """A word on lengths given without their uncertainty."""
    given = {"diameter": settings.diameter, "thickness": settings.thickness}
    bare = [name for name, text in given.items() if text is not None and "(" not in text]
    if not bare:
        return []
    return [
        f"no uncertainty was stated for {' and '.join(bare)}: the doubt of σ lacks it; write '0.90(2) mm'"
    ]


def _circuit(
    spectra: tuple[Spectrum, ...], settings: ImpedanceSettings
) -> tuple[str, tuple[tuple[str, float], ...]]:
    """The circuit given, or the one best supported by the spectrum that shows most: the coldest."""
    if settings.circuit is not None:
        return settings.circuit, ()
    coldest = min(spectra, key=lambda s: s.temperature or np.inf)
    choice = choose_circuit(
        coldest, ChoiceSettings(settings.electrodes, fit=settings.fit("R0-CPE1", starts=64))
    )
    rivals = tuple((f.circuit, c) for f, c in zip(choice.fits, choice.criterion, strict=True))
    return choice.best.circuit, rivals


def _series(
    spectra: tuple[Spectrum, ...], geometry: Geometry | None, circuit: str, settings: ImpedanceSettings
) -> ConductivitySeries | None:
    """The temperature series, where there is one."""
    temperatures = {s.temperature for s in spectra}
    if settings.follow == "time" or geometry is None or None in temperatures or len(temperatures) < 2:
        if settings.follow == "temperature":
            raise InputError(
                "a temperature series needs the geometry and two spectra with different temperatures"
            )
        return None
    return conductivity_series(spectra, geometry, settings.series(circuit))


def _growth(
    spectra: tuple[Spectrum, ...],
    fits: tuple[CircuitFit, ...],
    series: ConductivitySeries | None,
    settings: ImpedanceSettings,
) -> Growth | None:
    """The interface followed in time: the slowest arc of every fit, the total where there is one arc only."""
    if series is not None or settings.follow == "temperature" or len(fits) < 4:
        return None
    times = clock(spectra)
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
