"""Electronic conductivity comes back from simulated transients; what was not settled or not seen is said."""

from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.cycling.record import make_record
from electrolith.lab.impedance.geometry import Geometry
from electrolith.lab.polarisation.conductivity import PolarisationSettings, electronic_conductivity
from electrolith.lab.polarisation.transient import (
    SettleRule,
    Transient,
    open_circuit_of,
    settle,
    simulate_transient,
    transients_of,
)

VOLTAGES = (0.1, 0.2, 0.3, 0.4, 0.5)
# 10.1126/sciadv.adh4626: 1.7e-9 S/cm through 0.9 mm on 10 mm diameter
CONDUCTANCE = 1.7e-9 * (np.pi * 0.25) / 0.09


def geometry(rng):
    return Geometry(Estimate.exact(10e-3, "m"), Estimate.normal(0.9e-3, 0.02e-3, "m", rng=rng))


def transients(rng, **changes):
    given = {"conductance": CONDUCTANCE, "ionic": 2e-8, "decay": 300.0, "noise": 2e-11} | changes
    return tuple(simulate_transient(v, rng=rng, **given) for v in VOLTAGES)


def test_the_published_conductivity_comes_back(rng):
    result = electronic_conductivity(
        transients(rng),
        geometry(rng),
        PolarisationSettings(detection_limit=1e-11),
        ionic=Estimate.unknown_doubt(4.3e-5, "S/cm"),
    )
    assert abs(result.conductivity.value - 1.7e-9) < 3 * result.conductivity.std
    assert result.conductivity.std / 1.7e-9 < 0.05
    assert result.ohmic
    assert not result.limit_only
    assert all(c.settled for c in result.currents)
    assert result.findings == ()
    assert result.transference.value == pytest.approx(1.7e-9 / 4.3e-5, rel=0.1)
    assert result.detection_limit == pytest.approx(1e-11 / 0.5 * 0.09 / (np.pi * 0.25))


def test_a_slow_decay_is_extrapolated_and_said(rng):
    result = electronic_conductivity(transients(rng, decay=2500.0), geometry(rng))
    assert not any(c.settled for c in result.currents)
    assert "extrapolated" in result.findings[0]
    assert abs(result.conductivity.value - 1.7e-9) < 4 * result.conductivity.std


def test_errors_of_the_conductance_are_honest():
    inside = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = electronic_conductivity(transients(rng, decay=150.0), geometry(rng)).conductance
        inside += abs(found.value - CONDUCTANCE) < found.std
    assert 0.5 < inside / 60 < 0.9


def test_currents_below_the_detection_limit_give_an_upper_limit(rng):
    tiny = transients(rng, conductance=1e-13, ionic=1e-11, noise=1e-12)
    result = electronic_conductivity(tiny, geometry(rng), PolarisationSettings(detection_limit=1e-10))
    assert result.limit_only
    assert any("below the detection limit of 1e-10 A: σ_e < 2.3e-11 S/cm" in f for f in result.findings)


def test_leakage_breaks_the_ohmic_check(rng):
    bent = tuple(
        Transient(t.voltage, t.time, t.current + 3e-9 * (np.exp(t.voltage / 0.1) - 1), t.source)
        for t in transients(rng)
    )
    result = electronic_conductivity(bent, geometry(rng))
    assert not result.ohmic
    assert any("do not lie on a line through the origin" in f for f in result.findings)


def test_settle_time_of_an_exponential(rng):
    # 2e-8 exp(-t/300) falls below 3 % of 1.483e-8 at 300 ln(2e-8/4.4e-10) = 1143 s
    settled = settle(
        simulate_transient(1.0, conductance=1.483e-8, ionic=2e-8, decay=300, noise=1e-13, rng=rng)
    )
    assert settled.settled
    assert settled.settle_time == pytest.approx(1143, abs=60)


def test_a_record_is_cut_at_its_voltages():
    time = np.arange(300.0)
    voltage = np.repeat([0.1, 0.2, 0.0], 100)
    cut = transients_of(make_record(time, voltage, voltage * 1e-8 + 1e-12, "dc.csv"))
    assert [t.voltage for t in cut] == [0.1, 0.2]
    assert cut[1].time[0] == 1.0
    with pytest.raises(DataError, match=r"dc.csv: no stretch of constant voltage"):
        transients_of(make_record(time[:5], voltage[:5], voltage[:5], "dc.csv"))


def test_refusals(rng):
    with pytest.raises(InputError, match=r"a line needs two different voltages, got \[0.1\] V"):
        electronic_conductivity(transients(rng)[:1], geometry(rng))
    with pytest.raises(DataError, match=r"3 rows at 0.1 V; a transient needs ten"):
        settle(Transient(0.1, np.arange(3.0), np.ones(3), "x"))
    with pytest.raises(InputError, match="detection_limit must not be negative"):
        PolarisationSettings(detection_limit=-1)
    with pytest.raises(InputError, match="share lies between"):
        SettleRule(share=0.9)


def test_half_of_a_current_that_is_half_electronic_is_carried_by_electrons(rng):
    """t_e = σ_e/(σ_e + σ_i): one half where both are alike, and never above one."""
    same = Estimate.unknown_doubt(1.7e-9, "S/cm")
    found = electronic_conductivity(transients(rng), geometry(rng), ionic=same).transference
    assert found.value == pytest.approx(0.5, abs=0.02)


CASES = Path(__file__).parents[2] / "reference" / "lab" / "polarisation-open-circuit"


@pytest.mark.parametrize("name", ["ocv_first.csv", "nanoampere.csv"])
def test_an_open_circuit_before_the_steps_and_nanoamperes_leave_the_conductivity_alone(name):
    record = read_cycling(CASES / name)
    found = electronic_conductivity(
        transients_of(record), Geometry(Estimate.exact(0.01, "m"), Estimate.exact(1e-3, "m"))
    )
    assert found.conductivity.value == pytest.approx(1.273e-10, rel=2e-3)
    assert found.ohmic
    said = open_circuit_of(record)
    assert len(said) == (1 if name.startswith("ocv") else 0)
    assert all("60 rows at 0.035 V without any current" in s for s in said)


def test_a_current_that_is_zero_throughout_is_refused():
    time = np.arange(40.0)
    record = make_record(time, np.full(40, 0.1), np.zeros(40), "x.csv")
    with pytest.raises(DataError, match="the current is zero throughout; no voltage was applied"):
        transients_of(record)


def test_a_current_that_never_changes_does_not_take_the_whole_line():
    time = np.arange(1.0, 60.0)
    rng = np.random.default_rng(1)
    steps = [Transient(v, time, 1e-9 * v + 1e-12 * rng.standard_normal(59), f"{v}") for v in (0.2, 0.3, 0.4)]
    odd = Transient(0.1, time, np.full(59, 3e-10), "constant")  # thrice too large, and without spread
    found = electronic_conductivity(
        (*steps, odd), Geometry(Estimate.exact(0.01, "m"), Estimate.exact(1e-3, "m"))
    )
    assert not found.ohmic
    assert np.isfinite(found.conductivity.value)
