"""The crystal a study is about: what was refined, and what that says of vacancies and charge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.errors import InputError, nearest
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.frame import Frame
from electrolith.crystal.read import read_crystal
from electrolith.crystal.species import element_of
from electrolith.study.figure import Atoms, Axis, Figure
from electrolith.study.printed import printed
from electrolith.study.section import Part, Results, Section, Study, Table
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "Material", "crystal_figure", "element_colour", "frame_figure"]

# Jmol's colours, as most structure viewers show them; light ones darkened so that they show on white.
_COLOURS = {"Li": "#7d5fd3", "N": "#3050f8", "Cl": "#1fa81f", "O": "#e0311f", "S": "#c9a800", "P": "#e07800"}
_FALLBACK = ("#7f7f7f", "#8c564b", "#17becf", "#bcbd22", "#e377c2")


@dataclass(frozen=True)
class Material:
    """The crystal of the study and which of its elements moves.

    crystal : CIF (partial occupancy), POSCAR, or anything ASE and pymatgen read.
    mobile : symbol of the mobile element.
    oxidation_states : charge (e) of each element; without it the file's.
    """

    crystal: Path
    mobile: str = "Li"
    oxidation_states: dict[str, float] | None = None


def crystal(material: Material) -> DisorderedCrystal:
    """Read the crystal."""
    found = read_crystal(material.crystal, oxidation_states=material.oxidation_states)
    elements = sorted({element_of(name) for name in found.species})
    if material.mobile not in elements:
        raise InputError("material.mobile: " + nearest(material.crystal.name, material.mobile, elements))
    if elements == [material.mobile]:
        raise InputError(
            f"material: every atom of {material.crystal.name} is {material.mobile}; "
            "without a framework that stays there is no diffusion to measure"
        )
    return found


def check(study: Study) -> None:
    """Read the crystal; it is quick."""
    material = study.get(Material)
    if material is not None:
        crystal(material)


def element_colour(element: str) -> str:
    """Colour of an element in structure figures."""
    return _COLOURS.get(element, _FALLBACK[sum(map(ord, element)) % len(_FALLBACK)])


def crystal_figure(found: DisorderedCrystal) -> Figure:
    """The average structure: a sphere per position, its size by how full it is."""
    positions, labels, colours, radii, text = [], [], [], [], []
    for fractional, orbit in zip(found.fractional, found.orbit, strict=True):
        site = found.sites[orbit]
        main = max(site.occupancy, key=lambda name: site.occupancy[name].value)
        shares = ", ".join(f"{k} {v.value:.3f}" for k, v in site.occupancy.items())
        for image in _images(np.asarray(fractional)):
            positions.append(image @ found.cell)
            labels.append(f"{site.label} ({site.wyckoff}): {shares}")
            colours.append(element_colour(element_of(main)))
            radii.append(8.0 + 14.0 * (1.0 - site.vacancy.value))
            text.append(f"{site.label}<br>{shares}<br>vacant {100 * site.vacancy.value:.1f} %")
    layer = Atoms(
        np.array(positions), tuple(labels), tuple(colours), np.array(radii), tuple(text), found.cell
    )
    caption = f"Average structure, {found.space_group}; hover for occupancies, drag to turn."
    return Figure("crystal", caption, Axis(""), Axis(""), (layer,), height=420)


def frame_figure(frame: Frame, *, name: str, caption: str) -> Figure:
    """Whole atoms in their cell, every element in its colour."""
    names = tuple(frame.symbols)
    sizes = np.array([9.0 if n == "Li" else 15.0 for n in names])
    inside = frame.positions @ np.linalg.inv(frame.cell)
    positions = (inside - np.floor(inside + 1e-9)) @ frame.cell
    colours = tuple(element_colour(n) for n in names)
    text = tuple(f"{n} {i + 1}" for i, n in enumerate(names))
    layer = Atoms(positions, names, colours, sizes, text, frame.cell)
    return Figure(name, caption, Axis(""), Axis(""), (layer,), height=420)


def _images(fractional: np.ndarray) -> list[np.ndarray]:
    """The position and its copies on the opposite faces of the cell."""
    inside = fractional - np.floor(fractional + 1e-6)
    shifts = [(0, 1) if abs(x) < 1e-3 else (0,) for x in inside]
    return [inside + np.array([i, j, k]) for i in shifts[0] for j in shifts[1] for k in shifts[2]]


def parts(results: Results) -> tuple[Part, ...]:
    """The crystal's part of the report."""
    found = results.get(DisorderedCrystal)
    if found is None:
        return ()
    rows = tuple(
        (
            site.label,
            site.wyckoff,
            *(printed(float(x), ".4f") for x in site.fractional),
            ", ".join(f"{name} {share.text()}" for name, share in site.occupancy.items()),
            site.vacancy.through(lambda v: 100 * v, unit="%") if not site.is_full else printed(0.0, "g", "%"),
        )
        for site in found.sites
    )
    table = Table(
        ("site", "Wyckoff", "x", "y", "z", "occupancy", "vacant"), rows, "Sites of the average structure"
    )
    sentence = (
        f"{found.source}: {found.space_group} (no. {found.space_group_number}), {found.formula} per cell, "
        f"density {found.density.text()}."
    )
    warnings: tuple[str, ...] = ()
    if found.oxidation_states:
        balance = found.charge_balance
        sentence += f" The refined occupancies carry {balance.text()} per cell."
        low, high = balance.interval(0.95)
        if not (np.isnan(low) or low <= 0 <= high):
            warnings = (
                f"The refined occupancies are not charge neutral: {balance.text()} per cell; "
                "0 is outside the 95 % interval.",
            )
    return (Part("Crystal", sentence, (crystal_figure(found),), (table,), warnings, found.notes),)


SECTION = Section("material", Material, (Stage(crystal),), parts=parts, check=check)
