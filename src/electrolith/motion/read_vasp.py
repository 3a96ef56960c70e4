"""Molecular dynamics of VASP: vasprun.xml, or XDATCAR with the INCAR beside it."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.core.limits import refuse_above
from electrolith.core.reading import reader
from electrolith.crystal.species import number_of
from electrolith.motion.recording import Clock, Recording

__all__ = ["read_vasprun", "read_xdatcar", "vasp_file"]

Array = NDArray[np.float64]

DYNAMICS = 0  # IBRION of molecular dynamics
ENTITIES = 1 << 20  # bytes at the beginning in which an XML file could declare them
RAMP = 1.0  # K between TEBEG and TEEND; more is a run that heats or cools


def vasp_file(folder: Path) -> Path | None:
    """The trajectory of a VASP folder: vasprun.xml before XDATCAR, because it states the time step too."""
    return next(
        (folder / n for n in ("vasprun.xml", "vasprun.xml.gz", "XDATCAR") if (folder / n).is_file()), None
    )


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the input of the run says of time and temperature; None where it does not."""

    step: float | None
    temperature: float | None
    every: int
    notes: tuple[str, ...]


def _settings(where: str, given: dict[str, str]) -> _Settings:
    """POTIM, NBLOCK and the thermostat of INCAR tags.

    Raises
    ------
    DataError
        If the run is no molecular dynamics.
    """

    def number(tag: str) -> float | None:
        try:
            return float(given[tag].split()[0]) if given.get(tag, "").split() else None
        except ValueError as error:
            raise DataError(f"{where}: {tag} is {given[tag]!r}; expected a number") from error

    kind = number("IBRION")
    if kind is not None and kind != DYNAMICS:
        raise DataError(f"{where}: IBRION = {kind:g} is no molecular dynamics (0)")
    begin, end = number("TEBEG"), number("TEEND")
    notes: list[str] = []
    if begin is not None and end is not None and abs(end - begin) > RAMP and end > 0:
        notes.append(f"the thermostat goes from {begin:g} to {end:g} K: give the temperature")
        begin = None
    if begin is not None and number("SMASS") == -3 and (number("MDALGO") or 0) == 0:
        notes.append(f"without a thermostat (SMASS = -3) TEBEG = {begin:g} K is only the start")
        begin = None
    return _Settings(number("POTIM"), begin, round(number("NBLOCK") or 1), tuple(notes))


@reader("a vasprun.xml")
def read_vasprun(path: Path) -> Recording:
    """Every ionic step of a vasprun.xml; of an unfinished file those that are whole.

    Raises
    ------
    DataError
        If it is no vasprun.xml of molecular dynamics.
    """
    tags: dict[str, str] = {}
    symbols: list[str] = []
    cells: list[Array] = []
    fractional: list[Array] = []
    notes: list[str] = []
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as stream:
        if b"<!ENTITY" in stream.read(ENTITIES):
            raise DataError(f"{path}: XML that declares entities; these are not resolved, and it is refused")
        stream.seek(0)
        try:
            for _, element in ET.iterparse(stream):  # noqa: S314 - a file of the user's own run
                if element.tag in ("incar", "parameters"):
                    found = {str(i.get("name")): i.text or "" for i in element.iter("i")}
                    tags = found | tags if element.tag == "parameters" else tags | found
                elif element.tag == "atominfo":
                    rows = element.findall("array[@name='atoms']/set/rc")
                    symbols = [(row.findtext("c") or "").strip() for row in rows]
                elif element.tag == "calculation":
                    basis, places = (_array(element, n) for n in ("basis", "positions"))
                    if basis is not None and places is not None:
                        cells.append(basis)
                        fractional.append(places)
                        refuse_above("positions", len(fractional) * len(places), path)
                    element.clear()
        except ET.ParseError as error:
            if not fractional:
                raise DataError(f"{path}: not a readable vasprun.xml ({error})") from error
            notes.append(f"the file ends within step {len(fractional) + 1}, which is left out")
    if not symbols or not fractional:
        raise DataError(f"{path}: no ionic steps in this XML; expected the vasprun.xml of a run of VASP")
    settings = _settings(str(path), tags)
    written = round(float(tags.get("ML_OUTBLOCK") or 1))
    return _recording(
        path,
        symbols,
        cells,
        fractional,
        np.arange(len(fractional), dtype=float),
        interval=None if settings.step is None else settings.step * written,
        settings=settings,
        notes=notes,
    )


def _array(element: ET.Element, name: str) -> Array | None:
    found = element.find(f"structure//varray[@name='{name}']")
    return None if found is None else np.array([(v.text or "").split() for v in found], dtype=float)


@reader("an XDATCAR")
def read_xdatcar(path: Path, *, types: Sequence[str] = ()) -> Recording:
    """Every configuration of an XDATCAR, with time step, spacing and temperature of the INCAR beside it.

    Raises
    ------
    DataError
        If it is no XDATCAR.
    """
    cells: list[Array] = []
    fractional: list[Array] = []
    labels: list[float] = []
    symbols: list[str] = []
    notes: list[str] = []
    with path.open(encoding="utf-8", errors="replace") as stream:
        cell: Array | None = None
        for line in stream:
            marked = re.match(r"\s*(Direct|Cartesian)?\s*configuration\s*=\s*(\d+)?", line, re.IGNORECASE)
            if marked is None and (line.strip() or cell is None):
                cell, symbols = _header(path, list(islice(stream, 6)), symbols, types)
                continue
            if cell is None:
                raise DataError(f"{path}: not an XDATCAR: a configuration before the cell")
            rows = list(islice(stream, len(symbols)))
            block = " ".join(rows).split()
            if len(rows) < len(symbols) or len(block) < 3 * len(symbols):
                notes.append(f"the last configuration ({len(fractional) + 1}) is cut and left out")
                break
            try:
                places = np.array([row.split()[:3] for row in rows], dtype=float)
            except ValueError as error:
                raise DataError(f"{path}: configuration {len(fractional) + 1}: {error}") from error
            if marked is not None and (marked[1] or "").lower() == "cartesian":
                places = places @ np.linalg.inv(cell)
            fractional.append(places)
            refuse_above("positions", len(fractional) * len(places), path)
            cells.append(cell)
            labels.append(float(marked[2]) if marked is not None and marked[2] else len(labels) + 1.0)
    if not fractional:
        raise DataError(f"{path}: no configuration in this XDATCAR")
    incar = path.with_name("INCAR")
    settings = _settings(str(incar), _incar(incar) if incar.is_file() else {})
    interval = None if settings.step is None else settings.step * settings.every
    times, clock = _labels(path, np.array(labels), settings, interval)
    return _recording(
        path,
        symbols,
        cells,
        fractional,
        times,
        clock=clock,
        interval=interval,
        settings=settings,
        notes=notes,
    )


def _labels(path: Path, labels: Array, settings: _Settings, interval: float | None) -> tuple[Array, Clock]:
    """Configurations are numbered one by one, or by their ionic step: both are NBLOCK steps apart.

    Raises
    ------
    DataError
        If the numbers and NBLOCK contradict each other.
    """
    steps = np.diff(labels)
    rising = steps[steps > 0]
    step = float(np.median(rising)) if rising.size else 1.0
    if interval is not None and step not in (1.0, float(settings.every)):
        raise DataError(
            f"{path}: configurations are numbered {step:g} apart and INCAR has NBLOCK = {settings.every}; "
            "are they of one run?"
        )
    if interval is None:
        return labels, "none" if step == 1.0 else "steps"
    return labels / step * interval, "fs"


def _header(path: Path, lines: list[str], before: list[str], types: Sequence[str]) -> tuple[Array, list[str]]:
    """Cell and symbols of the seven lines before the configurations (the first was read)."""
    try:
        scale = float(lines[0].split()[0])
        cell = np.array([line.split()[:3] for line in lines[1:4]], dtype=float)
        names = lines[4].split()
        counts = [int(n) for n in lines[5].split()]
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{path}: not an XDATCAR: expected a comment, a scale, three lattice vectors, symbols and "
            f"their numbers, then 'Direct configuration= 1' ({error})"
        ) from error
    cell *= scale if scale > 0 else (-scale / abs(np.linalg.det(cell))) ** (1 / 3)
    names = list(types) if types else names
    if len(names) != len(counts):
        raise DataError(
            f"{path}: {len(names)} symbols ({' '.join(names)}) for {len(counts)} numbers of atoms"
        )
    symbols = [
        name.split("_")[0].split("/")[0] for name, n in zip(names, counts, strict=True) for _ in range(n)
    ]
    if before and symbols != before:
        raise DataError(f"{path}: the atoms change within the file; are two runs in it?")
    return cell, symbols


def _incar(path: Path) -> dict[str, str]:
    """Tags of an INCAR."""
    tags: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        for item in re.split(r"[#!]", line)[0].split(";"):
            name, given, value = item.partition("=")
            if given:
                tags[name.strip().upper()] = value.strip()
    return tags


def _recording(
    path: Path,
    symbols: list[str],
    cells: list[Array],
    fractional: list[Array],
    times: Array,
    *,
    clock: Clock = "none",
    interval: float | None,
    settings: _Settings,
    notes: list[str],
) -> Recording:
    """VASP writes atoms folded into the cell."""
    changing = np.array(cells)
    try:
        numbers = np.array([number_of(s) for s in symbols], dtype=np.int64)
    except InputError as error:
        raise DataError(
            f"{path}: {error}; name the elements with --types, in the order of the file"
        ) from error
    if interval is not None:
        notes.append(f"frames are {interval:g} fs apart (POTIM of the run)")
    return Recording(
        np.array(fractional),
        changing[:1] if np.allclose(changing, changing[0], atol=1e-4) else changing,
        numbers,
        times,
        clock,
        True,
        interval,
        settings.temperature,
        source=f"{path.parent.name}/{path.name}" if path.parent.name else path.name,
        notes=(*settings.notes, *notes),
    )
