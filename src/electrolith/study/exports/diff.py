"""Two runs of a study, or two studies: which numbers moved, by how much of their doubt, and what differs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
    because: what explains it, most direct first; empty where it did not move or nothing recorded differs.
    """

    label: str
    kind: str
    unit: str
    before: float | None
    after: float | None
    before_std: float | None
    after_std: float | None
    sigmas: float | None
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that differs between the two.

    kind: "setting", "input", "potential" (coefficients of an engine), "library" (whatever else a stage
        depends on beyond settings and files), "code" (version of a stage), "version" (of a package or of this
        program), "stage" (computed in one only) or "fingerprint" (differs though nothing of these does).
    stages: the stages it enters; empty for what enters all.
    """

    kind: str
    name: str
    before: str
    after: str
    stages: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One phrase."""
        return f"{self.kind} {self.name}: {self.before[:40]} → {self.after[:40]}"


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
    causes = tuple(_causes(one, two))
    rests = _rests_on(one) | {k: v | _rests_on(one).get(k, frozenset()) for k, v in _rests_on(two).items()}
    moved = [_explained(m, q, rests, causes) for q, m in _moved(one["evidence"], two["evidence"])]
    return Difference(tuple(sorted(moved, key=lambda m: -_rank(m))), causes)


def _rests_on(results: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The stages, with their groups, that each number rests on, by quantity and label."""
    names = {s.get("id", ""): _stage_name(s) for s in results.get("stages", ())}
    return {
        f"{e['quantity']} {e['label']}": frozenset(names[i] for i in e.get("stages", ()) if i in names)
        for e in results["evidence"]
    }


def _explained(
    moved: Moved, quantity: str, rests: Mapping[str, frozenset[str]], causes: Iterable[Cause]
) -> Moved:
    """The number with the causes that enter a stage it rests on."""
    if moved.before == moved.after and moved.before_std == moved.after_std:
        return moved
    mine = rests.get(f"{quantity} {moved.label}", frozenset())
    direct = [c for c in causes if set(c.stages) & mine]
    if not direct:
        direct = [c for c in causes if c.kind == "version" and not c.stages]
    order = ("stage", "input", "setting", "potential", "library", "code", "version", "fingerprint")
    ranked = sorted(direct, key=lambda c: order.index(c.kind))
    # Versions of packages explain what nothing nearer does.
    near = [c for c in ranked if c.kind not in ("version", "fingerprint")] or ranked
    return replace(moved, because=tuple(c.text for c in near))


def _stage_name(stage: Mapping[str, Any]) -> str:
    return f"{stage['stage']} {stage.get('group', '')}".strip()


def _rank(moved: Moved) -> float:
    """How remarkable a number is: those in one only first, then by σ, unknown doubt by relative change."""
    if moved.before is None or moved.after is None:
        return math.inf
    if moved.sigmas is not None:
        return moved.sigmas
    return abs(moved.after - moved.before) / (abs(moved.before) or 1.0)


def _moved(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> Iterable[tuple[str, Moved]]:
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
        yield (
            str(known["quantity"]),
            Moved(str(known["label"]), str(known["kind"]), unit, x, y, dx, dy, sigmas),
        )


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
    """Inputs, settings, contents and versions, each once with the stages it enters."""
    a = {_stage_name(s): s for s in one["stages"]}
    b = {_stage_name(s): s for s in two["stages"]}
    found: dict[tuple[str, str], Cause] = {}
    for name in dict.fromkeys([*a, *b]):
        for cause in _stage_causes(name, a.get(name), b.get(name)):
            earlier = found.get((cause.kind, cause.name), cause)
            stages = tuple(dict.fromkeys((*earlier.stages, *cause.stages)))
            found[cause.kind, cause.name] = replace(cause, stages=stages)
    seen = {c.name for c in found.values() if c.kind == "input"}
    versions = {c.name for c in found.values() if c.kind == "version"}
    yield from (c for c in _changed("input", _files(one), _files(two)) if c.name not in seen)
    yield from found.values()
    both = [r.get("versions", {}) | {"electrolith": r.get("electrolith", "–")} for r in (one, two)]
    yield from (c for c in _changed("version", *both) if c.name not in versions)


def _stage_causes(name: str, one: Mapping[str, Any] | None, two: Mapping[str, Any] | None) -> Iterable[Cause]:
    """What differs between two runs of one stage."""
    if one is None or two is None:
        yield Cause("stage", name, "computed" if one else "–", "computed" if two else "–", (name,))
        return
    here = [
        *_changed("input", one.get("inputs") or {}, two.get("inputs") or {}),
        *_changed("setting", _flat(one["settings"], name), _flat(two["settings"], name)),
    ]
    if one.get("beyond") != two.get("beyond"):
        kind = "potential" if "engine" in (one["settings"] or {}) else "library"
        here.append(Cause(kind, name, str(one.get("beyond")), str(two.get("beyond"))))
    here += _changed("code", {name: one.get("version", "–")}, {name: two.get("version", "–")})
    if not here and one["key"] != two["key"] and one.get("after") == two.get("after"):
        here.append(Cause("fingerprint", name, one["key"][:12], two["key"][:12]))
    here += _changed("version", one.get("versions") or {}, two.get("versions") or {})
    yield from (replace(c, stages=(name,)) for c in here)


def _files(results: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of the inputs, by name; the study file's own says nothing that its settings do not."""
    return {str(i["file"]): str(i["sha256"]) for i in results.get("inputs", ())[1:]}


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
