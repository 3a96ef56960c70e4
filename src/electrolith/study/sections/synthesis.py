"""Synthesis in the study: the batch, the pellet, the series of samples and the next condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError
from electrolith.lab.synthesis.analysis import SynthesisResult, SynthesisSettings, measure_synthesis
from electrolith.lab.synthesis.batch import Batch
from electrolith.lab.synthesis.correlate import Correlations
from electrolith.lab.synthesis.design import Suggestion
from electrolith.lab.synthesis.runs import RunSheet
from electrolith.study.figure import Axis, Bars, Figure, Heat, Layer, Line, Points
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Section, Study, Table
from electrolith.study.sections.pair_table import pair_table
from electrolith.study.sections.samples import SampleResults
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "Synthesis", "synthesis_parts", "synthesis_series"]


@dataclass(frozen=True)
class Synthesis(SynthesisSettings):
    """Synthesis of the samples: a batch, a pellet, a table of samples, what to improve."""


def synthesis_series(settings: Synthesis, samples: SampleResults | None) -> SynthesisResult:
    """Plan the batch and weigh up the series; what to try next out of the study's own table of samples."""
    return measure_synthesis(settings, None if samples is None else samples.table)


def check(study: Study) -> None:
    """What is to be improved needs a table."""
    settings = study.get(Synthesis)
    if settings is None or settings.improve is None or settings.samples is not None:
        return
    if study.sheet is None:
        raise InputError("study.synthesis.improve: needs samples: in the study, or a table of its own")


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Relative density of the pellet."""
    found = results.get(SynthesisResult)
    return () if found is None else synthesis_evidence(found)


def synthesis_evidence(found: SynthesisResult) -> tuple[Evidence, ...]:
    """Rows of the headline table."""
    if found.pellet is None:
        return ()
    return (
        Evidence(
            "relative_density",
            "Relative density",
            found.pellet.relative,
            "measured",
            "pellet",
            note="mass and size",
        ),
    )


def parts(results: Results) -> tuple[Part, ...]:
    """The synthesis' part of the report."""
    found = results.get(SynthesisResult)
    return () if found is None else synthesis_parts(found)


def synthesis_parts(found: SynthesisResult) -> tuple[Part, ...]:
    """The parts of the report, or of the command's page."""
    made = []
    if found.batch is not None:
        made.append(_batch(found.batch))
    if found.pellet is not None:
        p = found.pellet
        sentence = (
            f"Density {p.density.text()}, {p.relative.text()} of the crystal; porosity {p.porosity.text()}."
        )
        if found.pressure is not None:
            sentence += f" The load presses with {found.pressure.text()}."
        made.append(Part("Pellet", sentence, warnings=p.warnings))
    if found.runs is not None:
        made.append(_runs(found.runs))
    if found.correlations is not None:
        made.append(_series(found, found.correlations))
    if found.suggestion is not None:
        made.append(_next(found, found.suggestion))
    return tuple(made)


def _batch(batch: Batch) -> Part:
    rows = tuple(
        (
            w.formula,
            printed(w.coefficient, "g"),
            printed(w.moles * 1e3, ".4f"),
            printed(100 * w.purity, ".4g"),
            printed(100 * w.excess, ".3g"),
            printed(w.mass * 1e3, ".4f"),
        )
        for w in batch.weighings
    )
    columns = ("precursor", "coefficient", "n / mmol", "purity / %", "excess / mol %", "mass / g")
    sentence = (
        f"{batch.equation}: {batch.powder * 1e3:.4f} g of precursors and {batch.ball_count} balls "
        f"({batch.balls * 1e3:.1f} g, ratio {batch.balls / batch.powder:.1f})."
    )
    notes = (f"The jar is {100 * batch.filling:.0f} % full.",) if np.isfinite(batch.filling) else ()
    return Part("Batch", sentence, tables=(Table(columns, rows),), warnings=batch.warnings, notes=notes)


def _runs(sheet: RunSheet) -> Part:
    """The run sheet."""
    rows = tuple((r.name, r.speed, r.hours, r.duration, sheet.atmosphere) for r in sheet.runs)
    sentence = f"{len(sheet.runs)} runs, {sheet.total:.4g} h on the clock with one mill."
    columns = ("sample", "speed / rpm", "milling / h", "with breaks / h", "atmosphere")
    return Part("Run sheet", sentence, tables=(Table(columns, rows),))


def _series(found: SynthesisResult, c: Correlations) -> Part:
    related = [p for p in (*c.pairs, *c.partial) if p.corrected < 0.05]
    if related:
        sentence = " ".join(f"{p.statement}." for p in related[:4])
    else:
        count = f"{len(c.columns)} columns is shown to be related after {len(c.pairs)} were looked at"
        sentence = f"No pair of the {count}."
    tables = [
        pair_table(
            c.pairs,
            "Pairs of columns; intervals hold 95 %; probabilities by reshuffling, corrected after Holm.",
        )
    ]
    if c.partial:
        tables.append(pair_table(c.partial, f"The same at fixed {', '.join(c.partial[0].given)}."))
    figures = (_bars(c), *(() if found.samples is None else _scatter(found, c)))
    return Part("Samples", sentence, figures, tuple(tables), c.warnings)


def _bars(c: Correlations) -> Figure:
    shown = c.pairs[:10][::-1]
    middle = np.array([p.r for p in shown])
    half = np.array([(p.high - p.low) / 2 for p in shown])
    labels = tuple(f"{p.first} – {p.second}" for p in shown)
    bars = Bars(labels, middle, "", "measured", errors=half, horizontal=True)
    caption = "Strongest correlations with half the width of their 95 % intervals."
    return Figure(
        "samples-correlations",
        caption,
        Axis("r", range=(-1.3, 1.3)),
        Axis(""),
        (bars,),
        height=120 + 32 * len(shown),
    )


def _scatter(found: SynthesisResult, c: Correlations) -> tuple[Figure, ...]:
    """The strongest pair as points."""
    if found.samples is None:
        return ()
    best = c.pairs[0]
    x, y = found.samples.column(best.first), found.samples.column(best.second)
    error = np.nan_to_num(found.samples.error(best.second))
    good = np.isfinite(x) & np.isfinite(y)
    names = tuple(n for n, g in zip(found.samples.names, good, strict=True) if g)
    points = Points(x[good], y[good], "samples", low=(y - error)[good], high=(y + error)[good], text=names)
    caption = f"The strongest pair: {best.second} against {best.first}."
    return (Figure("samples-strongest", caption, Axis(best.first), Axis(best.second), (points,)),)


def _next(found: SynthesisResult, s: Suggestion) -> Part:
    column = found.improve.column if found.improve is not None else "value"
    names = found.improve.conditions if found.improve is not None else ()
    where = ", ".join(f"{n} {v:g}" for n, v in zip(names, s.condition, strict=True))
    sentence = f"To improve {column}, try {where}. {s.statement}"
    notes = (f"Gaussian process, kernel {s.kernel}; noise of one measurement {s.noise:.3g}.",)
    return Part("Next condition", sentence, _surfaces(found, s), (), s.warnings, notes)


def _surfaces(found: SynthesisResult, s: Suggestion) -> tuple[Figure, ...]:
    """Prediction and expected improvement over two conditions, or along one."""
    names = found.improve.conditions if found.improve is not None else ("condition",) * len(s.axes)
    logarithm = found.improve is not None and found.improve.logarithm
    what = (
        f"ln {found.improve.column}"
        if logarithm and found.improve
        else (found.improve.column if found.improve else "value")
    )
    tried = (
        np.column_stack([found.samples.column(n) for n in names])
        if found.samples is not None
        else np.zeros((0, 2))
    )
    if len(s.axes) == 1:
        x = s.axes[0]
        layers: tuple[Layer, ...] = (Line(x, s.mean, what), Line(x, s.gain, "expected improvement", "second"))
        return (
            Figure("next-condition", "Prediction along the condition.", Axis(names[0]), Axis(what), layers),
        )
    if len(s.axes) != 2:
        return ()
    shape = (s.axes[0].size, s.axes[1].size)
    marks: tuple[Layer, ...] = (
        Points(tried[:, 0], tried[:, 1], "tried", "measured"),
        Points(np.array([s.condition[0]]), np.array([s.condition[1]]), "next", "published"),
    )

    def figure(name: str, values: np.ndarray, label: str, caption: str) -> Figure:
        heat = Heat(s.axes[0], s.axes[1], np.round(values.reshape(shape).T, 6), label)
        return Figure(name, caption, Axis(names[0]), Axis(names[1]), (heat, *marks))

    return (
        figure("next-prediction", s.mean, what, "Prediction of the Gaussian process."),
        figure("next-improvement", s.gain, "expected improvement", "Where improvement is expected."),
    )


SECTION = Section("synthesis", Synthesis, (Stage(synthesis_series),), evidence, parts, check)
