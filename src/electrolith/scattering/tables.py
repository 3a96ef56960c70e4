"""What one atom scatters: X-ray form factors with anomalous terms, neutron scattering lengths."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from typing import Literal

import numpy as np

from electrolith.core.constants import HC
from electrolith.core.errors import InputError, MissingExtra

__all__ = [
    "Radiation",
    "Scatterer",
    "absorption_cross_sections",
    "element_of",
    "neutron_lengths",
    "scatterers",
    "table_note",
]

Radiation = Literal["xray", "neutron"]

_SPECIES = re.compile(r"(\d*)([A-Z][a-z]?)(\d*[+-])?")


@dataclass(frozen=True, slots=True)
class Scatterer:
    """Scattering of one species: f(s) = c + Σ aᵢ exp(-bᵢ s²) + f′ + i f″.

    s is sin θ/λ in 1/Å. X-ray: electrons. Neutron: fm, with a and b empty and c the length.
    """

    species: str
    c: float
    a: tuple[float, ...] = ()
    b: tuple[float, ...] = ()
    f1: float = 0.0
    f2: float = 0.0
    source: str = ""

    def real(self, s: np.ndarray) -> np.ndarray:
        """C + Σ aᵢ exp(-bᵢ s²) + f′ at s, 1/Å, any shape; electrons or fm."""
        out = np.full(np.shape(s), self.c + self.f1)
        s2 = np.square(s)
        for a, b in zip(self.a, self.b, strict=True):
            out += a * np.exp(-b * s2)
        return out


def element_of(species: str) -> str:
    """Element symbol of "Li", "Li+", "Li1+", "7Li" or "Cl1-".

    Raises
    ------
    InputError
        If the text is no species.
    """
    match = _SPECIES.fullmatch(species)
    if match is None:
        raise InputError(f"species {species!r} is not an element, an ion (Cl1-) or an isotope (7Li)")
    return match.group(2)


def _rows(name: str) -> list[list[str]]:
    text = files("electrolith.scattering").joinpath(name).read_text(encoding="utf-8")
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    return rows[1:]


def neutron_lengths() -> dict[str, float]:
    """Bound coherent scattering lengths of elements and isotopes, fm."""
    return {row[0]: float(row[1]) for row in _rows("neutron_lengths.csv")}


def absorption_cross_sections() -> dict[str, float]:
    """Neutron absorption cross sections at 1.798 Å, barn, where the table has one."""
    return {row[0]: float(row[2]) for row in _rows("neutron_lengths.csv") if row[2]}


def _unknown(where: str, name: str, table: Mapping[str, object]) -> str:
    """The nearest names only: the tables hold hundreds."""
    near = get_close_matches(name, list(table), n=3)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    return f"{where}: no {name!r} among {len(table)} entries{hint}"


def _ion_name(species: str) -> str:
    """Name in the form-factor table: Li+ is Li1+."""
    match = _SPECIES.fullmatch(species)
    if match is None:
        element_of(species)
        return species
    _, element, charge = match.groups()
    if charge and len(charge) == 1:
        charge = "1" + charge
    return element + (charge or "")


def scatterers(
    species: tuple[str, ...],
    *,
    radiation: Radiation,
    wavelength: float | None = None,
    ions: Mapping[str, str] | None = None,
    lengths: Mapping[str, float] | None = None,
) -> dict[str, Scatterer]:
    """Scatterers of the species for one radiation.

    Parameters
    ----------
    species : names such as "Li", "7Li" (neutrons), "Cl1-" (X-rays).
    wavelength : Å; for X-rays it adds f′ and f″, None leaves them out.
    ions : X-rays: form factor to use for a species, such as {"Li": "Li1+"}; default: as named.
    lengths : neutrons: lengths in fm that replace those of the table.

    Raises
    ------
    InputError
        If a species is in no table; the text gives the nearest name.
    MissingExtra
        If f′, f″ are wanted and xraydb is not installed.
    """
    if radiation == "neutron":
        return _neutron(species, lengths or {})
    table = {row[0]: [float(v) for v in row[1:]] for row in _rows("form_factors.csv")}
    out = {}
    for name in species:
        wanted = _ion_name((ions or {}).get(name, name))
        if wanted not in table:
            raise InputError(_unknown("X-ray form factors", wanted, table))
        row = table[wanted]
        f1, f2, source = _anomalous(element_of(name), wavelength)
        out[name] = Scatterer(name, row[0], tuple(row[1:6]), tuple(row[6:11]), f1, f2, f"f0 {wanted}{source}")
    return out


def _neutron(species: tuple[str, ...], own: Mapping[str, float]) -> dict[str, Scatterer]:
    table = neutron_lengths()
    out = {}
    for name in species:
        match = _SPECIES.fullmatch(name)
        isotope = (match.group(1) if match else "") + element_of(name)
        if name in own:
            out[name] = Scatterer(name, float(own[name]), source="own length")
        elif isotope in table:
            out[name] = Scatterer(name, table[isotope], source="Sears 1992")
        else:
            raise InputError(_unknown("neutron scattering lengths", isotope, table))
    return out


def _anomalous(element: str, wavelength: float | None) -> tuple[float, float, str]:
    """f′, f″ in electrons and where they come from."""
    if wavelength is None or element == "H":
        return 0.0, 0.0, ""
    try:
        import xraydb
    except ImportError as error:
        raise MissingExtra("scattering", "xraydb") from error
    energy = HC / wavelength
    f1 = float(np.ravel(xraydb.f1_chantler(element, energy))[0])
    f2 = float(np.ravel(xraydb.f2_chantler(element, energy))[0])
    return f1, f2, f", f' {f1:+.3f} f'' {f2:.3f} (Chantler)"


def table_note(table: Mapping[str, Scatterer], radiation: Radiation) -> tuple[str, ...]:
    """One line per species saying which numbers were used, to be printed with a result."""
    unit = "fm" if radiation == "neutron" else "electrons"
    return tuple(
        f"{name}: {float(item.real(np.zeros(1))[0]):.4f} {unit} at s = 0 ({item.source})"
        for name, item in table.items()
    )
