"""Turn a list of published numbers into what the consistency audit reads."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError
from electrolith.core.reading import reader
from electrolith.core.yaml_data import parse_yaml
from electrolith.lab.cycling.audit import UNITS, Finding, Reported, audit, ranked
from electrolith.lab.cycling.printed import Printed, half_digit, printed_entries
from electrolith.lab.cycling.relations import (
    check_relations,
    read_relations,
    refuse_nothing,
    shipped_relations,
)

# the entry's name decides the cell it belongs to; the first that fits counts
CELLS = (
    (r"^(lhc|lnc)_layer|^trilayer|^sym_|overpotential_at_ccd|^critical", "symmetric"),
    (r"^high_loading", "high loading"),
    (r"^pouch_low", "pouch, low loading"),
    (r"^pouch_high", "pouch, high loading"),
    (r"^lpsc", "LPSC full cell"),
    (r"^eis", "pellet"),
    (
        r"^full|^cathode|^areal_current|^initial|^retention|^capacity|^cycles|^rate|^coulombic",
        "full cell",
    ),
)
ROLES = (
    (r"loading$|^cathode loading", "loading"),
    (r"areal capacity", "areal capacity"),
    (r"specific capacity", "specific capacity"),
    (r"^current at 1 C", "one c"),
    (r"^areal current density(?!, rounded)", "current density"),
    (r"^capacity retention", "retention"),
    (r"^layer resistance", "resistance"),
    (r"^total SSE resistance", "total resistance"),
    (r"^overpotential", "overpotential"),
    (r"^cell area", "area"),
    (r"diameter", "diameter"),
    (r"layer thickness", "thickness"),
    (r"^ionic conductivity$", "conductivity"),
    (r"^electronic conductivity", "electronic conductivity"),
    (r"conductivity gap", "decades"),
    (r"pressing load$", "load"),
    (r"pressing pressure", "pressure"),
)
TO_UNIT = {("V", "mV"): 1e3, ("um", "mm"): 1e-3, ("cm", "mm"): 10.0, ("order of magnitude", "1"): 1.0}


@reader("a list of published numbers")
def read_published(path: Path | str) -> tuple[Reported, ...]:
    """Numbers of a YAML file of published claims: groups of entries with id, quantity, value and unit.

    Raises
    ------
    DataError
        If the file is no such list.
    """
    lists, _, text = _lists(Path(path))
    return reported((e for entries in lists for e in entries), printed_entries(lists, text))


@reader("a list of published numbers")
def audit_published(path: Path | str) -> tuple[tuple[Finding, ...], int]:
    """Every relation, shipped and the list's own, between the numbers of a file; how many it understood.

    Raises
    ------
    DataError
        If the file is no such list, or nothing in it is understood.
    """
    path = Path(path)
    lists, own, text = _lists(path)
    printed = printed_entries(lists, text)
    book = reported((e for entries in lists for e in entries), printed)
    relations = check_relations(printed, (*shipped_relations(), *read_relations(own)))
    used = {n.name for n in book} | {name for f in relations for name in f.names}
    refuse_nothing(len(used), len(printed), path)
    return ranked((*audit(book), *relations)), len(used)


def _lists(path: Path) -> tuple[list[list[Any]], Any, str]:
    """Groups of entries, relations of the list's own, and the text they stand in."""
    text = read_text(path)
    try:
        groups = parse_yaml(text, path)
    except InputError as error:
        raise DataError(f"{path}: cannot be read as YAML ({' '.join(str(error).split())[:160]})") from error
    own = groups.pop("relations", None) if isinstance(groups, dict) else None
    lists = list(groups.values()) if isinstance(groups, dict) else [groups]
    if not all(isinstance(entries, list) for entries in lists):
        raise DataError(f"{path}: expected groups of entries with id, quantity, value and unit")
    return lists, own, text


def reported(entries: Iterable[Mapping[str, Any]], printed: Iterable[Printed] = ()) -> tuple[Reported, ...]:
    """What of published entries the audit understands; no computed values, literature or text.

    printed : the same entries with their digits as written; those of the plain numbers without.
    """
    digits = {one.name: one for one in printed}
    found: list[Reported] = []
    for entry in entries:
        one = _one(entry, digits.get(str(entry.get("id", ""))))
        if one is not None:
            found += [one, *_beside(one, entry)]
    return tuple(found)


def _beside(number: Reported, entry: Mapping[str, Any]) -> list[Reported]:
    """The thickness given as a condition of a layer's resistance."""
    thickness = (entry.get("conditions") or {}).get("thickness_mm")
    if number.role != "resistance" or thickness is None:
        return []
    half = half_digit(repr(thickness))
    low, high = float(thickness) - half, float(thickness) + half
    material = {"material": number.conditions["material"]}
    return [Reported(f"{number.name} (thickness)", "thickness", low, high, number.cell, material)]


def _one(entry: Mapping[str, Any], printed: Printed | None) -> Reported | None:
    """One entry, None where it has no number or no role."""
    quantity, name = str(entry.get("quantity", "")), str(entry.get("id", ""))
    role = next((r for pattern, r in ROLES if re.search(pattern, quantity)), None)
    if (
        role is None
        or entry.get("kind", "measured") not in ("measured", "setting")
        or re.search(r"discussion|intro|restated|lit$", name)
    ):
        return None
    span = _plain_span(entry) if printed is None else printed.span()
    if span is None or not _measured_here(role, entry):
        return None
    scale = _scale(str(entry.get("unit", "")), UNITS[role])
    if scale is None:
        return None
    cell = next((c for pattern, c in CELLS if re.search(pattern, name)), "")
    return Reported(name, role, span[0] * scale, span[1] * scale, cell, _conditions(entry, role, name))


def _measured_here(role: str, entry: Mapping[str, Any]) -> bool:
    """Conductivities only at room temperature, untreated."""
    conditions = entry.get("conditions") or {}
    return role != "conductivity" or not (
        set(conditions) - {"temperature", "temperature_degC", "sample", "method"}
    )


def _plain_span(entry: Mapping[str, Any]) -> tuple[float, float] | None:
    """Range of a number that comes without its text."""
    value = entry.get("value")
    many = value if isinstance(value, list) else [value]
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in many):
        return None
    approximate, ranges = entry.get("qualifier") == "approx", entry.get("value_form") == "range"
    texts = tuple(repr(v) for v in many)
    return Printed("", "", "", value, texts, "", "", approximate, ranges).span()


def _scale(unit: str, wanted: str) -> float | None:
    """Factor between two units, None where they do not fit."""
    return 1.0 if unit == wanted else TO_UNIT.get((unit, wanted))


def _conditions(entry: Mapping[str, Any], role: str, name: str) -> dict[str, str]:
    """Conditions under which numbers are compared."""
    given = entry.get("conditions") or {}
    kept = {k: str(given[k]) for k in ("c_rate", "cycles") if k in given}
    if "current_density_mA_cm2" in given:
        kept["current_density"] = str(given["current_density_mA_cm2"])
    if role in ("resistance", "thickness", "conductivity", "electronic conductivity", "decades"):
        kept = {"material": str(entry.get("material", "")).split("-")[0]}
    if role == "resistance" and name.startswith("lnc"):
        kept["count"] = "2"
    return kept
