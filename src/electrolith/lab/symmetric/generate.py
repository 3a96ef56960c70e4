r"""Symmetric cells with known faults: ohmic drop, Butler-Volmer, transients, drift, noise, and shorts at
known times.

V = I R + 2 (RT/αF) asinh(j/2j₀), times a slow drift, plus an initial transient; a short multiplies the
voltage by the fraction that is left, and adds noise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.constants import FARADAY, GAS_CONSTANT
from electrolith.lab.cycling.record import CyclingRecord

Array = np.ndarray
Kind = Literal["hard", "soft"]
Fate = Literal["stable", "growing interface", "creeping short", "open"]


@dataclass(frozen=True)
class Short:
    """A short that was put in.

    time : s.
    left : fraction of the voltage that is left.
    duration : s until it heals, inf for never.
    onset : s over which it develops.
    extra_noise : V, added while it lasts.
    """

    kind: Kind
    time: float
    left: float
    duration: float = float("inf")
    onset: float = 0.0
    extra_noise: float = 0.0


@dataclass(frozen=True)
class SymmetricCell:
    """A cell and its test.

    area : m2.
    resistance : area-specific, ohm m2.
    exchange : exchange current density, A/m2.
    steps : current densities, A/m2, each held for `pairs` pairs of half-cycles of `half` s.
    interval : s between rows.
    noise : V.
    drift : relative growth of the polarisation per hour.
    transient : relative size of the initial transient and its time constant, s.
    asymmetry : relative difference of the two polarities.
    temperature : K.
    """

    steps: tuple[float, ...]
    area: float = 0.785e-4
    resistance: float = 0.02
    exchange: float = 5.0
    half: float = 3600.0
    pairs: int = 1
    interval: float = 30.0
    noise: float = 5e-4
    drift: float = 0.002
    transient: float = 0.1
    transient_time: float = 200.0
    asymmetry: float = 0.02
    temperature: float = 298.15
    shorts: tuple[Short, ...] = ()


def simulate(cell: SymmetricCell, *, rng: np.random.Generator) -> CyclingRecord:
    """The record of a cell, one row per `interval`, positive current first."""
    rows = round(cell.half / cell.interval)
    levels = np.repeat(np.array(cell.steps), 2 * cell.pairs)
    signs = np.tile([1.0, -1.0], cell.pairs * len(cell.steps))
    density = np.repeat(levels * signs, rows)
    within = np.tile((np.arange(rows) + 1) * cell.interval, len(levels))
    time = (np.arange(density.size) + 1) * cell.interval
    voltage = _voltage(cell, density, within, time)
    sigma = np.full(time.size, cell.noise)
    for short in cell.shorts:
        reached = np.clip((time - short.time) / max(short.onset, 1e-9), 0, 1) * (time >= short.time)
        reached = reached * (time < short.time + short.duration)
        voltage = voltage * (1 - (1 - short.left) * reached)
        sigma = np.hypot(sigma, short.extra_noise * reached)
    voltage = voltage + sigma * rng.standard_normal(time.size)
    return CyclingRecord(time, voltage, density * cell.area, "generated symmetric cell")


def _voltage(cell: SymmetricCell, density: Array, within: Array, time: Array) -> Array:
    """Voltage without shorts and noise."""
    slope = 2 * GAS_CONSTANT * cell.temperature / (0.5 * FARADAY)
    kinetic = slope * np.arcsinh(density / (2 * cell.exchange))
    shape = 1 + cell.transient * np.exp(-within / cell.transient_time)
    growth = 1 + cell.drift * time / 3600
    side = 1 + 0.5 * cell.asymmetry * np.sign(density)
    return np.asarray((density * cell.resistance + kinetic * growth) * shape * side)


@dataclass(frozen=True)
class Drawn:
    """A random cell with the truth about it.

    critical : highest current density, A/m2, completed before the first short; nan when the first step
        fails.
    """

    cell: SymmetricCell
    critical: float


def random_cell(kind: Kind | None, *, rng: np.random.Generator) -> Drawn:
    """A step test of 6 to 12 rising currents with one short of a kind at a random time, or none.

    Hard shorts leave 0.5 to 8 % of the voltage for good. Soft shorts take 8 to 50 %, develop within 0
    to 2 rows, make the voltage noisier, and half of them heal after 0.3 to 3 half-cycles.
    """
    count = int(rng.integers(6, 13))
    steps = tuple(float(s) for s in np.round(np.linspace(1, rng.uniform(3, 12), count), 2))
    half = float(rng.choice([1800.0, 3600.0]))
    base = SymmetricCell(
        steps=steps,
        resistance=float(10 ** rng.uniform(-2.3, -1.3)),
        exchange=float(10 ** rng.uniform(0.3, 1.7)),
        half=half,
        interval=float(rng.choice([10.0, 20.0, 30.0])),
        noise=float(10 ** rng.uniform(-4, -3)),
        drift=float(rng.uniform(-0.002, 0.01)),
        transient=float(rng.uniform(-0.1, 0.25)),
        transient_time=float(rng.uniform(60, 400)),
        asymmetry=float(rng.uniform(-0.05, 0.05)),
    )
    if kind is None:
        return Drawn(base, steps[-1])
    whole = 2 * half * count
    begin = float(rng.uniform(half, whole - 0.05 * half))
    from dataclasses import replace

    short = _random_short(kind, begin, base, rng)
    failed = int(begin // (2 * half))
    return Drawn(replace(base, shorts=(short,)), steps[failed - 1] if failed else float("nan"))


def _random_short(kind: Kind, begin: float, base: SymmetricCell, rng: np.random.Generator) -> Short:
    """One short at a time."""
    if kind == "hard":
        return Short("hard", begin, float(10 ** rng.uniform(-2.3, -1.1)), extra_noise=base.noise)
    heals = rng.random() < 0.5
    duration = float(base.half * rng.uniform(0.3, 3)) if heals else float("inf")
    return Short(
        "soft",
        begin,
        float(1 - rng.uniform(0.08, 0.5)),
        duration=duration,
        onset=float(base.interval * rng.uniform(0, 2)),
        extra_noise=float(base.noise * rng.uniform(0, 3)),
    )


def random_life(fate: Fate, *, rng: np.random.Generator) -> tuple[CyclingRecord, float | None, float]:
    """A cell at one current for 100 to 900 h: the record, the hour its fate is reached, and its area in m2.

    Every cell loses or gains up to 15 % in its first cycles, wanders by up to 8 % with the room's
    temperature and drifts by less than 10 % over the record. Growing ones reach 2.5 to 8 times their level
    by a line, a root or a saturating law; creeping ones fall to 1 to 35 % over 20 to 300 h by a line, an
    exponential or a bend; open ones stop passing current at the limit of 5 V.
    """
    hours = float(rng.uniform(100, 900))
    half = 3600.0 * float(rng.choice([0.5, 1.0, 2.0]))
    base = SymmetricCell(
        steps=(float(rng.choice([1.0, 2.0, 5.0])),),
        pairs=int(hours * 3600 / (2 * half)),
        resistance=float(10 ** rng.uniform(-2.3, -1.3)),
        exchange=float(10 ** rng.uniform(0.3, 1.7)),
        half=half,
        interval=half / 30,
        noise=float(10 ** rng.uniform(-4, -3.3)),
        drift=0.0,
        asymmetry=float(rng.uniform(-0.05, 0.05)),
    )
    made = simulate(base, rng=rng)
    time = made.time / 3600
    settle = 1 + rng.uniform(-0.15, 0.15) * np.exp(-time / rng.uniform(2, 10))
    wander = 1 + rng.uniform(0, 0.08) * np.sin(2 * np.pi * time / rng.uniform(20, 200) + rng.uniform(0, 6))
    factor = settle * wander * (1 + rng.uniform(-0.1, 0.1) * time / time[-1])
    course, reached = _course(fate, time, rng)
    voltage, current = made.voltage * factor * course, made.current
    if fate == "open" and reached is not None:
        dead = time > reached
        voltage = np.where(dead, 5.0 * np.sign(current), voltage)
        current = np.where(dead, 1e-6 * current, current)
    return CyclingRecord(made.time, voltage, current, f"generated {fate}"), reached, base.area


def _course(fate: Fate, time: Array, rng: np.random.Generator) -> tuple[Array, float | None]:
    """Factor on the voltage, and the hour at which twice, half, or no current is reached; None for stable."""
    if fate == "stable":
        return np.ones(time.size), None
    begin = float(rng.uniform(0.1, 0.5)) * float(time[-1])
    past = np.maximum(time - begin, 0.0)
    span = min(float(rng.uniform(20, 300)), 0.9 * float(time[-1]) - begin)
    way = rng.integers(3)
    if fate == "open":
        return np.ones(time.size), begin
    if fate == "growing interface":
        top = float(rng.uniform(2.5, 8))
        shape = (past / span, np.sqrt(past / span), 1.2 * -np.expm1(-2 * past / span))[way]
        factor = 1 + (top - 1) * np.minimum(shape, 1.2)
        return factor, float(time[np.argmax(factor > 2)])
    left = float(10 ** rng.uniform(-2, -0.45))
    x = np.minimum(past / span, 1.0)
    factor = (1 - (1 - left) * x, left**x, 1 - (1 - left) * x**2 * (3 - 2 * x))[way]
    return factor, float(time[np.argmax(factor < 0.5)])
