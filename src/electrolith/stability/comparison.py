"""Windows of many materials side by side, each beside the value in the literature."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

from electrolith.core.errors import InputError
from electrolith.stability.entries import EntrySet, EntrySettings, entries_of
from electrolith.stability.library import DATA, Library
from electrolith.stability.material import Material
from electrolith.stability.window import Window, WindowSettings, window


@dataclass(frozen=True)
class ReferenceWindow:
    """A material of the comparison and its window in the literature, V (None where none is known)."""

    material: Material
    family: str
    reduction: float | None
    oxidation: float | None
    source: str
    note: str


@dataclass(frozen=True)
class Compared:
    """One material: its window as enthalpies give it (as published windows are), and at temperature."""

    reference: ReferenceWindow
    window: Window
    warm: Window | None

    @property
    def misses(self) -> tuple[float | None, float | None]:
        """Ours minus the reference, V, reduction and oxidation; free energies against tabulated ones."""
        ours = self.warm if self.reference.note.startswith("free energy") and self.warm else self.window
        return (
            None if self.reference.reduction is None else ours.nominal[0] - self.reference.reduction,
            None if self.reference.oxidation is None else ours.nominal[1] - self.reference.oxidation,
        )


@dataclass(frozen=True)
class Comparison:
    """Windows side by side; `left_out` says which materials the library has no energy for, and why."""

    rows: tuple[Compared, ...]
    left_out: dict[str, str]
    library_fingerprint: str
    scheme: str


@cache
def electrolytes() -> tuple[ReferenceWindow, ...]:
    """The materials of the comparison that comes with the package."""
    text = Path(str(DATA / "electrolytes.csv")).read_text(encoding="utf-8")
    return tuple(
        ReferenceWindow(
            Material(
                r["formula"],
                name=r["name"],
                id=r["id"],
                energy=cast(Literal["library", "hull"], r["energy"]),
            ),
            r["family"],
            float(r["reduction"]) if r["reduction"] else None,
            float(r["oxidation"]) if r["oxidation"] else None,
            r["reference"],
            r["reference_note"],
        )
        for r in csv.DictReader(text.splitlines())
    )


def compare(
    library: Library,
    settings: EntrySettings | None = None,
    *,
    materials: Iterable[ReferenceWindow] | None = None,
    temperature: float | None = 298.15,
    window_settings: WindowSettings | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Window of every material, as enthalpies and, unless `temperature` is None, as free energies."""
    settings = settings or EntrySettings()
    window_settings = window_settings or WindowSettings()
    rows, left_out = [], {}
    sets: dict[tuple[frozenset[str], float | None], EntrySet] = {}

    def entries(elements: frozenset[str], at: float | None) -> EntrySet:
        wanted = elements | {window_settings.working_ion}
        if (wanted, at) not in sets:
            how = EntrySettings(settings.scheme, at, settings.draws, settings.seed, settings.gas_pressure)
            sets[wanted, at] = entries_of(library, wanted, how)
        return sets[wanted, at]

    for reference in materials or electrolytes():
        material = reference.material
        if progress:
            progress(material.label)
        try:
            cold = window(material, entries(material.elements, settings.temperature), window_settings)
            warm = (
                None
                if temperature is None
                else window(material, entries(material.elements, temperature), window_settings)
            )
        except InputError as error:
            left_out[material.label] = str(error)
            continue
        rows.append(Compared(reference, cold, warm))
    if not rows:
        raise InputError(
            "comparison: no material has an energy in the library: " + "; ".join(left_out.values())
        )
    return Comparison(tuple(rows), left_out, library.fingerprint, rows[0].window.scheme)
