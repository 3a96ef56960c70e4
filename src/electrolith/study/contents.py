"""Figures and tables by the numbers of a paper: what `figures:` of a study names, found in its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from electrolith.core.errors import InputError
from electrolith.study.anchor import anchor
from electrolith.study.figure import Figure
from electrolith.study.section import Numbered, Part

__all__ = ["Found", "find_numbered", "read_numbered"]


@dataclass(frozen=True, eq=False)
class Found:
    """A numbered figure in the report.

    panels : (letter, place on the page, what it is in words, the figure where it is one).
    missing : what was not found, in words with the nearest name.
    """

    name: str
    panels: tuple[tuple[str, str, str, Figure | None], ...]
    missing: tuple[str, ...]


def read_numbered(data: Any, path: str = "study.figures") -> tuple[Numbered, ...]:
    """The `figures:` of a study file: {Fig 1: {A: patterns-cu-ka, B: ...}, Table S16: symmetric-cells}.

    Raises
    ------
    InputError
        If it is no mapping of names to panels.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"{path}: expected names with their panels, as in 'Fig 1: {{A: ...}}', got {data!r}")
    found = []
    for name, panels in data.items():
        here = {"": panels} if isinstance(panels, str) else panels
        if not isinstance(here, Mapping) or not here or not all(isinstance(v, str) for v in here.values()):
            raise InputError(f"{path}.{name}: expected a figure or panels with figures, got {panels!r}")
        found.append(Numbered(str(name), tuple((str(k), str(v)) for k, v in here.items())))
    return tuple(found)


def find_numbered(numbered: Sequence[Numbered], parts: Sequence[Part]) -> tuple[Found, ...]:
    """Each numbered figure with the figures and parts of the report that it names."""
    figures = {f.name: f for part in parts for f in part.figures}
    titles = {anchor(p.title): p for p in parts}
    return tuple(_find(one, figures, titles) for one in numbered)


def _find(one: Numbered, figures: dict[str, Figure], titles: dict[str, Part]) -> Found:
    panels: list[tuple[str, str, str, Figure | None]] = []
    missing = []
    for letter, wanted in one.panels:
        drawn = [f for name, f in figures.items() if fnmatchcase(name, wanted)]
        parts = [
            p
            for name, p in titles.items()
            if fnmatchcase(name, anchor(wanted) if "*" not in wanted else wanted)
        ]
        panels += [(letter, f.name, f.caption, f) for f in drawn]
        if not drawn:
            panels += [(letter, anchor(p.title), p.title, None) for p in parts]
        if not drawn and not parts:
            where = f"figures.{one.name}.{letter}".rstrip(".")
            missing.append(
                f"{where}: no figure or part {wanted!r} in this report{_hint(wanted, (*figures, *titles))}"
            )
    return Found(one.name, tuple(panels), tuple(missing))


def _hint(wanted: str, known: Sequence[str]) -> str:
    """The nearest names; a report has hundreds."""
    near = get_close_matches(wanted.replace("*", ""), dict.fromkeys(known), n=3, cutoff=0.5)
    return f"; nearest: {', '.join(near)}" if near else ""
