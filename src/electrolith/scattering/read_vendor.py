"""PANalytical .xrdml and Rigaku .ras: every scan, attenuators, counting times."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import parse_xml, read_bytes, reader

from .data import PowderData
from .scans import Scan, combined

__all__ = ["read_ras", "read_xrdml"]


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _numbers(item: ET.Element | None) -> np.ndarray | None:
    return None if item is None or not item.text else np.array(item.text.split(), dtype=float)


@reader("an .xrdml pattern")
def read_xrdml(path: Path | str) -> PowderData:
    """All powder scans of a PANalytical .xrdml file as one pattern.

    `counts` (version 2) are multiplied by the attenuation factors; `intensities` (version 1) already are.
    Points of unequal counting times are brought to the longest.

    Raises
    ------
    DataError
        If the XML is broken or holds no 2θ scan.
    """
    path = Path(path)
    root = parse_xml(read_bytes(path), path)
    wave = next((float(e.text) for e in root.iter() if _local(e.tag) == "kAlpha1" and e.text), None)
    notes: list[str] = []
    scans = []
    for item in (e for e in root.iter() if _local(e.tag) == "scan"):
        found = _xrdml_scan(path, item, notes)
        if found is not None:
            scans.append(found)
    if not scans:
        raise DataError(f"{path}: no scan with 2Theta positions and intensities")
    scan, said = combined(path, scans)
    time = f", {scan.seconds:g} s per step" if scan.seconds else ""
    kind = f"xrdml, {len(scans)} scan{'s' * (len(scans) > 1)}{time}"
    return scan.pattern(path.name, wave, (kind, *dict.fromkeys(notes), *said))


def _xrdml_scan(path: Path, item: ET.Element, notes: list[str]) -> Scan | None:
    """One scan; None if it has no 2θ."""
    parts = {_local(e.tag): e for e in item.iter() if _local(e.tag) != "positions"}
    positions = [e for e in item.iter() if _local(e.tag) == "positions" and e.get("axis") == "2Theta"]
    kind = "counts" if "counts" in parts else "intensities"
    y = _numbers(parts.get(kind))
    if y is None or not positions:
        return None
    x = _places(positions[0], len(y))
    if x is None:
        return None
    factors = _numbers(parts.get("beamAttenuationFactors"))
    if factors is None:
        factors = np.ones(len(y))
    if len(factors) != len(y) or len(x) != len(y):
        raise DataError(f"{path}: {len(y)} {kind}, {len(x)} positions and {len(factors)} attenuation factors")
    if factors.max() > factors.min():
        notes.append(
            f"attenuator of up to {factors.max():.3g} times: {int((factors > factors.min()).sum())} points"
        )
    raw = y if kind == "counts" else y / factors
    sigma = np.sqrt(np.maximum(raw, 1.0)) * factors
    common, each = _numbers(parts.get("commonCountingTime")), _numbers(parts.get("countingTimes"))
    seconds = None if common is None else float(common[0])
    y = raw * factors
    if each is not None and len(each) == len(y):
        seconds = float(each.max())
        y, sigma = y * seconds / each, sigma * seconds / each
        if each.max() > each.min():
            notes.append(f"counting times of {each.min():g} to {each.max():g} s brought to the longest")
    return Scan(x, y, sigma, seconds, item.get("scanAxis", "2Theta"))


def _places(item: ET.Element, count: int) -> np.ndarray | None:
    """2θ of the points: a list where the steps are not equal, else from start to end."""
    ends = {_local(c.tag): c.text for c in item if c.text}
    if "listPositions" in ends:
        return np.array(str(ends["listPositions"]).split(), dtype=float)
    if "startPosition" not in ends or "endPosition" not in ends:
        return None  # the axis stands still
    return np.linspace(float(str(ends["startPosition"])), float(str(ends["endPosition"])), count)


@reader("a .ras pattern")
def read_ras(path: Path | str) -> PowderData:
    """All powder scans of a Rigaku .ras file; the third column is the attenuator factor.

    A rate is turned into counts where the header states the scan's speed and step.

    Raises
    ------
    DataError
        If there is no intensity block.
    """
    path = Path(path)
    text = read_text(path)
    blocks = list(re.finditer(r"\*RAS_INT_START[^\n]*\n(.*?)\*RAS_INT_END", text, re.DOTALL))
    if not blocks:
        raise DataError(f"{path}: no block between *RAS_INT_START and *RAS_INT_END")
    scans, rates, begin = [], set(), 0
    for block in blocks:
        head = text[begin : block.start()]
        begin = block.end()
        scan, rate = _ras_scan(path, block.group(1), head)
        scans.append(scan)
        rates.add(rate)
    if len(rates) > 1:
        raise DataError(
            f"{path}: some scans are rates without a counting time and others counts; export one kind"
        )
    scan, said = combined(path, scans)
    rate = rates.pop()
    unit = _ras_header(text, "MEAS_SCAN_UNIT_Y") or "unstated unit"
    wave = _ras_header(text, "HW_XG_WAVE_LENGTH_ALPHA1")
    time = f"; {scan.seconds:g} s per step by speed and step of the scan" if scan.seconds else ""
    return PowderData(
        scan.x,
        scan.y,
        scan.sigma,
        "two_theta",
        "rate" if rate else "counts",
        "assumed counts" if rate else "counts",
        float(wave) if wave else None,
        path.name,
        (f"Rigaku ras, {len(scans)} scan{'s' * (len(scans) > 1)}, intensity in {unit}{time}", *said),
    )


def _ras_header(text: str, name: str) -> str | None:
    found = re.search(rf'\*{name}\s+"([^"]*)"', text)
    return found.group(1) if found else None


def _ras_scan(path: Path, body: str, head: str) -> tuple[Scan, bool]:
    """One block, and whether it is still a rate."""
    rows = [line.split() for line in body.splitlines() if line.strip()]
    if not rows:
        raise DataError(f"{path}: the intensity block is empty")
    table = np.array(rows, dtype=float)
    factor = table[:, 2] if table.shape[1] > 2 else np.ones(len(table))
    x, y = table[:, 0], table[:, 1]
    axis = _ras_header(head, "MEAS_SCAN_AXIS_X") or "2Theta"
    axis = "2Theta" if "2" in axis else axis
    seconds = None
    rate = "cps" in (_ras_header(head, "MEAS_SCAN_UNIT_Y") or "").lower()
    if rate and (seconds := _ras_seconds(head)) is not None:
        y, rate = y * seconds, False
    return Scan(x, y * factor, np.sqrt(np.maximum(y, 1.0)) * factor, seconds, axis), rate


def _ras_seconds(head: str) -> float | None:
    """Seconds per step: step over speed (degrees a minute), or the stated time of a step."""
    step, speed = _ras_header(head, "MEAS_SCAN_STEP"), _ras_header(head, "MEAS_SCAN_SPEED")
    unit = (_ras_header(head, "MEAS_SCAN_SPEED_UNIT") or "deg/min").lower()
    try:
        values = float(step or "nan"), float(speed or "nan")
    except ValueError:
        return None
    if not values[1] > 0:
        return None
    if unit.startswith("s"):  # seconds per step
        return values[1]
    return values[0] / values[1] * 60 if values[0] > 0 and "min" in unit else None
