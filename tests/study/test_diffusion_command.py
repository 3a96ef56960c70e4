"""`electrolith diffusion`: one run, several temperatures, and what it asks for."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.study.commands import app

EDGE = 30.0


def dump(path, *, rate, seed, steps=None, elements=True):
    """Ten lithium ions that hop by 3 Å among twenty rattling chlorine, 300 frames."""
    rng = np.random.default_rng(seed)
    hops = rng.random((300, 10)) < rate
    move = np.zeros((300, 10, 3))
    np.put_along_axis(
        move,
        rng.integers(3, size=(300, 10))[..., None],
        (3.0 * hops * rng.choice([-1, 1], (300, 10)))[..., None],
        2,
    )
    lithium = rng.random((10, 3)) * EDGE + np.cumsum(move, axis=0)
    chlorine = rng.random((20, 3)) * EDGE + rng.normal(scale=0.1, size=(300, 20, 3))
    text = ""
    for i, frame in enumerate(np.concatenate([lithium, chlorine], axis=1)):
        step = 100 * i if steps is None else steps[i]
        text += (
            f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n30\nITEM: BOX BOUNDS pp pp pp\n"
            + f"0 {EDGE}\n" * 3
        )
        text += f"ITEM: ATOMS id {'element' if elements else 'type'} xu yu zu\n"
        for k, (x, y, z) in enumerate(frame):
            kind = ("Li" if k < 10 else "Cl") if elements else (1 if k < 10 else 2)
            text += f"{k + 1} {kind} {x:.4f} {y:.4f} {z:.4f}\n"
    path.write_text(text)
    return str(path)


def run(*arguments):
    return CliRunner().invoke(app, ["diffusion", *arguments, "--mobile", "Li", "--hop", "3 angstrom"])


def test_files_named_by_temperature_give_one_line(tmp_path):
    files = [dump(tmp_path / f"{t}K.lammpstrj", rate=r, seed=t) for t, r in ((600, 0.06), (900, 0.2))]
    out = tmp_path / "o.json"
    found = run(*files, "--timestep", "2 fs", "--json", str(out))
    assert found.exit_code == 0, found.output
    data = json.loads(out.read_text())
    assert "activation energy" in found.output
    assert "one ordering only" in " ".join(found.output.split())
    assert "conductivity" in json.dumps(data)


def test_one_run_says_what_was_read_and_which_charge_was_taken(tmp_path):
    file = dump(tmp_path / "600K.lammpstrj", rate=0.1, seed=1)
    found = run(file, "--timestep", "2 fs")
    assert found.exit_code == 0, found.output
    words = " ".join(found.output.split())
    assert "Li of charge +1" in words
    assert "300 frames, 200 fs apart" in words
    assert "at 600 K" in words


@pytest.mark.parametrize(
    ("change", "options", "text"),
    [
        ({"elements": False}, ("--timestep", "2 fs"), "types 1 (10 atoms), 2 (20 atoms) and no elements"),
        ({}, (), "frames are 100 steps apart; give --timestep"),
        (
            {"steps": [50 * min(i, 100) + 200 * max(i - 100, 0) for i in range(300)]},
            ("--interval", "100 fs"),
            "frames are not equally far apart: 200 steps (199 times), 50 steps (100 times)",
        ),
    ],
)
def test_what_the_file_does_not_say_is_asked_for(tmp_path, change, options, text):
    found = run(dump(tmp_path / "600K.lammpstrj", rate=0.1, seed=1, **change), *options)
    assert found.exit_code != 0
    said = str(found.exception) if found.exception else found.output
    assert text in said or text in " ".join(found.output.split())


def test_ions_that_rest_end_in_reasons_and_not_in_a_number(tmp_path):
    files = [dump(tmp_path / f"{t}K.lammpstrj", rate=0.0, seed=t) for t in (300, 400)]
    found = run(*files, "--timestep", "2 fs")
    assert found.exit_code != 0
    assert "needs two temperatures that passed their guards" in str(found.exception) + found.output
