"""How cells are shown: voltage curves, where the voltage goes, rates, maps, Ragone plot, tables."""

from __future__ import annotations

import re

import numpy as np

from lacuna.cell.calibrate import Calibration
from lacuna.cell.record import INFEASIBLE, OUTCOMES
from lacuna.cell.resistance import fit_symmetric
from lacuna.cell.work import CellResult, FullResult
from lacuna.study.figure import Axis, Band, Bars, Figure, Heat, Layer, Line, Points, Role
from lacuna.study.section import Part, Table

__all__ = ["calibration_part", "design_parts"]

_ROLES: tuple[Role, ...] = ("computed", "second", "fourth", "third", "guide", "warning", "measured")
_MAH = 3600.0
_BANDS = 6


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
        figures=tuple(
            f
            for f in (
                _components(name, full),
                _curves(name, result, full),
                _rate_capability(name, result, full),
                _map(name, full),
                _temperature_map(name, full),
                _ragone(name, full),
                _sensitivity(name, full),
            )
            if f is not None
        ),
        tables=(
            _capacity_table(result, full),
            _limit_table(full),
            *_proposal_tables(full),
            _layer_table(result),
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
                f"{reported.rate:g}C: computed {full.capacity[i]:.0f}, published "
                f"{reported.capacity / _MAH:.0f} mAh/g: "
                "these do not agree" + (f" ({reported.note})" if reported.note else "")
            )
    if design.stack.cathode.utilisation < 1:
        out.append(
            f"utilisation {design.stack.cathode.utilisation:g} was set for this cell alone; agreement at "
            "the rate it was fitted to proves nothing"
        )
    if full.caution:
        out.append(full.caution)
    for rate, wrong in zip(full.rates, full.beyond_current, strict=True):
        if wrong:
            out.append(f"{rate:g}C is beyond the critical current density of the lithium side")
    for rate, wrong in zip(full.rates, full.beyond_capacity, strict=True):
        if wrong:
            out.append(f"{rate:g}C moves more than the critical areal capacity of the lithium side")
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


def _components(name: str, full: FullResult) -> Figure | None:
    """Where the voltage goes: losses stacked below the open-circuit line."""
    usable = [i for i in range(full.rates.size) if full.curves[i].voltage.size > 3]
    if not usable:
        return None
    i = max(usable, key=lambda j: full.rates[j])
    curve = full.curves[i]
    top = curve.parts["open circuit"]
    layers: list[Layer] = []
    losses = {k: v for k, v in curve.parts.items() if k != "open circuit" and np.abs(v).max() > 2e-3}
    order = sorted(losses, key=lambda k: -float(np.abs(losses[k]).mean()))
    if len(order) > _BANDS:
        losses["others"] = np.sum([losses.pop(k) for k in order[_BANDS - 1 :]], axis=0)
        order = [*order[: _BANDS - 1], "others"]
    shown = sum(losses.values())
    rest = top + shown - curve.voltage
    upper = top.copy()
    for j, part in enumerate(order):
        lower = upper + losses[part]
        layers.append(
            Band(
                curve.capacity,
                np.minimum(lower, upper),
                np.maximum(lower, upper),
                name=part,
                role=_ROLES[(j + 1) % 6],
            )
        )
        upper = lower
    layers.append(Line(curve.capacity, top, name="open circuit", role="published"))
    layers.append(Line(curve.capacity, curve.voltage, name="terminal voltage", role="computed"))
    small = float(np.abs(rest).max())
    return Figure(
        f"{name}-losses",
        f"Where the voltage goes at {full.rates[i]:g}C; the losses add up to the terminal voltage"
        + (f" (those below 2 mV, {1000 * small:.1f} mV together, are not drawn)." if small > 1e-6 else "."),
        Axis("Capacity (mAh/g)"),
        Axis("Voltage (V)", range=(max(1.5, float(curve.voltage.min()) - 0.1), float(top.max()) + 0.1)),
        tuple(layers),
        height=440,
    )


def _curves(name: str, result: CellResult, full: FullResult) -> Figure:
    layers: list[Layer] = []
    for i, rate in enumerate(full.rates):
        curve = full.curves[i]
        if full.outcome[i] != INFEASIBLE and curve.voltage.size > 1:
            layers.append(
                Line(curve.capacity, curve.voltage, name=f"{rate:g}C", role=_ROLES[i % len(_ROLES)])
            )
    reported = result.design.reported
    if reported:
        x = np.array([r.capacity / _MAH for r in reported])
        text = tuple(f"{r.rate:g}C, {r.source}" for r in reported)
        layers.append(
            Points(
                x, np.full(x.size, result.design.low), name="published capacity", role="published", text=text
            )
        )
    return Figure(
        f"{name}-curves",
        "Discharge curves; open symbols on the lower voltage limit are the published capacities.",
        Axis("Capacity (mAh/g)"),
        Axis("Voltage (V)"),
        tuple(layers),
        height=420,
    )


def _rate_capability(name: str, result: CellResult, full: FullResult) -> Figure:
    order = np.argsort(full.rates)
    layers: list[Layer] = [
        Line(full.rates[order], full.capacity[order], name="computed"),
    ]
    reported = result.design.reported
    if reported:
        x = np.array([r.rate for r in reported])
        y = np.array([r.capacity / _MAH for r in reported])
        text = tuple(f"{r.cell or result.design.title}, {r.source} {r.note}" for r in reported)
        layers.append(Points(x, y, name="published", role="published", text=text))
    return Figure(
        f"{name}-rates",
        "Rate capability beside the published points.",
        Axis("Rate (C)"),
        Axis(
            "Capacity (mAh/g)",
            range=(0.0, 1.08 * max([*full.capacity, *(r.capacity / _MAH for r in reported)])),
        ),
        tuple(layers),
    )


def _map(name: str, full: FullResult) -> Figure:
    known = full.by_loading
    order = np.argsort(known.rates)
    layers: tuple[Layer, ...] = (
        Heat(known.values * 100, known.rates[order], known.areal.T[order], label="mAh/cm²"),
        Points(
            np.full(full.rates.size, full.loading * 100), full.rates, name="this design", role="published"
        ),
    )
    return Figure(
        f"{name}-map",
        "Areal capacity over loading and rate, everything else as in this design.",
        Axis("Loading (mg/cm²)"),
        Axis("Rate (C)", log=True),
        layers,
    )


def _temperature_map(name: str, full: FullResult) -> Figure:
    known = full.by_temperature
    lines: tuple[Layer, ...] = tuple(
        Line(known.values - 273.15, known.capacity[:, i], name=f"{rate:g}C", role=_ROLES[i % len(_ROLES)])
        for i, rate in enumerate(known.rates)
    )
    return Figure(
        f"{name}-temperature",
        "Capacity against temperature; conductivities, diffusion and kinetics follow their Arrhenius laws.",
        Axis("Temperature (°C)"),
        Axis("Capacity (mAh/g)"),
        lines,
    )


def _ragone(name: str, full: FullResult) -> Figure:
    works = full.energy > 0
    order = np.argsort(full.rates)
    order = order[works[order]]
    layers: list[Layer] = [
        Line(full.ragone[order, 1], full.ragone[order, 0], name="this design"),
    ]
    designs = full.designs
    alive = designs.power > 0
    layers.insert(
        0,
        Points(
            designs.power[alive],
            designs.energy[alive],
            name=f"designs: energy at {designs.low_rate:g}C, power at {designs.rate:g}C",
            role="guide",
            small=True,
            text=tuple(_design_text(designs.names, v) for v in designs.values[alive]),
        ),
    )
    best = designs.best & alive
    layers.append(
        Points(
            designs.power[best],
            designs.energy[best],
            name="none better in energy and in capacity kept",
            role="second",
            text=tuple(_design_text(designs.names, v) for v in designs.values[best]),
        )
    )
    return Figure(
        f"{name}-ragone",
        "Ragone plot of the stack (collectors in, bag out), and a sweep over loading and separator "
        "thickness.",
        Axis("Specific power (W/kg)", log=True),
        Axis("Specific energy (Wh/kg)"),
        tuple(layers),
    )


def _design_text(names: tuple[str, ...], values: np.ndarray) -> str:
    def one(name: str, value: float) -> str:
        if name.endswith("loading"):
            return f"{value * 100:.3g} mg/cm²"
        return f"{name.partition('.')[0]} {value * 1e6:.3g} µm"

    return ", ".join(one(n, v) for n, v in zip(names, values, strict=True))


def _sensitivity(name: str, full: FullResult) -> Figure:
    known = full.sensitivity
    fine = np.isfinite(known.energy)
    order = np.argsort(np.where(fine, np.abs(known.energy), 0))
    return Figure(
        f"{name}-sensitivity",
        f"Change of energy per mass of cathode in % for 1 % more of each, at {known.rate:g}C.",
        Axis("% per %"),
        Axis(""),
        (
            Bars(
                tuple(known.names[i] for i in order),
                np.nan_to_num(known.energy[order]),
                name="energy",
                horizontal=True,
            ),
        ),
    )


def _capacity_table(result: CellResult, full: FullResult) -> Table:
    rows = []
    published = {r.rate: r for r in result.design.reported}
    for i, rate in enumerate(full.rates):
        found = published.get(float(rate))
        rows.append(
            (
                f"{rate:g}",
                f"{full.one_c * rate / 10:.3g}",
                f"{full.capacity[i]:.1f}",
                f"{full.capacity[i] * full.loading / 10:.3g}",
                f"{found.capacity / _MAH:.1f}" if found else "–",
                f"{full.mean_voltage[i]:.3f}" if np.isfinite(full.mean_voltage[i]) else "–",
                OUTCOMES[int(full.outcome[i])],
            )
        )
    columns = ("C", "mA/cm²", "mAh/g", "mAh/cm²", "published mAh/g", "mean V", "outcome")
    return Table(columns, tuple(rows), "Discharge at each rate")


def _limit_table(full: FullResult) -> Table:
    rows = []
    for limit in full.limits:
        best = ", ".join(f"{name} {q:.0f}" for name, q, _ in limit.without[:3])
        rows.append((f"{limit.rate:g}", f"{limit.capacity:.0f}", best))
    return Table(
        ("C", "mAh/g", "mAh/g without…"), tuple(rows), "What limits the cell: each loss taken away in turn"
    )


def _proposal_tables(full: FullResult) -> tuple[Table, ...]:
    if not full.proposals:
        return ()
    rows = [
        (
            p.name,
            f"{p.separator * 1e4:.0f}",
            " / ".join(f"{q:.0f}" for q in p.capacity),
            f"{p.density.stack_mass:.0f}",
            f"{p.density.stack_volume:.0f}",
            f"{p.limit.without[0][0]} (without it {p.limit.without[0][1]:.0f} mAh/g)",
        )
        for p in full.proposals
    ]
    rates = " / ".join(f"{r:g}" for r in full.rates)
    columns = (
        "Proposal",
        "separator ohm cm²",
        f"mAh/g at {rates}C",
        "Wh/kg",
        "Wh/L",
        f"what then costs most at {full.rates.max():g}C",
    )
    return (Table(columns, tuple(rows), "Proposals worked out (energy at the slowest rate, stack level)"),)


def _layer_table(result: CellResult) -> Table:
    rows = [
        (
            f.name,
            f"{f.thickness * 1e6:.4g}",
            f"{f.areal_mass * 100:.4g}",
            f"{f.porosity:.2f}",
            f.porosity_from,
        )
        for f in result.layers
    ]
    return Table(("Layer", "µm", "mg/cm²", "porosity", "porosity from"), tuple(rows), "Layers as derived")


def _resistance_table(result: CellResult) -> Table:
    names = [layer.name for layer in result.here.layers]
    columns = ("°C", *(f"{n} bulk" for n in names), "not bulk", "contacts", "Li (small current)", "total")
    rows = []
    for b in result.resistances:
        beside = sum(float(np.median(layer.beside)) for layer in b.layers)
        contacts = sum(value for _, value in b.contacts)
        values = [*(float(np.median(layer.bulk)) for layer in b.layers), beside, contacts]
        values += [b.lithium * b.lithium_interfaces, float(np.median(b.total))]
        rows.append((f"{b.temperature - 273.15:.0f}", *(f"{v * 1e4:.3g}" for v in values)))
    caption = "Resistance budget, ohm cm²; not bulk: measured resistance less L/σ, assumed to follow σ"
    return Table(columns, tuple(rows), caption)


def _energy_table(full: FullResult) -> Table:
    d = full.density
    rows = [(name, f"{mass * 100:.4g}", f"{thickness * 1e6:.4g}") for name, mass, thickness in d.parts]
    rows.append(("stack", f"{d.stack_mass:.0f} Wh/kg", f"{d.stack_volume:.0f} Wh/L"))
    rows.append(("pouch with bag and tabs", f"{d.pouch_mass:.0f} Wh/kg", f"{d.pouch_volume:.0f} Wh/L"))
    caption = (
        f"Mass and thickness; energy at the slowest rate. The Li foil is {d.lithium_excess:.2g} times the "
        f"charge moved; "
        f"charging adds {d.plated * 1e6:.0f} µm of Li, not counted in the volume"
    )
    return Table(("Part", "mg/cm²", "µm"), tuple(rows), caption)


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
        (f"{c:g}", *(f"{found.parts[k][i]:.3f}" for k in found.parts), f"{found.voltage[i]:.3f}")
        for i, c in enumerate(current)
    )
    misfit = [(r, float(np.interp(r.current, found.current, found.voltage))) for r in reported]
    warnings = tuple(
        f"{r.current / 10:g} mA/cm²: computed {v:.3g} V, published {r.low:g} to {r.high:g} V"
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
                Axis("Current density (mA/cm²)", log=True),
                Axis("Overpotential (V)", log=True),
                tuple(layers),
            ),
        ),
        tables=(
            Table(("mA/cm²", *found.parts, "total V"), rows, "Overpotential by part, V"),
            _layer_table(result),
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


def calibration_part(fit: Calibration) -> Part:
    """What one set of parameters can and cannot do."""
    rows = tuple(
        (label, f"{m:.0f}", f"{f:.0f}", f"{f - m:+.0f}", f"{p:+.1f}")
        for label, m, f, p in zip(
            fit.labels, fit.measured, fit.fitted, fit.pull[: len(fit.labels)], strict=True
        )
    )
    profiles = tuple(
        (
            _named(p.name),
            _valued(p.name, fit.values[i]),
            f"{_valued(p.name, p.interval[0])} to {_valued(p.name, p.interval[1])}",
            "yes" if p.determined else "no",
        )
        for i, p in enumerate(fit.profiles)
    )
    layers: tuple[Layer, ...] = tuple(
        Line(
            p.values / fit.values[i],
            np.minimum(p.chi2, 100.0),
            name=_named(p.name),
            role=_ROLES[i % len(_ROLES)],
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
                Axis("Parameter over its best value", log=True),
                Axis("Rise of χ²"),
                layers,
            ),
        )
        if layers
        else (),
        tables=(
            Table(("Point", "published", "fitted", "misfit", "in errors"), rows, "Capacities in mAh/g"),
            Table(
                ("Parameter", "best", "interval where χ² rises by 1", "determined"), profiles, "Parameters"
            ),
        ),
        warnings=fit.undetermined,
        notes=(
            "All active material is taken as reached, in every cell; an error of 4 mAh/g is assumed for "
            "each point. "
            "A utilisation of its own for every pouch cell absorbs their misfit, but not the conflict "
            "between 0.5C "
            "and 1C, which belong to different cells of one recipe.",
        ),
    )


def _named(name: str) -> str:
    return name.removeprefix("cathode.").replace("_", " ")


def _valued(name: str, value: float) -> str:
    if name.endswith("capacity"):
        return f"{value / _MAH:.0f} mAh/g"
    unit = {"cathode.diffusivity": " m²/s", "cathode.exchange_current": " A/m²"}.get(name, "")
    return f"{value:.3g}{unit}"
