"""The figure of `electrolith diffusion`: what is fitted is drawn where it is fitted."""

import numpy as np
import pytest

from electrolith.crystal.frame import Frame
from electrolith.motion.analyse import analyse_path
from electrolith.study.commands.diffusion import diffusion_part


@pytest.fixture(scope="module")
def walk():
    """Twenty ions that take independent normal steps, five anions that shake."""
    rng = np.random.default_rng(2)
    cell = np.diag([20.0, 20.0, 20.0])
    start = rng.uniform(0, 20, (30, 3))
    steps = rng.normal(0, 0.4, (400, 20, 3)).cumsum(axis=0)
    still = rng.normal(0, 0.1, (400, 10, 3))
    frame = Frame(start, cell, np.array([3] * 20 + [7] * 5 + [17] * 5))
    found = analyse_path(
        start + np.concatenate([steps, still], axis=1), frame, mobile="Li", hop_distance=2.0, interval=100.0,
        temperature=600.0, charge=1.0, wrapped=False, rng=np.random.default_rng(1),
    )  # fmt: skip
    return found


def test_species_have_colours_of_their_own_and_the_fit_lies_on_its_curve(walk):
    (figure,) = diffusion_part(walk, ("made",)).figures
    roles = {layer.name: layer.role for layer in figure.layers}
    assert len(set(roles.values())) == len(roles) >= 4
    lines = {layer.name: layer for layer in figure.layers}
    fit, curve = lines["fit"], lines["Li"]
    assert fit.x[0] * 1000 >= walk.fit_from
    assert fit.x[-1] * 1000 <= walk.fit_to
    there = np.interp(fit.x, curve.x, curve.y)
    assert fit.y == pytest.approx(there, rel=0.25)
    assert np.diff(fit.y)[0] / np.diff(fit.x)[0] == pytest.approx(6e4 * walk.diffusivity.value, rel=1e-6)
