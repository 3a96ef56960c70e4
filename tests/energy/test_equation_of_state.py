import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrolith.core.errors import DataError, InputError
from electrolith.energy.certificate.equation_of_state import (
    EquationOfState,
    birch_murnaghan,
    energy_volume,
    scaled,
)
from electrolith.energy.engine import Evaluation


@given(
    v0=st.floats(8.0, 40.0),
    e0=st.floats(-10.0, 10.0),
    b0=st.floats(0.05, 2.0),
    derivative=st.floats(2.5, 6.0),
)
def test_the_parameters_of_a_birch_murnaghan_curve_come_back(v0, e0, b0, derivative):
    truth = EquationOfState(v0, e0, b0, derivative, 0.0)
    volumes = np.linspace(0.94, 1.06, 7) * v0
    found = birch_murnaghan(volumes, truth.at(volumes))
    assert found.volume == pytest.approx(v0, rel=1e-6)
    assert found.energy == pytest.approx(e0, abs=1e-8)
    assert found.bulk_modulus == pytest.approx(b0, rel=1e-4)
    assert found.derivative == pytest.approx(derivative, abs=1e-2)
    assert found.at(volumes) == pytest.approx(truth.at(volumes), abs=1e-8)
    assert found.residual < 1e-8


def test_bulk_modulus_is_volume_times_curvature_by_central_differences():
    curve = EquationOfState(20.0, -3.0, 0.4, 4.5, 0.0)
    step = 1e-3
    low, middle, high = curve.at(np.array([20 - step, 20, 20 + step]))
    assert 20 * (low - 2 * middle + high) / step**2 == pytest.approx(0.4, rel=1e-5)


def test_scatter_around_the_curve_is_stated():
    truth = EquationOfState(20.0, -3.0, 0.4, 4.5, 0.0)
    volumes = np.linspace(18.8, 21.2, 15)
    noisy = truth.at(volumes) + np.random.default_rng(0).normal(0, 1e-4, 15)
    assert 5e-5 < birch_murnaghan(volumes, noisy).residual < 2e-4


def test_energies_without_a_minimum_are_refused():
    volumes = np.linspace(10, 12, 7)
    with pytest.raises(DataError, match="no minimum there"):
        birch_murnaghan(volumes, -volumes)
    with pytest.raises(InputError, match="at least 5 volumes"):
        birch_murnaghan(volumes[:4], volumes[:4])


def test_the_curve_asks_for_scaled_copies_and_counts_per_atom(li_n_cl_cell):
    asked = []

    class Balloon:
        name = "balloon"

        def evaluate(self, frame):
            asked.append(frame)
            return Evaluation((frame.volume / li_n_cl_cell.volume - 1) ** 2, frame.positions * 0, None)

    volumes, energies = energy_volume(li_n_cl_cell, Balloon(), span=0.06, points=7)
    assert volumes / volumes[3] == pytest.approx(np.linspace(0.94, 1.06, 7))
    assert volumes[3] == pytest.approx(li_n_cl_cell.volume / 8)
    assert energies[0] == pytest.approx(0.06**2 / 8)
    assert all(f.fractional == pytest.approx(li_n_cl_cell.fractional) for f in asked)
    assert scaled(li_n_cl_cell, 2.0).volume == pytest.approx(2 * li_n_cl_cell.volume)
    with pytest.raises(InputError, match="at least 5 points"):
        energy_volume(li_n_cl_cell, Balloon(), points=3)
