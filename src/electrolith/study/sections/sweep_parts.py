"""Evidence and report of a sweep over compositions."""

from __future__ import annotations

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.species import element_of
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role, decades
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Table
from electrolith.study.sections.sweep_result import SweepCurve, SweepPoint, SweepResult, Variable
from electrolith.study.table import Cell

__all__ = ["evidence", "parts", "trend"]

ROLES: tuple[Role, ...] = ("computed", "measured", "second", "third", "fourth")
FOR_TREND = 3  # points on a curve, before a slope is spoken of


def _name(variable: Variable, result: SweepResult) -> str:
    """The variable for axes and sentences."""
    if variable == "x":
        return f"x, share of {result.element}"
    kind = "framework" if variable == "framework vacancies" else result.mobile
    return f"vacant {kind} sites / %"


def evidence(results: Results) -> tuple[Evidence, ...]:
    """σ of every composition at every temperature, once."""
    found = results.get(SweepResult)
    if found is None:
        return ()
    rows, done = [], set()
    for curve in found.curves:
        for point in curve.points:
            if point.formula in done:
                continue
            done.add(point.formula)
            note = (
                f"{point.framework_vacancies:.1f} % framework, {point.mobile_vacancies:.1f} % "
                f"{found.mobile} vacant"
            )
            for t, value in zip(point.temperatures, point.conductivities, strict=True):
                rows.append(
                    Evidence(
                        f"conductivity_{t:g}K",
                        f"σ({t:g} K), {point.formula}",
                        value,
                        "computed",
                        found.engine,
                        note=note,
                    )
                )
            if point.at_300k is not None:
                rows.append(
                    Evidence(
                        "conductivity_300K",
                        f"σ(300 K), {point.formula}",
                        point.at_300k,
                        "computed",
                        found.engine,
                        note=note,
                    )
                )
    return tuple(rows)


def trend(curve: SweepCurve, temperature: float) -> Estimate | None:
    """Factor by which σ grows with one more percent of vacancies (or 0.01 of x); None below three points.

    The slope of ln σ by weighted least squares, over draws of the points.
    """
    found = [(v, e) for v, p in zip(curve.values, curve.points, strict=True) if (e := p.at(temperature))]
    if len(found) < FOR_TREND:
        return None
    x = np.array([v for v, _ in found]) * (100.0 if curve.variable == "x" else 1.0)
    logs = np.log(np.array([e.draws for _, e in found]))
    weight = 1.0 / logs.var(axis=1)
    centred = x - weight @ x / weight.sum()
    return Estimate(np.exp((weight * centred) @ logs / (weight @ centred**2)), "1")


def _figure(curve: SweepCurve, result: SweepResult, refined: float | None) -> Figure:
    """σ along one variable, one colour per temperature; bounds open, the refined composition marked."""
    layers: list[Layer] = []
    temperatures = sorted(
        {float(t) for p in curve.points for t in (*p.temperatures, *p.bounds)}, reverse=True
    )
    wanted: list[tuple[str, list[tuple[float, SweepPoint, Estimate]]]] = []
    for t in temperatures:
        some = [(v, p, e) for v, p in zip(curve.values, curve.points, strict=True) if (e := p.at(t))]
        wanted.append((f"{t:g} K", some))
    room = [(v, p, p.at_300k) for v, p in zip(curve.values, curve.points, strict=True) if p.at_300k]
    wanted.append(("300 K, extrapolated", [(v, p, e) for v, p, e in room if e is not None]))
    for number, (name, some) in enumerate(wanted):
        if not some:
            continue
        x, y = np.array([v for v, _, _ in some]), np.array([e.value for _, _, e in some])
        ends = np.array([e.interval() for _, _, e in some]).T
        text = tuple(f"{p.formula}<br>{name}: {e.text()}" for _, p, e in some)
        role = ROLES[number % len(ROLES)]
        layers += [Line(x, y, "", role, dash=True), Points(x, y, name, role, ends[0], ends[1], text=text)]
    bounds = [(v, t, b) for v, p in zip(curve.values, curve.points, strict=True) for t, b in p.bounds.items()]
    if bounds:
        text = tuple(f"σ({t:g} K) below {b:.2g} S/cm: ions hardly moved" for _, t, b in bounds)
        x, y = np.array([v for v, _, _ in bounds]), np.array([b for _, _, b in bounds])
        layers.append(Points(x, y, "upper bound", "published", text=text))
    span = decades(layers)
    if refined is not None and span is not None:
        ends = np.array(span)
        layers.insert(0, Line(np.full(2, refined), ends, "as refined", "guide", dash=True))
    what = _name(curve.variable, result)
    return Figure(
        "sweep-" + curve.variable.replace(" ", "-"),
        f"Conductivity (Nernst-Einstein) against {what.partition(' /')[0]}, with 68 % intervals that hold "
        "the errors of the runs and the spread over orderings.",
        Axis(what),
        Axis("σ / (S/cm)", log=True, range=span),
        tuple(layers),
        height=420,
    )


def _refined(crystal: DisorderedCrystal | None, variable: Variable, result: SweepResult) -> float | None:
    """The crystal's own place on a curve."""
    if crystal is None:
        return None
    if variable == "x":
        for site in crystal.sites:
            share = [e.value for name, e in site.occupancy.items() if element_of(name) == result.element]
            if share:
                return sum(share) / (1 - site.vacancy.value)
        return None
    mobile = variable == "mobile vacancies"
    some = [s for s in crystal.sites if any(element_of(n) == result.mobile for n in s.occupancy) == mobile]
    sites = sum(s.multiplicity for s in some)
    return 100 * sum(s.vacancy.value * s.multiplicity for s in some) / sites if sites else None


def _table(curve: SweepCurve, result: SweepResult) -> Table:
    """One row per composition and temperature."""
    rows: list[tuple[Cell, ...]] = []
    for value, p in zip(curve.values, curve.points, strict=True):
        shown = printed(value, ".3f") if curve.variable == "x" else printed(value, ".1f")
        head: tuple[Cell, ...] = (
            shown,
            p.formula,
            printed(p.mobile_vacancies, ".1f"),
            printed(p.lattice_parameter, ".3f"),
        )
        simulated = (int(p.runs), printed(p.simulated / p.runs / 1000, ".0f"))
        for t, d, s in zip(p.temperatures, p.diffusivities, p.conductivities, strict=True):
            rows.append((*head, *simulated, printed(t, "g"), d, s, None))
        for t, why in p.excluded.items():
            bound = printed(p.bounds[t], ".2g", "S/cm", before="below ") if t in p.bounds else None
            rows.append((*head, *simulated, printed(t, "g"), f"left out: {why}", bound, None))
        if p.at_300k is not None and p.activation_energy is not None:
            rows.append((*head, *simulated, 300, None, p.at_300k, p.activation_energy))
    what = _name(curve.variable, result)
    columns = (
        what,
        "supercell",
        f"{result.mobile} vacant / %",
        "a / Å",
        "runs",
        "length / ps",
        "T / K",
        "D",
        "σ",
        "Eₐ",
    )
    return Table(columns, tuple(rows), f"Against {what.partition(' /')[0]}; intervals hold 68 %")


def _sentence(curve: SweepCurve, result: SweepResult) -> str:
    """What the curve says, or that it says nothing."""
    what = _name(curve.variable, result).partition(" /")[0]
    told = []
    for t in sorted({float(t) for p in curve.points for t in p.temperatures}):
        factor = trend(curve, t)
        if factor is None:
            continue
        step = "each 0.01 of x" if curve.variable == "x" else f"each percent of {what}"
        low, high = factor.interval(0.95)
        known = "" if low > 1 or high < 1 else ", which no change would fit too"
        told.append(f"{step} multiplies σ({t:g} K) by {factor.text()}{known}")
    return "; ".join(told) if told else f"too few compositions passed their guards for a trend along {what}"


def parts(results: Results) -> tuple[Part, ...]:
    """The sweep's part of the report."""
    found = results.get(SweepResult)
    if found is None:
        return ()
    crystal = results.get(DisorderedCrystal)
    told = [_sentence(c, found) for c in found.curves if c.points]
    sentence = " ".join(text[:1].upper() + text[1:] + "." for text in told)
    failed = tuple(f"{formula} failed: {why}" for formula, why in found.failures.items())
    warned = tuple(
        dict.fromkeys(f"{p.formula}: {text}" for c in found.curves for p in c.points for text in p.warnings)
    )
    notes = (
        "Along framework vacancies the ratio of the framework's elements stays as refined, and the mobile "
        "ions make up the charge: their own vacancies change too (see the tables).",
    )
    return (
        Part(
            "Conductivity against composition",
            f"{sentence} Engine: {found.engine}.",
            tuple(_figure(c, found, _refined(crystal, c.variable, found)) for c in found.curves if c.points),
            tuple(_table(c, found) for c in found.curves if c.points),
            failed + warned,
            notes,
        ),
    )
