"""Pair distribution functions: exact sums, limits, fits, and pdffit2 where it is installed."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.scattering.pdf import PdfSettings, Split, pdf, shells
from electrolith.scattering.pdf_fit import fit_pdf, fit_ranges
from electrolith.scattering.pdf_frames import pdf_of_frames
from electrolith.scattering.phase import Site, cell_matrix, volume
from electrolith.scattering.read_cif import phase_from_group, read_cif_phase
from electrolith.scattering.read_gr import PdfData, read_gr

R = 0.01 * np.arange(150, 2001)
NAKED = PdfSettings("neutron", q_max=0.0)


def _brute(phase, r, settings, lengths):
    """Every pair, one by one, in Cartesian coordinates."""
    m = cell_matrix(phase.cell)
    atoms = []
    for site in phase.sites:
        images = (phase.rotations @ np.array(site.position) + phase.translations) % 1.0
        power = sum(o * lengths[s] for s, o in site.occupancy)
        atoms += [(image, power, site) for image in np.unique(np.round(images, 6) % 1.0, axis=0)]
    total = sum(sum(o for _, o in a[2].occupancy) for a in atoms)
    mean = sum(a[1] for a in atoms) / total
    curve = np.zeros_like(r)
    span = range(-6, 7)
    cells = np.array([(i, j, k) for i in span for j in span for k in span])
    for one in atoms:
        for other in atoms:
            d = np.linalg.norm((other[0] - one[0] + cells) @ m, axis=1)
            u = (one[2].b_iso + other[2].b_iso) / (8 * np.pi**2)
            for distance in d[(d > 1e-3) & (d < r[-1] + 2)]:
                s2 = u * (1 - settings.delta2 / distance**2 + (settings.q_broad * distance) ** 2)
                peak = np.exp(-((r - distance) ** 2) / 2 / s2) / np.sqrt(2 * np.pi * s2)
                curve += one[1] * other[1] / total / mean**2 * peak
    return (curve / r - 4 * np.pi * r * total / np.linalg.det(m)) * np.exp(-0.5 * (settings.q_damp * r) ** 2)


def test_shells_of_a_skewed_cell_equal_the_sum_over_all_pairs(triclinic):
    from electrolith.scattering.tables import neutron_lengths

    settings = PdfSettings("neutron", q_max=0.0, q_damp=0.03, q_broad=0.02, delta2=0.5)
    r = np.arange(150, 900) * 0.01
    assert pdf(triclinic, r, settings) == pytest.approx(
        _brute(triclinic, r, settings, neutron_lengths()), abs=2e-4
    )


def test_the_first_shell_of_the_antifluorite_holds_what_chemistry_says(antifluorite):
    pairs = shells(antifluorite, r_max=2.5)
    assert pairs.count.tolist() == [64.0]  # 8 Li with 4 anions each, counted both ways
    m = cell_matrix(antifluorite.cell)
    position = [s.position for s in antifluorite.sites]
    vector = pairs.rotation[0] @ position[pairs.second[0]] + pairs.shift[0] - position[pairs.first[0]]
    assert np.linalg.norm(vector @ m) == pytest.approx(5.3506 * np.sqrt(3) / 4)


def test_at_short_distance_g_is_minus_four_pi_r_rho(antifluorite):
    r = np.array([0.5, 0.8, 1.1])
    density = (8 * 0.86 + 4 * 0.955) / volume(antifluorite)
    assert pdf(antifluorite, r, NAKED) == pytest.approx(-4 * np.pi * r * density, abs=1e-6)


def test_termination_keeps_nothing_above_q_max(antifluorite):
    r = 0.01 * np.arange(1, 4001)
    g = pdf(antifluorite, r, PdfSettings("xray", q_max=15.0, q_damp=0.1))
    wave = np.abs(np.fft.rfft(np.concatenate([[0.0], g, [0.0], -g[::-1]])))
    q = 2 * np.pi * np.arange(len(wave)) / (0.01 * (2 * len(g) + 2))
    assert wave[q > 15.5].max() < 2e-3 * wave.max()


def test_the_two_conventions_differ_by_half_a_percent_to_a_few(antifluorite):
    one, two = (
        pdf(antifluorite, R, PdfSettings("xray", q_max=25.0, q_damp=0.03, convention=c))
        for c in ("pdffit", "srreal")
    )
    r_w = np.sqrt(np.sum((one - two) ** 2) / np.sum(one**2))
    assert 0.005 < r_w < 0.05


def test_pdffit2_gives_the_same_curve(antifluorite):
    engine = pytest.importorskip("diffpy.pdffit2")
    structure = pytest.importorskip("diffpy.structure")
    atoms = structure.Structure(lattice=structure.Lattice(*antifluorite.cell))
    for site in antifluorite.sites:
        images = (antifluorite.rotations @ np.array(site.position) + antifluorite.translations) % 1.0
        for image in np.unique(np.round(images, 6) % 1.0, axis=0):
            for species, share in site.occupancy:
                u = site.b_iso / (8 * np.pi**2) * np.eye(3)
                atoms.append(structure.Atom(species, xyz=image, occupancy=share, U=u))
    run = engine.PdfFit()
    run.add_structure(atoms)
    run.alloc("X", 25.0, 0.03, 1.6, 20.0, 1841)
    run.setvar("delta2", 1.5)
    run.calc()
    theirs = np.array(run.getpdf_fit())
    ours = pdf(
        antifluorite, np.linspace(1.6, 20.0, 1841), PdfSettings("xray", q_max=25.0, q_damp=0.03, delta2=1.5)
    )
    assert np.sqrt(np.sum((ours - theirs) ** 2) / np.sum(theirs**2)) < 0.02


def test_a_fit_returns_what_was_put_in_with_honest_errors(antifluorite):
    """Noise white in r is filtered by q_max, as in a measured G(r); pulls over 24 replicates."""
    settings = PdfSettings("xray", q_max=25.0, q_damp=0.03)
    r = 0.02 * np.arange(80, 700)
    true = pdf(antifluorite, r, settings)
    pulls = []
    for seed in range(24):
        rng = np.random.default_rng(seed)
        grid = np.arange(0, 16, 0.02)
        wave = np.fft.rfft(rng.standard_normal(len(grid)))
        wave[2 * np.pi * np.fft.rfftfreq(len(grid), 0.02) > 25.0] = 0
        noise = np.fft.irfft(wave, len(grid))[: len(r)]
        data = PdfData(
            r, true + 0.15 * noise / noise.std(), np.full(len(r), np.nan), 25.0, 0.0, "xray", "test"
        )
        found = fit_pdf(
            data, antifluorite, settings, low=1.6, high=13.0, free=("scale", "a", "Li1/B", "X1/B")
        )
        pulls.append(
            [
                (found.parameters[n].value - t) / found.parameters[n].std
                for n, t in (("scale", 1.0), ("a", 5.3506), ("Li1/B", 2.0), ("X1/B", 1.5))
            ]
        )
    pulls = np.array(pulls)
    assert np.abs(pulls.mean(axis=0)).max() < 3.3 / np.sqrt(24)
    assert 0.75 < np.sqrt(np.mean(pulls**2)) < 1.3


def test_counting_every_point_would_make_the_errors_too_small(antifluorite):
    settings = PdfSettings("xray", q_max=25.0, q_damp=0.03)
    errors = []
    for step in (0.01, 0.04):
        r = step * np.arange(int(1.6 / step), int(13 / step))
        rng = np.random.default_rng(0)
        g = pdf(antifluorite, r, settings) + 0.05 * rng.standard_normal(len(r))
        data = PdfData(r, g, np.full(len(r), np.nan), 25.0, 0.0, "xray", "test")
        found = fit_pdf(
            data, antifluorite, settings, low=1.6, high=12.9, free=("scale", "a", "Li1/B", "X1/B")
        )
        errors.append(found.parameters["a"].std)
        assert found.independent == pytest.approx(11.3 * 25 / np.pi, abs=1.0)
    assert errors[0] == pytest.approx(errors[1], rel=0.3)  # a finer grid holds no more information


def test_a_split_first_shell_is_found_and_its_absence_too(antifluorite):
    settings = PdfSettings("neutron", q_max=30.0)
    r = 0.02 * np.arange(80, 400)
    for difference in (0.35, 0.0):
        g = pdf(antifluorite, r, settings, split=Split("Li1", "X1", difference))
        rng = np.random.default_rng(5)
        data = PdfData(
            r, g + 0.02 * rng.standard_normal(len(r)), np.full(len(r), np.nan), 30.0, 0.0, "neutron", "t"
        )
        found = fit_pdf(
            data,
            antifluorite,
            settings,
            low=1.6,
            high=7.9,
            split=Split("Li1", "X1", 0.1),
            free=("scale", "a", "Li1/B", "X1/B", "split"),
        )
        assert found.parameters["split"].value == pytest.approx(difference, abs=0.06)


def test_the_share_of_misfit_points_at_the_disordered_range(antifluorite):
    settings = PdfSettings("neutron", q_max=30.0)
    r = 0.02 * np.arange(80, 900)
    g = pdf(antifluorite, r, settings, split=Split("Li1", "X1", 0.4))
    data = PdfData(r, g, np.full(len(r), np.nan), 30.0, 0.0, "neutron", "t")
    found = fit_ranges(
        data, antifluorite, settings, ranges=((1.6, 17.9), (6.0, 17.9)), free=("scale", "a", "Li1/B", "X1/B")
    )
    whole, far = found.ranges
    assert whole.share[0] > 0.8  # all misfit sits in the first shell
    assert far.r_w < 0.1 * whole.r_w
    assert "pdffit" in found.engine


def test_frames_of_the_average_crystal_give_its_pdf():
    """A full fcc crystal as one big frame equals the same crystal by shells."""
    nickel = phase_from_group(
        "Ni", space_group="F m -3 m", cell=(3.52,), sites=(Site("Ni", (0, 0, 0), (("Ni", 1.0),), 0.5),)
    )
    base = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    frame = Frame(base * 3.52, 3.52 * np.eye(3), np.full(4, 28))
    settings = PdfSettings("xray", q_max=25.0, q_damp=0.02, delta2=1.0)
    r = 0.02 * np.arange(90, 600)
    ours = pdf_of_frames((frame, frame), r, settings, b_iso=0.5)
    assert ours == pytest.approx(pdf(nickel, r, settings), abs=0.02 * np.abs(ours).max())


def test_frames_in_a_skewed_cell_do_not_depend_on_the_choice_of_cell():
    rng = np.random.default_rng(1)
    cell = np.array([[5.0, 0.2, 0.1], [0.8, 6.0, -0.3], [0.4, 0.9, 5.5]])
    positions = rng.random((5, 3)) @ cell
    numbers = np.array([3, 3, 7, 17, 17])
    one = Frame(positions, cell, numbers)
    other = np.array([cell[0], cell[1] + cell[0], cell[2]])
    two = Frame(positions + cell[2], other, numbers)
    r = 0.02 * np.arange(90, 450)
    settings = PdfSettings("neutron", q_max=20.0)
    first = pdf_of_frames((one,), r, settings, b_iso={"Li": 2.0, "N": 1.0, "Cl": 1.0})
    assert pdf_of_frames((two,), r, settings, b_iso={"Li": 2.0, "N": 1.0, "Cl": 1.0}) == pytest.approx(
        first, abs=1e-6
    )


def test_impossible_settings_and_fits_are_refused(antifluorite):
    with pytest.raises(InputError, match="make no range"):
        PdfSettings("xray", q_min=5.0, q_max=3.0)
    with pytest.raises(InputError, match="convention must be"):
        PdfSettings("xray", convention="other")
    data = PdfData(R, R, R, 25.0, 0.0, "xray", "test.gr")
    with pytest.raises(InputError, match=r"holds 0 points of test.gr"):
        fit_pdf(data, antifluorite, PdfSettings(), low=30.0, high=40.0)
    with pytest.raises(InputError, match="parameters for 2 independent points"):
        fit_pdf(data, antifluorite, PdfSettings(q_max=25.0), low=1.6, high=1.9)
    with pytest.raises(InputError, match="number of independent points is unknown"):
        fit_pdf(data, antifluorite, PdfSettings(q_max=0.0), low=1.6, high=10.0)
    with pytest.raises(InputError, match="did you mean 'delta2'"):
        fit_pdf(data, antifluorite, PdfSettings(), low=1.6, high=10.0, free=("delta3",))
    with pytest.raises(InputError, match="must hold two species"):
        pdf(antifluorite, R, PdfSettings(), split=Split("X1", "Li1", 0.1))
    with pytest.raises(InputError, match="at least one frame"):
        pdf_of_frames((), R, PdfSettings())


def test_files_that_are_no_g_of_r_are_refused(tmp_path):
    (tmp_path / "a.gr").write_text("1 2\n2 3\n")
    with pytest.raises(DataError, match="2 rows of numbers"):
        read_gr(tmp_path / "a.gr")
    (tmp_path / "b.gr").write_text("\n".join(f"{5 - 0.1 * (i % 7)} {(-1) ** i}" for i in range(40)))
    with pytest.raises(DataError, match="does not rise"):
        read_gr(tmp_path / "b.gr")


CASES = {
    "ed-6.gr": ("Ni", "neutron", 3.526, 0.005, PdfSettings("neutron", q_max=27.0, q_damp=0.02)),
    "ni-q27r60-xray.gr": ("Ni", "xray", 3.524, 0.005, PdfSettings("xray", q_max=27.0, q_damp=0.05)),
    "ed-4.gr": ("NaCl", "xray", 5.60, 0.005, PdfSettings("xray", q_max=21.0, q_damp=0.05)),
}


@pytest.mark.parametrize("name", CASES)
def test_nickel_and_salt_refine_to_their_known_cells(shared_data, name):
    compound, radiation, a, tolerance, settings = CASES[name]
    data = read_gr(shared_data / "pdf" / name)
    assert data.radiation == radiation
    assert data.q_max == settings.q_max
    if compound == "Ni":
        phase = read_cif_phase(shared_data / "pdf" / "ni.cif")
    else:
        sites = (Site("Na", (0, 0, 0), (("Na", 1.0),), 1.0), Site("Cl", (0.5, 0.5, 0.5), (("Cl", 1.0),), 1.0))
        phase = phase_from_group("NaCl", space_group="F m -3 m", cell=(5.62,), sites=sites)
    free = ("scale", "a", *(f"{s.label}/B" for s in phase.sites), "delta2", "q_damp")
    low = max(1.6, data.r[0])
    found = fit_pdf(data, phase, settings, low=low, high=20.0, free=free)
    assert found.parameters["a"].value == pytest.approx(a, abs=tolerance)
    assert found.r_w < 0.12


def test_shells_reach_to_the_end_of_the_range():
    """Simple cubic, 4 Å: 6 neighbours at 4.00 Å and 12 at 5.66 Å, also where the range ends just behind."""
    cubic = phase_from_group(
        "cubic", space_group="P m -3 m", cell=(4.0,), sites=(Site("A", (0.0, 0.0, 0.0), (("Li", 1.0),), 1.0),)
    )
    assert shells(cubic, r_max=3.99).count.tolist() == []
    assert shells(cubic, r_max=4.01).count.tolist() == [6.0]
    assert sorted(shells(cubic, r_max=5.67).count.tolist()) == [6.0, 12.0]


def _measured(phase, rng, *, low=1.6, high=20.0, noise=0.02):
    r = 0.02 * np.arange(round(low / 0.02), round(high / 0.02) + 1)
    how = PdfSettings("neutron", q_max=30.0, q_damp=0.03)
    g = pdf(phase, r, how) + noise * rng.standard_normal(len(r))
    return PdfData(r, g, np.full(len(r), noise), 30.0, None, "neutron", "made"), replace(how, q_damp=0.02)


def test_a_parameter_without_information_is_held_and_said(antifluorite, rng):
    """Damping cannot be seen in the first three ångströms: q_damp once came out as 16.5 ± 3730."""
    data, how = _measured(antifluorite, rng)
    free = ("scale", "a", "Li1/B", "X1/B", "q_damp")
    rough, _ = _measured(antifluorite, rng, noise=3.0)
    near = fit_pdf(rough, antifluorite, how, low=1.6, high=4.5, free=free)
    assert "q_damp" not in near.parameters
    assert near.values["q_damp"] == 0.02
    assert any("q_damp is not determined in this range" in w for w in near.warnings)
    wide = fit_pdf(data, antifluorite, how, low=1.6, high=20.0, free=free)
    assert abs(wide.parameters["q_damp"].value - 0.03) < 4 * wide.parameters["q_damp"].std
    assert not any("not determined" in w for w in wide.warnings)


def test_ranges_share_what_the_widest_determines(antifluorite, rng):
    data, how = _measured(antifluorite, rng)
    free = ("scale", "a", "Li1/B", "X1/B", "q_damp")
    fit = fit_ranges(data, antifluorite, how, ranges=((1.6, 6.0), (1.6, 20.0)), free=free)
    near, wide = fit.ranges
    assert (near.low, near.high) == (1.6, 6.0)
    assert "q_damp" in wide.parameters
    assert "q_damp" not in near.parameters
    assert near.values["q_damp"] == wide.values["q_damp"]


def test_a_fit_that_misses_a_third_of_the_curve_says_so(antifluorite, rng):
    data, how = _measured(antifluorite, rng)
    wrong = replace(antifluorite, cell=(5.9, 5.9, 5.9, 90.0, 90.0, 90.0))
    fit = fit_pdf(data, wrong, how, low=1.6, high=20.0, free=("scale", "Li1/B"))
    assert fit.r_w > 0.5
    assert any(w.startswith("R_w") and "does not describe" in w for w in fit.warnings)
    right = fit_pdf(data, antifluorite, how, low=1.6, high=20.0)
    assert not any("does not describe" in w for w in right.warnings)
