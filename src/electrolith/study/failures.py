"""What went wrong outside the package's own refusals: a sentence for people, the traceback in a file."""

from __future__ import annotations

import traceback
from pathlib import Path

from electrolith.core.files import write_atomic
from electrolith.core.reading import said
from electrolith.core.safe_text import file_name

__all__ = ["logged"]


def logged(folder: Path, label: str, error: Exception) -> str:
    """Write the traceback to `log/` in the study's folder; the failure in a sentence that names the file."""
    name = file_name(label.replace(".", "-")) + ".log"
    text = "".join(traceback.format_exception(error))
    write_atomic(folder / "log" / name, text)
    return f"{said(error)} (not foreseen by the program; its traceback is in log/{name})"
