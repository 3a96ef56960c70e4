"""Fits of G(r) over one or several ranges, with uncertainties that respect the independent points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.errors import InputError, nearest
from electrolith.core.estimate import Estimate
from electrolith.core.plausible import ring

from .descent import Descent, descend
from .model import Model, phases_at
from .parameter import catalogue, parameters
from .pdf import PdfSettings, Shells, Split, pdf_on, sampled, shells, terminated
from .phase import Phase, layout
from .read_gr import PdfData

__all__ = ["PdfFit", "PdfRange", "fit_pdf", "fit_ranges", "pdf_parameters"]

_INSTRUMENT = ("q_damp", "q_broad", "delta1", "delta2", "diameter")


@dataclass(frozen=True, slots=True, eq=False)
class PdfRange:
    """Fit of one range of r.

    parameters : refined values with their doubt, from the Nyquist grid. r_w : √(Σ(o-c)²/Σo²).
    independent : Δr q_max/π, what the range can hold. share : part of Σ(o-c)² in each bin of `edges`.
    """

    low: float
    high: float
    r: np.ndarray
    observed: np.ndarray
    calculated: np.ndarray
    parameters: dict[str, Estimate]
    values: dict[str, float]
    r_w: float
    independent: float
    free: int
    edges: np.ndarray
    share: np.ndarray
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PdfFit:
    """Fits of all ranges, with the engine and its convention named."""

    phase: Phase
    settings: PdfSettings
    ranges: tuple[PdfRange, ...]
    source: str
    engine: str


def pdf_parameters(phase: Phase, settings: PdfSettings, split: Split | None = None) -> dict[str, float]:
    """All parameters by short name: "scale", "a", "Li1/B", "X1/occupancy/N", "q_damp", "delta2", "split"."""
    prefix = phase.name + "/"
    full = {n.removeprefix(prefix): v for n, v in parameters((phase,), ()).items()}
    out = {"scale": 1.0} | {n: v for n, v in full.items() if n not in ("strain", "inverse_size", "texture")}
    out |= {n: float(getattr(settings, n)) for n in _INSTRUMENT}
    return out | ({"split": split.difference} if split else {})


def fit_ranges(
    data: PdfData,
    phase: Phase,
    settings: PdfSettings,
    *,
    ranges: tuple[tuple[float, float], ...] = ((1.6, 50.0), (1.6, 6.0), (6.0, 50.0)),
    free: tuple[str, ...] | None = None,
    fixed: Mapping[str, float] | None = None,
    split: Split | None = None,
    seed: int = 0,
) -> PdfFit:
    """Fit the widest range first; the others start from it and share what only it can determine.

    q_damp and q_broad belong to the instrument: where they are refined, the widest range gives them to all.

    Parameters
    ----------
    free : default: scale, cell, B of each site, positions, and below 4 Å delta2 (see `pdf_parameters`).
    fixed : values that replace those of phase and settings.
    """
    order = sorted(range(len(ranges)), key=lambda k: ranges[k][0] - ranges[k][1])
    done: dict[int, PdfRange] = {}
    given = dict(fixed or {})
    chosen = free
    for k in order:
        low, high = ranges[k]
        done[k] = fit_pdf(
            data, phase, settings, low=low, high=high, free=chosen, fixed=given, split=split, seed=seed
        )
        if k == order[0]:
            shared: dict[str, float] = {
                str(n): done[k].values[n] for n in ("q_damp", "q_broad") if n in done[k].parameters
            }
            given |= shared
            chosen = tuple(n for n in free if n not in shared) if free is not None else None
    fits = tuple(done[k] for k in range(len(ranges)))
    return PdfFit(phase, settings, fits, data.source, f"electrolith shells, {settings.convention} convention")


def fit_pdf(
    data: PdfData,
    phase: Phase,
    settings: PdfSettings,
    *,
    low: float,
    high: float,
    free: tuple[str, ...] | None = None,
    fixed: Mapping[str, float] | None = None,
    split: Split | None = None,
    seed: int = 0,
) -> PdfRange:
    """Least squares of G(r) between low and high, Å.

    Parameters about which the range holds no information (an esd larger than what they could be) are held at
    their start, said, and the others are fitted again.

    The fit uses all points; covariance and σ come from the grid of spacing π/q_max, whose points are
    independent: with the usual fine grid the doubt would come out too small by √(π/(q_max dr)).

    Raises
    ------
    InputError
        For a range outside the data, unknown parameters, or more parameters than independent points.
    """
    keep = (data.r >= low - 1e-9) & (data.r <= high + 1e-9)
    if keep.sum() < 20:
        raise InputError(
            f"range {low:g} to {high:g} Å holds {int(keep.sum())} points of {data.source} "
            f"({data.r[0]:g} to {data.r[-1]:g} Å)"
        )
    if not settings.q_max:
        raise InputError("q_max must be given (1/Å): without it the number of independent points is unknown")
    r, observed = data.r[keep], data.g[keep]
    start = pdf_parameters(phase, settings, split) | dict(fixed or {})
    names = free if free is not None else _default_free(start, low)
    for name in (*names, *(fixed or {})):
        if name not in start or name not in pdf_parameters(phase, settings, split):
            raise InputError(
                nearest("pair distribution function", name, pdf_parameters(phase, settings, split))
            )
    independent = (r[-1] - r[0]) * settings.q_max / np.pi
    if len(names) >= independent:
        raise InputError(
            f"{len(names)} parameters for {independent:.0f} independent points between {low:g} and {high:g} Å"
        )
    held: list[str] = []
    while True:
        machine = _Machine.of(phase, settings, r, start, names, split)
        found, calculated, draws = _once(machine, observed, r, settings, seed)
        empty = _without_information(names, found.parameters, draws, start)
        if not empty:
            break
        held += [text for n, text in empty.items()]
        names = tuple(n for n in names if n not in empty)
    residual = observed - calculated
    edges = np.linspace(low, high, 12)
    share, _ = np.histogram(r, edges, weights=residual**2)
    values = start | dict(zip(names, found.parameters.tolist(), strict=True))
    return PdfRange(
        low,
        high,
        r,
        observed,
        calculated,
        {n: Estimate(draws[:, i], _unit(n)) for i, n in enumerate(names)},
        values,
        float(np.sqrt(residual @ residual / (observed @ observed))),
        float(independent),
        len(names),
        edges,
        share / max(share.sum(), 1e-300),
        (*_warnings(values, names, found.converged, share), *held, *_poor(residual, observed)),
    )


def _once(
    machine: _Machine, observed: np.ndarray, r: np.ndarray, settings: PdfSettings, seed: int
) -> tuple[Descent, np.ndarray, np.ndarray]:
    """One descent from the machine's start: where it ended, the curve, draws of the parameters."""
    names = machine.names
    first = machine.curve(machine.start)
    scale = float(first @ observed / max(first @ first, 1e-300))
    q = machine.start.copy()
    if "scale" in names and scale > 0:
        q[names.index("scale")] *= scale

    def model(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return machine.curve(p) - observed, machine.slopes(p)

    lower = np.array([_lower(n) for n in names])
    found = descend(model, q, lower=lower, evaluations=60, tolerance=1e-7)
    calculated = machine.curve(found.parameters)
    draws = _draws(machine, found.parameters, observed - calculated, r, settings, seed)
    return found, calculated, draws


# The esd from which a value says nothing: as large as the parameter can reasonably be.
_EMPTY = {"q_damp": 0.1, "q_broad": 0.1, "delta1": 3.0, "delta2": 10.0, "diameter": 1e3, "split": 0.5}


def _without_information(
    names: tuple[str, ...], values: np.ndarray, draws: np.ndarray, start: Mapping[str, float]
) -> dict[str, str]:
    """Parameters whose doubt is larger than anything they could be, with what is said of them."""
    out = {}
    for name, value, error in zip(names, values.tolist(), draws.std(axis=0).tolist(), strict=True):
        most = _EMPTY.get(name, 4.0 if name.endswith("/B") else 0.2 if "/" in name else np.inf)
        if "/occupancy/" in name:
            most = np.inf  # with the scale they are open for reasons of principle, which is said apart
        if not np.isfinite(error) or error > most:
            out[name] = (
                f"{name} is not determined in this range ({value:.3g} ± {error:.2g}); "
                f"held at {start[name]:.4g}"
            )
    return out


def _poor(residual: np.ndarray, observed: np.ndarray) -> tuple[str, ...]:
    """A fit that misses a third of the curve describes something else; half of it rings the bell."""
    r_w = float(np.sqrt(residual @ residual / (observed @ observed)))
    if r_w <= 0.3:
        return ()
    if rung := ring("r_w", 100 * r_w, "percent", label="R_w"):
        return (rung,)
    return (f"R_w is {100 * r_w:.0f} %: the crystal does not describe this range",)


def _default_free(start: Mapping[str, float], low: float) -> tuple[str, ...]:
    """Scale, cell, B, positions; correlated motion only where near neighbours are in the range."""
    cell = [n for n in ("a", "b", "c", "alpha", "beta", "gamma") if n in start]
    sites = [n for n in start if n.endswith("/B") or n.rsplit("/", 1)[-1] in ("x", "y", "z")]
    near = ["delta2", *(["split"] if "split" in start else [])] if low < 4.0 else []
    return ("scale", *cell, *sites, *near)


def _lower(name: str) -> float:
    if name.endswith("/B") or name in ("scale", "a", "b", "c"):
        return 1e-3
    return 0.0 if name in _INSTRUMENT else -np.inf


def _unit(name: str) -> str:
    if name.endswith("/B") or name == "delta2":
        return "angstrom^2"
    if name in ("a", "b", "c", "delta1", "diameter", "split"):
        return "angstrom"
    return {"q_damp": "1/angstrom", "q_broad": "1/angstrom", "alpha": "degree", "beta": "degree"}.get(
        name, "1"
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Machine:
    """Everything a curve needs that stays the same during a fit."""

    model: Model
    settings: PdfSettings
    pairs: Shells
    grid: np.ndarray
    r: np.ndarray
    values: dict[str, float]
    names: tuple[str, ...]
    split: Split | None

    @classmethod
    def of(
        cls,
        phase: Phase,
        settings: PdfSettings,
        r: np.ndarray,
        values: dict[str, float],
        names: tuple[str, ...],
        split: Split | None,
    ) -> _Machine:
        step = min(float(np.min(np.diff(r))), 0.02)
        end = r[-1] + 6 * 2 * np.pi / settings.q_max
        grid = step * np.arange(1, int(np.ceil(end / step)) + 1)
        model = Model((phase,), (), (layout(phase),), (), (), (), catalogue((phase,), ()))
        return cls(model, settings, shells(phase, r_max=1.01 * grid[-1]), grid, r, values, names, split)

    @property
    def start(self) -> np.ndarray:
        return np.array([self.values[n] for n in self.names], dtype=float)

    def curve(self, p: np.ndarray) -> np.ndarray:
        """G at the data's distances."""
        values = self.values | dict(zip(self.names, p.tolist(), strict=True))
        prefix = self.model.phases[0].name + "/"
        phase = phases_at(self.model, {prefix + n: v for n, v in values.items()})[0]
        settings = replace(self.settings, **{n: max(values[n], 0.0) for n in _INSTRUMENT})
        split = replace(self.split, difference=values["split"]) if self.split else None
        curve = pdf_on(self.grid, phase, self.pairs, settings, split)
        return values["scale"] * sampled(self.grid, terminated(self.grid, curve, settings), self.r)

    def slopes(self, p: np.ndarray) -> np.ndarray:
        """Forward differences, shape (n_points, n_names)."""
        base = self.curve(p)
        columns = []
        for index, name in enumerate(self.names):
            if name == "scale":
                columns.append(base / p[index])
                continue
            step = np.zeros_like(p)
            step[index] = 1e-5 * max(abs(p[index]), 0.1)
            columns.append((self.curve(p + step) - base) / step[index])
        return np.column_stack(columns)


def _draws(
    machine: _Machine, p: np.ndarray, residual: np.ndarray, r: np.ndarray, settings: PdfSettings, seed: int
) -> np.ndarray:
    """Draws from the covariance on the Nyquist grid, shape (1000, n)."""
    spacing = np.pi / settings.q_max
    count = max(int((r[-1] - r[0]) / spacing), len(p) + 2)
    index = np.unique(np.searchsorted(r, np.linspace(r[0], r[-1], count)).clip(0, len(r) - 1))
    jacobian = machine.slopes(p)[index]
    norm = np.linalg.norm(jacobian, axis=0)
    norm[norm == 0] = 1.0
    variance = float(np.mean(residual**2)) * len(index) / max(len(index) - len(p), 1)
    _, s, vt = np.linalg.svd(jacobian / norm, full_matrices=False)
    root = vt.T / np.maximum(s, 1e-9 * s[0])
    rng = np.random.default_rng(seed)
    return np.asarray(p + np.sqrt(variance) * (rng.standard_normal((1000, len(s))) @ root.T) / norm)


def _warnings(
    values: Mapping[str, float], names: tuple[str, ...], converged: bool, share: np.ndarray
) -> tuple[str, ...]:
    out = [] if converged else ["the fit stopped before it converged"]
    if "q_damp" not in names and share[-3:].sum() > 0.4 * share.sum():
        out.append(
            "the misfit grows with distance: q_damp may be wrong; take it from a standard or refine it"
        )
    for name in names:
        if name.endswith("/B") and values[name] < 0.01:
            out.append(f"{name} went to its lower limit")
        if "/occupancy/" in name and not 0 <= values[name] <= 1:
            out.append(f"{name} = {values[name]:.3f} is no occupancy")
    if any("/occupancy/" in n for n in names) and "scale" in names:
        out.append("occupancies and scale were refined together: only their ratios are determined")
    return tuple(out)
