"""Athena projects: gzipped text of Perl lists, or the JSON that newer programs write under the same name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import DataError, brief
from electrolith.core.reading import read_bytes, reader, unpack
from electrolith.lab.xanes.read import Spectrum

__all__ = ["read_athena_project"]

_LIST = re.compile(r"^@(\w+)\s*=\s*\((.*)\);\s*$")
_ITEM = re.compile(r"[,\s]*(?:'((?:[^'\\]|\\.)*+)'|([^,'\s]++))")


@reader("an Athena project")
def read_athena_project(path: Path | str) -> tuple[Spectrum, ...]:
    """Every group of an Athena project that holds µ(E).

    Raises
    ------
    DataError
        If the file is no project or holds no spectrum.
    """
    path = Path(path)
    text = unpack(read_bytes(path), path).decode("utf-8", "replace")
    groups = _from_json(text, path) if text.lstrip().startswith("{") else _from_perl(text, path)
    spectra = tuple(s for s in (_spectrum(g, path) for g in groups) if s is not None)
    if not spectra:
        raise DataError(f"{path}: no group with mu(E) in it; expected an Athena project (.prj)")
    return spectra


def _items(text: str, path: Path) -> list[str]:
    """Values of a Perl list, one after the other; the time is that of one look at the text."""
    items, at, end = [], 0, len(text.rstrip(", \t"))
    while at < end:
        found = _ITEM.match(text, at)
        if found is None:
            raise DataError(
                f"{path}: a list of the project that does not close its quotes: {brief(text[at:])}"
            )
        items.append(found.group(1) if found.group(2) is None else found.group(2))
        at = found.end()
    return items


def _from_perl(text: str, path: Path) -> list[dict[str, Any]]:
    """Groups of the classical format: one @args, @x, @y, ... and [record] for each."""
    groups: list[dict[str, Any]] = []
    group: dict[str, Any] = {}
    for line in text.splitlines():
        if line.startswith("$old_group"):
            group = {"name": line.split("'")[1] if "'" in line else "group"}
        elif line.startswith("[record]"):
            groups.append(group)
            group = {}
        elif found := _LIST.match(line):
            items = _items(found.group(2), path)
            if found.group(1) == "args":
                group["args"] = dict(zip(items[::2], items[1::2], strict=False))
            else:
                group[found.group(1)] = items
    return groups


def _from_json(text: str, path: Path) -> list[dict[str, Any]]:
    """Groups of the JSON format; entries that open with underscores describe the file."""
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}: damaged JSON at line {error.lineno}") from error
    return [
        {"name": k, **v}
        for k, v in tree.items()
        if not k.startswith("_") and isinstance(v, dict) and "x" in v
    ]


def _spectrum(group: dict[str, Any], path: Path) -> Spectrum | None:
    """µ(E) of a group; None for chi(k) and other kinds."""
    args = group.get("args", {})
    if str(args.get("datatype", "xmu")) not in ("xmu", "xanes", "norm", "mu(E)") or "y" not in group:
        return None
    if any(str(args.get(kind, "0")) == "1" for kind in ("is_chi", "is_rsp", "is_qsp", "is_rec", "is_diff")):
        return None  # an older way to say that the group holds chi(k) or a difference
    shift = _number(args.get("bkg_eshift", 0.0))
    label = str(args.get("label", group.get("name", "group")))
    energy = np.array([_number(v) for v in group["x"]]) + shift
    return Spectrum(
        energy, np.array([_number(v) for v in group["y"]]), label, source=f"{path}, group {label!r}"
    )


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return float("nan")
