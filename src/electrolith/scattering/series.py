"""Sample series: names to variables, results against them, and what goes with what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate

__all__ = ["SampleName", "Trend", "correlation", "distinct_names", "sample_name", "trend"]

_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*rpm", re.IGNORECASE)
_HOURS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:h|hr|hrs|hour|hours)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SampleName:
    """A sample as its name describes it: milling speed in rpm, time in hours, None where not stated."""

    name: str
    compound: str
    speed: float | None
    hours: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """One quantity against one variable over the samples, sorted by the variable.

    correlation : of ranks (Spearman), with the doubt of both columns carried through.
    """

    variable: str
    quantity: str
    x: np.ndarray
    y: tuple[Estimate, ...]
    correlation: Estimate
    samples: tuple[str, ...]


def sample_name(text: str) -> SampleName:
    """Read names such as "Li9N2Cl3-500rpm-24h", "LNC 500 rpm-24 hours" or "500rpm_24h.xye".

    Raises
    ------
    InputError
        If neither a speed in rpm nor a time in hours is in it.
    """
    stem = re.sub(
        r"\.(xye?|dat|csv|gsa|fxye|xrdml|brml|ras|raw|gr|sq|txt)$", "", text.strip(), flags=re.IGNORECASE
    )
    clean = stem.replace("_", "-")
    speed, hours = _SPEED.search(clean), _HOURS.search(clean)
    if speed is None and hours is None:
        raise InputError(f"sample name {text!r}: expected a speed and a time such as Li9N2Cl3-500rpm-24h")
    first = min(m.start() for m in (speed, hours) if m)
    compound = clean[:first].strip(" -") or "unnamed"
    return SampleName(
        stem, compound, float(speed.group(1)) if speed else None, float(hours.group(1)) if hours else None
    )


def distinct_names(files: tuple[Path, ...], banks: tuple[int, ...]) -> tuple[str, ...]:
    """A name for each pattern: its stem; with bank, ending or folder where stems repeat.

    Two patterns of one sample ("a/lnc.xye", "b/lnc.xye") must not share titles or files in a report.
    """
    forms = (
        lambda p, b: p.stem,
        lambda p, b: f"{p.stem}-bank{b}",
        lambda p, b: f"{p.stem}-{p.suffix.lstrip('.')}",
        lambda p, b: f"{p.parent.name}-{p.stem}",
    )
    for form in forms:
        names = tuple(form(p, b) for p, b in zip(files, banks, strict=True))
        if len(set(names)) == len(names):
            return names
    return tuple(f"{p.stem}-{k + 1}" for k, p in enumerate(files))


def correlation(x: tuple[Estimate, ...], y: tuple[Estimate, ...]) -> Estimate:
    """Rank correlation of two columns of estimates, draw by draw.

    Raises
    ------
    InputError
        For columns of different length or fewer than four samples.
    """
    if len(x) != len(y) or len(x) < 4:
        raise InputError(
            f"a correlation needs two columns of at least four samples, got {len(x)} and {len(y)}"
        )
    size = max(e.draws.size for e in (*x, *y))
    rng = np.random.default_rng(0)
    columns = []
    for column in (x, y):
        # Samples are independent measurements, so their draws must not run in step.
        rows = [e.draws if e.draws.size == 1 else rng.permutation(np.resize(e.draws, size)) for e in column]
        columns.append(np.array([np.broadcast_to(r, size) for r in rows]))
    ranks = [np.argsort(np.argsort(c, axis=0), axis=0).astype(float) for c in columns]
    centred = [r - r.mean(axis=0) for r in ranks]
    norm = np.sqrt((centred[0] ** 2).sum(axis=0) * (centred[1] ** 2).sum(axis=0))
    doubt = "unknown" if any(e.doubt == "unknown" for e in (*x, *y)) else "known"
    return Estimate((centred[0] * centred[1]).sum(axis=0) / norm, "1", doubt)


def trend(variable: str, quantity: str, samples: tuple[tuple[SampleName, Estimate], ...]) -> Trend:
    """A quantity against "hours" or "speed"; samples without that variable are left out.

    Raises
    ------
    InputError
        For an unknown variable or fewer than four samples with it.
    """
    if variable not in ("hours", "speed"):
        raise InputError(f"variable must be hours or speed, got {variable!r}")
    rows = [(getattr(s, variable), s.name, e) for s, e in samples if getattr(s, variable) is not None]
    rows.sort(key=lambda row: row[0])
    x = tuple(Estimate.exact(float(v), "h" if variable == "hours" else "1/min") for v, _, _ in rows)
    y = tuple(e for _, _, e in rows)
    return Trend(
        variable,
        quantity,
        np.array([v for v, _, _ in rows], float),
        y,
        correlation(x, y),
        tuple(n for _, n, _ in rows),
    )
