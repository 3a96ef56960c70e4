"""Names of places on a page and of files."""

from __future__ import annotations

import re

from electrolith.core.safe_text import file_name

__all__ = ["anchor"]


def anchor(title: str) -> str:
    """A title as the name of a file or of a place on a page."""
    bare = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return file_name(bare) if bare else ""
