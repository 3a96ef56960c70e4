"""What each key of a settings file is for: read from the docstring of its class, the one place that says it.

The words beside a class serve the JSON Schema (editors show them), `electrolith settings` and the pages of
the reference; a test refuses a key without them.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from functools import cache

__all__ = ["descriptions", "summary"]


def summary(kind: type) -> str:
    """First paragraph of a class's docstring, on one line."""
    words = inspect.cleandoc(kind.__dict__.get("__doc__") or "").split("\n\n")[0]
    return " ".join(words.split())


@cache
def descriptions(kind: type) -> dict[str, str]:
    """What the docstrings of a settings class and of its bases say of each field.

    An entry is `name : words` or `first, second : words`, at the start of a line, after two blanks, or after
    the end of a sentence; it reaches to the next entry or an empty line. The class itself has the last word.
    Words about several fields keep their names.
    """
    names = [f.name for f in dataclasses.fields(kind)]
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        words = base.__dict__.get("__doc__")
        if dataclasses.is_dataclass(base) and words:
            found |= _entries(inspect.cleandoc(words), names)
    return {name: found[name] for name in names if name in found}


def _entries(text: str, names: list[str]) -> dict[str, str]:
    """The entries of one docstring."""
    one = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not one:
        return {}
    start, between = r"(?:^|(?<=\n)[ ]*|(?<=[.;][ ])|(?<=[ ][ ]))", r"(?:,[ ]|[ ]and[ ]|,?[ ]or[ ])"
    heads = list(re.finditer(rf"{start}((?:{one})(?:{between}(?:{one}))*)[ ]?:\s+(?=\S)", text))
    found: dict[str, str] = {}
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        words = " ".join(text[head.end() : end].split("\n\n")[0].split()).rstrip(";, ")
        heard = re.split(r",?[ ](?:and|or)[ ]|,[ ]", head[1])
        found |= dict.fromkeys(heard, f"{head[1]}: {words}" if len(heard) > 1 else words)
    return found
