"""Operando and sample series: a new phase is found when it is there, and only then."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.scattering.change_point import onset
from electrolith.scattering.model import calculate, compile_model, parameters
from electrolith.scattering.operando import Frames, follow
from electrolith.scattering.phase import molar_mass, volume
from electrolith.scattering.phase_library import candidate, library_names, suspected_names
from electrolith.scattering.series import correlation, sample_name, trend

X = 20 + 0.04 * np.arange(1250)
TIME = np.linspace(0, 8, 40)


def _frames(antifluorite, blank, share, *, seed=3, onset_at=5.0):
    salt = candidate("LiCl")
    histogram = blank(X, background=4, name="op")
    model = compile_model((antifluorite, salt), (histogram,))
    values = parameters((antifluorite, salt), (histogram,)) | {
        "op/background/0": 200.0,
        "op/scale/LNC": 0.004,
    }
    ratio = (
        share
        / (1 - share)
        * molar_mass(antifluorite)
        * volume(antifluorite)
        / molar_mass(salt)
        / volume(salt)
    )
    rng = np.random.default_rng(seed)
    rows = []
    for t in TIME:
        values["op/scale/LiCl"] = 0.004 * ratio if t >= onset_at else 0.0
        values["LNC/a"] = 5.3506 + 0.002 * (t > 3)
        rows.append(rng.poisson(calculate(model, values)[0].total))
    y = np.array(rows, float)
    return Frames(X, y, np.sqrt(np.maximum(y, 1)), TIME), histogram


NAMES = ("LiCl", "Li3N", "LiOH", "NH4Cl", "Li")


def test_a_phase_at_three_weight_percent_is_found_and_timed(antifluorite, blank):
    frames, histogram = _frames(antifluorite, blank, 0.03)
    found = follow(frames, (antifluorite,), histogram, candidates=tuple(candidate(n) for n in NAMES))
    tests = {t.phase: t for t in found.candidates}
    salt = tests["LiCl"]
    assert salt.change.detected
    true = TIME[TIME >= 5.0][0]
    assert salt.change.low <= true <= salt.change.high
    assert salt.change.size == pytest.approx(0.03, abs=5 * salt.change.size_sigma)
    assert [n for n in NAMES if tests[n].change.detected] == ["LiCl"]
    assert salt.limit_series < salt.limit < 0.02
    shift = found.changes["LNC/a"]
    assert shift.detected
    assert shift.time == pytest.approx(3.1, abs=0.3)
    assert {round(e.d, 2) for e in found.excess} & {2.97, 2.57, 1.82}


def test_without_a_new_phase_none_is_called_and_the_detection_limit_is_stated(antifluorite, blank):
    frames, histogram = _frames(antifluorite, blank, 0.0, seed=4)
    found = follow(frames, (antifluorite,), histogram, candidates=tuple(candidate(n) for n in NAMES))
    assert not any(t.change.detected for t in found.candidates)
    assert all(0 < t.limit_series < t.limit for t in found.candidates)
    assert found.excess == ()
    assert found.chi2.mean() == pytest.approx(1.0, abs=0.03)
    z = np.concatenate([t.z for t in found.candidates])
    assert np.std(z) == pytest.approx(1.0, abs=0.25)


def test_false_alarms_of_the_onset_test_are_as_rare_as_promised():
    rng = np.random.default_rng(0)
    time = np.arange(60.0)
    called = sum(
        onset(time, rng.standard_normal(60), np.ones(60), level_known=known, false_alarm=0.05).detected
        for known in (True, False)
        for _ in range(150)
    )
    assert called <= 22  # 5 % of 300 would be 15


@pytest.mark.parametrize("kind", ["step", "ramp"])
def test_the_onset_of_a_step_and_of_a_ramp_lies_in_its_interval(kind):
    rng = np.random.default_rng(2)
    time = np.arange(80.0)
    shape = np.where(time >= 50, 1.0 if kind == "step" else (time - 50) / 29, 0.0)
    inside = 0
    for _ in range(30):
        found = onset(time, 8 * shape + rng.standard_normal(80), np.ones(80), level_known=True)
        assert found.detected
        inside += found.low <= 50 <= found.high
    assert inside >= 24
    assert found.kind == kind


def test_series_that_cannot_be_are_refused(antifluorite, blank):
    frames, histogram = _frames(antifluorite, blank, 0.0)
    with pytest.raises(DataError, match="at least five frames"):
        Frames(X, frames.intensity[:2], frames.sigma[:2], TIME[:2])
    with pytest.raises(DataError, match="for 40 times and 1250 points"):
        replace(frames, intensity=frames.intensity[:, :9])
    with pytest.raises(InputError, match="already one of the phases"):
        follow(frames, (antifluorite,), histogram, candidates=(antifluorite,))
    with pytest.raises(InputError, match="did you mean 'LiOH'"):
        candidate("LiOh")
    assert set(library_names()) >= set(NAMES)


def test_computed_phases_are_taken_by_name_only():
    """By hand: in Li4NCl the apical Li stands z c = 1.92 Å from N; in Li4(OH)3Cl O–H is 0.97 Å."""
    from electrolith.scattering.pdf import PdfSettings, shell_table, shells

    assert set(library_names()) - set(suspected_names()) == {"Li4NCl", "Li4(OH)3Cl"}
    for name, nearest, pairs in (("Li4NCl", 0.09728 * 19.7718, 12), ("Li4(OH)3Cl", 0.974, 8)):
        phase = candidate(name)
        assert "computed" in phase.source
        found = shells(phase, r_max=2.2)
        r, _, _, _ = shell_table(phase, found, PdfSettings())
        assert r.min() == pytest.approx(nearest, abs=0.002)
        assert found.count[np.argmin(r)] == pairs


def test_library_phases_have_their_known_densities():
    from electrolith.scattering.phase import density

    # Li4NCl: of Marx's cell; Li4(OH)3Cl: computed, and its PBE cell is denser than a measured one would be
    known = {"Li4NCl": 1.673, "Li3N": 1.29, "LiCl": 2.07, "Li": 0.534, "NH4Cl": 1.53, "LiOH": 1.46}
    for name, value in known.items():
        assert density(candidate(name)) == pytest.approx(value, rel=0.02), name


@pytest.mark.parametrize(
    ("text", "speed", "hours"),
    [
        ("Li9N2Cl3-500rpm-24h", 500, 24),
        ("Li9N2Cl3-500 rpm-24 hours.xye", 500, 24),
        ("LNC_300RPM_2.5hr", 300, 2.5),
        ("500rpm", 500, None),
    ],
)
def test_sample_names_are_read(text, speed, hours):
    found = sample_name(text)
    assert (found.speed, found.hours) == (speed, hours)


def test_a_name_without_variables_is_refused():
    with pytest.raises(InputError, match="expected a speed and a time"):
        sample_name("pellet A")


def test_correlation_carries_the_doubt_of_both_columns():
    rng = np.random.default_rng(0)
    x = tuple(Estimate.exact(float(v), "h") for v in (2, 8, 16, 24, 36))
    sharp = tuple(Estimate.normal(float(v), 0.01, "1", rng=rng) for v in (1, 2, 3, 4, 5))
    vague = tuple(Estimate.normal(float(v), 3.0, "1", rng=rng) for v in (1, 2, 3, 4, 5))
    assert correlation(x, sharp).value == pytest.approx(1.0)
    assert correlation(x, vague).std > 0.2
    names = tuple(sample_name(f"A-500rpm-{h}h") for h in (24, 2, 16, 8))
    found = trend("hours", "a", tuple(zip(names, sharp[:4], strict=True)))
    assert found.x.tolist() == [2, 8, 16, 24]
    with pytest.raises(InputError, match="at least four samples"):
        correlation(x[:2], sharp[:2])
