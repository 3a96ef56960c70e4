"""A small skewed cell that the tests of this room share."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from electrolith.crystal.frame import Frame

if "pairs" not in sys.modules:
    spec = importlib.util.spec_from_file_location("pairs", Path(__file__).with_name("pairs.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["pairs"] = module
    spec.loader.exec_module(module)

SKEWED = np.array([[5.6, 0.3, -0.2], [1.4, 5.1, 0.4], [-0.9, 1.1, 5.3]])


@pytest.fixture
def li_n_cl_cell() -> Frame:
    """Eight atoms of three elements, no symmetry, no two closer than 1.9 Å."""
    rng = np.random.default_rng(3)
    grid = np.array([[i, j, k] for i in (0, 0.5) for j in (0, 0.5) for k in (0, 0.5)])
    positions = grid @ SKEWED + rng.normal(0, 0.12, (8, 3))
    return Frame(positions, SKEWED, np.array([7, 3, 3, 17, 3, 3, 17, 3]))
