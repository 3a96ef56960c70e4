"""Impedance in the report: Nyquist, Bode, residuals, Arrhenius with a °C axis, the interface in time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.estimate import Estimate
from electrolith.core.format import number, pm, prefixed
from electrolith.lab.impedance.fit import CircuitFit
from electrolith.lab.impedance.growth import Growth
from electrolith.lab.impedance.pellet import PelletImpedance
from electrolith.lab.impedance.series import PartSeries
from electrolith.lab.impedance.together import Together
from electrolith.study.figure import Axis, Band, Figure, Layer, Line, Points, Role, ordered
from electrolith.study.printed import printed
from electrolith.study.section import Part
from electrolith.study.table import Cell, Table

__all__ = ["impedance_parts", "short_name"]

SHOWN = 12  # spectra in one figure; more hide each other
ROLES: tuple[Role, ...] = ("measured", "second", "third", "fourth", "published")


def short_name(source: str) -> str:
    """File name without its folder, with the number of the spectrum where a file holds several."""
    file, bracket, number = source.partition(" [")
    return Path(file).name + bracket + number


def impedance_parts(found: PelletImpedance) -> tuple[Part, ...]:
    """Spectra, then what they say over temperature or time."""
    parts = [_spectra_part(found)]
    if found.series is not None and found.series.parts:
        parts.append(_series_part(found))
    if found.growth is not None:
        parts.append(_growth_part(found.growth, found.followed))
    return tuple(parts)


def _spectra_part(found: PelletImpedance) -> Part:
    """Fits of the single spectra."""
    noise = float(np.median([fit.noise for fit in found.fits]))
    sentence = (
        f"{len(found.fits)} spectra fitted with {found.circuit}; the residuals are "
        f"{number(100 * noise, 2)} % of |Z| in the median."
    )
    shown = _some(found.fits)
    drawn = (_nyquist(found, shown), _bode(shown), _phase(shown), _residuals(shown))
    if len(shown) < len(found.fits):
        said = f" {len(shown)} of {len(found.fits)} spectra are drawn, evenly taken."
        drawn = tuple(replace(f, caption=f.caption + said) for f in drawn)  # type: ignore[assignment]
    figures = (*drawn, *_distribution(found))
    warnings = [*found.warnings]
    warnings += [f"{short_name(q.source)}: {w}" for q in found.quality for w in q.warnings]
    warnings += [
        f"{short_name(fit.source)}: {name} {why}"
        for fit in found.fits
        for name, why in fit.undetermined.items()
    ]
    warnings += [
        f"{short_name(f.source)}: outliers at {', '.join(_hertz(x) for x in f.frequency[f.outliers][:5])}"
        for f in found.fits
        if f.outliers.any()
    ]
    warnings += [f"{short_name(file)} left out: {reason}" for file, reason in found.failures]
    notes = list(found.remarks)
    tables = (
        _fit_table(found),
        *_share_table(found),
        _parameter_table(found),
        *((_rival_table(found),) if found.rivals else ()),
    )
    return Part("Impedance", sentence, figures, tables, _few(warnings), tuple(notes))


def _few(warnings: list[str], most: int = 40) -> tuple[str, ...]:
    """Each warning once; of very many the first ones and their number."""
    once = list(dict.fromkeys(warnings))
    return tuple(once if len(once) <= most else [*once[:most], f"and {len(once) - most} more like these"])


def _some(fits: tuple[CircuitFit, ...]) -> tuple[CircuitFit, ...]:
    """A few, evenly taken."""
    pick = np.unique(np.linspace(0, len(fits) - 1, min(SHOWN, len(fits))).round().astype(int))
    return tuple(fits[i] for i in pick)


def _shades(fits: tuple[CircuitFit, ...]) -> tuple[str, ...]:
    """A colour each, dark to light with the temperature, or in the order of the files."""
    heat = [fit.temperature for fit in fits if fit.temperature is not None]
    rank = np.argsort(np.argsort(heat, kind="stable")) if len(heat) == len(fits) else np.arange(len(fits))
    colours = ordered(len(fits))
    return tuple(colours[int(i)] for i in rank)


def _label(fit: CircuitFit) -> str:
    """Temperature where known, else the file."""
    return short_name(fit.source) if fit.temperature is None else f"{number(fit.temperature - 273.15, 4)} °C"


def _which(fit: CircuitFit) -> Cell:
    """A spectrum in a table: its temperature as a number where known, else the file."""
    if fit.temperature is None:
        return short_name(fit.source)
    return printed(fit.temperature - 273.15, ".4g", "°C")


def _nyquist(found: PelletImpedance, fits: tuple[CircuitFit, ...]) -> Figure:
    """-Z'' against Z', equal axes, decades of frequency marked."""
    unit, scale = _ohms(fits)
    reach = _reach(found, fits) / scale
    layers: list[Layer] = []
    for fit, shade in zip(fits, _shades(fits), strict=True):
        z = fit.measured / scale
        text = tuple(_hertz(f) for f in fit.frequency)
        layers.append(Line(fit.fitted.real / scale, -fit.fitted.imag / scale, colour=shade))
        layers.append(Points(z.real, -z.imag, _label(fit), text=text, small=True, colour=shade))
        decade = _decades(fit.frequency)
        marks = tuple(_hertz(f) for f in fit.frequency[decade])
        layers.append(Points(z.real[decade], -z.imag[decade], "", "published", text=marks))
    caption = (
        "Nyquist plot, equal axes: measured (symbols), fitted (lines); rings mark the points nearest to "
        "whole decades "
        f"of frequency, from {_hertz(fits[-1].frequency.max())} to {_hertz(fits[-1].frequency.min())}."
    )
    if reach < max(float(np.abs(fit.measured).max()) for fit in fits) / scale:
        caption += f" Cut at {number(reach, 2)} {unit}; the blocking electrode goes on to the upper right."
    return Figure(
        "impedance-nyquist",
        caption,
        Axis(f"Z′ / {unit}", range=(0.0, reach)),
        Axis(f"−Z″ / {unit}", range=(-0.03 * reach, 0.75 * reach)),
        tuple(layers),
        equal=True,
        height=460,
    )


def _reach(found: PelletImpedance, fits: tuple[CircuitFit, ...]) -> float:
    """How far the arcs go, ohm: a blocking spike would make them invisible."""
    widest = max(float(np.abs(fit.measured).max()) for fit in fits)
    shown = {fit.source for fit in fits}
    sizes = [
        one.resistance.value + (one.interface.value if one.interface else 0.0)
        for fit, one in zip(found.fits, found.electrolytes, strict=True)
        if one is not None and fit.source in shown
    ]
    return min(1.6 * max(sizes), 1.05 * widest) if sizes and max(sizes) > 0 else 1.05 * widest


def _decades(frequency: np.ndarray) -> np.ndarray:
    """Indices of the points nearest to whole decades."""
    powers = np.arange(np.ceil(np.log10(frequency.min())), np.floor(np.log10(frequency.max())) + 1)
    nearest = [int(np.argmin(np.abs(np.log10(frequency) - p))) for p in powers]
    return np.unique(np.array(nearest, dtype=int))  # a narrow sweep may hold no whole decade


def _hertz(frequency: float) -> str:
    """1 MHz, 20 kHz, 50 Hz, 10 mHz."""
    return prefixed(frequency, "Hz")


def _ohms(fits: tuple[CircuitFit, ...]) -> tuple[str, float]:
    """Ω, kΩ or MΩ for the largest impedance."""
    largest = max(float(np.abs(fit.measured).max()) for fit in fits)
    return ("MΩ", 1e6) if largest > 2e6 else ("kΩ", 1e3) if largest > 2e3 else ("Ω", 1.0)


def _bode(fits: tuple[CircuitFit, ...]) -> Figure:
    """|Z| against frequency."""
    layers: list[Layer] = []
    for fit, shade in zip(fits, _shades(fits), strict=True):
        layers.append(Line(fit.frequency, np.abs(fit.fitted), colour=shade))
        layers.append(Points(fit.frequency, np.abs(fit.measured), _label(fit), small=True, colour=shade))
    caption = "Bode plot: modulus, measured (symbols) and fitted (lines)."
    return Figure(
        "impedance-modulus",
        caption,
        Axis("frequency / Hz", log=True),
        Axis("|Z| / Ω", log=True),
        tuple(layers),
    )


def _phase(fits: tuple[CircuitFit, ...]) -> Figure:
    """Phase against frequency."""
    layers: list[Layer] = []
    for fit, shade in zip(fits, _shades(fits), strict=True):
        measured, fitted = (np.rad2deg(np.angle(z)) for z in (fit.measured, fit.fitted))
        layers.append(Line(fit.frequency, -fitted, colour=shade))
        layers.append(Points(fit.frequency, -measured, _label(fit), small=True, colour=shade))
    caption = "Bode plot: phase, measured (symbols) and fitted (lines)."
    return Figure(
        "impedance-phase", caption, Axis("frequency / Hz", log=True), Axis("−phase / °"), tuple(layers)
    )


def _residuals(fits: tuple[CircuitFit, ...]) -> Figure:
    """Relative residuals of both parts."""
    layers: list[Layer] = []
    for fit, shade in zip(fits, _shades(fits), strict=True):
        rest = 100 * fit.residuals
        layers.append(Points(fit.frequency, rest.real, _label(fit), small=True, colour=shade))
        layers.append(Points(fit.frequency, rest.imag, "", small=True, colour=shade))
    ends = np.array([fits[0].frequency.min(), fits[0].frequency.max()])
    layers.append(Line(ends, np.zeros(2), "", "guide", dash=True))
    return Figure(
        "impedance-residuals",
        "Residuals of Z′ and Z″, measured less fitted, relative to |Z|; structure means a wrong "
        "circuit, scatter is "
        "noise.",
        Axis("frequency / Hz", log=True),
        Axis("residual / % of |Z|"),
        tuple(layers),
        height=300,
    )


def _distribution(found: PelletImpedance) -> tuple[Figure, ...]:
    """Distribution of relaxation times of the first spectrum."""
    if not found.relaxation:
        return ()
    drt = found.relaxation[0]
    before = f" {'; '.join(drt.stripped)} before." if drt.stripped else ""
    figure = Figure(
        "impedance-relaxation-times",
        f"Distribution of relaxation times of {short_name(found.fits[0].source)}, λ = "
        f"{number(drt.regularisation, 2)} by {drt.chosen_by}; one peak per process.{before}",
        Axis("time constant τ / s", log=True),
        Axis("γ(ln τ) / Ω"),
        (Line(drt.tau, drt.gamma, "γ"),),
        height=300,
    )
    return (figure,)


def _fit_table(found: PelletImpedance) -> Table:
    """The electrolyte and every arc per spectrum."""
    names = max((tuple(a.name for a in arcs) for arcs in found.arcs), key=len)
    heads = tuple(h for n in names for h in (f"{n} / Ω", f"{n} C / F", f"{n} top / Hz"))
    rows = []
    for i, (fit, arcs) in enumerate(zip(found.fits, found.arcs, strict=True)):
        one = found.electrolytes[i]
        sigma = () if found.conductivity is None else (found.conductivity[i],)
        described: tuple[Cell, ...] = tuple(cell for a in arcs for cell in (a.resistance, a.charging, a.top))
        described += (None,) * (len(heads) - len(described))
        test = found.quality[i].kramers_kronig
        passed = "" if test is None else "passed" if test.passed else "failed"
        electrolyte = None if one is None else one.resistance
        quality = (float(fit.chi2), 100 * float(fit.noise), passed)
        rows.append((_which(fit), *sigma, electrolyte, *described, *quality))
    sigma_head = () if found.conductivity is None else ("σ / S/cm",)
    columns = ("spectrum", *sigma_head, "R electrolyte / Ω", *heads, "χ²", "residual / %", "KK")
    caption = (
        "Fits; in parentheses one standard deviation; C by Hsu and Mansfeld; top: of the arc; "
        "χ² = Σ|ΔZ/Z|²; what counts as electrolyte stands in the next table"
    )
    return Table(columns, tuple(rows), caption, tuple(h for h in heads if " C / " in h or " top / " in h))


def _parameter_table(found: PelletImpedance) -> Table:
    """Every parameter of every fit with its doubt."""
    names, units = found.fits[0].names, found.fits[0].units
    columns = tuple(n if u == "1" else f"{n} / {u}" for n, u in zip(names, units, strict=True))
    rows: list[tuple[Cell, ...]] = [(_which(fit), *(fit.parameter(n) for n in names)) for fit in found.fits]
    caption = f"Parameters of {found.circuit}; without a doubt where the data do not determine them"
    return Table(("spectrum", *columns), tuple(rows), caption)


def _share_table(found: PelletImpedance) -> tuple[Table, ...]:
    """What each resistance was taken for, in the spectrum that shows most: the coldest."""
    seen = [(f.temperature or 0.0, i) for i, f in enumerate(found.fits) if found.electrolytes[i] is not None]
    if not seen:
        return ()
    at = min(seen)[1]
    one = found.electrolytes[at]
    assert one is not None  # noqa: S101 - chosen among those seen
    rows = tuple(
        (s.name, s.resistance, s.label, printed(100 * s.belonging, ".0f", "%"), s.reason) for s in one.shares
    )
    drawn = ", ".join(f"{c} {100 * w:.0f} %" for c, w in one.circuits)
    caption = (
        f"What each resistance of {_label(found.fits[at])} was taken for, and how likely it is the "
        f"electrolyte's; R electrolyte is drawn from {drawn}; {_pm(one.leads)} Ω of leads were allowed for"
    )
    return (Table(("element", "R / Ω", "taken for", "electrolyte", "because"), rows, caption),)


def _rival_table(found: PelletImpedance) -> Table:
    """Circuits compared."""
    rows = tuple((circuit, printed(score, ".1f")) for circuit, score in found.rivals)
    return Table(
        ("circuit", "ΔAICc"),
        rows,
        "Circuits compared on all spectra of the series together; lower is better supported",
    )


def _pm(value: Estimate) -> str:
    """Value with its standard deviation."""
    return f"{number(value.value)} (±?)" if value.doubt == "unknown" else pm(value.value, value.std)


def _series_part(found: PelletImpedance) -> Part:
    """Conductivities over temperature."""
    series = found.series
    assert series is not None  # noqa: S101 - the caller asked
    total = series.parts[0]
    law = "ln σT" if total.form == "sigma T" else "ln σ"
    other = "ln σ" if total.form == "sigma T" else "ln σT"
    celsius = total.reference - 273.15
    sentence = (
        f"σ({number(celsius, 3)} °C) = {_pm(total.at_reference)} S/cm and Eₐ = "
        f"{_pm(total.activation_energy)} eV from "
        f"{law} against 1/T ({other} would give {total.other_activation_energy:.3f} eV)."
    )
    rows = tuple(
        (
            part.part,
            int(part.temperature.size),
            part.at_reference,
            part.activation_energy,
            float(part.scatter),
            part.heating,
            part.cooling,
        )
        for part in series.parts
    )
    columns = (
        "part",
        "temperatures",
        f"σ({number(celsius, 3)} °C) / S/cm",
        f"Eₐ ({law}) / eV",
        "√(χ²/dof)",
        "heating / eV",
        "cooling / eV",
    )
    notes = (
        *(() if series.together is None else (_lines(series.together),)),
        "The doubt of diameter and thickness is common to all temperatures: it is in σ, not in Eₐ.",
        "√(χ²/dof) above one: the points scatter more than their fit errors, and the doubt of Eₐ is "
        "widened by it.",
    )
    return Part("Conductivity", sentence, (_arrhenius(series.parts),), (Table(columns, rows),), (), notes)


def _lines(together: Together) -> str:
    """The simultaneous fit's own parameters and how well it stands against the single fits."""
    energies = ", ".join(f"{name} {_pm(e)} eV" for name, e in together.energies)
    return f"{together.text}. Its lines: {energies}."


def _arrhenius(parts: tuple[PartSeries, ...]) -> Figure:
    """Ln σT lines with a °C axis on top."""
    layers: list[Layer] = []
    power = 1.0 if parts[0].form == "sigma T" else 0.0
    for part, role in zip(parts, ROLES, strict=False):
        t = part.temperature
        sigma = np.array([e.value for e in part.conductivity])
        spread = np.array(
            [e.interval() if e.doubt == "known" else (e.value, e.value) for e in part.conductivity]
        )
        factor = t**power
        text = tuple(
            f"{number(x - 273.15, 4)} °C<br>{number(s, 3)} S/cm" for x, s in zip(t, sigma, strict=True)
        )
        layers.append(
            Points(
                1000 / t, sigma * factor, part.part, role, spread[:, 0] * factor, spread[:, 1] * factor, text
            )
        )
        grid = np.linspace(t.min(), t.max(), 60)
        line = np.exp(part.line.intercept - part.line.activation_energy / (BOLTZMANN * grid))
        layers.append(Line(1000 / grid, line, "", role))
    temperature = np.concatenate([p.temperature for p in parts])
    ticks = _celsius_ticks(float(temperature.min()), float(temperature.max()))
    label = "σT / S K cm⁻¹" if power else "σ / S cm⁻¹"
    return Figure(
        "impedance-arrhenius",
        "Arrhenius plot: measured points with the geometry's doubt, fitted lines.",
        Axis("1000 K / T"),
        Axis(label, log=True),
        tuple(layers),
        top=Axis("temperature / °C"),
        top_ticks=ticks,
        key=True,
    )


def _celsius_ticks(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Round temperatures inside the range at their place on the 1000/T axis."""
    span = high - low
    step = 10 if span < 60 else 20 if span < 140 else 50
    first = int(np.ceil((low - 273.15) / step) * step)
    return tuple((1000 / (c + 273.15), f"{c}") for c in range(first, int(high - 273.15) + 1, step))


def _growth_part(growth: Growth, followed: str) -> Part:
    """The interface in time."""
    hours = growth.time / 3600
    spread = growth.std
    points = Points(
        hours, growth.resistance, "fitted", "measured", growth.resistance - spread, growth.resistance + spread
    )
    layers: list[Layer] = [points, Line(hours, growth.fitted, f"{growth.model} law", "computed")]
    if growth.verdict != "stable":
        drawn = growth.initial.draws[:, None] + growth.rate.draws[:, None] * np.sqrt(
            growth.time - growth.time[0]
        )
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        if growth.model == "parabolic":
            layers.insert(0, Band(hours, low, high, "95 %"))
    figure = Figure(
        "impedance-interface",
        f"Resistance of the {followed} against time at rest.",
        Axis("time / h"),
        Axis(f"R {followed} / Ω"),
        tuple(layers),
    )
    rows: tuple[tuple[Cell, ...], ...] = (
        ("verdict", growth.verdict),
        ("R at the start", growth.initial),
        ("k of R0 + k√t", growth.rate.through(lambda k: 60.0 * k, unit="ohm/h^0.5")),
        ("significance", printed(growth.significance, ".1f", "σ")),
    )
    return Part(
        "Interface", f"The {followed} is {growth.text}.", (figure,), (Table(("what", "value"), rows),)
    )
