"""One seed for everything in a study that is drawn."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from electrolith.core.errors import InputError, brief

__all__ = ["reseeded", "seed_of"]


def reseeded(settings: Any, seed: int) -> Any:
    """The settings with `seed` in place of every seed in them, however deep."""
    changed = {
        f.name: seed if f.name == "seed" else reseeded(getattr(settings, f.name), seed)
        for f in fields(settings)
        if f.init and (f.name == "seed" or is_dataclass(getattr(settings, f.name)))
    }
    return replace(settings, **changed) if changed else settings


def seed_of(data: dict[str, Any], given: int | None) -> int | None:
    """The seed of the whole study: that of the command, or that of the file, or none.

    Raises
    ------
    InputError
        If it is no whole number from 0.
    """
    seed = given if given is not None else data.get("seed")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        raise InputError(f"study.seed: expected a whole number from 0, got {brief(seed)}")
    return seed
