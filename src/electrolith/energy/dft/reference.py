"""What reference methods have in common: k-points by length, fingerprints, engines opened with settings."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from typing import Any, Protocol, get_args, get_type_hints

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.registry import find
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import GROUP, Engine, make_engine

__all__ = [
    "ReferenceSettings",
    "digest",
    "grid_by_length",
    "open_reference",
    "reference_name",
    "settings_class",
]


class ReferenceSettings(Protocol):
    """Settings that decide the numbers of a reference method."""

    @property
    def fingerprint(self) -> str:
        """Short text that two labels of equal settings share."""
        ...

    def kpoints(self, frame: Frame) -> tuple[int, int, int]:
        """Γ-centred k-points along each lattice vector."""
        ...


def grid_by_length(frame: Frame, length: float) -> tuple[int, int, int]:
    """Γ-centred k-points: each lattice vector times its number is at least `length`, Å."""
    lengths = np.linalg.norm(frame.cell, axis=1)
    a, b, c = (max(1, math.ceil(length / float(x) - 1e-9)) for x in lengths)
    return a, b, c


def digest(settings: Any, *, without: tuple[str, ...] = (), more: str = "") -> str:
    """Eight hexadecimal figures of the fields that decide the numbers, and of `more`."""
    physical = {k: v for k, v in dataclasses.asdict(settings).items() if k not in without}
    return hashlib.sha256((json.dumps(physical, sort_keys=True) + more).encode()).hexdigest()[:8]


def settings_class(name: str) -> type | None:
    """The settings class that the engine `name` takes; None from an engine without settings.

    Raises
    ------
    InputError
        If no engine has this name.
    """
    maker = find(GROUP, name)
    if isinstance(maker, type):
        return None
    hint = get_type_hints(maker).get("settings")
    kinds = [k for k in (get_args(hint) or (hint,)) if isinstance(k, type) and dataclasses.is_dataclass(k)]
    return kinds[0] if kinds else None


def open_reference(name: str, settings: Any = None) -> Engine:
    """The engine `name` with `settings`, or with its own where none are given.

    Raises
    ------
    InputError
        If no engine has this name, or it takes no such settings.
    MissingExtra
        If the engine needs a package that is not installed.
    """
    if settings is None:
        return make_engine(name)
    kind = settings_class(name)
    if kind is None or not isinstance(settings, kind):
        wanted = "no settings" if kind is None else kind.__name__
        raise InputError(f"engine {name!r} takes {wanted}, got {type(settings).__name__}")
    engine: Engine = find(GROUP, name)(settings)
    return engine


def reference_name(engine: Engine) -> str:
    """What stands in the labels of an engine: the fingerprint of its settings, or its name."""
    settings = getattr(engine, "settings", None)
    return str(getattr(settings, "fingerprint", engine.name))
