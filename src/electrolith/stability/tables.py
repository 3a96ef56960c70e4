"""Tabulated thermochemistry: solids, gases and elements, each with its source (CSV beside this file)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from electrolith.stability.library import DATA, composition_of, reduced


@dataclass(frozen=True)
class Anchor:
    """Standard enthalpy of formation of a solid at 298.15 K.

    enthalpy, error : kJ/mol per `formula` unit. entropy : J/(mol K), None where not tabulated.
    phase_id : the cell of the library that is this solid; empty for the one of least energy.
    """

    formula: str
    phase_id: str
    enthalpy: float
    error: float
    entropy: float | None
    source: str
    note: str


@dataclass(frozen=True)
class Gas:
    """An ideal gas at 298.15 K and 1 bar: kJ/mol, J/(mol K)."""

    formula: str
    enthalpy: float
    error: float
    entropy: float
    source: str


@dataclass(frozen=True)
class TabulatedCompound:
    """A compound of which the library has no cell: kJ/mol and J/(mol K) per reduced formula unit."""

    formula: str
    state: str
    enthalpy: float
    error: float
    entropy: float
    entropy_error: float


@dataclass(frozen=True)
class ElementReference:
    """The phase whose formation energy is zero, and its entropy in J/(mol K) per atom."""

    element: str
    phase_id: str
    entropy: float
    source: str


def _rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of the package; lines that begin with # are remarks."""
    text = Path(str(DATA / name)).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


@cache
def anchors() -> dict[str, Anchor]:
    """Solids by reduced formula."""
    return {
        reduced(r["formula"]): Anchor(
            reduced(r["formula"]),
            r["phase_id"],
            float(r["enthalpy"]),
            float(r["error"]),
            float(r["entropy"]) if r["entropy"] else None,
            r["source"],
            r["note"],
        )
        for r in _rows("anchors.csv")
    }


@cache
def gases() -> dict[str, Gas]:
    """Gases by reduced formula."""
    return {
        reduced(r["formula"]): Gas(
            reduced(r["formula"]), float(r["enthalpy"]), float(r["error"]), float(r["entropy"]), r["source"]
        )
        for r in _rows("gases.csv")
    }


@cache
def compounds_without_cell() -> dict[str, TabulatedCompound]:
    """Tabulated compounds by reduced formula."""
    found = {}
    for r in _rows("tabulated.csv"):
        formula = reduced(r["formula"])
        written, unit = (sum(n for _, n in composition_of(f)) for f in (r["written"], formula))
        values = (float(r[k]) * unit / written for k in ("enthalpy", "error", "entropy", "entropy_error"))
        found[formula] = TabulatedCompound(formula, r["state"], *values)
    return found


@cache
def element_references() -> dict[str, ElementReference]:
    """Reference phases by element."""
    return {
        r["element"]: ElementReference(r["element"], r["phase_id"], float(r["entropy"]), r["source"])
        for r in _rows("elements.csv")
    }
