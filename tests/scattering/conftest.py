"""Crystals and patterns that the tests of this room share."""

from __future__ import annotations

import numpy as np
import pytest

from electrolith.scattering.data import PowderData
from electrolith.scattering.instrument import laboratory
from electrolith.scattering.model import Histogram, calculate, compile_model, parameters
from electrolith.scattering.phase import Phase, Site
from electrolith.scattering.read_cif import phase_from_group


@pytest.fixture(scope="session")
def antifluorite() -> Phase:
    """Li9N2Cl3 as refined: Fm-3m, Li on 8c, N and Cl on 4a."""
    sites = (
        Site("Li1", (0.25, 0.25, 0.25), (("Li", 0.86),), 2.0),
        Site("X1", (0.0, 0.0, 0.0), (("N", 0.382), ("Cl", 0.573)), 1.5),
    )
    return phase_from_group("LNC", space_group="F m -3 m", cell=(5.3506,), sites=sites)


@pytest.fixture(scope="session")
def triclinic() -> Phase:
    """A skewed cell without symmetry but inversion, two species on one site."""
    sites = (
        Site("A", (0.113, 0.227, 0.341), (("Li", 0.7), ("Cl", 0.2)), 0.9),
        Site("B", (0.52, 0.04, 0.77), (("O", 1.0),), 0.6),
    )
    return phase_from_group("skew", space_group="P -1", cell=(4.1, 5.3, 6.7, 82.0, 97.0, 104.0), sites=sites)


def empty(x: np.ndarray, instrument=None, *, name: str = "lab", background: int = 5) -> Histogram:
    """A histogram without counts."""
    tool = instrument or laboratory()
    kind = "two_theta" if hasattr(tool, "lines") else "tof"
    one = np.ones_like(x)
    return Histogram(name, PowderData(x, one, one, kind), tool, background=background)


def counted(
    phases, x, values, *, rng, instrument=None, name="lab", background=5, mirror=None, analyse=None
) -> Histogram:
    """A histogram with counts drawn around a model; noise may be mirrored.

    analyse : the instrument that the refinement is told of, where it is not the one that measured.
    """
    blank = empty(x, instrument, name=name, background=background)
    model = compile_model(phases, (blank,))
    true = calculate(model, parameters(phases, (blank,)) | values)[0].total
    if mirror is None:
        y = rng.poisson(true).astype(float)
    else:
        y = true + mirror * np.sqrt(true) * rng.standard_normal(len(true))
    data = PowderData(x, y, np.sqrt(np.maximum(y, 1.0)), blank.data.abscissa, "counts", "counts")
    return Histogram(name, data, analyse or blank.instrument, background=background)


@pytest.fixture(scope="session")
def blank():
    """Build a histogram without counts on an even abscissa."""
    return empty


@pytest.fixture(scope="session")
def measured():
    """Build a histogram with counts drawn around a model; noise may be mirrored."""
    return counted
