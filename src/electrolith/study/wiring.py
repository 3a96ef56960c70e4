"""Stages wired by the types of their results; every need is resolved before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from electrolith.core.errors import InputError
from electrolith.core.execution.workers import Workers

__all__ = ["INJECTED", "Progress", "Stage", "Workspace", "needs", "plan"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Folder in which a long stage keeps its checkpoints; survives a kill, gone when inputs change."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Progress:
    """How a stage says how far it is: `progress(0.4, "600 K, 40 of 100 ps")`."""

    tell: Callable[[float, str], None]

    def __call__(self, done: float, text: str = "") -> None:
        """Report the share done, 0 to 1, and a short text."""
        self.tell(min(max(done, 0.0), 1.0), text)


INJECTED = (Workspace, Progress, Workers)
"""Given to a stage by the runner; they never change a result."""


@dataclass(frozen=True)
class Stage:
    """A typed pure function: settings and earlier results in, one frozen result out.

    run : its annotations are the wiring. Parameters of type `X | None` are taken when something in the study
        gives X, and None otherwise.
    version : raised whenever the function would give another result for the same inputs.
    fingerprint : extra text that results depend on beyond settings and files (a potential's coefficients);
        called with the settings among the parameters, by type.
    """

    run: Callable[..., Any]
    version: int = 1
    fingerprint: Callable[..., str] | None = None

    @property
    def name(self) -> str:
        """Name of the stage: that of its function."""
        return self.run.__name__

    @property
    def gives(self) -> type:
        """Type of the result."""
        result = get_type_hints(self.run)["return"]
        if not isinstance(result, type):
            raise TypeError(f"stage {self.name} must return one class, not {result}")
        return result


@dataclass(frozen=True, slots=True)
class Need:
    """One parameter of a stage."""

    name: str
    kind: type
    optional: bool


def needs(run: Callable[..., Any]) -> tuple[Need, ...]:
    """Parameters of a stage function with their types."""
    hints = get_type_hints(run)
    found = []
    for name in inspect.signature(run).parameters:
        kind = hints[name]
        arms = [a for a in getattr(kind, "__args__", ()) if a is not type(None)]
        optional = type(None) in getattr(kind, "__args__", ())
        found.append(Need(name, arms[0] if optional else kind, optional))
    return tuple(found)


def plan(
    wanted: Iterable[Stage],
    stages: Iterable[Stage],
    given: Iterable[type],
    *,
    taken: Iterable[type] = (),
) -> tuple[Stage, ...]:
    """Stages in an order in which each has what it needs.

    Parameters
    ----------
    wanted : stages whose results are asked for.
    stages : all stages there are; the ones needed on the way are added.
    given : types already there (settings).
    taken : further results that are computed anyway: those, and the wanted ones, fill optional parameters.

    Raises
    ------
    InputError
        If something is needed that nothing gives, or stages need each other; the text names the route.
    """
    makers: dict[type, Stage] = {}
    for stage in stages:
        if stage.gives in makers and makers[stage.gives] is not stage:
            raise InputError(
                f"{stage.gives.__name__} is given by {makers[stage.gives].name} and {stage.name}"
            )
        makers[stage.gives] = stage
    there = {*given, *INJECTED}
    order: list[Stage] = []
    asked = list(wanted)
    wanted_types = {s.gives for s in asked} | set(taken)

    def resolve(stage: Stage, trail: tuple[str, ...]) -> None:
        if stage in order:
            return
        path = (*trail, stage.gives.__name__)
        if stage.gives.__name__ in trail:
            raise InputError("stages need each other: " + " <- ".join(path))
        for need in needs(stage.run):
            if need.kind in there:
                continue
            if need.kind in makers and (not need.optional or need.kind in wanted_types):
                resolve(makers[need.kind], path)
            elif not need.optional:
                raise InputError(f"nothing gives {need.kind.__name__}; wanted by " + " <- ".join(path))
        order.append(stage)

    for stage in asked:
        resolve(stage, ())
    return tuple(order)
