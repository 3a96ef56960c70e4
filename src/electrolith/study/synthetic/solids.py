"""Synthetic indents and micrographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.lab.indentation.oliver_pharr import BERKOVICH, Contact, simulate
from electrolith.lab.particles.render import render
from electrolith.study.synthetic.images import save_picture
from electrolith.study.synthetic.truth import MARK, REFERENCE, SAMPLES, Truth

__all__ = ["write_indents", "write_micrographs"]

PIXEL = 12e-9  # m


def write_indents(folder: Path, rng: np.random.Generator) -> list[Truth]:
    """Five indents to 9 µm; the modulus scatters by 2 % between them."""
    for index in range(5):
        modulus = 42.43e9 * (1 + 0.02 * rng.standard_normal())
        tip = Contact(BERKOVICH, 1.034)
        time, depth, load = simulate(modulus=modulus, hardness=1.2e9, poisson=0.25, depth=9e-6, contact=tip)
        rows = "\n".join(
            f"{t:.4f},{h * 1e9:.4f},{p * 1e3:.6f}" for t, h, p in zip(time, depth, load, strict=True)
        )
        text = f"# {MARK}\ntime (s),depth (nm),load (mN)\n{rows}\n"
        write_atomic(folder / f"indent_{index + 1}.csv", text)
    return [Truth(REFERENCE, "youngs_modulus", 42.43, "GPa")]


def write_micrographs(folder: Path, rng: np.random.Generator, *, images: int) -> list[Truth]:
    """Micrographs of every sample with a size. images : per sample."""
    truths = []
    for sample in SAMPLES:
        if sample.size is None:
            continue
        for index in range(images):
            made = render(
                shape=(600, 900), pixel=PIXEL, median=sample.size, log_std=0.35, count=70, rng=rng
            ).micrograph
            save_picture(folder / sample.name / f"{index + 1}.png", made.grey)
        truths.append(Truth(sample.name, "particle_d50", 1e9 * sample.size, "nm"))
    return truths
