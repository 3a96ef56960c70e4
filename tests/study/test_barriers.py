"""Barriers in the study: labelled paths against the engine, and the stand-alone command."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import DataError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation
from electrolith.energy.labels.labels import Label, append_label, read_labels
from electrolith.study.commands import app
from electrolith.study.sections import barriers as section
from electrolith.study.sections.barriers import Barriers, barrier_checks
from electrolith.study.sections.engine import EngineChoice
from electrolith.study.table import text_rows
from electrolith.study.wiring import Progress

CELL = np.array([[6.0, 0.0, 0.0], [1.5, 6.2, 0.0], [-1.0, 0.8, 6.4]])
HOST = np.array([[0.25, 0.5, 0.1], [0.75, 0.4, 0.9]])
NUMBERS = np.array([3, 17, 7])
QUIET = Progress(lambda done, text: None)


def at(u):
    return Frame(np.array([[u, 0.0, 0.0], *HOST]) @ CELL, CELL, NUMBERS)


class Cosine:
    """One lithium with minima at 0 and 1/2 of the first lattice vector, two atoms on springs."""

    def __init__(self, height, name="cosine"):
        self.height, self.name = height, name

    def evaluate(self, frame):
        u = frame.fractional
        off = u - np.vstack([[u[0, 0], 0, 0], HOST])
        off -= np.round(off)
        phase = 4 * np.pi * u[0, 0]
        slope = 50.0 * off
        slope[0, 0] = self.height / 2 * 4 * np.pi * np.sin(phase)
        energy = self.height / 2 * (1 - np.cos(phase)) + 25.0 * np.sum(off**2)
        return Evaluation(float(energy), -slope @ np.linalg.inv(frame.cell).T, None)


def write(path, name="a", height=0.5, points=("start", "saddle", "end")):
    places = {"start": 0.0, "saddle": 0.25, "end": 0.5}
    for point in points:
        out = Cosine(height).evaluate(at(places[point]))
        label = Label(
            at(places[point]), out.energy, out.forces, None, "dft-x", {"origin": f"barrier {name} {point}"}
        )
        append_label(path, label)


@pytest.fixture
def opened(monkeypatch):
    """The study's engine is half as high as the reference."""
    monkeypatch.setattr(section, "open_engine", lambda choice: Cosine(0.25, name="half"))


class Found:
    def __init__(self, value):
        self.value = value

    def get(self, kind):
        return self.value


def test_engine_is_judged_at_the_frames_of_the_labels(tmp_path, opened):
    file = tmp_path / "points.xyz"
    write(file)
    found = barrier_checks(Barriers(file), EngineChoice(), QUIET)
    (jump,) = found.jumps
    assert (jump.forward, jump.backward) == pytest.approx((0.5, 0.5))
    assert (jump.engine_forward, jump.engine_backward) == pytest.approx((0.25, 0.25))
    assert jump.way == pytest.approx(3.0)  # half of 6 Å
    assert jump.ion == "Li"
    assert found.mean_difference == pytest.approx(-0.25)
    assert found.mean_error == pytest.approx(0.25)
    (part,) = section.parts(Found(found))
    assert "differ by 250 meV on average" in part.sentence
    assert text_rows(part.tables[0])[0][5:11] == ("250", "500", "500", "250", "500", "500")
    assert section.parts(Found(None)) == ()


def test_reference_is_judged_at_its_own_minima_and_saddle(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "open_engine", lambda choice: Cosine(0.5))
    file = tmp_path / "points.xyz"
    for point, u in (("start", 0.012), ("saddle", 0.24), ("end", 0.488)):  # near them, as on a foreign path
        out = Cosine(0.5).evaluate(at(u))
        append_label(
            file, Label(at(u), out.energy, out.forces, None, "dft-x", {"origin": f"barrier a {point}"})
        )
    (jump,) = barrier_checks(Barriers(file), EngineChoice(), QUIET).jumps
    by_hand = 0.25 * (np.cos(4 * np.pi * 0.012) - np.cos(4 * np.pi * 0.24))  # 0.4952 eV
    assert jump.forward == pytest.approx(by_hand, abs=1e-6)
    assert jump.settled_forward == pytest.approx(0.5, abs=1e-4)
    assert jump.settled_backward == pytest.approx(0.5, abs=1e-4)


def test_curvature_that_is_none_of_a_saddle_settles_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "open_engine", lambda choice: Cosine(-0.25))  # maxima where minima should be
    file = tmp_path / "points.xyz"
    write(file)
    found = barrier_checks(Barriers(file), EngineChoice(), QUIET)
    assert np.isnan(found.jumps[0].settled_forward)
    (part,) = section.parts(Found(found))
    assert text_rows(part.tables[0])[0][6:8] == ("500", "–")


def test_what_surrounds_the_ion_is_counted_across_the_faces():
    frame = Frame(np.array([[0.05, 0.0, 0.0], [-0.3, 0.0, 0.0], [0.4, 0.0, 0.0]]) @ CELL, CELL, NUMBERS)
    assert section._around(frame, 0) == "NCl"
    alone = Frame(np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.0]]) @ CELL, CELL, NUMBERS)
    assert section._around(alone, 0) == "–"


def test_path_with_one_end_has_one_barrier_and_one_without_a_saddle_none(tmp_path, opened):
    file = tmp_path / "points.xyz"
    write(file, points=("start", "saddle"))
    found = barrier_checks(Barriers(file), EngineChoice(), QUIET)
    assert found.jumps[0].forward == pytest.approx(0.5)
    assert np.isnan(found.jumps[0].backward)
    assert found.mean_error == pytest.approx(0.25)
    (part,) = section.parts(Found(found))
    assert text_rows(part.tables[0])[0][5:11] == ("250", "500", "500", "–", "–", "–")
    ends = tmp_path / "ends.xyz"
    write(ends, points=("start", "end"))
    with pytest.raises(DataError, match="no path has a saddle and an end of it"):
        barrier_checks(Barriers(ends), EngineChoice(), QUIET)


def test_origin_that_names_no_point_is_refused(tmp_path, opened):
    stray = tmp_path / "stray.xyz"
    out = Cosine(0.5).evaluate(at(0.1))
    append_label(stray, Label(at(0.1), out.energy, out.forces, None, "dft-x", {"origin": "run 7"}))
    with pytest.raises(DataError, match="'run 7' names no point of a path"):
        barrier_checks(Barriers(stray), EngineChoice(), QUIET)


@pytest.fixture
def engines(monkeypatch):
    known = {"soft": Cosine(0.25, "soft"), "stiff": Cosine(0.5, "stiff")}
    monkeypatch.setattr("electrolith.energy.engine.make_engine", known.__getitem__)


def test_command_finds_the_barrier_checks_it_and_writes_path_and_points(tmp_path, engines):
    from ase.io import read
    from ase.io import write as write_frames

    for name, u in (("before", 0.02), ("after", 0.48)):
        write_frames(tmp_path / f"{name}.xyz", at(u).to_ase(), format="extxyz")
    arguments = ["barrier", str(tmp_path / "before.xyz"), str(tmp_path / "after.xyz"), "--engine", "soft"]
    arguments += ["--check", "stiff", "--labels", str(tmp_path / "points.xyz"), "--images", "5"]
    arguments += ["--out", str(tmp_path / "path.xyz"), "--json", str(tmp_path / "data.json")]
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 0, ran.output
    data = json.loads((tmp_path / "data.json").read_text())["data"]
    assert data["forward"] == pytest.approx(0.25, abs=1e-3)
    assert data["check"]["forward"] == pytest.approx(0.5, abs=2e-3)
    assert len(read(tmp_path / "path.xyz", index=":")) == 7
    origins = [x.source["origin"] for x in read_labels(tmp_path / "points.xyz")]
    assert origins == ["barrier before start", "barrier before saddle", "barrier before end"]


def test_command_names_a_file_that_is_no_frame(tmp_path, engines):
    (tmp_path / "a.xyz").write_text("not atoms")
    ran = CliRunner().invoke(app, ["barrier", str(tmp_path / "a.xyz"), str(tmp_path / "b.xyz")])
    assert "cannot read this as atoms" in str(ran.exception)
