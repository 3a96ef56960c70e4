"""Indentation records: Agilent/MTS workbooks, Hysitron and Alemnis text exports, plain tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.delimited import Delimited, read_only_table, read_tables, read_text
from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.core.header_units import column_scale, scale_to, split_header
from electrolith.core.reading import reader

__all__ = ["Indent", "IndentFile", "read_agilent", "read_hysitron", "read_indents", "read_table"]

LEAST = 20  # points of an indent
_INVALID = 1e300  # 1.797e308 marks a value the instrument could not compute
_DEPTH_NAMES = (
    "displacement into surface",
    "depth",
    "displacement",
    "indentation depth",
    "disp",
    "penetration",
)
_LOAD_NAMES = ("load on sample", "load", "force", "normal force")
_TIME_NAMES = ("time on sample", "time", "test time")


@dataclass(frozen=True, slots=True, eq=False)
class Indent:
    """One indent.

    time : s; depth : m, positive into the sample; load : N; each of shape (n,).
    stiffness : N/m measured continuously while loading, shape (n,), nan where absent; or empty.
    segments : name and first row of each part where the file names them.
    """

    time: np.ndarray
    depth: np.ndarray
    load: np.ndarray
    stiffness: np.ndarray
    segments: tuple[tuple[str, int], ...]
    name: str
    source: str

    def __post_init__(self) -> None:
        sizes = {np.asarray(a).size for a in (self.time, self.depth, self.load)}
        if len(sizes) > 1:
            raise DataError(f"{self.source}: time, depth and load have different lengths {sorted(sizes)}")
        if min(sizes) < 20:
            raise DataError(f"{self.source}: {min(sizes)} points; an indent needs at least 20")
        if not np.all(np.isfinite(self.depth)) or not np.all(np.isfinite(self.load)):
            raise DataError(f"{self.source}: a depth or a load is not a finite number")


@dataclass(frozen=True, slots=True, eq=False)
class IndentFile:
    """All indents of a file and what the instrument says beside them; None or nan where it says nothing.

    area : coefficients C0, C1, ... of A(h) = C0 h² + C1 h + C2 h^½ + C3 h^¼ + ..., h in nm, A in nm².
    window : depths over which the vendor averages the continuous stiffness, m.
    drift_corrected : whether the depths already carry the instrument's correction.
    beta : the shape factor with which the vendor's own modulus column was computed.
    modulus, hardness : the vendor's results for each indent, Pa.
    """

    indents: tuple[Indent, ...]
    area: tuple[float, ...] | None
    poisson: float
    window: tuple[float, float] | None
    drift_corrected: bool
    beta: float
    modulus: np.ndarray
    hardness: np.ndarray
    source: str


@reader("indents")
def read_indents(path: Path | str) -> IndentFile:
    """Any supported file: .xls by its sheets, everything else as a table of time, depth and load."""
    path = Path(path)
    if path.suffix.lower() == ".xls":
        return read_agilent(path)
    if path.suffix.lower() == ".hld":
        return read_hysitron(path)
    tables = [t for t in read_tables(path) if len(t.columns) >= LEAST]
    if len(tables) < 2:
        return _bare(read_table(path))
    found = tuple(replace(_indent(t), name=f"{path.stem} [{i}]") for i, t in enumerate(tables, 1))
    none = np.full(len(found), np.nan)
    return replace(_bare(found[0]), indents=found, modulus=none, hardness=none)


@reader("a Hysitron file")
def read_hysitron(path: Path | str) -> IndentFile:
    """A Hysitron record (.hld): the block of test data, with the tip's area function and the machine's
    compliance.

    Raises
    ------
    DataError
        If there is no block of test data with displacement and force.
    """
    lines = read_text(path).split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith("Test Data Points:")), None)
    if start is None or start + 2 >= len(lines):
        raise DataError(f"{path}: no line 'Test Data Points:'; expected a Hysitron record")
    count = int(lines[start].split(":")[1])
    names = [n.strip().lower() for n in lines[start + 1].split("\t")]
    wanted = [
        next((i for i, n in enumerate(names) if n.startswith(w)), None) for w in ("time", "disp_nm", "force")
    ]
    if None in wanted:
        raise DataError(f"{path}: the test data has no time, Disp_nm and Force; columns: {', '.join(names)}")
    rows = [line.split("\t") for line in lines[start + 2 :] if len(line.split("\t")) == len(names)][:count]
    if len(rows) < count:
        raise DataError(f"{path}: {len(rows)} of {count} test data points; the file is cut off")
    table = np.array([[float(r[i]) for i in wanted if i is not None] for r in rows])
    header = dict(re.findall(r"(?m)^([A-Za-z][^:\n]*):\s*([-+0-9.eE]+)", "\n".join(lines[:start])))
    indent = Indent(
        time=table[:, 0],
        depth=table[:, 1] * 1e-9,
        load=table[:, 2] * 1e-6,
        stiffness=np.array([]),
        segments=(),
        name=Path(path).stem,
        source=str(path),
    )
    area = tuple(float(header[f"Tip C{i}"]) for i in range(6) if f"Tip C{i}" in header)
    none = np.array([np.nan])
    return IndentFile((indent,), area or None, np.nan, None, True, np.nan, none, none, str(path))


def _bare(indent: Indent) -> IndentFile:
    """A file of one indent that says nothing about itself."""
    none = np.array([np.nan])
    return IndentFile((indent,), None, np.nan, None, False, np.nan, none, none, indent.source)


def _column(names: list[str], wanted: tuple[str, ...]) -> int | None:
    """Index of the first column whose name opens with one of `wanted`."""
    for want in wanted:
        for index, name in enumerate(names):
            if re.match(rf"{re.escape(want)}(?![a-z])", name):
                return index
    return None


def _scale(title: str, target: str, what: str, path: Path | str) -> float:
    """SI factor of the unit in a column's title; a time without one is in seconds."""
    try:
        return column_scale(title, target, bare="s" if target == "s" else None)[0].factor
    except InputError as error:
        example = {"m": "'depth (nm)'", "N": "'load (mN)'", "s": "'time (s)'"}[target]
        raise DataError(
            f"{path}: the unit of the {what} is not stated or known: {error}; like {example}"
        ) from error


@reader("a table of an indent")
def read_table(path: Path | str) -> Indent:
    """A text export with named columns, units in their names: Depth (nm), Load (µN), Time (s).

    Raises
    ------
    DataError
        If depth or load cannot be found or carry no unit.
    """
    return _indent(read_only_table(path))


def _indent(table: Delimited) -> Indent:
    """The indent of one table."""
    path = table.path
    if table.misfit:
        raise DataError(f"{path}: the line {table.misfit[:80]!r} reads like names but does not fit the table")
    names = [split_header(n).name.lower().strip() for n in table.names]
    depth, load, time = (_column(names, w) for w in (_DEPTH_NAMES, _LOAD_NAMES, _TIME_NAMES))
    if depth is None or load is None:
        raise DataError(f"{path}: no columns of depth and load found; columns: {', '.join(table.names)}")
    rows = table.columns
    metres = _scale(table.names[depth], "m", "depth", path)
    newtons = _scale(table.names[load], "N", "load", path)
    seconds = 1.0 if time is None or time in table.clocks else _scale(table.names[time], "s", "time", path)
    keep = np.isfinite(rows[:, depth]) & np.isfinite(rows[:, load])
    # a record without a clock is taken at even steps of unknown length
    clock = rows[keep, time] * seconds if time is not None else np.full(int(keep.sum()), np.nan)
    return Indent(
        time=clock,
        depth=rows[keep, depth] * metres,
        load=rows[keep, load] * newtons,
        stiffness=np.array([]),
        segments=(),
        name=Path(path).stem,
        source=str(path),
    )


def _sheet_scale(unit: str, target: str, path: Path) -> float:
    """SI factor of a unit in its own cell."""
    try:
        return scale_to(unit, target).factor
    except InputError as error:
        raise DataError(f"{path}: {error}") from error


def _rows(sheet: Any) -> tuple[list[str], list[str], list[list[Any]]]:
    """Names, units and the rows below them."""
    table = [sheet.row_values(i) for i in range(sheet.nrows)]
    return [str(v).strip() for v in table[0]], [str(v).strip() for v in table[1]], table[2:]


def _numbers(rows: list[list[Any]], index: int) -> np.ndarray:
    """A column as numbers; text, empty cells and the vendor's mark of an invalid value become nan."""
    values = np.array([r[index] if isinstance(r[index], int | float) else np.nan for r in rows], dtype=float)
    return np.where(np.abs(values) < _INVALID, values, np.nan)


@reader("an Agilent workbook")
def read_agilent(path: Path | str) -> IndentFile:
    """An Agilent/MTS/Keysight workbook (.xls): sheets Results, Inputs, and Test 001, Test 002, ...

    Raises
    ------
    DataError
        If no sheet holds an indent.
    MissingExtra
        If xlrd is not installed.
    """
    path = Path(path)
    try:
        import xlrd
    except ImportError as error:
        raise MissingExtra("indentation", "xlrd") from error
    try:
        book = xlrd.open_workbook(str(path))
    except (OSError, xlrd.XLRDError) as error:
        raise DataError(f"{path}: no .xls workbook ({error})") from error
    tests = sorted(
        n for n in book.sheet_names() if re.fullmatch(r"Test \d+", n) and book.sheet_by_name(n).nrows > 22
    )
    if not tests:
        raise DataError(
            f"{path}: no sheet 'Test 001' with an indent; sheets: {', '.join(book.sheet_names())}"
        )
    results, inputs = _lookup(book, "Results"), _lookup(book, "Inputs Editable Post Test")
    poisson = _first({**_lookup(book, "Required Inputs"), **inputs}, "Poissons Ratio")
    parsed = [_agilent_indent(book.sheet_by_name(n), n, path, poisson) for n in tests]
    coefficients = [results[k][0] for k in sorted(results) if k.lower().startswith("area coefficient")]
    low, high = (
        np.nanmax([_first(inputs, f"{e} Calculation Depth"), _first(inputs, f"{e} Depth for Average"), -1.0])
        for e in ("Minimum", "Maximum")
    )
    betas = np.array([b for _, b, _ in parsed])
    count = len(tests)
    return IndentFile(
        indents=tuple(i for i, _, _ in parsed),
        area=tuple(float(c) for c in coefficients) if coefficients else _area_of([a for _, _, a in parsed]),
        poisson=poisson,
        window=(float(low) * 1e-9, float(high) * 1e-9) if 0 <= low < high else None,
        drift_corrected=_first(inputs, "Perform Drift Correction") == 1,
        # every workbook of this maker whose columns tell it was computed with 1
        beta=float(np.nanmedian(betas)) if np.any(np.isfinite(betas)) else 1.0,
        modulus=_vendor(results, "E ", count),
        hardness=_vendor(results, "H ", count),
        source=str(path),
    )


def _lookup(book: Any, name: str) -> dict[str, np.ndarray]:
    """Columns of a sheet with one row a test; empty if there is no such sheet."""
    if name not in book.sheet_names():
        return {}
    names, _, rows = _rows(book.sheet_by_name(name))
    tests = [r for r in rows if str(r[0]).replace(".0", "").isdigit()]
    return {n: _numbers(tests, i) for i, n in enumerate(names)} if tests else {}


def _first(table: dict[str, np.ndarray], name: str) -> float:
    return float(table[name][0]) if name in table and table[name].size else float("nan")


def _vendor(results: dict[str, np.ndarray], start: str, count: int) -> np.ndarray:
    """The vendor's averages over the depth window, Pa."""
    other = {"E ": "Avg Modulus", "H ": "Avg Hardness"}[start]
    for name, values in results.items():
        if values.size != count or not np.any(np.isfinite(values)):
            continue
        if (name.startswith(start) and "Average" in name) or name.startswith((other, f"Avg {start.strip()}")):
            return values * 1e9
    return np.full(count, np.nan)


def _agilent_indent(sheet: Any, name: str, path: Path, poisson: float) -> tuple[Indent, float, np.ndarray]:
    """An indent, the shape factor hidden in the vendor's own columns, and his contact depths and areas."""
    names, units, rows = _rows(sheet)
    lower = [n.lower() for n in names]
    depth, load, time = (_column(lower, w) for w in (_DEPTH_NAMES, _LOAD_NAMES, _TIME_NAMES))
    if depth is None or load is None or time is None:
        raise DataError(
            f"{path}, sheet {name}: no columns of displacement, load and time; columns: {', '.join(names)}"
        )
    h, p = _numbers(rows, depth), _numbers(rows, load)
    keep = np.isfinite(h) & np.isfinite(p)
    marks = [(str(r[0]), int(keep[:i].sum())) for i, r in enumerate(rows) if str(r[0]).strip()]
    stiff = _column(lower, ("harmonic contact stiffness", "stiffness"))
    stiffness = _numbers(rows, stiff)[keep] if stiff is not None else np.array([])
    indent = Indent(
        time=_numbers(rows, time)[keep],
        depth=h[keep] * _sheet_scale(units[depth], "m", path),
        load=p[keep] * _sheet_scale(units[load], "N", path),
        stiffness=np.where(stiffness > 0, stiffness, np.nan) if stiffness.size else stiffness,
        segments=tuple((n, i) for n, i in marks if n != "END"),
        name=name,
        source=f"{path}, sheet {name}",
    )
    hard, modulus = _column(lower, ("hardness",)), _column(lower, ("modulus",))
    if hard is None or modulus is None or not stiffness.size:
        return indent, float("nan"), np.zeros((0, 2))
    hardness, young = _numbers(rows, hard)[keep], _numbers(rows, modulus)[keep]
    good = (hardness > 0) & (young > 1) & (indent.depth > 3e-8) & np.isfinite(indent.stiffness)
    at = (indent.depth - 0.75 * indent.load / indent.stiffness)[good]
    areas = np.column_stack([at, indent.load[good] / (hardness[good] * 1e9)])
    beta = _vendor_beta(indent, hardness, young, poisson=poisson if np.isfinite(poisson) else 0.25)
    return indent, beta, areas


def _area_of(columns: list[np.ndarray]) -> tuple[float, ...] | None:
    """Area coefficients read back from the vendor's hardness, A = P/H, where the workbook does not state
    them.
    """
    table = np.concatenate(columns) if columns else np.zeros((0, 2))
    table = table[(table[:, 0] > 0) & np.isfinite(table).all(axis=1)]
    if len(table) < 50:
        return None
    h, area = table[:, 0] * 1e9, table[:, 1] * 1e18
    design = np.column_stack([h**2, h, np.sqrt(h)]) / area[:, None]
    return tuple(float(c) for c in np.linalg.lstsq(design, np.ones_like(h), rcond=None)[0])


def _vendor_beta(indent: Indent, hardness: np.ndarray, modulus: np.ndarray, *, poisson: float) -> float:
    """β = √π S/(2 E_r √A) with A = P/H, from the vendor's columns (GPa) of a diamond tip."""
    good = (hardness > 0) & (modulus > 1) & (indent.depth > 1e-7) & np.isfinite(indent.stiffness)
    if np.count_nonzero(good) < 10:
        return float("nan")
    area = indent.load[good] / (hardness[good] * 1e9)
    reduced = 1 / ((1 - poisson**2) / (modulus[good] * 1e9) + (1 - 0.07**2) / 1141e9)
    return float(np.median(np.sqrt(np.pi) * indent.stiffness[good] / (2 * reduced * np.sqrt(area))))
