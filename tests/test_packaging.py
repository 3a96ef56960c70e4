"""What is installed is whole: the wheel holds every module and every table of the package."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "electrolith"


def _built(kind, source, out):
    """The archive of that kind, built from a folder."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (path,) = (p for p in out.iterdir() if p.is_file() and p.name != ".gitignore")
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return zipfile.ZipFile(_built("wheel", ROOT, tmp_path_factory.mktemp("dist")))


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
    wheel.extractall(tmp_path)  # noqa: S202 - a wheel of our own
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


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    out = tmp_path_factory.mktemp("sdist")
    with tarfile.open(_built("sdist", ROOT, out)) as file:
        file.extractall(out, filter="data")
    (folder,) = (p for p in out.iterdir() if p.is_dir())
    return folder


def test_the_source_archive_without_git_builds_the_same_package_with_its_version(archive, wheel, tmp_path):
    assert not (archive / ".git").exists()
    path = _built("wheel", archive, tmp_path)
    again = zipfile.ZipFile(path)
    files = {n for n in wheel.namelist() if n.startswith("electrolith/")}
    assert {n for n in again.namelist() if n.startswith("electrolith/")} == files
    assert all(again.read(n) == wheel.read(n) for n in files)
    assert Path(again.filename).name.split("-")[1] == archive.name.split("-")[1]


def test_the_version_is_the_tag_and_between_tags_the_commit(tmp_path):
    """A copy of the build's files under a git of its own, tagged and then changed."""
    pytest.importorskip("hatch_vcs", reason="hatch-vcs is not installed")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "src" / "electrolith").mkdir(parents=True)
    (tmp_path / "src" / "electrolith" / "__init__.py").write_text("")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]

    def git(*words):
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    def version():
        command = [sys.executable, "-m", "hatchling", "version"]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    git("tag", "v0.2.0")
    assert version() == "0.2.0"
    (tmp_path / "LICENSE").write_text("changed")
    git("commit", "-am", "second")
    assert re.fullmatch(r"0\.2\.1\.dev1\+g[0-9a-f]+", version())


HERE = f"3.{sys.version_info[1]}"
EVERY = "ELECTROLITH_EVERY_PYTHON"


def _interpreter(version):
    """A Python of that version: ours, one on the path that really starts, or one of pyenv's; None."""
    if version == HERE:
        return sys.executable
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}*/bin/python"))
    for one in (shutil.which(f"python{version}"), *map(str, pyenv)):
        said = one and subprocess.run([one, "--version"], capture_output=True, text=True, check=False).stdout
        if said and said.startswith(f"Python {version}."):
            return one
    return None


@pytest.mark.parametrize("version", sorted({HERE, "3.11", "3.12", "3.13"}))
def test_the_wheel_installs_into_an_empty_environment_and_works_there(version, wheel, tmp_path):
    """Installed with its own requirements, away from the clone: a study runs, and so do tests of the core.

    Other versions than that of the suite take minutes each: `make dist-test` asks for them.
    """
    if version != HERE and not os.environ.get(EVERY):
        pytest.skip(f"Python {version} is tried with {EVERY}=1")
    base = _interpreter(version)
    if base is None:
        pytest.skip(f"no Python {version} on this machine")
    bare = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def run(*words, cwd=tmp_path):
        return subprocess.run(words, cwd=cwd, env=bare, capture_output=True, text=True, check=False)

    assert run(base, "-m", "venv", str(tmp_path / "venv")).returncode == 0
    python = str(tmp_path / "venv" / "bin" / "python")
    wanted = [str(wheel.filename), "pytest", "hypothesis", "-c", str(ROOT / "constraints.txt")]
    installed = run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted)
    if installed.returncode and re.search("Could not find a version|connection|Network", installed.stderr):
        pytest.skip(f"no package registry is reached: {installed.stderr.strip().splitlines()[-1]}")
    assert installed.returncode == 0, installed.stderr[-2000:]
    electrolith = str(tmp_path / "venv" / "bin" / "electrolith")
    for words in (("--version",), ("init", "own-trajectories", "runs"), ("check", "runs"), ("run", "runs")):
        done = run(electrolith, *words)
        assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]
    assert (tmp_path / "runs" / "report.html").exists()
    shutil.copytree(ROOT / "tests" / "core", tmp_path / "core")
    (tmp_path / "core" / "conftest.py").write_text(RNG)
    few = ["core/test_units.py", "core/test_format.py", "core/test_constants.py"]
    tests = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *few)
    assert tests.returncode == 0, tests.stdout[-2000:]


RNG = """import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(1)
"""
CONDA = {"matplotlib": "matplotlib-base"}


def test_the_conda_recipe_asks_for_what_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    recipe = yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text())
    asked = {re.match(r"[\w-]+", d)[0]: re.search(r">=[\w.]+", d)[0] for d in project["dependencies"]}
    asked = {CONDA.get(name, name): bound for name, bound in asked.items()}
    run = dict(line.split() for line in recipe["requirements"]["run"])
    assert run.pop("python") == ",".join(sorted(project["requires-python"].split(","), reverse=True))
    assert run == asked
    points = {f"{name} = {where}" for name, where in project["scripts"].items()}
    assert set(recipe["build"]["python"]["entry_points"]) == points
    assert recipe["about"]["license"] == project["license"]
