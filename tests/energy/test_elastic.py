from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.lj import LennardJones
from scipy.optimize import brentq

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.ase_engine import AseEngine
from electrolith.energy.certificate.comparison import ElasticCheck
from electrolith.energy.certificate.elastic import VOIGT, ElasticSettings, constants_of, elastic_constants
from electrolith.energy.certificate.equation_of_state import birch_murnaghan, energy_volume
from electrolith.energy.certificate.promises import ELASTIC_LIMIT, criteria_of
from electrolith.energy.engine import Evaluation

TURN = np.linalg.qr(np.array([[1.0, 0.3, -0.5], [0.2, 0.9, 0.4], [0.6, -0.1, 0.8]]))[0]


def lennard_jones() -> AseEngine:
    return AseEngine(LennardJones(sigma=2.5, epsilon=0.4, rc=6.0, ro=4.0, smooth=True), name="lj")


def pressure(frame: Frame) -> float:
    return -np.trace(lennard_jones().evaluate(frame).stress) / 3


@pytest.fixture(scope="module")
def fcc() -> Frame:
    def at(a: float) -> Frame:
        return Frame.from_ase(bulk("Ar", "fcc", a=a, cubic=True))

    return at(brentq(lambda a: pressure(at(a)), 3.6, 4.2, xtol=1e-10))


class Hooke:
    """Stress that is linear in the strain away from one cell."""

    name = "hooke"

    def __init__(self, stiffness, cell) -> None:
        self.stiffness, self.cell = np.asarray(stiffness), cell

    def evaluate(self, frame: Frame) -> Evaluation:
        strain = np.linalg.inv(self.cell) @ frame.cell - np.eye(3)
        voigt = np.array([strain[i, j] * (1 if i == j else 2) for i, j in VOIGT])
        stress = np.zeros((3, 3))
        for (i, j), value in zip(VOIGT, self.stiffness @ voigt, strict=True):
            stress[i, j] = stress[j, i] = value
        return Evaluation(0.0, np.zeros_like(frame.positions), stress)


def triclinic() -> np.ndarray:
    root = np.random.default_rng(5).normal(size=(6, 6))
    return root @ root.T / 10 + 0.1 * np.eye(6)


def test_constants_of_a_linear_solid_are_those_it_was_made_of(li_n_cl_cell):
    found = elastic_constants(li_n_cl_cell, Hooke(triclinic(), li_n_cl_cell.cell))
    assert found.matrix == pytest.approx(triclinic(), rel=1e-9, abs=1e-12)
    assert found.asymmetry < 1e-9
    assert found.pressure == pytest.approx(0, abs=1e-12)
    assert found.is_stable


def test_central_forces_in_fcc_obey_the_cauchy_relation(fcc):
    found = elastic_constants(fcc, lennard_jones(), settings=ElasticSettings(strain=1e-4))
    c = found.matrix
    assert abs(found.pressure) < 1e-9
    assert c[0, 1] == pytest.approx(c[3, 3], rel=1e-4)
    cubic = np.zeros((6, 6))
    cubic[:3, :3] = c[0, 1]
    cubic[range(3), range(3)], cubic[range(3, 6), range(3, 6)] = c[0, 0], c[3, 3]
    assert c == pytest.approx(cubic, abs=1e-6 * c[0, 0])


def test_bulk_modulus_is_that_of_the_energy_volume_curve(fcc):
    found = elastic_constants(fcc, lennard_jones())
    state = birch_murnaghan(*energy_volume(fcc, lennard_jones(), span=0.03))
    assert found.bulk_modulus == pytest.approx(state.bulk_modulus, rel=5e-3)
    assert state.volume == pytest.approx(fcc.volume / 4, rel=1e-4)


def test_a_turned_and_skewed_cell_has_the_same_averages(fcc):
    skew = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]])
    turned = Frame(fcc.positions @ TURN.T, skew @ fcc.cell @ TURN.T, fcc.numbers)
    settings = ElasticSettings(strain=1e-4)
    one, other = (elastic_constants(f, lennard_jones(), settings=settings) for f in (fcc, turned))
    assert other.voigt == pytest.approx(one.voigt, rel=1e-6)
    assert other.reuss == pytest.approx(one.reuss, rel=1e-4)
    assert abs(other.matrix[0, 3]) > 0.01 * one.matrix[0, 0]  # the tensor itself did turn


def test_atoms_that_follow_the_strain_make_it_softer():
    frame = Frame.from_ase(bulk("Mg", "hcp", a=2.72, c=4.45))
    settings = ElasticSettings(force=1e-5)
    clamped = elastic_constants(frame, lennard_jones(), settings=settings).matrix
    relaxed = elastic_constants(frame, lennard_jones(), settings=replace(settings, ions="relaxed")).matrix
    easing = np.linalg.eigvalsh(clamped - relaxed)
    assert easing.min() > -1e-3 * clamped.max()
    assert easing.max() > 0.01 * clamped.max()


def test_averages_of_an_isotropic_solid_are_its_moduli_by_hand():
    shear, bulk_modulus = 0.2, 0.5
    c = np.zeros((6, 6))
    c[:3, :3] = bulk_modulus - 2 * shear / 3
    c[range(3), range(3)] = bulk_modulus + 4 * shear / 3
    c[range(3, 6), range(3, 6)] = shear
    found = constants_of(c)
    assert (found.bulk_modulus, found.shear_modulus) == pytest.approx((bulk_modulus, shear))
    assert found.young_modulus == pytest.approx(9 * 0.5 * 0.2 / (3 * 0.5 + 0.2))


def test_a_stress_that_is_no_derivative_of_one_energy_is_caught(li_n_cl_cell):
    broken = triclinic()
    broken[0, 3] += 0.5 * np.abs(broken).max()
    with pytest.raises(DataError, match=r"C14 and C41 differ by .* not the derivative of one energy"):
        elastic_constants(li_n_cl_cell, Hooke(broken, li_n_cl_cell.cell))
    with pytest.raises(DataError, match="not finite"):
        constants_of(np.full((6, 6), np.nan))


def test_an_unstable_solid_is_called_so_and_has_no_reuss_average():
    found = constants_of(np.diag([0.4, 0.4, 0.4, 0.2, 0.2, -0.1]))
    assert not found.is_stable
    assert np.isnan(found.reuss[1])


def test_an_engine_without_stress_is_refused(li_n_cl_cell):
    class Silent(Hooke):
        def evaluate(self, frame):
            return replace(super().evaluate(frame), stress=None)

    with pytest.raises(InputError, match="hooke gives no stress"):
        elastic_constants(li_n_cl_cell, Silent(triclinic(), li_n_cl_cell.cell))


@pytest.mark.parametrize("settings", [{"strain": 0.2}, {"strain": 1e-9}, {"force": 0.0}])
def test_settings_that_measure_noise_or_another_crystal_are_refused(settings):
    with pytest.raises(InputError, match="elastic"):
        ElasticSettings(**settings)


def test_one_softened_constant_is_refused_and_does_not_hide_behind_the_rest():
    c = constants_of(0.2 * np.eye(6) + 0.1 * np.kron([[1, 0], [0, 0]], np.ones((3, 3)) + np.eye(3)))
    for element in ((0, 0), (3, 3)):
        soft = c.matrix
        soft[element] *= 0.5
        check = ElasticCheck("LiCl", "clamped", constants_of(soft), c)
        assert check.error == pytest.approx(1 / 6)
        (found,) = (x for x in criteria((check,)) if x.name == "elastic constants against the teacher")
        assert found.state == "not kept"
    little = ElasticCheck("LiCl", "clamped", constants_of(1.1 * c.matrix), c)
    assert little.error == pytest.approx(0.1)
    assert [x.state for x in criteria((little,)) if x.limit == ELASTIC_LIMIT] == ["kept"]
    cubic = c.matrix  # all three shears softened: 12 % of all constants, half of the shear ones
    cubic[range(3, 6), range(3, 6)] *= 0.5
    assert ElasticCheck("LiCl", "clamped", constants_of(cubic), c).error == pytest.approx(0.5)
    assert ElasticCheck("LiCl", "clamped", c, c).error == 0
    assert np.isnan(ElasticCheck("LiCl", "clamped", c, None).error)


def criteria(elastic):
    return criteria_of(
        held_out=(),
        lattice=(),
        trials=(),
        longest=0.0,
        drift=0.0,
        outside_share=0.0,
        volume_curves=(),
        elastic=elastic,
        common=(),
        activation=(),
        long_runs=(),
    )
