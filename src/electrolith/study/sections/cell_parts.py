"""How cells are shown: sentences, tables, warnings, the symmetric cell and the joint fit."""

from __future__ import annotations

import re

import numpy as np

from electrolith.cell.calibrate import Calibration
from electrolith.cell.record import OUTCOMES
from electrolith.cell.resistance import fit_symmetric
from electrolith.cell.work import CellResult, FullResult
from electrolith.study.figure import Axis, Figure, Layer, Line, Points
from electrolith.study.printed import Printed, printed
from electrolith.study.section import Part, Table
from electrolith.study.sections.cell_figures import ROLES, full_figures
from electrolith.study.sections.cell_material_parts import coating_table, lithium_table
from electrolith.study.table import Cell

__all__ = ["calibration_part", "design_parts"]

_MAH = 3600.0
LOSSES = 3  # taken away, of each rate


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def design_parts(result: CellResult) -> tuple[Part, ...]:
    """The part of one design."""
    return (_full_part(result, result.full) if result.full else _symmetric_part(result),)


def _full_part(result: CellResult, full: FullResult) -> Part:
    design, name = result.design, _slug(result.design.title)
    return Part(
        title=design.title,
        sentence=_sentence(result, full),
        figures=full_figures(name, result, full),
        tables=(
            _capacity_table(result, full),
            _limit_table(full),
            *_proposal_tables(full),
            _layer_table(result),
            *coating_table(result),
            lithium_table(result),
            _resistance_table(result),
            _energy_table(full),
        ),
        warnings=_warnings(result, full),
        notes=_notes(result, full),
    )


def _sentence(result: CellResult, full: FullResult) -> str:
    at = [int(np.argmin(np.abs(full.rates - r.rate))) for r in result.design.reported]
    beside = [
        f"{full.capacity[i]:.0f} mAh/g at {r.rate:g}C (published {r.capacity / _MAH:.0f})"
        for i, r in zip(at, result.design.reported, strict=True)
    ]
    start = f"Computed {', '.join(beside)}. " if beside else ""
    return start + full.limits[int(np.argmax(full.rates))].sentence


def _warnings(result: CellResult, full: FullResult) -> tuple[str, ...]:
    design = result.design
    out = []
    for reported in design.reported:
        i = int(np.argmin(np.abs(full.rates - reported.rate)))
        away = full.capacity[i] - reported.capacity / _MAH
        if abs(away) > 2 * reported.error / _MAH:
            out.append(
                f"{design.title}: {reported.rate:g}C: computed {full.capacity[i]:.0f}, published "
                f"{reported.capacity / _MAH:.0f} mAh/g: "
                "these do not agree" + (f" ({reported.note})" if reported.note else "")
            )
    if design.stack.cathode.utilisation < 1:
        out.append(
            f"{design.title}: utilisation {design.stack.cathode.utilisation:g} was set for this cell "
            f"alone; agreement at "
            "the rate it was fitted to proves nothing"
        )
    if full.caution:
        out.append(full.caution)
    for rate, wrong in zip(full.rates, full.beyond_current, strict=True):
        if wrong:
            out.append(
                f"{design.title}: {rate:g}C is beyond the critical current density of the lithium side"
            )
    for rate, wrong in zip(full.rates, full.beyond_capacity, strict=True):
        if wrong:
            out.append(
                f"{design.title}: {rate:g}C moves more than the critical areal capacity of the lithium side"
            )
    return tuple(out)


def _notes(result: CellResult, full: FullResult) -> tuple[str, ...]:
    design, doubt = result.design, full.uncertain
    protocol = {
        "full": "every discharge starts at equilibrium with the upper voltage",
        "cc": "every discharge follows a charge at the same rate to the upper voltage",
        "cc-cv": "every discharge follows a charge at the same rate and a hold at the upper voltage",
    }[design.protocol]
    drawn = "; ".join(doubt.sources) or "nothing with a stated uncertainty"
    return (
        f"1C is {full.one_c / 10:.3g} mA/cm² ({design.specific_current:g} mA/g); {design.low:g} to "
        f"{design.high:g} V; "
        f"{design.temperature - 273.15:.0f} °C; {protocol}.",
        f"Loading {full.loading * 100:.4g} mg/cm² in {full.composite_mass * 1e6:.4g} mg of composite.",
        f"Separator {result.separator.text()}; capacity at {doubt.rate:g}C {doubt.capacity.text()}; "
        f"drawn: {drawn}.",
        "Single-ion porous electrode; no salt gradient, no fade, no side reaction. Fits of the kinetics "
        "hold for "
        "this open-circuit curve only.",
    )


def _capacity_table(result: CellResult, full: FullResult) -> Table:
    rows = []
    published = {r.rate: r for r in result.design.reported}
    for i, rate in enumerate(full.rates):
        found = published.get(float(rate))
        rows.append(
            (
                printed(rate, "g"),
                printed(full.one_c * rate / 10, ".3g"),
                printed(full.capacity[i], ".1f"),
                printed(full.capacity[i] * full.loading / 10, ".3g"),
                printed(found.capacity / _MAH, ".1f") if found else None,
                printed(full.mean_voltage[i], ".3f") if np.isfinite(full.mean_voltage[i]) else None,
                OUTCOMES[int(full.outcome[i])],
            )
        )
    columns = (
        "rate / C",
        "current / mA/cm²",
        "capacity / mAh/g",
        "areal capacity / mAh/cm²",
        "published / mAh/g",
        "mean voltage / V",
        "outcome",
    )
    return Table(columns, tuple(rows), "Discharge at each rate")


def _limit_table(full: FullResult) -> Table:
    rows = [
        (
            printed(limit.rate, "g"),
            printed(limit.capacity, ".0f"),
            name,
            printed(capacity, ".0f"),
            printed(capacity - limit.capacity, "+.1f"),
        )
        for limit in full.limits
        for name, capacity, _ in limit.without[:LOSSES]
    ]
    columns = (
        "rate / C",
        "capacity / mAh/g",
        "loss taken away",
        "capacity without it / mAh/g",
        "gain / mAh/g",
    )
    return Table(columns, tuple(rows), "What limits the cell: each loss taken away in turn, the worst first")


def _proposal_tables(full: FullResult) -> tuple[Table, ...]:
    if not full.proposals:
        return ()
    rows: list[tuple[Cell, ...]] = [
        (
            p.name,
            printed(p.separator * 1e4, ".3g"),
            *(printed(q, ".0f") for q in p.capacity),
            printed(p.density.stack_mass, ".0f"),
            printed(p.density.stack_volume, ".0f"),
            p.limit.without[0][0],
            printed(p.limit.without[0][1], ".0f"),
        )
        for p in full.proposals
    ]
    columns = (
        "proposal",
        "separator / Ω cm²",
        *(f"{r:g}C / mAh/g" for r in full.rates),
        "energy / Wh/kg",
        "energy density / Wh/L",
        f"what then costs most at {full.rates.max():g}C",
        "without it / mAh/g",
    )
    return (Table(columns, tuple(rows), "Proposals worked out (energy at the slowest rate, stack level)"),)


def _layer_table(result: CellResult) -> Table:
    rows = [
        (
            f.name,
            printed(f.thickness * 1e6, ".4g"),
            printed(f.areal_mass * 100, ".4g"),
            printed(f.porosity, ".2f"),
            f.porosity_from,
        )
        for f in result.layers
    ]
    return Table(
        ("layer", "thickness / µm", "areal mass / mg/cm²", "porosity", "porosity from"),
        tuple(rows),
        "Layers as derived",
    )


def _resistance_table(result: CellResult) -> Table:
    names = [layer.name for layer in result.here.layers]
    heads = (*(f"{n} bulk" for n in names), "not bulk", "contacts", "Li (small current)", "total")
    columns = ("T / °C", *(f"{h} / Ω cm²" for h in heads))
    rows = []
    for b in result.resistances:
        beside = sum(float(np.median(layer.beside)) for layer in b.layers)
        contacts = sum(value for _, value in b.contacts)
        values = [*(float(np.median(layer.bulk)) for layer in b.layers), beside, contacts]
        values += [b.lithium * b.lithium_interfaces, float(np.median(b.total))]
        rows.append((printed(b.temperature - 273.15, ".0f"), *(printed(v * 1e4, ".3g") for v in values)))
    caption = "Resistance budget; not bulk: measured resistance less L/σ, assumed to follow σ"
    return Table(columns, tuple(rows), caption)


def _energy_table(full: FullResult) -> Table:
    d = full.density
    rows = [
        (name, printed(mass * 100, ".4g"), printed(thickness * 1e6, ".4g"))
        for name, mass, thickness in d.parts
    ]
    rows.append(("stack", printed(d.stack_mass, ".0f", "Wh/kg"), printed(d.stack_volume, ".0f", "Wh/L")))
    rows.append(
        (
            "pouch with bag and tabs",
            printed(d.pouch_mass, ".0f", "Wh/kg"),
            printed(d.pouch_volume, ".0f", "Wh/L"),
        )
    )
    caption = (
        f"Mass and thickness; energy at the slowest rate. The Li foil is {d.lithium_excess:.2g} times the "
        f"charge moved; "
        f"charging adds {d.plated * 1e6:.0f} µm of Li, not counted in the volume"
    )
    return Table(("part", "areal mass / mg/cm²", "thickness / µm"), tuple(rows), caption)


def _symmetric_part(result: CellResult) -> Part:
    design, found = result.design, result.symmetric
    assert found is not None  # noqa: S101 - the caller chose by it
    name = _slug(design.title)
    current = found.current / 10
    layers: list[Layer] = [
        Line(current, found.voltage, name="computed"),
        Line(current, found.parts["layers"], name="layers alone", role="guide", dash=True),
    ]
    reported = design.overpotentials
    if reported:
        x = np.array([r.current / 10 for r in reported])
        low, high = np.array([r.low for r in reported]), np.array([r.high for r in reported])
        layers.append(Points(x, (low + high) / 2, name="published", role="published", low=low, high=high))
    rows = tuple(
        (
            printed(c, "g"),
            *(printed(found.parts[k][i], ".3f") for k in found.parts),
            printed(found.voltage[i], ".3f"),
        )
        for i, c in enumerate(current)
    )
    misfit = [(r, float(np.interp(r.current, found.current, found.voltage))) for r in reported]
    warnings = tuple(
        f"{design.title}: {r.current / 10:g} mA/cm²: computed {v:.3g} V, published {r.low:g} to {r.high:g} V"
        for r, v in misfit
        if not 0.98 * r.low <= v <= 1.02 * r.high
    )
    ohmic = float(np.median(result.here.ohmic)) / design.area
    sentence = f"{ohmic:.0f} ohm of layers and two lithium interfaces: " + ", ".join(
        f"{v:.3g} V at {r.current / 10:g} mA/cm²" for r, v in misfit
    )
    return Part(
        design.title,
        sentence + ".",
        figures=(
            Figure(
                f"{name}-overpotential",
                "Overpotential of the symmetric cell: ohmic layers and Butler-Volmer kinetics of two Li "
                "interfaces.",
                Axis("current density / mA cm⁻²", log=True),
                Axis("overpotential / V", log=True),
                tuple(layers),
            ),
        ),
        tables=(
            Table(
                ("current / mA/cm²", *(f"{p} / V" for p in found.parts), "total / V"),
                rows,
                "Overpotential by part",
            ),
            _layer_table(result),
            *coating_table(result),
            lithium_table(result),
            _resistance_table(result),
        ),
        warnings=warnings,
        notes=(
            "Without a salt gradient the overpotential does not change with time: there is no Sand time, "
            "and a fall "
            "above the critical current means a short, which this model does not describe.",
            *_both_at_once(result),
        ),
    )


def _both_at_once(result: CellResult) -> tuple[str, ...]:
    """Which resistance and kinetics would give all reported overpotentials."""
    design = result.design
    if len({r.current for r in design.overpotentials}) < 2:
        return ()
    current = np.array([r.current for r in design.overpotentials])
    voltage = np.array([(r.low + r.high) / 2 for r in design.overpotentials])
    resistance, exchange = fit_symmetric(current, voltage, temperature=design.temperature)
    here = float(np.median(result.here.ohmic)) / design.area
    return (
        f"All published overpotentials at once need {resistance / design.area:.0f} ohm and an exchange "
        f"current of {exchange / 10:.2g} mA/cm²; the layers of this design have {here:.0f} ohm.",
    )


def calibration_part(fit: Calibration, own: Calibration | None = None) -> Part:
    """What one set of parameters can and cannot do."""
    rows = tuple(
        (label, printed(m, ".0f"), printed(f, ".0f"), printed(f - m, "+.0f"), printed(p, "+.1f"))
        for label, m, f, p in zip(
            fit.labels, fit.measured, fit.fitted, fit.pull[: len(fit.labels)], strict=True
        )
    )
    profiles = tuple(
        (
            _named(p.name),
            _valued(p.name, fit.values[i]),
            _valued(p.name, p.interval[0]),
            _valued(p.name, p.interval[1]),
            "yes" if p.determined else "no",
        )
        for i, p in enumerate(fit.profiles)
    )
    layers: tuple[Layer, ...] = tuple(
        Line(
            p.values / fit.values[i],
            np.minimum(p.chi2, 100.0),
            name=_named(p.name),
            role=ROLES[i % len(ROLES)],
        )
        for i, p in enumerate(fit.profiles)
    )
    return Part(
        "One set of parameters for all cells?",
        fit.verdict[0].upper() + fit.verdict[1:] + ".",
        figures=(
            Figure(
                "cell-profiles",
                "Likelihood profiles: rise of χ² when one parameter is held and the others are refitted "
                "(cut at 100).",
                Axis("parameter over its best value", log=True),
                Axis("rise of χ²"),
                layers,
            ),
        )
        if layers
        else (),
        tables=(
            Table(
                ("point", "published / mAh/g", "fitted / mAh/g", "misfit / mAh/g", "misfit over error"),
                rows,
                "Capacities",
            ),
            Table(
                ("parameter", "best", "low end", "high end", "determined"),
                profiles,
                "Parameters; χ² rises by 1 at the ends",
            ),
        ),
        warnings=fit.undetermined,
        notes=(
            "All active material is taken as reached, in every cell; an error of 4 mAh/g is assumed for "
            "each point.",
            *_with_utilisation(own),
        ),
    )


def _with_utilisation(own: Calibration | None) -> tuple[str, ...]:
    """What a utilisation of its own for every further cell changes."""
    if own is None:
        return ()
    shares = [
        f"{name.removeprefix('utilisation of ')} {value:.2f}"
        for name, value in zip(own.names, own.values, strict=True)
        if name.startswith("utilisation of ")
    ]
    points = [
        f"{label} {f:.0f} for {m:.0f}"
        for label, f, m in zip(own.labels, own.fitted, own.measured, strict=True)
    ]
    return (
        f"With a utilisation of its own for every further cell ({', '.join(shares)}): {own.verdict}. "
        f"All points, mAh/g: {'; '.join(points)}.",
    )


def _named(name: str) -> str:
    return name.removeprefix("cathode.").replace("_", " ")


def _valued(name: str, value: float) -> Printed:
    if name.endswith("capacity"):
        return printed(value / _MAH, ".0f", "mAh/g")
    unit = {"cathode.diffusivity": "m²/s", "cathode.exchange_current": "A/m²"}.get(name, "")
    return printed(value, ".3g", unit)
