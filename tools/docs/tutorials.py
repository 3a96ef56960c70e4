"""Notebooks as pages: run while the site is built, and kept until they or the package change."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from notebooks import FOLDER, as_ipynb, as_markdown, read_notebook, run_notebook, title

PACKAGE = FOLDER.parent / "src" / "electrolith"


@dataclass(frozen=True)
class Notebook:
    """A notebook and its page."""

    path: Path
    question: str

    @property
    def page(self) -> str:
        return f"notebooks/{self.path.stem}.md"


@cache
def notebooks() -> tuple[Notebook, ...]:
    """All of them, in the order of their names."""
    return tuple(Notebook(p, title(read_notebook(p))) for p in sorted(FOLDER.glob("*.py")))


@cache
def _package() -> str:
    """Digest of the package's sources: a changed line runs the notebooks again."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _made(one: Notebook, cache_folder: Path) -> Path:
    """Folder with page, figures and ipynb of a notebook; made in a process of its own where it is missing."""
    key = hashlib.sha256((one.path.read_text(encoding="utf-8") + _package()).encode()).hexdigest()[:16]
    place = cache_folder / f"{one.path.stem}-{key}"
    if not (place / "page.md").exists():
        command = [sys.executable, __file__, str(one.path), str(place)]
        paths = os.pathsep.join(p for p in (str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")) if p)
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": paths})  # noqa: S603
    return place


def built(cache_folder: Path) -> Iterator[tuple[str, str | bytes]]:
    """Name and content of every file that the notebooks give, and the gallery of their figures.

    With ELECTROLITH_DOCS_NOTEBOOKS=no their pages say only which question they ask: the tests build so.
    """
    if os.environ.get("ELECTROLITH_DOCS_NOTEBOOKS") == "no":
        yield "gallery.md", "# Gallery\n"
        for one in notebooks():
            yield one.page, f"# {one.question}\n"
        return
    gallery = [
        "# Gallery\n",
        "Every figure of the notebooks, as the build drew it.\n",
        '<div class="gallery" markdown>',
    ]
    for one in notebooks():
        place = _made(one, cache_folder)
        stem = one.path.stem
        text = (place / "page.md").read_text(encoding="utf-8")
        first, _, rest = text.partition("\n")
        yield one.page, f"{first}\n\n[As a Jupyter notebook]({stem}.ipynb)\n{rest}"
        yield f"notebooks/{stem}.ipynb", (place / "notebook.ipynb").read_text(encoding="utf-8")
        for picture in sorted(place.glob("*.png")):
            yield f"notebooks/{picture.name}", picture.read_bytes()
            gallery.append(f"[![{one.question}](notebooks/{picture.name})]({one.page})")
    yield "gallery.md", "\n".join([*gallery, "</div>", ""])


def make(path: Path, place: Path) -> None:
    """Run one notebook and keep what it gives, whole or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        ran = run_notebook(path, Path(folder))
    page, figures = as_markdown(ran, path.stem)
    place.mkdir(parents=True, exist_ok=True)
    for name, png in figures.items():
        (place / name).write_bytes(png)
    (place / "notebook.ipynb").write_text(as_ipynb(ran), encoding="utf-8")
    (place / "page.md").write_text(page, encoding="utf-8")  # last: then it is whole


PICTURES = {"01-impedance": "arrhenius", "04-stability": "window", "08-cell-design": "ragone"}
"""Notebooks whose last figure stands in README, and its name there."""


def pictures(folder: Path) -> None:
    """Write the pictures of README."""
    for one in notebooks():
        if one.path.stem in PICTURES:
            place = _made(one, FOLDER.parent / ".cache" / "notebooks")
            last = sorted(place.glob("*.png"))[-1]
            (folder / f"{PICTURES[one.path.stem]}.png").write_bytes(last.read_bytes())


if __name__ == "__main__" and sys.argv[1] == "--pictures":
    pictures(Path(sys.argv[2]))
elif __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
