import time

import numpy as np
import pytest

from electrolith.core.archive import load
from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.common_runs import CommonRunSettings, common_run
from electrolith.energy.engine import Evaluation

STIFFNESS = 2.0  # eV/Å²
SHORT = CommonRunSettings(duration=800.0, settling=200.0, sampling=20.0)


class Springs:
    """Every atom on a spring to its site; counts its calls."""

    name = "springs"

    def __init__(self, frame: Frame) -> None:
        self.sites, self.calls = frame.positions, 0

    def evaluate(self, frame: Frame) -> Evaluation:
        self.calls += 1
        away = frame.positions - self.sites
        return Evaluation(float(STIFFNESS / 2 * np.sum(away**2)), -STIFFNESS * away, None)


def test_temperature_and_its_fluctuation_are_canonical(li_n_cl_cell, tmp_path):
    settings = CommonRunSettings(duration=30_000.0, settling=1_000.0, sampling=20.0, period=20.0)
    run = common_run(
        Springs(li_n_cl_cell),
        li_n_cl_cell,
        temperature=500,
        settings=settings,
        path=tmp_path / "run",
        deadline=1e99,
    )
    heat = run.temperatures[50:]
    freedom = 3 * 7
    error = np.sqrt(2 / freedom / (len(heat) / 3))  # about three kept frames per independent one
    assert heat.mean() / 500 == pytest.approx(1, abs=4 * error)
    assert np.var(heat / 500) == pytest.approx(2 / freedom, rel=0.25)
    away = run.settled(1000.0) - li_n_cl_cell.positions
    away -= away.mean(axis=1, keepdims=True)
    square = np.mean(np.sum(away**2, axis=2))
    assert square == pytest.approx(3 * BOLTZMANN * 500 / STIFFNESS * 7 / 8, rel=0.15)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(li_n_cl_cell, tmp_path):
    def run(path, deadline):
        return common_run(
            Springs(li_n_cl_cell), li_n_cl_cell, temperature=300, settings=SHORT, path=path, deadline=deadline
        )

    whole = run(tmp_path / "whole", np.inf)
    part = run(tmp_path / "part", time.monotonic() + 0.01)
    assert 0 <= part.steps < SHORT.steps
    assert load(tmp_path / "part").steps == part.steps
    rest = run(tmp_path / "part", np.inf)
    assert rest.steps == whole.steps == SHORT.steps
    assert np.array_equal(rest.path, whole.path)
    assert run(tmp_path / "part", 0.0).steps == SHORT.steps  # stored: no time is needed


def test_a_finished_run_asks_the_engine_nothing(li_n_cl_cell, tmp_path):
    engine = Springs(li_n_cl_cell)
    for _ in range(2):
        common_run(engine, li_n_cl_cell, temperature=300, settings=SHORT, path=tmp_path / "run")
    assert engine.calls == SHORT.steps + 1


def test_two_engines_begin_with_one_set_of_velocities(li_n_cl_cell, tmp_path):
    settings = CommonRunSettings(duration=300.0, settling=0.0, sampling=20.0)
    runs = [
        common_run(Springs(li_n_cl_cell), li_n_cl_cell, temperature=t, settings=settings, path=tmp_path / n)
        for n, t in (("a", 300), ("b", 300), ("c", 600))
    ]
    assert np.array_equal(runs[0].path, runs[1].path)
    assert not np.array_equal(runs[0].path, runs[2].path)


def test_forces_that_fail_or_blow_up_end_the_run_with_a_reason(li_n_cl_cell, tmp_path):
    class Fails(Springs):
        def evaluate(self, frame):
            if self.calls > 30:
                raise ElectrolithError("no convergence on frame 31")
            return super().evaluate(frame)

    class Repels(Springs):
        def evaluate(self, frame):
            out = super().evaluate(frame)
            return Evaluation(out.energy, -50 * out.forces, None)

    class Nothing(Springs):
        def evaluate(self, frame):
            return Evaluation(0.0, np.full((8, 3), np.nan), None)

    reasons = {}
    for kind in (Fails, Repels, Nothing):
        run = common_run(
            kind(li_n_cl_cell), li_n_cl_cell, temperature=300, settings=SHORT, path=tmp_path / kind.__name__
        )
        reasons[kind.__name__] = run.failure
        assert run.steps < SHORT.steps
        assert np.all(np.isfinite(run.path))
    assert reasons["Fails"] == "no convergence on frame 31"
    assert "rose to" in reasons["Repels"]
    assert "not finite" in reasons["Nothing"]


def test_impossible_runs_are_refused(li_n_cl_cell, tmp_path):
    with pytest.raises(InputError, match="leave nothing after"):
        CommonRunSettings(duration=1000.0, settling=1000.0)
    with pytest.raises(InputError, match="above 0 fs"):
        CommonRunSettings(timestep=0.0)
    with pytest.raises(InputError, match="above 0 K"):
        common_run(Springs(li_n_cl_cell), li_n_cl_cell, temperature=0, settings=SHORT, path=tmp_path / "run")
