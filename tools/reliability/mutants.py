# ruff: noqa: E501, T201, S311, S603 - a tool run by hand
"""Would the tests notice a wrong line of physics? One change at a time, and the room's own tests that import it.

    python tools/reliability/mutants.py --most 400 --minutes 120

Signs, factors, powers, constants and comparisons of the physics files are changed in a copy of the package, each
alone; noticed is a change that makes a test fail (or the tests hang). The choice is drawn once from all there are
and the same on every machine; a run goes on where it stopped (`mutants.json`).
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "electrolith"
ROOMS = ("core", "crystal", "energy", "motion", "stability", "scattering", "lab", "cell")
NO_PHYSICS = (
    "read", "write", "files", "archive", "errors", "registry", "processes", "limits", "reading", "yaml_data", "safe_text",
    "delimited", "units", "format", "flat", "store", "checkpoint", "trajectory", "run", "results", "tables", "library",
    "labels", "workers", "labelling", "chgnet", "vasp", "cp2k", "espresso", "gpaw", "lammps", "pack", "build", "__init__",
)  # fmt: skip
SECONDS = 240.0  # for the tests of one change


@dataclass(frozen=True)
class Mutant:
    """One change: the text at a place of a file becomes another."""

    file: str
    line: int
    column: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """Its key in the record."""
        return f"{self.file}:{self.line}:{self.column} {self.old} -> {self.new}"


OPERATORS = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*")}
COMPARISONS = {ast.Lt: ("<", ">"), ast.Gt: (">", "<"), ast.LtE: ("<=", ">"), ast.GtE: (">=", "<")}


def _texts(tree: ast.AST) -> set[int]:
    """Nodes inside messages, annotations and docstrings: no physics."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        if isinstance(node, ast.JoinedStr | ast.Raise | ast.Subscript):
            inside = [node]
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            inside = [node.annotation]
        for top in inside:
            skipped |= {id(n) for n in ast.walk(top)}
    return skipped


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every change of a file."""
    text = path.read_text()
    lines = text.split("\n")
    tree = ast.parse(text)
    skipped = _texts(tree)
    name = path.relative_to(SOURCE).as_posix()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.end_lineno == node.lineno:
            old = lines[node.lineno - 1].encode()[node.col_offset : node.end_col_offset].decode()
            new = str(node.value + 1) if isinstance(node.value, int) else repr(node.value * 1.1 or 0.1)
            yield Mutant(name, node.lineno, node.col_offset, old, new)
        pairs = []
        if isinstance(node, ast.BinOp):
            pairs = [(node.left, node.op, node.right, OPERATORS)]
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            pairs = [(node.left, node.ops[0], node.comparators[0], COMPARISONS)]
        for left, operator, right, known in pairs:
            if type(operator) in known and left.end_lineno == right.lineno:
                old, new = known[type(operator)]
                between = lines[right.lineno - 1].encode()[left.end_col_offset : right.col_offset].decode()
                at = between.find(old)
                if at >= 0:
                    yield Mutant(name, right.lineno, left.end_col_offset + at, old, new)


def chosen(most: int, seed: int) -> list[Mutant]:
    """Changes drawn at random, as many from each room."""
    chance = random.Random(seed)
    rooms = []
    for room in ROOMS:
        files = [p for p in sorted((SOURCE / room).rglob("*.py")) if not p.stem.startswith(NO_PHYSICS)]
        every = [m for p in files for m in mutants_of(p)]
        rooms.append(chance.sample(every, min(len(every), -(-most // len(ROOMS)))))
    return [m for group in zip(*rooms, strict=False) for m in group][:most]


def tests_of(file: str) -> list[str]:
    """Test files of the room that import the changed module; all of the room's where none does."""
    room = file.split("/")[0]
    module = "electrolith." + file.removesuffix(".py").replace("/", ".")
    found = [p for p in sorted((ROOT / "tests" / room).rglob("test_*.py")) if module in p.read_text()]
    return [str(p) for p in found] or [str(ROOT / "tests" / room)]


def noticed(mutant: Mutant) -> str:
    """`noticed`, `survived`, or `hung` (noticed too: a test that does not end is seen)."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        package = Path(place) / "electrolith"
        shutil.copytree(SOURCE, package, ignore=shutil.ignore_patterns("__pycache__"))
        path = package / mutant.file
        lines = path.read_text().split("\n")
        raw = lines[mutant.line - 1].encode()
        start, old = mutant.column, mutant.old.encode()
        if raw[start : start + len(old)] != old:
            raise SystemExit(f"{mutant.name}: the file has changed; delete the record and begin again")
        lines[mutant.line - 1] = (raw[:start] + mutant.new.encode() + raw[start + len(old) :]).decode()
        path.write_text("\n".join(lines))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:randomly", "-p", "no:cacheprovider"]
        environment = {**os.environ, "PYTHONPATH": place, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                [*command, *tests_of(mutant.file)], cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return "hung"
        return "survived" if done.returncode == 0 else "noticed"


def main() -> None:
    """Try the changes that were not tried yet, and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, default=Path("mutants.json"))
    given = parser.parse_args()
    state = json.loads(given.state.read_text()) if given.state.exists() else {}
    until = time.monotonic() + 60 * given.minutes
    for mutant in chosen(given.most, given.seed):
        if mutant.name in state:
            continue
        if time.monotonic() > until:
            break
        state[mutant.name] = noticed(mutant)
        given.state.write_text(json.dumps(state, indent=1) + "\n")
        print(f"{state[mutant.name]:<9} {mutant.name}", flush=True)
    for room in ROOMS:
        here = [v for k, v in state.items() if k.startswith(room + "/")]
        print(f"{room:<12}{len(here):>5} tried{sum(v != 'survived' for v in here):>6} noticed")


if __name__ == "__main__":
    main()
