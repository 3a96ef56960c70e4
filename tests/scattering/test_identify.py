"""What is printed as determined must not depend on where the refinement began."""

from dataclasses import replace

import numpy as np
import pytest

from electrolith.scattering.conditions import ChargeNeutrality, FixedTotal, MeasuredDensity
from electrolith.scattering.instrument import TimeOfFlight, neutron
from electrolith.scattering.model import parameters
from electrolith.scattering.phase import density
from electrolith.scattering.refine import refine
from electrolith.study.sections.diffraction import evidence_of

COARSE = 15 + 0.1 * np.arange(1020)
FLIGHT = TimeOfFlight(7476.91, -1.54, 0.0, -9.29, 144.845, 0.5971, 0.04221, 0.00946, 4.2, 45.8, 1.1, 0.0, 1.0)
CHARGES = (("Li", 1.0), ("N", -3.0), ("Cl", -1.0))
STARTS = [(0.86, 0.382, 0.573), (0.8, 0.5, 0.455), (1.0, 0.64, 0.32), (0.7, 0.2, 0.8), (0.95, 0.9, 0.1)]
TIE = ("LNC/X1/occupancy/N = 0.6666666667 * LNC/X1/occupancy/Cl",)
CONDITIONS = {
    "nothing": ((), ()),
    "neutral": ((ChargeNeutrality("LNC", CHARGES),), ()),
    "total": ((FixedTotal("LNC", "X1", 0.955),), ()),
    "density": (("density",), ()),
    "neutral and density": ((ChargeNeutrality("LNC", CHARGES), "density"), ()),
    "N to Cl tied": ((), TIE),
    "N to Cl tied and density": (("density",), TIE),
}


def _started(phase, start):
    lithium, anions = phase.sites
    return replace(
        phase,
        sites=(
            replace(lithium, occupancy=(("Li", start[0]),), b_iso=1.6),
            replace(anions, occupancy=(("N", start[1]), ("Cl", start[2])), b_iso=1.2),
        ),
    )


@pytest.fixture(scope="module")
def beams(antifluorite, measured):
    """X-rays, neutrons of one wavelength, neutrons by time of flight, and X-rays with neutrons."""
    rng = np.random.default_rng(11)
    lab = measured((antifluorite,), COARSE, {"lab/scale/LNC": 0.05, "lab/background/0": 300.0}, rng=rng)
    nd = measured(
        (antifluorite,),
        COARSE,
        {"nd/scale/LNC": 0.02, "nd/background/0": 60.0},
        rng=rng,
        instrument=neutron(1.6),
        name="nd",
    )
    tof = measured(
        (antifluorite,),
        np.arange(5000.0, 25000.0, 25.0),
        {"tof/scale/LNC": 20.0, "tof/background/0": 60.0},
        rng=rng,
        instrument=FLIGHT,
        name="tof",
    )
    return {"x": (lab,), "neutron": (nd,), "tof": (tof,), "joint": (lab, nd)}


def _free(phase, histograms):
    names = parameters((phase,), histograms)
    wanted = ("/scale/", "/background/", "/occupancy/")
    return tuple(n for n in names if n == "LNC/a" or n.endswith("/B") or any(w in n for w in wanted))


def _fits(phase, histograms, conditions, constraints):
    given = tuple(MeasuredDensity("LNC", density(phase), 0.01) if c == "density" else c for c in conditions)
    out = []
    for lithium, nitrogen, chlorine in STARTS:
        total = nitrogen + chlorine
        start = (lithium, 0.4 * total, 0.6 * total) if constraints else (lithium, nitrogen, chlorine)
        begun = _started(phase, start)
        out.append(
            refine(
                (begun,),
                histograms,
                free=_free(phase, histograms),
                conditions=given,
                constraints=constraints,
            )
        )
    return out


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("beam", ["x", "neutron", "tof", "joint"])
def test_what_is_called_determined_agrees_from_five_starts(antifluorite, beams, beam, condition):
    fits = _fits(antifluorite, beams[beam], *CONDITIONS[condition])
    first = fits[0]
    for fit in fits:
        assert fit.converged
        assert fit.chi2 == pytest.approx(first.chi2, abs=1e-3)
        assert set(fit.ratios) == set(first.ratios)
        for name, ratio in fit.ratios.items():
            assert abs(ratio.value - first.ratios[name].value) < 0.1 * first.ratios[name].std, name
        for site, same in zip(fit.sites, first.sites, strict=True):
            assert site.identified == same.identified
            for quantity in ("occupancy", "vacancy", "b_iso"):
                a, b = getattr(site, quantity), getattr(same, quantity)
                assert a.doubt == b.doubt
                assert a.doubt != "known" or abs(a.value - b.value) < 0.1 * b.std + 1e-9, (
                    site.site,
                    quantity,
                )
        shown = {e.label: e.value for e in evidence_of(_found(fit))}
        for label, value in shown.items():
            assert abs(value.value - _by_label(first)[label]) < 0.1 * value.std + 1e-9


def _found(fit):
    from types import SimpleNamespace

    return SimpleNamespace(fits=(fit,), names=("pattern",))


def _by_label(fit):
    return {e.label: e.value.value for e in evidence_of(_found(fit))}


@pytest.mark.parametrize("beam", ["neutron", "tof"])
def test_neutrons_alone_do_not_tell_nitrogen_from_chlorine_and_no_ratio_is_printed(antifluorite, beams, beam):
    fit = _fits(antifluorite, beams[beam], (), ())[1]
    assert fit.ratios == {}
    assert len(fit.null) == 2
    assert all(not np.isfinite(fit.std(n)) for n in fit.names if "/occupancy/" in n)


def test_a_ratio_that_a_constraint_or_a_condition_sets_is_not_sold_as_found(antifluorite, beams):
    tied = _fits(antifluorite, beams["x"], (), TIE)[0]
    assert set(tied.ratios) == {"LNC: Li/N", "LNC: Li/Cl", "LNC: Li/(N+Cl)"}
    assert tied.given == ()
    neutral = _fits(antifluorite, beams["neutron"], (ChargeNeutrality("LNC", CHARGES),), ())[0]
    assert set(neutral.given) == set(neutral.ratios) != set()


@pytest.mark.parametrize("beam", ["neutron", "tof"])
def test_a_total_tells_the_vacancy_of_its_site_though_not_who_sits_there(antifluorite, beams, beam):
    fit = _fits(antifluorite, beams[beam], (FixedTotal("LNC", "X1", 0.955),), ())[3]
    anions = next(s for s in fit.sites if s.species == "N")
    assert anions.identified == "through the conditions"
    assert anions.vacancy.value == pytest.approx(0.045, abs=0.005)
    assert anions.occupancy.doubt == "unknown"


def test_what_a_site_cannot_hold_never_reaches_the_headline(antifluorite, beams):
    """A density that is wrong by half makes the fit put more atoms on a site than it has room for."""
    given = (MeasuredDensity("LNC", 1.6 * density(antifluorite), 0.01), ChargeNeutrality("LNC", CHARGES))
    fit = refine((antifluorite,), beams["x"], free=_free(antifluorite, beams["x"]), conditions=given)
    assert any(s.identified.startswith("impossible: the site would hold") for s in fit.sites)
    assert not any(label.startswith("vacant") for label in _by_label(fit))
