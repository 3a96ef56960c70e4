import numpy as np
import pytest

from electrolith.motion.framework import REACH, off_sites
from electrolith.motion.guards import (
    all_passed,
    broken,
    conserved_guard,
    framework_guards,
    heating_guard,
    hops_guard,
    range_guard,
    temperature_guards,
    wrapped_guard,
)


def test_thermostat_on_target_passes_and_off_target_fails(rng):
    noise = rng.normal(scale=40.0, size=400)
    assert all_passed(temperature_guards(600 + noise, target=600.0))
    mean, _ = temperature_guards(640 + noise, target=600.0)
    assert not mean.passed
    assert mean.value == pytest.approx(40 + noise.mean())
    assert 18.0 < mean.limit < 26.0  # 3 % and three standard errors of 40/√400 = 2 K
    assert "thermostat at 600 K (at most " in mean.text


def test_temperature_that_wanders_fails():
    mean, drift = temperature_guards(600 + np.linspace(-40, 40, 400), target=600.0)
    assert mean.passed
    assert not drift.passed
    assert drift.value == pytest.approx(40.0, rel=0.01)


def test_drift_of_the_conserved_quantity_is_per_atom_and_picosecond():
    time = np.linspace(0, 10_000, 50)  # fs
    guard = conserved_guard(time, 5.0 + 0.03 * time / 1000, atoms=100)  # 30 meV/ps over 100 atoms
    assert guard.value == pytest.approx(0.3)
    assert not guard.passed
    assert conserved_guard(time, 5.0 + 0.01 * time / 1000, atoms=100).passed


def test_framework_on_its_sites_passes_and_a_melt_fails_twice():
    lag = np.linspace(100, 50_000, 300)
    assert all_passed(framework_guards(lag, 0.5 * (1 - np.exp(-lag / 200)), spacing=3.5))
    size, growth = framework_guards(lag, 48 * lag / lag[-1], spacing=3.5)
    assert not size.passed
    assert not growth.passed
    assert "the framework melts or diffuses" in size.text
    assert growth.value == pytest.approx(
        48 * (0.95 - 0.5), rel=0.01
    )  # last tenth of the lags less the middle


def test_slow_creep_of_the_framework_is_caught_by_its_growth_alone():
    lag = np.linspace(100, 50_000, 300)
    size, growth = framework_guards(lag, 0.1 + 1.4 * lag / lag[-1], spacing=4.0)
    assert size.passed
    assert not growth.passed


def crystal(cells=3, d=3.5):
    """A simple cubic framework in a skewed supercell, with its lattice vectors."""
    cell = cells * d * np.array([[1.0, 0, 0], [1 / 3, 1.0, 0], [0, -1 / 3, 1.0]])
    grid = np.array([[i, j, k] for i in range(cells) for j in range(cells) for k in range(cells)])
    return grid / cells @ cell, cell


def test_atoms_that_hop_from_site_to_site_keep_the_framework_and_a_liquid_does_not(rng):
    """Two sites of 27 are vacant and everybody has hopped: displacements of 7 Å², and a crystal as ever."""
    sites, cell = crystal()
    atoms = sites[:25]
    hopped = atoms[rng.permutation(25)] + cell[0]  # anywhere among the sites, across the boundary
    hopped[:2] = sites[25:]  # two stand on sites that were vacant at first
    shaken = hopped + rng.normal(scale=0.25, size=hopped.shape) + 0.6  # the whole has drifted
    assert off_sites(shaken, atoms, cell, reach=REACH * 3.5) == pytest.approx(2 / 25)
    liquid = np.mean(
        [off_sites(rng.random((25, 3)) @ cell, sites, cell, reach=REACH * 3.5) for _ in range(200)]
    )
    assert 0.6 < liquid < 1 - 4 / 3 * np.pi * REACH**3  # by volume; taking off a drift finds some more
    lag = np.linspace(100, 50_000, 300)
    (whole,) = framework_guards(lag, 7 * lag / lag[-1], spacing=3.5, off=np.full(300, 2 / 25))
    assert whole.passed
    assert (
        "8 % of the framework atoms stand on none of its sites (at most 20 %); they moved by up to 7.00 Å²"
        in whole.text
    )
    (melt,) = framework_guards(lag, 7 * lag / lag[-1], spacing=3.5, off=np.linspace(0.0, 0.6, 300))
    assert not melt.passed
    assert melt.text.endswith(": the framework melts")


def test_too_few_hops_late_fit_wrapped_and_heated_samples_fail():
    assert not hops_guard(7.0).passed
    assert hops_guard(70.0).passed
    assert not range_guard(27_000.0, duration=80_000.0).passed
    assert range_guard(10_000.0, duration=80_000.0).passed
    assert not wrapped_guard(0.93).passed
    assert wrapped_guard(0.1).passed
    assert not heating_guard(1000.0, heating=2000.0).passed
    assert heating_guard(2000.0, heating=2000.0).passed


def test_texts_of_broken_guards_are_what_a_report_prints():
    guards = (hops_guard(7.0), wrapped_guard(0.1))
    assert broken(guards) == ("7 hops were seen (at least 20 are needed for a diffusivity)",)
