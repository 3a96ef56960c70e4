"""Measured files to refinements: what the study and the command line call."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from lacuna.core.errors import DataError, InputError, NotConverged
from lacuna.core.estimate import parse_estimate
from lacuna.core.units import Unit

from .conditions import ChargeNeutrality, Condition, FixedTotal, MeasuredDensity
from .data import Abscissa, PowderData
from .instrument import EMISSION_LINES, ConstantWavelength, Instrument, laboratory, neutron, synchrotron
from .model import Histogram
from .operando import Frames, OperandoFit, follow
from .pdf import PdfSettings, Split
from .pdf_fit import PdfFit, fit_ranges
from .phase import Phase
from .phase_library import candidate
from .read_gr import read_gr
from .read_gsas import read_instrument
from .read_pattern import convert, read_pattern
from .recipe import Recipe, RecipeFit, run_recipe
from .result import RietveldFit
from .series import Trend, sample_name, trend

__all__ = [
    "Diffraction",
    "DiffractionSettings",
    "Operando",
    "OperandoSettings",
    "PairDistribution",
    "PdfFilesSettings",
    "fit_pdf_files",
    "instrument_from",
    "refine_files",
    "run_operando",
]


@dataclass(frozen=True, slots=True)
class DiffractionSettings:
    """Powder patterns to refine.

    files : patterns; several are refined one by one (a series), or together with `joint`.
    instrument : "Cu Ka", "Cu Ka1", "xray 0.4592", "neutron 1.87", or a GSAS-II .instprm or GSAS .prm file;
        one for all files or one per file. bank : in such a file. The wavelength is never assumed.
    phases : further phases, from the library (LiCl, Li3N, ...) or CIF files.
    occupancies : refine them; what the pattern cannot know is then said. density : of the crystal, measured,
    "1.63(1) g/cm3". neutral : tie the occupancies by charge neutrality. totals : atoms on a site, by label.
    """

    files: tuple[Path, ...]
    instrument: str | tuple[str, ...]
    bank: int = 1
    abscissa: Abscissa | None = None
    limits: tuple[float, float] | None = None
    background: int = 10
    phases: tuple[str, ...] = ()
    joint: bool = False
    occupancies: bool = False
    neutral: bool = False
    density: str | None = None
    totals: dict[str, float] | None = None
    positions: bool = True
    size_strain: bool = False
    axial: float = 0.0

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("diffraction: no pattern given")
        if len(self.instruments) not in (1, len(self.files)):
            raise InputError(
                f"diffraction: {len(self.instruments)} instruments for {len(self.files)} "
                "patterns; give one, or one each"
            )

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


def instrument_from(text: str, *, bank: int = 1, axial: float = 0.0, folder: Path = Path()) -> Instrument:
    """An instrument from a few words or a file.

    Raises
    ------
    InputError
        If it is neither; the text shows the forms.
    """
    words = text.strip()
    if re.search(r"\.(instprm|prm|inst|ins)$", words, re.IGNORECASE):
        return read_instrument(folder / words, bank=bank)
    lines = re.fullmatch(r"([A-Z][a-z])\s*[-_ ]?\s*[KkK][αa](1?)", words)
    if lines and lines.group(1) in EMISSION_LINES:
        return replace(laboratory(lines.group(1), k_alpha2=not lines.group(2)), axial=axial)
    number = re.fullmatch(
        r"(xray|x-ray|synchrotron|neutron)\s+([\d.]+)\s*(?:Å|A|angstrom)?", words, re.IGNORECASE
    )
    if number:
        wavelength = float(number.group(2))
        tool = neutron(wavelength) if number.group(1).lower() == "neutron" else synchrotron(wavelength)
        return replace(tool, axial=axial)
    raise InputError(
        f"instrument {text!r}: write 'Cu Ka' ({', '.join(EMISSION_LINES)}; Ka1 if Kα2 was "
        "stripped), 'xray 0.4592', "
        "'neutron 1.87', or the name of an .instprm or .prm file"
    )


def _histogram(
    path: Path, settings: DiffractionSettings, tool: Instrument, name: str
) -> tuple[Histogram, PowderData]:
    data = read_pattern(path, abscissa=settings.abscissa)
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
        occupancies=settings.occupancies, positions=settings.positions, size_strain=settings.size_strain
    )
    conditions = _conditions(settings, crystal, charges)
    tools = settings.instruments * (len(settings.files) if len(settings.instruments) == 1 else 1)
    items = []
    failed: dict[str, str] = {}
    for path, text in zip(settings.files, tools, strict=True):
        tool = instrument_from(text, bank=settings.bank, axial=settings.axial)
        name = re.sub(r"\W+", "-", path.stem).strip("-") or "pattern"
        items.append((path.stem, *_histogram(path, settings, tool, name)))
    groups = [tuple(items)] if settings.joint else [(item,) for item in items]
    done: list[tuple[str, RecipeFit, tuple[str, ...]]] = []
    for group in groups:
        label = " + ".join(item[0] for item in group)
        try:
            found = run_recipe(phases, tuple(item[1] for item in group), recipe=recipe, conditions=conditions)
        except (NotConverged, DataError) as error:
            if len(groups) == 1:
                raise
            failed[label] = str(error)
            continue
        done.append((label, found, tuple(n for item in group for n in item[2].notes)))
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
    )


def _conditions(
    settings: DiffractionSettings, crystal: Phase, charges: dict[str, float] | None
) -> tuple[Condition, ...]:
    if not settings.occupancies:
        return ()
    out: list[Condition] = []
    if settings.neutral:
        if not charges:
            raise InputError("diffraction: neutral needs the oxidation states of the material")
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


@dataclass(frozen=True, slots=True)
class PdfFilesSettings:
    """Measured pair distribution functions.

    files : .gr. ranges : of the fits, Å. radiation, q_max : where the file does not state them.
    split : labels of two sites whose nearest distance is resolved by species, "Li1 X1".
    """

    files: tuple[Path, ...]
    ranges: tuple[tuple[float, float], ...] = ((1.6, 50.0), (1.6, 6.0), (6.0, 50.0))
    radiation: Literal["xray", "neutron"] | None = None
    q_max: Annotated[float | None, Unit("1/angstrom")] = None
    q_damp: Annotated[float, Unit("1/angstrom")] = 0.02
    q_broad: Annotated[float, Unit("1/angstrom")] = 0.0
    convention: Literal["pdffit", "srreal"] = "pdffit"
    free: tuple[str, ...] | None = None
    split: str | None = None

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("pdf: no G(r) file given")
        for low, high in self.ranges:
            if not 0 <= low < high:
                raise InputError(f"pdf: range {low:g} to {high:g} Å is empty")
        if self.split is not None and len(self.split.split()) != 2:
            raise InputError(f"pdf: split {self.split!r} must name two sites, as in 'Li1 X1'")


@dataclass(frozen=True, slots=True, eq=False)
class PairDistribution:
    """Fits of all files."""

    settings: PdfFilesSettings
    names: tuple[str, ...]
    fits: tuple[PdfFit, ...]
    notes: tuple[tuple[str, ...], ...]


def fit_pdf_files(settings: PdfFilesSettings, crystal: Phase) -> PairDistribution:
    """Fit every G(r) over every range that its data reach.

    Raises
    ------
    InputError
        If radiation or q_max are neither in the file nor given.
    """
    fits, notes = [], []
    for path in settings.files:
        data = read_gr(path)
        radiation, q_max = settings.radiation or data.radiation, settings.q_max or data.q_max
        if radiation is None or q_max is None:
            raise InputError(
                f"{path}: states no {'radiation' if radiation is None else 'q_max'}; give it in the settings"
            )
        how = PdfSettings(
            radiation,
            q_min=0.0,
            q_max=q_max,
            q_damp=settings.q_damp,
            q_broad=settings.q_broad,
            convention=settings.convention,
        )
        split = None
        if settings.split is not None:
            first, second = settings.split.split()
            split = Split(first, second, 0.05)
        ranges = tuple(
            (max(low, data.r[0]), min(high, data.r[-1])) for low, high in settings.ranges if low < data.r[-1]
        )
        fits.append(fit_ranges(data, crystal, how, ranges=ranges, free=settings.free, split=split))
        notes.append((*data.notes, f"{fits[-1].engine}; q_damp starts at {how.q_damp:g} 1/Å"))
    return PairDistribution(settings, tuple(p.stem for p in settings.files), tuple(fits), tuple(notes))


@dataclass(frozen=True, slots=True)
class OperandoSettings:
    """A series of patterns in time.

    files : in order of time. interval : between frames. candidates : phases that might appear.
    """

    files: tuple[Path, ...]
    instrument: str
    interval: Annotated[float, Unit("h")] = 1.0
    bank: int = 1
    abscissa: Abscissa | None = None
    limits: tuple[float, float] | None = None
    background: int = 8
    phases: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ("Li3N", "LiCl", "LiOH", "NH4Cl", "Li")

    def __post_init__(self) -> None:
        if len(self.files) < 5:
            raise InputError(f"operando: {len(self.files)} patterns; a series needs at least five")
        if not self.interval > 0:
            raise InputError(f"operando: the interval must be positive, got {self.interval} h")


@dataclass(frozen=True, slots=True, eq=False)
class Operando:
    """A followed series with its settings."""

    settings: OperandoSettings
    fit: OperandoFit


def run_operando(settings: OperandoSettings, crystal: Phase) -> Operando:
    """Read all frames and follow them."""
    tool = instrument_from(settings.instrument, bank=settings.bank)
    patterns = tuple(read_pattern(p, abscissa=settings.abscissa) for p in settings.files)
    frames = Frames.of(patterns, settings.interval * np.arange(len(patterns)))
    histogram = Histogram(
        "operando", patterns[0], tool, background=settings.background, limits=settings.limits
    )
    phases = (crystal, *(candidate(p) for p in settings.phases))
    wanted = tuple(candidate(c) for c in settings.candidates if c not in settings.phases)
    return Operando(settings, follow(frames, phases, histogram, candidates=wanted))
