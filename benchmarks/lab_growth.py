"""Verdicts on 102 synthetic lithium cells at rest: half constant, the others growing, saturating, decaying.

Half of all have a slow electrode; noise 0.1 to 2 %. A false alarm: a constant cell called growing, shrinking.
Rows are kept in a file, one a line; a run goes on where the last one stopped.
Run: python benchmarks/lab_growth.py FILE [cells] [first]
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from electrolith.core.errors import ElectrolithError
from electrolith.lab.impedance.pellet import judge_spectra
from electrolith.lab.impedance.resting import Fate, resting_cell
from electrolith.lab.impedance.settings import ImpedanceSettings

ORDER: tuple[Fate, ...] = ("constant", "growing", "constant", "saturating", "constant", "decaying")


def judged(seed: int) -> dict[str, object]:
    """One cell and what was said of it."""
    begin = time.process_time()
    cell = resting_cell(ORDER[seed % len(ORDER)], rng=np.random.default_rng(seed))
    row: dict[str, object] = {
        "seed": seed,
        "fate": cell.fate,
        "change": cell.change,
        "share": cell.interface / cell.electrolyte,
        "noise": cell.noise,
        "slow": cell.slow,
        "spectra": len(cell.spectra),
    }
    try:
        found = judge_spectra(cell.spectra, ImpedanceSettings(electrodes="lithium", follow="time"))
    except ElectrolithError as error:
        return row | {"verdict": f"refused: {error}"}
    growth = found.growth
    return row | {
        "verdict": "none" if growth is None else growth.verdict,
        "followed": found.followed,
        "circuit": found.circuit,
        "text": "" if growth is None else growth.text,
        "seconds": time.process_time() - begin,
    }


def report(rows: list[dict[str, object]]) -> None:
    """Rates."""
    for fate in ("constant", "growing", "saturating", "decaying"):
        for slow in (False, True):
            mine = [r for r in rows if r["fate"] == fate and r["slow"] is slow]
            said = Counter(str(r["verdict"]).split(":")[0] for r in mine)
            print(f"{fate:10s} {'slow electrode' if slow else 'plain':14s} {len(mine):3d} {dict(said)}")
    constant = [r for r in rows if r["fate"] == "constant"]
    alarms = [r for r in constant if r["verdict"] in ("growing", "shrinking")]
    stable = [r for r in constant if r["verdict"] == "stable"]
    print(f"false alarms {len(alarms)} of {len(constant)}; called stable {len(stable)}")
    changed = [r for r in rows if r["fate"] != "constant"]
    right = {"growing": "growing", "saturating": "growing", "decaying": "shrinking"}
    hit = [r for r in changed if r["verdict"] == right[str(r["fate"])]]
    wrong = [r for r in changed if r["verdict"] == "stable"]
    print(f"changes found {len(hit)} of {len(changed)}; called stable {len(wrong)}")
    for row in (
        alarms
        + [r for r in constant if r not in stable and r not in alarms]
        + [r for r in changed if r not in hit]
    ):
        print("  ", {k: (round(v, 3) if isinstance(v, float) else v) for k, v in row.items()})


def main(file: str, count: int = 102, first: int = 0) -> None:
    """Judge what the file does not hold yet, then print."""
    path = Path(file)
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    known = {row["seed"] for row in rows}
    with path.open("a", encoding="utf-8") as out:
        for seed in range(first, first + count):
            if seed not in known:
                rows.append(judged(seed))
                out.write(json.dumps(rows[-1]) + "\n")
                out.flush()
    report(rows)


if __name__ == "__main__":
    main(sys.argv[1], *(int(a) for a in sys.argv[2:]))
