"""Everything the example of the paper needs, written in one go and marked as synthetic."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.study.synthetic.cells import write_full_cells, write_symmetric
from electrolith.study.synthetic.images import write_pictures
from electrolith.study.synthetic.solids import write_indents, write_micrographs
from electrolith.study.synthetic.spectra import write_absorption
from electrolith.study.synthetic.structure import write_operando, write_patterns, write_pdf
from electrolith.study.synthetic.transport import (
    THICKNESS,
    USUAL,
    write_exposure,
    write_growth,
    write_impedance,
    write_polarisation,
    write_relaxation,
)
from electrolith.study.synthetic.truth import HEATED, MARK, OTHERS, SAMPLES, Truth, write_truth

__all__ = ["Extent", "write_paper"]


@dataclass(frozen=True)
class Extent:
    """How much is written.

    cycles : of the long records, at most. frames, spectra : of series in time. points : of a spectrum of
    impedance. step : of patterns, degrees. images : per sample.
    """

    cycles: int = 3000
    frames: int = 15
    spectra: int = 13
    points: int = 36
    step: float = 0.04
    images: int = 2
    seed: int = 20230217


SHORT = Extent(cycles=40, frames=7, points=26, step=0.08, images=1)
"""Enough for every part to be made, in minutes."""


def write_paper(folder: Path, extent: Extent | None = None) -> tuple[Truth, ...]:
    """Write `samples.csv` and `data/` into a folder; the truths, which also stand in `data/truth.csv`."""
    extent = extent or Extent()
    data = folder / "data"
    # One generator for each kind of file: more of one leaves the others as they are.
    seeds = np.random.SeedSequence(extent.seed).spawn(14)
    rng = [np.random.default_rng(s) for s in seeds]
    truths = write_impedance(data / "impedance", rng[0], points=extent.points)
    write_growth(data / "growth", rng[1], count=extent.spectra, points=extent.points)
    truths += write_polarisation(data / "polarisation.csv", rng[2])
    truths += write_exposure(data / "exposure", rng[3])
    truths += write_relaxation(data / "relaxation", rng[4])
    truths += write_symmetric(data / "symmetric", rng[5], cycles=extent.cycles)
    truths += write_full_cells(data / "cells", rng[6], cycles=extent.cycles)
    truths += write_patterns(data / "patterns", rng[7], step=extent.step)
    truths += write_pdf(data / "pdf" / "Li9N2Cl3-500rpm-24h.sq", rng[8])
    write_operando(data / "operando", rng[9], frames=extent.frames)
    truths += write_absorption(data / "absorption", rng[10], count=extent.spectra)
    truths += write_indents(data / "indents", rng[11])
    truths += write_micrographs(data / "micrographs", rng[11], images=extent.images)
    truths += write_pictures(data / "pictures", rng[12])
    write_truth(data / "truth.csv", truths)
    _write_samples(folder / "samples.csv", rng[11])
    write_atomic(data / "README.txt", f"{MARK}.\nTruths of the simulation: truth.csv.\n")
    return tuple(truths)


def _write_samples(path: Path, rng: np.random.Generator) -> None:
    """The table of samples; densities as a pycnometer would find them, 0.3 % off."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"# {MARK}"])
    writer.writerow(["sample", "heat / degC", "thickness", "density"])
    for s in (*SAMPLES, *HEATED):
        seen = s.density + 0.005 * rng.standard_normal()
        heat = "" if s.heat is None else s.heat
        writer.writerow([s.name, heat, f"{USUAL:.2f}(2) mm", f"{seen:.4f}(50) g/cm3"])
    for name in OTHERS:
        writer.writerow([name, "", f"{THICKNESS.get(name, USUAL):.2f}(2) mm", ""])
    write_atomic(path, text.getvalue())
