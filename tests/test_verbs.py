import json
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import electrolith as el
from electrolith.core import Estimate, InputError
from electrolith.core.archive import plain
from electrolith.study.answer import Answer

mpl.use("Agg")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
AREA, THICKNESS = np.pi * 0.25, 0.085  # cm², cm


@pytest.fixture(scope="module")
def spectra(tmp_path_factory):
    """Three spectra of one arc with a blocking electrode: σT follows 0.38 eV, σ(25 °C) is 1.2e-4 S/cm."""
    folder = tmp_path_factory.mktemp("eis")
    rng = np.random.default_rng(4)
    w = 2 * np.pi * np.logspace(6, 0, 50)
    for celsius in (5, 25, 45):
        kelvin = celsius + 273.15
        sigma = 1.2e-4 * 298.15 / kelvin * np.exp(-0.38 / 8.617333e-5 * (1 / kelvin - 1 / 298.15))
        resistance = THICKNESS / AREA / sigma
        z = resistance / (1 + (1j * w * resistance * 3e-10) ** 0.95) + 1 / ((1j * w) ** 0.9 * 3e-6)
        z = z * (1 + 0.003 * (rng.normal(size=50) + 1j * rng.normal(size=50)))
        table = np.column_stack([w / 2 / np.pi, z.real, z.imag])
        np.savetxt(
            folder / f"pellet_{celsius}C.csv",
            table,
            delimiter=",",
            header="freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm",
            comments="",
        )
    return folder


@pytest.fixture(scope="module")
def found(spectra):
    return el.impedance(spectra, diameter="10 mm", thickness="0.850(1) mm", circuit="p(R1,CPE1)-CPE2")


def test_the_package_loads_nothing_until_a_verb_is_used():
    code = (
        "import sys, electrolith as el; el.impedance; print('numpy' in sys.modules, 'scipy' in sys.modules)"
    )
    bare = "import sys, electrolith as el; print('typer' in sys.modules, 'numpy' in sys.modules)"
    for line, heavy in ((bare, "False False"), (code, "False False")):
        answer = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
        assert answer.stdout.split("\n")[0] == heavy


def test_every_public_name_is_there():
    for name in el.__all__:
        assert callable(getattr(el, name))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        el.nothing  # noqa: B018


def test_spectra_become_a_conductivity_and_its_activation_energy(found):
    total = found.series.parts[0]
    assert float(total.at_reference) == pytest.approx(1.2e-4, rel=0.01)
    assert float(total.activation_energy) == pytest.approx(0.38, abs=0.005)
    assert [round(f.temperature - 273.15) for f in found.result.fits] == [5, 25, 45]  # 5 before 25 before 45


def test_a_result_says_itself_in_a_line_and_not_in_all_its_numbers(found):
    assert repr(found).startswith("Impedance: ")
    assert "Eₐ = 0.3" in repr(found)
    assert len(repr(found)) < 400
    assert "<table>" in found._repr_html_()


def test_a_frame_holds_the_numbers_of_memory(found):
    pytest.importorskip("pandas")
    frame = found.to_frame("Fits")
    assert frame["σ"].tolist() == [e.value for e in found.conductivity]
    assert frame["σ std"].tolist() == [e.std for e in found.conductivity]
    assert set(frame["σ unit"]) == {"S/cm"}
    assert found.to_frame(0).equals(frame)
    with pytest.raises(InputError, match="table: no 'Fitz'"):
        found.to_frame("Fitz")
    with pytest.raises(InputError, match="no table 99; there are"):
        found.to_frame(99)


def test_figures_go_to_both_libraries(found):
    import matplotlib.pyplot as plt

    axes = plt.figure().add_subplot()
    assert found.plot("impedance-arrhenius", ax=axes) is axes
    assert axes.get_yscale() == "log"
    assert len(axes.lines) > 0
    figure = found.figure("impedance-arrhenius")
    assert figure.layout.xaxis.title.text == "1000 K / T"
    total = found.series.parts[0]
    drawn = next(t for t in figure.data if t.name == "total" and t.mode == "markers")
    sigma_t = [e.value * t for e, t in zip(total.conductivity, total.temperature, strict=True)]
    assert list(drawn.y) == pytest.approx(sigma_t, rel=1e-5)
    plt.close("all")


def test_an_answer_is_saved_in_all_forms_and_comes_back_equal(found, tmp_path):
    found.save(html=tmp_path / "a.html", json_file=tmp_path / "a.json", csv=tmp_path / "csv")
    found.save(xlsx=tmp_path / "a.xlsx", figures=tmp_path / "figs", formats=["png"])
    back = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    fit = back["data"]["fits"][0]
    assert fit["values"] == found.fits[0].values.tolist()
    assert back["data"]["conductivity"][1]["value"] == found.conductivity[1].value
    assert len(list((tmp_path / "figs").iterdir())) == len(found.figures)
    assert (tmp_path / "a.xlsx").exists()
    assert list((tmp_path / "csv").iterdir())


def test_other_verbs_return_results_of_their_rooms():
    window = el.window("LiCl", draws=5)
    assert window.formula == "LiCl"
    assert window.result.__class__.__name__ == "Window"
    closed, opened = el.interface("Li3N", "LiCl", open_to={"Li": 4.0}, draws=3).result
    assert closed.__class__ is opened.__class__
    ordered = el.order(
        EXAMPLES / "li9n2cl3" / "li9n2cl3.cif",
        supercell=(1, 1, 1),
        decorations=50,
        lowest=1,
        random=1,
        monte_carlo=0,
        charges={"Li": 1, "N": -3, "Cl": -1},
    )
    assert len(repr(ordered)) < 500
    assert len(ordered.frames) >= 1


def test_a_file_is_read_by_its_ending_and_a_table_is_not_guessed(spectra):
    assert el.read(EXAMPLES / "li9n2cl3" / "li9n2cl3.cif").__class__.__name__ == "DisorderedCrystal"
    (spectrum,) = el.read(spectra / "pellet_25C.csv", kind="impedance")
    assert spectrum.frequency.size == 50
    with pytest.raises(InputError, match="does not say what it is; give kind= one of crystal, imp"):
        el.read(spectra / "pellet_25C.csv")


def test_a_study_is_opened(tmp_path):
    (tmp_path / "study.yaml").write_text("title: T\nmaterial: {crystal: a.cif, mobile: Li}\n")
    (tmp_path / "a.cif").write_bytes((EXAMPLES / "li9n2cl3" / "li9n2cl3.cif").read_bytes())
    study = el.open_study(tmp_path)
    assert isinstance(study, Answer)
    assert study.title == "T"


def test_arithmetic_of_estimates_is_that_of_their_draws(rng):
    a = Estimate(2.0 + 0.1 * rng.standard_normal(500), "V")
    b = Estimate(a.draws / 2, "V")  # drawn together: fully correlated
    assert (a - b).draws == pytest.approx(a.draws / 2)
    assert (a - a).std == 0
    assert (a / b).unit == "1"
    assert (a / b).draws == pytest.approx(2.0)
    assert (2 * a).value == pytest.approx(2 * a.value)
    assert (1 - a).value == pytest.approx(1 - a.value)
    assert (a / 4).unit == "V"
    assert (a * Estimate.exact(3.0, "A")).to("W").value == pytest.approx(3 * a.value)
    assert (a / Estimate.exact(2.0, "A")).to("ohm").value == pytest.approx(a.value / 2)
    assert (a + Estimate.exact(100.0, "mV")).value == pytest.approx(a.value + 0.1)
    assert float(a) == a.value
    assert str(a) == a.text()
    with pytest.raises(InputError, match="is not a quantity in V"):
        a + Estimate.exact(1.0, "K")
    with pytest.raises(InputError, match="cannot be combined draw by draw"):
        a * Estimate(rng.standard_normal(20), "1")
    assert plain(a)["__type__"].endswith("Estimate")
