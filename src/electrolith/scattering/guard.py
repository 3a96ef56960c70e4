"""Guard rails of a recipe: what a stage must not do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import NotConverged

from .parameter import Parameter
from .result import RietveldFit

__all__ = ["Trouble", "check_indexed", "trouble"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a stage must be undone, or an empty text; names : the parameters at fault, none for all."""

    text: str
    names: tuple[str, ...] = ()


def trouble(
    fit: RietveldFit,
    before: Mapping[str, float],
    last: RietveldFit | None,
    added: tuple[str, ...],
    table: Mapping[str, Parameter],
) -> Trouble:
    """What went wrong in a stage: a parameter that ran away, or one without information, or a worse fit."""
    found = {n: text for n in fit.names if (text := _ran(table[n], fit.all_values[n], before[n]))}
    mine = tuple(n for n in found if n in added)
    if mine:
        return Trouble("; ".join(found[n] for n in mine), _together(mine, added, table))
    if found:
        return Trouble("; ".join(found.values()))
    if last is not None and not fit.chi2 < 1.05 * last.chi2:
        return Trouble(f"χ² rose from {last.chi2:.3g} to {fit.chi2:.3g}")
    empty = {n: text for n in added if n in fit.names and (text := _empty(table[n], fit))}
    return Trouble("; ".join(empty.values()), tuple(empty)) if empty else Trouble("")


def _together(
    names: tuple[str, ...], added: tuple[str, ...], table: Mapping[str, Parameter]
) -> tuple[str, ...]:
    """With one cell parameter the cell of its phase is held; anything else alone."""
    cells = {table[n].owner for n in names if table[n].kind in ("length", "angle")}
    return tuple(
        n for n in added if n in names or (table[n].owner in cells and table[n].kind in ("length", "angle"))
    )


def _ran(parameter: Parameter, value: float, before: float) -> str:
    """Where this parameter ran to, if it did."""
    name, kind = parameter.name, parameter.kind
    if kind == "length" and abs(value / before - 1) > 0.03:
        return f"{name} ran from {before:.4f} to {value:.4f} Å"
    if kind == "angle" and abs(value - before) > 5:
        return f"{name} ran from {before:.3f} to {value:.3f}°"
    if kind == "B" and not -3 < value < 30:
        return f"{name} ran to {value:.3g} Å²"
    if kind == "occupancy" and not -0.5 < value < 3:
        return f"{name} ran to {value:.3g}"
    if kind == "coordinate" and abs(value - before) > 0.15:
        return f"{name} ran from {before:.4f} to {value:.4f}"
    if kind == "displacement" and abs(value) > 2:
        return f"{name} ran to {value:.3g} mm"
    if kind == "axial" and value > 0.1:
        return f"{name} ran to {value:.3g}"
    return ""


_LEAST: dict[str, float] = {"B": 4.0, "coordinate": 0.05, "angle": 2.0, "displacement": 0.05, "texture": 1.0}


def _empty(parameter: Parameter, fit: RietveldFit) -> str:
    """Said of a parameter about which the data hold no information worth having."""
    error = fit.std(parameter.name)
    most = _LEAST.get(parameter.kind, np.inf)
    if not np.isfinite(error) or error <= most:
        return ""  # what is open for reasons of principle is named with its null combination
    return f"{parameter.name} is not determined (± {error:.2g} {parameter.unit}) and was held"


def check_indexed(fit: RietveldFit) -> None:
    """Refuse to go on when the peaks of the model explain next to nothing of the peaks in the data."""
    for h in fit.histograms:
        weight = 1 / h.sigma**2
        above = np.sum(weight * (h.observed - h.background) ** 2)
        left = np.sum(weight * (h.observed - h.calculated) ** 2)
        peaks = np.sum(weight * (h.calculated - h.background) ** 2)
        if left > 0.5 * above or peaks < 0.05 * above:
            names = ", ".join(t.phase for t in h.ticks)
            raise NotConverged(
                f"{h.name}: {names} explains {max(0.0, 100 * (1 - left / above)):.0f} % "
                "of what stands above the "
                "background and 50 % is the least; the cell does not index the data, or "
                "wavelength, abscissa or instrument are wrong",
                partial=fit,
            )
