"""Scattering tables against their sources."""

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.scattering.tables import element_of, neutron_lengths, scatterers


def test_form_factors_are_those_of_xraydb():
    xraydb = pytest.importorskip("xraydb")
    s = np.array([0.0, 0.2, 0.6])
    for species in ("Li", "Cl", "N", "Co"):
        ours = scatterers((species,), radiation="xray")[species].real(s)
        assert ours == pytest.approx(np.ravel(xraydb.f0(species, s)), rel=1e-9)


def test_a_neutral_atom_scatters_its_number_of_electrons_forward():
    for species, electrons in (("Li", 3), ("N", 7), ("Cl", 17), ("Ho", 67)):
        forward = scatterers((species,), radiation="xray")[species].real(np.zeros(1))[0]
        assert forward == pytest.approx(electrons, rel=2e-3)


def test_an_ion_by_short_or_long_name_is_the_same_and_differs_from_the_atom():
    short = scatterers(("Li+",), radiation="xray")["Li+"].real(np.zeros(1))[0]
    long = scatterers(("Li",), radiation="xray", ions={"Li": "Li1+"})["Li"].real(np.zeros(1))[0]
    assert short == long == pytest.approx(2.0, abs=0.01)


def test_chlorine_has_anomalous_terms_at_copper_and_none_without_a_wavelength():
    with_terms = scatterers(("Cl",), radiation="xray", wavelength=1.5405929)["Cl"]
    assert with_terms.f1 == pytest.approx(0.35, abs=0.03)
    assert with_terms.f2 == pytest.approx(0.70, abs=0.03)
    assert scatterers(("Cl",), radiation="xray")["Cl"].f2 == 0.0


def test_lithium_scattering_lengths_natural_and_isotopes():
    table = neutron_lengths()
    assert (table["Li"], table["7Li"], table["6Li"]) == (-1.90, -2.22, 2.00)
    assert scatterers(("7Li",), radiation="neutron")["7Li"].c == -2.22
    assert scatterers(("Li",), radiation="neutron", lengths={"Li": -2.2})["Li"].c == -2.2


def test_unknown_species_are_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="did you mean 'Cl"):
        scatterers(("Cl3-",), radiation="xray")
    with pytest.raises(InputError, match="not an element"):
        element_of("lithium")
