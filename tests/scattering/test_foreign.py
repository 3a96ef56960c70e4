"""Lines that no phase explains are pointed out and never swallowed."""

import numpy as np
import pytest

from electrolith.scattering.foreign import foreign_lines, foreign_words, suspects
from electrolith.scattering.phase import molar_mass, volume
from electrolith.scattering.phase_library import candidate, library_names
from electrolith.scattering.recipe import Recipe, run_recipe
from electrolith.scattering.simulate import sticks

X = 15 + 0.04 * np.arange(2000)
TRUE = {"lab/scale/LNC": 0.05, "lab/background/0": 400.0}
QUICK = Recipe(displacement="no")


def _mixture(measured, rng, main, other, share):
    weight = [molar_mass(p) * volume(p) for p in (main, other)]
    scale = 0.05 * share / (1 - share) * weight[0] / weight[1]
    return measured((main, other), X, TRUE | {f"lab/scale/{other.name}": scale}, rng=rng)


@pytest.mark.parametrize("name", ["LiCl", "Li3N"])
def test_lines_of_a_phase_that_is_not_in_the_model_are_named_with_their_owner(
    measured, rng, antifluorite, name
):
    other = candidate(name)
    histogram = _mixture(measured, rng, antifluorite, other, 0.08)
    fit = run_recipe((antifluorite,), (histogram,), recipe=QUICK).fit
    lines = foreign_lines(fit.histograms[0])
    true = sticks(other, fit.histograms[0].instrument, low=15, high=98).d
    assert len(lines) >= 2
    for line in lines:
        assert np.abs(true / line.d - 1).min() < 2e-3
    library = tuple(candidate(n) for n in library_names())
    found = suspects(fit.histograms[0], lines, histogram, library)
    assert found[0].phase == name
    assert f"{name} would explain {len(lines)}" in foreign_words(lines, found)


def test_a_pure_phase_has_no_foreign_lines(measured, antifluorite):
    for seed in range(3):
        histogram = measured((antifluorite,), X, TRUE, rng=np.random.default_rng(seed))
        fit = run_recipe((antifluorite,), (histogram,), recipe=QUICK).fit
        assert foreign_lines(fit.histograms[0]) == ()


def test_lines_that_nobody_owns_are_still_pointed_out(measured, rng, antifluorite):
    histogram = _mixture(measured, rng, antifluorite, candidate("NH4Cl"), 0.10)
    fit = run_recipe((antifluorite,), (histogram,), recipe=QUICK).fit
    lines = foreign_lines(fit.histograms[0])
    assert lines
    assert suspects(fit.histograms[0], lines, histogram, (candidate("Li"),)) == ()
    assert "None of the phases that were searched" in foreign_words(lines, ())
