"""G(r) files in every dress: the same curve comes back, or a sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrolith.core.errors import DataError
from electrolith.scattering.read_gr import read_gr

R = np.arange(0.05, 20.0, 0.05)
G = np.exp(-R / 12) * np.sin(2.5 * R) * 3  # both signs, mean of zero
UNITS = {"": 1.0, " (A)": 1.0, "($\\AA$)": 1.0, " (Angstrom)": 1.0, " [Å]": 1.0, " (nm)": 0.1, " (pm)": 100.0}
HEIGHTS = {"": None, " (Å^-2)": 1.0, "($\\AA^{-2}$)": 1.0, " (1/nm^2)": 100.0}
NAMES = {
    "r": ("r", "R", "distance"),
    "G": ("G", "G(r)", "Gobs", "G_exp"),
    "dG": ("dG", "dG(r)", "d_Gr", "esd", "sigma"),
}


def columns(unit, height, names, extra):
    """Names and values of a table in units of the header."""
    length = UNITS[unit]
    factor = length**-2 if HEIGHTS[height] is None else HEIGHTS[height]
    made = {
        names[0] + unit: R * length,
        names[1] + height: G * factor,
        names[2]: np.full(len(R), 0.1 * factor),
    }
    if "dr" in extra:
        made["dr"] = np.zeros(len(R))
    if "Gcalc" in extra:
        made["Gcalc"] = 0.7 * G * factor
        made["diff"] = 0.3 * G * factor
    return made


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(sorted(HEIGHTS)),
    st.tuples(*(st.sampled_from(v) for v in NAMES.values())),
    st.sets(st.sampled_from(["dr", "Gcalc"])),
    st.sampled_from(["\t", ";", ",", "  "]),
    st.sampled_from(["# ", "", "#L "]),
    st.randoms(use_true_random=False),
    st.sampled_from(["", "OVL", "nan"]),
)
def test_a_curve_comes_back_whatever_its_columns_are_called(
    tmp_path_factory, unit, height, names, extra, mark, comment, random, bad
):
    made = columns(unit, height, names, extra)
    if "Gcalc" in extra and names[1] in ("G", "G(r)"):
        made.pop("diff")
    titles = list(made)
    random.shuffle(titles)
    rows = [[f"{made[t][i]:.10g}" for t in titles] for i in range(len(R))]
    if bad:
        rows[200][titles.index(names[1] + height)] = bad
    if mark == "  ":
        titles = [t.replace(" ", "") for t in titles]
    text = comment + mark.join(titles) + "\n" + "\n".join(mark.join(row) for row in rows) + "\n"
    path = tmp_path_factory.mktemp("gr") / "a.gr"
    path.write_text("mode = neutron\nqmax = 25.0\n" + text)
    found = read_gr(path)
    keep = np.arange(len(R)) != 200 if bad else slice(None)
    np.testing.assert_allclose(found.r, R[keep], rtol=1e-8)
    np.testing.assert_allclose(found.g, G[keep], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.sigma, 0.1, rtol=1e-6)
    assert (found.q_max, found.radiation) == (25.0, "neutron")
    if bad:
        assert found.account is not None
        assert found.account.left_out


def written(path, rows, head=""):
    path.write_text(head + "\n".join(" ".join(f"{v:.13g}" for v in row) for row in rows) + "\n")
    return path


def test_points_of_zero_error_are_masked_and_counted(tmp_path):
    error = np.where((R > 3) & (R < 3.2), 0.0, 0.1)
    found = read_gr(written(tmp_path / "a.gr", zip(R, G, error, strict=True), "r G dG\n"))
    assert len(found.r) == int((error > 0).sum())
    assert any("points with zero standard deviation are masked" in n for n in found.notes)
    none = read_gr(written(tmp_path / "b.gr", zip(R, G, 0 * R, strict=True), "r G dG\n"))
    assert len(none.r) == len(R)
    assert np.isnan(none.sigma).all()


def test_a_file_of_a_fit_is_asked_which_curve_was_measured(tmp_path):
    rows = list(zip(R, 0.9 * G, 0 * R, 0 * R + 1, 0.1 * G, strict=True))
    with pytest.raises(DataError, match="may be the calculated curve"):
        read_gr(written(tmp_path / "a.gr", rows, "#L r(A) G(r) d_r d_Gr Gdiff\n"))
    with pytest.raises(DataError, match="columns 2 and 3 without names look alike"):
        read_gr(written(tmp_path / "b.gr", zip(R, G, 0.95 * G, strict=True)))
    found = read_gr(
        written(tmp_path / "c.gr", zip(R, 0.9 * G, G, 0 * R + 1, strict=True), "# x ycalc y dy\n")
    )
    np.testing.assert_allclose(found.g, G, rtol=1e-6)


DENSITY = 0.05
LITTLE_G = np.where(R > 2, 1 + np.exp(-R / 5) * np.sin(2.5 * R), 0.0)


def test_g_of_r_that_levels_at_one_becomes_big_g_up_to_a_factor(tmp_path):
    found = read_gr(written(tmp_path / "a.gr", zip(R, LITTLE_G, strict=True), "r g(r)\n"))
    np.testing.assert_allclose(found.g, R * (LITTLE_G - 1), rtol=1e-5, atol=1e-7)
    assert any("levels at one" in n for n in found.notes)
    keen = read_gr(written(tmp_path / "nickel.mgor01", zip(R, LITTLE_G - 1, strict=True), "# 1\n"))
    np.testing.assert_allclose(keen.g, found.g, rtol=1e-5, atol=1e-6)
    assert any("Gudrun" in n for n in keen.notes)


@pytest.mark.parametrize(
    ("name", "head", "curve", "said"),
    [
        ("a.gr", "", 4 * np.pi * DENSITY * R * LITTLE_G, "stays above zero and grows with r"),
        ("a.gr", "", 4 * np.pi * DENSITY * R**2 * LITTLE_G, "stays above zero and grows with r"),
        ("a.gr", "r T(r)\n", 4 * np.pi * DENSITY * R * LITTLE_G, r"this is T\(r\), not G\(r\)"),
        ("a.gr", "r RDF(r)\n", R**2 * LITTLE_G, "a radial distribution function"),
        ("a.gr", "Q S(Q)\n", 1 + G / 3, r"this is S\(Q\), of Q, not G\(r\): G\(r\) is its sine transform"),
        ("a.fq", "", G, r"this is F\(Q\), of Q"),
        ("a.gr", "q (1/Å)  F(q)\n", G, r"of Q, not G\(r\)"),
    ],
)
def test_other_functions_are_refused_by_name(tmp_path, name, head, curve, said):
    with pytest.raises(DataError, match=said):
        read_gr(written(tmp_path / name, zip(R, curve, strict=True), head))


def test_two_curves_in_one_file_are_refused(tmp_path):
    one = "\n".join(f"{r:.3f} {g:.5f}" for r, g in zip(R, G, strict=True))
    (tmp_path / "a.gr").write_text(f"r G(r)\n{one}\nr G(r)\n{one}\n")
    with pytest.raises(DataError, match=r"r goes from 19\.95 back to 0\.05 at row 400: two curves"):
        read_gr(tmp_path / "a.gr")
    (tmp_path / "b.gr").write_text(f"#L r G(r) dr\n{one}\n#S 2\n#L r G(r) dr\n{one}\n")
    with pytest.raises(DataError, match="2 tables in one file"):
        read_gr(tmp_path / "b.gr")


def test_a_length_of_no_unit_that_puts_atoms_too_close_is_doubted(tmp_path):
    found = read_gr(written(tmp_path / "a.gr", zip(R / 10, G * 100, strict=True)))
    assert found.account is not None
    assert any("is r in nm" in d for d in found.account.doubtful)


def test_a_fit_that_misses_half_of_the_curve_rings_at_its_number(tmp_path):
    from typer.testing import CliRunner

    from electrolith.study.commands import app

    head = "mode = neutron\nqmax = 25.0\nr G(r)\n"
    path = written(tmp_path / "a.gr", zip(R, G, strict=True), head)  # no crystal at all
    words = ["pdf", str(path), "LiCl", "--range", "1.6-18", "--json", str(tmp_path / "a.json")]
    page = ["--html", str(tmp_path / "a.html")]
    found = CliRunner().invoke(app, [*words, *page])
    assert found.exit_code == 0, found.output
    said = "the model does not describe the data"
    assert said in found.output
    assert said in (tmp_path / "a.json").read_text()
    assert said in (tmp_path / "a.html").read_text()
