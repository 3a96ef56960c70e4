"""Two patterns of one sample that do not want the same cell."""

import numpy as np
import pytest

from electrolith.scattering.cells_apart import cells_apart
from electrolith.scattering.instrument import neutron
from electrolith.scattering.recipe import Recipe, run_recipe

X = 15 + 0.06 * np.arange(1600)


def _pair(antifluorite, measured, true_wavelength):
    rng = np.random.default_rng(5)
    lab = {"lab/scale/LNC": 0.05, "lab/background/0": 300.0}
    nd = {"nd/scale/LNC": 0.02, "nd/background/0": 60.0}
    return (
        measured((antifluorite,), X, lab, rng=rng),
        measured(
            (antifluorite,),
            X,
            nd,
            rng=rng,
            instrument=neutron(true_wavelength),
            name="nd",
            analyse=neutron(1.6),
        ),
    )


@pytest.mark.parametrize(("wavelength", "apart"), [(1.6, False), (1.604, True)])
def test_a_wrong_wavelength_of_one_pattern_is_named(antifluorite, measured, wavelength, apart):
    """By hand: 1.604 Å told as 1.600 makes the cell smaller by 0.25 %, and the zero cannot hide it."""
    pair = _pair(antifluorite, measured, wavelength)
    recipe = Recipe(displacement="no", displacements=False)
    fit = run_recipe((antifluorite,), pair, recipe=recipe).fit
    words = cells_apart((antifluorite,), pair, fit)
    assert bool(words) == apart
    if apart:
        assert "lab alone wants 5.35" in words[0]
        assert "nd alone 5.33" in words[0]
    assert cells_apart((antifluorite,), pair[:1], fit) == ()
