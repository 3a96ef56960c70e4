"""A dry run of every reader: what a file is, what was taken for what, in which units, what is doubtful."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.account import Account
from electrolith.core.errors import DataError, ElectrolithError
from electrolith.study.printed import Span
from electrolith.study.section import Part
from electrolith.study.table import Cell, Table, as_cell

__all__ = ["FAMILIES", "Look", "look_at", "look_parts"]


Contents = tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, eq=False)
class Look:
    """One data set that a reader found.

    family : of readers, "impedance". command : that takes such a file. counts : what is there, by name.
    """

    family: str
    command: str
    account: Account
    counts: Contents


def _range(values: Any, unit: str) -> str:
    """Least and largest of finite values."""
    seen = np.asarray(values, dtype=float)
    seen = seen[np.isfinite(seen)]
    return f"{seen.min():.4g} to {seen.max():.4g} {unit}".strip() if seen.size else "none"


def _span(values: Any, unit: str) -> Cell:
    """The same as a cell of a table, which keeps every digit."""
    text = _range(values, unit)
    seen = np.asarray(values, dtype=float)
    seen = seen[np.isfinite(seen)]
    return Span(float(seen.min()), float(seen.max()), text, unit) if seen.size else text


def _account(found: Account | None, path: Path, kind: str, notes: Iterable[str] = ()) -> Account:
    """The reader's account, or one made of its notes."""
    if found is not None:
        return found
    return Account(str(path), kind, left_out=tuple(notes))


def _impedance(path: Path) -> list[Look]:
    from electrolith.lab.impedance.read import read_impedance
    from electrolith.lab.impedance.temperatures import temperatures_from_names

    found = []
    for s in read_impedance(path):
        named = temperatures_from_names([s.source])
        kelvin = s.temperature if s.temperature is not None else named.kelvin[0]
        account = replace(_account(s.account, path, "an impedance spectrum"), source=s.source)
        unit = {"impedance": "ohm", "area-specific": "ohm m2", "resistivity": "ohm m"}[s.given_as]
        counts: list[tuple[str, Cell]] = [
            ("points", str(s.frequency.size)),
            ("frequency", _span(s.frequency, "Hz")),
            ("|Z|", _span(np.abs(s.impedance), unit)),
            ("Z''", _span(s.impedance.imag, unit)),
            ("temperature", "not stated" if kelvin is None else f"{kelvin - 273.15:.4g} °C"),
        ]
        found.append(Look("impedance", "impedance", account.doubting(*named.doubts), tuple(counts)))
    return found


def _cycling(path: Path) -> list[Look]:
    from electrolith.lab.cycling.bells import doubts_of
    from electrolith.lab.cycling.cycles import cycle_table
    from electrolith.lab.cycling.read import read_cycling

    record = read_cycling(path)
    counts: list[tuple[str, Cell]] = [
        ("rows", str(record.rows)),
        ("time", f"{(record.time[-1] - record.time[0]) / 3600:.4g} h"),
        ("voltage", _span(record.voltage, "V")),
        ("current", _span(1e3 * record.current, "mA")),
    ]
    doubts: tuple[str, ...] = ()
    try:
        table = cycle_table(record)
    except DataError as error:
        doubts = (str(error),)
    else:
        counts += [
            ("cycles", f"{table.cycle.size}, counted by the {table.counted_by}"),
            ("charge", _span(table.charge, "mAh")),
            ("discharge", _span(table.discharge, "mAh")),
        ]
        doubts = (*table.remarks, *doubts_of(table))
    account = _account(record.account, path, "a cycling record").doubting(*doubts)
    return [Look("cycling", "cycling, ccd or polarisation", account, tuple(counts))]


def _xanes(path: Path) -> list[Look]:
    from electrolith.lab.xanes.analysis import XanesSettings, read_any

    return [
        Look(
            "X-ray absorption",
            "xanes",
            replace(_account(s.account, path, "an absorption spectrum"), source=s.source),
            (("points", str(s.energy.size)), ("energy", _span(s.energy, "eV")), ("measured in", s.mode)),
        )
        for s in read_any(path, XanesSettings((path,)))
    ]


def _nmr(path: Path) -> list[Look]:
    from electrolith.lab.nmr.analysis import read_record
    from electrolith.lab.nmr.spectrum import Integration

    found, _ = read_record(path, Integration())
    kelvin = f"{found.temperature:.4g} K" if np.isfinite(found.temperature) else "not stated"
    counts: Contents = (
        ("delays", f"{found.delays.size}, {_range(found.delays, 's')}"),
        ("nucleus", found.nucleus or "not stated"),
        ("temperature", kelvin),
    )
    return [Look("NMR relaxation", "nmr", _account(found.account, path, "a recovery"), counts)]


def _indents(path: Path) -> list[Look]:
    from electrolith.lab.indentation.read import read_indents

    found = read_indents(path)
    deepest = [1e9 * float(np.max(i.depth)) for i in found.indents]
    highest = [1e3 * float(np.max(i.load)) for i in found.indents]
    counts: Contents = (
        ("indents", str(len(found.indents))),
        ("greatest depth", _span(deepest, "nm")),
        ("greatest load", _span(highest, "mN")),
        ("area function", "in the file" if found.area else "not in the file"),
    )
    return [Look("indentation", "indent", _account(None, path, "indents"), counts)]


def _micrograph(path: Path) -> list[Look]:
    from electrolith.lab.particles.read import read_micrograph

    found = read_micrograph(path)
    rows, columns = found.grey.shape
    counts: Contents = (
        ("pixels", f"{columns} x {rows}"),
        ("pixel", f"{1e9 * found.pixel:.4g} nm"),
        ("scale from", found.scale_from),
        ("saturated", f"{100 * found.saturated:.2g} %"),
    )
    return [Look("micrograph", "particles", _account(None, path, "an image with its scale"), counts)]


def _pattern(path: Path) -> list[Look]:
    from electrolith.scattering.read_pattern import read_pattern

    found = read_pattern(path)
    counts: Contents = (
        ("points", str(found.x.size)),
        ("abscissa", f"{found.abscissa}, {_range(found.x, '')}"),
        ("intensity", f"{found.ordinate}, {_range(found.intensity, '')}"),
        ("standard deviations", found.sigma_from),
        ("wavelength", "not in the file" if found.wavelength is None else f"{found.wavelength:.6g} Å"),
    )
    return [Look("powder pattern", "rietveld", _account(None, path, "a pattern", found.notes), counts)]


def _pdf(path: Path) -> list[Look]:
    from electrolith.scattering.read_gr import read_gr

    found = read_gr(path)
    counts: Contents = (("points", str(found.r.size)), ("r", _span(found.r, "Å")))
    return [Look("pair distribution", "pdf", _account(None, path, "G(r)"), counts)]


def _crystal(path: Path) -> list[Look]:
    from electrolith.crystal.read import read_crystal

    found = read_crystal(path)
    counts: Contents = (
        ("content of the cell", found.formula),
        ("space group", f"{found.space_group} ({found.space_group_number})"),
        ("density", found.density.text()),
        ("sites", str(len(found.sites))),
    )
    return [Look("crystal", "order", _account(None, path, "a crystal structure", found.notes), counts)]


def _trajectory(path: Path) -> list[Look]:
    from electrolith.motion.read import read_run

    found = read_run([path])
    frames, atoms = found.fractional.shape[:2]
    clock = "none in the file" if found.clock == "none" else f"{found.clock}, {_range(found.times, '')}"
    counts: Contents = (
        ("frames", str(frames)),
        ("atoms", str(atoms)),
        ("times", clock),
        ("temperature", "not stated" if found.temperature is None else f"{found.temperature:.4g} K"),
    )
    return [Look("trajectory", "diffusion", _account(None, path, "a trajectory", found.notes), counts)]


def _phases(path: Path) -> list[Look]:
    from electrolith.stability.read_entries import read_phases

    found = read_phases(path)
    counts: Contents = (("phases", str(len(found))),)
    return [Look("phases", "window --extra", _account(None, path, "energies of phases"), counts)]


def _samples(path: Path) -> list[Look]:
    from electrolith.lab.synthesis.samples import read_samples

    found = read_samples(path)
    counts: Contents = (("samples", str(len(found.names))), ("columns", ", ".join(found.columns)))
    return [Look("samples", "batch --samples", _account(None, path, "a table of samples"), counts)]


# The readers that ask most of a file stand first: what takes any two columns comes last.
FAMILIES: tuple[tuple[str, Callable[[Path], list[Look]]], ...] = (
    ("impedance", _impedance),
    ("cycling", _cycling),
    ("crystal", _crystal),
    ("phases", _phases),
    ("pair distribution", _pdf),
    ("indentation", _indents),
    ("X-ray absorption", _xanes),
    ("micrograph", _micrograph),
    ("trajectory", _trajectory),
    ("powder pattern", _pattern),
    ("NMR relaxation", _nmr),
    ("samples", _samples),
)
_ENDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (".cif .vasp", ("crystal",)),
    (".gr", ("pair distribution",)),
    (".prj .xdi .xmu", ("X-ray absorption",)),
    (".tif .tiff .png .jpg", ("micrograph",)),
    (".hld", ("indentation",)),
    (".json", ("phases", "crystal")),
    (".xye .xy .xrdml .raw .brml .ras .gsa .fxye", ("powder pattern",)),
    (".xyz", ("trajectory", "crystal")),
    (".lammpstrj .traj", ("trajectory",)),
    (".nda .ndax", ("cycling",)),
    (".dta .z", ("impedance",)),
    (".mpr .mpt", ("impedance", "cycling")),
)
_BY_ENDING = {ending: families for endings, families in _ENDINGS for ending in endings.split()}
_TABLES = {"", ".txt", ".csv", ".dat", ".tsv", ".xlsx", ".ods", ".xls", ".par", ".asc"}
_OF_TABLES = (
    "impedance", "cycling", "pair distribution", "indentation", "X-ray absorption", "powder pattern",
    "NMR relaxation", "samples",
)  # fmt: skip


def look_at(path: Path) -> tuple[tuple[Look, ...], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What the first reader that takes a file finds; why others did not; which families would take it too.

    Raises
    ------
    DataError
        If the path is not there.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file")
    ending = path.suffix.lower()
    wanted = _BY_ENDING.get(ending, ("NMR relaxation", "trajectory") if path.is_dir() else _OF_TABLES)
    if ending not in _BY_ENDING and ending not in _TABLES and not path.is_dir():
        wanted = tuple(name for name, _ in FAMILIES)
    readers = dict(FAMILIES)
    ordered = [name for name, _ in FAMILIES if name in wanted] if len(wanted) > 2 else list(wanted)
    found: tuple[Look, ...] = ()
    refused, others = [], []
    for name in ordered:
        try:
            looks = tuple(readers[name](path))
        except ElectrolithError as error:
            refused.append((name, str(error).removeprefix(f"{path}: ")))
            continue
        if found:
            others.append(name)
        else:
            found = looks
    return found, tuple(refused), tuple(others)


def look_parts(path: Path) -> tuple[Part, ...]:
    """The dry run in words and tables."""
    found, refused, others = look_at(path)
    if not found:
        rows = tuple((name, why[:200]) for name, why in refused)
        sentence = f"{path.name} is not read by any reader."
        table = Table(("reader", "why not"), rows)
        return (Part(f"Reading of {path.name}", sentence, tables=(table,), warnings=(sentence,)),)
    return tuple(_look_part(path, look, others) for look in found)


def _look_part(path: Path, look: Look, others: tuple[str, ...]) -> Part:
    """One data set."""
    account = look.account
    name = account.source.replace(str(path), path.name)
    sentence = f"{name}: {look.family}, {account.kind}; `electrolith {look.command}` takes it."
    taken = tuple((t.meaning, t.column, t.unit or "–", t.note) for t in account.taken)
    rows = tuple((k, as_cell(v) if isinstance(v, str) else v) for k, v in look.counts)
    tables = [Table(("what", "in the file"), rows, "Contents")]
    if taken:
        tables.insert(0, Table(("taken for", "column", "unit", "note"), taken, "Columns"))
    notes = [*account.left_out, *(w.text for w in account.witnesses if w.verdict != "disagrees")]
    if account.ignored:
        notes.append(f"not used: {', '.join(account.ignored[:20])}")
    if others:
        notes.append(f"readers of {', '.join(others)} would take it too")
    return Part(f"Reading of {name}", sentence, (), tuple(tables), account.warnings, tuple(notes))
