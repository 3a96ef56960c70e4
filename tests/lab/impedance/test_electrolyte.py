"""What of a spectrum is the electrolyte, against spectra whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.fit import correlation_time
from electrolith.lab.impedance.leads import Leads, corrected, lead_draws
from electrolith.lab.impedance.pellet import judge_spectra
from electrolith.lab.impedance.pellets import blocking_pellet
from electrolith.lab.impedance.resting import resting_cell
from electrolith.lab.impedance.settings import ImpedanceSettings
from electrolith.lab.impedance.spectrum import Spectrum

WIDE = np.logspace(np.log10(7e6), -1, 70)
SIZE = {"diameter": "10.000(1) mm", "thickness": "1.000(1) mm"}


def noisy(clean, frequency, rng, *, source="made", noise=0.003, **where):
    both = rng.standard_normal(frequency.size) + 1j * rng.standard_normal(frequency.size)
    return Spectrum(frequency, clean + noise * np.abs(clean) * both, source, **where)


def rough_pellet(rng, *, resistance=1470.0, frequency=WIDE):
    """A lattice of 25 pF between electrodes whose slow branch relaxes at 40 mHz, below the window."""
    circuit = Circuit.parse("p(R1,CPE1)-p(R2,CPE2)-CPE3")
    truth = np.array([resistance, 25e-12, 1.0, 4.6e6, 8.1e-7, 0.93, 6e-6, 0.85])
    return noisy(circuit.impedance(truth, frequency), frequency, rng)


@pytest.mark.parametrize("seed", range(3))
def test_a_rough_electrode_below_the_window_is_not_the_electrolyte(seed):
    found = judge_spectra((rough_pellet(np.random.default_rng(seed)),), ImpedanceSettings(**SIZE))
    (one,) = found.electrolytes
    assert one.resistance.value == pytest.approx(1470, rel=0.01)
    low, high = one.resistance.interval(0.99)
    assert low < 1470 < high
    slow = [s for s in one.shares if s.frequency is not None and s.frequency < 0.1]
    assert all(s.belonging == 0 and s.label == "not measured" for s in slow)
    assert found.fits[0].total_resistance.value > 10 * one.resistance.value or not slow
    area = np.pi * 0.25  # cm2
    assert found.conductivity[0].value == pytest.approx(0.1 / (1470 * area), rel=0.01)


def test_random_blocking_pellets_are_within_a_factor_of_two_or_marked():
    ratios, inside = [], 0
    for seed in range(500, 512):
        rng = np.random.default_rng(seed)
        pellet = blocking_pellet(rng=rng)
        size = {
            "diameter": f"{pellet.diameter * 1e3:.6f} mm",
            "thickness": f"{pellet.thickness * 1e3:.6f} mm",
        }
        one = judge_spectra((pellet.spectrum,), ImpedanceSettings(**size)).electrolytes[0]
        ratio = one.resistance.value / pellet.electrolyte
        assert 0.5 < ratio < 2 or one.doubts
        ratios.append(ratio)
        low, high = one.resistance.interval()
        inside += low <= pellet.electrolyte <= high
    assert np.median(np.abs(np.array(ratios) - 1)) < 0.01
    assert inside >= 5  # of 12 at 68 %: fewer happen once in a hundred times


def test_bulk_and_grain_boundary_are_named_by_capacitance_and_an_interface_is_kept_apart(rng):
    circuit = Circuit.parse("p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)")
    truth = np.array([5e4, 6e-12, 1.0, 2e4, 1e-9, 0.95, 3e4, 2e-6, 0.9])
    spectrum = noisy(circuit.impedance(truth, WIDE), WIDE, rng)
    settings = ImpedanceSettings(circuit=circuit.text, electrodes="lithium", **SIZE)
    (one,) = judge_spectra((spectrum,), settings).electrolytes
    assert [s.label for s in one.shares] == ["bulk", "grain boundary", "interface"]
    assert one.resistance.value == pytest.approx(7e4, rel=0.01)
    assert one.bulk.value == pytest.approx(5e4, rel=0.02)
    assert one.grain_boundary.value == pytest.approx(2e4, rel=0.02)
    assert one.interface.value == pytest.approx(3e4, rel=0.02)
    # Q^(1/n) R^((1-n)/n) = 5.66e-10 F, times 0.1 cm / 0.785 cm2
    assert "7.2e-11 F/cm at the pellet's cell constant: a grain boundary" in one.shares[1].reason


def series(rng, *, leads, energy=0.42, celsius=(-10, 5, 20, 35, 50, 65, 80), inductance=0.0, bend=0.0):
    """A conductor of 30 ohm at 80 °C behind leads, its lattice far above the window."""
    spectra = []
    frequency = np.logspace(6, 0, 50)
    for c in celsius:
        t = c + 273.15
        far = 1 / t - 1 / 353.15
        ohms = 30 * t / 353.15 * np.exp((energy * far + bend * far**2) / BOLTZMANN)
        z = Circuit.parse("R0-CPE1").impedance(np.array([ohms + leads, 8e-6, 0.88]), frequency)
        z = z + 2j * np.pi * frequency * inductance
        spectra.append(noisy(z, frequency, rng, source=f"cell_{c}C.csv", temperature=t))
    return tuple(spectra)


def test_leads_that_are_stated_do_not_move_the_activation_energy(rng):
    spectra = series(rng, leads=8.0)
    settings = ImpedanceSettings(circuit="R0-CPE1", leads="8.0(4) ohm", **SIZE)
    stated = judge_spectra(spectra, settings).series.parts[0].activation_energy
    assert abs(stated.value - 0.42) < 2.5 * stated.std
    assert stated.std < 0.002
    bare = judge_spectra(spectra, ImpedanceSettings(circuit="R0-CPE1", **SIZE))
    # their usual size is drawn from, common to all temperatures: the interval holds the truth, bells ring
    energy = bare.series.parts[0].activation_energy
    assert abs(energy.value - 0.42) < 2 * energy.std
    assert energy.std > 1.5 * stated.std
    assert any("the leads were not measured" in w and "move Ea by" in w for w in bare.warnings)
    assert any("leave the Arrhenius line by" in w for w in bare.warnings)


def test_a_short_circuit_spectrum_takes_resistance_and_inductance_off(rng):
    frequency = np.logspace(6.5, -0.5, 60)
    short = Spectrum(frequency, 8.0 + 2j * np.pi * frequency * 1e-6, "short.csv")
    spectra = series(rng, leads=8.0, inductance=1e-6)
    clean = [corrected(s, Leads(short=short)) for s in spectra]
    bare = series(np.random.default_rng(0), leads=0.0)
    for one, other in zip(clean, bare, strict=True):
        np.testing.assert_allclose(one.impedance, other.impedance, rtol=0.03, atol=0.3)
    assert "short circuit short.csv taken off (8 ohm)" in clean[0].remarks
    with pytest.raises(InputError, match=r"leads of 1e\+06 ohm are more than the cell itself"):
        corrected(spectra[0], Leads(Estimate.exact(1e6, "ohm")))
    with pytest.raises(InputError, match="leads and short_circuit say the same; give one of them"):
        ImpedanceSettings(leads="1 ohm", short_circuit="short.csv")


def test_leads_follow_what_was_stated_and_what_the_fit_sees():
    usual, _ = lead_draws(Leads())
    assert np.median(usual) == pytest.approx(0.6, rel=0.05)
    assert 0.15 < np.quantile(usual, 0.16) < 0.3 < 1.2 < np.quantile(usual, 0.84) < 2.5
    seen, _ = lead_draws(Leads(), measured=8.0, spread=0.05)
    assert np.median(seen) == pytest.approx(8.0, abs=0.05)
    rest, _ = lead_draws(Leads(Estimate.normal(8.0, 0.4, "ohm", rng=np.random.default_rng(0))))
    assert np.median(rest) == pytest.approx(0, abs=0.02)
    assert np.std(rest) == pytest.approx(0.4, rel=0.1)


@pytest.mark.parametrize(("bend", "rejected"), [(0.0, False), (120.0, True)])
def test_the_simultaneous_fit_says_whether_the_data_bear_straight_lines(bend, rejected):
    spectra = series(np.random.default_rng(5), leads=0.0, bend=bend)
    settings = ImpedanceSettings(circuit="R0-CPE1", simultaneous=True, leads="0.00(1) ohm", **SIZE)
    found = judge_spectra(spectra, settings)
    joint = found.series.together
    assert joint.rejected is rejected
    assert joint.constraints == 5
    assert joint.chi2_together >= joint.chi2_single
    assert any("the data reject one straight line" in w for w in found.warnings) is rejected
    if not rejected:
        ((name, energy),) = joint.energies
        assert name == "R0"
        assert abs(energy.value - 0.42) < 3 * energy.std


def lithium_cell(rng, hours, *, growth=0.0):
    """Li | electrolyte | Li at rest: lattice 800 ohm, interface 140 ohm that grows with √t."""
    circuit = Circuit.parse("p(R1,CPE1)-p(R2,CPE2)")
    frequency = np.logspace(np.log10(7e6), 0, 60)
    spectra = []
    for h in hours:
        truth = np.array([800.0, 4e-11, 0.98, 140 * (1 + growth * np.sqrt(h)), 3e-6, 0.85])
        z = circuit.impedance(truth, frequency)
        spectra.append(noisy(z, frequency, rng, source=f"{h} h", temperature=298.15, time=3600.0 * h))
    return tuple(spectra)


def test_a_constant_lithium_cell_is_stable_and_a_growing_one_grows():
    hours = np.arange(0, 60, 10.0)
    settings = ImpedanceSettings(electrodes="lithium", follow="time", **SIZE)
    flat = judge_spectra(lithium_cell(np.random.default_rng(1), hours), settings)
    assert flat.growth.verdict == "stable"
    assert flat.followed == "interface"
    assert flat.circuit.count("p(") == 2  # a third arc earns nothing
    given = replace(settings, circuit="p(R1,CPE1)-p(R2,CPE2)")
    grown = judge_spectra(lithium_cell(np.random.default_rng(2), hours, growth=0.1), given)
    assert grown.growth.verdict == "growing"
    assert grown.growth.initial.value == pytest.approx(140, rel=0.1)


def test_a_shrinking_interface_that_no_arc_shows_alone_is_not_called_stable():
    """Lattice, boundary and interface in two arcs: the whole falls by a few per cent, the interface by 59."""
    cell = resting_cell("decaying", rng=np.random.default_rng(11))
    assert cell.change < -0.5
    settings = ImpedanceSettings(circuit="p(R1,CPE1)-p(R2,CPE2)", electrodes="lithium", follow="time")
    found = judge_spectra(cell.spectra, settings)
    assert found.followed == "electrolyte"
    assert found.growth.verdict != "stable"
    assert any("no interface was told apart from the electrolyte" in w for w in found.warnings)


def test_a_depressed_grain_boundary_says_what_it_may_hide(rng):
    """20 kohm and a boundary of 15 kohm whose times spread log-normally; then the same without the spread."""
    laplace = 2j * np.pi * WIDE
    electrode = 1 / (4e-6 * laplace**0.85)
    lattice = 2e4 / (1 + laplace * 2e4 * 2e-11)
    nodes = np.linspace(-3, 3, 41)
    weights = np.exp(-(nodes**2) / 2) / np.exp(-(nodes**2) / 2).sum()
    settings = ImpedanceSettings(circuit="p(R1,CPE1)-p(R2,CPE2)-CPE3", leads="0.0(1) ohm", **SIZE)
    hidden = {}
    for spread in (0.0, 1.5):
        times = 1.5e4 * 2e-9 * np.exp(spread * nodes)
        boundary = 1.5e4 / (1 + laplace[:, None] * times) @ weights
        spectrum = noisy(lattice + boundary + electrode, WIDE, rng)
        (one,) = judge_spectra((spectrum,), settings).electrolytes
        low, high = one.resistance.interval(0.99)
        assert low < 35e3 < high
        hidden[spread] = one.hidden
        assert any("arc is depressed" in d and "too large" in d for d in one.doubts) is (spread > 0)
    assert hidden[0.0] < 0.002
    assert hidden[1.5] > 0.03


def test_a_sweep_over_less_than_a_decade_is_refused_in_words(rng):
    frequency = np.logspace(3, 3.5, 20)
    narrow = noisy(Circuit.parse("R0-CPE1").impedance(np.array([100, 1e-6, 0.9]), frequency), frequency, rng)
    with pytest.raises(InputError, match=r"20 points over 0.5 decades of frequency cannot tell arcs apart"):
        judge_spectra((narrow,), ImpedanceSettings())


def test_residuals_that_follow_each_other_count_for_fewer_data(rng):
    white = rng.standard_normal(4000) + 1j * rng.standard_normal(4000)
    assert correlation_time(white) < 1.1
    walk = np.zeros(4000, dtype=complex)
    for i in range(1, 4000):
        walk[i] = 0.8 * walk[i - 1] + white[i]
    assert correlation_time(walk) == pytest.approx(9, rel=0.15)  # (1 + 0.8)/(1 - 0.8)
