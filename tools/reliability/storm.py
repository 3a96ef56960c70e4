# ruff: noqa: E501, T201, S311, S603 - a tool with tables of data, run by hand
"""A study killed at random moments, again and again, that ends as if nothing had happened.

    python tools/reliability/storm.py --kills 100

Each run of a short study (ordering, relaxations, dynamics, measured impedance, the report) is
ended after a random time by SIGKILL of its whole group, of the parent alone or of one worker (as the kernel does
out of memory), by SIGTERM or by Ctrl-C, until the study is complete; then the next study begins. Checked after
every kill: nothing of the run is left running, no temporary file and no half page is left, Ctrl-C and SIGTERM end
within two seconds with status 130 and 143 and one line that says how to go on, no traceback. Checked for every
completed study: every stored value and every trajectory is that of the undisturbed run, bit for bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STUDY = """
title: Storm
material: {crystal: li9n2cl3.cif, oxidation_states: {Li: 1, N: -3, Cl: -1}, mobile: Li}
ordering: {supercell: [2, 2, 2], decorations: 200, keep: {lowest: 2, random: 0, monte_carlo: 0}}
search: {walkers: 1, trials: 2, patience: 1}
relaxation: {force: 0.5 eV/angstrom}
dynamics: {temperatures: [700 K, 800 K], heating: 100 fs, settling: 100 fs, sampling: 20 fs, duration: 1000 fs,
  budget: 1000 fs, orderings: 1}
measured:
  impedance: {files: eis.csv, diameter: 10 mm, thickness: 0.9 mm}
published: published.yaml
"""
HOW = ("group", "parent", "worker", "terminate", "interrupt")
STATUS = {"terminate": 143, "interrupt": 130}
ANSWER_SECONDS = 2.0
GRACE = 60.0  # a machine may be busy with other things; what is slower than ANSWER_SECONDS is counted as slow


def make(folder: Path) -> Path:
    """The study's folder."""
    folder.mkdir(parents=True)
    for name in ("li9n2cl3.cif", "published.yaml"):
        shutil.copy(ROOT / "examples" / "li9n2cl3" / name, folder)
    (folder / "study.yaml").write_text(STUDY)
    rows = ["freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm"]
    for i in range(60):  # 1 kΩ beside 0.1 nF, before 10 kΩ/√(jω)-like rise
        w = 2 * 3.141592653589793 * 1e7 / 1.3**i
        z = 1 / (1 / 1000 + 1j * w * 1e-10) + 2000 / (1j * w) ** 0.5
        rows.append(f"{w / 6.283185307179586:.6g},{z.real:.6g},{-z.imag:.6g}")
    (folder / "eis.csv").write_text("\n".join(rows) + "\n")
    return folder


def start(folder: Path) -> subprocess.Popen[str]:
    """`electrolith run` in a session of its own."""
    code = "from electrolith.study.main import main; main()"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (folder.parent / f"{folder.name}.out").open("w") as out:
        return subprocess.Popen(
            [sys.executable, "-c", code, "run", str(folder)],
            stdout=out, stderr=subprocess.STDOUT, text=True, start_new_session=True, env=environment,
        )  # fmt: skip


def of_session(session: int) -> list[int]:
    """Living processes of a session, its leader first."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(path.name))
    return sorted(found, key=lambda p: p != session)


def kill(process: subprocess.Popen[str], how: str) -> float:
    """End the run; seconds until its leader was gone."""
    begun = time.monotonic()
    workers = of_session(process.pid)[1:]
    if how == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif how == "parent":
        os.kill(process.pid, signal.SIGKILL)
    elif how == "worker":
        for pid in workers[-1:]:
            os.kill(pid, signal.SIGKILL)
        return 0.0
    else:
        number = signal.SIGTERM if how == "terminate" else signal.SIGINT
        os.killpg(process.pid, number)  # terminals and batch systems signal the whole group
    process.wait(timeout=GRACE)
    return time.monotonic() - begun


def faults_after(folder: Path, process: subprocess.Popen[str], how: str, seconds: float) -> list[str]:
    """What the kill left that it should not."""
    found = []
    out = (folder.parent / f"{folder.name}.out").read_text(errors="replace")
    if "Traceback" in out:
        found.append("traceback")
    if how != "worker":
        time.sleep(1.0)
        if left := of_session(process.pid):
            found.append(f"{len(left)} processes left")
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        if how in STATUS:
            # A run that had ended already, or answered before its handler was set, has another status.
            if process.returncode != STATUS[how] and process.returncode not in (0, 1):
                found.append(f"status {process.returncode} instead of {STATUS[how]}")
            if process.returncode == STATUS[how] and "stopped; " not in out:
                found.append("no word on how to go on")
            if list(folder.rglob("*.tmp")):
                found.append("a temporary file left")
    page = folder / "report.html"
    if page.exists() and not page.read_text().endswith("</html>"):
        found.append("half a page")
    return found


def sweep_temporary(folder: Path) -> int:
    """Temporary files that SIGKILL left; they are counted, and nothing ever reads them."""
    left = list(folder.rglob("*.tmp"))
    for path in left:
        path.unlink()
    return len(left)


def content(folder: Path) -> dict[str, str]:
    """Every stored value and trajectory by name, without what tells of computing time."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("results/*/result")):
        with zipfile.ZipFile(path) as bundle:
            tree = _timeless(json.loads(bundle.read("result.json")))
            arrays = [bundle.read(n) for n in sorted(bundle.namelist()) if n.endswith(".npy")]
        found[path.parent.name] = _digest(json.dumps(tree).encode(), *arrays)
    for path in sorted(folder.glob("results/*/work/*/trajectory.xyz")):
        found["/".join(path.parts[-4:])] = _digest(path.read_bytes())
    return found


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in parts)).hexdigest()


def _timeless(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _timeless(v) for k, v in tree.items() if k != "seconds"}
    return [_timeless(v) for v in tree] if isinstance(tree, list) else tree


def main() -> None:
    """Storm until the number of kills is reached; print the table; exit 1 where anything was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument(
        "--longest", type=float, default=30.0, help="seconds of a run before its kill, at most"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("storm.json"))
    given = parser.parse_args()
    chance = random.Random(given.seed)
    kills: Counter[str] = Counter()
    faults: list[str] = []
    slow = temporary = studies = unequal = 0
    with tempfile.TemporaryDirectory(prefix="storm-") as place:
        calm = make(Path(place) / "calm")
        begun = time.monotonic()
        start(calm).wait()
        length = time.monotonic() - begun
        truth = content(calm)
        if not any("trajectory" in name for name in truth):
            sys.exit((calm.parent / "calm.out").read_text())
        print(f"undisturbed: {length:.0f} s, {len(truth)} stored values and trajectories", flush=True)
        while sum(kills.values()) < given.kills:
            folder = make(Path(place) / f"study{studies}")
            ended = False
            while not ended:
                process = start(folder)
                storming = sum(kills.values()) < given.kills
                try:
                    process.wait(timeout=chance.uniform(0.5, given.longest) if storming else None)
                    ended = process.returncode in (0, 1) and set(content(folder)) >= set(truth)
                    continue
                except subprocess.TimeoutExpired:
                    pass
                how = chance.choice(HOW)
                if how == "worker" and len(of_session(process.pid)) < 2:
                    how = "group"  # no worker is up just now
                took = kill(process, how)
                if how == "worker":
                    process.wait()
                    ended = process.returncode in (0, 1) and set(content(folder)) >= set(truth)
                kills[how] += 1
                slow += took > ANSWER_SECONDS
                found = faults_after(folder, process, how, took)
                temporary += sweep_temporary(folder)
                faults += [f"kill {sum(kills.values())} ({how}): {text}" for text in found]
                _write(given.out, kills, faults, slow, temporary, studies, unequal, length)
            studies += 1
            now = content(folder)
            wrong = [name for name in truth if now.get(name) != truth[name]]
            unequal += len(wrong)
            faults += [f"study {studies}: {name} differs from the undisturbed run" for name in wrong]
            _write(given.out, kills, faults, slow, temporary, studies, unequal, length)
            print(
                f"study {studies} complete after {sum(kills.values())} kills; {len(wrong)} differ", flush=True
            )
            shutil.rmtree(folder)
    print("kills: " + ", ".join(f"{how} {kills[how]}" for how in HOW))
    print(
        f"answers over {ANSWER_SECONDS:g} s: {slow}; temporary files after SIGKILL: {temporary}; studies: {studies}"
    )
    for text in faults:
        print(text)
    print(f"lost or doubled: {unequal}; other faults: {len(faults) - unequal}")
    sys.exit(1 if faults else 0)


def _write(out: Path, kills: Counter[str], faults: list[str], *numbers: float) -> None:
    names = ("slow", "temporary", "studies", "unequal", "seconds")
    found = {"kills": dict(kills), "faults": faults, **dict(zip(names, numbers, strict=True))}
    out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
