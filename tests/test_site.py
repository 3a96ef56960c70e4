"""The documentation site: complete, without dead links, and without anything from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from electrolith.study.commands import COMMANDS
from electrolith.study.reference import chapters

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools" / "docs"))
import pages  # noqa: E402


def test_the_reference_has_every_command_with_its_options():
    text = pages.commands()
    for name in COMMANDS:
        assert f"\n## {name}\n" in text
    assert "`--thickness`" in text
    assert "\n## phases check\n" in text


def test_the_reference_has_every_key():
    for chapter in chapters():
        text = pages.settings(chapter)
        assert all(f"| `{key.path}` |" in text for key in chapter.keys)


def test_every_public_function_of_a_room_stands_where_it_is_defined():
    found = dict(pages.rooms())
    assert "electrolith.motion.conductivity.nernst_einstein" in found["motion"]
    assert len(found) > 12


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    pytest.importorskip("mkdocstrings_handlers.python", reason="the extra docs is not installed")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    paths = os.pathsep.join(p for p in (str(ROOT / "src"), os.environ.get("PYTHONPATH", "")) if p)
    env = {**os.environ, "ELECTROLITH_DOCS_NOTEBOOKS": "no", "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": paths}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return out


def test_a_strict_build_finds_no_dead_link_and_makes_every_page(site):
    assert (site / "index.html").exists()
    assert (site / "reference" / "settings-dynamics.html").exists()
    assert "nernst_einstein" in (site / "reference" / "python-motion.html").read_text()


def test_pages_load_nothing_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]*src=[\"']?(https?:|//)", text)
        loaded += re.findall(
            r"<link[^>]*rel=[\"']?(?:stylesheet|preconnect|icon)[^>]*href=[\"']?(https?:|//)", text
        )
        assert not loaded, page.name


def test_search_works_from_the_folder_without_a_server(site):
    assert (site / "search" / "search_index.js").exists()
