"""The page of a refinement: every refined number with its doubt, every reflection with its indices."""

import numpy as np
import pytest

from electrolith.scattering.data import PowderData
from electrolith.scattering.instrument import laboratory
from electrolith.scattering.model import Histogram, calculate, compile_model, parameters
from electrolith.scattering.phase_library import candidate
from electrolith.scattering.recipe import run_recipe
from electrolith.study.sections import refined_parts as page
from electrolith.study.table import text_rows

X = 25 + 0.05 * np.arange(1100)


@pytest.fixture(scope="module")
def fit():
    """LiCl on a laboratory diffractometer."""
    salt, one = candidate("LiCl"), np.ones_like(X)
    blank = Histogram("lab", PowderData(X, one, one, "two_theta"), laboratory(), background=3)
    model = compile_model((salt,), (blank,))
    true = parameters((salt,), (blank,)) | {"lab/scale/LiCl": 0.05, "lab/background/0": 200.0}
    y = np.random.default_rng(0).poisson(calculate(model, true)[0].total).astype(float)
    data = PowderData(X, y, np.sqrt(np.maximum(y, 1)), "two_theta", "counts", "counts")
    return run_recipe((salt,), (Histogram("lab", data, laboratory(), background=3),)).fit


def test_every_refined_parameter_stands_in_the_table(fit):
    rows = text_rows(page.parameters(fit))
    assert sorted(r[0] for r in rows) == sorted(fit.names)
    by_name = {r[0]: r for r in rows}
    assert "(" in by_name["LiCl/a"][2]
    assert by_name["LiCl/a"][3] == "Å"
    assert rows[0][1] == "cell"
    assert rows[-1][1] == "background"


def test_reflections_are_assigned_and_in_order(fit):
    rows = text_rows(page.reflections(fit.histograms[0]))
    assert [r[1] for r in rows][:3] == ["1 1 1", "2 0 0", "2 2 0"]
    place = [float(r[2]) for r in rows]
    assert place == sorted(place)
    wavelength = 1.5405929
    for _, _, position, d, _ in rows:
        zero = fit.all_values["lab/zero"]
        assert 2 * np.degrees(np.arcsin(wavelength / 2 / float(d))) + zero == pytest.approx(
            float(position), abs=0.05
        )


def test_the_summed_misfit_ends_at_one_and_the_root_over_q_rises(fit):
    chi2 = page.cumulative(fit.histograms[0], "c").layers[1]
    assert chi2.y[-1] == pytest.approx(1.0)
    assert np.all(np.diff(chi2.y) >= 0)
    root = page.weak_lines(fit.histograms[0], "r").layers[0]
    assert np.all(np.diff(root.x) > 0)
    assert root.x[0] == pytest.approx(
        4 * np.pi * np.sin(np.radians((25 - fit.all_values["lab/zero"]) / 2)) / 1.5405929, rel=1e-6
    )
