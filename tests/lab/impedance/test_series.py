"""From spectra to activation energies and verdicts, against what was simulated."""

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.electrolyte import IDEAL, SLOPE
from electrolith.lab.impedance.fit import FitSettings
from electrolith.lab.impedance.geometry import Geometry, effective_capacitance, surface_capacitance
from electrolith.lab.impedance.growth import interface_growth
from electrolith.lab.impedance.leads import Leads
from electrolith.lab.impedance.pellets import FREQUENCY
from electrolith.lab.impedance.series import SeriesSettings, conductivity_series
from electrolith.lab.impedance.spectrum import Spectrum

CIRCUIT = "p(R1,CPE1)-p(R2,CPE2)-CPE3"
CELSIUS = np.array([-5.0, 5, 15, 25, 35, 45, 55, 65, 75])


def pellet_geometry(rng, error=0.02):
    return Geometry(Estimate.exact(10e-3, "m"), Estimate.normal(0.9e-3, error * 0.9e-3, "m", rng=rng))


def simulated(rng, celsius=CELSIUS, energies=(0.30, 0.40), noise=0.005):
    """Spectra whose bulk and grain boundary resistances follow R = R25 (T/T25) exp(E/k (1/T - 1/T25))."""
    spectra = []
    for c in celsius:
        t = c + 273.15
        factor = [t / 298.15 * np.exp(e / BOLTZMANN * (1 / t - 1 / 298.15)) for e in energies]
        truth = np.array([20e3 * factor[0], 2e-11, 0.95, 8e3 * factor[1], 3e-9, 0.9, 1e-6, 0.9])
        clean = Circuit.parse(CIRCUIT).impedance(truth, FREQUENCY)
        both = rng.standard_normal(70) + 1j * rng.standard_normal(70)
        spectra.append(
            Spectrum(FREQUENCY, clean + noise * np.abs(clean) * both, f"{c:g} degC", temperature=t)
        )
    return tuple(spectra)


@pytest.mark.parametrize("simultaneous", [False, True])
def test_activation_energies_of_bulk_and_grain_boundary_come_back(rng, simultaneous):
    settings = SeriesSettings(FitSettings(CIRCUIT, starts=24), simultaneous=simultaneous)
    series = conductivity_series(simulated(rng), pellet_geometry(rng), settings)
    assert [p.part for p in series.parts] == ["total", "bulk", "grain boundary"]
    for part, energy in (("bulk", 0.30), ("grain boundary", 0.40)):
        found = series.part(part).activation_energy
        assert abs(found.value - energy) < 4 * found.std
        assert found.std < 0.01
    total = series.part("total")
    by_hand = 0.9e-3 / (np.pi * 25e-6) / 28e3 / 100  # S/cm
    assert total.at_reference.value == pytest.approx(by_hand, rel=0.03)
    # the geometry's 2 % is in σ and not in Ea; what the circuit idealises is common to the series as well
    relative = total.at_reference.std / total.at_reference.value
    assert 0.9 * 0.02 < relative < 1.1 * np.hypot(0.02, np.hypot(IDEAL, SLOPE))
    assert series.failures == ()


def test_simultaneous_fit_is_tighter(rng):
    spectra, geometry = simulated(rng), pellet_geometry(rng)
    none = Leads(Estimate.exact(0.0, "ohm"))
    alone = conductivity_series(spectra, geometry, SeriesSettings(FitSettings(CIRCUIT, starts=24)), none)
    together = conductivity_series(
        spectra, geometry, SeriesSettings(FitSettings(CIRCUIT, starts=24), simultaneous=True), none
    )
    kelvin = np.array([fit.temperature for fit in together.fits])
    for column in (0, 3):  # R1 and R2 lie exactly on lines of ln(R/T) against 1/T
        ohms = np.array([fit.values[column] for fit in together.fits])
        line = np.polyfit(1 / kelvin, np.log(ohms / kelvin), 1)
        np.testing.assert_allclose(np.polyval(line, 1 / kelvin), np.log(ohms / kelvin), atol=1e-6)
    assert together.part("bulk").scatter < alone.part("bulk").scatter
    assert together.together is not None
    assert not together.together.rejected


def test_the_two_forms_differ_by_about_kt(rng):
    spectra, geometry = simulated(rng), pellet_geometry(rng)
    product = conductivity_series(spectra, geometry, SeriesSettings(FitSettings(CIRCUIT, starts=24))).part(
        "total"
    )
    bare = conductivity_series(
        spectra, geometry, SeriesSettings(FitSettings(CIRCUIT, starts=24), form="sigma")
    ).part("total")
    difference = product.activation_energy.value - bare.activation_energy.value
    assert difference == pytest.approx(BOLTZMANN * 308, rel=0.1)
    assert product.other_activation_energy == pytest.approx(bare.activation_energy.value, abs=2e-4)


def test_heating_and_cooling_are_told_apart(rng):
    up, down = simulated(rng, CELSIUS[:6]), simulated(rng, CELSIUS[4::-1], energies=(0.35, 0.45))
    series = conductivity_series(
        up + down, pellet_geometry(rng), SeriesSettings(FitSettings(CIRCUIT, starts=24))
    )
    total = series.part("total")
    assert total.heating is not None
    assert total.cooling is not None
    assert total.cooling.value - total.heating.value == pytest.approx(0.05, abs=0.01)


def test_missing_temperature_bad_length_and_failed_spectra_are_said(rng):
    spectra = simulated(rng, CELSIUS[:4])
    bad = Spectrum(FREQUENCY[:3], spectra[0].impedance[:3], "short.z", temperature=300.0)
    series = conductivity_series(
        (*spectra, bad), pellet_geometry(rng), SeriesSettings(FitSettings(CIRCUIT, starts=24))
    )
    assert len(series.fits) == 4
    assert series.failures[0][0] == "short.z"
    with pytest.raises(InputError, match="no temperature for"):
        conductivity_series(
            (Spectrum(FREQUENCY, spectra[0].impedance, "a.z"),), pellet_geometry(rng), SeriesSettings()
        )
    thick = Geometry(Estimate.exact(1e-5, "m"), Estimate.exact(0.04, "m"))
    with pytest.raises(
        InputError,
        match=r"no spectrum shows an electrolyte.*outside the range of solid electrolytes; check the",
    ):
        conductivity_series(spectra, thick, SeriesSettings(FitSettings(CIRCUIT, starts=24)))
    with pytest.raises(
        InputError, match="diameter 10 m is no laboratory cell; state the unit, as in '10 mm'"
    ):
        Geometry(Estimate.exact(10.0, "m"), Estimate.exact(1e-3, "m"))
    with pytest.raises(InputError, match="thickness must be positive, got 0 m"):
        Geometry(Estimate.exact(0.01, "m"), Estimate.exact(0.0, "m"))


def test_simultaneous_fit_refuses_two_temperatures(rng):
    settings = SeriesSettings(FitSettings(CIRCUIT, starts=24), simultaneous=True)
    with pytest.raises(InputError, match="a simultaneous fit needs three temperatures"):
        conductivity_series(simulated(rng, CELSIUS[:2]), pellet_geometry(rng), settings)


def test_effective_capacitances_are_exact_for_a_capacitor_and_agree_with_each_other():
    assert effective_capacitance(1e4, 3e-9, 1.0) == pytest.approx(3e-9)
    assert surface_capacitance(1e4, 3e-9, 1.0, series=10.0) == pytest.approx(3e-9)
    # Brug turns into Hsu-Mansfeld when the series resistance is infinite
    assert surface_capacitance(1e4, 3e-9, 0.8, series=1e15) == pytest.approx(
        effective_capacitance(1e4, 3e-9, 0.8)
    )


HOURS = np.arange(0, 61, 4) * 3600.0


def test_a_flat_interface_is_stable_and_a_growing_one_grows(rng):
    flat = 140 * (1 + 0.01 * rng.standard_normal(HOURS.size))
    stable = interface_growth(HOURS, flat, np.full(HOURS.size, 1.4))
    assert stable.verdict == "stable"
    assert "over 60.0 h" in stable.text
    grown = 100 + 0.8 * np.sqrt(HOURS) + 1.0 * rng.standard_normal(HOURS.size)
    growing = interface_growth(HOURS, grown, np.ones(HOURS.size))
    assert growing.verdict == "growing"
    assert growing.model == "parabolic"
    assert abs(growing.rate.value - 0.8) < 4 * growing.rate.std
    assert growing.significance > 10


def test_saturating_growth_is_recognised(rng):
    made = 100 + 60 * (1 - np.exp(-HOURS / (8 * 3600))) + 0.5 * rng.standard_normal(HOURS.size)
    growth = interface_growth(HOURS, made, np.full(HOURS.size, 0.5))
    assert growth.model == "saturating"
    assert growth.saturation is not None
    assert growth.saturation_time is not None
    assert abs(growth.saturation.value - 60) < 4 * growth.saturation.std
    assert growth.saturation_time.value == pytest.approx(8 * 3600, rel=0.1)


def test_flat_records_are_rarely_called_growing():
    verdicts = []
    for seed in range(40):
        noisy = 140 + 3 * np.random.default_rng(seed).standard_normal(HOURS.size)
        verdicts.append(interface_growth(HOURS, noisy).verdict)
    assert verdicts.count("growing") + verdicts.count("shrinking") <= 1


def test_growth_refuses_times_that_do_not_rise():
    with pytest.raises(InputError, match="times must rise; 3600 s is followed by 3600 s"):
        interface_growth(np.array([0, 3600, 3600, 7200.0]), np.ones(4))
    with pytest.raises(InputError, match="at least four points in time, got 2"):
        interface_growth(np.array([0, 1.0]), np.ones(2))
