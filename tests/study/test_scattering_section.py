"""Diffraction, PDF and operando series in a study and from the command line."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.scattering.data import PowderData
from electrolith.scattering.instrument import laboratory
from electrolith.scattering.instrument_words import instrument_from
from electrolith.scattering.measured import DiffractionSettings, refine_files
from electrolith.scattering.measured_operando import OperandoSettings
from electrolith.scattering.model import Histogram, calculate, compile_model, parameters
from electrolith.scattering.pdf import PdfSettings, pdf
from electrolith.scattering.phase import Site
from electrolith.scattering.phase_library import candidate
from electrolith.scattering.read_cif import phase_from_group
from electrolith.study.commands import app
from electrolith.study.sections.diffraction import MeasuredDiffraction, evidence_of
from electrolith.study.sections.diffraction_parts import diffraction_parts
from electrolith.study.settings import read
from electrolith.study.store import with_contents

CIF = """data_lnc
_cell_length_a 5.3506(3)
_cell_length_b 5.3506(3)
_cell_length_c 5.3506(3)
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0.25 0.25 0.25 0.860(5)
N1 N 0 0 0 0.382(3)
Cl1 Cl 0 0 0 0.573(4)
"""
X = 20 + 0.05 * np.arange(1300)


def _phase(a=5.3506, lithium=0.86):
    sites = (
        Site("Li1", (0.25, 0.25, 0.25), (("Li", lithium),), 1.5),
        Site("N1", (0.0, 0.0, 0.0), (("N", 0.382), ("Cl", 0.573)), 1.5),
    )
    return phase_from_group("lnc", space_group="F m -3 m", cell=(a,), sites=sites)


def _counts(rng, phases, scales):
    one = np.ones_like(X)
    histogram = Histogram("h", PowderData(X, one, one, "two_theta"), laboratory(), background=2)
    model = compile_model(phases, (histogram,))
    values = parameters(phases, (histogram,)) | {"h/background/0": 150.0}
    values |= {f"h/scale/{p.name}": s for p, s in zip(phases, scales, strict=True)}
    return rng.poisson(calculate(model, values)[0].total)


@pytest.fixture
def folder(tmp_path, rng):
    """A crystal, four samples of a milling series, and a G(r)."""
    (tmp_path / "lnc.cif").write_text(CIF)
    for hours, a in ((2, 5.345), (8, 5.348), (16, 5.350), (24, 5.3506)):
        y = _counts(rng, (_phase(a),), (0.02,))
        np.savetxt(
            tmp_path / f"Li9N2Cl3-500rpm-{hours}h.xy", np.c_[X, y], fmt="%.3f %d", header="2theta counts"
        )
    r = 0.02 * np.arange(50, 1001)
    g = pdf(_phase(), r, PdfSettings("neutron", q_max=30.0, q_damp=0.02)) + 0.02 * rng.standard_normal(len(r))
    rows = "\n".join(f"{a:.2f} {b:.6f}" for a, b in zip(r, g, strict=True))
    (tmp_path / "lnc.gr").write_text("# stype = N qmax=30\n#### start data\n" + rows + "\n")
    return tmp_path


STUDY = """title: scattering
material: {crystal: lnc.cif, oxidation_states: {Li: 1, N: -3, Cl: -1}}
ordering: {supercell: [2, 2, 2], decorations: 30, keep: {lowest: 2, random: 0, monte_carlo: 0}}
scattering: {orderings: 1, pdf_range: [1.6, 8], two_theta: [20, 60]}
measured:
  diffraction: {files: Li9N2Cl3-500rpm-24h.xy, instrument: Cu Ka, occupancies: true, background: 3,
                density: 1.6304(50) g/cm3}
  pdf: {files: lnc.gr, ranges: [[1.6, 8]]}
"""


def test_a_study_refines_simulates_and_reports(folder):
    text = STUDY.replace(", monte_carlo: 0", "")
    (folder / "study.yaml").write_text(text)
    result = CliRunner().invoke(app, ["run", str(folder / "study.yaml")])
    assert result.exit_code == 0, result.output
    page = (folder / "report.html").read_text()
    for words in (
        "Computed scattering",
        "Refinement of Li9N2Cl3-500rpm-24h",
        "Pair distribution function lnc",
        "mean of 1 orderings",
        "through the conditions",
        "density of",
    ):
        assert words in page, words
    data = json.loads((folder / "results.json").read_text())
    found = {e["quantity"] for e in data["evidence"]}
    assert {"lattice_parameter", "mobile_vacancies", "framework_vacancies"} <= found
    cells = [e["value"] for e in data["evidence"] if e["quantity"] == "lattice_parameter"]
    assert cells[0] == pytest.approx(5.3506, abs=3e-4)


def test_rietveld_says_what_it_cannot_know_and_writes_files(folder):
    out = [str(folder / n) for n in ("fit.cif", "fit.json", "fit.html", "tool.instprm")]
    result = CliRunner().invoke(
        app,
        [
            "rietveld",
            str(folder / "Li9N2Cl3-500rpm-24h.xy"),
            str(folder / "lnc.cif"),
            "--instrument",
            "Cu Ka",
            "--occupancies",
            "--ions",
            "--likelihood",
            "--background",
            "3",
            "--cif",
            out[0],
            "--json",
            out[1],
            "--html",
            out[2],
            "--instprm",
            out[3],
        ],
    )
    assert result.exit_code == 0, result.output
    assert "all occupancies together against scale" in result.output.replace("\n", " ")
    data = json.loads((folder / "fit.json").read_text())["data"]["fits"][0]
    assert data["parameters"]["lnc/Li1/occupancy/Li"][1] is None
    assert data["parameters"]["lnc/a"][0] == pytest.approx(5.3506, abs=3e-4)
    assert "Lam1:1.5405929" in (folder / "tool.instprm").read_text()
    assert "_cell_length_a 5.350" in (folder / "fit.cif").read_text()
    assert "flat: not determined" in (folder / "fit.html").read_text()
    assert "with form factors of Li+, Cl- and O2- instead of atoms" in (folder / "fit.html").read_text()
    assert "not determined" in (folder / "fit.html").read_text()


def test_pdf_command_fits_by_range(folder):
    result = CliRunner().invoke(
        app,
        [
            "pdf",
            str(folder / "lnc.gr"),
            str(folder / "lnc.cif"),
            "--range",
            "1.6-15,1.6-6",
            "--json",
            str(folder / "g.json"),
        ],
    )
    assert result.exit_code == 0, result.output
    first = json.loads((folder / "g.json").read_text())["data"]["lnc"][0]
    assert first["parameters"]["a"][0] == pytest.approx(5.3506, abs=3e-3)
    assert first["r_w"] < 0.1


def test_operando_command_times_a_new_phase(tmp_path, rng):
    (tmp_path / "lnc.cif").write_text(CIF)
    salt = candidate("LiCl")
    for k in range(12):
        y = _counts(rng, (_phase(), salt), (0.02, 0.004 if k >= 7 else 0.0))
        np.savetxt(tmp_path / f"op_{k:02d}.xy", np.c_[X, y], fmt="%.3f %d", header="2theta counts")
    files = sorted(str(p) for p in tmp_path.glob("op_*.xy"))
    result = CliRunner().invoke(
        app,
        [
            "operando",
            *files,
            str(tmp_path / "lnc.cif"),
            "--instrument",
            "Cu Ka",
            "--candidate",
            "LiCl",
            "--candidate",
            "Li3N",
            "--json",
            str(tmp_path / "o.json"),
            "--html",
            str(tmp_path / "o.html"),
        ],
    )
    assert result.exit_code == 0, result.output
    salt_row, nitride = json.loads((tmp_path / "o.json").read_text())["data"]["candidates"]
    assert salt_row["detected"]
    assert salt_row["onset"] == 7.0
    assert not nitride["detected"]


def test_settings_that_cannot_work_are_refused(folder):
    with pytest.raises(InputError, match="instrument is missing"):
        read(MeasuredDiffraction, {"files": "*.xy"}, "measured.diffraction", folder=folder)
    with pytest.raises(InputError, match="write 'Cu Ka'"):
        instrument_from("copper")
    with pytest.raises(InputError, match="2 instruments for 1 patterns"):
        DiffractionSettings((folder / "a.xy",), ("Cu Ka", "Cu Ka"))
    with pytest.raises(InputError, match="at least five"):
        OperandoSettings((folder / "a.xy",), "Cu Ka")
    with pytest.raises(InputError, match="needs its uncertainty"):
        refine_files(
            DiffractionSettings(
                (folder / "Li9N2Cl3-500rpm-24h.xy",), "Cu Ka", occupancies=True, density="1.63 g/cm3"
            ),
            _phase(),
        )


def test_a_rate_without_its_counting_time_is_refused(folder):
    path = folder / "rate.xy"
    np.savetxt(path, np.c_[X, np.full(len(X), 3.3)], header="2theta cps")
    with pytest.raises(InputError, match="give --seconds-per-step"):
        refine_files(DiffractionSettings((path,), "Cu Ka"), _phase())


def test_one_bad_pattern_does_not_stop_the_series(folder, rng):
    noise = folder / "Li9N2Cl3-500rpm-70h.xy"
    np.savetxt(noise, np.c_[X, rng.poisson(100.0, len(X))], fmt="%.3f %d", header="2theta counts")
    files = tuple(sorted(folder.glob("*.xy")))
    found = refine_files(DiffractionSettings(files, "Cu Ka", background=3), _phase())
    assert list(found.failed) == ["Li9N2Cl3-500rpm-70h"]
    assert len(found.fits) == 4
    assert "does not index" in found.failed["Li9N2Cl3-500rpm-70h"]
    last = diffraction_parts(found)[-1]
    assert "1 failed" in last.sentence
    assert [t.quantity for t in found.trends] == ["lnc/a"]
    assert found.trends[0].correlation.value == pytest.approx(1.0)
    assert evidence_of(found)[0].quantity == "lattice_parameter"


def _rietveld(folder, pattern, *more):
    return CliRunner().invoke(
        app,
        [
            *("rietveld", str(folder / pattern), str(folder / "lnc.cif"), "--instrument", "Cu Ka"),
            *("--background", "3", *map(str, more)),
        ],
    )


def test_what_is_known_besides_is_an_option_of_the_command(folder):
    out = folder / "fit.json"
    given = ("--occupancies", "--neutral", "--total", "N1=0.955", "--json", out)
    result = _rietveld(folder, "Li9N2Cl3-500rpm-24h.xy", *given)
    assert result.exit_code == 0, result.output
    data = json.loads(out.read_text())["data"]["fits"][0]
    assert data["not_determined"] == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--density", "1.63(1) g/cm3"), "acts on occupancies, and these are not refined"),
        (("--occupancies", "--total", "X1"), "expected a name and a number such as X1=0.955"),
        (("--occupancies", "--tie", "N/Br=2/3"), "no 'Br'"),
        (("--occupancies", "--tie", "N=0.6"), "expected two species and a ratio"),
        (("--geometry", "reflexion"), "did you mean 'reflection'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(folder, given, words):
    result = _rietveld(folder, "Li9N2Cl3-500rpm-24h.xy", *given)
    assert result.exit_code != 0
    assert words in str(result.exception)


def test_a_pattern_may_have_the_name_of_its_crystal_and_the_example_of_the_help_runs(folder, monkeypatch):
    """The example is taken from the help itself."""
    import shlex
    import shutil

    from electrolith.study.commands import scattering as commands

    shutil.copy(folder / "Li9N2Cl3-500rpm-24h.xy", folder / "lnc.xye")
    monkeypatch.chdir(folder)
    for command, wanted in ((commands.rietveld, "fit.html"), (commands.pdf, "pdf.html")):
        line = next(x for x in command.__doc__.splitlines() if "Example:" in x).split("`")[1]
        arguments = shlex.split(line)[1:]
        if arguments[0] == "pdf":
            shutil.copy("lnc.gr", "ni.gr")
            shutil.copy("lnc.cif", "ni.cif")
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert (folder / wanted).exists()


def test_the_instrument_that_is_written_is_the_refined_one(folder):
    result = _rietveld(
        folder, "Li9N2Cl3-500rpm-24h.xy", "--instprm", folder / "t.instprm", "--json", folder / "f.json"
    )
    assert result.exit_code == 0, result.output
    rows = dict(
        line.split(":") for line in (folder / "t.instprm").read_text().splitlines()[1:] if ":" in line
    )
    refined = json.loads((folder / "f.json").read_text())["data"]["fits"][0]["parameters"]
    name = next(n for n in refined if n.endswith("/zero"))
    assert float(rows["Zero"]) == pytest.approx(refined[name][0])
    assert float(rows["Zero"]) != 0.0


def test_two_patterns_with_one_stem_keep_apart(folder, rng):
    """The laboratory and the synchrotron pattern of one sample."""
    import shutil

    files = []
    for place in ("lab", "ring"):
        (folder / place).mkdir()
        shutil.copy(folder / "Li9N2Cl3-500rpm-24h.xy", folder / place / "lnc.xy")
        files.append(folder / place / "lnc.xy")
    found = refine_files(
        DiffractionSettings(tuple(files), "Cu Ka", background=3), candidate(folder / "lnc.cif")
    )
    assert found.names == ("lab-lnc", "ring-lnc")
    titles = [part.title for part in diffraction_parts(found)]
    assert len(set(titles)) == len(titles)


def test_ties_become_constraints_by_content():
    """By hand: N on 4a, Cl on 4a and 8c: N = 2/3 (Cl4a + 2 Cl8c)."""
    from electrolith.scattering.constraints import content_ties

    sites = (
        Site("A", (0.0, 0.0, 0.0), (("N", 0.4), ("Cl", 0.5)), 1.0),
        Site("B", (0.25, 0.25, 0.25), (("Cl", 0.05),), 1.0),
    )
    phase = phase_from_group("p", space_group="F m -3 m", cell=(5.0,), sites=sites)
    assert content_ties(phase, {"N/Cl": 0.6}) == (
        "p/A/occupancy/N = 0.6 * p/A/occupancy/Cl + 1.2 * p/B/occupancy/Cl",
    )
    with pytest.raises(InputError, match="sits on 2 sites"):
        content_ties(phase, {"Cl/N": 1.5})


def test_a_study_that_moved_keeps_what_was_refined_with_an_instrument_file(tmp_path):
    contents = []
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        pattern, bank = folder / "x.xye", folder / "bank.instprm"
        pattern.write_text("1 2 3\n")
        bank.write_text("Type:PXC\n")
        settings = MeasuredDiffraction(files=(pattern,), instrument_files=(bank,))
        assert settings.instruments == (str(bank),)
        contents.append(with_contents(settings))
    assert contents[0] == contents[1]
    bank.write_text("Type:PNT\n")
    assert with_contents(settings) != contents[0]
