"""Change one number of a stack by its name: "temperature", "LNC.thickness", "cathode.loading"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from electrolith.cell.arrays import CellArrays, joined
from electrolith.cell.build import Window, cell_arrays
from electrolith.cell.stack import Layer, Stack
from electrolith.core.errors import InputError, nearest

_OF_STACK = ("temperature", "area", "lithium_exchange_current")


def names(stack: Stack) -> list[str]:
    """Every number of `stack` that can be changed."""
    numbers = [f.name for f in fields(Layer) if f.name not in ("material", "composite", "coating")]
    layers = [_key(layer) for layer in stack.layers]
    return [*_OF_STACK, *dict.fromkeys(f"{layer}.{n}" for layer in layers for n in numbers), "cathode.active"]


def changed(stack: Stack, changes: Mapping[str, float]) -> Stack:
    """The stack with some numbers changed; "LNC.thickness" changes every LNC layer.

    A changed thickness of a layer that also states its mass keeps the density: the mass scales along.
    "cathode.active" is the mass fraction of active material.

    Raises
    ------
    InputError
        For an unknown name, with the nearest, or for a value the stack refuses.
    """
    known = names(stack)
    for name in changes:
        if name not in known:
            raise InputError(nearest("change", name, known))
    layers = tuple(_changed_layer(layer, changes) for layer in stack.layers)
    own = {name: value for name, value in changes.items() if name in _OF_STACK}
    return replace(stack, layers=layers, **own)  # type: ignore[arg-type]  # names were checked


def _key(layer: Layer) -> str:
    return "cathode" if layer.role == "cathode" else layer.material


def _changed_layer(layer: Layer, changes: Mapping[str, float]) -> Layer:
    mine: dict[str, float] = {}
    for name, value in changes.items():
        key, _, field = name.partition(".")
        if field and key == _key(layer):
            mine[field] = value
    if not mine:
        return layer
    if "active" in mine and layer.composite is not None:
        first, second = layer.composite
        active = mine.pop("active")
        layer = replace(layer, composite={first: active, second: 1 - active})
    if "thickness" in mine and layer.thickness is not None:
        scale = mine["thickness"] / layer.thickness
        for field in ("mass", "areal_mass", "resistance"):
            value = getattr(layer, field)
            if value is not None and field not in mine:
                mine[field] = value * scale
    if layer.role == "cathode" and "loading" in mine:
        # the loading is what was asked for; what else said the same must go, the porosity stays
        return replace(layer, thickness=None, mass=None, areal_mass=None, **mine)  # type: ignore[arg-type]
        # names were checked
    return replace(layer, **mine)  # type: ignore[arg-type]  # names were checked


def batch_of(stacks: Sequence[Stack], window: Window) -> CellArrays:
    """The cells of several stacks with one open-circuit curve as one batch."""
    return joined([cell_arrays(stack, window) for stack in stacks])


def grid(stack: Stack, axes: Mapping[str, np.ndarray]) -> list[Stack]:
    """A stack for every combination of values, the last axis fastest."""
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    columns = [m.reshape(-1) for m in mesh]
    return [
        changed(stack, dict(zip(axes, map(float, values), strict=True)))
        for values in zip(*columns, strict=True)
    ]
