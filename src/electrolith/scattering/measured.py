"""Measured files to refinements: what the study and the command line call."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.errors import DataError, InputError, NotConverged
from electrolith.core.estimate import parse_estimate
from electrolith.core.progress import tracked
from electrolith.core.units import Unit

from .cells_apart import cells_apart
from .conditions import ChargeNeutrality, Condition, FixedTotal, MeasuredDensity
from .constraints import content_ties
from .data import Abscissa, PowderData
from .foreign import foreign_lines, foreign_words, suspects
from .instrument import ConstantWavelength, Geometry, Instrument
from .instrument_words import instrument_from
from .model import Histogram
from .phase import Phase
from .phase_library import candidate, suspected_names
from .profile_likelihood import Likelihood, profile_likelihood
from .read_gsas import gsas_banks
from .read_pattern import convert, read_pattern, restated
from .recipe import Recipe, RecipeFit, run_recipe
from .refine import refine
from .result import ForeignLine, RietveldFit
from .series import Trend, distinct_names, sample_name, trend
from .stages import Displacement
from .vanadium import normalised

__all__ = [
    "Diffraction",
    "DiffractionSettings",
    "open_pattern",
    "refine_files",
]


@dataclass(frozen=True, slots=True)
class DiffractionSettings:
    """Powder patterns to refine.

    files : patterns; several are refined one by one (a series), or together with `joint`.
    instrument : "Cu Ka", "Cu Ka1", "xray 0.4592", "neutron 1.87", or a GSAS-II .instprm or GSAS .prm file;
        one for all files or one per file. The wavelength is never assumed.
    bank : in such a file, and in a data file with several; one, or one per file.
    phases : further phases, from the library (LiCl, Li3N, ...) or CIF files.
    suspects : phases that lines without an owner are held against, besides those of the library.
    occupancies : refine them; what the pattern cannot know is then said. density : of the crystal, measured,
    "1.63(1) g/cm3". neutral : tie the occupancies by charge neutrality. totals : atoms on a site, by label.
    ties : ratios of contents that are known, {"N/Cl": 0.6667}. constraints : linear equations between
        parameters by name, "LNC/X1/B = LNC/Li1/B". charges : of each species, e, for `neutral`, where the
        crystal does not state them.
    geometry : reflection, transmission or capillary, where the instrument's usual one is not meant; radius :
        of the diffractometer, mm. displacement : of the specimen, refined for "auto" in reflection only.
    axial : divergence S/L to start from, refined unless 0; where it is not given 0.02 for laboratory tubes.
    mu_r : absorption of a capillary; monochromator : its 2θ, degrees.
    seconds_per_step : turns a rate into counts. ions : report what changes with form factors of ions.
    likelihood : profile of each refined occupancy, all others refined again.
    abscissa : what the first column is, where the file does not say.
    vanadium : file whose counts, less the empty instrument's, divide those of the pattern, less the empty
        container's; for time of flight.
    container, empty_instrument : files of these two measurements.
    limits : range that is refined, in the unit of the abscissa.
    background : coefficients of its polynomial.
    joint : refine all patterns together.     positions : refine the free coordinates of atoms.
    size_strain : let the sample broaden Lorentzian rather than the instrument.
    """

    files: tuple[Path, ...]
    instrument: str | tuple[str, ...]
    bank: int | tuple[int, ...] = 1
    abscissa: Abscissa | None = None
    limits: tuple[float, float] | None = None
    background: int = 10
    phases: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    joint: bool = False
    occupancies: bool = False
    neutral: bool = False
    density: str | None = None
    totals: dict[str, float] | None = None
    ties: dict[str, float] | None = None
    constraints: tuple[str, ...] = ()
    charges: dict[str, float] | None = None
    positions: bool = True
    size_strain: bool = False
    geometry: Geometry | None = None
    radius: Annotated[float | None, Unit("mm")] = None
    displacement: Displacement = "auto"
    axial: float | None = None
    mu_r: float = 0.0
    monochromator: Annotated[float, Unit("deg")] = 0.0
    vanadium: Path | None = None
    container: Path | None = None
    empty_instrument: Path | None = None
    seconds_per_step: Annotated[float | None, Unit("s")] = None
    ions: bool = False
    likelihood: bool = False

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("diffraction: no pattern given")
        if len(self.instruments) not in (1, len(self.files)):
            raise InputError(
                f"diffraction: {len(self.instruments)} instruments for {len(self.files)} "
                "patterns; give one, or one each"
            )
        if len(self.banks) != len(self.files):
            raise InputError(
                f"diffraction: {len(self.banks)} banks for {len(self.files)} patterns; give one, or one each"
            )
        told = [
            name
            for name in ("neutral", "density", "totals", "ties")
            if getattr(self, name) and not self.occupancies
        ]
        if told:
            raise InputError(
                f"diffraction: {', '.join(told)} acts on occupancies, and these are not refined: add "
                "--occupancies (occupancies: true in a study) or leave it out"
            )

    @property
    def banks(self) -> tuple[int, ...]:
        """The bank of each file."""
        return (self.bank,) * len(self.files) if isinstance(self.bank, int) else self.bank

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instrument, or one per file."""
        return (self.instrument,) if isinstance(self.instrument, str) else self.instrument


@dataclass(frozen=True, slots=True, eq=False)
class Diffraction:
    """Refinements of all files. failed : text by file name. trends : against milling time and speed."""

    settings: DiffractionSettings
    names: tuple[str, ...]
    fits: tuple[RietveldFit, ...]
    stages: tuple[tuple[tuple[str, int, float, str], ...], ...]
    notes: tuple[tuple[str, ...], ...]
    failed: dict[str, str]
    trends: tuple[Trend, ...]
    likelihoods: tuple[tuple[Likelihood, ...], ...] = ()


def _histogram(
    path: Path, settings: DiffractionSettings, tool: Instrument, name: str, bank: int
) -> tuple[Histogram, PowderData]:
    several = len(gsas_banks(path)) > 1
    data = read_pattern(path, abscissa=settings.abscissa, bank=bank if several else None)
    if data.ordinate == "rate" and data.sigma_from not in ("file", "scatter"):
        if settings.seconds_per_step is None:
            raise InputError(
                f"{path}: the intensities are a rate and the file has no standard deviations; "
                "give --seconds-per-step (seconds_per_step in a study)"
            )
        data = restated(data, seconds_per_step=settings.seconds_per_step)
    if settings.vanadium is not None:
        data = _normalised(data, settings, bank)
    if isinstance(tool, ConstantWavelength):
        stated = data.wavelength
        if stated and abs(stated / tool.wavelength - 1) > 2e-3:
            raise DataError(
                f"{path}: states a wavelength of {stated:g} Å, the instrument has {tool.wavelength:g} Å; "
                "is it the wrong instrument?"
            )
        if data.abscissa in ("q", "d"):
            data = convert(data, "two_theta", wavelength=tool.wavelength)
    return Histogram(name, data, tool, background=settings.background, limits=settings.limits), data


def _normalised(data: PowderData, settings: DiffractionSettings, bank: int) -> PowderData:
    """The pattern over the vanadium that the settings name."""

    def opened(path: Path | None) -> PowderData | None:
        if path is None:
            return None
        several = len(gsas_banks(path)) > 1
        return read_pattern(path, abscissa=settings.abscissa, bank=bank if several else None)

    vanadium = opened(settings.vanadium)
    assert vanadium is not None  # noqa: S101 - asked by the caller
    return normalised(
        data, vanadium, container=opened(settings.container), background=opened(settings.empty_instrument)
    )


def refine_files(
    settings: DiffractionSettings, crystal: Phase, charges: dict[str, float] | None = None
) -> Diffraction:
    """Refine every pattern with the crystal and the further phases.

    Parameters
    ----------
    charges : of each species, e, for the neutrality condition.

    Raises
    ------
    DataError, InputError, NotConverged
        If no file could be refined; with several, those that failed are listed in the result.
    """
    phases = (crystal, *(candidate(p) for p in settings.phases))
    recipe = Recipe(
        occupancies=settings.occupancies,
        positions=settings.positions,
        size_strain=settings.size_strain,
        displacement=settings.displacement,
    )
    conditions = _conditions(settings, crystal, settings.charges or charges)
    constraints = (*settings.constraints, *content_ties(crystal, settings.ties or {}))
    tools = settings.instruments * (len(settings.files) if len(settings.instruments) == 1 else 1)
    items: list[tuple[str, Histogram, PowderData]] = []
    failed: dict[str, str] = {}
    taken = {p.name for p in phases}
    labels = distinct_names(settings.files, settings.banks)
    for path, label, text, bank in zip(settings.files, labels, tools, settings.banks, strict=True):
        tool = _tool(settings, text, bank)
        name = re.sub(r"\W+", "-", label).strip("-") or "pattern"
        name = name if name not in taken else f"{name}-pattern"
        items.append((label, *_histogram(path, settings, tool, name, bank)))
    groups = [tuple(items)] if settings.joint else [(item,) for item in items]
    likelihoods: list[tuple[Likelihood, ...]] = []
    done: list[tuple[str, RecipeFit, tuple[str, ...]]] = []
    for group in tracked(groups, "refinement"):
        label = " + ".join(item[0] for item in group)
        try:
            found = run_recipe(
                phases,
                tuple(item[1] for item in group),
                recipe=recipe,
                conditions=conditions,
                constraints=constraints,
            )
        except (NotConverged, DataError) as error:
            if len(groups) == 1:
                raise
            failed[label] = str(error)
            continue
        patterns = tuple(item[1] for item in group)
        fit = _with_foreign(found.fit, patterns, phases, settings)
        apart = cells_apart(phases, patterns, fit)
        found = replace(found, fit=replace(fit, warnings=(*fit.warnings, *apart)))
        notes = tuple(n for item in group for n in item[2].notes)
        notes += tuple(
            f"not used of the instrument file: {', '.join(item[1].instrument.dropped)}"
            for item in group
            if item[1].instrument.dropped
        )
        if settings.ions:
            notes += ion_change(phases, tuple(item[1] for item in group), found.fit, conditions)
        done.append((label, found, notes))
        inputs = (phases, tuple(item[1] for item in group), found.fit, conditions)
        likelihoods.append(_likelihoods(*inputs) if settings.likelihood else ())
    if not done:
        raise NotConverged("no pattern could be refined: " + "; ".join(failed.values()))
    return Diffraction(
        settings,
        tuple(d[0] for d in done),
        tuple(d[1].fit for d in done),
        tuple(d[1].stages for d in done),
        tuple(d[2] for d in done),
        failed,
        _trends(tuple((d[0], d[1].fit) for d in done), crystal.name),
        tuple(likelihoods),
    )


def open_pattern(path: Path, settings: DiffractionSettings, index: int) -> Histogram:
    """One pattern as it would be refined, without refining it: its instrument, bank, abscissa and counts.

    Raises
    ------
    DataError, InputError
        As `refine_files` would for it.
    """
    text = settings.instruments[index if len(settings.instruments) > 1 else 0]
    bank = settings.banks[index]
    return _histogram(path, settings, _tool(settings, text, bank), path.stem, bank)[0]


def _with_foreign(
    fit: RietveldFit,
    histograms: tuple[Histogram, ...],
    phases: tuple[Phase, ...],
    settings: DiffractionSettings,
) -> RietveldFit:
    """The fit with its lines that no phase explains, and who might own them."""
    names = (*settings.suspects, *(n for n in suspected_names() if n not in settings.suspects))
    mine = {p.name for p in phases}
    others = tuple(p for p in (candidate(n) for n in names) if p.name not in mine)
    lines: tuple[ForeignLine, ...] = ()
    words = []
    for item, histogram in zip(fit.histograms, histograms, strict=True):
        found = foreign_lines(item)
        if found:
            words.append(foreign_words(found, suspects(item, found, histogram, others)))
        lines += found
    return replace(fit, foreign=lines, warnings=(*fit.warnings, *words))


def _tool(settings: DiffractionSettings, text: str, bank: int) -> Instrument:
    """The instrument with what the settings say of it."""
    tool = instrument_from(text, bank=bank, axial=settings.axial)
    if not isinstance(tool, ConstantWavelength):
        return tool
    tool = replace(tool, mu_r=settings.mu_r, monochromator=settings.monochromator)
    if settings.geometry is not None:
        tool = replace(tool, geometry=settings.geometry)
    return replace(tool, radius=settings.radius) if settings.radius is not None else tool


def _likelihoods(
    phases: tuple[Phase, ...],
    histograms: tuple[Histogram, ...],
    fit: RietveldFit,
    conditions: tuple[Condition, ...],
) -> tuple[Likelihood, ...]:
    """Five-point profiles of the refined occupancies: over two esds, or a tenth where there is none."""
    out = []
    for name in fit.names:
        if "/occupancy/" not in name:
            continue
        step = fit.std(name) if np.isfinite(fit.std(name)) else 0.05
        values = fit.value(name) + step * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
        out.append(profile_likelihood(phases, histograms, fit, name, values=values, conditions=conditions))
    return tuple(out)


_IONS = (("Li", "Li1+"), ("Cl", "Cl1-"), ("O", "O2-"), ("Na", "Na1+"))  # N3- is in no common table


def ion_change(
    phases: tuple[Phase, ...],
    histograms: tuple[Histogram, ...],
    fit: RietveldFit,
    conditions: tuple[Condition, ...] = (),
) -> tuple[str, ...]:
    """How occupancies and B change with the form factors of ions instead of atoms, in words."""
    charged = tuple(replace(h, ions=_IONS) for h in histograms)
    other = refine(
        phases,
        charged,
        free=fit.names,
        values=fit.all_values,
        constraints=fit.constraints,
        conditions=conditions,
    )
    lines = []
    for name in fit.names:
        error = fit.std(name)
        if (name.endswith("/B") or "/occupancy/" in name) and np.isfinite(error) and error > 0:
            shift = other.value(name) - fit.value(name)
            lines.append(f"{name} {shift:+.3f} ({shift / error:+.1f} σ)")
    return ("with form factors of Li+, Cl- and O2- instead of atoms: " + ", ".join(lines),) if lines else ()


def _conditions(
    settings: DiffractionSettings, crystal: Phase, charges: dict[str, float] | None
) -> tuple[Condition, ...]:
    if not settings.occupancies:
        return ()  # nothing to close
    out: list[Condition] = []
    if settings.neutral:
        if not charges:
            raise InputError(
                "diffraction: neutral needs the charge of every species: oxidation_states of the material "
                "in a study, --charge Li=1 on the command line"
            )
        out.append(ChargeNeutrality(crystal.name, tuple(charges.items())))
    if settings.density:
        value = parse_estimate(settings.density, "g/cm^3", rng=np.random.default_rng(0))
        if not value.std > 0:
            raise InputError(
                f"diffraction: density {settings.density!r} needs its uncertainty, as in 1.63(1) g/cm3"
            )
        out.append(MeasuredDensity(crystal.name, value.value, value.std))
    out += [FixedTotal(crystal.name, label, total) for label, total in (settings.totals or {}).items()]
    return tuple(out)


def _trends(fits: tuple[tuple[str, RietveldFit], ...], crystal: str) -> tuple[Trend, ...]:
    """Cell and vacancies against milling time and speed, where the names state them."""
    named = []
    for label, fit in fits:
        try:
            named.append((sample_name(label), fit))
        except InputError:
            continue
    out = []
    for variable in ("hours", "speed"):
        used = [(s, f) for s, f in named if getattr(s, variable) is not None]
        if len(used) < 4 or len({getattr(s, variable) for s, _ in used}) < 4:
            continue
        first = used[0][1]
        mine = [key for key in first.cell if key.startswith(crystal + "/")]
        out += [trend(variable, key, tuple((s, f.cell[key]) for s, f in used)) for key in mine]
        for number, site in enumerate(first.sites):
            once = number == 0 or first.sites[number - 1].site != site.site
            if once and site.identified in ("identified", "through the conditions"):
                rows = tuple((s, f.sites[number].vacancy) for s, f in used)
                out.append(trend(variable, f"vacancy {site.site}", rows))
        if len(first.phases) > 1:
            for key in first.fractions:
                phase = key.split("/")[1]
                rows = tuple(
                    (s, f.fractions[next(k for k in f.fractions if k.endswith("/" + phase))]) for s, f in used
                )
                out.append(trend(variable, f"weight fraction {phase}", rows))
    return tuple(out)
