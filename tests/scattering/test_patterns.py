"""Positions and intensities against brute force and against pymatgen; profiles against integrals."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import voigt_profile

from electrolith.core.errors import InputError
from electrolith.scattering.corrections import (
    axial_counts,
    axial_nodes,
    capillary_transmission,
    lorentz_polarisation,
)
from electrolith.scattering.instrument import ConstantWavelength, TimeOfFlight, laboratory, neutron
from electrolith.scattering.model import calculate, compile_model, parameters
from electrolith.scattering.phase import Site, cell_matrix
from electrolith.scattering.profile import back_to_back, gaussian_lorentzian, pseudo_voigt
from electrolith.scattering.read_cif import phase_from_group
from electrolith.scattering.reflections import reflections
from electrolith.scattering.simulate import sticks
from electrolith.scattering.tables import scatterers


def _brute(phase, wavelength, radiation, top):
    """Intensities of every index triple, added where 2θ agrees: no symmetry used."""
    table = scatterers(phase.species, radiation=radiation, wavelength=wavelength)
    reciprocal = np.linalg.inv(cell_matrix(phase.cell)).T
    out = {}
    atoms = []
    for site in phase.sites:
        images = (phase.rotations @ np.array(site.position) + phase.translations) % 1.0
        atoms += [(image, site) for image in np.unique(np.round(images, 6) % 1.0, axis=0)]
    reach = range(-9, 10)
    for h in reach:
        for k in reach:
            for m in reach:
                if (h, k, m) == (0, 0, 0):
                    continue
                g = np.linalg.norm(np.array([h, k, m]) @ reciprocal)
                sine = wavelength * g / 2
                if sine >= np.sin(np.radians(top / 2)):
                    continue
                s = np.array([g / 2])
                total = 0j
                for image, site in atoms:
                    wave = np.exp(2j * np.pi * (np.array([h, k, m]) @ image) - site.b_iso * g**2 / 4)
                    for species, share in site.occupancy:
                        f = table[species].real(s)[0] + 1j * table[species].f2
                        total += share * f * wave
                key = round(2 * np.degrees(np.arcsin(sine)), 4)
                out[key] = out.get(key, 0.0) + abs(total) ** 2
    return out


@pytest.mark.parametrize("radiation", ["xray", "neutron"])
def test_structure_factors_of_a_skewed_cell_equal_the_sum_over_all_indices(triclinic, radiation):
    wavelength = 1.5406
    brute = _brute(triclinic, wavelength, radiation, 70.0)
    tool = ConstantWavelength(radiation, ((wavelength, 1.0),), unpolarised=0.0)
    found = sticks(triclinic, tool, low=5.0, high=69.9)
    theta = np.radians(found.position / 2)
    plain = found.intensity * np.sin(theta) ** 2 * np.cos(theta)
    ours = {}
    for position, value in zip(np.round(found.position, 4), plain, strict=True):
        ours[position] = ours.get(position, 0.0) + value
    both = sorted(k for k in brute if 5.5 < k < 69)
    a = np.array([brute[k] for k in both])
    b = np.array([ours[k] for k in both])
    assert b / b.sum() == pytest.approx(a / a.sum(), rel=1e-6, abs=1e-12)


def _pymatgen(phase):
    from pymatgen.core import Lattice, Structure

    species, positions = [], []
    for site in phase.sites:
        images = (phase.rotations @ np.array(site.position) + phase.translations) % 1.0
        for image in np.unique(np.round(images, 8) % 1.0, axis=0):
            species.append(dict(site.occupancy))
            positions.append(image)
    return Structure(Lattice.from_parameters(*phase.cell), species, positions)


@pytest.fixture(scope="module")
def still(antifluorite):
    """The antifluorite without displacements, as pymatgen has it."""
    sites = tuple(Site(s.label, s.position, s.occupancy, 0.0) for s in antifluorite.sites)
    return phase_from_group("still", space_group="F m -3 m", cell=(5.3506,), sites=sites)


def _joined(found):
    positions = np.round(found.position, 3)
    return {p: found.intensity[positions == p].sum() for p in np.unique(positions)}


def test_neutron_sticks_equal_pymatgen_to_1e_6(still):
    from pymatgen.analysis.diffraction import neutron as module

    lengths = json.loads((Path(module.__file__).parent / "neutron_scattering_length.json").read_text())
    theirs = module.NDCalculator(wavelength=1.54).get_pattern(_pymatgen(still), two_theta_range=(10, 120))
    own = {s: lengths[s] for s in ("Li", "N", "Cl")}
    found = sticks(still, neutron(1.54), low=10, high=120, lengths=own)
    ours = _joined(found)
    b = np.array(list(ours.values()))
    assert len(b) == len(theirs.y)
    assert 100 * b / b.max() == pytest.approx(theirs.y, abs=1e-4)
    assert np.array(list(ours)) == pytest.approx(theirs.x, abs=2e-3)


def test_x_ray_sticks_are_within_one_percent_of_the_strongest_line_of_pymatgen(still):
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    theirs = XRDCalculator(wavelength=0.7).get_pattern(_pymatgen(still), two_theta_range=(8, 60))
    tool = ConstantWavelength("xray", ((0.7, 1.0),), unpolarised=0.5)
    ours = _joined(sticks(still, tool, low=8, high=60))
    b = np.array(list(ours.values()))
    assert len(b) == len(theirs.y)
    assert np.abs(100 * b / b.max() - theirs.y).max() < 1.0


def test_multiplicities_of_a_cubic_cell_are_the_textbook_ones(antifluorite):
    found = reflections(antifluorite, d_min=1.2)
    named = {
        tuple(sorted(np.abs(h), reverse=True)): m
        for h, m in zip(found.hkl.tolist(), found.multiplicity, strict=True)
    }
    assert named == {
        (1, 1, 1): 8,
        (2, 0, 0): 6,
        (2, 2, 0): 12,
        (3, 1, 1): 24,
        (2, 2, 2): 8,
        (4, 0, 0): 6,
        (3, 3, 1): 24,
    }


def test_screw_axes_and_glides_extinguish():
    site = Site("A", (0.11, 0.23, 0.37), (("O", 1.0),))
    phase = phase_from_group("p", space_group="P n m a", cell=(7.0, 6.0, 5.0), sites=(site,))
    hkl = {tuple(h) for h in np.abs(reflections(phase, d_min=1.0).hkl).tolist()}
    assert (1, 0, 0) not in hkl
    assert (2, 0, 0) in hkl
    assert (0, 1, 2) not in hkl
    assert (0, 1, 1) in hkl
    assert (1, 1, 0) not in hkl


def test_too_many_reflections_hint_at_the_wavelength(antifluorite):
    with pytest.raises(InputError, match="abscissa or the wavelength"):
        reflections(antifluorite, d_min=0.01)


# profiles


def test_pseudo_voigt_has_unit_area_and_the_stated_width():
    x = np.linspace(-400, 400, 400001)
    value = pseudo_voigt(x, np.full_like(x, 0.7), np.full_like(x, 0.3))[0]
    assert np.sum(value) * (x[1] - x[0]) == pytest.approx(1.0, abs=1e-3)
    assert x[value > value.max() / 2].max() * 2 == pytest.approx(0.7, abs=5e-3)


def test_thompson_cox_hastings_limits():
    one, nothing = np.ones(1), np.zeros(1)
    assert gaussian_lorentzian(one, nothing) == (pytest.approx(1.0), pytest.approx(0.0))
    width, eta = gaussian_lorentzian(1e-9 * one, one)
    assert (width[0], eta[0]) == (pytest.approx(1.0, abs=1e-6), pytest.approx(1.0, abs=1e-6))


@pytest.mark.parametrize("eta", [0.0, 0.4])
def test_back_to_back_exponentials_equal_a_numerical_convolution(eta):
    step = 0.05
    t = np.arange(-3000, 3000) * step
    alpha, beta, width = 0.5, 0.15, 6.0
    exponential = np.where(t < 0, np.exp(alpha * t), np.exp(-beta * t)) * alpha * beta / (alpha + beta)
    peak = pseudo_voigt(t, np.full_like(t, width), np.full_like(t, eta))[0]
    size = 1 << 14
    both = (
        np.fft.irfft(
            np.fft.rfft(np.roll(np.pad(exponential, (0, size - len(t))), -3000))
            * np.fft.rfft(np.roll(np.pad(peak, (0, size - len(t))), -3000)),
            size,
        )
        * step
    )
    wanted = np.concatenate([both[-1000:], both[:1001]])
    x = np.arange(-1000, 1001) * step
    one = np.ones_like(x)
    ours = back_to_back(x, alpha * one, beta * one, width * one, eta * one)[0]
    assert ours == pytest.approx(wanted, abs=3e-3 * wanted.max())


@pytest.mark.parametrize("eta", [0.0, 0.4])
def test_profile_slopes_equal_differences(eta):
    x = np.linspace(-100, 200, 301)
    one = np.ones_like(x)
    arguments = [0.3 * one, 0.04 * one, 30 * one, eta * one]
    _, *slopes = back_to_back(x, *arguments, gradient=True)
    step = 1e-5
    for index in range(5):
        up, down = [list(arguments) for _ in range(2)]
        shift_up = shift_down = 0.0
        if index == 0:
            shift_up, shift_down = -step, step
        elif index == 4 and eta == 0:
            continue
        else:
            up[index - 1] = up[index - 1] + step
            down[index - 1] = down[index - 1] - step
        numeric = (back_to_back(x + shift_up, *up)[0] - back_to_back(x + shift_down, *down)[0]) / (2 * step)
        assert slopes[index] == pytest.approx(numeric, abs=1e-6 * np.abs(numeric).max())


def test_a_sharp_rise_far_below_the_peak_does_not_overflow():
    x = np.array([-5000.0, 0.0, 5000.0])
    one = np.ones(3)
    value = back_to_back(x, 50 * one, 0.01 * one, 2 * one, 0 * one)[0]
    assert np.all(np.isfinite(value))
    assert value[0] == pytest.approx(0.0, abs=1e-12)


# corrections


def test_polarisation_by_hand_and_neutrons_without():
    theta = np.radians([20.0])
    plain = 1 / (np.sin(theta) ** 2 * np.cos(theta))
    lab = lorentz_polarisation(theta, unpolarised=0.5, monochromator=0.0, neutron=False)
    assert lab == pytest.approx((1 + np.cos(2 * theta) ** 2) / 2 * plain)
    mono = lorentz_polarisation(theta, unpolarised=0.5, monochromator=26.6, neutron=False)
    k = np.cos(np.radians(26.6)) ** 2
    assert mono == pytest.approx((1 + k * np.cos(2 * theta) ** 2) / (1 + k) * plain)
    assert lorentz_polarisation(theta, unpolarised=0.5, monochromator=0.0, neutron=True) == pytest.approx(
        plain
    )


def test_a_thin_capillary_absorbs_16_over_3_pi_mu_r_at_every_angle():
    theta = np.radians([2.0, 30.0, 60.0, 88.0])
    mu_r = 1e-3
    assert 1 - capillary_transmission(theta, mu_r) == pytest.approx(16 / (3 * np.pi) * mu_r, rel=3e-3)


def test_a_thick_capillary_transmits_more_backwards():
    forward, back = capillary_transmission(np.radians([1.0, 85.0]), 2.0)
    assert back > 2 * forward


def test_axial_divergence_pulls_low_angle_peaks_down_and_high_angle_peaks_up():
    shift, weight = axial_nodes(np.radians([20.0, 90.0, 160.0]), 0.04, 10)
    mean = np.sum(shift * weight, axis=1)
    assert mean[0] < 0 < mean[2]
    assert abs(mean[1]) < 0.02 * abs(mean[0])
    assert weight.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("ratio", [0.005, 0.3, 1.0, 2.5, 4.0, 9.0])
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_few_nodes_draw_the_same_peak_as_two_hundred(ratio, eta):
    """The split into nodes is good to 1e-3 of the peak's height, however far it spreads against the width."""
    angle, divergence = np.radians([35.0]), 0.03
    whole, _ = axial_nodes(angle, divergence, 200)
    width = np.abs(whole).max() / ratio
    x = np.linspace(-1.3 * ratio - 6, 6, 4001)[:, None] * width

    def drawn(count):
        shift, share = axial_nodes(angle, divergence, count)
        return np.sum(share * pseudo_voigt(x - shift, np.full(1, width), np.full(1, eta))[0], axis=1)

    few = int(axial_counts(angle, divergence, np.array([width]))[0])
    assert np.abs(drawn(few) - drawn(200)).max() < 1e-3 * drawn(200).max()
    if ratio > 1:
        assert np.abs(drawn(2) - drawn(200)).max() > 1e-2 * drawn(200).max()  # the referee can fail


def test_no_divergence_and_right_angles_need_one_node():
    width = np.radians([0.08, 0.08])
    assert axial_counts(np.radians([30.0, 60.0]), 0.0, width).tolist() == [1, 1]
    assert (
        axial_counts(np.radians([20.0, 90.0]), 0.03, width)[1]
        < axial_counts(np.radians([20.0, 90.0]), 0.03, width)[0]
    )


@pytest.mark.parametrize(
    ("geometry", "by_hand"),
    [
        ("reflection", lambda t: -2 * 0.1 * np.cos(t / 2)),
        ("transmission", lambda t: -2 * 0.1 * np.sin(t / 2)),
        ("capillary", lambda t: -(0.1 * np.cos(t) - 0.05 * np.sin(t))),
    ],
)
def test_a_displaced_specimen_moves_its_lines_as_geometry_says(antifluorite, geometry, by_hand):
    """By hand: the path at the detector over the radius, 100 µm (and 50 µm along the beam) at 200 mm."""
    tool = replace(laboratory("Cu", k_alpha2=False), geometry=geometry, radius=200.0)
    moved = replace(tool, displacement=0.1, offset=0.05 if geometry == "capillary" else 0.0)
    before = sticks(antifluorite, tool, low=20, high=140).position
    after = sticks(antifluorite, moved, low=20, high=140).position
    assert after - before == pytest.approx(np.degrees(by_hand(np.radians(before)) / 200.0), abs=1e-9)


def test_a_pattern_has_no_steps_where_a_point_enters_a_peak(antifluorite, blank):
    """χ² must be smooth: as a line moves by thousandths of a step, no point may jump."""
    x = np.arange(20.0, 60.0, 0.02)
    histogram = blank(x, replace(laboratory("Cu"), x=0.08, y=0.08))
    model = compile_model((antifluorite,), (histogram,))
    start = parameters((antifluorite,), (histogram,))
    curves = np.array([calculate(model, start | {"lab/zero": 0.02 * k / 200})[0].total for k in range(12)])
    change, bend = np.abs(np.diff(curves, axis=0)), np.abs(np.diff(curves, 2, axis=0))
    assert bend.max() < 0.02 * change.max()  # a point that enters at 4e-4 of a peak would bend by its jump


def test_derivatives_of_the_pattern_equal_differences(triclinic, blank):
    x = np.arange(10.0, 70.0, 0.05)
    histogram = blank(x)
    model = compile_model((triclinic,), (histogram,))
    values = parameters((triclinic,), (histogram,)) | {"skew/inverse_size": 1e-4, "skew/strain": 1e-3}
    names = tuple(n for n in values if not n.endswith(("axial", "mu_r", "texture", "offset")))
    jacobian = calculate(model, values, names)[0].jacobian
    for column, name in enumerate(names):
        step = 1e-6 * max(abs(values[name]), 1e-3) if "inverse" not in name else 1e-8
        up, down = (calculate(model, values | {name: values[name] + s})[0].total for s in (step, -step))
        numeric = (up - down) / (2 * step)
        scale = np.abs(numeric).max()
        assert np.median(np.abs(jacobian[:, column] - numeric)) < 1e-4 * scale, name


def test_a_pattern_does_not_depend_on_the_symmetry_being_told(antifluorite, blank):
    sites = []
    for site in antifluorite.sites:
        images = (antifluorite.rotations @ np.array(site.position) + antifluorite.translations) % 1.0
        for n, image in enumerate(np.unique(np.round(images, 8) % 1.0, axis=0)):
            sites.append(Site(f"{site.label}{n}", tuple(image), site.occupancy, site.b_iso))
    p1 = phase_from_group("p1", space_group="P 1", cell=(5.3506,), sites=tuple(sites))
    x = np.arange(20.0, 60.0, 0.05)
    histogram = blank(x)
    one, two = (
        calculate(compile_model((p,), (histogram,)), parameters((p,), (histogram,)))[0].total
        for p in (antifluorite, p1)
    )
    assert two == pytest.approx(one, rel=1e-9)


def test_size_and_strain_broaden_as_scherrer_and_stokes_wilson_say(antifluorite):
    from electrolith.scattering.peaks import link, peak_table

    tool = ConstantWavelength("xray", ((1.5, 1.0),), u=0.0, v=0.0, w=0.0, x=0.0, y=0.0)
    ends = np.array([20.0, 120.0])
    for change, law in (
        ({"inverse_size": 0.005}, lambda t: 1.5 * 0.005 / np.cos(t)),
        ({"strain": 0.002}, lambda t: 2 * 0.002 * np.tan(t)),
    ):
        phase = replace(antifluorite, **change)
        table, _ = peak_table(link(phase, tool, ends, {}, {}, "x"), phase, tool, "x", ())
        theta = np.radians(table.centre / 2)
        assert np.radians(table.shape[0]) == pytest.approx(law(theta), rel=1e-2)


def test_time_of_flight_positions_follow_the_calibration(antifluorite):
    tool = TimeOfFlight(5000.0, -2.0, 1.0, 7.0, 90.0)
    found = sticks(antifluorite, tool, low=4000.0, high=17000.0)
    assert found.position == pytest.approx(7 + 5000 * found.d - 2 * found.d**2 + 1 / found.d)


def test_texture_strengthens_the_planes_along_the_axis(antifluorite):
    plates = replace(antifluorite, texture_axis=(1, 0, 0), texture=0.6)
    plain, textured = (sticks(p, laboratory(), low=20, high=80) for p in (antifluorite, plates))
    row = next(i for i, h in enumerate(plain.hkl) if sorted(np.abs(h)) == [0, 0, 2])
    other = next(i for i, h in enumerate(plain.hkl) if sorted(np.abs(h)) == [1, 1, 1])
    before, after = (s.intensity[row] / s.intensity[other] for s in (plain, textured))
    assert after > 1.5 * before


def test_an_instrument_that_cannot_be_is_refused():
    with pytest.raises(InputError, match=r"between 0.01 and 30"):
        ConstantWavelength("xray", ((0.0, 1.0),))
    with pytest.raises(InputError, match=r"no .Xu.; known: Ag"):
        laboratory("Xu")
    with pytest.raises(InputError, match="dif_c must be positive"):
        TimeOfFlight(0.0)


@pytest.mark.parametrize("lorentzian", [0.2, 0.5, 1.0, 2.0])
def test_the_width_is_that_of_the_voigt_it_stands_for(lorentzian):
    """Half width of scipy's Voigt by bisection; Thompson, Cox and Hastings are within 0.5 % of it."""
    sigma, gamma = 1 / np.sqrt(8 * np.log(2)), lorentzian / 2
    half = brentq(lambda x: voigt_profile(x, sigma, gamma) - voigt_profile(0.0, sigma, gamma) / 2, 0.0, 5.0)
    width = gaussian_lorentzian(np.ones(1), np.full(1, lorentzian))[0][0]
    assert width == pytest.approx(2 * half, rel=5e-3)


def test_width_of_a_gaussian_of_two_with_a_lorentzian_of_one_by_hand():
    # 32 + 2.69269·16 + 2.42843·8 + 4.47163·4 + 0.07842·2 + 1
    width, _ = gaussian_lorentzian(np.full(1, 2.0), np.ones(1))
    assert width[0] ** 5 == pytest.approx(113.55384, rel=1e-9)
