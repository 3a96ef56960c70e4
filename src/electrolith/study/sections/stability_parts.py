"""Figures and tables of windows and of the library behind them: results in, parts out."""

from __future__ import annotations

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.stability.check import LibraryCheck
from electrolith.stability.comparison import Compared, Comparison
from electrolith.stability.diff import LibraryDiff
from electrolith.stability.library import shown
from electrolith.stability.window import Window
from electrolith.study.figure import Axis, Band, Bars, Figure, Layer, Line, Points, Role
from electrolith.study.printed import doubted, printed, span
from electrolith.study.section import Part, Table
from electrolith.study.table import Cell

__all__ = [
    "amounts",
    "check_part",
    "comparison_part",
    "diff_part",
    "file_name",
    "shares",
    "volts",
    "window_part",
]


def amounts(products: dict[str, float]) -> str:
    """Products with their amounts."""
    return " + ".join(f"{n:.3g} {shown(f)}" if abs(n - 1) > 1e-6 else shown(f) for f, n in products.items())


def shares(sets: dict[str, float], count: int = 3) -> str:
    """Product sets with how often each appears."""
    return "; ".join(f"{name} ({100 * share:.0f} %)" for name, share in list(sets.items())[:count])


def volts(limit: Estimate, highest: float | None = None) -> str:
    """A limit with its standard uncertainty in the last digits; at the end of the scan only a bound."""
    if highest is not None and limit.value > highest - 1e-3:
        return f"above {highest:g}"
    return f"{limit.value:.2f}" if limit.doubt == "unknown" else limit.number()


def limit_cell(limit: Estimate, highest: float | None = None) -> Cell:
    """The same as a number of a table; a bound says that it is one."""
    if highest is not None and limit.value > highest - 1e-3:
        return printed(highest, "g", before="above ")
    return printed(limit.value, ".2f") if limit.doubt == "unknown" else limit


def window_part(found: Window, warm: Window | None = None) -> Part:
    """One phase: limits, ladder, uptake, decomposition energy."""
    rows = [
        (
            "as enthalpies",
            limit_cell(found.reduction),
            limit_cell(found.oxidation, found.highest),
            shares(found.oxidation_products),
        ),
    ]
    if warm is not None:
        rows.append(
            (
                "as free energies",
                limit_cell(warm.reduction),
                limit_cell(warm.oxidation, warm.highest),
                shares(warm.oxidation_products),
            )
        )
    ladder = tuple(
        (span(p.low, p.high, ".2f"), printed(p.uptake, "+.2f"), amounts(p.products)) for p in found.ladder
    )
    place = found.place
    notes = (
        f"Energy of the phase: {place.energy_taken}; "
        f"{1e3 * place.energy_above_hull.value:+.0f} meV/atom against "
        f"{amounts(place.products)}.",
        f"Against {found.working_ion} metal: {1e3 * found.energy_at_metal.value:.0f} meV/atom; "
        f"product sets below the reduction limit: {shares(found.reduction_products)}.",
        f"Energies: {found.scheme}; entry set {found.fingerprint}.",
    )
    return Part(
        f"Electrochemical window of {found.label}",
        found.verdict + ".",
        (ladder_figure(found), decomposition_figure(found)),
        (
            Table(
                ("energies", "reduction / V", "oxidation / V", "products beyond oxidation (share of draws)"),
                tuple(rows),
                "Limits against Li/Li⁺, median of the draws with their 68 % interval"
                if found.working_ion == "Li"
                else f"Limits against {found.working_ion} metal",
            ),
            Table(
                ("potential / V", f"{found.working_ion} taken up", "products"), ladder, "Decomposition ladder"
            ),
        ),
        _window_warnings(found),
        notes,
    )


def _window_warnings(found: Window) -> tuple[str, ...]:
    """What must not be trusted about a window."""
    warnings = []
    if found.open_share is not None and found.open_share < 0.9:
        warnings.append(
            f"The window of {found.label} is open in only {100 * found.open_share:.0f} % of the draws."
        )
    return tuple(warnings)


def _open(found: Window, low: float, high: float) -> tuple[Layer, ...]:
    """The window as a band over the whole height, and the doubt of its two limits in another shade."""
    left, right = found.reduction.value, found.oxidation.value
    if not right > left:
        return ()
    layers: list[Layer] = [_tall(left, right, low, high, "window", "second")]
    for number, limit in enumerate((found.reduction, found.oxidation)):
        if limit.doubt == "known":
            ends = limit.interval()
            layers.append(_tall(*ends, low, high, "limits, 68 %" if number else "", "fourth"))
    return tuple(layers)


def _tall(left: float, right: float, low: float, high: float, name: str, role: Role) -> Band:
    return Band(np.array([left, right]), np.full(2, low), np.full(2, high), name, role)


def ladder_figure(found: Window) -> Figure:
    """Working ions taken up against potential, a staircase."""
    x = np.repeat(found.voltages, 2)[1:-1]
    y = np.repeat([p.uptake for p in found.ladder], 2)
    return Figure(
        f"uptake_{file_name(found.label)}",
        f"{found.working_ion} taken up by {found.label} at equilibrium; shaded: its window.",
        Axis(f"potential / V vs {found.working_ion}"),
        Axis(f"{found.working_ion} taken up per formula unit"),
        (*_open(found, float(y.min()), float(y.max())), Line(x, y)),
        height=320,
    )


def decomposition_figure(found: Window) -> Figure:
    """Decomposition energy against potential."""
    return Figure(
        f"decomposition_{file_name(found.label)}",
        f"Decomposition energy of {found.label}; zero where it is stable, in the shaded window.",
        Axis(f"potential / V vs {found.working_ion}"),
        Axis("decomposition energy / eV per atom"),
        (
            *_open(found, float(found.decomposition.min()), float(found.decomposition.max())),
            Line(found.voltages, found.decomposition),
        ),
        height=320,
        key=True,
    )


def comparison_part(found: Comparison) -> Part:
    """Fig. 5A remade: windows side by side."""
    judged = [(c, miss) for c in found.rows for miss in c.misses if miss is not None]
    near = sum(abs(miss) <= 0.25 for _, miss in judged)
    materials = [c for c in found.rows if any(m is not None for m in c.misses)]
    hit = [c for c in materials if all(m is None or abs(m) <= 0.25 for m in c.misses)]
    sentence = (
        f"{len(found.rows)} materials; of {len(judged)} limits with a reference {near} are within 0.25 V "
        f"({len(hit)} of {len(materials)} materials with all limits)."
    )
    rows = tuple(_comparison_row(c) for c in found.rows)
    columns = (
        "material", "reduction / V", "oxidation / V", "as free energies / V",
        "reference reduction / V", "reference oxidation / V",
        "ours − ref., reduction / V", "ours − ref., oxidation / V",
        "above hull / meV per atom", "reduction products", "oxidation products",
    )  # fmt: skip
    left = tuple(f"{name} left out: {why.partition('. For')[0]}" for name, why in found.left_out.items())
    return Part(
        "Windows of known electrolytes",
        sentence,
        (comparison_figure(found),),
        (
            Table(
                columns,
                rows,
                "Windows: median and 68 % interval of the draws; ours − reference: from the best energies",
            ),
        ),
        left,
        (f"Energies: {found.scheme}; library {found.library_fingerprint}.", *_sources(found)),
    )


def _sources(found: Comparison) -> tuple[str, ...]:
    """Where the reference windows come from."""
    known = dict.fromkeys(
        f"{c.reference.source}{f' ({c.reference.note})' if c.reference.note else ''}"
        for c in found.rows
        if c.reference.source
    )
    return ("References: " + "; ".join(known) + ".",) if known else ()


def _comparison_row(c: Compared) -> tuple[Cell, ...]:
    """One material of the table."""
    return (
        c.window.label,
        limit_cell(c.window.reduction),
        limit_cell(c.window.oxidation, c.window.highest),
        None if c.warm is None else span(*c.warm.nominal, ".2f"),
        *(None if r is None else printed(r, ".2f") for r in (c.reference.reduction, c.reference.oxidation)),
        *(None if m is None else printed(m, "+.2f") for m in c.misses),
        printed(1e3 * c.window.place.energy_above_hull.value, "+.0f"),
        shares(c.window.reduction_products, 1),
        shares(c.window.oxidation_products, 1),
    )


def comparison_figure(found: Comparison) -> Figure:
    """Bars from reduction to oxidation with error bars; published limits as open symbols."""
    rows = found.rows[::-1]
    labels = tuple(c.window.label for c in rows)
    low = np.array([c.window.reduction.value for c in rows])
    high = np.array([c.window.oxidation.value for c in rows])
    text = tuple(
        f"{c.window.label}: {volts(c.window.reduction)} to "
        f"{volts(c.window.oxidation, c.window.highest)} V<br>"
        f"below: {shares(c.window.reduction_products, 2)}<br>above: {shares(c.window.oxidation_products, 2)}"
        for c in rows
    )
    layers: list[Layer] = [Bars(labels, high - low, "enthalpies", base=low, text=text, horizontal=True)]
    for c in rows:
        for limit in (c.window.reduction, c.window.oxidation):
            if limit.doubt != "unknown" and limit.std > 5e-3:
                ends = np.clip(limit.value + np.array([-1, 1]) * limit.std, 0.0, None)
                layers.append(Line(ends, np.array([c.window.label] * 2), role="published"))
    warm = [(v, c.window.label) for c in rows if c.warm for v in c.warm.nominal if v > 0.0]
    if warm:
        layers.append(_limits(warm, "free energies", "fourth", small=True))
    published = [
        (value, c.window.label)
        for c in rows
        for value in (c.reference.reduction, c.reference.oxidation)
        if value is not None
    ]
    if published:
        layers.append(_limits(published, "literature", "published"))
    return Figure(
        "electrochemical_windows",
        "Electrochemical windows as enthalpies, like published ones, with error bars (one standard "
        "deviation); small dots: as free energies, lower where N2, O2 or Cl2 leaves. Hover for products.",
        Axis("potential / V vs Li/Li⁺", range=(-0.05, 7.05)),
        Axis(""),
        tuple(layers),
        height=140 + 22 * len(rows),
    )


def _limits(limits: list[tuple[float, str]], name: str, role: Role, *, small: bool = False) -> Points:
    """Limits as symbols beside the labels of their materials."""
    x = np.array([v for v, _ in limits])
    return Points(x, np.array([label for _, label in limits]), name, role=role, small=small)


def check_part(found: LibraryCheck) -> Part:
    """The library against experiment."""
    rows = tuple(
        (
            shown(c.formula),
            c.phase_id,
            doubted(c.tabulated, c.doubt),
            printed(c.engine, ".3f"),
            printed(1e3 * (c.engine - c.tabulated), "+.0f"),
            doubted(1e3 * (c.left_out - c.tabulated), 1e3 * c.left_out_doubt),
            c.source,
        )
        for c in found.compounds
    )
    above = [f"{shown(f)} {1e3 * e:+.0f}" for f, e in found.hull.items() if e > 1e-4]
    x = np.array([c.tabulated for c in found.compounds])
    ends = np.array([x.min(), x.max()])
    figure = Figure(
        "formation_enthalpies",
        "Formation enthalpies: the engine's, and each predicted from all other compounds, against tables.",
        Axis("tabulated / eV per atom"),
        Axis("computed / eV per atom"),
        (
            Line(ends, ends, role="guide", dash=True),
            Points(x, np.array([c.engine for c in found.compounds]), "engine", role="second", small=True),
            Points(
                x,
                np.array([c.left_out for c in found.compounds]),
                "calibrated, left out",
                role="computed",
                small=True,
                low=np.array([c.left_out - c.left_out_doubt for c in found.compounds]),
                high=np.array([c.left_out + c.left_out_doubt for c in found.compounds]),
                text=tuple(shown(c.formula) for c in found.compounds),
            ),
        ),
        equal=True,
        height=420,
    )
    return Part(
        "Phase library against experiment",
        f"{len(found.compounds)} compounds: mean absolute error {1e3 * found.mae_engine:.0f} meV/atom as "
        f"the engine gives them, {1e3 * found.mae_left_out:.0f} meV/atom after calibration, "
        "each compound left out in turn.",
        (figure,),
        (
            Table(
                (
                    "compound",
                    "phase",
                    "tabulated / eV per atom",
                    "engine / eV per atom",
                    "engine − table / meV",
                    "left out − table / meV",
                    "source",
                ),
                rows,
                "Formation enthalpies at 298 K",
            ),
        ),
        (f"Known compounds above the hull (meV/atom): {', '.join(above)}.",) if above else (),
        (
            f"The labels CHGNet learned from carry the MP2020 corrections: adding the anion corrections once "
            f"more gives {1e3 * found.mae_corrected_again:.0f} meV/atom, taking them off "
            f"{1e3 * found.mae_uncorrected:.0f} meV/atom.",
            f"Within one (two) standard deviations of the left-out prediction: {100 * found.inside[0]:.0f} % "
            f"({100 * found.inside[1]:.0f} %). Library {found.fingerprint}.",
        ),
    )


def diff_part(found: LibraryDiff) -> Part:
    """What changed between two libraries."""
    changed = tuple((name, printed(1e3 * de, "+.1f")) for name, de in found.changed.items())
    moved = tuple((m.label, span(*m.before, ".2f"), span(*m.after, ".2f")) for m in found.moved)
    return Part(
        "Libraries",
        f"{found.old_fingerprint} → {found.new_fingerprint}: {len(found.added)} added, "
        f"{len(found.removed)} removed, {len(found.changed)} changed; {len(found.moved)} windows moved.",
        tables=(
            Table(("material", "before / V", "after / V"), moved, "Windows that moved"),
            Table(("phase", "new − old / meV per atom"), changed, "Energies that changed"),
            Table(
                ("change", "phase"),
                tuple(("added", p) for p in found.added) + tuple(("removed", p) for p in found.removed),
                "Phases that came and went",
            ),
        ),
        notes=tuple(f"{name} now has a window" for name in found.appeared)
        + tuple(f"{name} has no window any more" for name in found.vanished),
    )


def file_name(text: str) -> str:
    """A name for a file."""
    return "".join(c if c.isalnum() else "_" for c in text)
