"""Plugins found by name in entry-point groups such as `electrolith.engines`."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from electrolith.core.errors import InputError, nearest

__all__ = ["find", "known"]


def known(group: str) -> dict[str, EntryPoint]:
    """Entry points of a group by name.

    Raises
    ------
    InputError
        If two different packages register one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        if entry.name in found and found[entry.name].value != entry.value:
            raise InputError(
                f"{group}: {entry.name!r} is registered twice, by {found[entry.name].value} "
                f"and {entry.value}; uninstall one of the two packages"
            )
        found[entry.name] = entry
    return found


def find(group: str, name: str) -> Any:
    """The object registered as `name` in `group`.

    Raises
    ------
    InputError
        If nothing has this name; the text holds the nearest one.
    """
    entries = known(group)
    if name not in entries:
        raise InputError(nearest(group, name, entries))
    return entries[name].load()
