"""Diffusivity and conductivity from one trajectory, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.frame import Frame
from electrolith.crystal.oxidation import charge_of_ion
from electrolith.motion.conductivity import nernst_einstein
from electrolith.motion.diffusivity import HeDiffusivity, he_diffusivity, one_run
from electrolith.motion.displacement import Curves
from electrolith.motion.followed import follow
from electrolith.motion.guards import Guard, hops_guard, range_guard

__all__ = ["PathDiffusion", "analyse_path"]


@dataclass(frozen=True, slots=True, eq=False)
class PathDiffusion:
    """What one trajectory says.

    charge : of the mobile ion, e.
    diffusivity : cm²/s.      conductivity : Nernst-Einstein, S/cm.      he : the rule of He et al.
    start_doubt : relative, of D, from where the fit begins; in the interval.
    fit_from, fit_to : lags of the fit, fs.      guards : what can be checked from positions alone.
    """

    mobile: str
    charge: float
    temperature: float
    curves: Curves
    diffusivity: Estimate
    conductivity: Estimate
    he: HeDiffusivity
    start_doubt: float
    fit_from: float
    fit_to: float
    duration: float
    guards: tuple[Guard, ...]


def analyse_path(
    positions: NDArray[np.float64],
    frame: Frame,
    *,
    mobile: str,
    hop_distance: float,
    interval: float,
    temperature: float,
    charge: float | None = None,
    wrapped: bool = False,
    rng: np.random.Generator,
) -> PathDiffusion:
    """Displacement, diffusivity with its error, conductivity and guards of one trajectory.

    Parameters
    ----------
    positions : Å, shape (n_frames, n, 3).      frame : cell and elements.
    hop_distance : between neighbouring sites, Å.      interval : between frames, fs.
    charge : of the mobile ion, e; without it that of the element, where it has only one.
    wrapped : whether to unwrap; wrapped coordinates are refused otherwise.

    Raises
    ------
    InputError, DataError, NotConverged
        If a setting is impossible, coordinates are wrapped, or ions moved too little.
    """
    if interval <= 0:
        raise InputError(f"time between frames must be above 0 fs, got {interval}")
    charge = charge_of_ion(mobile) if charge is None else charge
    run = follow(positions, frame, mobile=mobile, interval=interval, folded=wrapped)
    squares = run.squares
    he = he_diffusivity(
        run.curves, mobile=mobile, ions=squares.ions, hop_distance=hop_distance, duration=run.duration
    )
    slope, doubt = one_run(squares, hop_distance=hop_distance)
    if slope.self_value > 0:
        spread = float(np.hypot(slope.self_std / slope.self_value, doubt))
        diffusivity = Estimate.lognormal(slope.self_value, spread, "cm²/s", rng=rng)
    else:
        diffusivity = Estimate.normal(slope.self_value, slope.self_std, "cm²/s", rng=rng)
    density = squares.ions / frame.volume
    return PathDiffusion(
        mobile=mobile,
        charge=charge,
        temperature=temperature,
        curves=run.curves,
        diffusivity=diffusivity,
        conductivity=diffusivity.through(
            lambda d: nernst_einstein(10.0 * d, density=density, charge=charge, temperature=temperature),
            unit="S/cm",
        ),
        he=he,
        start_doubt=doubt,
        fit_from=slope.fit_from,
        fit_to=slope.fit_to,
        duration=run.duration,
        guards=(*run.guards, hops_guard(he.hops), range_guard(he.fit_from, duration=run.duration)),
    )
