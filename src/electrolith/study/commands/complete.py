"""What a TAB offers: names that the program knows, read without any numerical library."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

__all__ = ["crystals", "engines", "formulas", "instruments", "phases", "starting"]

ANODES = ("Cu", "Co", "Fe", "Cr", "Mo", "Ag")


@cache
def _column(path: str, name: str) -> tuple[str, ...]:
    """Distinct values of a column of one of the package's tables, without importing the room it lies in."""
    text = files("electrolith").joinpath(*path.split("/")).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(dict.fromkeys(row[name] for row in rows))


def starting(names: tuple[str, ...], incomplete: str) -> list[str]:
    """The names that go on from what is typed."""
    return [n for n in names if n.startswith(incomplete)]


def formulas(incomplete: str) -> list[str]:
    """Phases of the library of energies; known electrolytes first."""
    known = _column("stability/data/electrolytes.csv", "formula")
    every = _column("stability/data/phases_chgnet.csv", "formula")
    return starting(tuple(dict.fromkeys((*known, *every))), incomplete)


def phases(incomplete: str) -> list[str]:
    """Phases of the library of patterns."""
    return starting(_column("scattering/phase_library.csv", "phase"), incomplete)


def engines(incomplete: str) -> list[str]:
    """Registered engines."""
    from importlib.metadata import entry_points

    return starting(tuple(sorted({e.name for e in entry_points(group="electrolith.engines")})), incomplete)


def crystals(incomplete: str) -> list[str]:
    """Crystals that the package brings."""
    return starting(("LiCl", "beta-Li3N"), incomplete)


def instruments(incomplete: str) -> list[str]:
    """Tubes by anode, and the forms of the others."""
    return starting((*(f"{a} Ka" for a in ANODES), "xray 0.4592", "neutron 1.87"), incomplete)
