"""Toy engines for the tests of this room."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def toys():
    """The module `toys.py` beside this file."""
    if "motion_toys" not in sys.modules:
        spec = importlib.util.spec_from_file_location("motion_toys", HERE / "toys.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["motion_toys"] = module
        spec.loader.exec_module(module)
    return sys.modules["motion_toys"]
