"""What every test may ask for."""

import json
import os
import subprocess
import sys
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


@pytest.fixture(scope="session")
def validator():
    """Runs a script of tests/validators with the programs that judge exports; what it prints as JSON.

    They live in an environment of their own, `.validators` (`make validators`), or in the one that the
    variable ELECTROLITH_VALIDATORS names.
    """
    root = Path(__file__).parent
    folder = Path(os.environ.get("ELECTROLITH_VALIDATORS", root.parent / ".validators"))
    python = folder / "bin" / "python"
    if not python.exists():
        pytest.skip("the validators of exports are not installed: make validators")

    def run(script, *arguments):
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        line = [str(python), str(root / "validators" / script), *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, text=True, timeout=300, env=env)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(autouse=True)
def tables_hold_numbers(monkeypatch):
    """Whatever a test makes, no table of a part may hold numbers as text: their digits would be lost."""
    if "electrolith.study.section" not in sys.modules:
        yield
        return
    from electrolith.study.section import Part
    from electrolith.study.table import numbers_as_text

    found: list[str] = []
    plain = Part.__init__

    def watched(self, *given, **named):
        plain(self, *given, **named)
        for table in (*self.tables, *self.data):
            found.extend(f"{self.title}, {table.caption or 'table'}, {bad}" for bad in numbers_as_text(table))

    monkeypatch.setattr(Part, "__init__", watched)
    yield
    assert not found, "\n".join(dict.fromkeys(found))
