"""The verbs beyond impedance and windows: every answer is short, shows itself, and leaves in every form."""

import matplotlib as mpl
import numpy as np
import pytest

import electrolith as el
from electrolith.scattering.data import PowderData
from electrolith.scattering.instrument import laboratory
from electrolith.scattering.model import Histogram, calculate, compile_model, parameters
from electrolith.scattering.phase import Site
from electrolith.scattering.read_cif import phase_from_group

mpl.use("Agg")
HOP, RATE, FRAME = 3.0, 0.1, 100.0  # Å, hops a frame, fs
EDGE = 30.0


def cycling(folder):
    """Four cycles at 1 mA; the discharge lasts an hour less two percent a cycle."""
    rows, clock = [], 0.0
    for cycle in range(1, 5):
        for sign, hours in ((1, 1.02), (-1, 1.0 - 0.02 * (cycle - 1))):
            t = np.linspace(0, 3600 * hours, 60)
            u = 3.5 + sign * 0.05 + (0.6 if sign > 0 else -0.6) * (t / t[-1] - 0.5)
            rows += [(clock + a, b, 1e-3 * sign, cycle) for a, b in zip(t, u, strict=True)]
            clock += t[-1] + 1
    head = "Test Time / s,Voltage / V,Current / A,Cycle Count / 1"
    np.savetxt(folder / "cell.csv", np.array(rows), delimiter=",", header=head, comments="")
    return el.cycling(folder / "cell.csv", mass="5 mg", one_c="200 mA/g")


def rietveld(folder):
    """A fluorite of 5.3506 Å as counts of a tube."""
    sites = (
        Site("Li1", (0.25, 0.25, 0.25), (("Li", 1.0),), 1.5),
        Site("Cl1", (0.0, 0.0, 0.0), (("Cl", 1.0),), 1.5),
    )
    phase = phase_from_group("p", space_group="F m -3 m", cell=(5.3506,), sites=sites)
    x = 20 + 0.05 * np.arange(900)
    one = np.ones_like(x)
    histogram = Histogram("h", PowderData(x, one, one, "two_theta"), laboratory(), background=2)
    values = parameters((phase,), (histogram,)) | {"h/background/0": 150.0, "h/scale/p": 0.01}
    counts = np.random.default_rng(2).poisson(
        calculate(compile_model((phase,), (histogram,)), values)[0].total
    )
    np.savetxt(folder / "p.xy", np.column_stack([x, counts]), header="2theta counts")
    (folder / "p.cif").write_text(
        "data_p\n_cell_length_a 5.36\n_cell_length_b 5.36\n_cell_length_c 5.36\n_cell_angle_alpha 90\n"
        "_cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_name_H-M_alt 'F m -3 m'\nloop_\n"
        "_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
        "_atom_site_fract_z\n_atom_site_occupancy\nLi1 Li 0.25 0.25 0.25 1\nCl1 Cl 0 0 0 1\n"
    )
    return el.rietveld(folder / "p.xy", folder / "p.cif", instrument="Cu Ka")


def diffusion(folder):
    """Twenty ions that hop by 3 Å in one of six directions at random: D = RATE HOP² / (6 FRAME)."""
    rng = np.random.default_rng(3)
    steps = np.zeros((400, 20, 3))
    along = (HOP * (rng.random((400, 20)) < RATE) * rng.choice([-1, 1], (400, 20)))[..., None]
    np.put_along_axis(steps, rng.integers(3, size=(400, 20))[..., None], along, 2)
    lithium = rng.random((20, 3)) * EDGE + np.cumsum(steps, axis=0)
    chlorine = rng.random((20, 3)) * EDGE + rng.normal(scale=0.1, size=(400, 20, 3))
    lattice = f"{EDGE} 0 0 0 {EDGE} 0 0 0 {EDGE}"
    head = f'40\nLattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T"\n'
    names = ["Li"] * 20 + ["Cl"] * 20
    frames = [
        "".join(f"{n} {x:.4f} {y:.4f} {z:.4f}\n" for n, (x, y, z) in zip(names, frame, strict=True))
        for frame in np.concatenate([lithium, chlorine], axis=1)
    ]
    (folder / "run.xyz").write_text(head + head.join(frames))
    return el.diffusion(
        folder / "run.xyz", "Li", hop="3 angstrom", interval="100 fs", temperature="600 K", charge=1.0
    )


def design(folder):
    """The symmetric cell of the docs: layers of known resistance."""
    (folder / "cell.yaml").write_text(
        "title: Symmetric\narea: 1 cm2\nlayers:\n  - {material: Li, thickness: 250 um}\n"
        "  - {material: LNC, thickness: 0.1 mm, resistance: 300 ohm}\n  - {material: Li, thickness: 250 um}\n"
        "lithium_exchange_current: 0.3 mA/cm2\ncurrents: [0.1 mA/cm2, 1 mA/cm2]\n"
    )
    return el.design(folder / "cell.yaml")


VERBS = {"cycling": cycling, "rietveld": rietveld, "diffusion": diffusion, "design": design}
MADE: dict[str, object] = {}


@pytest.fixture(params=list(VERBS))
def answer(request, tmp_path_factory):
    """Each verb's answer, computed once."""
    if request.param not in MADE:
        MADE[request.param] = VERBS[request.param](tmp_path_factory.mktemp(request.param))
    return request.param, MADE[request.param]


def test_an_answer_says_itself_in_a_few_lines(answer):
    _, found = answer
    assert 20 < len(repr(found)) < 700
    assert "array(" not in repr(found)
    shown = found._repr_html_()
    assert shown.startswith("<h3>")
    assert "<table" in shown


def test_its_tables_are_frames_of_numbers(answer):
    pytest.importorskip("pandas")
    _, found = answer
    frame = found.to_frame()
    assert len(frame)
    assert any(kind.kind in "fi" for kind in frame.dtypes)


def test_its_figures_go_to_matplotlib_and_to_plotly(answer):
    import matplotlib.pyplot as plt

    _, found = answer
    for name in found.figures:
        axes = found.plot(name)
        assert axes.has_data(), name
        assert found.figure(name).data, name
        plt.close("all")


def test_it_is_saved_and_the_result_stays_frozen(answer, tmp_path):
    _, found = answer
    found.save(html=tmp_path / "a.html", csv=tmp_path / "csv", xlsx=tmp_path / "a.xlsx")
    assert "class=number data-v=" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert len(list((tmp_path / "csv").iterdir())) >= len(found.figures)
    with pytest.raises((AttributeError, TypeError)):
        found.result.title = "x"


def of(name, tmp_path_factory):
    """The answer of one verb."""
    if name not in MADE:
        MADE[name] = VERBS[name](tmp_path_factory.mktemp(name))
    return MADE[name]


def test_the_cycles_have_the_capacities_that_were_written(tmp_path_factory):
    frame = of("cycling", tmp_path_factory).to_frame("Cycles")
    written = 1000 * (1.0 - 0.02 * np.arange(4)) / 5  # mA h over 5 mg, mAh/g
    assert frame["discharge"].to_numpy() == pytest.approx(written, rel=2e-3)


def test_the_cell_of_the_pattern_is_found(tmp_path_factory):
    found = of("rietveld", tmp_path_factory)
    a = next(e.value for e in found.evidence if e.quantity.startswith("lattice_parameter"))
    assert abs(a.value - 5.3506) < 4 * a.std
    frame = found.to_frame("Cells")
    assert frame["value"][0] == a.value


def test_the_walk_has_the_diffusivity_of_its_hops(tmp_path_factory):
    found = of("diffusion", tmp_path_factory)
    truth = RATE * HOP**2 / (6 * FRAME) * 0.1  # Å²/fs to cm²/s
    low, high = found.diffusivity.interval(0.99)
    assert low < truth < high
    frame = found.to_frame()
    assert frame["D"][0] == found.diffusivity.value
    assert frame["D unit"][0] == "cm²/s"


def test_the_symmetric_cell_has_the_resistance_of_its_layer(tmp_path_factory):
    frame = of("design", tmp_path_factory).to_frame("Overpotential")
    ohmic = frame.filter(regex="layers").iloc[:, 0].to_numpy()
    beside = frame.filter(regex="not bulk").iloc[:, 0].to_numpy()
    assert ohmic + beside == pytest.approx([0.03, 0.3], rel=1e-3)  # 300 Ω at 0.1 and 1 mA
