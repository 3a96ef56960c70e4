"""From the spectra of a cell to one finished result: fits, arcs, σ(T), the interface in time, doubts."""

from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.account import account_notes
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate, parse_estimate
from electrolith.core.plausible import ring
from electrolith.core.progress import tracked
from electrolith.lab.impedance.arcs import Arc, read_arcs
from electrolith.lab.impedance.choose import Choice, ChoiceSettings, choose_jointly
from electrolith.lab.impedance.electrolyte import SUPPORT, Electrolyte, electrolytes_of
from electrolith.lab.impedance.fit import CircuitFit, fit_circuit
from electrolith.lab.impedance.geometry import Geometry, conductivity_warning
from electrolith.lab.impedance.growth import Growth, interface_growth
from electrolith.lab.impedance.leads import Leads, corrected, influence
from electrolith.lab.impedance.place import clock, placed
from electrolith.lab.impedance.quality import Quality, check_spectrum
from electrolith.lab.impedance.read import read_impedance, read_many
from electrolith.lab.impedance.relaxation import RelaxationTimes, relaxation_times, relaxing_part
from electrolith.lab.impedance.series import ConductivitySeries, series_of
from electrolith.lab.impedance.settings import ImpedanceSettings, pellet_geometry
from electrolith.lab.impedance.spectrum import Spectrum

Failures = tuple[tuple[str, str], ...]
FEWEST_DECADES, FEWEST_POINTS = 1.0, 8
RIVALS = 3  # circuits that every spectrum of a series is fitted with, where their evidence is similar


@dataclass(frozen=True, eq=False)
class PelletImpedance:
    """What the impedance of a cell says.

    circuit : fitted; rivals: circuit and ΔAICc, summed over the spectra that took part, of those compared.
    fits, arcs : per spectrum, with that circuit.
    electrolytes : per spectrum, None where no resistance can be the electrolyte's.
    conductivity : S/cm per spectrum, None without geometry.
    series : over temperature.
    growth : over time, of what `followed` names.
    failures : (file, reason).
    """

    circuit: str
    rivals: tuple[tuple[str, float], ...]
    fits: tuple[CircuitFit, ...]
    arcs: tuple[tuple[Arc, ...], ...]
    electrolytes: tuple[Electrolyte | None, ...]
    quality: tuple[Quality, ...]
    relaxation: tuple[RelaxationTimes, ...]
    conductivity: tuple[Estimate | None, ...] | None
    series: ConductivitySeries | None
    growth: Growth | None
    followed: str
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
    length = None if geometry is None else geometry.thickness.value
    leads = _leads(settings)
    spectra, lost = _usable(placed(tuple(s.in_ohm(area, length) for s in spectra), settings), leads, settings)
    lost = [*failures, *lost]
    if not spectra:
        raise InputError(f"no spectrum can be used; {lost[-1][1]}")
    choice = _choice(spectra, settings)
    table, used, unfitted = _fitted(spectra, choice, settings)
    lost += unfitted
    if not table:
        raise InputError(f"no spectrum could be fitted with {choice.circuits[0]}; {lost[-1][1]}")
    fits = tuple(row[0] for row in table)
    weights = choice.weights[: len(table[0])]
    electrolytes, unseen = electrolytes_of(table, weights, geometry=geometry, leads=leads, seed=settings.seed)
    series = _series(fits, electrolytes, geometry, leads, settings)
    growth, followed = _growth(used, electrolytes, series, settings)
    sigma = None if geometry is None else tuple(_conductivity(e, geometry) for e in electrolytes)
    relaxation, missed = _relaxation(fits[0])
    return PelletImpedance(
        circuit=choice.circuits[0],
        rivals=() if settings.circuit else tuple(zip(choice.circuits, choice.criterion, strict=True)),
        fits=fits,
        arcs=tuple(read_arcs(fit, geometry) for fit in fits),
        electrolytes=tuple(electrolytes),
        quality=tuple(check_spectrum(s) for s in used),
        relaxation=relaxation,
        conductivity=sigma,
        series=series,
        growth=growth,
        followed=followed,
        remarks=(*_remarks(used, geometry), *missed),
        warnings=tuple(
            dict.fromkeys(
                [
                    *_reading(used, geometry),
                    *_unstated(settings),
                    *_doubts(fits, electrolytes, geometry, sigma),
                    *(f"{source}: {reason}" for source, reason in unseen),
                    *influence(_points(fits, electrolytes), leads, settings.form),
                    *(series.warnings if series else ()),
                    *_diluted(growth, followed, settings),
                ]
            )
        ),
        failures=tuple(lost),
    )


def _leads(settings: ImpedanceSettings) -> Leads:
    """Cables and contacts as far as they were measured."""
    if settings.short_circuit is not None:
        return Leads(short=read_impedance(settings.short_circuit)[0])
    if settings.leads is None:
        return Leads()
    rng = np.random.default_rng(settings.seed)
    return Leads(parse_estimate(settings.leads, "ohm", rng=rng))


def _usable(
    spectra: tuple[Spectrum, ...], leads: Leads, settings: ImpedanceSettings
) -> tuple[tuple[Spectrum, ...], list[tuple[str, str]]]:
    """Spectra wide enough to say something, without their leads, and (source, reason) of the others."""
    kept, lost = [], []
    for spectrum in spectra:
        inside = spectrum.frequency[
            (spectrum.frequency >= settings.frequency_low) & (spectrum.frequency <= settings.frequency_high)
        ]
        decades = float(np.log10(inside.max() / inside.min())) if inside.size else 0.0
        if inside.size < FEWEST_POINTS or decades < FEWEST_DECADES:
            lost.append(
                (
                    spectrum.source,
                    f"{inside.size} points over {decades:.2g} decades of frequency cannot tell arcs apart; "
                    f"at least {FEWEST_POINTS} points over one decade are needed, six decades are usual",
                )
            )
            continue
        try:
            kept.append(corrected(spectrum, leads))
        except InputError as error:
            lost.append((spectrum.source, str(error)))
    return tuple(kept), lost


def _choice(spectra: tuple[Spectrum, ...], settings: ImpedanceSettings) -> Choice:
    """The circuit given, or those that the spectra support together."""
    given = () if settings.circuit is None else (settings.circuit,)
    starts = 96 if given else 64
    return choose_jointly(
        spectra,
        ChoiceSettings(
            settings.electrodes, given, settings.fit(settings.circuit or "R0-CPE1", starts=starts)
        ),
    )


def _fitted(
    spectra: tuple[Spectrum, ...], choice: Choice, settings: ImpedanceSettings
) -> tuple[tuple[tuple[CircuitFit, ...], ...], tuple[Spectrum, ...], list[tuple[str, str]]]:
    """Per spectrum the fits by the circuits of similar evidence, best first; spectra; what could not be."""
    circuits = [
        c for c, w in zip(choice.circuits, choice.weights, strict=True) if w > SUPPORT * choice.weights[0]
    ]
    known = {
        (fit.source, circuit): fit
        for circuit, fits in zip(choice.circuits, choice.series, strict=True)
        for fit in fits
    }
    table, used, lost = [], [], []
    before: tuple[CircuitFit, ...] = ()
    for spectrum in tracked(spectra, "spectrum"):
        try:
            row = [
                known.get((spectrum.source, c))
                or fit_circuit(spectrum, settings.fit(c), near=before[i].values if before else None)
                for i, c in enumerate(circuits[:RIVALS])
            ]
        except ElectrolithError as error:
            lost.append((spectrum.source, str(error)))
            continue
        before = tuple(row)
        table.append(before)
        used.append(spectrum)
    return tuple(table), tuple(used), lost


def _conductivity(electrolyte: Electrolyte | None, geometry: Geometry) -> Estimate | None:
    """S/cm, None where the electrolyte was not seen."""
    return None if electrolyte is None else geometry.conductivity(electrolyte.resistance).to("S/cm")


def _relaxation(fit: CircuitFit) -> tuple[tuple[RelaxationTimes, ...], tuple[str, ...]]:
    """Distribution of relaxation times of a spectrum without its inductance and its blocking electrode.

    A diagnostic, whose failure is a remark.
    """
    part = relaxing_part(fit)
    try:
        found = relaxation_times(part, blocking=False, size=np.abs(fit.measured))
        return (replace(found, stripped=part.remarks),), ()
    except ElectrolithError as error:
        return (), (str(error),)


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
    electrolytes: list[Electrolyte | None],
    geometry: Geometry | None,
    sigma: tuple[Estimate | None, ...] | None,
) -> list[str]:
    """What must not be trusted, in words."""
    said = [
        f"{fit.source}: {doubt}"
        for fit, one in zip(fits, electrolytes, strict=True)
        for doubt in (one.doubts if one else ())
    ]
    first = next((s for s in sigma or () if s is not None), None)
    if first is not None and geometry and (text := conductivity_warning(100 * first.value, geometry)):
        said.append(text)
    said += [
        text
        for fit, one in zip(fits, electrolytes, strict=True)
        if one and (text := ring("resistance", one.resistance.value, "ohm", label=f"{fit.source}: R"))
    ]
    return [*said, *_mixed(fits, electrolytes)]


def _points(
    fits: tuple[CircuitFit, ...], electrolytes: list[Electrolyte | None]
) -> list[tuple[float | None, float]]:
    """Temperature and resistance of every electrolyte seen."""
    return [
        (f.temperature, e.resistance.value) for f, e in zip(fits, electrolytes, strict=True) if e is not None
    ]


def _mixed(fits: tuple[CircuitFit, ...], electrolytes: list[Electrolyte | None]) -> list[str]:
    """Spectra of one temperature that cannot be of one sample."""
    found = []
    pairs = [(f, e.resistance.value) for f, e in zip(fits, electrolytes, strict=True) if e is not None]
    for i, (one, a) in enumerate(pairs):
        for other, b in pairs[:i]:
            if one.temperature is None or one.temperature != other.temperature:
                continue
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


def _series(
    fits: tuple[CircuitFit, ...],
    electrolytes: list[Electrolyte | None],
    geometry: Geometry | None,
    leads: Leads,
    settings: ImpedanceSettings,
) -> ConductivitySeries | None:
    """The temperature series, where there is one."""
    seen = [(f, e) for f, e in zip(fits, electrolytes, strict=True) if e is not None]
    temperatures = {f.temperature for f in fits}
    if settings.follow == "time" or geometry is None or None in temperatures or len(temperatures) < 2:
        if settings.follow == "temperature":
            raise InputError(
                "a temperature series needs the geometry and two spectra with different temperatures"
            )
        return None
    if len({f.temperature for f, _ in seen}) < 2:
        return None
    return series_of(
        [f for f, _ in seen], [e for _, e in seen], geometry, settings.series(fits[0].circuit), leads
    )


def _diluted(growth: Growth | None, followed: str, settings: ImpedanceSettings) -> tuple[str, ...]:
    """A word where a lithium cell shows no interface of its own to follow."""
    if growth is None or followed != "electrolyte" or settings.electrodes != "lithium":
        return ()
    return (
        "no interface was told apart from the electrolyte: the whole is followed, in which a change of the "
        "interface alone is diluted",
    )


def _growth(
    spectra: tuple[Spectrum, ...],
    electrolytes: list[Electrolyte | None],
    series: ConductivitySeries | None,
    settings: ImpedanceSettings,
) -> tuple[Growth | None, str]:
    """The interface followed in time, the electrolyte where no interface was seen throughout."""
    if series is not None or settings.follow == "temperature" or len(spectra) < 4:
        return None, ""
    times = clock(spectra)
    if times is None or np.any(np.diff(times) <= 0):
        if settings.follow == "time":
            raise InputError(
                "no rising times: give `times`, one per spectrum, or files whose clock can be read"
            )
        return None, ""
    seen = [e for e in electrolytes if e is not None]
    inner = [e.interface for e in seen if e.interface is not None]
    found, name = (
        (inner, "interface") if len(inner) == len(spectra) else ([e.resistance for e in seen], "electrolyte")
    )
    if len(found) < len(spectra):
        return None, ""
    ohms = np.array([r.value for r in found])
    ends = np.array([r.interval() for r in found])
    doubt = np.maximum((ends[:, 1] - ends[:, 0]) / 2, 1e-9 * np.abs(ohms))
    growth = interface_growth(times, ohms, doubt, diluted=name == "electrolyte", seed=settings.seed)
    return growth, name
