"""Peaks of G(r): distances of the crystal, ripples of the cut, and files of S(Q)."""

import numpy as np
import pytest

from electrolith.core.errors import DataError
from electrolith.scattering.distances import assign_peaks
from electrolith.scattering.measured_pdf import PdfFilesSettings, fit_pdf_files
from electrolith.scattering.pdf import PdfSettings, pdf
from electrolith.scattering.pdf_fit import fit_ranges
from electrolith.scattering.phase import Site
from electrolith.scattering.read_cif import phase_from_group
from electrolith.scattering.read_gr import PdfData
from electrolith.scattering.read_sq import read_sq

A = 5.3506


def crystal(b=0.5):
    sites = (
        Site("Li1", (0.25, 0.25, 0.25), (("Li", 0.86),), b),
        Site("X1", (0.0, 0.0, 0.0), (("N", 0.382), ("Cl", 0.573)), b),
    )
    return phase_from_group("lnc", space_group="F m -3 m", cell=(A,), sites=sites)


def measured(q_max=24.0, noise=0.005, seed=0, start=1.0):
    r = 0.02 * np.arange(round(start / 0.02), 1001)
    how = PdfSettings("xray", q_max=q_max, q_damp=0.02, delta2=3.5)
    rng = np.random.default_rng(seed)
    g = pdf(crystal(), r, how) + noise * rng.standard_normal(r.size)
    return PdfData(r, g, np.full(r.size, np.nan), q_max, 0.0, "xray", "made"), how


def fitted(**more):
    data, how = measured(**more)
    return fit_ranges(data, crystal(), how, ranges=((1.6, 20.0), (1.6, 6.5)))


@pytest.mark.parametrize("seed", range(3))
def test_peaks_are_the_distances_of_the_antifluorite_cell(seed):
    """By hand: Li–X = a√3/4 with 8 Li around X; Li–Li = a/2; X–X = a/√2; second Li–X = a√11/4."""
    peaks = assign_peaks(fitted(seed=seed))
    by_pair = {(d.pair, round(d.r, 2)): (d, p) for p in peaks for d in p.pairs}
    near, peak = by_pair["Li–N/Cl", round(A * 3**0.5 / 4, 2)]
    assert near.r == pytest.approx(A * 3**0.5 / 4, abs=0.002)
    assert near.count == pytest.approx(4 * 0.955)  # four anion sites around Li, 95.5 % filled
    assert abs(peak.r - near.r) < 0.05
    assert ("N/Cl–N/Cl", round(A / 2**0.5, 2)) in by_pair
    far, peak = by_pair["Li–N/Cl", round(A * 11**0.5 / 4, 2)]
    assert abs(peak.r - far.r) < 0.06


def test_the_ripple_before_the_first_distance_is_no_distance():
    """The first maximum of sin(qx)/(qx) stands at qx = 2.459 π: 0.32 Å before 2.317 Å with Q to 24 1/Å."""
    peaks = assign_peaks(fitted(q_max=24.0))
    (ripple,) = [p for p in peaks if p.r < 2.15]
    assert ripple.ripple
    assert ripple.pairs == ()
    assert ripple.r == pytest.approx(A * 3**0.5 / 4 - 2.459 * np.pi / 24.0, abs=0.06)
    first = min((p for p in peaks if p.pairs), key=lambda p: p.r)
    assert first.r == pytest.approx(2.317, abs=0.03)


def test_a_true_peak_at_the_place_of_the_ripple_is_not_called_one():
    """A distance that the crystal has not, put where the ripple is: strong, and nothing explains it."""
    data, how = measured()
    extra = 4.0 * np.exp(-0.5 * ((data.r - 1.98) / 0.06) ** 2)
    spoiled = PdfData(data.r, data.g + extra, data.sigma, 24.0, 0.0, "xray", "made")
    fit = fit_ranges(spoiled, crystal(), how, ranges=((1.6, 20.0),))
    (odd,) = [p for p in assign_peaks(fit) if p.r < 2.15]
    assert not odd.known


def structure_function(path, *, kind="S", q_max=24.0, head="mode = xray"):
    """S(Q) of one Gaussian shell train: the sine transform of the crystal's own G(r)."""
    q = np.arange(0.3, q_max + 0.6, 0.02)
    r = 0.01 * np.arange(1, 12001)
    how = PdfSettings("xray", q_max=0.0, q_damp=0.05, delta2=3.5)
    g = pdf(crystal(), r, how)
    f = np.array([np.sum(g * np.sin(k * r)) * 0.01 for k in q])
    values = f if kind == "F" else 1 + f / q
    path.write_text(
        f"{head}\n# Q  value\n" + "\n".join(f"{a:.4f} {b:.8f}" for a, b in zip(q, values, strict=True))
    )
    return path


@pytest.mark.parametrize("kind", ["S", "F"])
def test_a_structure_function_gives_the_cell_and_the_distances(tmp_path, kind):
    path = structure_function(tmp_path / ("a.sq" if kind == "S" else "a.fq"), kind=kind)
    settings = PdfFilesSettings((path,), ranges=((1.6, 20.0),), q_max=24.0, q_damp=0.05, q_min=0.3)
    found = fit_pdf_files(settings, crystal(b=0.3))
    a = found.fits[0].ranges[0].parameters["a"]
    assert a.value == pytest.approx(A, abs=0.003)
    assert found.fits[0].ranges[0].r_w < 0.05
    (ripple,) = [p for p in found.peaks[0] if p.r < 2.15]
    assert ripple.ripple
    made = found.transforms[0]
    near = (made.r > 1.6) & (made.r < 2.05)
    assert np.ptp(made.softened[near]) < 0.6 * np.ptp(made.g[near])  # the window takes the ripple


def test_what_the_second_column_is_must_agree_with_its_end(tmp_path):
    s = structure_function(tmp_path / "a.sq")
    assert read_sq(s).radiation == "xray"
    assert read_sq(s).s[-1] == pytest.approx(1.0, abs=0.05)
    (tmp_path / "b.fq").write_text(s.read_text())
    with pytest.raises(DataError, match=r"F\(Q\) = Q \[S\(Q\) − 1\] is 0 at large Q, this one ends at"):
        read_sq(tmp_path / "b.fq")
    f = structure_function(tmp_path / "c.fq", kind="F")
    with pytest.raises(DataError, match="S\\(Q\\) is 1 at large Q"):
        read_sq(f, kind="S")
    rows = [line.split() for line in s.read_text().split("\n")[2:]]
    (tmp_path / "d.iq").write_text("\n".join(f"{q} {500 * float(v)}" for q, v in rows))
    with pytest.raises(DataError, match="neither S\\(Q\\)"):
        read_sq(tmp_path / "d.iq")
    (tmp_path / "e.sq").write_text("\n".join(f"{q} {v}" for q, v in rows[::-1]))
    with pytest.raises(DataError, match="does not rise"):
        read_sq(tmp_path / "e.sq")
