"""Read impedance files: BioLogic, Gamry, ZPlot/ZView, VersaStudio, workbooks and text tables of any
program.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.account import Account, Taken
from electrolith.core.delimited import Delimited, read_tables, read_text
from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.core.header_units import scale_to
from electrolith.core.reading import reader
from electrolith.lab.biologic import parse_rows, read_ec_lab
from electrolith.lab.impedance.columns import sweeps_of
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.split import split_spectra
from electrolith.lab.versastudio import is_versastudio, read_par

Array = np.ndarray
FORMATS = (
    "BioLogic .mpr/.mpt, Gamry .dta, ZPlot .z, VersaStudio .par, and tables (text, .xlsx, .ods) with "
    "frequency, "
    "Z' and Z'' as NOVA, PalmSens, Ivium, RelaxIS, NEISYS and others write them"
)
ZPLOT_NAMES = ("Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range")
_SAID_TEMPERATURE = re.compile(
    r"temp\w*\.?\s*(?:\(|\[)?\s*(°C|degC|C|K)?\s*(?:\)|\])?\s*[:=;,\t "
    r"]\s*([-+]?\d+(?:[.,]\d+)?)\s*(°C|degC|C|K)?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class Batch:
    """Spectra of many files, and what could not be read: (file, reason)."""

    spectra: tuple[Spectrum, ...]
    failures: tuple[tuple[str, str], ...]


def read_many(paths: Iterable[Path | str]) -> Batch:
    """Read every file that can be read; the others are listed with the reason, nothing is lost."""
    spectra: list[Spectrum] = []
    failures = []
    for path in paths:
        try:
            spectra.extend(read_impedance(path))
        except ElectrolithError as error:
            failures.append((str(path), str(error)))
    return Batch(tuple(spectra), tuple(failures))


@reader("an impedance spectrum")
def read_impedance(path: Path | str) -> tuple[Spectrum, ...]:
    """All spectra of one file, told apart by content; the suffix only breaks ties.

    Raises
    ------
    DataError
        If the file holds no impedance; the text says what was seen and which formats are known.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(2048)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not head.strip():
        raise DataError(f"{path}: the file is empty")
    reader = _reader(head)
    try:
        return reader(path)
    except DataError as error:
        if reader is not read_table:
            raise
        raise DataError(f"{error}; impedance readers: {FORMATS}") from error


def _reader(head: bytes) -> Callable[[Path], tuple[Spectrum, ...]]:
    """The reader for what a file begins with."""
    if head.startswith((b"BIO-LOGIC MODULAR FILE", b"EC-Lab ASCII")):
        return read_biologic
    if head.startswith(b"EXPLAIN"):
        return read_gamry
    if is_versastudio(head):
        return read_versastudio
    if re.match(rb'\s*"?\s*(ZPLOT|ZVIEW|Z60W?|Scribner)', head, re.IGNORECASE):
        return read_zplot
    return read_table


@reader("an impedance spectrum of EC-Lab")
def read_biologic(path: Path) -> tuple[Spectrum, ...]:
    """Spectra of an EC-Lab file; its "-Im(Z)" column is turned to Z''.

    A new cycle number, a new sequence number or a frequency that jumps back begins the next spectrum.

    """
    table = read_ec_lab(path)
    frequency, real = table.take("Hz", "freq"), table.take("ohm", "Re(Z)")
    imaginary = table.take("ohm", "Im(Z)", "-Im(Z)")
    if frequency is None or real is None or imaginary is None:
        raise DataError(
            f"{path}: an EC-Lab file without impedance; columns: {', '.join(list(table.columns)[:12])}"
        )
    minus = imaginary[1].column.startswith("-")
    on = frequency[0] > 0
    marks = [c[on] for name in ("cycle number", "Ns") if (c := table.get(name)) is not None]
    taken = (
        frequency[1],
        replace(real[1], meaning="Z'"),
        replace(imaginary[1], meaning="Z''", note="turned" if minus else ""),
    )
    account = Account(
        str(path), "an EC-Lab file", taken, left_out=tuple(r for r in table.remarks if "row" in r)
    )
    return split_spectra(
        frequency[0][on],
        (real[0] + (-1j if minus else 1j) * imaginary[0])[on],
        str(path),
        marks=marks,
        time=None if (t := table.get("time/s")) is None else t[on],
        started=table.started,
        remarks=table.remarks,
        account=account,
    )


@reader("an impedance spectrum of Gamry")
def read_gamry(path: Path) -> tuple[Spectrum, ...]:
    """Every ZCURVE table of a Gamry .dta file; the units of its second header line are honoured."""
    lines = read_text(path).split("\n")
    heads = [i for i, line in enumerate(lines) if line.startswith("ZCURVE")]
    if not heads:
        tables = [line.split("\t")[0] for line in lines if "\tTABLE" in line]
        raise DataError(f"{path}: a Gamry file without a ZCURVE table; tables: {', '.join(tables) or 'none'}")
    spectra: list[Spectrum] = []
    for head in heads:
        names = lines[head + 1].strip("\t").split("\t")
        units = dict(zip(names, lines[head + 2].strip("\t").split("\t"), strict=False))
        stop = next((i for i in range(head + 3, len(lines)) if not lines[i].startswith("\t")), len(lines))
        rows, dropped = parse_rows(
            [line.lstrip("\t") for line in lines[head + 3 : stop]], len(names), str(path)
        )
        column = dict(zip(names, rows.T, strict=True))
        if missing := {"Freq", "Zreal", "Zimag"} - set(column):
            raise DataError(
                f"{path}: ZCURVE without {', '.join(sorted(missing))}; columns: {', '.join(names)}"
            )
        wanted = (("Freq", "Hz", "frequency"), ("Zreal", "ohm", "Z'"), ("Zimag", "ohm", "Z''"))
        try:
            scaled = [column[n] * scale_to(units.get(n, u), u).factor for n, u, _ in wanted]
        except InputError as error:
            raise DataError(f"{path}: {error}") from error
        account = Account(
            str(path), "a Gamry file", tuple(Taken(m, n, units.get(n, u)) for n, u, m in wanted)
        )
        spectra += split_spectra(
            scaled[0],
            scaled[1] + 1j * scaled[2],
            str(path),
            time=column.get("Time"),
            remarks=(f"{dropped} incomplete rows dropped",) if dropped else (),
            account=account,
        )
    return tuple(spectra)


@reader("an impedance spectrum of ZPlot")
def read_zplot(path: Path) -> tuple[Spectrum, ...]:
    """The table of a ZPlot or ZView file, of any version; without names the nine columns are the usual
    ones.
    """
    text = read_text(path)
    if not re.search(r'(?mi)^\s*"?\s*End (Comments|Header)', text):
        raise DataError(f"{path}: a ZPlot file without the line 'End Comments'; the export is cut off")
    spectra: list[Spectrum] = []
    for table in read_tables(path):
        if not table.named and table.columns.shape[1] == len(ZPLOT_NAMES):
            table = replace(table, names=ZPLOT_NAMES, named=True, misfit="")
        spectra += _of_table(table)
    announced = re.search(r"Data Points:\s*(\d+)", text)
    points = sum(s.frequency.size for s in spectra)
    if announced and int(announced.group(1)) != points:
        said = f"the header announces {announced.group(1)} points, {points} are there"
        return tuple(replace(s, remarks=(*s.remarks, said)) for s in spectra)
    return tuple(spectra)


@reader("an impedance spectrum of VersaStudio")
def read_versastudio(path: Path) -> tuple[Spectrum, ...]:
    """Segments of a VersaStudio file that hold an impedance."""
    tables = [t for t in read_par(path) if any("freq" in n.lower() for n in t.names)]
    if not tables:
        raise DataError(f"{path}: a VersaStudio file without a frequency column: no impedance was measured")
    return tuple(s for table in tables for s in _of_table(table))


@reader("a table of impedance")
def read_table(path: Path) -> tuple[Spectrum, ...]:
    """Every table of a text file or workbook that names frequency and impedance, or has just these
    columns.
    """
    tables = read_tables(path)
    named = [t for t in tables if t.named] or list(tables)
    spectra: list[Spectrum] = []
    refusals: list[DataError] = []
    end = 0
    for table in named:
        try:
            spectra += _of_table(table, said=table.header[end:][-80:])
        except DataError as error:
            refusals.append(error)
        end = int(table.lines[-1])
    if not spectra:
        raise refusals[0]
    doubts = tuple(f"a further table was left out: {error}" for error in refusals)
    numbered = len({s.source for s in spectra}) < len(spectra)
    return tuple(
        replace(
            s,
            source=f"{path} [{i}]" if numbered else s.source,
            account=None if s.account is None else s.account.doubting(*doubts),
        )
        for i, s in enumerate(spectra, start=1)
    )


def _of_table(table: Delimited, *, said: tuple[str, ...] = ()) -> list[Spectrum]:
    """Spectra of one table."""
    temperature = _stated_temperature(said)
    spectra: list[Spectrum] = []
    for sweep in sweeps_of(table):
        spectra += split_spectra(
            sweep.frequency,
            sweep.impedance,
            sweep.account.source,
            marks=sweep.marks,
            time=sweep.time,
            temperature=sweep.temperature,
            given_as=sweep.given_as,
            account=sweep.account,
        )
    if temperature is not None:
        spectra = [s if s.temperature is not None else s.at(temperature=temperature) for s in spectra]
    return spectra


def _stated_temperature(lines: tuple[str, ...]) -> float | None:
    """Temperature in K that the lines above a table state with its unit."""
    for line in reversed(lines):
        found = _SAID_TEMPERATURE.search(line)
        unit = found and (found.group(3) or found.group(1))
        if found and unit:
            value = float(found.group(2).replace(",", "."))
            return value if unit == "K" else value + 273.15
    return None
