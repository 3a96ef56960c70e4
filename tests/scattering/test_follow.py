"""A series keeps its lattice through a transition, and says where it lost it."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.scattering.follow import Frames
from electrolith.scattering.measured_operando import OperandoSettings, _axis, _wanted
from electrolith.scattering.model import calculate, compile_model, parameters
from electrolith.scattering.operando import follow
from electrolith.scattering.phase import Site
from electrolith.scattering.phase_library import candidate
from electrolith.scattering.read_cif import phase_from_group
from electrolith.scattering.recipe import Recipe

X = 15 + 0.03 * np.arange(1800)
PLAIN = Recipe(positions=False, displacement="no")


@pytest.fixture(scope="module")
def ortho():
    """An orthorhombic perovskite whose a and c come together on heating."""
    sites = (
        Site("La", (0.49, 0.25, 0.005), (("La", 1.0),), 0.5),
        Site("Mn", (0.0, 0.0, 0.0), (("Mn", 1.0),), 0.4),
        Site("O1", (0.51, 0.25, 0.57), (("O", 1.0),), 0.7),
        Site("O2", (0.275, 0.035, 0.225), (("O", 1.0),), 0.7),
    )
    return phase_from_group("LMO", space_group="P n m a", cell=(5.72, 7.68, 5.53), sites=sites)


def _heated(steps):
    """Cells: a falls to meet c with the root of the distance to the transition, and then both are one."""
    t = np.linspace(0, 1, steps)
    split = 0.19 * np.sqrt(np.maximum(1 - t / 0.6, 0.0))
    mean = 5.57 + 0.02 * t
    return mean + split / 2, 7.70 + 0.02 * (t > 0.6), mean - split / 2


def _series(blank, phase, cells, rng, *, salt=None, skip=()):
    phases = (phase, salt) if salt else (phase,)
    histogram = blank(X, background=4, name="op")
    model = compile_model(phases, (histogram,))
    start = parameters(phases, (histogram,)) | {"op/background/0": 300.0, "op/scale/LMO": 0.002}
    rows = []
    for k, (a, b, c) in enumerate(zip(*cells, strict=True)):
        values = start | {"LMO/a": a, "LMO/b": b, "LMO/c": c}
        if k in skip:
            values |= {"op/scale/LMO": 0.0}
        rows.append(rng.poisson(calculate(model, values)[0].total).astype(float))
    y = np.array(rows)
    return y, histogram


def test_axes_that_merge_do_not_take_the_lattice_along(blank, rng, ortho):
    cells = _heated(20)
    cold = tuple(column[0] * 1.001 for column in cells)
    ortho = replace(ortho, cell=(*cold, 90.0, 90.0, 90.0))
    y, histogram = _series(blank, ortho, cells, rng)
    frames = Frames(X, y, np.sqrt(np.maximum(y, 1)), np.linspace(300, 900, 20), "K", "temperature")
    found = follow(frames, (ortho,), histogram, candidates=(candidate("LiCl"),), recipe=PLAIN)
    assert found.good.all()
    assert found.chi2.max() < 1.3
    a, b, c = (found.values[:, found.names.index(f"LMO/{n}")] for n in "abc")
    assert np.sort([a, c], axis=0) == pytest.approx(np.sort([cells[0], cells[2]], axis=0), abs=0.004)
    assert b == pytest.approx(cells[1], abs=0.004)
    assert not found.candidates[0].change.detected
    assert found.changes["LMO/b"].detected
    assert 600 < found.changes["LMO/b"].time < 720


def test_a_frame_without_the_sample_is_named_and_the_next_one_is_found_again(blank, rng, ortho):
    """Beam off, or the cell out of the beam, for two frames: no phase appears because of it."""
    cells = tuple(np.full(14, v) for v in (5.72, 7.68, 5.53))
    y, histogram = _series(blank, ortho, cells, rng, skip=(6, 7))
    frames = Frames(X, y, np.sqrt(np.maximum(y, 1)), np.arange(14.0))
    found = follow(frames, (ortho,), histogram, candidates=(candidate("LiCl"),), recipe=PLAIN)
    assert np.flatnonzero(~found.good).tolist() == [6, 7]
    assert any("2 of 14 frames are not described" in w and "7 (6 h), 8 (7 h)" in w for w in found.warnings)
    assert not found.candidates[0].change.detected
    assert np.isnan(found.candidates[0].fraction[6])
    assert found.values[8:, found.names.index("LMO/a")] == pytest.approx(5.72, abs=0.002)


def test_a_jump_of_the_cell_is_followed_in_both_directions(blank, rng, ortho):
    """One and a half per cent at once: neither neighbour leads there, the search does."""
    size = np.where(np.arange(12) < 6, 1.0, 1.015)
    cells = tuple(v * size for v in (5.72, 7.68, 5.53))
    y, histogram = _series(blank, ortho, cells, rng)
    frames = Frames(X, y, np.sqrt(np.maximum(y, 1)), np.arange(12.0))
    found = follow(frames, (ortho,), histogram, recipe=PLAIN)
    assert found.good.all()
    assert found.values[:, found.names.index("LMO/a")] == pytest.approx(cells[0], abs=0.003)


def test_an_axis_may_turn_back(blank, rng, ortho):
    """Heating and cooling: the change point is named at the value of the axis where it happened."""
    axis = np.concatenate([np.linspace(300, 500, 7), np.linspace(480, 320, 6)])
    size = np.where(np.arange(13) < 9, 1.0, 1.001)
    cells = tuple(v * size for v in (5.72, 7.68, 5.53))
    y, histogram = _series(blank, ortho, cells, rng)
    frames = Frames(X, y, np.sqrt(np.maximum(y, 1)), axis, "K", "temperature")
    found = follow(frames, (ortho,), histogram, recipe=PLAIN)
    assert found.changes["LMO/a"].time == pytest.approx(axis[9])


FILES = tuple(f"{k}.xy" for k in range(6))


def test_candidates_are_held_to_the_elements_that_are_there(antifluorite, ortho):
    from pathlib import Path

    settings = OperandoSettings(tuple(Path(f) for f in FILES), "Cu Ka")
    names = {p.name for p in _wanted(settings, (antifluorite,))[0]}
    assert names == {"Li3N", "LiCl", "Li"}
    air = {p.name for p in _wanted(replace(settings, gas="air"), (antifluorite,))[0]}
    assert air >= {"LiOH", "NH4Cl"}
    asked = replace(settings, candidates=("LiCl",))
    phases, words = _wanted(asked, (ortho,))
    assert phases == ()
    assert "LiCl was not tested: Cl, Li is in none of the phases" in words[0]


def test_a_column_of_a_table_stands_for_time(tmp_path):
    from pathlib import Path

    table = tmp_path / "log.csv"
    table.write_text("frame,temperature (K)\n" + "".join(f"{k},{300 + 10 * k}\n" for k in range(6)))
    settings = OperandoSettings(
        tuple(Path(f) for f in FILES), "Cu Ka", axis_file=table, axis_column="temperature (K)"
    )
    values, unit, name = _axis(settings)
    assert values.tolist() == [300, 310, 320, 330, 340, 350]
    assert (name, unit) == ("temperature", "K")
    with pytest.raises(InputError, match="did you mean 'temperature"):
        _axis(replace(settings, axis_column="temperature (C)"))
    table.write_text("temperature (K)\n300\n")
    with pytest.raises(DataError, match="1 rows for 6 patterns"):
        _axis(settings)
