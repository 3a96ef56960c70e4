"""Conductivity against composition: vacancies of the framework or the mobile ions, share of an element."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import CM2_PER_S
from electrolith.core.errors import ElectrolithError, InputError, NotConverged
from electrolith.core.estimate import Estimate
from electrolith.core.execution.workers import Workers
from electrolith.crystal.composition import Composition, composition_with_vacancies
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.order import Keep, Ordering, composition_of, order_crystal
from electrolith.crystal.share import formula_with_share
from electrolith.crystal.species import element_of
from electrolith.energy.engine import Engine
from electrolith.energy.relax import Relaxation
from electrolith.motion.conductivity import conductivity, nernst_einstein
from electrolith.motion.diffusivities import AtTemperature, Diffusivities, diffusivities
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import broken
from electrolith.motion.results import Trajectories
from electrolith.motion.run import simulate
from electrolith.study.section import Section, Study
from electrolith.study.sections.dynamics import check_width, hop_distance
from electrolith.study.sections.engine import EngineChoice, engine_fingerprint, open_engine
from electrolith.study.sections.material import Material, crystal
from electrolith.study.sections.relaxation import by_turns, relax_all
from electrolith.study.sections.sweep_parts import evidence, parts
from electrolith.study.sections.sweep_result import SweepCurve, SweepPoint, SweepResult, Variable
from electrolith.study.wiring import Progress, Stage, Workspace

__all__ = ["SECTION", "Sweep", "compositions", "measured"]

Array = NDArray[np.float64]
Law = Callable[[Array], Array]

FOR_300K = 3  # temperatures that must pass their guards before anything is said of 300 K
TOO_STILL = ("hops", "fit range")  # guards that immobile ions break


def _orderings() -> Ordering:
    return Ordering(decorations=500, keep=Keep(lowest=1, random=1, monte_carlo=0))


def _dynamics() -> Dynamics:
    return Dynamics(temperatures=(700.0,), duration=20_000.0, budget=40_000.0, relative_error=0.25)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Which compositions are simulated, and how.

    framework_vacancies, mobile_vacancies : wanted vacant shares of those sites, %; the neutral composition of
        the supercell that comes nearest is taken, everything else near the refined occupancies.
    x : shares of `element` on the full site that it mixes on; the mobile ions make up the charge.
    element : that x counts; without it the framework's element of largest charge.
    ordering : of each composition (its own composition apart).
    dynamics : of each composition; σ(300 K) is extrapolated where three temperatures pass their guards.
    relaxation : of each composition.
    """

    framework_vacancies: tuple[float, ...] = ()
    mobile_vacancies: tuple[float, ...] = ()
    x: tuple[float, ...] = ()
    element: str | None = None
    ordering: Ordering = field(default_factory=_orderings)
    relaxation: Relaxation = field(default_factory=Relaxation)
    dynamics: Dynamics = field(default_factory=_dynamics)

    def __post_init__(self) -> None:
        """Something must vary, within bounds."""
        if not (self.framework_vacancies or self.mobile_vacancies or self.x):
            raise InputError("sweep: nothing varies; give framework_vacancies, mobile_vacancies or x")
        for value in (*self.framework_vacancies, *self.mobile_vacancies):
            if not 0 <= value < 100:
                raise InputError(f"sweep: vacancies are percent of the sites, 0 to 100, got {value:g}")
        for value in self.x:
            if not 0 <= value <= 1:
                raise InputError(f"sweep: x is a share, 0 to 1, got {value:g}")
        if self.dynamics.posterior:
            raise InputError("sweep.dynamics.posterior: a sweep runs every composition with one potential")
        kept = self.ordering.keep
        if kept.lowest + kept.random + kept.monte_carlo < self.dynamics.orderings:
            raise InputError(
                f"sweep: dynamics wants {self.dynamics.orderings} orderings, ordering.keep leaves "
                f"{kept.lowest + kept.random + kept.monte_carlo}"
            )


def compositions(
    sweep: Sweep, crystal: DisorderedCrystal, mobile: str
) -> dict[Variable, tuple[tuple[float, Composition], ...]]:
    """Each curve's compositions, with the value that the supercell really has, in rising order.

    Raises
    ------
    InputError
        If a composition is impossible.
    """
    cell = sweep.ordering.supercell
    framework = _framework(crystal, mobile)
    found: dict[Variable, tuple[tuple[float, Composition], ...]] = {}
    wishes: tuple[tuple[Variable, tuple[float, ...], str], ...] = (
        ("framework vacancies", sweep.framework_vacancies, framework[0]),
        ("mobile vacancies", sweep.mobile_vacancies, mobile),
    )
    for name, values, element in wishes:
        rows = {}
        for value in values:
            content = composition_with_vacancies(crystal, cell, element=element, vacancy=value / 100)
            rows[content.formula] = (
                _vacancies(content, mobile, of_mobile=name == "mobile vacancies"),
                content,
            )
        if rows:
            found[name] = tuple(sorted(rows.values(), key=lambda row: row[0]))
    rows = {}
    element = sweep.element or framework[0]
    for value in sweep.x:
        formula = formula_with_share(crystal, cell, element=element, share=value, mobile=mobile)
        content = composition_of(crystal, replace(sweep.ordering, composition=formula))
        rows[formula] = (_share(content, element), content)
    if rows:
        found["x"] = tuple(sorted(rows.values(), key=lambda row: row[0]))
    return found


def _framework(crystal: DisorderedCrystal, mobile: str) -> tuple[str, ...]:
    """Elements that stay, the one of largest charge first."""
    names = [name for name in crystal.species if element_of(name) != mobile]
    charges = np.abs(crystal.charges_of(names))
    return tuple(element_of(names[i]) for i in np.argsort(-charges, kind="stable"))


def _vacancies(content: Composition, mobile: str, *, of_mobile: bool) -> float:
    """Vacant share of the partly occupied sites of one kind, %."""
    some = [
        f
        for f in content.fillings
        if any(element_of(name) == mobile for name in f.refined) == of_mobile and f.positions
    ]
    sites = sum(f.positions for f in some)
    return 100 * sum(f.vacancy * f.positions for f in some) / sites if sites else 0.0


def _share(content: Composition, element: str) -> float:
    """Share of an element on the sites that it mixes on."""
    for filling in content.fillings:
        mine = sum(n for name, n in filling.atoms.items() if element_of(name) == element)
        if mine or element in {element_of(name) for name in filling.refined}:
            return mine / filling.positions
    return 0.0


def sweep(
    sweep: Sweep,
    material: Material,
    crystal: DisorderedCrystal,
    engine: EngineChoice,
    workspace: Workspace,
    progress: Progress,
    workers: Workers,
) -> SweepResult:
    """Order, relax and simulate every composition; a composition that fails is named and the others go on."""
    model = open_engine(engine)
    curves = compositions(sweep, crystal, material.mobile)
    contents = {c.formula: c for rows in curves.values() for _, c in rows}
    points: dict[str, SweepPoint] = {}
    failures: dict[str, str] = {}
    for number, (formula, content) in enumerate(contents.items()):

        def told(share: float, text: str, number: int = number, formula: str = formula) -> None:
            progress((number + share) / len(contents), f"{formula}: {text}")

        place = Workspace(workspace.folder / formula)
        try:
            runs, size = _simulate(sweep, material, crystal, formula, model, place, Progress(told), workers)
            points[formula] = measured(runs, content, material.mobile, size, seed=sweep.dynamics.seed)
        except ElectrolithError as error:
            failures[formula] = str(error)
    if not points:
        raise NotConverged("sweep: no composition gave anything: " + "; ".join(failures.values()))
    return SweepResult(
        curves=tuple(
            SweepCurve(
                name,
                tuple(value for value, c in rows if c.formula in points),
                tuple(points[c.formula] for _, c in rows if c.formula in points),
            )
            for name, rows in curves.items()
        ),
        element=sweep.element or _framework(crystal, material.mobile)[0],
        mobile=material.mobile,
        engine=model.name,
        failures=failures,
    )


def _simulate(
    sweep: Sweep,
    material: Material,
    crystal: DisorderedCrystal,
    formula: str,
    model: Engine,
    place: Workspace,
    progress: Progress,
    workers: Workers,
) -> tuple[Trajectories, float]:
    """Trajectories of one composition, and the mean lattice parameter of the relaxed orderings, Å."""
    orderings = order_crystal(crystal, replace(sweep.ordering, composition=formula))
    work = {place.folder / f"ordering-{i + 1}": frame for i, frame in enumerate(orderings.frames)}
    relaxed = relax_all(work, model, sweep.relaxation, progress, workers)
    order = by_turns(relaxed, orderings.kinds)
    if not order:
        raise NotConverged(f"{formula}: no ordering relaxed to {sweep.relaxation.force} eV/Å")
    frames = [relaxed[i].frame for i in order[: sweep.dynamics.orderings]]
    species = [name for name in crystal.species if element_of(name) == material.mobile]
    cells = round(abs(np.linalg.det(orderings.frames[0].cell)) / abs(np.linalg.det(crystal.cell)))
    runs = simulate(
        frames,
        model,
        dynamics=replace(sweep.dynamics, orderings=len(frames)),
        mobile=material.mobile,
        hop_distance=hop_distance(orderings.sites, material.mobile),
        charge=crystal.charges_of(species)[0],
        folder=place.folder / "runs",
        executor=workers.remote(),
        progress=progress,
    )
    return runs, float(np.mean([(f.volume / cells) ** (1 / 3) for f in frames]))


def measured(
    runs: Trajectories, content: Composition, mobile: str, lattice_parameter: float, *, seed: int
) -> SweepPoint:
    """What the runs of one composition say: D and σ where the guards hold, a bound where ions rest."""
    found = diffusivities(runs)
    rng = np.random.default_rng([seed, *content.formula.encode()])  # errors of compositions are independent
    values = tuple(_diffusivity(p, found, rng) for p in found.trusted)
    room = energy = None
    if len(found.trusted) >= FOR_300K:
        line = conductivity(found, rng=rng)
        room, energy = line.extrapolated, line.activation_energy
    return SweepPoint(
        formula=content.formula,
        mobile_vacancies=_vacancies(content, mobile, of_mobile=True),
        framework_vacancies=_vacancies(content, mobile, of_mobile=False),
        lattice_parameter=lattice_parameter,
        temperatures=np.array([p.temperature for p in found.trusted]),
        diffusivities=values,
        conductivities=tuple(
            value.through(_law(found, p.temperature), unit="S/cm")
            for value, p in zip(values, found.trusted, strict=True)
        ),
        bounds={t: b for t in found.excluded if (b := _bound(runs, found, t)) is not None},
        excluded=found.excluded,
        at_300k=room,
        activation_energy=energy,
        runs=len(runs.runs),
        simulated=sum(r.duration for r in runs.runs),
        warnings=found.warnings,
    )


def _diffusivity(point: AtTemperature, found: Diffusivities, rng: np.random.Generator) -> Estimate:
    """D with every error that one temperature alone has: thermal, seeds, orderings, start of the fit."""
    variance = point.thermal**2 + point.between_seeds**2 + found.shared_variance + found.start_doubt**2
    return Estimate.lognormal(point.value, float(np.sqrt(variance)), "cm²/s", rng=rng)


def _law(found: Diffusivities, temperature: float) -> Law:
    """Nernst-Einstein: cm²/s to S/cm."""

    def law(value: Array) -> Array:
        return nernst_einstein(
            value / CM2_PER_S, density=found.density, charge=found.charge, temperature=temperature
        )

    return law


def _bound(runs: Trajectories, found: Diffusivities, temperature: float) -> float | None:
    r"""Upper bound of σ where ions hardly moved, S/cm: that of :math:`D = MSD(t) / 6 t`, rattling included.

    None where a run broke another guard: what a melting crystal does bounds nothing.
    """
    largest = 0.0
    for run in runs.at(temperature):
        other = [g for g in run.guards if not g.passed and g.name not in TOO_STILL]
        if run.status == "stopped" or not run.guards or broken(tuple(other)):
            return None
        half = run.curves.lag <= run.duration / 2
        msd, lag = run.curves.of(runs.mobile)[half], run.curves.lag[half]
        largest = max(largest, float(msd[-1] / (6 * lag[-1])))
    return float(_law(found, temperature)(np.asarray(largest * CM2_PER_S)))


def check(study: Study) -> None:
    """Every composition must exist and every cell be wide enough."""
    settings, material, choice = study.get(Sweep), study.get(Material), study.get(EngineChoice)
    if settings is None or material is None or choice is None:
        return
    average = crystal(material)
    compositions(settings, average, material.mobile)
    check_width(average, settings.ordering, open_engine(choice))


SECTION = Section(
    "sweep", Sweep, (Stage(sweep, version=2, fingerprint=engine_fingerprint),), evidence, parts, check
)
