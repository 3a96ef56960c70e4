"""Refinement in the usual order, with guard rails, so that a pattern and a crystal are enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from electrolith.core.errors import InputError, NotConverged

from .absent import upper_limit
from .coarse import linear_fit, search_cell, search_cells
from .conditions import Condition
from .constraints import tie
from .displaced import one_of_two
from .guard import Trouble, check_indexed, trouble
from .model import Histogram, Model, compile_model
from .phase import Phase
from .refine import RefineSettings, refine, start_values
from .result import RietveldFit
from .stages import Displacement, Wanted, stages

__all__ = ["Recipe", "RecipeFit", "run_recipe"]

_CLEAR = 4.0  # a further phase is refined when its amount is that many times its doubt


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which groups to refine, in the order background and scale, cell, profile, positions, B, occupancies.

    occupancies : of the first phase; off by default, because their level is not in the data (see the null
    combination). calibration : refine zero; for time of flight only on request, since the calibration file
    holds it. displacement : of the specimen; "auto" where the geometry is reflection. axial : refine the
    axial divergence where it is not zero. cell_search : relative range of an isotropic search before the
    first cell refinement. size_strain : let the sample broaden Lorentzian rather than the instrument.
    """

    positions: bool = True
    displacements: bool = True
    occupancies: bool = False
    calibration: bool | None = None
    displacement: Displacement = "auto"
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


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What stays the same through all stages."""

    phases: tuple[Phase, ...]
    histograms: tuple[Histogram, ...]
    model: Model
    constraints: tuple[str, ...]
    conditions: tuple[Condition, ...]
    settings: RefineSettings

    def refine(self, free: tuple[str, ...], values: Mapping[str, float], *, last: bool) -> RietveldFit:
        """One refinement; before the last one the esds and the last digits do not matter yet."""
        quick = replace(self.settings, rounds=1, tolerance=max(self.settings.tolerance, 1e-5), shift=0.0)
        return refine(
            self.phases,
            self.histograms,
            free=free,
            values=values,
            constraints=self.constraints,
            conditions=self.conditions,
            settings=self.settings if last else quick,
            model=self.model,
        )

    def whole(self, free: tuple[str, ...], values: Mapping[str, float]) -> RietveldFit:
        """A refinement to convergence."""
        return self.refine(free, values, last=True)


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

    A further phase whose amount cannot be told from nothing keeps its cell and gets an upper limit.

    Raises
    ------
    NotConverged
        If the phases explain almost nothing of the pattern: the cell does not index it, or the wavelength,
        the abscissa or the instrument file belongs to something else.
    """
    model = compile_model(phases, histograms)
    task = _Task(phases, histograms, model, constraints, conditions, recipe.settings)
    now = start_values(phases, histograms) | dict(values or {})
    now |= _tied(constraints, now)
    now, doubtful = _coarse(task, now, recipe)
    run = _Run(task, now, doubtful)
    wanted = Wanted(
        recipe.positions,
        recipe.displacements,
        recipe.occupancies,
        recipe.calibration,
        recipe.displacement,
        recipe.size_strain,
        recipe.texture,
    )
    plan = stages(phases, histograms, wanted)
    for stage, names in plan:
        run.add(stage, names)
        if stage == "width" and run.fit is not None:
            check_indexed(run.fit)
        if stage == "width over the range":
            run.ask_again(plan, recipe.cell_search)
    return run.end()


class _Run:
    """The state between stages: values, what is free, what is said."""

    def __init__(self, task: _Task, now: dict[str, float], doubtful: frozenset[str]) -> None:
        self.task, self.now, self.doubtful = task, now, doubtful
        self.free: tuple[str, ...] = ()
        self.fit: RietveldFit | None = None
        self.log: list[tuple[str, int, float, str]] = []

    def add(self, stage: str, names: tuple[str, ...]) -> None:
        """Free these parameters too; what runs away is held, and the others are tried again."""
        table = self.task.model.catalogue
        added = tuple(
            n
            for n in names
            if n not in self.free
            and n in self.now
            and (table[n].kind == "scale" or table[n].owner not in self.doubtful)
        )
        for _ in range(6):
            if not added:
                return
            last = (*self.free, *added)
            trial, wrong = None, Trouble("")
            try:
                trial = self.task.refine(last, self.now, last=False)
                wrong = trouble(trial, self.now, self.fit, added, table)
            except NotConverged as error:
                wrong = Trouble(str(error))
            if trial is not None and not wrong.text:
                self.fit, self.free, self.now = trial, last, dict(trial.all_values)
                self.log.append((stage, len(added), trial.chi2, ""))
                return
            held = tuple(n for n in added if n in wrong.names) or added
            chi2 = self.fit.chi2 if self.fit else float("nan")
            self.log.append((stage, len(held), chi2, f"undone: {wrong.text}"))
            added = tuple(n for n in added if n not in held)

    def ask_again(self, plan: list[tuple[str, tuple[str, ...]]], reach: float) -> None:
        """Doubtful phases once the profile is known: search their cells, and free those that are there."""
        for phase in [p for p in self.task.phases if p.name in self.doubtful]:
            before = linear_fit(self.task.model, self.now).misfit
            trial, _ = search_cell(self.task.model, phase, self.now, min(reach, 0.006), (self.now, before))
            found = linear_fit(self.task.model, trial)
            if found.z[self.task.phases.index(phase)] < _CLEAR:
                continue
            self.doubtful = self.doubtful - {phase.name}
            self.now = trial | {n: v for n, v in found.values.items() if "/scale/" + phase.name in n}
            mine = [n for _, names in plan[:2] for n in names if n.startswith(phase.name + "/")]
            self.add(f"cell of {phase.name}", tuple(mine))

    def end(self) -> RecipeFit:
        """The last refinement, to convergence, and what is to be said beside it."""
        if self.fit is None:
            raise NotConverged(
                "no stage of the refinement succeeded: " + "; ".join(r for *_, r in self.log),
                partial=self.now,
            )
        fit = self.task.whole(self.free, self.now)
        again = trouble(fit, self.now, None, self.free, self.task.model.catalogue)
        remarks = [f"stage {name}: {remark}" for name, _, _, remark in self.log if remark]
        if again.text:
            remarks.append(f"at the end: {again.text}")
        idle = [c for c in self.task.constraints if c.split("=")[0].strip() not in self.free]
        remarks += [f"constraint {c!r}: its left side is not refined" for c in idle]
        absent = {name: upper_limit(fit, name) for name in sorted(self.doubtful)}
        fit = replace(fit, warnings=(*fit.warnings, *remarks), absent=absent)
        fit = one_of_two(fit, self.task.histograms, self.task.whole)
        return RecipeFit(fit, tuple(self.log))


def _tied(constraints: tuple[str, ...], now: dict[str, float]) -> dict[str, float]:
    """Starting values of what the constraints tie."""
    if not constraints:
        return {}
    ties = tie((), constraints, now)
    return dict(zip(ties.names, ties.offset.tolist(), strict=True))


def _coarse(task: _Task, now: dict[str, float], recipe: Recipe) -> tuple[dict[str, float], frozenset[str]]:
    """Cells, widths and scales to start from, and the further phases that may not be there at all."""
    found = search_cells(task.model, now, recipe.cell_search)
    z = linear_fit(task.model, found).z
    doubtful = frozenset(p.name for p, v in zip(task.phases[1:], z[1:], strict=True) if v < 2 * _CLEAR)
    if not doubtful:
        return found, doubtful
    # what a search over noise gave to the cell of a phase that is not there is forgotten
    for name in doubtful:
        found |= {n: now[n] for n, p in task.model.catalogue.items() if p.owner == name}
    return found | linear_fit(task.model, found).values, doubtful
