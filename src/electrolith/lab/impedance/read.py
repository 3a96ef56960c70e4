"""Read impedance files: BioLogic .mpr and .mpt, Gamry .dta, ZPlot .z, NEISYS and plain text tables."""

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.delimited import Delimited, read_delimited, read_text
from electrolith.core.errors import DataError, ElectrolithError
from electrolith.core.reading import reader
from electrolith.lab.biologic import parse_rows, read_ec_lab
from electrolith.lab.impedance.spectrum import Spectrum, make_spectrum

Array = np.ndarray
FORMATS = (
    "BioLogic .mpr/.mpt, Gamry .dta, ZPlot .z, and tables with frequency, Z' and Z'' (NEISYS .txt, .csv)"
)
LONGEST = 1000  # rows of a nameless table that may still be a sweep
FREQUENCY = re.compile(r"^(f|freq.*|frequency.*|ν|nu|f/hz|f \(hz\))$|hz", re.IGNORECASE)
RE = re.compile(r"re\s*\(?z|z_?re|zs?'(?!')|z_?real|^real|z\s*prime(?!2)", re.IGNORECASE)
IM = re.compile(r"im\s*\(?z|z_?im|zs?''|z_?imag|^-?\s*imag|zs?\"", re.IGNORECASE)
MODULUS = re.compile(r"\|z\||z_?mod|magnitude", re.IGNORECASE)
PHASE = re.compile(r"phase|phz|theta", re.IGNORECASE)


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
    if head.startswith((b"ZPLOT", b'"ZPLOT')):
        return read_zplot
    return read_table


@reader("an impedance spectrum of EC-Lab")
def read_biologic(path: Path) -> tuple[Spectrum, ...]:
    """Spectra of an EC-Lab file; its "-Im(Z)" column is turned to Z''.

    A new cycle number, a new sequence number or a frequency that jumps back begins the next spectrum.

    """
    table = read_ec_lab(path)
    frequency, real = table.get("freq/Hz"), table.get("Re(Z)/Ohm")
    minus, plus = table.get("-Im(Z)/Ohm"), table.get("Im(Z)/Ohm")
    imaginary = plus if plus is not None else (None if minus is None else -minus)
    if frequency is None or real is None or imaginary is None:
        raise DataError(
            f"{path}: an EC-Lab file without impedance; columns: {', '.join(list(table.columns)[:12])}"
        )
    on = frequency > 0
    marks = [c[on] for name in ("cycle number", "Ns") if (c := table.get(name)) is not None]
    return split_spectra(
        frequency[on],
        (real + 1j * imaginary)[on],
        str(path),
        marks=marks,
        time=None if (t := table.get("time/s")) is None else t[on],
        started=table.started,
        remarks=table.remarks,
    )


@reader("an impedance spectrum of Gamry")
def read_gamry(path: Path) -> tuple[Spectrum, ...]:
    """Every ZCURVE table of a Gamry .dta file."""
    lines = read_text(path).split("\n")
    heads = [i for i, line in enumerate(lines) if line.startswith("ZCURVE")]
    if not heads:
        tables = [line.split("\t")[0] for line in lines if "\tTABLE" in line]
        raise DataError(f"{path}: a Gamry file without a ZCURVE table; tables: {', '.join(tables) or 'none'}")
    spectra: list[Spectrum] = []
    for head in heads:
        names = lines[head + 1].strip("\t").split("\t")
        stop = next((i for i in range(head + 3, len(lines)) if not lines[i].startswith("\t")), len(lines))
        rows, dropped = parse_rows(
            [line.lstrip("\t") for line in lines[head + 3 : stop]], len(names), str(path)
        )
        column = dict(zip(names, rows.T, strict=True))
        if missing := {"Freq", "Zreal", "Zimag"} - set(column):
            raise DataError(
                f"{path}: ZCURVE without {', '.join(sorted(missing))}; columns: {', '.join(names)}"
            )
        remarks = (f"{dropped} incomplete rows dropped",) if dropped else ()
        spectra += split_spectra(
            column["Freq"],
            column["Zreal"] + 1j * column["Zimag"],
            str(path),
            time=column.get("Time"),
            remarks=remarks,
        )
    return tuple(spectra)


@reader("an impedance spectrum of ZPlot")
def read_zplot(path: Path) -> tuple[Spectrum, ...]:
    """The table of a ZPlot .z file."""
    lines = read_text(path).split("\n")
    end = next((i for i, line in enumerate(lines) if line.strip() == "End Comments"), None)
    if end is None:
        raise DataError(f"{path}: a ZPlot file without the line 'End Comments'; the export is cut off")
    names = lines[end - 1].strip().split("\t")
    if "Freq(Hz)" not in names or "Z'(a)" not in names:
        names = ["Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range"]
    rows, dropped = parse_rows([line.strip() for line in lines[end + 1 :]], len(names), str(path))
    column = dict(zip(names, rows.T, strict=True))
    remarks = (f"{dropped} incomplete rows dropped",) if dropped else ()
    announced = re.search(r"Data Points:\s*(\d+)", "\n".join(lines[:end]))
    if announced and int(announced.group(1)) != len(rows):
        remarks = (*remarks, f"the header announces {announced.group(1)} points, {len(rows)} are there")
    return split_spectra(
        column["Freq(Hz)"],
        column["Z'(a)"] + 1j * column["Z''(b)"],
        str(path),
        time=column["Time(Sec)"],
        remarks=remarks,
    )


@reader("a table of impedance")
def read_table(path: Path) -> tuple[Spectrum, ...]:
    """A text table with named columns, or with frequency, Z', Z'' in this order."""
    table = read_delimited(path)
    frequency, impedance, remarks = _impedance_columns(table)
    if np.count_nonzero(frequency > 0) < 3:
        raise DataError(
            f"{path}: the column read as frequency has no positive numbers; columns: {table.names}"
        )
    return split_spectra(frequency, impedance, str(path), remarks=remarks)


def _impedance_columns(table: Delimited) -> tuple[Array, Array, tuple[str, ...]]:
    """Frequency, impedance and what had to be assumed."""
    names, columns = table.names, table.columns
    if columns.shape[1] < 3:
        raise DataError(f"{table.path}: {columns.shape[1]} columns; impedance needs frequency, Z' and Z''")
    if all(name.startswith("column ") for name in names):
        if len(columns) > LONGEST:
            raise DataError(
                f"{table.path}: {len(columns)} rows of {columns.shape[1]} columns without a header are "
                f"no impedance "
                "spectrum; name the columns frequency, Z' and Z''"
            )
        impedance, remarks = _signed(columns[:, 1], columns[:, 2], "column 3", stated=False)
        return columns[:, 0], impedance, ("no header: columns read as frequency, Z', Z''", *remarks)
    at_frequency = _first(names, FREQUENCY)
    at_im, at_re = _first(names, IM), _first(names, RE)
    if at_re == at_im and at_im is not None:
        at_re = next((i for i, n in enumerate(names) if RE.search(n) and i != at_im), None)
    if at_frequency is not None and at_re is not None and at_im is not None:
        title = names[at_im].strip()
        minus = title.startswith(("-", "−"))
        impedance, remarks = _signed(
            columns[:, at_re], -columns[:, at_im] if minus else columns[:, at_im], title, stated=minus
        )
        return columns[:, at_frequency], impedance, remarks
    at_modulus, at_phase = _first(names, MODULUS), _first(names, PHASE)
    if at_frequency is not None and at_modulus is not None and at_phase is not None:
        degrees = np.deg2rad(columns[:, at_phase])
        return (
            columns[:, at_frequency],
            columns[:, at_modulus] * np.exp(1j * degrees),
            ("from |Z| and phase",),
        )
    raise DataError(f"{table.path}: no columns for frequency, Z' and Z'' among: {', '.join(names)}")


def _signed(real: Array, imaginary: Array, title: str, *, stated: bool) -> tuple[Array, tuple[str, ...]]:
    """Impedance with Z'' negative for a capacitor; a column that is mostly positive is turned."""
    if not stated and np.mean(imaginary > 0) > 0.8:
        return real - 1j * imaginary, (f"{title!r} is mostly positive: read as -Z''",)
    return real + 1j * imaginary, ()


def _first(names: tuple[str, ...], pattern: "re.Pattern[str]") -> int | None:
    """Index of the first matching name."""
    return next((i for i, name in enumerate(names) if pattern.search(name.strip())), None)


def split_spectra(
    frequency: Array,
    impedance: Array,
    source: str,
    *,
    marks: Iterable[Array] = (),
    time: Array | None = None,
    started: str | None = None,
    remarks: tuple[str, ...] = (),
) -> tuple[Spectrum, ...]:
    """Cut rows into spectra where a mark changes or the frequency jumps back against its sweep.

    Raises
    ------
    DataError
        If no part has three usable points.
    """
    cut = np.zeros(frequency.size, dtype=bool)
    for mark in marks:
        cut[1:] |= np.diff(mark) != 0
    cut[1:] |= _turns(frequency)
    starts = [0, *np.flatnonzero(cut), frequency.size]
    spectra = []
    for number, (a, b) in enumerate(itertools.pairwise(starts), start=1):
        name = source if len(starts) == 2 else f"{source} [{number}]"
        if np.count_nonzero((frequency[a:b] > 0) & np.isfinite(impedance[a:b])) < 3:
            continue
        spectrum = make_spectrum(frequency[a:b], impedance[a:b], name, remarks=remarks)
        begin = None if time is None else float(time[a])
        spectra.append(replace(spectrum, time=begin, started=started))
    if not spectra:
        raise DataError(f"{source}: no spectrum with three usable points; {frequency.size} rows seen")
    return tuple(spectra)


def _turns(frequency: Array) -> Array:
    """Where the sweep starts again: a step against the common direction by more than a factor of three."""
    steps = np.diff(np.log(np.where(frequency > 0, frequency, np.nan)))
    if not np.isfinite(steps).any():
        return np.zeros(steps.size, dtype=bool)
    direction = np.sign(np.nanmedian(steps))
    return np.asarray(np.nan_to_num(-steps * direction) > np.log(3.0))


TEMPERATURE = re.compile(r"(?<![A-Za-z0-9.])([-+m]?)(\d+(?:[.,p]\d+)?)[ _]?(°C|degC|C|K)(?![A-Za-z0-9])")


def temperature_from_name(name: str) -> float | None:
    """Temperature in K written in a file name, "pellet_25C", "m5degC", "298K"; None without one."""
    found = TEMPERATURE.search(Path(name).stem.replace("_", " "))
    if not found:
        return None
    sign, number, unit = found.groups()
    value = float(number.replace(",", ".").replace("p", ".")) * (-1 if sign in ("-", "m") else 1)
    return value if unit == "K" else value + 273.15
