"""The phase library: formula, structure, energy, engine, scheme, origin of every phase; a fingerprint."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError, brief, nearest
from electrolith.core.reading import reader

if TYPE_CHECKING:
    from pymatgen.core import Structure

DATA = files("electrolith.stability") / "data"
MOST_ATOMS = 1e6  # of an element in a formula; more is a slip of the hand
COLUMNS = (
    "formula", "id", "energy_per_atom", "volume_per_atom", "atoms", "space_group", "species", "engine",
    "scheme", "settings", "converged", "largest_force", "origin", "start_sha256", "start_volume_per_atom",
)  # fmt: skip


@dataclass(frozen=True)
class Phase:
    """One phase as an engine sees it.

    formula : reduced formula. energy_per_atom : eV, total energy of the engine, uncorrected by us.
    volume_per_atom : Å³, relaxed. species : bonding species and their count per `atoms` atoms (`species_of`).
    engine, scheme : whose energy it is, and which corrections it already carries; phases that differ
    in either never share a hull. origin : where the starting structure came from.
    """

    formula: str
    id: str
    energy_per_atom: float
    volume_per_atom: float
    atoms: int
    species: tuple[tuple[str, int], ...]
    engine: str
    scheme: str
    settings: str = ""
    converged: bool = True
    origin: str = ""
    space_group: str = ""
    largest_force: float = 0.0
    start_sha256: str = ""
    start_volume_per_atom: float = float("nan")

    @property
    def amounts(self) -> dict[str, float]:
        """Atoms of each element per reduced formula unit."""
        return dict(composition_of(self.formula))

    @property
    def name(self) -> str:
        """Formula and id."""
        return f"{self.formula} ({self.id})"

    @property
    def line(self) -> str:
        """What a fingerprint is taken of."""
        return (
            f"{self.formula} {self.id} {self.energy_per_atom:.6f} {self.engine} {self.scheme} {self.settings}"
        )


@cache
def composition_of(formula: str) -> tuple[tuple[str, float], ...]:
    """Elements and amounts of a formula as written.

    Raises
    ------
    InputError
        If it cannot be read as a formula.
    """
    from pymatgen.core import Composition

    try:
        parsed = Composition()
        for number, part in _adducts(formula):
            parsed += Composition(part, strict=True) * number
        pairs = tuple((e.symbol, float(n)) for e, n in parsed.items())
    except (ValueError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"{brief(formula)} is not a chemical formula; expected one like Li3YCl6") from error
    if not pairs or not all(0 < n < MOST_ATOMS for _, n in pairs):
        raise InputError(f"{brief(formula)} is not a chemical formula; expected one like Li3YCl6")
    return pairs


def _adducts(formula: str) -> list[tuple[float, str]]:
    """Parts of LiOH·H2O as number and formula; a point between digits is a decimal point."""
    points = r"(?<=[A-Za-z)\]])\.(?=\d*[A-Z])|(?<=\d)\.(?=[A-Z]|\d*H2O)"
    parts = re.split(rf"\s*[·•∙⋅*]\s*|{points}", formula.strip())
    found = []
    for part in parts:
        number, rest = re.match(r"(\d*\.?\d*)(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
        found.append((float(number) if number and len(parts) > 1 else 1.0, rest if len(parts) > 1 else part))
    return found


@cache
def reduced(formula: str) -> str:
    """The formula in smallest whole numbers, in the library's spelling."""
    from pymatgen.core import Composition

    composition = Composition(dict(composition_of(formula)))
    whole, _ = composition.get_integer_formula_and_factor(max_denominator=10000)
    return Composition(whole).reduced_formula


@cache
def _names() -> dict[str, str]:
    """Usual names of compounds whose sorted formula nobody writes."""
    text = Path(str(DATA / "names.csv")).read_text(encoding="utf-8")
    return {r["formula"]: r["shown"] for r in csv.DictReader(text.splitlines())}


def shown(formula: str) -> str:
    """A formula as chemists write it: NH4Cl for H4NCl, LiOH·H2O for LiH3O2."""
    return _names().get(formula, formula)


@dataclass(frozen=True)
class Library:
    """Phases of one engine and one scheme."""

    phases: tuple[Phase, ...]
    version: str = ""

    def __post_init__(self) -> None:
        refuse_mixture(self.phases)

    @property
    def fingerprint(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of every formula, id, energy, engine and scheme."""
        lines = sorted(p.line for p in self.phases)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]

    @property
    def elements(self) -> frozenset[str]:
        """Elements that occur."""
        return frozenset(e for p in self.phases for e in p.amounts)

    def within(self, elements: Iterable[str]) -> tuple[Phase, ...]:
        """Phases made of these elements only.

        Raises
        ------
        InputError
            If an element has no phase at all in the library.
        """
        wanted = set(elements)
        if missing := sorted(wanted - self.elements):
            raise InputError(
                f"phase library: no phase holds {', '.join(missing)}; it covers "
                f"{', '.join(sorted(self.elements))}. Add entries of your own with --entries FILE "
                "(columns formula, id, energy_per_atom, engine, scheme)"
            )
        return tuple(p for p in self.phases if set(p.amounts) <= wanted)

    def find(self, name: str) -> Phase:
        """The phase of that id, or the one of least energy with that formula.

        Raises
        ------
        InputError
            If neither is in the library; the text names the nearest formulas.
        """
        for phase in self.phases:
            if phase.id == name:
                return phase
        wanted = reduced(name)
        same = [p for p in self.phases if p.formula == wanted]
        if not same:
            raise InputError(nearest_formulas(wanted, {p.formula for p in self.phases}))
        return min(same, key=lambda p: p.energy_per_atom)

    def with_entries(self, entries: Iterable[Phase]) -> Library:
        """The library with further entries, of the same engine and scheme."""
        return Library((*self.phases, *entries), self.version)


def nearest_formulas(formula: str, known: Iterable[str], count: int = 4) -> str:
    """Text for a formula without an entry: the known ones nearest in composition."""
    target = _fractions(formula)
    ranked = sorted(known, key=lambda f: (_distance(target, _fractions(f)), f))
    if not ranked:
        return nearest("phase library", formula, ())
    near = ", ".join(ranked[:count])
    return f"phase library: no phase {formula}; nearest in composition: {near}"


def _fractions(formula: str) -> dict[str, float]:
    """Atomic fractions."""
    pairs = composition_of(formula)
    total = sum(n for _, n in pairs)
    return {e: n / total for e, n in pairs}


def _distance(one: dict[str, float], other: dict[str, float]) -> float:
    """Half the sum of absolute differences of atomic fractions: 0 the same, 1 nothing in common."""
    return sum(abs(one.get(e, 0.0) - other.get(e, 0.0)) for e in one.keys() | other.keys()) / 2


def refuse_mixture(phases: Iterable[Phase]) -> None:
    """Refuse energies of different engines, schemes or settings side by side.

    Raises
    ------
    InputError
        Naming one phase of each kind.
    """
    kinds: dict[tuple[str, str], Phase] = {}
    for phase in phases:
        kinds.setdefault((phase.engine, phase.scheme), phase)
    if len(kinds) > 1:
        named = "; ".join(f"{p.name} is {engine} with {scheme}" for (engine, scheme), p in kinds.items())
        raise InputError(f"phase library: energies of different kinds cannot share a hull: {named}")


@reader("a library of phases")
def read_library(path: Path) -> Library:
    """Read a table of phases, a CSV with `COLUMNS` (the first three, engine and scheme are needed).

    Raises
    ------
    DataError
        If a row is incomplete or not a number where one is needed.
    """
    if not path.exists():
        raise InputError(f"phase library: no file {path}")
    phases = []
    lines = (line for line in read_text(path).split("\n") if not line.startswith("#"))
    for number, row in enumerate(csv.DictReader(lines), start=2):
        try:
            phases.append(_phase(row))
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise DataError(
                f"{path}, row {number}: {error}; "
                "a row needs formula, id, energy_per_atom (eV), engine, scheme"
            ) from error
    return Library(tuple(phases), version=path.stem)


def _phase(row: dict[str, str]) -> Phase:
    """One row of the table."""
    species = tuple(
        (name, int(count))
        for name, _, count in (s.partition(":") for s in (row.get("species") or "").split())
    )
    return Phase(
        formula=reduced(row["formula"]),
        id=row["id"],
        energy_per_atom=_finite(row["energy_per_atom"], "energy_per_atom"),
        volume_per_atom=float(row.get("volume_per_atom") or "nan"),
        atoms=int(row.get("atoms") or sum(n for _, n in composition_of(row["formula"]))),
        species=species,
        engine=row["engine"],
        scheme=row["scheme"],
        settings=row.get("settings") or "",
        converged=(row.get("converged") or "yes") == "yes",
        origin=row.get("origin") or "",
        space_group=row.get("space_group") or "",
        largest_force=float(row.get("largest_force") or 0.0),
        start_sha256=row.get("start_sha256") or "",
        start_volume_per_atom=float(row.get("start_volume_per_atom") or "nan"),
    )


def _finite(text: str, name: str) -> float:
    """A number that is one."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{name} {text!r} is not finite")
    return value


@cache
def shipped_library() -> Library:
    """The library that comes with the package: CHGNet energies."""
    return read_library(Path(str(DATA / "phases_chgnet.csv")))


@cache
def _structures() -> dict[str, dict[str, Any]]:
    """Relaxed cells of the shipped library by formula and id."""
    data = gzip.decompress(Path(str(DATA / "structures_chgnet.jsonl.gz")).read_bytes()).decode("utf-8")
    records = [json.loads(line) for line in data.splitlines()]
    return {f"{reduced(r['formula'])} {r['id']}": r for r in records}


def relaxed_structure(phase: Phase) -> Structure:
    """The cell of a phase of the shipped library, as the engine relaxed it (Å).

    Raises
    ------
    InputError
        If the phase is not of the shipped library.
    """
    from pymatgen.core import Lattice, Structure

    record = _structures().get(f"{phase.formula} {phase.id}")
    if record is None:
        raise InputError(f"{phase.name}: no relaxed cell in the library that comes with the package")
    return Structure(Lattice(record["lattice"]), record["numbers"], record["fractional"])
