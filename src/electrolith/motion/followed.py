"""Displacements of a trajectory that is there as a whole, from whichever program it comes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.crystal.frame import Frame
from electrolith.motion.diffusivity import IonSquares
from electrolith.motion.displacement import Accumulator, Curves, log_lags, relative_to
from electrolith.motion.framework import REACH, off_sites, sites_of
from electrolith.motion.guards import Guard, framework_guards
from electrolith.motion.motor import masses_of
from electrolith.motion.summary import framework_curve, merged_squares
from electrolith.motion.trajectory import framework_spacing
from electrolith.motion.unwrap import refuse_wrapped, unwrap

__all__ = ["Followed", "follow"]

Array = NDArray[np.float64]

MOST_FRAMES = 10_000  # longer runs are thinned; memory is 28 bytes × atoms × frames
BLOCKS = 64
RESOLVED_LAGS = 48


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """One trajectory seen from the centre of mass of its framework.

    path : of the mobile ions, Å, shape (n_frames, n_ions, 3).      interval : between frames, fs.
    framework : mean square displacement of the framework from the first frame, Å², shape (n_frames,).
    guards : of the framework.
    """

    curves: Curves
    squares: IonSquares
    path: Array
    framework: Array
    interval: float
    duration: float
    guards: tuple[Guard, ...]


def follow(positions: Array, frame: Frame, *, mobile: str, interval: float, folded: bool = False) -> Followed:
    """Displacement curves, ion-resolved sums and the guards of the framework.

    Parameters
    ----------
    positions : Å, shape (n_frames, n, 3).      frame : cell and elements.
    interval : between frames, fs.      folded : coordinates are unfolded first; else folded ones are refused.

    Raises
    ------
    InputError, DataError
        If there is no framework, or coordinates are folded and may not be unfolded.
    """
    if folded:
        positions = unwrap(positions, frame.cell)
    refuse_wrapped(positions, frame.cell)
    every = -(-len(positions) // MOST_FRAMES)
    positions, interval = positions[::every], interval * every
    symbols = frame.symbols
    moving = np.array([s == mobile for s in symbols])
    spacing = framework_spacing(frame, mobile)
    names = tuple(dict.fromkeys(symbols))
    longest = max((len(positions) - 1) // 2, 1)
    accumulator = Accumulator(
        groups=np.array([names.index(s) for s in symbols]),
        mobile=moving,
        longest=longest,
        block=max(1, len(positions) // BLOCKS),
        resolved=log_lags(longest, RESOLVED_LAGS),
    )
    steady = relative_to(positions, ~moving, masses_of(frame.numbers))
    for sample in steady:
        accumulator.add(sample)
    curves = accumulator.curves(interval=interval, names=names)
    rest = steady[:, ~moving]
    sites = sites_of(rest)
    off = np.array([off_sites(f, sites, frame.cell, reach=REACH * spacing) for f in rest])
    whole = framework_curve(curves, {n: symbols.count(n) for n in names}, mobile)
    return Followed(
        curves=curves,
        squares=merged_squares(accumulator, interval),
        path=steady[:, moving],
        framework=((rest - rest[0]) ** 2).sum(axis=2).mean(axis=1),
        interval=interval,
        duration=(len(positions) - 1) * interval,
        guards=framework_guards(curves.lag, whole, spacing=spacing, off=off),
    )
