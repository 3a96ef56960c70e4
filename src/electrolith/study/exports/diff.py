"""Two runs of a study, or two studies: which numbers moved, by how much of their doubt, and what differs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.reading import reader
from electrolith.core.units import convert

__all__ = ["Cause", "Difference", "Moved", "difference"]


@dataclass(frozen=True, slots=True)
class Moved:
    """One number of the headline in both.

    before, after: in `unit`; None where one of the two has no such number.
    sigmas: |after - before| over √(σ²ₐ + σ²_b), as if they were independent; None where a doubt is unknown.
    """

    label: str
    kind: str
    unit: str
    before: float | None
    after: float | None
    before_std: float | None
    after_std: float | None
    sigmas: float | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that differs between the two.

    kind: "setting", "input", "version", "stage" (computed in one only) or "fingerprint" (a stage whose
        settings agree while its fingerprint does not: an earlier stage, a potential, its code).
    """

    kind: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What `difference` found: numbers, those that moved most first, and everything that could explain it."""

    moved: tuple[Moved, ...]
    causes: tuple[Cause, ...]


@reader("the results of a study")
def _results(path: Path) -> dict[str, Any]:
    """results.json of a study file or its folder."""
    folder = path if path.is_dir() else path.parent
    file = folder / "results.json"
    if not file.is_file():
        raise InputError(f"{file}: not there; run the study first")
    found = json.loads(file.read_text())
    if not isinstance(found, dict) or "evidence" not in found:
        raise InputError(f"{file}: these are no results of a study")
    return found


def difference(before: Path, after: Path) -> Difference:
    """Compare two studies by their results.json.

    Raises
    ------
    InputError
        If one of them was not run.
    """
    one, two = _results(before), _results(after)
    moved = sorted(_moved(one["evidence"], two["evidence"]), key=lambda m: -_rank(m))
    return Difference(tuple(moved), tuple(_causes(one, two)))


def _rank(moved: Moved) -> float:
    """How remarkable a number is: those in one only first, then by σ, unknown doubt by relative change."""
    if moved.before is None or moved.after is None:
        return math.inf
    if moved.sigmas is not None:
        return moved.sigmas
    return abs(moved.after - moved.before) / (abs(moved.before) or 1.0)


def _moved(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> Iterable[Moved]:
    """Own numbers of both, joined by quantity, kind and label."""
    first = {(e["quantity"], e["kind"], e["label"]): e for e in one if not e["published"]}
    second = {(e["quantity"], e["kind"], e["label"]): e for e in two if not e["published"]}
    for key in dict.fromkeys([*first, *second]):
        a, b = first.get(key), second.get(key)
        known = a or b or {}
        unit = str(known["unit"])
        x, dx = _in(a, unit)
        y, dy = _in(b, unit)
        sigmas = None
        if x is not None and y is not None and dx is not None and dy is not None:
            spread = math.hypot(dx, dy)
            sigmas = abs(y - x) / spread if spread > 0 else (0.0 if x == y else math.inf)
        yield Moved(str(known["label"]), str(known["kind"]), unit, x, y, dx, dy, sigmas)


def _in(evidence: Mapping[str, Any] | None, unit: str) -> tuple[float | None, float | None]:
    """Value and standard deviation in `unit`; the latter None where it is not known, 0 for exact numbers."""
    if evidence is None:
        return None, None
    value = float(evidence["value"])
    std = 0.0 if evidence["doubt"] == "exact" else evidence.get("std")
    try:
        scale = convert(1.0, evidence["unit"], unit)
    except ElectrolithError:
        return None, None
    return value * scale, None if std is None else float(std) * scale


def _causes(one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterable[Cause]:
    """Inputs, stages with their settings, versions."""
    yield from _changed("input", _files(one), _files(two))
    yield from _changed("version", one.get("versions", {}), two.get("versions", {}))
    a = {" ".join(filter(None, (s["stage"], s.get("group")))): s for s in one["stages"]}
    b = {" ".join(filter(None, (s["stage"], s.get("group")))): s for s in two["stages"]}
    for name in dict.fromkeys([*a, *b]):
        if name not in a or name not in b:
            yield Cause("stage", name, "computed" if name in a else "–", "computed" if name in b else "–")
            continue
        changed = list(
            _changed("setting", _flat(a[name]["settings"], name), _flat(b[name]["settings"], name))
        )
        yield from changed
        if not changed and a[name]["key"] != b[name]["key"]:
            yield Cause("fingerprint", name, a[name]["key"][:12], b[name]["key"][:12])


def _files(results: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of the inputs, by name."""
    return {str(i["file"]): str(i["sha256"]) for i in results.get("inputs", ())}


def _changed(kind: str, one: Mapping[str, Any], two: Mapping[str, Any]) -> Iterable[Cause]:
    """Names whose text differs."""
    for name in dict.fromkeys([*one, *two]):
        before, after = str(one.get(name, "–")), str(two.get(name, "–"))
        if before != after:
            yield Cause(kind, name, before, after)


def _flat(value: Any, name: str) -> dict[str, Any]:
    """Nested settings as dotted names; what the archive adds to name its types is left away."""
    if isinstance(value, dict) and "__path__" in value:
        return {name: value["__path__"]}
    if isinstance(value, dict):
        inner = value.get("fields", value)
        return {
            k: v
            for key, here in inner.items()
            if key not in ("__type__", "")
            for k, v in _flat(here, f"{name}.{key}").items()
        }
    return {name: value}
