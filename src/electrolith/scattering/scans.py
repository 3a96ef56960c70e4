"""Several scans of one file: repeats are added, ranges joined, other scans left out and said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError

from .data import PowderData

__all__ = ["Scan", "combined"]

SHORTEST = 3.0  # degrees; alignment scans are shorter, and so are scans of one reflection
SAME = 1e-3  # degrees


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One scan: 2θ (degrees), intensity and its standard deviation, shapes (n,); seconds per step or None."""

    x: np.ndarray
    y: np.ndarray
    sigma: np.ndarray
    seconds: float | None = None
    axis: str = "2Theta"

    @property
    def words(self) -> str:
        """For remarks."""
        time = f", {self.seconds:g} s a step" if self.seconds else ""
        return f"{self.x[0]:g} to {self.x[-1]:g} degrees{time}"

    def pattern(self, name: str, wavelength: float | None, notes: tuple[str, ...]) -> PowderData:
        """The scan as counts over 2θ. wavelength : Å. notes : what was done with the file."""
        return PowderData(
            self.x, self.y, self.sigma, "two_theta", "counts", "counts", wavelength, name, notes
        )


def combined(path: Path, scans: Sequence[Scan]) -> tuple[Scan, tuple[str, ...]]:
    """One pattern of all powder scans, and what was done with each.

    Scans over the same points are added up. Others are joined in the order of their angles, brought to the
    seconds per step of the longest one; where they overlap the earlier angles win.

    Raises
    ------
    DataError
        If no scan is one of 2θ, or ranges to be joined do not all state their counting times.
    """
    turned = [_rising(s) for s in scans]
    long = [s for s in turned if _is_powder(s)] or turned[:1]
    notes = [
        f"scan {n} of {len(scans)} is left out ({s.axis}, {s.words})"
        for n, s in enumerate(turned, 1)
        if not any(s is kept for kept in long)
    ]
    groups: list[list[Scan]] = []
    for scan in long:
        home = next((g for g in groups if _same_points(g[0], scan)), None)
        if home is None:
            groups.append([scan])
        else:
            home.append(scan)
    merged = [_sum(g) for g in groups]
    notes += [f"{len(g)} repeats of {g[0].words} added up" for g in groups if len(g) > 1]
    if len(merged) == 1:
        return merged[0], tuple(notes)
    notes.append(f"{len(merged)} ranges joined: {'; '.join(s.words for s in merged)}")
    return _joined(path, merged), tuple(notes)


def _rising(scan: Scan) -> Scan:
    if len(scan.x) > 1 and scan.x[-1] < scan.x[0]:
        return Scan(scan.x[::-1], scan.y[::-1], scan.sigma[::-1], scan.seconds, scan.axis)
    return scan


def _is_powder(scan: Scan) -> bool:
    """Whether 2θ moves over more than an alignment does, away from the direct beam."""
    moves = scan.axis.lower().replace("-", "") in (
        "2theta",
        "gonio",
        "2thetaomega",
        "omega2theta",
        "thetatheta",
        "",
    )
    return moves and len(scan.x) >= 10 and scan.x[-1] - scan.x[0] > SHORTEST and scan.x[-1] > SHORTEST


def _same_points(one: Scan, other: Scan) -> bool:
    return len(one.x) == len(other.x) and bool(np.abs(one.x - other.x).max() < SAME)


def _sum(group: Sequence[Scan]) -> Scan:
    if len(group) == 1:
        return group[0]
    times = [s.seconds for s in group]
    sigma = np.sqrt(np.sum([s.sigma**2 for s in group], axis=0))
    seconds = None if any(t is None for t in times) else float(sum(t for t in times if t))
    return Scan(group[0].x, np.sum([s.y for s in group], axis=0), sigma, seconds, group[0].axis)


def _joined(path: Path, parts: Sequence[Scan]) -> Scan:
    """Ranges one after the other, as if counted equally long."""
    ordered = sorted(parts, key=lambda s: float(s.x[0]))
    times = {s.seconds for s in ordered}
    if None in times and len(times) > 1:
        raise DataError(
            f"{path}: {len(parts)} ranges, and not all state their counting time; give them one by one"
        )
    longest = max((s.seconds or 1.0) for s in ordered)
    x, y, sigma = [], [], []
    end = -np.inf
    for scan in ordered:
        keep = scan.x > end + SAME
        scale = longest / (scan.seconds or longest)
        x.append(scan.x[keep])
        y.append(scan.y[keep] * scale)
        sigma.append(scan.sigma[keep] * scale)
        end = max(end, float(scan.x[-1]))
    return Scan(
        np.concatenate(x), np.concatenate(y), np.concatenate(sigma), longest if None not in times else None
    )
