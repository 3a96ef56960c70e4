"""Patterns refined together that want different cells: a wavelength, a temperature or a zero is wrong."""

from __future__ import annotations

import numpy as np

from electrolith.core.errors import ElectrolithError

from .model import Histogram, compile_model
from .phase import Phase
from .refine import RefineSettings, refine
from .result import RietveldFit

__all__ = ["cells_apart"]

_CLEAR = 4.0  # combined esds


def cells_apart(
    phases: tuple[Phase, ...], histograms: tuple[Histogram, ...], fit: RietveldFit
) -> tuple[str, ...]:
    """What each pattern alone would make of the first phase's cell, where they do not agree.

    Everything but cell, zero, displacement, scale and background stays as refined together.
    """
    if len(histograms) < 2:
        return ()
    kinds = ("length", "angle", "zero", "displacement", "scale", "background")
    cells = [n for n in fit.names if fit.kinds[n] == "length" and n.startswith(phases[0].name + "/")]
    alone: dict[str, RietveldFit] = {}
    for histogram in histograms:
        model = compile_model(phases, (histogram,))
        free = tuple(n for n in fit.names if n in model.catalogue and model.catalogue[n].kind in kinds)
        values = {n: v for n, v in fit.all_values.items() if n in model.catalogue}
        try:
            settings = RefineSettings(draws=2)
            alone[histogram.name] = refine(
                phases, (histogram,), free=free, values=values, settings=settings, model=model
            )
        except ElectrolithError:
            continue
    words = []
    for cell in cells:
        found = {h: (f.value(cell), f.std(cell)) for h, f in alone.items() if np.isfinite(f.std(cell))}
        pairs = [(a, b) for k, a in enumerate(found) for b in list(found)[k + 1 :]]
        for a, b in pairs:
            gap = found[a][0] - found[b][0]
            error = float(np.hypot(found[a][1], found[b][1]))
            if abs(gap) > _CLEAR * error:
                words.append(
                    f"{cell}: {a} alone wants {found[a][0]:.5f} Å, {b} alone {found[b][0]:.5f} Å, "
                    f"{abs(gap) / error:.0f} combined esds apart ({1e6 * gap / found[b][0]:+.0f} ppm): "
                    "a wavelength, a temperature or a calibration differs; the joint cell is a compromise"
                )
    return tuple(words)
