"""Spectra of one experiment: normalised, in series, against the cell's record, searched for changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from electrolith.core.account import Account
from electrolith.core.errors import DataError, InputError
from electrolith.core.reading import reader
from electrolith.core.units import Unit
from electrolith.lab.xanes.athena import named_groups, read_athena_project
from electrolith.lab.xanes.byproduct import judged_byproduct
from electrolith.lab.xanes.change import Change, ChangeTest, find_feature, find_shift
from electrolith.lab.xanes.combination import Combination, CombinationRange, fit_combination
from electrolith.lab.xanes.electrochemistry import CellRecord, at_times, read_cell_record
from electrolith.lab.xanes.normalise import Normalisation, Normalised, edge_energy, normalise
from electrolith.lab.xanes.peaks import PeakFit, WhiteLine, fit_peaks, white_line
from electrolith.lab.xanes.read import Columns, Mode, Spectrum, read_spectra
from electrolith.lab.xanes.self_absorption import SelfAbsorption, self_absorption
from electrolith.lab.xanes.series import (
    PrincipalComponents,
    SpectrumSeries,
    principal_components,
    spectrum_series,
)

__all__ = ["XanesResult", "XanesSettings", "measure_xanes", "read_any"]


ZERO, ONE = 0.02, 0.05  # how near to 0 below and to 1 above the edge a spectrum is that came normalised


@dataclass(frozen=True, slots=True)
class XanesSettings:
    """Spectra and what to ask of them.

    files : spectra or Athena projects, in order of time where they state none.
    references : spectra of phases, for shares and for the search of by-products.
    times : s, one a spectrum, where the files state none.
    record : electrochemical record (.mpt) to set the series against.
    formula : composition of a sample measured in fluorescence, for the self-absorption flag.
    shares_over : energies of the linear combination, relative to the edge.
    peaks : starting energies of peaks to fit in each spectrum, eV.
    mode : what was measured; "auto" goes by the columns.     columns : which to use.
    energy_unit : of files that do not state one.     normalisation : ranges before and behind the edge.
    search : how a series is searched for a change.     seed : of its permutations.
    """

    files: tuple[Path | str, ...]
    references: tuple[Path | str, ...] = ()
    mode: Mode = "auto"
    columns: Columns = field(default_factory=Columns)
    energy_unit: Literal["eV", "keV"] = "eV"
    normalisation: Normalisation = field(default_factory=Normalisation)
    times: Annotated[tuple[float, ...], Unit("s")] | None = None
    record: Path | str | None = None
    formula: str = ""
    peaks: Annotated[tuple[float, ...], Unit("eV")] = ()
    search: ChangeTest = field(default_factory=ChangeTest)
    shares_over: CombinationRange = field(default_factory=CombinationRange)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("xanes: no files given")
        if self.times is not None and len(self.times) != len(self.files):
            raise InputError(f"xanes: {len(self.times)} times for {len(self.files)} files")


@dataclass(frozen=True, slots=True, eq=False)
class XanesResult:
    """Everything said about the spectra; fields that need a series are empty for a single spectrum.

    white_lines : one a spectrum, None where it shows none.
    record : of the cell, thinned for a figure.
    """

    spectra: tuple[Normalised, ...]
    white_lines: tuple[WhiteLine | None, ...]
    series: SpectrumSeries | None
    components: PrincipalComponents | None
    changes: tuple[Change, ...]
    combinations: tuple[Combination, ...]
    peak_fits: tuple[PeakFit, ...]
    voltage: np.ndarray
    charge: np.ndarray
    self_absorption: SelfAbsorption | None
    warnings: tuple[str, ...]
    accounts: tuple[Account, ...] = ()
    record: CellRecord | None = None


@reader("absorption spectra")
def read_any(path: Path | str, settings: XanesSettings) -> tuple[Spectrum, ...]:
    """All spectra of a text file, or of an Athena project; "project.prj[label, label]" takes some of its
    groups.
    """
    chosen = re.fullmatch(r"(.+\.prj)\[(.+)\]", str(path), re.IGNORECASE)
    if chosen:
        return named_groups(read_athena_project(chosen.group(1)), chosen.group(2).split(","), chosen.group(1))
    if Path(path).suffix.lower() == ".prj":
        return read_athena_project(path)
    return read_spectra(path, mode=settings.mode, columns=settings.columns, energy_unit=settings.energy_unit)


def measure_xanes(settings: XanesSettings) -> XanesResult:
    """Read, normalise, order and search spectra."""
    rng = np.random.default_rng(settings.seed)
    raw = [s for f in settings.files for s in read_any(f, settings)]
    standards = [s for f in settings.references for s in read_any(f, settings)]
    ready = tuple(s.name for s in (*raw, *standards) if _ready(s, settings.normalisation))
    spectra = tuple(_normalised(s, settings.normalisation) for s in raw)
    references = [_normalised(s, settings.normalisation) for s in standards]
    series = components = None
    changes: tuple[Change, ...] = ()
    voltage = charge = np.array([])
    record = None
    if len(spectra) > 1:
        times = None if settings.times is None else np.array(settings.times)
        stamps = times if times is not None else np.array([s.start for s in spectra])
        if np.all(np.isfinite(stamps)):  # shares, peaks and the cell's state follow the order of time as well
            order = np.argsort(stamps, kind="stable")
            spectra = tuple(spectra[i] for i in order)
            times = None if times is None else times[order]
        series = spectrum_series(list(spectra), times=times)
        components = principal_components(series)
        # of the references, the first is the sample itself where shares are asked for
        products = references[1:] if len(references) > 1 else references
        changes = (
            find_feature(series, settings.search),
            find_shift(series, settings.search),
            *(judged_byproduct(series, r, settings.search) for r in products),
        )
        if settings.record:
            record = read_cell_record(settings.record)
            voltage, charge = at_times(record, series.clock)
    shares = (
        tuple(fit_combination(s, references, over=settings.shares_over, rng=rng) for s in spectra)
        if len(references) > 1
        else ()
    )
    fits = tuple(fit_peaks(s, centres=settings.peaks, rng=rng) for s in spectra) if settings.peaks else ()
    fluorescence = any(s.mode == "fluorescence" for s in spectra)
    damping = self_absorption(settings.formula, edge_energy=spectra[0].edge) if settings.formula else None
    return XanesResult(
        spectra=spectra,
        white_lines=tuple(_white_line(s, rng) for s in spectra),
        series=series,
        components=components,
        changes=changes,
        combinations=shares,
        peak_fits=fits,
        voltage=voltage,
        charge=charge,
        self_absorption=damping,
        warnings=(
            *dict.fromkeys(w for s in raw if s.account is not None for w in s.account.warnings),
            *_warnings(series, fluorescence, damping),
            *_said_ready(ready),
        ),
        accounts=tuple(s.account for s in raw if s.account is not None),
        record=None if record is None else _thin(record),
    )


def _ready(spectrum: Spectrum, settings: Normalisation) -> bool:
    """Whether a spectrum was normalised before it came: nothing below the edge, one above it."""
    if settings.already or spectrum.mode != "mu":
        return False
    edge = edge_energy(spectrum.energy, spectrum.mu) if settings.edge is None else settings.edge
    below, above = spectrum.mu[spectrum.energy < edge - 15], spectrum.mu[spectrum.energy > edge + 30]
    if below.size < 3 or above.size < 3:
        return False
    return bool(abs(np.median(below)) < ZERO and abs(np.median(above) - 1) < ONE)


def _normalised(spectrum: Spectrum, settings: Normalisation) -> Normalised:
    """Normalised; one that came so is left as it is."""
    ready = _ready(spectrum, settings)
    return normalise(spectrum, replace(settings, already=True) if ready else settings)


def _said_ready(names: tuple[str, ...]) -> tuple[str, ...]:
    """Which spectra were taken as normalised."""
    if not names:
        return ()
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return (f"normalised already (0 below the edge, 1 above it), taken as they come: {shown}",)


def _thin(record: CellRecord) -> CellRecord:
    """At most two thousand rows of a record, evenly taken."""
    rows = np.unique(np.linspace(0, record.time.size - 1, min(2000, record.time.size)).astype(int))
    current = record.current[rows] if record.current.size else record.current
    return CellRecord(record.time[rows], record.voltage[rows], record.charge[rows], record.source, current)


def _white_line(spectrum: Normalised, rng: np.random.Generator) -> WhiteLine | None:
    """The white line where the spectrum has one."""
    try:
        return white_line(spectrum, rng=rng)
    except DataError:
        return None


def _warnings(
    series: SpectrumSeries | None, fluorescence: bool, damping: SelfAbsorption | None
) -> tuple[str, ...]:
    """Plain words on what must not be overlooked."""
    said = []
    if series is not None and series.regridded:
        said.append("the spectra lie on different grids; they were interpolated onto the coarsest of them")
    if series is not None and not series.timed:
        said.append("the files state no time; the order of the files stands for it")
    if fluorescence and damping is None:
        said.append(
            "measured in fluorescence; give the sample's formula to see how much self-absorption damps it"
        )
    if fluorescence and damping is not None and damping.flagged:
        said.append(damping.statement)
    return tuple(said)
