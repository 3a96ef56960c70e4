import time
from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.archive import load
from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.long_run import LongRunSettings, long_run
from electrolith.energy.pod.potential import load_potential

SHORT = LongRunSettings(duration=400.0, heating=100.0, chunk=100.0)


@pytest.fixture
def rock_salt() -> Frame:
    """Sixteen atoms of LiCl in a turned, skewed cell."""
    grid = np.array([[i, j, k] for i in range(4) for j in range(2) for k in range(2)])
    numbers = np.where(grid.sum(axis=1) % 2 == 0, 3, 17)
    turn = np.linalg.qr(np.array([[1.0, 0.3, -0.5], [0.2, 0.9, 0.4], [0.6, -0.1, 0.8]]))[0]
    turn *= np.sign(np.linalg.det(turn))
    cell = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1]]) @ np.diag([10.32, 5.16, 5.16])
    return Frame(grid * 2.58 @ turn.T, cell @ turn.T, numbers)


def run(frame, path, **changes):
    settings = changes.pop("settings", SHORT)
    potential = changes.pop("potential", load_potential("li-n-cl"))
    temperature = changes.pop("temperature", 400.0)
    return long_run(
        potential, frame, temperature=temperature, material="LiCl", path=path, settings=settings, **changes
    )


def test_a_cold_crystal_keeps_its_framework(rock_salt, tmp_path):
    seen = []
    found = run(rock_salt, tmp_path / "run", progress=seen.append)
    assert found.is_complete
    assert (found.duration, found.failure, found.melted) == (400.0, "", False)
    assert (found.moved, found.framework) == (0, 8)
    assert 0 < found.framework_msd < 0.5
    assert seen == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_a_stopped_run_goes_on_with_its_own_velocities(rock_salt, tmp_path):
    """After a stop the thermostat begins anew; within ten steps that is not seen in the positions."""
    short = replace(SHORT, duration=40.0, chunk=20.0)
    run(rock_salt, tmp_path / "whole", settings=short)
    moments = iter((0.0,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: next(moments, 1e9))
        first = run(rock_salt, tmp_path / "part", settings=short, deadline=1.0)
    assert first.duration == 20.0
    assert not first.is_complete
    rest = run(rock_salt, tmp_path / "part", settings=short)
    assert rest.is_complete
    one, other = load(tmp_path / "whole"), load(tmp_path / "part")
    assert np.abs(one.positions - other.positions).max() < 0.01
    assert np.abs(one.positions - rock_salt.positions).max() > 0.1


def test_a_finished_run_is_not_run_again(rock_salt, tmp_path):
    first = run(rock_salt, tmp_path / "run")
    before = (tmp_path / "run").read_bytes()
    assert run(rock_salt, tmp_path / "run") == first
    assert (tmp_path / "run").read_bytes() == before


def test_a_potential_without_sense_loses_its_atoms_and_the_run_says_so(rock_salt, tmp_path):
    potential = load_potential("li-n-cl")
    upside_down = replace(potential, coefficients=-3 * potential.coefficients)
    settings = replace(SHORT, duration=4000.0, chunk=500.0)
    found = run(rock_salt, tmp_path / "run", potential=upside_down, temperature=2000.0, settings=settings)
    assert "atoms lost or energy not finite" in found.failure or found.melted
    assert found.is_complete


def test_lost_atoms_are_a_failure_that_stands_in_the_archive(rock_salt, tmp_path, monkeypatch):
    from electrolith.core.errors import ElectrolithError
    from electrolith.energy.pod.lammps import Session

    command = Session.command

    def lose(self, text):
        if text == "run 50" and (tmp_path / "run").exists():
            raise ElectrolithError("LAMMPS refused 'run 50': ERROR: Lost atoms: original 16 current 15")
        command(self, text)

    monkeypatch.setattr(Session, "command", lose)
    found = run(rock_salt, tmp_path / "run", settings=replace(SHORT, heating=20.0))
    assert "Lost atoms: original 16 current 15" in found.failure
    assert found.duration == 100.0
    assert found.is_complete
    monkeypatch.undo()
    assert run(rock_salt, tmp_path / "run", settings=replace(SHORT, heating=20.0)) == found


def test_a_framework_that_leaves_its_sites_is_molten_and_no_failure(rock_salt, tmp_path, monkeypatch):
    """Six of eight anions end 2 Å away, in all directions; the cations are where they were."""
    from electrolith.energy.pod.lammps import Session

    away = np.zeros((16, 3))
    chlorine = np.flatnonzero(rock_salt.numbers == 17)[:6]
    away[chlorine] = 2 * np.vstack([np.eye(3), -np.eye(3)])
    monkeypatch.setattr(Session, "unwrapped", lambda self: rock_salt.positions + away)
    found = run(rock_salt, tmp_path / "run")
    assert found.melted
    assert (found.moved, found.failure, found.duration) == (6, "", 400.0)
    assert found.framework_msd == pytest.approx(6 * 4 / 8)
    assert found.mobile_msd == pytest.approx(0)


def test_impossible_runs_are_refused(rock_salt, tmp_path):
    with pytest.raises(InputError, match="above 0 K"):
        run(rock_salt, tmp_path / "run", temperature=0.0)
    with pytest.raises(InputError, match="chunk must be above 0"):
        LongRunSettings(chunk=0.0)
