"""What every test may ask for."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("electrolith", deadline=None)  # a busy machine must not fail a property
settings.load_profile("electrolith")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real instrument files; not part of this repository."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared/data is not there: real instrument files are kept outside the repository")
    return SHARED / "data"


@pytest.fixture(scope="session")
def shared_paper() -> Path:
    """Folder of the published numbers; not part of this repository."""
    if not (SHARED / "paper").is_dir():
        pytest.skip("../shared/paper is not there: the full list of published numbers is kept outside")
    return SHARED / "paper"


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded generator: every test repeats."""
    return np.random.default_rng(20231)
