"""Edge, step and normalisation: exact cases, real spectra, refusals."""

import numpy as np
import pytest
from tests.lab.xanes.made import GRID, shape, spectrum

from electrolith.core.errors import DataError, InputError
from electrolith.lab.xanes.normalise import Normalisation, crossing, edge_energy, normalise
from electrolith.lab.xanes.read import Spectrum, read_spectrum

FINE = np.arange(6900.0, 7500.0, 0.5)


def test_a_step_on_a_line_is_normalised_exactly():
    mu = 0.7 * (FINE >= 7112) + 0.2 - 1e-4 * (FINE - 7112)
    found = normalise(Spectrum(FINE, mu, "step"), Normalisation(edge=7112.0))
    assert found.edge_step == pytest.approx(0.7, abs=1e-9)
    assert found.mu[FINE < 7112] == pytest.approx(0, abs=1e-9)
    assert found.flat[FINE >= 7112] == pytest.approx(1, abs=1e-9)


def test_edge_of_an_arctangent_is_its_centre():
    mu = 0.5 + np.arctan((FINE - 7112) / 1.5) / np.pi
    assert edge_energy(FINE, mu) == 7112.0


def test_normalisation_does_not_depend_on_scale_and_background_line():
    mu = np.interp(FINE, FINE, 0.5 + np.arctan((FINE - 7112) / 1.5) / np.pi)
    plain = normalise(Spectrum(FINE, mu, "a"))
    other = normalise(Spectrum(FINE, 17 * mu + 3 - 2e-3 * FINE, "b"))
    assert other.flat == pytest.approx(plain.flat, abs=1e-8)
    assert other.edge == plain.edge
    assert other.half == pytest.approx(plain.half, abs=1e-6)


def test_half_step_energy_is_interpolated_by_hand():
    assert crossing(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.4, 0.8])) == pytest.approx(1.25)


def test_noise_is_that_put_in(rng):
    found = [normalise(spectrum(rng=rng, noise=0.01)).noise for _ in range(20)]
    assert np.mean(found) == pytest.approx(0.01, rel=0.15)


# Recorded with xraylarch's default ranges (files of xraypy/xraylarch @ a272abc).
@pytest.mark.parametrize(
    ("name", "edge", "step"), [("cu_metal_rt.xdi", 8980.50, 2.7294), ("fe2o3_rt1.xmu", 7125.62, 1.2931)]
)
def test_edge_and_step_agree_with_xraylarch(shared_data, name, edge, step):
    found = normalise(read_spectrum(shared_data / "xas" / name))
    assert found.edge == pytest.approx(edge, abs=0.01)
    assert found.edge_step == pytest.approx(step, abs=1e-3 * step)
    assert found.edge_step == pytest.approx(step, abs=6e-5)  # the last digit recorded


def test_half_step_of_lithium_nickel_oxide_rises_on_charging(shared_data):
    # energy at mu = 0.5 of GhostDeini/perex @ 579979a: 8344.762 eV in the first of the spectra
    found = [
        normalise(
            read_spectrum(shared_data / "xas" / f"norm_op2_{n:04d}.txt"), Normalisation(already=True)
        ).half
        for n in (1, 19, 37, 55)
    ]
    assert found[0] == pytest.approx(8344.762, abs=1e-3)
    assert np.all(np.diff(found) > 0)
    assert found[-1] == pytest.approx(8346.16, abs=0.05)


def test_a_spectrum_without_an_edge_is_refused(rng):
    noise = Spectrum(FINE, 1 + 1e-3 * rng.standard_normal(FINE.size), "flat")
    with pytest.raises(DataError, match=r"flat: (no absorption edge|the edge step is)"):
        normalise(noise)


def test_a_spectrum_upside_down_is_refused():
    mu = -(0.5 + np.arctan((FINE - 7112) / 1.5) / np.pi)
    with pytest.raises(DataError, match=r"mu falls at the edge; are I0 and the signal exchanged\?"):
        normalise(Spectrum(FINE, mu, "down"), Normalisation(edge=7112.0))


def test_an_edge_outside_the_spectrum_is_refused():
    with pytest.raises(DataError, match=r"no absorption edge inside 2780.0 to 2929.0 eV"):
        normalise(Spectrum(GRID, shape(), "made"), Normalisation(edge=2500.0))


def test_a_pre_edge_above_the_edge_is_refused():
    with pytest.raises(InputError, match="pre_end is relative to the edge and must be negative"):
        Normalisation(pre_end=20.0)
