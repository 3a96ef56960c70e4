"""The four ways in which something can go wrong; each text says where, what came, what would be right."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["DataError", "ElectrolithError", "InputError", "MissingExtra", "NotConverged", "brief", "nearest"]


class ElectrolithError(Exception):
    """Anything Electrolith refuses or could not do."""


class InputError(ElectrolithError):
    """A setting or an argument is wrong."""


class DataError(ElectrolithError):
    """A file or a record does not hold what it should."""


class NotConverged(ElectrolithError):
    """An iteration ended without an answer; `partial` holds what it had."""

    def __init__(self, text: str, partial: object = None) -> None:
        super().__init__(text)
        self.partial = partial


class MissingExtra(ElectrolithError):
    """An optional package is wanted and not installed."""

    def __init__(self, extra: str, package: str) -> None:
        super().__init__(
            f"{package} is not installed; it comes with the extra {extra!r}: "
            f"in the clone of Electrolith, pip install '.[{extra}]'"
        )
        self.extra = extra
        self.package = package

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        """Rebuilt from its two words, so that worker processes can hand it on."""
        return type(self), (self.extra, self.package)


LONGEST_VALUE = 300  # characters of a value that came and is shown
LONGEST_NAME = 80  # characters of an unknown name that are shown

_brief = reprlib.Repr()
_brief.maxlevel, _brief.maxlist, _brief.maxtuple, _brief.maxdict, _brief.maxset = 3, 6, 6, 6, 6
_brief.maxstring = _brief.maxother = _brief.maxlong = 120


def brief(value: object) -> str:
    """What came, as the message of an error shows it: `repr`, short whatever the value holds."""
    text = _brief.repr(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def nearest(where: str, name: str, known: Iterable[str]) -> str:
    """Text for an unknown name: where it stood, the nearest known name, all known names."""
    name = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"
    names = sorted(known)
    near = get_close_matches(name, names, n=1) or get_close_matches(
        name.lower(), [n for n in names if n.lower() == name.lower()], n=1
    )
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{where}: no {name!r}; {hint}known: {', '.join(names) or 'none'}"
