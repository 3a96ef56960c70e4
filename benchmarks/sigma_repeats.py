"""Does the 68 % interval of σ hold what another run gives? Repeats of a shortened study of Li9N2Cl3.

`python benchmarks/sigma_repeats.py FOLDER [REPEATS] [--cores N]` runs the study below with the seeds 1 to
REPEATS (20): other decorations, searches, velocities and draws of the potential. Each repeat is a dozen
minutes of one quiet core (`--cores 1`); stopped at any moment the same command goes on. A repeat is a row of
FOLDER/sigma_repeats.csv as soon as it is there. At low priority: `nice -n 15 python benchmarks/…`.

`python benchmarks/sigma_repeats.py FOLDER --summary` computes nothing: it prints, for σ at one temperature,
Ea and σ(300 K), in how many repeats the 68 % interval holds the value pooled over all others (so that no
repeat judges itself); 55 to 80 % is what is wanted.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.motion.conductivity import Conductivity
from electrolith.study.run import Listener, run_study
from electrolith.study.section import Results
from electrolith.study.study import read_study

EXAMPLE = Path(__file__).parents[1] / "examples" / "li9n2cl3"
STUDY = """\
title: A shortened study of Li9N2Cl3
material: {crystal: li9n2cl3.cif, oxidation_states: {Li: 1, N: -3, Cl: -1}, mobile: Li}
ordering: {supercell: [2, 2, 2], decorations: 1000, keep: {lowest: 2, random: 0, monte_carlo: 5}}
search: {walkers: 3, trials: 60, patience: 40}
engine: li-n-cl
dynamics:
  temperatures: [700 K, 750 K, 800 K]
  orderings: 3
  posterior: true
  duration: 35 ps
  budget: 35 ps
"""
AT = 750.0  # K
QUANTITIES = ("sigma_750K", "activation_energy", "sigma_300K")
CSV = "sigma_repeats.csv"
COLUMNS = ("seed", *(f"{q}{part}" for q in QUANTITIES for part in ("", "_low", "_high")), "chi2", "left_out")


def repeat(folder: Path, seed: int) -> Results:
    """One study, or what is left of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(STUDY)
    shutil.copy(EXAMPLE / "li9n2cl3.cif", folder)
    say = Listener(say=lambda line: print(f"seed {seed}: {line}", flush=True))
    return run_study(read_study(folder, seed=seed), say)


def row_of(results: Results, seed: int) -> dict[str, str]:
    """What goes into the table; empty cells where a guard refused σ."""
    found = results.get(Conductivity)
    row = dict.fromkeys(COLUMNS, "") | {"seed": str(seed)}
    if found is None:
        return row | {"left_out": "; ".join(results.failures.values())[:200]}
    at = {float(t): v for t, v in zip(found.temperatures, found.values, strict=True)}
    every: dict[str, Estimate | None] = {
        "sigma_750K": at.get(AT),
        "activation_energy": found.activation_energy,
        "sigma_300K": found.extrapolated,
    }
    for name, value in every.items():
        if value is not None:
            low, high = value.interval(0.68)
            row |= {name: f"{value.value:.6g}", f"{name}_low": f"{low:.6g}", f"{name}_high": f"{high:.6g}"}
    return row | {"chi2": f"{found.chi2:.3g}", "left_out": str(len(found.warnings) + len(found.excluded))}


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows that are there."""
    if not path.exists():
        return []
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def write_rows(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """The whole table, replaced at once."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    fresh.replace(path)


def coverage(rows: list[dict[str, str]], name: str) -> str:
    """In how many repeats the interval covers the pooled value of the others."""
    had = [r for r in rows if r[name]]
    if len(had) < 3:
        return f"{name}: {len(had)} repeats have a value: too few"
    log = name.startswith("sigma")
    value, low, high = (np.array([float(r[name + part]) for r in had]) for part in ("", "_low", "_high"))
    pooled = [np.median(np.delete(value, i)) for i in range(len(had))]
    held = int(np.sum((low < pooled) & (pooled < high)))
    spread = np.std(np.log(value), ddof=1) if log else value.std(ddof=1)
    width = np.log(high / low) / 2 if log else (high - low) / 2
    unit = "of ln" if log else "eV"
    share = f"{100 * held / len(had):.0f} %; wanted 55 to 80"
    return (
        f"{name}: median {np.median(value):.3g}, scatter {spread:.3g} {unit}, half interval "
        f"{np.median(width):.3g}; {held} of {len(had)} intervals hold the pooled value ({share})"
    )


def main() -> None:
    asked = argparse.ArgumentParser(description="Repeats of a shortened study of Li9N2Cl3.")
    asked.add_argument("folder", type=Path, nargs="?", default=Path("sigma-repeats"))
    asked.add_argument("repeats", type=int, nargs="?", default=20)
    asked.add_argument("--cores", type=int, default=1)
    asked.add_argument("--summary", action="store_true")
    given = asked.parse_args()
    path = given.folder / CSV
    os.cpu_count = lambda: given.cores  # the pools of a study take as many processes as there are cores
    for seed in range(1, 0 if given.summary else given.repeats + 1):
        rows = read_rows(path)
        if any(r["seed"] == str(seed) for r in rows):
            continue
        rows.append(row_of(repeat(given.folder / f"seed-{seed}", seed), seed))
        write_rows(path, rows)
    for name in QUANTITIES:
        print(coverage(read_rows(path), name))


if __name__ == "__main__":
    main()
