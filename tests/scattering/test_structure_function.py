"""S(Q) to G(r): exact limits."""

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.scattering.from_structure_function import pdf_from_structure_function

R = np.arange(0.5, 12.0, 0.02)


def _one_shell(q, *, distance=2.3, width=0.15, weight=1.7):
    """By hand: G = w/r₀ N(r; r₀, σ) has Q [S - 1] = w/r₀ sin(Q r₀) exp(-Q²σ²/2) (negative r left out)."""
    return 1 + weight / distance * np.sin(q * distance) * np.exp(-0.5 * (q * width) ** 2) / q


def _peak(r, *, distance=2.3, width=0.15, weight=1.7):
    return weight / distance * np.exp(-0.5 * ((r - distance) / width) ** 2) / width / np.sqrt(2 * np.pi)


def test_no_structure_gives_no_correlation():
    q = np.linspace(0.1, 30, 3000)
    g, error = pdf_from_structure_function(q, np.ones_like(q), R, sigma=0.01 * np.ones_like(q))
    assert np.all(g == 0)
    assert np.all(error > 0)


def test_one_shell_comes_back_with_its_place_width_and_weight():
    q = np.linspace(0.01, 40, 4001)
    g, _ = pdf_from_structure_function(q, _one_shell(q), R)
    assert g == pytest.approx(_peak(R), abs=2e-3)


def test_a_coarse_grid_holds_distances_up_to_its_limit_and_no_further():
    """Δq 0.1 1/Å holds 31 Å; at 0.4 1/Å a shell at 11 Å would come back folded."""
    far = {"distance": 11.0, "width": 0.15}
    q = np.linspace(0.01, 40, 401)
    g, _ = pdf_from_structure_function(q, _one_shell(q, **far), R)
    assert g == pytest.approx(_peak(R, **far), abs=2e-3)
    q = np.linspace(0.01, 40, 101)
    with pytest.raises(DataError, match=r"hold distances up to 7\.9 Å"):
        pdf_from_structure_function(q, _one_shell(q, **far), R)


def test_the_window_takes_the_ripples_and_broadens_the_peak():
    q = np.linspace(0.01, 12, 1200)
    sharp, _ = pdf_from_structure_function(q, _one_shell(q, width=0.05), R)
    soft, _ = pdf_from_structure_function(q, _one_shell(q, width=0.05), R, window="lorch")
    far = np.abs(R - 2.3) > 1.0
    assert np.abs(soft[far]).max() < 0.2 * np.abs(sharp[far]).max()
    assert soft.max() < sharp.max()


def test_noise_is_carried_as_repeats_scatter():
    q = np.linspace(0.1, 25, 800)
    rng = np.random.default_rng(0)
    sigma = np.full(len(q), 0.01)
    r = np.array([1.5, 4.0, 9.0])
    many = [pdf_from_structure_function(q, 1 + 0.01 * rng.standard_normal(len(q)), r)[0] for _ in range(400)]
    _, error = pdf_from_structure_function(q, np.ones_like(q), r, sigma=sigma)
    assert np.std(many, axis=0) == pytest.approx(error, rel=0.12)


def test_what_the_data_do_not_reach_is_refused():
    q = np.linspace(0.1, 20, 500)
    with pytest.raises(DataError, match="the data end at 20"):
        pdf_from_structure_function(q, np.ones_like(q), R, q_max=25.0)
    with pytest.raises(DataError, match="must rise"):
        pdf_from_structure_function(q[::-1], np.ones_like(q), R)
    with pytest.raises(InputError, match="none or lorch"):
        pdf_from_structure_function(q, np.ones_like(q), R, window="hann")  # type: ignore[arg-type]
