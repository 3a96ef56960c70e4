"""What several commands ask of their options."""

from __future__ import annotations

from electrolith.core.errors import InputError

__all__ = ["one_of"]


def one_of(option: str, value: str, known: tuple[str, ...]) -> str:
    """A value of a few."""
    if value not in known:
        raise InputError(f"{option}: {value!r} is none of {', '.join(map(repr, known))}")
    return value
