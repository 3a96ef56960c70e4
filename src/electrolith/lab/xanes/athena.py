"""Athena projects: gzipped text of Perl lists, or the JSON that newer programs write under the same name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.account import Account, Taken
from electrolith.core.errors import DataError, InputError, brief, nearest
from electrolith.core.reading import read_bytes, reader, unpack
from electrolith.lab.xanes.read import Spectrum

__all__ = ["named_groups", "read_athena_project"]

_LIST = re.compile(r"^@(\w+)\s*=\s*\((.*)\);\s*$")
# one item: text in quotes, a bracket that opens or closes a list within, or a bare word
_ITEM = re.compile(r"[,\s]*(?:'((?:[^'\\]|\\.)*+)'|([\[\]{}])|([^,'\s\[\]{}]++))")
_OTHERS = ("is_chi", "is_rsp", "is_qsp", "is_rec", "is_diff", "is_pixel", "is_bkg", "is_fit")


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
                group["args"] = {str(k): v for k, v in zip(items[::2], items[1::2], strict=False)}
            else:
                group[found.group(1)] = items
    return groups


def _items(text: str, path: Path) -> list[Any]:
    """Items of a Perl list; a list within it is one item, also an empty one, so that keys keep their
    values. The time is that of one look at the text.
    """
    items: list[Any] = []
    depth, at, end = 0, 0, len(text.rstrip(", \t"))
    while at < end:
        found = _ITEM.match(text, at)
        if found is None:
            raise DataError(
                f"{path}: a list of the project that does not close its quotes: {brief(text[at:])}"
            )
        at = found.end()
        word, bracket, bare = found.groups()
        if bracket is None:
            (items[-1] if depth else items).append(word if bare is None else bare)
        elif bracket in "[{":
            if depth == 0:
                items.append([])
            depth += 1
        else:
            depth = max(0, depth - 1)
    return items


def named_groups(
    spectra: tuple[Spectrum, ...], labels: Sequence[str], source: Path | str
) -> tuple[Spectrum, ...]:
    """The groups of a project with these labels, in this order.

    Raises
    ------
    InputError
        If a label is not there; the text names the nearest and all.
    """
    known = {s.name: s for s in spectra}
    chosen = []
    for label in (text.strip() for text in labels):
        if label not in known:
            raise InputError(nearest(f"{source}, group", label, known))
        chosen.append(known[label])
    return tuple(chosen)


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
    """µ(E) of a group with the project's own energy shift; None for chi(k) and other kinds."""
    args = group.get("args") or {}
    if str(args.get("datatype", "xmu")) not in ("xmu", "xanes", "norm", "mu(E)") or "y" not in group:
        return None
    if any(str(args.get(kind, "0")) == "1" for kind in _OTHERS):
        return None  # an older way to say that the group holds chi(k) or a difference
    shift = _number(args.get("bkg_eshift") or 0.0)
    if not np.isfinite(shift):
        shift = 0.0
    label = str(args.get("label") or group.get("name", "group"))
    energy = np.array([_number(v) for v in group["x"]]) + shift
    where = f"{path}, group {label!r}"
    note = f"shifted by the project's {shift:+.4g} eV" if shift else ""
    account = Account(
        where,
        "a group of an Athena project",
        (Taken("energy", "x", "eV", note), Taken("µ", "y")),
        rows=energy.size,
    )
    return Spectrum(energy, np.array([_number(v) for v in group["y"]]), label, source=where, account=account)


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return float("nan")
