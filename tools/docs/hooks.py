"""What `mkdocs build` generates: the first page from README, commands, settings, Python, notebooks, gallery.

Nothing is copied: pages below `docs/` stay where they are, all others are made from the package while the
site is built.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "src")]

import pages  # noqa: E402
import tutorials  # noqa: E402


def on_config(config: Any) -> Any:
    """Fill the branches of the navigation that are generated."""
    branches = {
        "Notebooks": [{t.question: t.page} for t in tutorials.notebooks()],
        "Settings": [{"Which files": "reference/settings.md"}, *pages.settings_nav()],
        "Python": [{"Verbs": "reference/python.md"}, *pages.python_nav()],
    }
    config.nav = [_filled(entry, branches) for entry in config.nav]
    return config


def _filled(entry: Any, branches: dict[str, list[Any]]) -> Any:
    if not isinstance(entry, dict):
        return entry
    ((name, below),) = entry.items()
    if below == [] and name in branches:
        return {name: branches[name]}
    return {name: [_filled(one, branches) for one in below] if isinstance(below, list) else below}


def on_files(files: Files, config: Any) -> Files:
    """Add every generated page and picture."""
    for name, content in _generated():
        files.append(File.generated(config, name, content=content))
    return files


def _generated() -> Iterator[tuple[str, str | bytes]]:
    yield "index.md", pages.home((ROOT / "README.md").read_text(encoding="utf-8"))
    yield "changes.md", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    yield from pages.reference()
    yield from tutorials.built(ROOT / ".cache" / "notebooks")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Files of the repository that are no part of the site are named, not linked."""
    if page.file.generated_by:
        return markdown
    return re.sub(r"\[([^]]+)\]\((?:\.\./)+(?:examples|src|tests|tools|data)/[^)]*\)", r"`\1`", markdown)
