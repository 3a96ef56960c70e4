"""Oliver-Pharr: hand values, round trips, the vendor's own results, refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.lab.indentation.analysis import IndentSettings, measure_indent, measure_indents
from electrolith.lab.indentation.calibrate import calibrate
from electrolith.lab.indentation.dendrite import compare_with_lithium
from electrolith.lab.indentation.oliver_pharr import (
    Contact,
    contact_area,
    fit_unloading,
    reduced_modulus,
    sample_modulus,
    simulate,
)
from electrolith.lab.indentation.read import Indent, read_agilent
from electrolith.lab.indentation.record import course

TIP = Contact(area=(24.5,), beta=1.05)


def made(
    *,
    modulus=42.43e9,
    hardness=1.2e9,
    depth=2e-6,
    contact=TIP,
    rng=None,
    noise=0.0,
    drift=0.0,
    hold=False,
    approach=0,
):
    t, h, p = simulate(modulus=modulus, hardness=hardness, poisson=0.25, depth=depth, contact=contact)
    if hold:
        keep = ~((np.arange(p.size) > np.argmax(p)) & (p < 0.1 * p.max()))
        t, h, p = t[keep], h[keep], p[keep]
        more = np.arange(1, 101.0)
        t, h, p = (
            np.append(t, t[-1] + more),
            np.append(h, np.full(100, h[-1])),
            np.append(p, np.full(100, p[-1])),
        )
    if approach:
        t = np.append(np.arange(approach) * 0.5, t + approach * 0.5)
        h, p = np.append(np.linspace(-2e-7, 0, approach), h), np.append(np.zeros(approach), p)
    if rng is not None:
        h, p = h + noise * 1e-9 * rng.standard_normal(h.size), p + noise * 1e-6 * rng.standard_normal(p.size)
    return Indent(t, h + drift * t, p, np.array([]), (), "made", "made")


def measured(indent, rng, **settings):
    return measure_indent(
        indent, IndentSettings(("x",), **settings), contact=TIP, poisson=Estimate.exact(0.25, "1"), rng=rng
    )


def test_area_of_the_ideal_pyramid_at_one_micrometre():
    assert float(contact_area(1e-6, (24.5,))) == pytest.approx(24.5e-12)


def test_area_function_follows_the_vendors_half_powers():
    # 24.5 h^2 + 100 h + 7 h^(1/2) + 3 h^(1/4) at 16 nm by hand
    by_hand = 24.5 * 256 + 100 * 16 + 7 * 4 + 3 * 2
    assert float(contact_area(16e-9, (24.5, 100, 7, 3))) == pytest.approx(by_hand * 1e-18)


def test_modulus_by_hand_in_si():
    # S = 5e5 N/m, A = 4e-12 m2, beta 1: E_r = sqrt(pi)/2 * 5e5/2e-6
    reduced = float(reduced_modulus(5e5, 4e-12, beta=1.0))
    assert reduced == pytest.approx(np.sqrt(np.pi) / 2 * 2.5e11, rel=1e-12)
    soft = float(sample_modulus(50e9, poisson=0.25, contact=TIP))
    assert soft == pytest.approx((1 - 0.0625) / (1 / 50e9 - (1 - 0.0049) / 1141e9), rel=1e-12)


@pytest.mark.parametrize("modulus", [5e9, 42.43e9, 200e9])
def test_analysis_undoes_the_forward_model(modulus, rng):
    found = measured(made(modulus=modulus, hardness=modulus / 30), rng)
    assert found.modulus.value == pytest.approx(modulus / 1e9, rel=2e-3)
    assert found.hardness.value == pytest.approx(modulus / 30e9, rel=2e-3)
    assert found.exponent == pytest.approx(1.5, abs=0.01)


def test_frame_compliance_is_taken_off(rng):
    soft_frame = replace(TIP, frame_compliance=2e-7)
    indent = made(contact=soft_frame)
    right = measure_indent(
        indent, IndentSettings(("x",)), contact=soft_frame, poisson=Estimate.exact(0.25, "1"), rng=rng
    )
    wrong = measured(indent, rng)
    assert right.modulus.value == pytest.approx(42.43, rel=5e-3)
    assert wrong.modulus.value < 0.95 * 42.43


def test_modulus_scales_as_it_must_with_load(rng):
    indent = made()
    double = replace(indent, load=2 * indent.load)
    ratio = measured(double, rng).reduced.value / measured(indent, rng).reduced.value
    assert ratio == pytest.approx(2.0, rel=1e-3)


def test_stated_error_covers_the_truth(rng):
    inside = 0
    for _ in range(60):
        low, high = measured(made(rng=rng, noise=2.0), rng).modulus.interval(0.95)
        inside += low <= 42.43 <= high
    assert inside >= 50


def test_rate_dwell_and_contact_are_read_from_the_record(rng):
    parts = course(made(rng=rng, noise=0.1, approach=80))
    assert parts.rate == pytest.approx(5e-9, rel=0.05)
    assert parts.dwell_time == pytest.approx(5.0, abs=1.0)
    assert parts.loading[0] == pytest.approx(80, abs=15)


def test_drift_seen_in_the_hold_is_taken_out(rng):
    clean = measured(made(hold=True), rng).modulus.value
    drifting = made(hold=True, drift=0.3e-9)
    assert course(drifting).drift == pytest.approx(0.3e-9, rel=0.02)
    assert measured(drifting, rng).modulus.value == pytest.approx(clean, rel=5e-3)
    assert measured(drifting, rng, correct_drift=False).modulus.value != pytest.approx(clean, rel=5e-3)


# FS_Calibration.xls of micromechanics/micromechanics @ d15824d; vendor: E 75.25, H 9.55 GPa.
def test_fused_silica_agrees_with_the_vendor_within_three_percent(shared_data: Path):
    pytest.importorskip("xlrd", reason="the extra electrolith[indentation] is not installed")
    found = measure_indents(IndentSettings((str(shared_data / "indentation" / "FS_Calibration.xls"),)))
    assert len(found.indents) == 16
    assert found.modulus.value == pytest.approx(75.25, rel=0.03)
    assert found.hardness.value == pytest.approx(9.55, rel=0.03)
    assert found.modulus_spread == pytest.approx(1.35, abs=0.15)
    assert found.hardness_spread == pytest.approx(0.28, abs=0.05)
    assert found.vendor_modulus == pytest.approx(75.25, abs=0.01)
    assert found.poisson.value == pytest.approx(0.18, abs=0.005)
    assert not found.refused


def test_the_vendors_workbook_is_read_with_its_units_and_marks(shared_data: Path):
    pytest.importorskip("xlrd", reason="the extra electrolith[indentation] is not installed")
    file = read_agilent(shared_data / "indentation" / "FS_Calibration.xls")
    first = file.indents[0]
    assert first.depth.max() == pytest.approx(1.93e-6, rel=0.01)
    assert first.load.max() == pytest.approx(0.4077, rel=0.01)
    assert file.area == pytest.approx((27.3136, 152.6988585, -494.1823171))
    assert file.beta == pytest.approx(1.0, abs=1e-4)  # 1.797e308 marks an invalid value and takes no part
    assert file.window == pytest.approx((1e-7, 2e-7))
    assert [n for n, _ in first.segments][:3] == [
        "Load Segment Type",
        "Hold Segment Type",
        "Unload From Peak Segment Type",
    ]


def test_calibration_on_fused_silica_brings_the_unloading_to_its_modulus(shared_data: Path):
    pytest.importorskip("xlrd", reason="the extra electrolith[indentation] is not installed")
    path = shared_data / "indentation" / "FS_Calibration.xls"
    file = read_agilent(path)
    rows = [slice(0, dict(x.segments)["Hold Segment Type"]) for x in file.indents]
    columns = [
        np.concatenate([getattr(x, name)[r] for x, r in zip(file.indents, rows, strict=True)])
        for name in ("depth", "load", "stiffness")
    ]
    found = calibrate(*columns, modulus=72e9, poisson=0.18, start=Contact(file.area, 1.0), low=2e-7)
    after = measure_indents(
        IndentSettings(
            (str(path),),
            method="unloading",
            area=found.contact.area,
            frame_compliance=found.contact.frame_compliance,
        )
    )
    before = measure_indents(IndentSettings((str(path),), method="unloading"))
    assert before.modulus.value < 69
    assert after.modulus.value == pytest.approx(72, rel=0.03)


def test_calibration_finds_the_compliance_and_area_it_was_given():
    truth = Contact((25.0, 300.0), 1.05, 0.75, 5e-9)
    reduced = 1 / ((1 - 0.17**2) / 72e9 + (1 - 0.07**2) / 1141e9)
    at = np.geomspace(1e-7, 2e-6, 200)
    area = contact_area(at, truth.area)
    own = 2 * truth.beta * reduced * np.sqrt(area / np.pi)
    load = 9.5e9 * area
    depth = at + truth.epsilon * load / own + truth.frame_compliance * load
    found = calibrate(
        depth, load, 1 / (1 / own + truth.frame_compliance), modulus=72e9, poisson=0.17,
        start=Contact(beta=1.05), low=1e-7, coefficients=2,
    )  # fmt: skip
    assert found.contact.frame_compliance == pytest.approx(5e-9, rel=1e-3)
    assert found.contact.area == pytest.approx((25.0, 300.0), rel=1e-2)


def test_lithium_comparison_of_the_paper():
    # 10.1126/sciadv.adh4626: 42.43 against 7.8 GPa
    found = compare_with_lithium(Estimate.exact(42.43, "GPa"), poisson=Estimate.exact(0.25, "1"))
    assert found.young_ratio.value == pytest.approx(5.44, abs=0.01)
    assert found.shear_modulus.value == pytest.approx(42.43 / 2.5)
    assert found.shear_ratio.value == pytest.approx(42.43 / 2.5 / (7.8 / 2.72), rel=1e-9)
    assert "an indicator, no proof" in found.statement


def test_a_soft_solid_does_not_meet_the_criterion():
    found = compare_with_lithium(Estimate.exact(3.0, "GPa"), poisson=Estimate.exact(0.3, "1"))
    assert "is not met" in found.statement
    assert found.probability == 0.0


def test_a_record_without_unloading_is_refused(rng):
    whole = made()
    end = int(np.argmax(whole.load)) + 20
    cut = replace(whole, time=whole.time[:end], depth=whole.depth[:end], load=whole.load[:end])
    with pytest.raises(DataError, match="made: no unloading: the load falls to 95 % of its largest value"):
        measured(cut, rng)


def test_dominating_drift_is_refused(rng):
    with pytest.raises(DataError, match=r"thermal drift dominates: 2 nm/s moves the depth by \d+ %"):
        measured(made(hold=True, drift=2e-9), rng)


def test_a_pop_in_is_named(rng):
    indent = made(rng=rng, noise=0.2)
    depth = indent.depth.copy()
    depth[200:] += 60e-9
    found = measured(replace(indent, depth=depth), rng)
    assert any("pop-in at" in w and "of 6" in w for w in found.warnings)
    assert not measured(indent, rng).warnings


def test_an_unloading_hidden_by_creep_is_refused():
    load = np.linspace(1, 0.3, 50)
    with pytest.raises(DataError, match="depth does not recover while the load falls"):
        fit_unloading(2e-6 + 1e-8 * np.arange(50), load)


def test_a_modulus_stiffer_than_the_tip_is_refused():
    with pytest.raises(InputError, match="2000 GPa is stiffer than the tip"):
        sample_modulus(2000e9, poisson=0.2, contact=TIP)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"poisson": 0.6}, "poisson must lie between 0 and 0.5, got 0.6"),
        ({"beta": 2.0}, "beta 2.0 is no shape factor"),
        ({"low": 0.9, "high": 0.5}, "is no range"),
        ({"window": (2e-7, 1e-7)}, "window of depths"),
    ],
)
def test_settings_out_of_range_are_refused(settings, text):
    with pytest.raises(InputError, match=text):
        IndentSettings(("a",), **settings)


def test_continuous_stiffness_is_refused_where_the_file_has_none(rng):
    with pytest.raises(DataError, match="no continuous stiffness in the file; use method 'unloading'"):
        measured(made(), rng, method="continuous")


def continuous(indent):
    """Loading part of a made indent with the stiffness its area and modulus give."""
    top = int(np.argmax(indent.load)) + 1
    reduced = 1 / ((1 - 0.25**2) / 42.43e9 + (1 - 0.07**2) / 1141e9)
    area = np.maximum(indent.load[:top] / 1.2e9, 1e-30)
    stiffness = 2 * TIP.beta * reduced * np.sqrt(area / np.pi)
    return replace(
        indent, time=indent.time[:top], depth=indent.depth[:top], load=indent.load[:top], stiffness=stiffness
    )


def test_continuous_stiffness_needs_no_unloading(rng):
    found = measured(continuous(made()), rng, window=(1e-6, 1.9e-6))
    assert found.method == "continuous"
    assert found.modulus.value == pytest.approx(42.43, rel=5e-3)
    assert found.hardness.value == pytest.approx(1.2, rel=5e-3)
    assert np.isnan(found.exponent)


def test_a_window_without_points_is_refused(rng):
    with pytest.raises(DataError, match="0 stiffness points between 5000 and 6000 nm; 5 or more are needed"):
        measured(continuous(made()), rng, window=(5e-6, 6e-6))


def test_of_repeated_cycles_the_deepest_unloading_counts(rng):
    small, large = made(depth=1e-6), made(depth=2e-6)
    n = small.load.size
    marks = (("Cycle Begin 1", 0), ("Cycle Unload 1", 410), ("Cycle Begin 2", n), ("Cycle Unload 2", n + 405))
    both = Indent(
        np.append(small.time, large.time + small.time[-1]),
        np.append(small.depth, large.depth),
        np.append(small.load, large.load),
        np.array([]),
        marks,
        "cycles",
        "cycles",
    )
    found = measured(both, rng)
    assert found.top_depth == pytest.approx(2e-6, rel=0.01)
    assert found.modulus.value == pytest.approx(42.43, rel=0.02)


def elastic_contact():
    """Loading and unloading on one curve, P = C h^1.5, as a sphere gives it."""
    h = np.concatenate([np.linspace(0, 80e-9, 200), np.linspace(80e-9, 0, 200)])
    p = 2e6 * np.abs(h) ** 1.5
    return Indent(np.arange(400) * 0.1, h, p, np.array([]), (), "made", "made")


def test_a_purely_elastic_contact_has_a_modulus_and_no_hardness(rng):
    found = measured(elastic_contact(), rng)
    assert found.elastic
    assert not np.isfinite(found.hardness.value)
    assert np.isfinite(found.modulus.value)
    assert any("purely elastic contact has no hardness" in w for w in found.warnings)
    plastic = measured(made(), rng)
    assert not plastic.elastic
    assert plastic.hardness.value == pytest.approx(1.2, rel=0.02)


def test_an_ideal_pyramid_at_small_depth_rings(rng):
    ideal = Contact()
    settings, nu = IndentSettings(("x",)), Estimate.exact(0.25, "1")
    shallow = measure_indent(made(depth=1e-7, contact=ideal), settings, contact=ideal, poisson=nu, rng=rng)
    assert any("area function is that of an ideal pyramid at a contact depth" in w for w in shallow.warnings)
    deep = measure_indent(made(depth=2e-6, contact=ideal), settings, contact=ideal, poisson=nu, rng=rng)
    assert not any("ideal pyramid" in w for w in deep.warnings)


def test_the_approach_of_the_tip_is_no_pop_in(rng):
    indent = made(approach=60)
    # the tip runs 300 nm in one row before it touches
    depth = indent.depth.copy()
    depth[:30] -= 3e-7
    found = measured(replace(indent, depth=depth), rng)
    assert found.course.pop_ins == ()


def test_the_drift_is_taken_where_the_load_holds_and_not_in_the_air_after_it(rng):
    rate = 0.05e-9
    held = made(hold=True, drift=rate)
    # fifty rows of a last unloading and two hundred in the air, with another slope
    t = np.append(held.time, held.time[-1] + np.arange(1, 251.0))
    p = np.append(held.load, np.append(np.linspace(held.load[-1], 0, 50), np.zeros(200)))
    h = np.append(held.depth, np.append(held.depth[-1] - np.linspace(0, 1e-6, 50), np.full(200, -1e-6)))
    after = replace(held, time=t, load=p, depth=h)
    assert course(held).drift == pytest.approx(rate, rel=0.05)
    assert course(after).drift == pytest.approx(rate, rel=0.05)
