"""The last catch: what no part of the program foresaw, told in a sentence, with its traceback in a file."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from electrolith import __version__
from electrolith.core.errors import ElectrolithError
from electrolith.core.files import write_atomic
from electrolith.core.reading import said
from electrolith.core.safe_text import visible

__all__ = ["tell"]

LOG = "electrolith-error.log"


def tell(error: BaseException, words: Sequence[str]) -> None:
    """Say what happened, with what, and where the traceback is; nothing here may fail."""
    print(f"electrolith: {visible(sentence(error, words))}", file=sys.stderr, flush=True)  # noqa: T201


def sentence(error: BaseException, words: Sequence[str]) -> str:
    """One sentence: the command, the files it was given, the library's words, the log."""
    given = [w for w in words[1:] if not w.startswith("-")]
    files = [w for w in given if os.path.exists(w)]  # noqa: PTH110 - words of a command may be no paths
    command = given[0] if given else "the program"
    over = f" of {', '.join(files[:3])}" + (" and others" if len(files) > 3 else "") if files else ""
    log = _log(error, words)
    where = f"its traceback is in {log}" if log else "run again with --traceback to see where"
    return (
        f"{command}{over} ended in an error that the program did not foresee: {said(error)}; {where}. "
        "Results that were stored are intact"
    )


def _log(error: BaseException, words: Sequence[str]) -> Path | None:
    """Write the traceback beside the work, else into the folder for temporary files."""
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    text = f"{stamp}  electrolith {__version__}  {shlex.join(words)}\n" + "".join(
        traceback.format_exception(error)
    )
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            write_atomic(folder / LOG, text)
        except (ElectrolithError, OSError):
            continue
        return folder / LOG
    return None
