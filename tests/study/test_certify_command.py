"""`electrolith certify`, and the certificate in the report."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.constants import CM2_PER_S
from electrolith.core.errors import DataError, InputError, NotConverged
from electrolith.crystal.frame import Frame
from electrolith.energy.certificate.certificate import load_certificate
from electrolith.energy.certificate.comparison import CommonCheck, Interval, Side
from electrolith.energy.certificate.domain import Domain
from electrolith.energy.certificate.radial import Radial
from electrolith.energy.labels.labels import Label, read_labels, write_labels
from electrolith.energy.pod.fit import fit_pod
from electrolith.energy.pod.lammps import li_n_cl
from electrolith.energy.pod.potential import PodSettings, load_potential, save_potential
from electrolith.motion.dynamics import Dynamics
from electrolith.study.commands import app
from electrolith.study.commands.certify import diffusivity, refitted
from electrolith.study.section import Results, Study
from electrolith.study.sections.certificate_parts import certificate_part
from electrolith.study.sections.engine import EngineAccount, parts
from electrolith.study.table import text_rows

SHAPE = PodSettings(
    elements=("Li", "Cl"), two_body=4, three_body=2, three_angular=1, four_body=0, four_angular=0
)
SETTINGS = """
materials: [{name: LiCl, structure: LiCl}]
certificate:
  {temperatures: [300 K], duration: 80 fs, hot_temperature: 400 K, hot_duration: 40 fs, heating: 20 fs,
   atoms: 8, drift_temperature: 300 K, drift_duration: 80 fs}
"""


def salt() -> Frame:
    grid = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return Frame(grid * 2.585, np.eye(3) * 5.17, np.where(grid.sum(axis=1) % 2, 17, 3))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> Path:
    """A small potential of LiCl with its labels and a settings file."""
    folder, rng, teacher = tmp_path_factory.mktemp("fitted"), np.random.default_rng(3), li_n_cl()
    labels = []
    for number in range(8):
        cell = np.eye(3) * (0.97 + 0.01 * number) + rng.normal(0, 0.01, (3, 3))
        frame = Frame(
            salt().positions @ cell + rng.normal(0, 0.08, (8, 3)), salt().cell @ cell, salt().numbers
        )
        out = teacher.evaluate(frame)
        labels.append(Label(frame, out.energy, out.forces, out.stress, "shipped", {"kind": "LiCl"}))
    write_labels(folder / "labels.xyz", tuple(labels))
    fit = fit_pod(read_labels(folder / "labels.xyz"), SHAPE, name="toy", folds=4)
    save_potential(replace(fit.potential, provenance={"labels": 8, "folds": 4}), folder / "toy")
    (folder / "certify.yaml").write_text(SETTINGS)
    return folder


def ask(folder: Path, *more: str):
    words = [
        "certify",
        folder / "toy",
        "--labels",
        folder / "labels.xyz",
        "--settings",
        folder / "certify.yaml",
    ]
    return CliRunner().invoke(app, [*map(str, words), *more])


def test_a_potential_is_measured_and_its_certificate_lies_beside_it(fitted):
    answer = ask(fitted, "--json", str(fitted / "out.json"))
    assert answer.exit_code == 0, answer.output
    found = load_certificate(load_potential(fitted / "toy"), fitted / "toy")
    assert found is not None
    assert [t.failure for t in found.trials] == ["", ""]
    assert found.trials[1].hot
    assert found.domain is not None
    assert found.domain.elements == ("Cl", "Li")
    assert found.held_out[0].labels == 8
    data = json.loads((fitted / "out.json").read_text())["data"]
    assert data["trusted"] is False
    assert {"piece": "energy-volume curves", "reason": "no teacher was given"} in data["unmeasured"]
    assert "no teacher was given" in answer.output
    again = ask(fitted, "--hours", "0")  # everything is there: no time is needed
    assert again.exit_code == 0, again.output
    assert load_certificate(load_potential(fitted / "toy"), fitted / "toy") == found


def test_labels_that_are_not_its_own_are_refused(fitted):
    potential, labels = load_potential(fitted / "toy"), read_labels(fitted / "labels.xyz")
    with pytest.raises(DataError, match=r"L\.xyz: 7 labels .* fitted to 8 with"):
        refitted(potential, labels[1:], folds=4, labels_from="L.xyz")
    bent = replace(potential, coefficients=potential.coefficients * 1.01)
    with pytest.raises(DataError, match=r"relative difference 0\.01.* Fit it again"):
        refitted(bent, labels, folds=4, labels_from="L.xyz")
    fit = refitted(potential, labels, folds=9, labels_from="L.xyz")
    assert fit.potential is potential
    assert len(fit.committee) == 4  # as it was fitted


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--teacher", "chgnett"), "did you mean 'chgnet'"),
        (("--settings", "nowhere.yaml"), "nowhere.yaml: no such file"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_fitted(fitted, words, text):
    answer = ask(fitted, *words)
    assert isinstance(answer.exception, InputError)
    assert text in str(answer.exception)


def test_a_settings_file_without_materials_and_a_shipped_name_are_refused(fitted, tmp_path):
    (tmp_path / "empty.yaml").write_text("materials: []")
    answer = ask(fitted, "--settings", str(tmp_path / "empty.yaml"))
    assert "no material to measure on" in str(answer.exception)
    answer = CliRunner().invoke(
        app, ["certify", "li-n-cl", "--labels", "x", "--settings", str(fitted / "certify.yaml")]
    )
    assert "no such folder" in str(answer.exception)


def test_diffusivity_of_a_random_walk_is_found_within_its_own_doubt():
    rng = np.random.default_rng(8)
    frame = Frame(
        np.vstack([salt().positions + 10.34 * i * np.eye(3)[0] for i in range(2)]),
        np.diag([20.68, 5.17, 5.17]),
        np.tile(salt().numbers, 2),
    )
    moving = frame.numbers == 3
    step = 0.25
    steps = rng.normal(0, step, (1200, 16, 3)) * moving[:, None]
    path = frame.positions + np.cumsum(steps, axis=0)
    found = diffusivity(path, frame, mobile="Li", interval=40.0, temperature=700.0)
    truth = step**2 / (2 * 40.0) * CM2_PER_S
    assert abs(found.value - truth) < 3 * found.std < truth
    with pytest.raises(NotConverged, match="moved too little"):
        diffusivity(path[:, ::-1][:50], frame, mobile="Cl", interval=40.0, temperature=700.0)


def shipped():
    found = load_certificate(load_potential("li-n-cl"))
    assert found is not None
    radial = (Radial("Li-N", 1.0, (1.0, 1.5, 2.0), (0.0, 2.0)),)
    side = Side(9e3, 700.0, 0.3, Interval(1e-5, 0.5e-5, 2e-5), 0.3, "", radial, "")
    lost = replace(side, diffusivity=None, reason="ions moved too little")
    checks = (
        CommonCheck("Li9N2Cl3", 700.0, 84, side, side, Interval(1.0, 0.4, 2.5), 0.05, 0.02),
        CommonCheck("Li9N2Cl3", 600.0, 84, side, lost, None, 0.05, 0.02),
    )
    return replace(found, teacher="chgnet", common=checks)


def test_the_report_shows_promises_runs_and_figures():
    part = certificate_part("li-n-cl", "f", shipped())
    assert [f.name for f in part.figures] == ["certificate_diffusivity", "certificate_radial"]
    promises = {row[0]: row for row in text_rows(part.tables[0])}
    assert promises["bulk modulus against the teacher"][1:4] == ("–", "10 %", "not measured")
    assert promises["D against the teacher, factor"][3] == "not measured well enough"
    common = next(t for t in part.tables if "same runs" in t.caption)
    assert common.rows[1][4] == "ions moved too little"
    assert any(w.startswith("Not measured for the potential li-n-cl") for w in part.warnings)
    assert "not measured or not well enough" in part.sentence


def test_a_study_beyond_the_labels_is_warned():
    certificate = replace(shipped(), domain=Domain(("Cl", "Li", "N"), (-0.01, 0.02), (0.0, 650.0)))
    account = EngineAccount("li-n-cl", "f", certificate)
    for hottest, expected in ((600.0, 0), (700.0, 1)):
        study = Study("", Path(), {Dynamics: Dynamics(temperatures=(500.0, hottest))}, ())
        (part,) = parts(Results(study, {EngineAccount: account}))
        said = [w for w in part.warnings if w.startswith("Outside the certificate of li-n-cl")]
        assert len(said) == expected
        assert all("700 K lies above the hottest run among the labels, 650 K" in w for w in said)
