"""Does the 68 % interval of σ hold what another run gives? Repeats of the study of Li9N2Cl3.

`python benchmarks/sigma_repeats.py FOLDER --seeds 1 2 3 … [--cores N]` runs the example's search and dynamics
with these seeds (1 to 20 without any): other decorations, searches, velocities and draws of the potential.
Only the decorations of the published protocol are left out, which carry no weight. Each repeat is some 18
minutes of one quiet core (`--cores 1`); stopped at any moment the same command goes on, and a second process
on the same folder may take other seeds. A repeat is a row of FOLDER/sigma_repeats.csv as soon as it is there.

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
import yaml

from electrolith.core.estimate import Estimate
from electrolith.motion.conductivity import Conductivity
from electrolith.study.run import Listener, run_study
from electrolith.study.section import Results
from electrolith.study.study import read_study

EXAMPLE = Path(__file__).parents[1] / "examples" / "li9n2cl3"
STUDY = """\
title: A shortened study of Li9N2Cl3
material: {crystal: li9n2cl3.cif, oxidation_states: {Li: 1, N: -3, Cl: -1}, mobile: Li}
ordering: {supercell: [2, 2, 2], keep: {lowest: 4, random: 0, monte_carlo: 5}}
engine: li-n-cl
"""
AT = 700.0  # K
QUANTITIES = ("sigma_700K", "activation_energy", "sigma_300K")
CSV = "sigma_repeats.csv"
ROW = "row.csv"  # of one repeat, in its folder
COLUMNS = ("seed", *(f"{q}{part}" for q in QUANTITIES for part in ("", "_low", "_high")), "chi2", "left_out")


def repeat(folder: Path, seed: int) -> Results:
    """One study, or what is left of it."""
    folder.mkdir(parents=True, exist_ok=True)
    dynamics = yaml.safe_load((EXAMPLE / "study.yaml").read_text(encoding="utf-8"))["dynamics"]
    text = STUDY + yaml.safe_dump({"dynamics": dynamics})
    (folder / "study.yaml").write_text(text, encoding="utf-8")
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
        "sigma_700K": at.get(AT),
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
    asked = argparse.ArgumentParser(description="Repeats of the study of Li9N2Cl3.")
    asked.add_argument("folder", type=Path, nargs="?", default=Path("sigma-repeats"))
    asked.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 21)))
    asked.add_argument("--cores", type=int, default=1)
    asked.add_argument("--summary", action="store_true")
    given = asked.parse_args()
    path = given.folder / CSV
    os.cpu_count = lambda: given.cores  # the pools of a study take as many processes as there are cores
    for seed in () if given.summary else given.seeds:
        row = given.folder / f"seed-{seed}" / ROW
        if not row.exists():
            found = row_of(repeat(row.parent, seed), seed)
            write_rows(row, [found])
        every = [r for own in given.folder.glob(f"seed-*/{ROW}") for r in read_rows(own)]
        write_rows(path, sorted(every, key=lambda r: int(r["seed"])))
    for name in QUANTITIES:
        print(coverage(read_rows(path), name))


if __name__ == "__main__":
    main()
