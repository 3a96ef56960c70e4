"""Figures of a cell: where the voltage goes, curves, rates, maps, Ragone plot, sensitivities."""

from __future__ import annotations

import numpy as np

from electrolith.cell.record import INFEASIBLE
from electrolith.cell.work import CellResult, FullResult
from electrolith.study.figure import Axis, Band, Bars, Figure, Heat, Layer, Line, Points, Role

__all__ = ["ROLES", "full_figures"]

ROLES: tuple[Role, ...] = ("computed", "second", "fourth", "third", "guide", "warning", "measured")
"""Colours of curves in their order."""

_MAH = 3600.0
_BANDS = 6


def full_figures(name: str, result: CellResult, full: FullResult) -> tuple[Figure, ...]:
    """The figures of a full cell; `name` begins their file names."""
    figures = (
        components(name, full),
        curves(name, result, full),
        rate_capability(name, result, full),
        map_(name, full),
        temperature_map(name, full),
        ragone(name, full),
        sensitivity(name, full),
    )
    return tuple(f for f in figures if f is not None)


def components(name: str, full: FullResult) -> Figure | None:
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
                role=ROLES[(j + 1) % 6],
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
        Axis("capacity / mAh g⁻¹"),
        Axis("voltage / V", range=(max(1.5, float(curve.voltage.min()) - 0.1), float(top.max()) + 0.1)),
        tuple(layers),
        height=440,
    )


def curves(name: str, result: CellResult, full: FullResult) -> Figure:
    layers: list[Layer] = []
    for i, rate in enumerate(full.rates):
        curve = full.curves[i]
        if full.outcome[i] != INFEASIBLE and curve.voltage.size > 1:
            layers.append(Line(curve.capacity, curve.voltage, name=f"{rate:g}C", role=ROLES[i % len(ROLES)]))
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
        Axis("capacity / mAh g⁻¹"),
        Axis("voltage / V"),
        tuple(layers),
        height=420,
        key=True,
    )


def rate_capability(name: str, result: CellResult, full: FullResult) -> Figure:
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
        Axis("rate / C"),
        Axis(
            "capacity / mAh g⁻¹",
            range=(0.0, 1.08 * max([*full.capacity, *(r.capacity / _MAH for r in reported)])),
        ),
        tuple(layers),
    )


def map_(name: str, full: FullResult) -> Figure:
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
        Axis("loading / mg cm⁻²"),
        Axis("rate / C", log=True),
        layers,
    )


def temperature_map(name: str, full: FullResult) -> Figure:
    known = full.by_temperature
    lines: tuple[Layer, ...] = tuple(
        Line(known.values - 273.15, known.capacity[:, i], name=f"{rate:g}C", role=ROLES[i % len(ROLES)])
        for i, rate in enumerate(known.rates)
    )
    return Figure(
        f"{name}-temperature",
        "Capacity against temperature; conductivities, diffusion and kinetics follow their Arrhenius laws.",
        Axis("temperature / °C"),
        Axis("capacity / mAh g⁻¹"),
        lines,
    )


def ragone(name: str, full: FullResult) -> Figure:
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
        Axis("specific power / W kg⁻¹", log=True),
        Axis("specific energy / Wh kg⁻¹"),
        tuple(layers),
    )


def _design_text(names: tuple[str, ...], values: np.ndarray) -> str:
    def one(name: str, value: float) -> str:
        if name.endswith("loading"):
            return f"{value * 100:.3g} mg/cm²"
        return f"{name.partition('.')[0]} {value * 1e6:.3g} µm"

    return ", ".join(one(n, v) for n, v in zip(names, values, strict=True))


def sensitivity(name: str, full: FullResult) -> Figure:
    known = full.sensitivity
    fine = np.isfinite(known.energy)
    order = np.argsort(np.where(fine, np.abs(known.energy), 0))
    return Figure(
        f"{name}-sensitivity",
        f"Change of energy per mass of cathode in % for 1 % more of each, at {known.rate:g}C.",
        Axis("change of the result / % per %"),
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
