"""Checks without which no number of a run is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.motion.diffusivity import LATEST

__all__ = [
    "SLOW",
    "Guard",
    "all_passed",
    "broken",
    "conserved_guard",
    "framework_guards",
    "framework_limit",
    "heating_guard",
    "hops_guard",
    "narrowly",
    "range_guard",
    "temperature_guards",
    "wrapped_guard",
]

Array = NDArray[np.float64]

TEMPERATURE = 0.03  # of the target, for the mean
TEMPERATURE_DRIFT = 0.05  # of the target, second half of the run minus first half
CONSERVED_DRIFT = 0.2  # meV per atom and ps
FRAMEWORK = 0.10  # of the square of the spacing of framework atoms: Lindemann ratio 0.22
OFF_SITES = 0.2  # share of framework atoms that stand on none of its sites; a liquid has two thirds
FRAMEWORK_GROWTH = 0.03  # the same unit, between a quarter and half of the time
HOPS = 20.0
NARROW = 1.5  # a run within this factor of a limit could have been judged otherwise
SLOW = ("hops", "fit range")  # missed by runs too slow for their length
LEAST = ("hops",)  # guards whose limit is a least value
MOST = ("framework", "framework growth", "framework sites", "fit range")
TENTHS = 10


@dataclass(frozen=True, slots=True)
class Guard:
    """One check: what was found, the limit, and what it means in words."""

    name: str
    passed: bool
    value: float
    limit: float
    unit: str
    text: str


def all_passed(guards: tuple[Guard, ...]) -> bool:
    """Whether every guard holds."""
    return all(g.passed for g in guards)


def broken(guards: tuple[Guard, ...]) -> tuple[str, ...]:
    """The texts of those that do not."""
    return tuple(g.text for g in guards if not g.passed)


def narrowly(guards: tuple[Guard, ...]) -> bool:
    """Whether the verdict hangs on a guard that was narrowly met or missed, and on no other.

    Hops, fit range and the framework's displacement are matters of degree and depend on how fast the ions of
    a run happen to be; a thermostat off target or wrapped coordinates are not.
    """
    near = False
    for g in guards:
        ratio = g.limit / max(g.value, 1e-12) if g.name in LEAST else g.value / max(g.limit, 1e-12)
        close = g.name in (*LEAST, *MOST) and 1 / NARROW < ratio < NARROW
        if g.name == "fit range" and g.unit != "ps":
            close = False  # diffusion never began: no diffusivity either way
        near = near or close
        if not g.passed and not close:
            return False
    return near


def temperature_guards(temperatures: Array, *, target: float) -> tuple[Guard, Guard]:
    """Mean of the sampled temperatures (K) against the target, and their drift over the run.

    The limits are 3 and 5 % of the target, plus three times what the fluctuations of a short run of few
    atoms leave uncertain.
    """
    t = np.asarray(temperatures, dtype=float)
    mean, doubt = float(t.mean()), 3.0 * _standard_error(t)
    off, limit = abs(mean - target), TEMPERATURE * target + doubt
    half = len(t) // 2
    drift = float(t[-half:].mean() - t[:half].mean()) if half else 0.0
    most = TEMPERATURE_DRIFT * target + 2 * doubt
    return (
        Guard(
            "temperature",
            off <= limit,
            mean - target,
            limit,
            "K",
            f"mean temperature {mean:.1f} K with the thermostat at {target:g} K (at most {limit:.1f} K off)",
        ),
        Guard(
            "temperature drift",
            abs(drift) <= most,
            drift,
            most,
            "K",
            f"temperature of the second half {drift:+.1f} K against the first (at most {most:.1f} K)",
        ),
    )


def _standard_error(values: Array) -> float:
    """Of a mean, from the second differences of the means of tenths, which a steady drift does not enter."""
    if len(values) < 2 * TENTHS:
        return 0.0
    means = np.array([part.mean() for part in np.array_split(values, TENTHS)])
    return float(np.sqrt(np.mean(np.diff(means, 2) ** 2) / 6 / TENTHS))


def conserved_guard(time: Array, conserved: Array, *, atoms: int) -> Guard:
    """Drift of the conserved quantity (eV) with time (fs): large when the timestep is."""
    slope = float(np.polyfit(time, conserved, 1)[0]) if len(time) > 1 else 0.0
    drift = slope / atoms * 1e6  # eV/fs to meV/ps
    return Guard(
        "conserved quantity",
        abs(drift) <= CONSERVED_DRIFT,
        drift,
        CONSERVED_DRIFT,
        "meV/(atom ps)",
        f"conserved quantity drifts by {drift:+.2g} meV per atom and ps (at most {CONSERVED_DRIFT:g}); more "
        "means too large a timestep or forces that are not the slope of the energy",
    )


def framework_limit(spacing: float) -> float:
    """Largest MSD of atoms that stay on their sites, Å²: twice the square of 0.22 spacings."""
    return FRAMEWORK * spacing**2


def framework_guards(
    lag: Array, msd: Array, *, spacing: float, off: Array | None = None
) -> tuple[Guard, ...]:
    """The framework keeps its sites, or, where these are not followed, hardly moves and moves no further.

    Atoms that hop from site to site move far in a crystal that is whole, so displacement alone cannot tell
    them from a melt.

    Parameters
    ----------
    lag : fs, shape (k,).      msd : Å², of the framework, shape (k,).
    spacing : of the framework atoms, cube root of the volume per atom, Å.
    off : share of framework atoms on none of its sites, by sample, shape (n,); None: not followed.
    """
    limit = framework_limit(spacing)
    largest = float(msd.max(initial=0.0))
    if off is not None and len(off):
        return (_sites_guard(float(off[-max(len(off) // 2, 1) :].mean()), largest, limit),)
    half = len(msd)
    late = float(msd[-max(half // 10, 1) :].mean())
    middle = msd[max(half // 2 - half // 20, 0) : half // 2 + half // 20 + 1]
    growth = late - float(middle.mean())
    most = FRAMEWORK_GROWTH * spacing**2
    return (
        Guard(
            "framework",
            largest <= limit,
            largest,
            limit,
            "Å²",
            f"framework atoms moved by up to {largest:.2f} Å² (on their sites below {limit:.2f} Å²)"
            + ("" if largest <= limit else ": the framework melts or diffuses"),
        ),
        Guard(
            "framework growth",
            growth <= most,
            growth,
            most,
            "Å²",
            f"framework MSD grows by {growth:+.2f} Å² over the later lags (at most {most:.2f} Å²)",
        ),
    )


def _sites_guard(share: float, largest: float, limit: float) -> Guard:
    """Share of atoms off their sites over the second half of a run; in words also how far they moved."""
    if share > OFF_SITES:
        why = ": the framework melts"
    elif largest > limit:
        why = f"; they moved by up to {largest:.2f} Å² by hops between sites"
    else:
        why = ""
    return Guard(
        "framework sites",
        share <= OFF_SITES,
        100 * share,
        100 * OFF_SITES,
        "%",
        f"{100 * share:.0f} % of the framework atoms stand on none of its sites (at most "
        f"{100 * OFF_SITES:.0f} %){why}",
    )


def hops_guard(hops: float) -> Guard:
    """Enough hops to speak of diffusion."""
    return Guard(
        "hops",
        hops >= HOPS,
        hops,
        HOPS,
        "1",
        f"{hops:.0f} hops were seen (at least {HOPS:.0f} are needed for a diffusivity)",
    )


def range_guard(fit_from: float, *, duration: float) -> Guard:
    """The diffusive regime begins early enough in the run (fs) to be fitted."""
    limit = LATEST * duration
    return Guard(
        "fit range",
        fit_from <= limit,
        fit_from / 1000,
        limit / 1000,
        "ps",
        f"diffusion begins at a lag of {fit_from / 1000:.1f} ps (at most a third of the run, "
        f"{limit / 1000:.1f} ps)",
    )


def wrapped_guard(largest_step: float) -> Guard:
    """No atom jumped between stored frames; `largest_step` in lattice vectors."""
    return Guard(
        "wrapped coordinates",
        largest_step <= 0.5,
        largest_step,
        0.5,
        "lattice vectors",
        f"largest step between stored frames {largest_step:.2f} of a lattice vector (below 0.5: not wrapped)",
    )


def heating_guard(first_time: float, *, heating: float) -> Guard:
    """Sampling began after the heating (fs)."""
    return Guard(
        "heating",
        first_time >= heating,
        first_time / 1000,
        heating / 1000,
        "ps",
        f"sampling begins at {first_time / 1000:.1f} ps, after heating ({heating / 1000:.1f} ps)",
    )
