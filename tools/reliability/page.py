# ruff: noqa: E501, T201, S603, S607 - a page of prose and tables, written by hand
"""Write docs/reliability.md from what `make fuzz`, `make storm` and `make mutants` found, with date and commit.

    python tools/reliability/page.py [--fuzz FILE] [--storm FILE] [--mutants FILE]

What was not run is said so; no figure is kept from an earlier page.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from electrolith.core.limits import CEILINGS

ROOT = Path(__file__).resolve().parents[2]
FAULTS = ("exception", "hang", "memory", "crash")
INTERVALS = (
    # what, test that holds it; the figure stands in the test
    ("σ(300 K) from dynamics", "tests/motion/test_conductivity.py", "test_interval_of_the_extrapolation_covers_as_often_as_it_says"),
    ("D of one run", "tests/motion/test_diffusivity.py", "test_stated_error_matches_the_scatter_of_200_random_walks"),
    ("conductance by polarisation", "tests/lab/polarisation/test_polarisation.py", "test_errors_of_the_conductance_are_honest"),
)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(str(c) for c in row) + " |" for row in rows)])


def _storm(found: dict[str, Any]) -> str:
    if not found:
        return "Not run for this page: `make storm`."
    kills = found["kills"]
    words = {
        "group": "SIGKILL of the whole group", "parent": "SIGKILL of the parent alone",
        "worker": "SIGKILL of one worker (as out of memory)", "terminate": "SIGTERM", "interrupt": "Ctrl-C",
    }  # fmt: skip
    rows = [(words[k], kills.get(k, 0)) for k in words]
    rows += [
        ("**all**", sum(kills.values())), ("studies brought to their end through them", found["studies"]),
        ("stored values or trajectories that differ from the undisturbed run", found["unequal"]),
        ("answers to SIGTERM and Ctrl-C over 2 s", found["slow"]), ("other faults (processes, half pages, tracebacks, status)", len(found["faults"]) - found["unequal"]),
    ]  # fmt: skip
    return _table(("", "count"), rows) + f"\n\nThe undisturbed study took {found['seconds']:.0f} s."


def _fuzz(found: dict[str, Any]) -> str:
    if not found:
        return "Not run for this page: `make fuzz`."
    columns = ("taken", "refused", "library", *FAULTS)
    rows = []
    for name, family in sorted(found.items()):
        counts = family["counts"]
        rows.append((name, f"{sum(counts.values()):,}", *(counts.get(c, 0) for c in columns)))
    total = [sum(f["counts"].get(c, 0) for f in found.values()) for c in columns]
    rows.append(("**all**", f"{sum(total):,}", *total))
    head = ("family", "inputs", "taken", "refused", "refused, with a library's words", "exception", "over 5 s", "over 1 GB", "crash")
    return _table(head, rows)


def _mutants(found: dict[str, str]) -> str:
    if not found:
        return "Not run for this page: `make mutants`."
    rooms = sorted({k.split("/")[0] for k in found})
    rows = []
    for room in rooms:
        here = [v for k, v in found.items() if k.startswith(room + "/")]
        rows.append((room, len(here), sum(v != "survived" for v in here)))
    noticed = sum(r[2] for r in rows)
    rows.append(("**all**", len(found), f"{noticed} ({100 * noticed / len(found):.0f} %)"))
    survivors = "\n".join(f"- `{k}`" for k, v in found.items() if v == "survived")
    return _table(("room", "changes", "noticed"), rows) + (f"\n\nNot noticed:\n\n{survivors}" if survivors else "")


def _stored() -> str:
    text = (ROOT / "tests/study/test_damage.py").read_text()
    flips, cuts = re.search(r"FLIPS, CUTS = (\d+), (\d+)", text).groups()  # type: ignore[union-attr]
    each = int(flips) + int(cuts) + 9
    return (
        f"Ten kinds of stored file, each damaged {each} times or more ({flips} flipped bits, {cuts} cuts, emptied, zeroed, doubled, "
        "reversed, odd contents, deleted, a folder in its place, exchanged with others): all noticed and computed again, or refused in a "
        "sentence where a folder stands in the way; never used, never a traceback. Every write of a run and its report is made to fail "
        "once (disk full, no permission, short write, interrupted): what was there stays whole, no temporary file is left, and the same "
        "command goes on to the same files. `pytest tests/study/test_damage.py tests/study/test_store.py`"
    )


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("fuzz", "fuzz-state.json"), ("storm", "storm.json"), ("mutants", "mutants.json")):
        parser.add_argument(f"--{name}", type=Path, default=Path(default))
    given = parser.parse_args()
    ceilings = _table(("what is counted", "most", "raised by"), [(c.of, f"{c.most:,.0f}", f"`{c.variable}`") for c in CEILINGS.values()])
    intervals = "\n".join(f"- {what}: `{test}::{name}`" for what, test, name in INTERVALS)
    page = f"""# How it was tried

Written by `make reliability` on {datetime.now(UTC):%d %B %Y} at commit {_git("rev-parse", "--short", "HEAD")}. Figures are those of the runs on
that machine; each command repeats them.

## Killed

A short study (ordering, search, relaxations, dynamics, measured impedance, report) is ended at random moments until it is complete.
`make storm`

{_storm(_read(given.storm))}

## Stored results damaged

{_stored()}

## Fed with damaged files

Bits, cuts, lines, columns, odd numbers, encodings, long lines, huge counts; inside zip, gzip and xz too. `make fuzz` goes on from where it
stopped; a short fixed run is part of the tests (`tests/test_fuzz.py`), as is every input that ever broke something. "Taken" is no fault:
a changed digit cannot be noticed.

{_fuzz(_read(given.fuzz))}

Every public reader passes one wrapper (`electrolith.core.reading.reader`; a test walks over all of them), so that what a library raises
becomes a sentence with the file and the library's words. No pickle, no `eval`, no shell; XML with entities is refused, archives are read
in memory within bounds, JSON names no module to import.

### Ceilings

{ceilings}

## Injected

Names with tags, scripts, formulas, mathematics, terminal escapes, turns of direction, reserved and endless names go through pages, figures,
CSV, workbooks and terminals in `tests/study/test_injection.py`; a browser draws the page where one is installed. Pages carry a content
security policy, run their own scripts only and fetch nothing.

## Wrong lines that the tests notice

Signs, factors, powers, constants and comparisons of the physics changed one at a time, with the room's own tests. `make mutants`

{_mutants(_read(given.mutants))}

## Intervals that cover as often as they say

{intervals}

## How a command ends

| status | meaning |
|---|---|
| 0 | done |
| 1 | done, but a stage failed or a stored result is damaged; the text says which |
| 2 | refused: a sentence says where, what came, what would be right |
| 3 | an error that nobody foresaw: a sentence, a log with the traceback (`--traceback` shows it) |
| 130, 143 | stopped by Ctrl-C, by SIGTERM; what is computed is kept, the same command goes on |

## Not tried

Network drives without locks, loss of power, Windows, macOS; `distil`, `label`, `certify` and `phases build` under kills; a soak of hours.
"""
    (ROOT / "docs" / "reliability.md").write_text(page)
    print(ROOT / "docs" / "reliability.md")


if __name__ == "__main__":
    main()
