"""R electrolyte of 240 synthetic pellets between rough blocking electrodes, from the spectrum alone.

Most of the laws that made them are no candidate circuit; half of the leads are stated with their error.
Bars: the 68 % interval covers 60 to 76 %; no error of a factor of two without a warning.
Run: python benchmarks/lab_electrolyte.py [pellets] [first seed]
"""

from __future__ import annotations

import sys
import time

import numpy as np

from electrolith.core.errors import ElectrolithError
from electrolith.lab.impedance.pellet import judge_spectra
from electrolith.lab.impedance.pellets import BlockingPellet, blocking_pellet
from electrolith.lab.impedance.settings import ImpedanceSettings


def settings_for(pellet: BlockingPellet, rng: np.random.Generator) -> ImpedanceSettings:
    """What an operator knows: lengths, and of every second holder the leads to 10 %."""
    leads = None
    if rng.random() < 0.5:
        error = 0.1 * pellet.leads
        stated = max(pellet.leads + error * rng.standard_normal(), 1e-3)
        leads = f"{stated:.6f}({round(1e6 * error)}) ohm"
    return ImpedanceSettings(
        diameter=f"{pellet.diameter * 1e3:.6f}(1) mm",
        thickness=f"{pellet.thickness * 1e3:.6f}(1) mm",
        leads=leads,
    )


def main(count: int = 240, first: int = 0) -> None:
    rows, refused, begin = [], [], time.process_time()
    for seed in range(first, first + count):
        rng = np.random.default_rng(seed)
        pellet = blocking_pellet(rng=rng)
        try:
            found = judge_spectra((pellet.spectrum,), settings_for(pellet, rng))
        except ElectrolithError as error:
            refused.append(f"{seed}: {error}")
            continue
        one = found.electrolytes[0]
        if one is None:
            refused.append(f"{seed}: {found.warnings}")
            continue
        low, high = one.resistance.interval()
        ratio = one.resistance.value / pellet.electrolyte
        width = (high - low) / 2 / pellet.electrolyte
        marked = bool(one.doubts) or any("leads were not" in w for w in found.warnings)
        rows.append((low <= pellet.electrolyte <= high, ratio, width, bool(one.doubts), marked))
        if abs(ratio - 1) > max(3 * width, 0.05):
            print(
                f"  {seed}: {pellet.roughness} {found.circuit} ratio {ratio:.3f} ± {width:.4f}, contact "
                f"{pellet.contact / pellet.electrolyte:.2f}; "
                + "; ".join(
                    f"{s.name} {s.label} {s.resistance.value / pellet.electrolyte:.2f}" for s in one.shares
                )
                + f" {one.doubts}",
                flush=True,
            )
    inside, ratio, width, doubted, marked = np.array(rows, dtype=float).T
    error = np.abs(ratio - 1)
    gross = (ratio < 0.5) | (ratio > 2)
    print(f"{len(rows)} pellets, {len(refused)} refused {refused}")
    print(f"  68 % interval covers {100 * inside.mean():.1f} % (bar 60 to 76 %)")
    print(
        f"  errors of a factor of two: {int(gross.sum())}, without a warning "
        f"{int((gross & (doubted == 0)).sum())}"
    )
    print(
        f"  |error| median {100 * np.median(error):.2f} %, 95 % below "
        f"{100 * np.quantile(error, 0.95):.1f} %, "
        f"beyond three widths {100 * np.mean(error > 3 * width):.1f} %"
    )
    good = error < 0.05
    print(
        f"  doubts raised: {int(doubted[~good].sum())} of {int((~good).sum())} "
        f"pellets wrong by more than 5 %, {100 * doubted[good].mean():.1f} % of the others (false alarms)"
    )
    print(f"  {(time.process_time() - begin) / count:.2f} s of processor each")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
