"""The forward model: phases and instruments to patterns, with derivatives to every named parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from electrolith.core.errors import InputError

from . import peaks as peak_rules
from .corrections import background
from .histogram import Histogram
from .instrument import Instrument
from .parameter import NOT_REFINABLE, Parameter, catalogue, parameters
from .peaks import Linked, Peaks, link
from .phase import Layout, Phase, layout
from .profile import back_to_back, pseudo_voigt

__all__ = ["Histogram", "Model", "calculate", "compile_model", "instrument_at", "parameters", "phases_at"]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Phases and histograms with all that does not change during a refinement.

    layouts : symmetry of each phase. linked : [histogram][phase]. basis : background polynomials of
    each histogram, shape (n_points, order). catalogue : every parameter by name.
    """

    phases: tuple[Phase, ...]
    histograms: tuple[Histogram, ...]
    layouts: tuple[Layout, ...]
    linked: tuple[tuple[Linked, ...], ...]
    x: tuple[np.ndarray, ...]
    basis: tuple[np.ndarray, ...]
    catalogue: dict[str, Parameter]


def compile_model(phases: tuple[Phase, ...], histograms: tuple[Histogram, ...]) -> Model:
    """Prepare phases and histograms; reflections go a little beyond the data on both sides.

    Raises
    ------
    InputError
        If names repeat, or a phase has no reflection within a pattern.
    """
    names = [p.name for p in phases] + [h.name for h in histograms]
    if len(set(names)) != len(names):
        raise InputError(f"phases and histograms must have different names, got {', '.join(names)}")
    xs = tuple(h.data.x[h.used()] for h in histograms)
    linked = tuple(
        tuple(link(p, h.instrument, x, dict(h.ions), dict(h.lengths), h.name) for p in phases)
        for h, x in zip(histograms, xs, strict=True)
    )
    basis = tuple(background(x, h.background) for h, x in zip(histograms, xs, strict=True))
    table = catalogue(phases, histograms)
    return Model(phases, histograms, tuple(layout(p) for p in phases), linked, xs, basis, table)


_CELL = ("a", "b", "c", "alpha", "beta", "gamma")


def phases_at(model: Model, values: Mapping[str, float]) -> tuple[Phase, ...]:
    """The phases of the model with the cell, sites, size and strain that `values` give."""
    return tuple(_phase_at(p, s, values) for p, s in zip(model.phases, model.layouts, strict=True))


def _phase_at(phase: Phase, symmetry: Layout, values: Mapping[str, float]) -> Phase:
    cell = list(phase.cell)
    for leader, followers in symmetry.ties.items():
        for name in followers:
            cell[_CELL.index(name)] = values.get(f"{phase.name}/{leader}", cell[_CELL.index(name)])
    sites = []
    for site, directions in zip(phase.sites, symmetry.directions, strict=True):
        key = f"{phase.name}/{site.label}/"
        position = np.array(site.position)
        for axis, direction in directions.items():
            index = "xyz".index(axis)
            position = position + direction * (
                values.get(key + axis, site.position[index]) - site.position[index]
            )
        occupancy = tuple((s, values.get(f"{key}occupancy/{s}", o)) for s, o in site.occupancy)
        moved = (float(position[0]), float(position[1]), float(position[2]))
        sites.append(
            replace(site, position=moved, occupancy=occupancy, b_iso=values.get(key + "B", site.b_iso))
        )
    extra: dict[str, Any] = {
        n: values.get(f"{phase.name}/{n}", getattr(phase, n)) for n in ("inverse_size", "strain", "texture")
    }
    return replace(phase, cell=tuple(cell), sites=tuple(sites), **extra)


def instrument_at(histogram: Histogram, values: Mapping[str, float]) -> Instrument:
    """The instrument of a histogram with what `values` give."""
    prefix = histogram.name + "/"
    found: dict[str, Any] = {
        f.name: values[prefix + f.name]
        for f in fields(histogram.instrument)
        if prefix + f.name in values and f.name not in NOT_REFINABLE
    }
    return replace(histogram.instrument, **found)


@dataclass(frozen=True, slots=True, eq=False)
class Calculated:
    """One pattern from the model.

    total, background : shape (n_points,). by_phase : shape (n_phases, n_points), without background.
    jacobian : shape (n_points, n_names), empty unless asked for.
    """

    total: np.ndarray
    background: np.ndarray
    by_phase: np.ndarray
    jacobian: np.ndarray


def calculate(
    model: Model, values: Mapping[str, float], free: tuple[str, ...] = ()
) -> tuple[Calculated, ...]:
    """Patterns of all histograms at `values`, with derivatives to the parameters named in `free`."""
    phases = phases_at(model, values)
    return tuple(_one(model, index, phases, values, free) for index in range(len(model.histograms)))


def _one(
    model: Model, index: int, phases: tuple[Phase, ...], values: Mapping[str, float], free: tuple[str, ...]
) -> Calculated:
    histogram, x, basis = model.histograms[index], model.x[index], model.basis[index]
    coefficients = np.array(
        [values.get(f"{histogram.name}/background/{k}", 0.0) for k in range(basis.shape[1])]
    )
    floor = basis @ coefficients
    instrument = instrument_at(histogram, values)
    curves = np.zeros((len(phases), len(x)))
    jacobian = np.zeros((len(x), len(free)))
    for column, name in enumerate(free):
        if name.startswith(histogram.name + "/background/"):
            jacobian[:, column] = basis[:, int(name.rsplit("/", 1)[1])]
    for number, phase in enumerate(phases):
        linked = model.linked[index][number]
        scale_name = f"{histogram.name}/scale/{phase.name}"
        scale = values.get(scale_name, 1.0)
        mine = tuple(n for n in free if _concerns(n, phase.name, histogram.name) and n != scale_name)
        table, slopes = peak_rules.peak_table(linked, phase, instrument, histogram.name, mine)
        curve, block = _draw(x, table, slopes, mine)
        curves[number] = scale * curve
        for column, name in enumerate(mine):
            jacobian[:, free.index(name)] += scale * block[:, column]
        if scale_name in free:
            jacobian[:, free.index(scale_name)] = curve
    return Calculated(floor + curves.sum(axis=0), floor, curves, jacobian)


def _concerns(name: str, phase: str, histogram: str) -> bool:
    """Does this parameter change the peaks of this phase in this histogram?"""
    head, _, tail = name.partition("/")
    return head == phase or (head == histogram and not tail.startswith(("background/", "scale/")))


def _draw(
    x: np.ndarray, table: Peaks, slopes: dict[str, Peaks], names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the peaks on x, shape (n,), and its derivatives, shape (n, n_names)."""
    start = np.searchsorted(x, table.centre - table.reach_left)
    stop = np.searchsorted(x, table.centre + table.reach_right)
    count = np.maximum(stop - start, 0)
    indptr = np.concatenate([[0], np.cumsum(count)])
    peak = np.repeat(np.arange(len(count)), count)
    point = np.arange(indptr[-1]) - np.repeat(indptr[:-1] - start, count)
    delta = x[point] - table.centre[peak]
    shape = [column[peak] for column in table.shape]
    shape_of = _tof_shape if len(shape) == 4 else _cw_shape
    value, *derivatives = shape_of(delta, shape, bool(names))
    edge = _Edge.of(delta, peak, table)
    curve = np.bincount(point, weights=table.area[peak] * edge.faded(value), minlength=len(x))
    if not names:
        return curve, np.zeros((len(x), 0))
    size = (len(x), len(count))
    block = np.zeros((len(x), len(names)))

    def spread(data: np.ndarray, columns: np.ndarray) -> None:
        used = np.any(columns, axis=0)
        if used.any():
            block[:, used] += csc_matrix((data, point, indptr), shape=size) @ columns[:, used]

    def column(field: Callable[[Peaks], np.ndarray]) -> np.ndarray:
        return np.column_stack([field(slopes[n]) * table.area for n in names])

    spread(edge.faded(value), np.column_stack([slopes[n].area for n in names]))
    for number, derivative in enumerate(derivatives):
        spread(edge.faded(derivative), column(lambda s, k=number: _moves(s)[k]))  # type: ignore[misc]
    for data, moved in edge.moved(value, column):
        spread(data, moved)
    return curve, block


_FADE = 0.7  # part of the reach beyond which a peak fades to nothing


@dataclass(frozen=True, slots=True, eq=False)
class _Edge:
    """How peaks fade at the ends of their reach, so that χ² has no steps where a point enters.

    part : distance over reach, of the points in the fading ends. left : which of them lie below the peak.
    """

    index: np.ndarray
    part: np.ndarray
    left: np.ndarray
    reach: np.ndarray

    @classmethod
    def of(cls, delta: np.ndarray, peak: np.ndarray, table: Peaks) -> _Edge:
        reach = np.where(delta < 0, table.reach_left[peak], table.reach_right[peak])
        index = np.flatnonzero(np.abs(delta) > _FADE * reach)
        part = np.minimum(np.abs(delta[index]) / reach[index], 1.0)
        return cls(index, part, delta[index] < 0, reach[index])

    def faded(self, value: np.ndarray) -> np.ndarray:
        """The values times a smooth step from one to zero."""
        s = (1 - self.part) / (1 - _FADE)
        out = value.copy()
        out[self.index] *= s**2 * (3 - 2 * s)
        return out

    def moved(
        self, value: np.ndarray, column: Callable[[Callable[[Peaks], np.ndarray]], np.ndarray]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Derivative of the fading: data per point, with the slopes per peak that it goes with.

        The fading falls with distance over reach: it rises where the centre comes nearer or the reach grows.
        """
        s = (1 - self.part) / (1 - _FADE)
        steep = value[self.index] * 6 * s * (1 - s) / (1 - _FADE) / self.reach
        out = []
        for sign, side, field in (
            (-1.0, self.left, lambda p: p.reach_left),
            (1.0, ~self.left, lambda p: p.reach_right),
        ):
            data = np.zeros_like(value)
            data[self.index[side]] = sign * steep[side]
            out.append((data, column(lambda p: p.centre)))
            data = np.zeros_like(value)
            data[self.index[side]] = (steep * self.part)[side]
            out.append((data, column(field)))
        return out


def _moves(slope: Peaks) -> tuple[np.ndarray, ...]:
    return (slope.centre, *slope.shape)


def _cw_shape(delta: np.ndarray, shape: list[np.ndarray], gradient: bool) -> tuple[np.ndarray, ...]:
    return pseudo_voigt(delta, shape[0], shape[1], gradient=gradient)


def _tof_shape(delta: np.ndarray, shape: list[np.ndarray], gradient: bool) -> tuple[np.ndarray, ...]:
    return back_to_back(delta, shape[0], shape[1], shape[2], shape[3], gradient=gradient)
