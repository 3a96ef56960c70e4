"""What went wrong outside the package's own refusals: a sentence for people, the traceback in a file."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from electrolith.core.files import write_atomic

__all__ = ["logged"]


def logged(folder: Path, label: str, error: Exception) -> str:
    """Write the traceback to `log/` in the study's folder; the failure in a sentence that names the file."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-") + ".log"
    text = "".join(traceback.format_exception(error))
    write_atomic(folder / "log" / name, text)
    said = " ".join(str(error).split()) or "no text"
    return f"{type(error).__name__}: {said} (not foreseen by the program; its traceback is in log/{name})"
