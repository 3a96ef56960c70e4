"""Which files the settings of a study name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from electrolith.study.section import Study

__all__ = ["all_settings", "input_files"]


def input_files(value: Any) -> Iterable[Path]:
    """Every file that settings name."""
    if isinstance(value, Path):
        yield value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from input_files(getattr(value, field.name))
    elif isinstance(value, tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from input_files(item)


def all_settings(study: Study) -> list[tuple[str, Any]]:
    """Settings of the study and of every group, by a name for people."""
    found = [(k.__name__, v) for k, v in study.settings.items() if k not in study.groups]
    for members in study.groups.values():
        found += [(" ".join(filter(None, (g.section, g.name))), g.settings) for g in members]
    return found
