import pytest
from scipy import constants as codata

from electrolith.core import constants as c


def test_derived_constants_match_codata():
    assert c.BOLTZMANN == pytest.approx(codata.k / codata.e, rel=1e-15)
    assert c.COULOMB == pytest.approx(codata.e / (4 * codata.pi * codata.epsilon_0) * 1e10, rel=1e-9)
    assert c.FARADAY == pytest.approx(96485.33212, rel=1e-10)
    assert c.HC == pytest.approx(12398.419843, rel=1e-9)
    assert c.GPA == pytest.approx(160.2176634, rel=1e-12)


def test_acceleration_of_one_atom_by_hand_in_si():
    by_hand = (1.602176634e-19 / 1e-10) / 1.66053906660e-27  # m/s² for 1 eV/Å on 1 amu
    assert pytest.approx(by_hand * 1e10 / 1e30, rel=1e-12) == c.ACCELERATION


def test_conductivity_unit_by_hand():
    ohm_m = 1.602176634e-19**2 / (1.602176634e-19 * 1e-10 * 1e-15)  # e²/(eV Å fs) in S/m
    assert pytest.approx(ohm_m / 100, rel=1e-12) == c.SIEMENS_PER_CM


def test_energy_of_a_mole_by_hand():
    joule = 1e3 / 6.02214076e23  # of one molecule at 1 kJ/mol
    assert pytest.approx(joule / 1.602176634e-19, rel=1e-12) == c.EV_PER_KJ_PER_MOL
    assert pytest.approx(96.48533, rel=1e-7) == 1 / c.EV_PER_KJ_PER_MOL
