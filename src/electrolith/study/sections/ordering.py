"""Ordered realisations of the crystal: composition, electrostatic ranking, what goes on."""

from __future__ import annotations

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.order import Ordering, Orderings, composition_of, order_crystal
from electrolith.crystal.species import element_of
from electrolith.study.figure import Axis, Figure, Layer, Line, Role
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Section, Study, Table
from electrolith.study.sections.material import Material, crystal, frame_figure
from electrolith.study.wiring import Stage

__all__ = ["SECTION"]


def orderings(ordering: Ordering, crystal: DisorderedCrystal) -> Orderings:
    """Decorate, rank, keep."""
    return order_crystal(crystal, ordering)


def check(study: Study) -> None:
    """A neutral composition must exist; finding it is quick."""
    material, ordering = study.get(Material), study.get(Ordering)
    if material is not None and ordering is not None:
        composition_of(crystal(material), ordering)


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Vacancy shares of the supercell that is computed."""
    found, material = results.get(Orderings), results.get(Material)
    if found is None or material is None:
        return ()
    rows = []
    for filling in found.composition.fillings:
        if filling.vacancy == 0 and filling.refined_vacancy.doubt == "exact":
            continue
        mobile = any(element_of(name) == material.mobile for name in filling.atoms)
        name = "mobile_vacancies" if mobile else "framework_vacancies"
        label = f"vacant {filling.label} ({filling.wyckoff})"
        share = Estimate.exact(100 * filling.vacancy, "%")
        rows.append(
            Evidence(name, label, share, "computed", found.composition.formula, note="of the supercell")
        )
        refined = filling.refined_vacancy.through(lambda v: 100 * v, unit="%")
        rows.append(Evidence(name, label, refined, "measured", "crystal file", note="refined occupancies"))
    return tuple(rows)


def _histogram(found: Orderings, per_atom: float) -> Figure:
    """Energies of the random decorations, and where the kept ones lie."""
    energies = (found.random_energies - found.random_energies.mean()) / per_atom
    counts, edges = np.histogram(energies, bins=60)
    layers: list[Layer] = [
        Line(np.repeat(edges, 2)[1:-1], np.repeat(counts, 2), f"{energies.size} random decorations", "guide")
    ]
    roles: dict[str, Role] = {"lowest": "computed", "random": "measured", "monte carlo": "second"}
    for kind, role in roles.items():
        some = [
            (e - found.random_energies.mean()) / per_atom
            for e, k in zip(found.energies, found.kinds, strict=True)
            if k == kind
        ]
        if some:
            xs = np.repeat(some, 3)
            ys = np.tile([0.0, counts.max() * 0.5, np.nan], len(some))
            layers.append(Line(xs, ys, f"kept: {len(some)} {kind}", role))
    caption = (
        "Electrostatic energy of the decorations; the lowest and some random ones go on, and swap "
        "Monte Carlo reaches arrangements that random sampling does not meet."
    )
    return Figure(
        "decorations",
        caption,
        Axis("Ewald energy, from the mean / eV per atom"),
        Axis("number"),
        tuple(layers),
    )


def parts(results: Results) -> tuple[Part, ...]:
    """The orderings' part of the report."""
    found = results.get(Orderings)
    if found is None:
        return ()
    atoms = sum(found.composition.atoms.values())
    rows = tuple(
        (
            f"{filling.label} ({filling.wyckoff})",
            filling.positions,
            ", ".join(f"{k} {v}" for k, v in filling.atoms.items()),
            printed(100 * filling.vacancy, ".2f", "%"),
            filling.refined_vacancy.through(lambda v: 100 * v, unit="%"),
        )
        for filling in found.composition.fillings
    )
    table = Table(
        ("site", "positions", "atoms", "vacant here", "vacant as refined"), rows, "What the supercell holds"
    )
    counts = ", ".join(f"{found.kinds.count(k)} {k}" for k in dict.fromkeys(found.kinds))
    sentence = (
        f"{found.composition.text()}. Of {found.random_energies.size} random decorations "
        f"{found.duplicates} were symmetry copies; {counts} go on."
    )
    warnings: tuple[str, ...] = ()
    if found.composition.sigmas > 3:
        warnings = (
            f"The supercell {found.composition.formula} lies {found.composition.sigmas:.1f} standard "
            "uncertainties from the refined occupancies: what is computed is not quite what was measured.",
        )
    best = int(np.nanargmin(found.energies))
    drawn = frame_figure(
        found.frames[best],
        name="ordering-lowest",
        caption=(
            f"The ordering of lowest electrostatic energy, {found.composition.formula}: whole atoms, "
            "vacancies left empty."
        ),
    )
    return (Part("Ordering", sentence, (_histogram(found, atoms), drawn), (table,), warnings, found.notes),)


SECTION = Section("ordering", Ordering, (Stage(orderings),), evidence, parts, check)
