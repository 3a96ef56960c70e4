"""The report of dynamics on made runs: every table is there, and says what the numbers say."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate
from electrolith.crystal.order import Ordering
from electrolith.motion.conductivity import conductivity
from electrolith.motion.diffusivities import diffusivities
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import hops_guard
from electrolith.motion.results import Trajectories
from electrolith.study.section import Evidence, Results, StageRun, Study
from electrolith.study.sections.dynamics_parts import _bounds, _shape_table, _verdict_table, evidence
from electrolith.study.sections.engine import EngineChoice
from electrolith.study.sections.material import Material
from electrolith.study.sections.reference_run import REFERENCE, read_reference
from electrolith.study.sections.transport_table import comparison
from electrolith.study.store import with_contents
from electrolith.study.study import read_study
from electrolith.study.table import text_rows

spec = importlib.util.spec_from_file_location("motion_toys", Path(__file__).parents[1] / "motion" / "toys.py")
toys = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toys)

DOI = "10.1126/sciadv.adh4626"
PUBLISHED = (
    Evidence(
        "conductivity_300K", "", Estimate.unknown_doubt(6.0e-5, "S/cm"), "computed", DOI, True, "AIMD, PBE"
    ),
    Evidence("activation_energy", "", Estimate.unknown_doubt(0.41, "eV"), "computed", DOI, True, "AIMD"),
    Evidence(
        "nmr_activation_energy", "", Estimate.unknown_doubt(0.13, "eV"), "measured", DOI, True, "7Li T1"
    ),
)


def run_of(rng, *, temperature, rate, guards=None, ordering=0):
    frames, ions = 500, 40
    hops = rng.random((frames, ions)) < rate
    steps = np.zeros((frames, ions, 3))
    sign = rng.choice([-1.0, 1.0], size=(frames, ions)) * hops
    np.put_along_axis(steps, rng.integers(3, size=(frames, ions))[..., None], sign[..., None], axis=2)
    path = np.cumsum(steps, axis=0)
    return toys.run_of(path, temperature=temperature, volume=1000.0, ordering=ordering, guards=guards)


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(3)
    rates = {500.0: 0.02, 600.0: 0.03, 700.0: 0.05}
    runs = [run_of(rng, temperature=t, rate=r, ordering=o) for t, r in rates.items() for o in range(2)]
    runs.append(run_of(rng, temperature=500.0, rate=0.01, ordering=2, guards=(hops_guard(16.0),)))
    every = Trajectories(tuple(runs), Dynamics(temperatures=tuple(rates)), "toy", "Li", 1.0, 1.0)
    return conductivity(diffusivities(every), rng=rng), every


def results(folder, found):
    study = Study("Toy", folder / "study.yaml", {}, (), PUBLISHED)
    line, every = found
    return Results(study, {type(line): line, Trajectories: every})


def test_this_run_stands_beside_each_published_method_with_the_difference(tmp_path, found):
    (part,) = comparison(results(tmp_path, found))
    rows = {row[0]: row for row in text_rows(part.tables[0])}
    assert list(rows) == ["this run", "published: AIMD", "published: 7Li T1"]
    line = found[0]
    assert float(rows["published: AIMD"][3]) == pytest.approx(6.0e-5 / line.extrapolated.value, rel=0.06)
    assert float(rows["published: AIMD"][4]) == pytest.approx(0.41 - line.activation_energy.value, abs=0.001)
    assert rows["published: 7Li T1"][1] == "–"
    causes = dict(part.tables[1].rows)
    assert "verdicts on runs near a guard's limit" in causes
    assert causes["grain boundaries"].startswith("not in a perfect crystal")


def test_a_reference_run_beside_the_study_is_a_row_and_a_damaged_one_is_refused(tmp_path, found):
    rows = [
        {
            "quantity": "conductivity_300K",
            "kind": "computed",
            "published": False,
            "value": 1e-4,
            "unit": "S/cm",
        },
        {"quantity": "activation_energy", "kind": "computed", "published": False, "value": 0.38, "unit": "eV"}
        | {"interval_68": [0.36, 0.40]},
        {"quantity": "activation_energy", "kind": "computed", "published": True, "value": 0.1, "unit": "eV"},
    ]
    (tmp_path / REFERENCE).write_text(json.dumps({"evidence": rows}))
    (part,) = comparison(results(tmp_path, found))
    row = {r[0]: r for r in text_rows(part.tables[0])}["reference run"]
    assert row[1].startswith("1e-4") or row[1].startswith("1e-04") or "0.0001" in row[1]
    assert "0.36" in row[2]
    assert float(row[4]) == pytest.approx(0.38 - found[0].activation_energy.value, abs=0.001)
    (tmp_path / REFERENCE).write_text("[]")
    with pytest.raises(DataError, match="no results of a study"):
        read_reference(tmp_path / REFERENCE)


def test_the_headline_takes_a_reference_run_of_the_same_crystal_potential_and_supercell_only(tmp_path, found):
    def stages(potential):
        return {
            "crystal": {"key": "c1"},
            "engine_account": {"key": potential},
            "orderings": {"key": "o", "settings": {"ordering": {"supercell": [2, 2, 2]}}},
            "trajectories": {
                "key": "t",
                "settings": {"dynamics": {"temperatures": [450.0, 900.0], "orderings": 3}},
            },
        }

    row = {"quantity": "conductivity_300K", "kind": "computed", "published": False, "unit": "S/cm"}
    row |= {"value": 1e-4, "interval_68": [5e-5, 2e-4]}
    written = {"evidence": [row], "stages": [{"stage": k, **v} for k, v in stages("p1").items()]}
    (tmp_path / REFERENCE).write_text(json.dumps(written))
    for potential in ("p1", "p2"):
        runs = tuple(
            StageRun(name, s["key"], 1.0, False, {"settings": s.get("settings", {})})
            for name, s in stages(potential).items()
        )
        here = replace(results(tmp_path, found), runs=runs)
        rows = [e for e in evidence(here) if e.quantity == "conductivity_300K"]
        (part,) = comparison(here)
        source = {r[0]: r for r in part.tables[0].rows}["reference run"][5]
        if potential == "p1":
            assert [e.label for e in rows] == ["σ(300 K)", "σ(300 K), this run"]
            assert rows[0].note == "reference run: 2 temperatures, 450 to 900 K, 3 orderings"
            low, high = rows[0].value.interval(0.68)
            assert (low, high) == (pytest.approx(5e-5, rel=0.05), pytest.approx(2e-4, rel=0.05))
            assert source == REFERENCE
        else:
            assert [e.label for e in rows] == ["σ(300 K)"]
            assert source == "reference.json; another potential, so it is not in the headline"


def test_laws_and_verdicts_are_told_with_their_numbers(found):
    line, _ = found
    shapes = _shape_table(line)
    assert shapes.rows[0][0] == "Arrhenius"
    assert text_rows(shapes)[0][3] == "100 %"  # three temperatures allow no curve
    verdicts = _verdict_table(line)
    assert [row[0] for row in verdicts.rows] == [
        "as judged",
        "with the runs that narrowly missed a guard",
        "without the runs that were too slow for more than a bound",
    ]


def test_what_is_out_of_reach_gets_a_bound_and_what_is_not_gets_none(found):
    line, every = found
    wide = replace(line, extrapolated=Estimate(np.geomspace(1e-9, 1e-3, 2000), "S/cm"))
    (bound,) = [t for t in _bounds(wide, every) if "not within reach" in t]
    assert "below 5e-4 S/cm (95 %)" in bound
    sure = replace(line, extrapolated=Estimate(np.geomspace(1e-4, 2e-4, 2000), "S/cm"))
    assert not [t for t in _bounds(sure, every) if "not within reach" in t]


def test_the_shipped_reference_run_is_of_the_same_crystal_potential_and_supercell_as_the_example():
    example = Path(__file__).parents[2] / "examples" / "li9n2cl3"
    short, long = read_study(example), read_study(example / "reference")
    for kind in (Material, EngineChoice):
        assert with_contents(short.get(kind)) == with_contents(long.get(kind))
    assert short.get(Ordering).supercell == long.get(Ordering).supercell
    dynamics = long.get(Dynamics)
    assert len(dynamics.temperatures) == 6
    assert all(dynamics.duration * dynamics.longer(t) > 499_999 for t in dynamics.temperatures)
