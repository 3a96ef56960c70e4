"""Normalisation by vanadium: a known spectrum comes off again, with honest errors."""

import numpy as np
import pytest

from electrolith.core.errors import DataError
from electrolith.scattering.data import PowderData
from electrolith.scattering.vanadium import normalised

X = np.arange(4000.0, 20000.0, 8.0)
SPECTRUM = 1.0 + 2.5 * np.exp(-0.5 * ((X - 9000) / 2500) ** 2)


def counted(mean, rng, x=X):
    counts = rng.poisson(mean).astype(float)
    return PowderData(x, counts, np.sqrt(np.maximum(counts, 1.0)), "tof", source="made")


def truth():
    peaks = sum(900.0 * np.exp(-0.5 * ((X - c) / 25) ** 2) for c in (5200, 7400, 10400, 15100))
    return 60.0 + peaks


@pytest.mark.parametrize("seed", range(3))
def test_the_incident_spectrum_comes_off_with_honest_errors(seed):
    rng = np.random.default_rng(seed)
    can, empty = 40.0 * SPECTRUM, 15.0 * SPECTRUM
    made = normalised(
        counted(truth() * SPECTRUM + can, rng),
        counted(3000.0 * SPECTRUM + empty, rng),
        container=counted(can, rng),
        background=counted(empty, rng),
    )
    # the divisor has the mean 1, the spectrum 1.7 or so: up to that factor the truth must be there
    factor = np.sum(made.intensity * truth() / made.sigma**2) / np.sum(truth() ** 2 / made.sigma**2)
    assert factor == pytest.approx(SPECTRUM.mean(), rel=0.01)
    off = (made.intensity - factor * truth()) / made.sigma
    assert 0.9 < off.std() < 1.1
    assert abs(off.mean()) < 0.15
    bare = truth() * SPECTRUM
    wrong = (bare - bare.mean() / truth().mean() * truth()) / np.sqrt(bare)
    assert wrong.std() > 3  # undivided counts are no pattern of the sample


def test_patterns_that_do_not_fit_each_other_are_refused():
    rng = np.random.default_rng(0)
    sample = counted(truth(), rng)
    with pytest.raises(
        DataError, match=r"the vanadium goes from 4000 to 11992, the sample from 4000 to 19992"
    ):
        normalised(sample, counted(SPECTRUM[:1000] * 100, rng, X[:1000]))
    angle = PowderData(X / 200, sample.intensity, sample.sigma, "two_theta", source="made")
    with pytest.raises(DataError, match="is a function of two_theta, the sample of tof"):
        normalised(sample, angle)
    with pytest.raises(DataError, match="does not stand above its background"):
        normalised(sample, counted(50 * SPECTRUM, rng), background=counted(60 * SPECTRUM, rng))
