"""Computed scattering in the study: patterns and PDF of the refined crystal and of its orderings."""

from __future__ import annotations

import numpy as np

from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.order import Orderings
from electrolith.scattering.computed import ComputedScattering, Scattering, compute_scattering
from electrolith.scattering.instrument_words import instrument_from
from electrolith.study.figure import Axis, Figure, Layer, Line
from electrolith.study.printed import printed
from electrolith.study.section import Part, Results, Section, Study, Table
from electrolith.study.wiring import Stage

__all__ = ["SECTION"]


def scattering(
    scattering: Scattering, crystal: DisorderedCrystal, orderings: Orderings | None
) -> ComputedScattering:
    """Simulate patterns and pair distribution functions."""
    return compute_scattering(scattering, crystal, orderings.frames if orderings is not None else ())


def check(study: Study) -> None:
    """The instruments must be known."""
    settings = study.get(Scattering)
    for text in (settings.xray, settings.neutron) if settings is not None else ():
        if text is not None:
            instrument_from(text)


def parts(results: Results) -> tuple[Part, ...]:
    """Patterns and G(r) of the crystal beside those of the orderings."""
    found = results.get(ComputedScattering)
    if found is None:
        return ()
    figures = [_pattern_figure(found, i) for i in range(len(found.patterns))]
    figures += [_pdf_figure(found, i) for i in range(len(found.pdfs))]
    tables = tuple(_table(found, i) for i in range(len(found.patterns)))
    ordered = f" and of the mean of {found.count} orderings" if found.count else ""
    sentence = (
        f"Simulated X-ray, neutron and pair distribution functions of the refined crystal{ordered}."
        + (
            " Where the two differ, the ordered supercells say something that the "
            "average crystal does not: weak lines "
            "and diffuse humps between the Bragg lines are the correlation of neighbouring sites."
            if found.count
            else ""
        )
    )
    return (Part("Computed scattering", sentence, tuple(figures), tables, (), found.notes),)


def _pattern_figure(found: ComputedScattering, index: int) -> Figure:
    pattern, ordered = found.patterns[index], found.ordered[index]
    layers: list[Layer] = [Line(pattern.x, pattern.total, "refined crystal", "computed")]
    if ordered is not None:
        layers.append(Line(pattern.x, ordered - 15.0, f"mean of {found.count} orderings (shifted)", "second"))
    marks = pattern.sticks[0]
    layers.append(_ticks(marks.position, -20.0, "reflections"))
    label = "2θ / degree" if pattern.abscissa == "two_theta" else "time of flight / µs"
    return Figure(
        f"computed_{pattern.name.lower().replace('-', '')}",
        f"{pattern.name} pattern, strongest point 100; hover for values.",
        Axis(label),
        Axis("intensity"),
        tuple(layers),
    )


def _ticks(position: np.ndarray, level: float, name: str) -> Line:
    """Short vertical marks below a pattern."""
    x = np.repeat(position, 3)
    y = np.tile([level, level - 5.0, np.nan], len(position))
    return Line(x, y, name, "guide")


def _pdf_figure(found: ComputedScattering, index: int) -> Figure:
    item = found.pdfs[index]
    name = {"xray": "X-ray", "neutron": "neutron"}[item.radiation]
    layers: list[Layer] = [Line(item.r, item.average, "refined crystal", "computed")]
    if item.orderings is not None:
        layers.append(Line(item.r, item.orderings, f"mean of {found.count} orderings", "second", dash=True))
    caption = (
        f"{name} pair distribution function, Q to {found.settings.q_max:g} 1/Å, pdffit convention. "
        "The average crystal has each anion site part N, part Cl; the orderings have "
        "whole atoms and vacancies."
    )
    return Figure(f"computed_pdf_{item.radiation}", caption, Axis("r / Å"), Axis("G / Å⁻²"), tuple(layers))


def _table(found: ComputedScattering, index: int) -> Table:
    """The strongest reflections."""
    pattern = found.patterns[index]
    marks = pattern.sticks[0]
    rows = tuple(
        (
            " ".join(str(abs(int(h))) for h in marks.hkl[i]),
            printed(marks.d[i], ".4f"),
            printed(marks.position[i], ".3f"),
            int(marks.multiplicity[i]),
            printed(marks.intensity[i], ".2f"),
        )
        for i in range(min(10, len(marks.d)))
    )
    label = "2θ / degree" if pattern.abscissa == "two_theta" else "t / µs"
    return Table(
        ("h k l", "d / Å", label, "multiplicity", "intensity"), rows, f"{pattern.name}: first reflections"
    )


SECTION = Section("scattering", Scattering, (Stage(scattering),), parts=parts, check=check)
