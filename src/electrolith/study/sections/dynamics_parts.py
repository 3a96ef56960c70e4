"""What the report shows of dynamics: runs, guards, the Arrhenius line, the causes of its interval."""

from __future__ import annotations

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.format import number
from electrolith.motion.conductivity import Conductivity
from electrolith.motion.diffusivities import Diffusivities, RunDiffusivity
from electrolith.motion.results import Run, Trajectories
from electrolith.study.figure import Axis, Band, Figure, Layer, Line, Points, Role
from electrolith.study.printed import doubted, printed
from electrolith.study.section import Evidence, Part, Results, Table
from electrolith.study.sections.reference_run import reference_evidence
from electrolith.study.sections.transport_table import comparison
from electrolith.study.table import Cell

__all__ = ["arrhenius_figure", "evidence", "parts", "runs_and_line"]

TOO_WIDE = 10.0  # ends of a 68 % interval further apart: the value is a bound rather than a number


def evidence(results: Results) -> tuple[Evidence, ...]:
    """σ(300 K) and its activation energy; nothing where a guard broke them.

    Those of a reference run of the same crystal and potential come first.
    """
    found = results.get(Conductivity)
    if found is None:
        return ()
    trajectories = results.get(Trajectories)
    engine = trajectories.engine if trajectories else ""
    better = reference_evidence(results)
    short = ", this run" if better else ""
    note = "molecular dynamics, Nernst-Einstein"
    rows = [
        *better,
        Evidence("conductivity_300K", f"σ(300 K){short}", found.extrapolated, "computed", engine, note=note),
        Evidence(
            "activation_energy",
            f"Activation energy of σT{short}",
            found.activation_energy,
            "computed",
            engine,
        ),
    ]
    if found.haven_ratio is not None:
        rows.append(
            Evidence("haven_ratio", "Haven ratio", found.haven_ratio, "computed", engine, note="pooled")
        )
    return tuple(rows)


def _msd_figure(found: Trajectories) -> Figure:
    """Mean square displacement of the mobile ions, with the range of the fit; the framework's below."""
    layers: list[Layer] = []
    shades: tuple[Role, ...] = ("computed", "second", "fourth", "third", "measured")
    temperatures = sorted({r.temperature for r in found.runs})
    for shade, temperature in enumerate(temperatures):
        role = shades[shade % len(shades)]
        for index, run in enumerate(found.at(temperature)):
            name = f"{temperature:g} K" if index == 0 else ""
            keep = (run.curves.lag > 0) & (run.curves.lag <= run.duration / 2)
            lag = run.curves.lag[keep] / 1000
            layers.append(Line(lag, run.curves.of(found.mobile)[keep], name, role))
            layers.append(Line(lag, _framework(run, found.mobile)[keep], "", role, dash=True))
    start = 0.5 * found.hop_distance**2
    drawn = [layer.x for layer in layers if isinstance(layer, Line) and layer.x.size]
    ends = np.array([min(x[0] for x in drawn), max(x[-1] for x in drawn)])
    layers.append(Line(ends, np.full(2, start), "fit begins: a²/2", "guide", dash=True))
    return Figure(
        "msd",
        f"Mean square displacement of {found.mobile} (full lines) and of the framework (dashed), averaged "
        "over time origins, up to half of each run. A framework that rises would be a melting crystal.",
        Axis("lag time / ps", log=True),
        Axis("mean square displacement / Å²", log=True),
        tuple(layers),
        height=420,
    )


def _framework(run: Run, mobile: str) -> np.ndarray:
    """Mean of the framework elements' curves, Å²."""
    rest = [g for g in run.curves.groups if g != mobile]
    return np.asarray(np.mean([run.curves.of(g) for g in rest], axis=0))


def arrhenius_figure(found: Conductivity, published: tuple[Evidence, ...]) -> Figure:
    """σT against 1000/T with its interval, and the published points."""
    grid = np.linspace(1000 / max(found.temperatures.max() * 1.03, 320.0), 1000 / 290.0, 80)
    a = np.log(found.extrapolated.draws * found.target) + found.activation_energy.draws / (
        BOLTZMANN * found.target
    )
    lines = np.exp(a[:, None] - found.activation_energy.draws[:, None] * grid / (1000 * BOLTZMANN))
    low, mid, high = np.quantile(lines, [0.025, 0.5, 0.975], axis=0)
    inner = np.quantile(lines, [0.16, 0.84], axis=0)
    x = 1000 / found.temperatures
    values = np.array([v.value for v in found.values]) * found.temperatures
    ends = np.array([v.interval() for v in found.values]).T * found.temperatures
    layers: list[Layer] = [
        Band(grid, low, high, "95 %"),
        Band(grid, inner[0], inner[1], "68 %"),
        Line(grid, mid, "Arrhenius line"),
        Points(x, values, "this study", "computed", ends[0], ends[1]),
    ]
    for e in published:
        if e.quantity == "conductivity_300K":
            at = 298.15 if "25 °C" in e.note else 300.0
            y = np.array([e.value.to("S/cm").value * at])
            role: Role = "published" if e.kind == "computed" else "measured"
            text = (f"{e.note}<br>{e.value.text()}<br>{e.source}",)
            layers.append(Points(np.array([1000 / at]), y, f"published, {e.kind}", role, text=text))
    ticks = [t for t in (600, 400, 300, 200, 100, 50, 25) if grid[0] <= 1000 / (t + 273.15) <= grid[-1]]
    return Figure(
        "arrhenius",
        "Conductivity times temperature (Nernst-Einstein) with the 68 and 95 % intervals of the line.",
        Axis("1000 K / T"),
        Axis("σT / (S K / cm)", log=True),
        tuple(layers),
        top=Axis("T / °C"),
        top_ticks=tuple((1000 / (t + 273.15), str(t)) for t in ticks),
        height=440,
        key=True,
    )


def _guard_table(found: Trajectories) -> Table:
    """Every guard of every run: what was found, and whether it holds."""
    names = tuple(dict.fromkeys(g.name for r in found.runs for g in r.guards))
    limits = {
        g.name: f"{g.name} (limit {g.limit:.3g}{'' if g.unit == '1' else ' ' + g.unit})"
        for r in found.runs
        for g in r.guards
    }
    rows = []
    for run in found.runs:
        here = {g.name: g for g in run.guards}
        cells = (
            printed(here[name].value, ".3g", before="" if here[name].passed else "BROKEN: ")
            if name in here
            else None
            for name in names
        )
        rows.append((run.label, *cells))
    caption = (
        "Guards of every run; a run with a broken guard is left out of σ. Limits are those of the last run."
    )
    return Table(("run", *(limits[n] for n in names)), tuple(rows), caption)


def _run_table(found: Trajectories, diffusion: Diffusivities | None) -> Table:
    """One line per run: length, speed, D by both estimates."""
    per_run = {(r.temperature, r.ordering, r.seed): r for r in diffusion.runs} if diffusion else {}
    rows = []
    for run in found.runs:
        d = per_run.get((run.temperature, run.ordering, run.seed))
        he = doubted(d.he.value, d.he.relative_error * d.he.value) if d and d.he else None
        gls = doubted(d.slope.self_value, d.slope.self_std) if d and d.slope else None
        framework = float(run.framework[-1]) if run.framework.size else float("nan")
        rows.append(
            (
                printed(run.temperature, "g"),
                run.ordering + 1,
                run.seed + 1,
                printed(run.duration / 1000, ".0f"),
                gls,
                he,
                printed(framework, ".2f"),
                _used(run, d),
            )
        )
    columns = (
        "T / K",
        "ordering",
        "seed",
        "sampled / ps",
        "D / cm²/s",
        "D, He et al. 2018 / cm²/s",
        "framework MSD / Å²",
        "",
    )
    return Table(columns, tuple(rows), "Every run; errors are one standard deviation")


def _used(run: Run, found: RunDiffusivity | None) -> str:
    """How a run counts."""
    if found is None or not (found.refused or found.slow):
        return run.status
    return f"left out: {found.refused}" if found.refused else f"a bound only: {found.slow}"


def _budget(found: Conductivity) -> Table:
    rows = tuple((cause, printed(100 * share, ".0f", "%")) for cause, share in found.budget.items())
    return Table(
        ("cause", "share of the variance"), rows, f"What makes the interval of ln σ({found.target:g} K)"
    )


def _line_table(found: Conductivity) -> Table:
    rows = tuple((printed(t, "g"), v) for t, v in zip(found.temperatures, found.values, strict=True))
    return Table(("T / K", "σ, Nernst-Einstein"), rows)


def _shape_table(found: Conductivity) -> Table:
    """The straight line and the curves that the points allow, by evidence."""
    rows = tuple(
        (
            s.name,
            printed(s.chi2, ".1f"),
            s.parameters,
            printed(100 * s.weight, ".0f", "%"),
            printed(float(np.exp(s.at_target) / found.target), ".2g"),
            printed(s.energy, ".3f"),
            printed(s.knee, ".0f") if s.knee else None,
        )
        for s in found.shapes.every
    )
    columns = (
        "law",
        "χ²",
        "parameters",
        "share of the evidence",
        f"σ({found.target:g} K) / S/cm",
        f"Ea at {found.target:g} K / eV",
        "T₀ or knee / K",
    )
    return Table(columns, rows, "Straight or curved, by the evidence of the points")


def _verdict_table(found: Conductivity) -> Table | None:
    """σ with and without the runs whose guards are narrowly met or missed."""
    if not found.otherwise:
        return None
    rows: list[tuple[Cell, ...]] = [("as judged", found.extrapolated)]
    rows += [(name, printed(value, ".2g", "S/cm")) for name, value in found.otherwise.items()]
    return Table(
        ("runs", f"σ({found.target:g} K)"),
        tuple(rows),
        "Which runs pass their guards is part of the doubt: the difference is in the interval as `guards`",
    )


def _bounds(found: Conductivity, runs: Trajectories) -> tuple[str, ...]:
    """What the interval does not hold, and whether the line is straight."""
    seen = f"{found.temperatures.min():g} to {found.temperatures.max():g} K"
    if runs.posterior:
        held = "the runs, the orderings, draws from the potential's posterior and the line"
        lacks = f"What the form of {runs.engine} cannot say, and what its teacher gets wrong, is not in it."
    elif runs.dynamics is None:
        held = "the runs and the line"
        lacks = "What their functional or force field gets wrong, and other orderings, are not in it."
    else:
        held = "the runs, the orderings and the line"
        lacks = f"What {runs.engine} itself gets wrong is not in it (dynamics.posterior: true puts it there)."
    text = [f"The interval of σ({found.target:g} K) holds the errors of {held}. {lacks}"]
    best = found.shapes.best
    if not found.shapes.straight:
        text.append(
            f"ln(σT) is not straight from {seen}: {best.name} has {100 * best.weight:.0f} % of the evidence. "
            f"σ({found.target:g} K) is drawn from line and curves by their evidence, and its interval is "
            "wider for it; lower temperatures would decide."
        )
    elif len(found.shapes.every) > 1:
        text.append(
            f"Seen from {seen} the line is straight: curves have {100 * found.shapes.curved:.0f} % of the "
            f"evidence. Whether it stays so down to {found.target:g} K nothing here says."
        )
    low, high = found.extrapolated.interval(0.68)
    if high > TOO_WIDE * low:
        most = float(np.quantile(found.extrapolated.draws, 0.95))
        text.append(
            f"{found.target:g} K is not within reach from {seen}: the 68 % interval spans a factor of "
            f"{number(high / low, 2)}. What can be said is that σ({found.target:g} K) lies below "
            f"{number(most, 2)} S/cm (95 %); lower temperatures or longer runs would say more."
        )
    return tuple(text)


def parts(results: Results) -> tuple[Part, ...]:
    """Dynamics' part of the report."""
    runs = results.get(Trajectories)
    if runs is None:
        return ()
    found = results.get(Conductivity)
    made = runs_and_line(runs, results.get(Diffusivities), found, results.study.published)
    return made if found is None else (*made, *comparison(results))


def runs_and_line(
    runs: Trajectories,
    diffusion: Diffusivities | None,
    found: Conductivity | None,
    published: tuple[Evidence, ...] = (),
    notes: tuple[str, ...] = (),
) -> tuple[Part, ...]:
    """The runs with their guards, and the Arrhenius line where there is one."""
    broken = [f"{r.label}: {g.text}" for r in runs.runs for g in r.guards if not g.passed]
    stopped = [f"{r.label} stopped: {r.reason}" for r in runs.runs if r.status == "stopped"]
    total = sum(r.duration for r in runs.runs) / 1e6
    sentence = (
        f"{len(runs.runs)} trajectories of {runs.runs[0].formula}, {total:.2f} ns in all, "
        f"with {runs.engine}; hops over {runs.hop_distance:.3f} Å."
    )
    dynamics = Part(
        "Molecular dynamics",
        sentence,
        (_msd_figure(runs),),
        (_run_table(runs, diffusion), _guard_table(runs)),
        tuple(broken + stopped),
        notes,
    )
    if found is None:
        return (dynamics,)
    excluded = tuple(f"{t:g} K is excluded from σ: {why}" for t, why in found.excluded.items())
    answer = (
        f"σ({found.target:g} K) = {found.extrapolated.text()}, "
        f"activation energy {found.activation_energy.text()} "
        f"(of σT; χ² {found.chi2:.1f} for {found.dof} degrees of freedom)."
    )
    if found.corrected is not None and found.haven_ratio is not None:
        answer += f" Divided by the Haven ratio {found.haven_ratio.text()}: {found.corrected.text()}."
    figure = arrhenius_figure(found, published)
    tables = [_line_table(found), _budget(found), _shape_table(found)]
    if (verdicts := _verdict_table(found)) is not None:
        tables.append(verdicts)
    said = (*_bounds(found, runs), *excluded, *found.warnings)
    conducted = Part("Conductivity", answer, (figure,), tuple(tables), said)
    return (dynamics, conducted)
