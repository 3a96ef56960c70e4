"""NMR, XANES, nanoindentation, particles and synthesis in a study and on the command line."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.lab.indentation.analysis import IndentResult
from electrolith.lab.indentation.oliver_pharr import BERKOVICH, Contact, simulate
from electrolith.lab.nmr.recovery import magnetisation
from electrolith.lab.particles.render import render
from electrolith.lab.xanes.peaks import edge_and_peaks
from electrolith.study.commands import app
from electrolith.study.report import evidence_of, parts_of, write_report
from electrolith.study.run import run_study
from electrolith.study.study import read_study

STUDY = """
title: Characterised
measured:
  nmr: {files: t1_*.csv, temperatures: [300 K, 330 K, 360 K, 390 K]}
  xanes: {files: scan_*.dat, references: product.dat, search: {permutations: 199}}
  indentation: {files: indent_*.csv, poisson: 0.25}
  particles: {files: sem.png, pixel: 10 nm, sizes: {window: [100 nm, 400 nm], resamples: 200}}
synthesis:
  batch: {mass: 2 g, purity: {Li3N: 0.994, LiCl: 0.999}}
  samples: samples.csv
  given: [time]
  improve: {column: sigma}
"""
GRID = np.arange(2790.0, 2880.0, 0.5)
SAMPLE = np.array([2825, 0.8, 1, 2826.0, 1.2, 1.4, 2828.7, 0.9, 2.5])
PRODUCT = np.array([2825.5, 0.8, 1, 2827.7, 1.6, 1.3])


def spectrum(share):
    sample, product = (edge_and_peaks(GRID, p, "gaussian") for p in (SAMPLE, PRODUCT))
    return (1 - share) * sample + share * product


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("skimage", reason="the extra electrolith[sem] is not installed")
    pytest.importorskip("sklearn", reason="the extra electrolith[design] is not installed")
    rng = np.random.default_rng(1)
    delays = np.geomspace(1e-3, 2, 14)
    for kelvin in (300, 330, 360, 390):
        t1 = 0.11 * np.exp(0.13 / 8.617333262e-5 * (1 / kelvin - 1 / 300))
        y = magnetisation(delays, equilibrium=1, change=1.9, relaxation_time=t1)
        np.savetxt(
            tmp_path / f"t1_{kelvin}.csv", np.c_[delays, y, np.full(14, 1e-3)], delimiter=",", header="t,s,e"
        )
    for i in range(10):
        y = spectrum(0.05 * (i > 4)) + 0.003 * rng.standard_normal(GRID.size)
        np.savetxt(tmp_path / f"scan_{i:02d}.dat", np.c_[GRID, y], header="energy mu")
    np.savetxt(tmp_path / "product.dat", np.c_[GRID, spectrum(1.0)], header="energy mu")
    for i, modulus in enumerate((41e9, 42e9, 43e9)):
        t, h, p = simulate(
            modulus=modulus, hardness=1.2e9, poisson=0.25, depth=2e-6, contact=Contact(BERKOVICH, 1.034)
        )
        table = np.c_[t, h * 1e9, p * 1e3]
        names = "time (s),depth (nm),load (mN)"
        np.savetxt(tmp_path / f"indent_{i}.csv", table, delimiter=",", header=names, comments="")
    image = render(shape=(400, 600), pixel=10e-9, median=300e-9, log_std=0.3, count=60, rng=rng).micrograph
    Image.fromarray((255 * image.grey).astype(np.uint8)).save(tmp_path / "sem.png")
    conditions = ((200, 24), (400, 24), (500, 24), (700, 24), (500, 2), (500, 70))
    rows = []
    for s, h in conditions:
        sigma = 43 * np.exp(-(((s - 500) / 200) ** 2) - ((h - 24) / 30) ** 2)
        rows.append(f"LNC-{s}rpm-{h}h,{sigma:.2f},{5.35 + s / 1e5}")
    (tmp_path / "samples.csv").write_text("sample,sigma (uS/cm),a (angstrom)\n" + "\n".join(rows) + "\n")
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def test_a_study_runs_every_measurement_and_reports_it(folder):
    results = run_study(read_study(folder / "study.yaml"))
    assert not results.failures
    found = {e.quantity: e.value for e in evidence_of(results)}
    assert found["nmr_activation_energy"].value == pytest.approx(0.13, abs=0.003)
    assert found["youngs_modulus"].value == pytest.approx(42, abs=1)
    assert found["byproduct_share"].value == pytest.approx(5, abs=1)
    assert 200 < found["particle_d50"].value < 400
    titles = [p.title for p in parts_of(results)]
    assert titles[:4] == ["NMR relaxation", "X-ray absorption", "Nanoindentation", "Particle sizes"]
    assert titles[4:] == ["Batch", "Samples", "Next condition"]
    text = write_report(results).read_text()
    assert "only the hot flank" in text or "only the cold flank" in text
    assert "2 Li₃N + 3 LiCl → Li₉N₂Cl₃" in text


def test_nothing_is_computed_twice(folder):
    run_study(read_study(folder / "study.yaml"))
    again = run_study(read_study(folder / "study.yaml"))
    assert all(r.stored for r in again.runs)


def test_a_changed_file_is_computed_again(folder):
    first = run_study(read_study(folder / "study.yaml"))
    (folder / "indent_2.csv").unlink()
    second = run_study(read_study(folder / "study.yaml"))
    assert not first.failures
    assert not second.failures
    assert len(first.get(IndentResult).indents) == 3
    assert len(second.get(IndentResult).indents) == 2


def test_a_broken_measurement_does_not_stop_the_others(folder):
    (folder / "scan_03.dat").write_text("nothing\n")
    results = run_study(read_study(folder / "study.yaml"))
    assert list(results.failures) == ["absorption_spectra"]
    assert results.get(IndentResult) is not None


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("pixel: 10 nm", "pixl: 10 nm", "study.measured.particles: no 'pixl'; did you mean 'pixel'"),
        ("poisson: 0.25", "poisson: 0.6", "poisson must lie between 0 and 0.5"),
        ("files: t1_*.csv", "files: t2_*.csv", "no file matches 't2_"),
        ("[300 K, 330 K, 360 K, 390 K]", "[300 K]", "1 temperatures for 4 files"),
        ("{column: sigma}", "{column: sigma, steps: [50]}", "2 bounds and 1 steps"),
    ],
)
def test_wrong_settings_are_refused_before_anything_runs(folder, old, new, text):
    (folder / "study.yaml").write_text(STUDY.replace(old, new))
    with pytest.raises(InputError, match=text):
        read_study(folder / "study.yaml")


def ask(*words):
    return CliRunner().invoke(app, [str(w) for w in words])


def test_commands_print_data_and_write_pages(folder):
    t1 = sorted(folder.glob("t1_*.csv"))
    scans = sorted(folder.glob("scan_*.dat"))
    for words in (
        ("nmr", *t1, "--temperatures", "300 K, 330 K, 360 K, 390 K"),
        ("xanes", *scans, "--reference", folder / "product.dat", "--csv", folder / "norm"),
        ("indent", *sorted(folder.glob("indent_*.csv")), "--poisson", "0.25"),
        (
            "particles",
            folder / "sem.png",
            "--pixel",
            "10 nm",
            "--overlay",
            folder / "seen.png",
            "--csv",
            folder / "d",
        ),
        ("batch", "Li9N2Cl3", "--mass", "2 g", "--purity", "Li3N 99.4 %, LiCl 99.9 %", "--jar", "45 mL"),
    ):
        data, html = folder / f"{words[0]}.json", folder / f"{words[0]}.html"
        done = ask(*words, "--json", data, "--html", html)
        assert done.exit_code == 0, (words[0], done.output, done.exception)
        assert json.loads(data.read_text())
        assert "<figure" in html.read_text() or words[0] == "batch"
    with Image.open(folder / "seen.png") as seen:
        assert seen.size == (600, 400)
    assert len((folder / "norm" / "normalised-spectra.csv").read_text().splitlines()) == GRID.size + 1
    assert json.loads((folder / "batch.json").read_text())["data"]["equation"] == "2 Li3N + 3 LiCl → Li9N2Cl3"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("nmr", "{}/t1_300.csv", "--form", "two-parametre"), "did you mean 'two-parameter'"),
        (("xanes", "{}/scan_00.dat", "--mode", "fluoresence"), "did you mean 'fluorescence'"),
        (("indent", "{}/indent_0.csv", "--window", "100 nm"), "expected two depths"),
        (("particles", "{}/sem.png"), "the image carries no scale"),
        (("batch", "Li9N2Cl3", "--from", "Li3N"), "Cl stands on one side only"),
    ],
)
def test_commands_refuse_in_one_clear_line(folder, words, text):
    done = ask(*(w.format(folder) for w in words))
    assert isinstance(done.exception, ElectrolithError)
    assert text in str(done.exception)


def test_local_motion_stands_beside_dynamics_of_the_same_study(rng):
    from electrolith.core.estimate import Estimate
    from electrolith.lab.nmr.analysis import NmrResult
    from electrolith.lab.nmr.relaxation import (
        RelaxationLaw,
        analyse_relaxation,
        correlation_time,
        relaxation_rate,
    )
    from electrolith.study.sections.nmr import MeasuredNmr, local_motion

    # one hop distance and one process: tau = a^2/6D at every temperature, so that both must agree
    hop, prefactor, energy = 2.67e-10, 2e-13, 0.25
    law = RelaxationLaw(155.248e6, hop_distance=hop)
    t = np.linspace(250, 600, 15)
    rates = relaxation_rate(
        correlation_time(t, prefactor=prefactor, activation_energy=energy),
        coupling=4e9,
        larmor_frequency=155.248e6,
    )
    times = tuple(Estimate.lognormal(float(1 / r), 0.01, "s", rng=rng) for r in rates)
    nmr = NmrResult((), t, analyse_relaxation(t, times, law), "")
    tau = float(correlation_time(np.array([600.0]), prefactor=prefactor, activation_energy=energy)[0])
    dynamics = SimpleNamespace(trusted=(SimpleNamespace(temperature=600.0, value=1e4 * hop**2 / (6 * tau)),))
    conducts = SimpleNamespace(activation_energy=Estimate.normal(0.378, 0.01, "eV", rng=rng))
    settings = MeasuredNmr((Path("x"),), law=law)
    found = local_motion(settings, nmr, conducts, dynamics, None)
    ((name, comparison),) = found.comparisons
    ((kelvin, by_nmr, by_dynamics),) = found.jumps
    assert (name, kelvin) == ("molecular dynamics", 600.0)
    assert comparison.separated
    assert by_nmr == pytest.approx(by_dynamics, rel=0.1)
    assert local_motion(settings, nmr, None, None, None).comparisons == ()
