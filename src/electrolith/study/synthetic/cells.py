"""Synthetic records of cells: symmetric ones with the failures the paper saw, full cells, pouches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.cycling.write_bdf import write_bdf
from electrolith.lab.symmetric.generate import Short, SymmetricCell, simulate
from electrolith.study.synthetic.truth import MARK, REFERENCE, Truth

__all__ = ["write_full_cells", "write_symmetric"]

STEPS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 10.5, 11.0, 12.0)  # mA/cm2
TRILAYER = SymmetricCell(steps=(), resistance=0.035, exchange=8.0, noise=4e-4, drift=0.0)


def write_symmetric(folder: Path, rng: np.random.Generator, *, cycles: int) -> list[Truth]:
    """Step tests and long cycling. cycles : of the long ones, at most those of the paper."""
    begin = 11 * 2 * 3600.0  # the first half-cycle at 10.5 mA/cm2
    short = Short("soft", begin + 900.0, 0.45, extra_noise=1e-3)
    steps = replace(TRILAYER, steps=tuple(10 * s for s in (*STEPS, 1.0)), interval=60.0, shorts=(short,))
    _write(folder / "trilayer-steps.bdf.csv", simulate(steps, rng=rng))
    alone = replace(TRILAYER, steps=tuple(10 * s for s in STEPS[:11]), resistance=0.011, interval=60.0)
    _write(folder / "LNC-steps.bdf.csv", simulate(alone, rng=rng))
    long = replace(TRILAYER, interval=300.0)
    for name, density, wanted, base in (
        ("trilayer-0p1", 0.1, 3000, long),
        ("trilayer-0p5", 0.5, 2000, long),
        ("trilayer-1p0", 1.0, 2000, long),
        ("LNC-0p1", 0.1, 2000, replace(long, resistance=0.011)),
        ("LNC-1p0", 1.0, 2000, replace(long, resistance=0.011)),
    ):
        cell = replace(base, steps=(10 * density,), pairs=min(cycles, wanted))
        _write(folder / f"{name}.bdf.csv", simulate(cell, rng=rng))
    _literature(folder / "literature.csv")
    few = min(cycles, 450)
    lhc = simulate(replace(long, steps=(1.0,), pairs=few, resistance=0.05), rng=rng)
    hours = lhc.time / 3600
    # Three times the overpotential in the first 20 h, then from two thirds of the test on a creeping short.
    factor = 1 + 2 * np.clip(hours / 20, 0, 1)
    late = hours > hours[-1] * 2 / 3
    factor[late] *= np.exp(-(hours[late] - hours[late][0]) / (0.07 * hours[-1]))
    _write(folder / "LHC-0p1.bdf.csv", replace(lhc, voltage=lhc.voltage * factor))
    li3n = simulate(replace(long, steps=(1.0,), pairs=min(cycles, 200), resistance=0.02), rng=rng)
    fall = np.exp(-li3n.time / li3n.time[-1] * 3.2)
    _write(folder / "Li3N-0p1.bdf.csv", replace(li3n, voltage=li3n.voltage * fall))
    for name, leak in (("LiCl-0p1", 1e-9), ("LiI-0p1", 3e-7)):
        dead = simulate(replace(long, steps=(1.0,), pairs=10), rng=rng)
        limit = 5.0 * np.sign(dead.current) + 1e-3 * rng.standard_normal(dead.rows)
        _write(folder / f"{name}.bdf.csv", replace(dead, voltage=limit, current=leak * np.sign(dead.current)))
    return [Truth(REFERENCE, "critical_current_density", 10.0, "mA/cm2")]


CHART = {
    "Li/LPSCF/Li": (1.2, 0.6),
    "Li/G-LPSC-LGPS-LPSC-G/Li": (2.0, 0.8),
    "Li/LPS with Li3N-LiF/Li": (6.0, 6.0),
    "Li/Li3N-LiF/Li": (3.4, 3.4),
    "Li/LPSC/Li": (1.0, 0.5),
    "Li/LLZTO/Li": (1.6, 1.6),
    "Li/Sb-LLZO/Li": (0.9, 0.3),
}
"""The paper's chart shows seven cells of others as symbols without numbers: plausible mA/cm2 and mAh/cm2."""


def _literature(path: Path) -> None:
    """A table of others' cells, as one collects it for such a chart."""
    rows = "\n".join(f"{n},{j},{q},25 degC,,{MARK}" for n, (j, q) in CHART.items())
    head = "cell,critical_mA_cm2,areal_capacity_mAh_cm2,temperature,doi,note"
    write_atomic(path, f"# {MARK}\n{head}\n{rows}\n")


def _write(path: Path, record: CyclingRecord) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bdf(record, path)
    write_atomic(path.with_name(path.name + ".txt"), f"{MARK}\n")


def write_full_cells(folder: Path, rng: np.random.Generator, *, cycles: int) -> list[Truth]:
    """Full cells: capacities, first efficiency and retention of the paper. cycles : at most."""
    pellet, thick, pouch = 4.46 * 0.785e-6, 27.42 * 0.785e-6, 27.42 * 5.0e-6  # kg
    plan = (
        ("pellet-0p1C", pellet, 0.1, 208.2, 87.98, 250),
        ("pellet-0p5C", pellet, 0.5, 114.0, 90.35, 1500),
        ("LPSC-0p1C", pellet, 0.1, 209.0, 96.43, 50),
        ("LPSC-0p5C", pellet, 0.5, 113.4, 95.01, 350),
        ("high-loading", thick, 0.1, 188.14, 86.91, 100),
        ("pouch-low", 8.92 * 5.0e-6, 0.1, 187.2, 91.0, 50),
        ("pouch-high", pouch, 0.05, 175.1, 88.96, 50),
    )
    for name, mass, rate, capacity, retention, wanted in plan:
        count = min(cycles, wanted)
        fade = (retention / 100) ** (1 / (wanted - 1))
        stages = [(rate, capacity * fade**n, 0.893 if n == 0 else 0.9993) for n in range(count)]
        _write(folder / f"{name}.bdf.csv", _record(stages, mass, rng))
    rates = [(r, c) for r, c in ((0.1, 208.2), (0.2, 190.0), (0.4, 160.0), (0.5, 140.0), (1.0, 100.0))]
    stages = [
        (r, c * 0.9995**n, 0.893 if (r == 0.1 and n == 0) else 0.999) for r, c in rates for n in range(5)
    ]
    _write(folder / "pellet-rates.bdf.csv", _record(stages, pellet, rng))
    return []


def _record(stages: list[tuple[float, float, float]], mass: float, rng: np.random.Generator) -> CyclingRecord:
    """A cell between 2.7 and 4.3 V. stages : C-rate, discharge capacity (mAh/g), efficiency of each cycle."""
    time, voltage, current, cycle = [], [], [], []
    now = 0.0
    for number, (rate, capacity, efficiency) in enumerate(stages, start=1):
        amps = rate * 200 * mass  # 200 mA/g is 1C; mass in kg makes it A
        capacity *= 1 + 5e-4 * rng.standard_normal()
        for sign, passed in ((1, capacity / efficiency), (-1, capacity)):
            x = np.linspace(0, 1, 30)
            rest = 1 - x if sign > 0 else x
            curve = 4.3 - 0.55 * rest - 0.25 * rest**3 - 0.8 * rest**24 + sign * 0.04 * rate / 0.1 * 0.2
            time.append(now + 10 + x * passed * mass / amps * 3600)
            voltage.append(np.clip(curve, 2.7, 4.3) + 5e-4 * rng.standard_normal(x.size))
            current.append(np.full(x.size, sign * amps))
            cycle.append(np.full(x.size, number))
            now = float(time[-1][-1])
    return CyclingRecord(
        np.concatenate(time), np.concatenate(voltage), np.concatenate(current), "synthetic full cell",
        cycle=np.concatenate(cycle),
    )  # fmt: skip
