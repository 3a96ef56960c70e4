"""What is installed is whole: the wheel holds every module and every table of the package."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "electrolith"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_file_of_the_package(wheel):
    inside = {n for n in wheel.namelist() if n.startswith("electrolith/")}
    here = {
        p.relative_to(PACKAGE.parent).as_posix()
        for p in PACKAGE.rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert here <= inside


def test_the_wheel_brings_both_names_of_the_command_and_the_licence(wheel):
    names = wheel.namelist()
    scripts = wheel.read(next(n for n in names if n.endswith("entry_points.txt"))).decode()
    assert "electrolith = electrolith.study.main:main" in scripts
    assert "elith = electrolith.study.main:main" in scripts
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_an_installed_wheel_runs_without_the_clone(wheel, tmp_path):
    """Unpacked alone on the path, the package finds its version, its tables and its engines' files."""
    wheel.extractall(tmp_path)
    code = (
        "import electrolith, electrolith.study.exports.cite as c, electrolith.crystal.library as l;"
        "from electrolith.energy.pod.potential import load_potential;"
        f"assert electrolith.__file__.startswith(r'{tmp_path}'), electrolith.__file__;"
        "assert c.references(); assert load_potential('li-n-cl').coefficients.size > 100;"
        "print(electrolith.__version__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
