"""The forward model: phases and instruments to patterns, with derivatives to every named parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix

from electrolith.core.errors import InputError

from . import peaks as peak_rules
from .corrections import background
from .data import PowderData
from .instrument import Instrument, TimeOfFlight
from .peaks import Linked, Peaks, link
from .phase import Layout, Phase, layout
from .profile import back_to_back, pseudo_voigt

__all__ = ["Histogram", "Model", "calculate", "compile_model", "parameters", "phases_at"]

_NOT_REFINABLE = ("radiation", "lines", "radius", "unpolarised", "monochromator", "bank_angle")


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """One pattern and what measured it.

    background : number of Chebyshev coefficients. limits : part of the abscissa to use.
    excluded : (from, to) intervals left out. ions, lengths : other form factors, other scattering lengths.
    """

    name: str
    data: PowderData
    instrument: Instrument
    background: int = 6
    limits: tuple[float, float] | None = None
    excluded: tuple[tuple[float, float], ...] = ()
    ions: tuple[tuple[str, str], ...] = ()
    lengths: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        wanted = "tof" if isinstance(self.instrument, TimeOfFlight) else "two_theta"
        if self.data.abscissa != wanted:
            raise InputError(
                f"histogram {self.name}: the data are in {self.data.abscissa}, the "
                f"instrument works in {wanted}; "
                "convert them or give the right instrument"
            )
        if self.background < 1:
            raise InputError(f"histogram {self.name}: the background needs at least one term")
        if self.used().sum() < 10:
            raise InputError(
                f"histogram {self.name}: limits {self.limits} leave {int(self.used().sum())} of "
                f"{len(self.data.x)} points ({self.data.x[0]:g} to {self.data.x[-1]:g})"
            )

    def used(self) -> np.ndarray:
        """Mask of the points that take part, shape (n,)."""
        x = self.data.x
        keep = np.ones(len(x), dtype=bool)
        if self.limits is not None:
            keep &= (x >= self.limits[0]) & (x <= self.limits[1])
        for low, high in self.excluded:
            keep &= (x < low) | (x > high)
        return keep


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Phases and histograms with all that does not change during a refinement.

    layouts : symmetry of each phase. linked : [histogram][phase]. basis : background polynomials of
    each histogram, shape (n_points, order).
    """

    phases: tuple[Phase, ...]
    histograms: tuple[Histogram, ...]
    layouts: tuple[Layout, ...]
    linked: tuple[tuple[Linked, ...], ...]
    x: tuple[np.ndarray, ...]
    basis: tuple[np.ndarray, ...]


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
    return Model(phases, histograms, tuple(layout(p) for p in phases), linked, xs, basis)


def parameters(phases: tuple[Phase, ...], histograms: tuple[Histogram, ...]) -> dict[str, float]:
    """Every parameter by name, with its starting value.

    Names: "LNC/a", "LNC/Li1/B", "LNC/Li1/occupancy/Li", "LNC/O1/x", "LNC/strain", "lab/scale/LNC",
    "lab/background/0", "lab/zero".
    """
    out: dict[str, float] = {}
    for phase in phases:
        symmetry = layout(phase)
        for name in symmetry.ties:
            out[f"{phase.name}/{name}"] = float(phase.cell[_CELL.index(name)])
        for name in ("inverse_size", "strain", "texture"):
            out[f"{phase.name}/{name}"] = float(getattr(phase, name))
        for site, directions in zip(phase.sites, symmetry.directions, strict=True):
            for axis in directions:
                out[f"{phase.name}/{site.label}/{axis}"] = float(site.position["xyz".index(axis)])
            out[f"{phase.name}/{site.label}/B"] = float(site.b_iso)
            for species, share in site.occupancy:
                out[f"{phase.name}/{site.label}/occupancy/{species}"] = float(share)
    for histogram in histograms:
        out |= {f"{histogram.name}/scale/{phase.name}": 1.0 for phase in phases}
        out |= {f"{histogram.name}/background/{k}": 0.0 for k in range(histogram.background)}
        for field in fields(histogram.instrument):
            if field.name not in _NOT_REFINABLE:
                out[f"{histogram.name}/{field.name}"] = float(getattr(histogram.instrument, field.name))
    return out


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


def _instrument_at(histogram: Histogram, values: Mapping[str, float]) -> Instrument:
    prefix = histogram.name + "/"
    found: dict[str, Any] = {
        f.name: values[prefix + f.name]
        for f in fields(histogram.instrument)
        if prefix + f.name in values and f.name not in _NOT_REFINABLE
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
    instrument = _instrument_at(histogram, values)
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
    curve = np.bincount(point, weights=table.area[peak] * value, minlength=len(x))
    if not names:
        return curve, np.zeros((len(x), 0))
    size = (len(x), len(count))

    def spread(data: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return np.asarray(csc_matrix((data, point, indptr), shape=size) @ columns)

    block = spread(value, np.column_stack([slopes[n].area for n in names]))
    for number, derivative in enumerate(derivatives):
        columns = np.column_stack([_moves(slopes[n])[number] * table.area for n in names])
        if np.any(columns):
            block += spread(derivative, columns)
    return curve, block


def _moves(slope: Peaks) -> tuple[np.ndarray, ...]:
    return (slope.centre, *slope.shape)


def _cw_shape(delta: np.ndarray, shape: list[np.ndarray], gradient: bool) -> tuple[np.ndarray, ...]:
    return pseudo_voigt(delta, shape[0], shape[1], gradient=gradient)


def _tof_shape(delta: np.ndarray, shape: list[np.ndarray], gradient: bool) -> tuple[np.ndarray, ...]:
    return back_to_back(delta, shape[0], shape[1], shape[2], shape[3], gradient=gradient)
