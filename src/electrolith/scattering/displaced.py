"""Zero and displacement of the specimen: what the cell loses when only one of them can be refined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from electrolith.core.errors import ElectrolithError
from electrolith.core.estimate import Estimate

from .histogram import Histogram
from .instrument import ConstantWavelength
from .result import RietveldFit

__all__ = ["one_of_two"]


def one_of_two(
    fit: RietveldFit,
    histograms: tuple[Histogram, ...],
    again: Callable[[tuple[str, ...], dict[str, float]], RietveldFit],
) -> RietveldFit:
    """Where a flat specimen leaves zero or displacement held, the cell's doubt holds the other choice too.

    Both move the lines almost alike. With one of them held the cell takes up the difference, and its esd
    from the fit knows nothing of it: the pattern is refined again with the other one instead.
    """
    swap: dict[str, str] = {}
    start: dict[str, float] = {}
    for h in histograms:
        tool = h.instrument
        if not isinstance(tool, ConstantWavelength) or tool.geometry != "reflection":
            continue
        pair = (f"{h.name}/zero", f"{h.name}/displacement")
        free = [n for n in pair if n in fit.names]
        if len(free) == 1:
            swap[free[0]] = pair[1 - pair.index(free[0])]
            start |= {pair[0]: tool.zero, pair[1]: tool.displacement}
    if not swap:
        return fit
    try:
        other = again(tuple(swap.get(n, n) for n in fit.names), fit.all_values | start)
    except ElectrolithError:
        return fit
    rng = np.random.default_rng(1)
    cell, words = dict(fit.cell), []
    for name, value in fit.cell.items():
        gap = other.cell[name].value - value.value
        if value.doubt != "known" or abs(gap) < 0.3 * value.std:
            continue
        cell[name] = Estimate(value.draws + gap * rng.standard_normal(value.draws.size), value.unit)
        words.append(f"{name} {gap:+.5f} {'Å' if value.unit == 'angstrom' else '°'}")
    if not words:
        return fit
    held = ", ".join(f"{b} instead of {a}" for a, b in swap.items())
    esd = fit.esd.copy()
    for name in cell:
        if name in fit.names and cell[name].doubt == "known":
            esd[fit.names.index(name)] = cell[name].std
    text = (
        f"only one of zero and displacement was refined; with {held} the cell changes: "
        f"{', '.join(words)}; its error includes this"
    )
    return replace(fit, cell=cell, esd=esd, warnings=(*fit.warnings, text))
