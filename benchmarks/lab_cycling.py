"""Shorts and critical currents of 500 generated cells, and the cycle table of a million rows.

Bars: 95 % of hard shorts, 85 % of soft ones, below 2 % false alarms, critical current exact in 95 %; a
million rows in less than 3 s of processor time and 1 GB.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from electrolith.lab.cycling.cycles import CycleSettings, cycle_table
from electrolith.lab.cycling.rates import rate_steps
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.cycling.write_bdf import write_bdf
from electrolith.lab.symmetric.critical import critical_current, lifetime
from electrolith.lab.symmetric.generate import SymmetricCell, random_cell, random_life, simulate
from electrolith.lab.symmetric.measure import SymmetricSettings, judge_cell


def symmetric(count: int) -> None:
    hits: dict[str | None, list[bool]] = {None: [], "hard": [], "soft": []}
    exact = []
    halves, alarms = 0, 0
    for seed in range(count):
        kind = (None, "hard", "soft")[seed % 3]
        rng = np.random.default_rng(seed)
        drawn = random_cell(kind, rng=rng)  # type: ignore[arg-type]
        result = critical_current(simulate(drawn.cell, rng=rng), area=drawn.cell.area)
        first = result.events[0] if result.events else None
        if kind is None:
            hits[kind].append(first is not None)
            halves += result.halves.density.size
            alarms += len(result.events)
        else:
            short = drawn.cell.shorts[0]
            near = first is not None and abs(first.time - short.time) < 0.25 * drawn.cell.half
            hits[kind].append(bool(near and first is not None and first.kind == kind))
        both_none = np.isnan(result.critical) and np.isnan(drawn.critical)
        exact.append(both_none or abs(result.critical - drawn.critical) < 1e-6 + 0.02 * abs(drawn.critical))
    print(f"{count} generated symmetric cells, a third without a short")
    print(f"  hard shorts found {100 * np.mean(hits['hard']):.1f} % of {len(hits['hard'])} (bar 95 %)")
    print(f"  soft shorts found {100 * np.mean(hits['soft']):.1f} % of {len(hits['soft'])} (bar 85 %)")
    print(
        f"  false alarms in {100 * np.mean(hits[None]):.1f} % of {len(hits[None])} healthy cells, "
        f"{100 * alarms / max(halves, 1):.2f} % of their half-cycles (bar 2 %)"
    )
    print(f"  critical current exact {100 * np.mean(exact):.1f} % (bar 95 %)")


def lives(count: int) -> None:
    """Cells at one current: the verdict on each, against its fate."""
    fates = ("stable", "growing interface", "creeping short", "open")
    right: dict[str, list[bool]] = {fate: [] for fate in fates}
    late, seconds = [], []
    for seed in range(count):
        fate = fates[seed % 4]
        record, reached, area = random_life(fate, rng=np.random.default_rng(seed))  # type: ignore[arg-type]
        begin = time.process_time()
        found = lifetime(record, area=area)
        seconds.append(time.process_time() - begin)
        right[fate].append(found.censored if fate == "stable" else found.kind == fate)
        if reached is not None and found.kind == fate:
            late.append(abs(found.hours - reached) / (record.time[-1] / 3600))
        if not right[fate][-1]:
            print(f"  {seed} {fate} ({reached}): {found.text}", flush=True)
    print(f"{count} generated lives")
    for fate in fates:
        print(f"  {fate}: {100 * np.mean(right[fate]):.1f} % of {len(right[fate])} named so")
    print(f"  failure dated within {100 * np.median(late):.1f} % of the record in the median")
    print(f"  {np.mean(seconds):.2f} s of processor each, longest {max(seconds):.2f} s")


def long_record(cycles: int = 3000, rows: int = 60) -> None:
    """A record of three thousand cycles: everything that is said of it, in processor time."""
    cell = SymmetricCell(steps=(5.0,), pairs=cycles, interval=3600.0 / rows, drift=1e-6)
    record = simulate(cell, rng=np.random.default_rng(0))
    begin = time.process_time()
    found = judge_cell(record, SymmetricSettings(files=(), area=cell.area))
    seconds = time.process_time() - begin
    life = found.lifetime
    print(
        f"{cycles} cycles of {2 * rows} rows: {seconds:.2f} s of processor time (bar 3 s); "
        f"{life.text if life else 'no lifetime'}"
    )


def million(rows: int = 1_000_000) -> None:
    index = np.arange(rows)
    current = np.where((index // 500) % 2 == 0, 1e-3, -1e-3)
    record = CyclingRecord(index * 10.0, 3.7 + 300 * current * np.sin(index / 500), current, "made")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.bdf.csv"
        write_bdf(record, path)
        begin, wall = time.process_time(), time.perf_counter()
        back = read_cycling(path)
        read = time.process_time() - begin
        table = cycle_table(back, CycleSettings(counting="own"))
        rate_steps(table)
        whole = time.process_time() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{rows} rows, {table.cycle.size} cycles: read {read:.2f} s, table {whole - read:.2f} s, "
        f"together {whole:.2f} s "
        f"of processor time (bar 3 s; {time.perf_counter() - wall:.2f} s by the clock), {memory:.0f} MB "
        f"(bar 1024 MB)"
    )


def main() -> None:
    if sys.argv[1:] == ["long"]:
        long_record()
        return
    million()
    long_record()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    symmetric(count)
    lives(count)


if __name__ == "__main__":
    main()
