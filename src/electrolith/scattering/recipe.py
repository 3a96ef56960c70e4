"""Refinement in the usual order, with guard rails, so that a pattern and a crystal are enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from electrolith.core.errors import InputError, NotConverged

from .conditions import Condition
from .instrument import TimeOfFlight
from .model import Histogram, Model, calculate, compile_model, parameters
from .phase import Phase
from .refine import RefineSettings, refine, start_values
from .result import RietveldFit

__all__ = ["Recipe", "RecipeFit", "run_recipe"]

_CELL = ("a", "b", "c", "alpha", "beta", "gamma")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which groups to refine, in the order background and scale, cell, profile, positions, B, occupancies.

    occupancies : off by default, because their level is not in the data (see the null combination).
    calibration : refine zero (and displacement in reflection geometry); for time of flight only on request,
    since the calibration file holds it. cell_search : relative range of an isotropic search before the
    first cell refinement. size_strain : let the sample broaden Lorentzian rather than the instrument.
    """

    positions: bool = True
    displacements: bool = True
    occupancies: bool = False
    calibration: bool | None = None
    size_strain: bool = False
    texture: bool = False
    cell_search: float = 0.012
    settings: RefineSettings = field(default_factory=RefineSettings)

    def __post_init__(self) -> None:
        if not 0 <= self.cell_search < 0.1:
            raise InputError(f"the cell search must lie between 0 and 0.1, got {self.cell_search}")


@dataclass(frozen=True, slots=True, eq=False)
class RecipeFit:
    """The last fit, and what each stage did: name, number of parameters, χ² per degree of freedom, remark."""

    fit: RietveldFit
    stages: tuple[tuple[str, int, float, str], ...]


def run_recipe(
    phases: tuple[Phase, ...],
    histograms: tuple[Histogram, ...],
    *,
    recipe: Recipe = Recipe(),
    constraints: tuple[str, ...] = (),
    conditions: tuple[Condition, ...] = (),
    values: Mapping[str, float] | None = None,
) -> RecipeFit:
    """Refine stage by stage; a stage that leaves its guard rails is undone and named.

    Raises
    ------
    NotConverged
        If the phases explain almost nothing of the pattern: the cell does not index it, or the wavelength,
        the abscissa or the instrument file belongs to something else.
    """
    model = compile_model(phases, histograms)
    now = start_values(phases, histograms) | dict(values or {})
    now = _coarse(model, now, recipe)
    free: tuple[str, ...] = ()
    log: list[tuple[str, int, float, str]] = []
    fit: RietveldFit | None = None
    for stage, names in _stages(phases, histograms, recipe):
        added = tuple(n for n in names if n not in free and n in now)
        if not added:
            continue
        last = (*free, *added)
        try:
            trial = refine(
                phases,
                histograms,
                free=last,
                values=now,
                constraints=_usable(constraints, last),
                conditions=conditions,
                settings=recipe.settings,
                model=model,
            )
            trouble = _trouble(trial, now, fit)
        except NotConverged as error:
            trial, trouble = None, str(error)
        if trial is None or trouble:
            log.append((stage, len(added), fit.chi2 if fit else float("nan"), f"undone: {trouble}"))
            continue
        fit, free, now = trial, last, dict(trial.all_values)
        log.append((stage, len(added), trial.chi2, ""))
        if stage == "width":
            _check_indexed(trial)
    if fit is None:
        raise NotConverged(
            "no stage of the refinement succeeded: " + "; ".join(r for *_, r in log), partial=now
        )
    undone = tuple(f"stage {name} was undone: {remark[8:]}" for name, _, _, remark in log if remark)
    fit = replace(fit, warnings=(*fit.warnings, *undone), constraints=_usable(constraints, free))
    return RecipeFit(fit, tuple(log))


def _usable(constraints: tuple[str, ...], free: tuple[str, ...]) -> tuple[str, ...]:
    """Constraints whose left side is refined by now."""
    return tuple(c for c in constraints if c.split("=")[0].strip() in free)


def _stages(
    phases: tuple[Phase, ...], histograms: tuple[Histogram, ...], recipe: Recipe
) -> list[tuple[str, tuple[str, ...]]]:
    names = tuple(parameters(phases, histograms))
    tof = {h.name: isinstance(h.instrument, TimeOfFlight) for h in histograms}
    base = tuple(n for n in names if "/scale/" in n or "/background/" in n)
    cell = tuple(f"{p.name}/{c}" for p in phases for c in _CELL if f"{p.name}/{c}" in names)
    wanted = {name: recipe.calibration or (recipe.calibration is None and not t) for name, t in tof.items()}
    zero = tuple(f"{h.name}/zero" for h in histograms if wanted[h.name])
    narrow = tuple(f"{h.name}/{f}" for h in histograms for f in (("s1",) if tof[h.name] else ("w",)))
    lorentz = (
        tuple(f"{p.name}/{f}" for p in phases for f in ("inverse_size", "strain"))
        if recipe.size_strain
        else tuple(f"{h.name}/{f}" for h in histograms for f in (("y",) if tof[h.name] else ("x", "y")))
    )
    wide = tuple(
        f"{h.name}/{f}"
        for h in histograms
        for f in (("s0", "s2", "beta0", "beta1") if tof[h.name] else ("u", "v"))
    )
    sites = [(p.name, s.label) for p in phases for s in p.sites]
    moves = tuple(f"{p}/{s}/{x}" for p, s in sites for x in "xyz" if f"{p}/{s}/{x}" in names)
    shakes = tuple(f"{p}/{s}/B" for p, s in sites)
    shares = tuple(n for n in names if "/occupancy/" in n)
    texture = tuple(f"{p.name}/texture" for p in phases if p.texture_axis is not None)
    return [
        ("background and scale", base),
        ("cell", cell),
        ("zero", zero),
        ("width", narrow),
        ("Lorentzian width", lorentz),
        ("width over the range", wide),
        (
            "axial divergence",
            tuple(
                f"{h.name}/axial"
                for h in histograms
                if not tof[h.name] and getattr(h.instrument, "axial", 0.0) > 0
            ),
        ),
        ("texture", texture if recipe.texture else ()),
        ("positions", moves if recipe.positions else ()),
        ("displacements", shakes if recipe.displacements else ()),
        ("occupancies", shares if recipe.occupancies else ()),
    ]


def _coarse(model: Model, now: dict[str, float], recipe: Recipe) -> dict[str, float]:
    """Isotropic search of each cell and of the width, scales and backgrounds linear at each trial."""
    factors = np.array([1.0])
    if recipe.cell_search:
        steps = int(np.ceil(recipe.cell_search / 0.0015))
        factors = 1 + recipe.cell_search * np.arange(-steps, steps + 1) / steps
    best = now
    score = _linear_chi2(model, now)
    for broad in (1.0, 4.0, 16.0):
        for phase in model.phases:
            for factor in factors:
                trial = dict(best)
                for name in "abc":
                    key = f"{phase.name}/{name}"
                    if key in now:
                        trial[key] = now[key] * factor
                for histogram in model.histograms:
                    for name in ("u", "v", "w", "s0", "s1", "s2"):
                        key = f"{histogram.name}/{name}"
                        if key in now:
                            trial[key] = now[key] * broad
                found = _linear_chi2(model, trial)
                if found < 0.999 * score:
                    best, score = trial, found
    kept = {n: v for n, v in best.items() if "/scale/" not in n and "/background/" not in n}
    return now | kept | _linear(model, kept | {n: v for n, v in now.items() if n not in kept})[1]


def _linear_chi2(model: Model, values: dict[str, float]) -> float:
    return _linear(model, values)[0]


def _linear(model: Model, values: dict[str, float]) -> tuple[float, dict[str, float]]:
    """Weighted misfit with the best scales and backgrounds, and these."""
    unit = {n: (1.0 if "/scale/" in n else 0.0) for n in values if "/scale/" in n or "/background/" in n}
    total, out = 0.0, {}  # type: float, dict[str, float]
    for histogram, basis, shown in zip(
        model.histograms, model.basis, calculate(model, values | unit), strict=True
    ):
        keep = histogram.used()
        weight = 1 / histogram.data.sigma[keep]
        columns = np.column_stack([*shown.by_phase, basis])
        norm = np.linalg.norm(columns, axis=0)
        norm[norm == 0] = 1.0
        scaled = columns / norm * weight[:, None]
        target = histogram.data.intensity[keep] * weight
        normal = scaled.T @ scaled
        found = np.linalg.solve(normal + 1e-10 * np.trace(normal) * np.eye(len(normal)), scaled.T @ target)
        negative = found[: len(model.phases)] < 0
        if np.all(negative):
            total += float(target @ target)
        else:
            total += float(np.sum((scaled @ found - target) ** 2))
        found = found / norm
        top = float(np.abs(found[: len(model.phases)]).max()) or 1.0
        for phase, value in zip(model.phases, found, strict=False):
            out[f"{histogram.name}/scale/{phase.name}"] = float(value) if value > 0 else 1e-3 * top
        for k, value in enumerate(found[len(model.phases) :]):
            out[f"{histogram.name}/background/{k}"] = float(value)
    return total, out


def _trouble(fit: RietveldFit, before: Mapping[str, float], last: RietveldFit | None) -> str:
    """Why this stage must be undone, or nothing."""
    if last is not None and fit.chi2 > 1.05 * last.chi2:
        return f"χ² rose from {last.chi2:.3g} to {fit.chi2:.3g}"
    for name, value in fit.all_values.items():
        tail = name.rsplit("/", 1)[1]
        if (
            tail in "abc"
            and name.count("/") == 1
            and name in fit.names
            and abs(value / before[name] - 1) > 0.03
        ):
            return f"{name} ran from {before[name]:.4f} to {value:.4f}"
        if tail == "B" and name in fit.names and not -3 < value < 30:
            return f"{name} ran to {value:.3g} Å²"
        if "/occupancy/" in name and name in fit.names and not -0.5 < value < 3:
            return f"{name} ran to {value:.3g}"
        if tail in "xyz" and name.count("/") == 2 and name in fit.names and abs(value - before[name]) > 0.15:
            return f"{name} ran from {before[name]:.4f} to {value:.4f}"
    return ""


def _check_indexed(fit: RietveldFit) -> None:
    """Refuse to go on when the peaks of the model explain next to nothing of the peaks in the data."""
    for h in fit.histograms:
        weight = 1 / h.sigma**2
        above = np.sum(weight * (h.observed - h.background) ** 2)
        left = np.sum(weight * (h.observed - h.calculated) ** 2)
        peaks = np.sum(weight * (h.calculated - h.background) ** 2)
        if left > 0.5 * above or peaks < 0.05 * above:
            names = ", ".join(t.phase for t in h.ticks)
            raise NotConverged(
                f"{h.name}: {names} explains {max(0.0, 100 * (1 - left / above)):.0f} % "
                "of what stands above the "
                "background and 50 % is the least; the cell does not index the data, or "
                "wavelength, abscissa or instrument are wrong",
                partial=fit,
            )
