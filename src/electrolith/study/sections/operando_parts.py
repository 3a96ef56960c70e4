"""The report of operando series."""

from __future__ import annotations

import numpy as np

from electrolith.scattering.measured_operando import Operando
from electrolith.scattering.operando import OperandoFit
from electrolith.study.figure import Axis, Figure, Heat, Layer, Points, Role
from electrolith.study.printed import doubted, printed, span
from electrolith.study.section import Part, Table

__all__ = ["operando_parts"]

_ROLES: tuple[Role, ...] = ("second", "third", "fourth", "guide")


def operando_parts(found: Operando) -> tuple[Part, ...]:
    """Heat map, cell in time, candidates with onset or detection limit."""
    fit, settings = found.fit, found.settings
    new = [t for t in fit.candidates if t.change.detected]
    if new:
        sentence = "; ".join(
            f"{t.phase} appears at {t.change.time:.3g} {fit.time_unit} (95 %: "
            f"{t.change.low:.3g} to {t.change.high:.3g}), "
            f"{100 * t.change.size:.2f} wt % at the end"
            for t in new
        )
    else:
        limits = ", ".join(f"{t.phase} {100 * t.limit_series:.2f}" for t in fit.candidates)
        sentence = f"No candidate phase appears; detection limits in wt % over half of the series: {limits}"
    rows = tuple(
        (
            t.phase,
            "yes" if t.change.detected else "not detected",
            printed(t.change.time, ".3g", fit.time_unit) if t.change.detected else None,
            doubted(100 * t.change.size, 100 * t.change.size_sigma) if t.change.detected else None,
            printed(100 * t.limit, ".2f"),
            printed(100 * t.limit_series, ".2f"),
            printed(t.change.gain, ".1f"),
            printed(t.change.needed, ".1f"),
        )
        for t in fit.candidates
    )
    table = Table(
        (
            "candidate",
            "present",
            "since",
            "content / wt %",
            "limit, one frame / wt %",
            "limit, series / wt %",
            "log-likelihood gain",
            "gain needed",
        ),
        rows,
        "New phases: likelihood ratio of each candidate",
    )
    changes = Table(
        ("parameter", "change", "kind", "at", "between", "log-likelihood gain", "gain needed"),
        tuple(
            (
                n,
                doubted(c.size, c.size_sigma) if c.detected else "none",
                c.kind if c.detected else None,
                printed(c.time, ".3g", fit.time_unit) if c.detected else None,
                span(c.low, c.high, ".3g", fit.time_unit) if c.detected else None,
                printed(c.gain, ".1f"),
                printed(c.needed, ".1f"),
            )
            for n, c in fit.changes.items()
        ),
        "Change points of the cell",
    )
    excess = Table(
        ("position", "d / Å", "significance"),
        tuple(
            (printed(e.position, ".2f"), printed(e.d, ".3f"), printed(e.z, ".1f", "σ")) for e in fit.excess
        ),
        "Intensity where no known phase has a line (last quarter of the series)",
    )
    tables = tuple(t for t in (table, changes, excess) if t.rows)
    figures = (
        _heat(found),
        _residual_heat(found),
        *_cell_figures(found),
        _agreement(fit),
        *_candidate_figures(found),
    )
    notes = (f"{len(fit.time)} frames, instrument {settings.instrument}",)
    return (Part("Operando series", sentence + ".", figures, tables, fit.warnings, notes),)


def _along(fit: OperandoFit) -> str:
    """Label of the axis that the series runs over."""
    return f"{fit.axis} / {fit.time_unit}" if fit.time_unit else fit.axis


def _heat(found: Operando) -> Figure:
    fit = found.fit
    step = max(1, len(fit.x) // 800)
    rows = max(1, len(fit.time) // 300)
    size = len(fit.x) // step * step
    z = fit.observed[::rows, :size].reshape(-1, size // step, step).mean(axis=2)
    x = fit.x[:size].reshape(-1, step).mean(axis=1)
    layer = Heat(x, fit.time[::rows], np.sqrt(np.maximum(z, 0)), "√ intensity")
    return Figure(
        "operando_map",
        "All frames; colour is the root of the intensity.",
        Axis("2θ / degree"),
        Axis(_along(fit)),
        (layer,),
        height=420,
    )


def _residual_heat(found: Operando) -> Figure:
    """What the phases of the start leave over, in σ: new lines stand out as bands."""
    fit = found.fit
    step, rows = max(1, len(fit.x) // 400), max(1, len(fit.time) // 300)
    size = len(fit.x) // step * step
    z = fit.heat[::rows, :size].reshape(-1, size // step, step).sum(axis=2) / np.sqrt(step)
    x = fit.x[:size].reshape(-1, step).mean(axis=1)
    layer = Heat(x, fit.time[::rows], np.clip(z, -4, 4), "residual / σ", diverging=True)
    caption = (
        "Observed minus the phases of the start, over σ (cut at ±4): what is new shows as upright bands."
    )
    axes = Axis("2θ / degree"), Axis(_along(fit))
    return Figure("operando_residuals", caption, *axes, (layer,), height=420)


def _cell_figures(found: Operando) -> list[Figure]:
    fit = found.fit
    out = []
    for index, name in enumerate(fit.names):
        if name not in fit.changes:
            continue
        y, s = fit.values[fit.good, index], fit.sigma[fit.good, index]
        out.append(
            Figure(
                f"operando_{name.replace('/', '_')}",
                f"{name} frame by frame, where the lattice was found.",
                Axis(_along(fit)),
                Axis(f"{name} / Å"),
                (Points(fit.time[fit.good], y, name, "measured", y - s, y + s),),
                height=300,
            )
        )
    return out


def _agreement(fit: OperandoFit) -> Figure:
    """R_wp of every frame; lost frames stand out."""
    lost = ~fit.good
    layers: list[Layer] = [Points(fit.time[fit.good], 100 * fit.r_wp[fit.good], "described", "measured")]
    if lost.any():
        layers.append(Points(fit.time[lost], 100 * fit.r_wp[lost], "lattice lost", "warning"))
    return Figure(
        "operando_agreement",
        "Weighted profile R factor of every frame.",
        Axis(_along(fit)),
        Axis("R_wp / %"),
        tuple(layers),
        height=300,
    )


def _candidate_figures(found: Operando) -> list[Figure]:
    fit = found.fit
    layers: list[Layer] = [
        Points(
            fit.time,
            100 * t.fraction,
            t.phase,
            ("measured", "computed", *_ROLES)[k % 6],
            100 * (t.fraction - t.sigma),
            100 * (t.fraction + t.sigma),
            small=True,
        )
        for k, t in enumerate(fit.candidates)
    ]
    if not layers:
        return []
    caption = "Weight fraction of each candidate if it were there, with its doubt; negative values are kept."
    return [Figure("operando_candidates", caption, Axis(_along(fit)), Axis("wt %"), tuple(layers))]
