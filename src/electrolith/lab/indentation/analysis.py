"""Modulus and hardness of every indent, of the sample over all of them, and against lithium."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import DRAWS, Estimate
from electrolith.core.progress import tracked
from electrolith.core.units import Unit
from electrolith.lab.indentation.dendrite import StiffnessIndicator, compare_with_lithium
from electrolith.lab.indentation.oliver_pharr import (
    BERKOVICH,
    Contact,
    Unloading,
    contact_area,
    fit_unloading,
    reduced_modulus,
    sample_modulus,
)
from electrolith.lab.indentation.read import Indent, IndentFile, read_indents
from electrolith.lab.indentation.record import Course, course, elastic_share

__all__ = ["IndentResult", "IndentSettings", "Indentation", "contact_of", "measure_indent", "measure_indents"]

Method = Literal["auto", "unloading", "continuous"]
PURELY = 0.97  # share of the work given back above which nothing was left in the sample
SHALLOW = 200e-9  # m; a rounding R adds R (1/sin 70.3° - 1) to the depth of an ideal pyramid
_ELASTIC = "the unloading gives back what the loading took: a purely elastic contact has no hardness"


@dataclass(frozen=True, slots=True)
class IndentSettings:
    """How indents become moduli; None: what the file says, else the usual value.

    poisson : of the sample, 0.25 if neither given nor in the file; poisson_error its standard deviation.
    area : coefficients of the area function (nm), 24.5 for an ideal Berkovich tip.
    beta : shape factor belonging to the area function, 1.034.
    method : "continuous" where the stiffness was measured while loading, else "unloading".
    window : depths over which the continuous stiffness counts, m.
    leave_out_outliers : do not count indents far from the others.
    files : workbooks or tables of load and depth.
    poisson_error : standard deviation of the sample's Poisson ratio.
    tip_modulus, tip_poisson : of the indenter; diamond.
    epsilon : depth of contact behind the tangent, 0.75 for a pyramid.
    frame_compliance : of the machine, taken off.
    low, high : part of the unloading that is fitted, as shares of the largest load.
    correct_drift : take off the thermal drift that the hold shows.
    seed : of the draws that carry the uncertainties.
    """

    files: tuple[Path | str, ...]
    poisson: float | None = None
    poisson_error: float = 0.03
    tip_modulus: Annotated[float, Unit("Pa")] = 1141e9
    tip_poisson: float = 0.07
    area: tuple[float, ...] | None = None
    beta: float | None = None
    epsilon: float = 0.75
    frame_compliance: Annotated[float, Unit("m/N")] = 0.0
    method: Method = "auto"
    window: Annotated[tuple[float, float], Unit("m")] | None = None
    low: float = 0.4
    high: float = 0.98
    correct_drift: bool = True
    leave_out_outliers: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("indent: no files given")
        if self.poisson is not None and not 0 <= self.poisson < 0.5:
            raise InputError(f"poisson must lie between 0 and 0.5, got {self.poisson}")
        if self.poisson_error < 0:
            raise InputError(f"poisson_error must not be negative, got {self.poisson_error}")
        if not 0 < self.low < self.high <= 1:
            raise InputError(f"unloading from {self.high} down to {self.low} of the largest load is no range")
        if not 0.9 <= (self.beta or 1.0) <= 1.2:
            raise InputError(f"beta {self.beta} is no shape factor; 1 to 1.1 is usual")
        if self.window is not None and not 0 <= self.window[0] < self.window[1]:
            raise InputError(f"window of depths {self.window} is empty; expected two rising depths")


@dataclass(frozen=True, slots=True, eq=False)
class Indentation:
    """One indent's result.

    modulus, hardness, reduced : GPa; the hardness is nan where the contact was purely elastic (`elastic`).
    top_depth : m, top_load : N, contact_depth : m, stiffness : N/m at the largest load.
    """

    indent: Indent
    course: Course
    method: str
    modulus: Estimate
    hardness: Estimate
    reduced: Estimate
    stiffness: float
    exponent: float
    top_depth: float
    top_load: float
    contact_depth: float
    drift: float
    warnings: tuple[str, ...]
    elastic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class IndentResult:
    """All indents and the sample's mean, in GPa, with the error of the mean; `spread` between indents
    beside it.

    used : whether an indent counts in the mean.
    vendor_modulus, vendor_hardness : the instrument's own means, GPa; nan where it states none.
    """

    indents: tuple[Indentation, ...]
    used: tuple[bool, ...]
    modulus: Estimate
    hardness: Estimate
    modulus_spread: float
    hardness_spread: float
    vendor_modulus: float
    vendor_hardness: float
    contact: Contact
    poisson: Estimate
    lithium: StiffnessIndicator
    refused: tuple[str, ...]
    warnings: tuple[str, ...]


def contact_of(settings: IndentSettings, file: IndentFile) -> Contact:
    """Settings of the contact: those given, else the file's, else the usual ones."""
    beta = settings.beta if settings.beta is not None else file.beta if np.isfinite(file.beta) else 1.034
    return Contact(
        area=settings.area or file.area or BERKOVICH,
        beta=beta,
        epsilon=settings.epsilon,
        frame_compliance=settings.frame_compliance,
        tip_modulus=settings.tip_modulus,
        tip_poisson=settings.tip_poisson,
    )


def _corrected(
    indent: Indent, parts: Course, settings: IndentSettings, already: bool
) -> tuple[Indent, float]:
    """Depths and loads from the contact point on, without the drift seen in the hold."""
    start = parts.loading[0]
    depth = indent.depth - (indent.depth[start] if start > 0 else 0.0)
    rate = parts.drift
    if already or not settings.correct_drift or not np.isfinite(rate):
        return replace(indent, depth=depth), 0.0
    moved = rate * float(indent.time[parts.unloading[1] - 1] - indent.time[start])
    top = float(depth.max())
    if abs(moved) > 0.2 * top:
        raise DataError(
            f"{indent.source}: thermal drift dominates: {rate * 1e9:.2g} nm/s moves the depth by "
            f"{100 * abs(moved) / top:.0f} % of its largest value during the indent; wait for the "
            "instrument to settle"
        )
    return replace(indent, depth=depth - rate * (indent.time - indent.time[start])), rate


def _continuous(
    indent: Indent, parts: Course, contact: Contact, window: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reduced modulus (Pa) and hardness (Pa) at each depth of the window, and those depths (m)."""
    rows = slice(*parts.loading)
    h, p, s = indent.depth[rows], indent.load[rows], indent.stiffness[rows]
    keep = (h > window[0]) & (h < window[1]) & np.isfinite(s)
    if np.count_nonzero(keep) < 5:
        raise DataError(
            f"{indent.source}: {np.count_nonzero(keep)} stiffness points between {window[0] * 1e9:.0f} and "
            f"{window[1] * 1e9:.0f} nm; 5 or more are needed"
        )
    h, p, s = h[keep], p[keep], s[keep]
    own = 1 / (1 / s - contact.frame_compliance)
    at = h - contact.frame_compliance * p - contact.epsilon * p / own
    area = contact_area(at, contact.area)
    return reduced_modulus(own, area, beta=contact.beta), p / area, h


def measure_indent(
    indent: Indent,
    settings: IndentSettings,
    *,
    contact: Contact,
    poisson: Estimate,
    already_corrected: bool = False,
    window: tuple[float, float] | None = None,
    rng: np.random.Generator,
) -> Indentation:
    """Modulus and hardness of one indent.

    Raises
    ------
    DataError
        If there is no unloading, the drift dominates, or the points do not determine the stiffness.
    """
    continuous = indent.stiffness.size > 0 and settings.method != "unloading"
    parts = course(indent, unloading_needed=not continuous)
    record, rate = _corrected(indent, parts, settings, already_corrected)
    law = _unloading_law(record, parts, settings, optional=continuous)
    own = 1 / (1 / law.stiffness - contact.frame_compliance)
    deep = law.top_depth - contact.frame_compliance * law.top_load - contact.epsilon * law.top_load / own
    if settings.method == "continuous" and not indent.stiffness.size:
        raise DataError(f"{indent.source}: no continuous stiffness in the file; use method 'unloading'")
    if continuous:
        span = settings.window or window or (0.1 * law.top_depth, 0.9 * law.top_depth)
        reduced_all, hard_all, _ = _continuous(record, parts, contact, span)
        count = np.sqrt(max(reduced_all.size / 10, 1))  # neighbouring depths are not independent
        reduced = Estimate.normal(reduced_all.mean(), reduced_all.std(ddof=1) / count, "Pa", rng=rng)
        hardness = Estimate.normal(hard_all.mean() / 1e9, hard_all.std(ddof=1) / count / 1e9, "GPa", rng=rng)
    else:
        draws = own * (1 + law.stiffness_error / law.stiffness * rng.standard_normal(DRAWS))
        depth = (
            law.top_depth - contact.frame_compliance * law.top_load - contact.epsilon * law.top_load / draws
        )
        area = contact_area(depth, contact.area)
        reduced = Estimate(reduced_modulus(draws, area, beta=contact.beta), "Pa")
        hardness = Estimate(law.top_load / area / 1e9, "GPa")
    elastic = bool(elastic_share(record, parts) > PURELY)
    if elastic:
        hardness = Estimate.unknown_doubt(float("nan"), "GPa")
    modulus = reduced.through(
        lambda r, nu: sample_modulus(r, poisson=nu, contact=contact) / 1e9, poisson, unit="GPa"
    )
    return Indentation(
        indent=record,
        course=parts,
        method="continuous" if continuous else "unloading",
        modulus=modulus,
        hardness=hardness,
        reduced=reduced.to("GPa"),
        stiffness=law.stiffness,
        exponent=law.exponent,
        top_depth=law.top_depth,
        top_load=law.top_load,
        contact_depth=deep,
        drift=rate,
        warnings=(
            *_warnings(indent, parts, law.exponent),
            *((f"{indent.name}: {_ELASTIC}",) if elastic else ()),
            *_blunt(indent.name, contact, deep),
        ),
        elastic=elastic,
    )


def _blunt(name: str, contact: Contact, depth: float) -> tuple[str, ...]:
    """A word where an ideal pyramid stands for a tip whose rounding matters."""
    if contact.area != BERKOVICH or not 0 < depth < SHALLOW:
        return ()
    return (
        f"{name}: the area function is that of an ideal pyramid at a contact depth of {depth * 1e9:.0f} nm; "
        "a tip rounded by 100 to 250 nm has 13 to 33 % more area at 100 nm: calibrate it, or indent deeper",
    )


def _unloading_law(record: Indent, parts: Course, settings: IndentSettings, *, optional: bool) -> Unloading:
    """The fitted unloading; where it is optional and absent, the last stiffness measured while loading."""
    rows = slice(*parts.unloading)
    try:
        if optional and parts.unloading[0] == parts.unloading[1]:
            raise DataError("no unloading")
        return fit_unloading(
            record.depth[rows], record.load[rows], low=settings.low, high=settings.high, source=record.source
        )
    except DataError:
        if not optional:
            raise
        top = int(np.argmax(record.load))
        known = np.flatnonzero(np.isfinite(record.stiffness[: top + 1]))
        stiffness = float(record.stiffness[known[-1]]) if known.size else float("nan")
        nan = float("nan")
        return Unloading(stiffness, nan, nan, nan, float(record.depth[top]), float(record.load[top]), nan)


def _warnings(indent: Indent, parts: Course, exponent: float) -> tuple[str, ...]:
    """Plain words on what must not be overlooked in one indent."""
    said = [
        f"{indent.name}: pop-in at {depth * 1e9:.0f} nm of {size * 1e9:.0f} nm; the material cracked or "
        "yielded there"
        for depth, size in parts.pop_ins
    ]
    if np.isfinite(exponent) and not 1.1 <= exponent <= 2.2:
        said.append(
            f"{indent.name}: unloading exponent {exponent:.2f} is unusual (1.2 to 1.6 for a Berkovich tip)"
        )
    return tuple(said)


def _poisson(settings: IndentSettings, file: IndentFile, rng: np.random.Generator) -> tuple[Estimate, str]:
    """Poisson's ratio with its doubt, and a word where it was assumed."""
    known = settings.poisson if settings.poisson is not None else file.poisson
    said = "" if np.isfinite(known) else "Poisson's ratio was not given; 0.25 is assumed"
    value = float(known) if np.isfinite(known) else 0.25
    error = settings.poisson_error if np.isfinite(known) else max(settings.poisson_error, 0.05)
    draws = Estimate.normal(value, error, "1", rng=rng)
    return draws.through(lambda nu: np.clip(nu, 0.0, 0.49), unit="1"), said


def measure_indents(settings: IndentSettings) -> IndentResult:
    """Every indent of the files, then the sample.

    An indent that cannot be analysed is left out and named. Those far from the others (3.5 robust standard
    deviations and 5 %) are named; whether they count is a setting.

    Raises
    ------
    DataError
        If no indent can be analysed.
    """
    rng = np.random.default_rng(settings.seed)
    files = [read_indents(f) for f in tracked(settings.files, "file")]
    contact = contact_of(settings, files[0])
    poisson, said = _poisson(settings, files[0], rng)
    results, refused = [], []
    for file in files:
        for indent in file.indents:
            try:
                results.append(
                    measure_indent(
                        indent, settings, contact=contact, poisson=poisson,
                        already_corrected=file.drift_corrected, window=file.window, rng=rng,
                    )
                )  # fmt: skip
            except DataError as error:
                refused.append(str(error))
    if not results:
        raise DataError("; ".join(refused))
    close = _inliers(np.array([r.modulus.value for r in results]))
    used = close if settings.leave_out_outliers else np.ones(close.size, bool)
    counted = [r for r, u in zip(results, used, strict=True) if u]
    reduced, _ = _mean([r.reduced for r in counted], rng)
    stiffest = 0.9 * contact.tip_modulus / (1 - contact.tip_poisson**2) / 1e9
    sample = reduced.through(
        lambda r, nu: sample_modulus(np.minimum(r, stiffest) * 1e9, poisson=nu, contact=contact) / 1e9,
        poisson,
        unit="GPa",
    )
    plastic = [r.hardness for r in counted if not r.elastic]
    hardness, hardness_spread = (
        _mean(plastic, rng) if plastic else (Estimate.unknown_doubt(float("nan"), "GPa"), float("nan"))
    )
    values = np.array([r.modulus.value for r in counted])
    return IndentResult(
        indents=tuple(results),
        used=tuple(bool(u) for u in used),
        modulus=sample,
        hardness=hardness,
        modulus_spread=float(values.std(ddof=1)) if values.size > 1 else float("nan"),
        hardness_spread=hardness_spread,
        vendor_modulus=_vendor_mean([f.modulus for f in files]),
        vendor_hardness=_vendor_mean([f.hardness for f in files]),
        contact=contact,
        poisson=poisson,
        lithium=compare_with_lithium(sample, poisson=poisson),
        refused=tuple(refused),
        warnings=(
            *_outliers(results, close, settings.leave_out_outliers),
            *(w for r in results for w in r.warnings),
            *((said,) if said else ()),
        ),
    )


def _outliers(results: list[Indentation], close: np.ndarray, left_out: bool) -> tuple[str, ...]:
    """Name the indents far from the others."""
    far = [
        f"{r.indent.name} ({r.modulus.value:.4g} GPa)" for r, c in zip(results, close, strict=True) if not c
    ]
    if not far:
        return ()
    done = "do not count" if left_out else "count all the same (leave_out_outliers: true leaves them out)"
    return (f"far from the other indents: {', '.join(far)}; they {done}",)


def _inliers(values: np.ndarray) -> np.ndarray:
    """Values within 3.5 robust standard deviations, or 5 %, of the median; all of fewer than five."""
    if values.size < 5:
        return np.ones(values.size, bool)
    distance = np.abs(values - np.median(values))
    reach = max(3.5 * 1.4826 * float(np.median(distance)), 0.05 * abs(float(np.median(values))))
    return np.asarray(distance <= reach)


def _mean(values: list[Estimate], rng: np.random.Generator) -> tuple[Estimate, float]:
    """Mean over indents with Student's t error of the mean, and the spread between indents."""
    if len(values) == 1:
        return values[0], float("nan")
    middle = np.array([v.value for v in values])
    spread = float(middle.std(ddof=1))
    draws = middle.mean() + spread / np.sqrt(middle.size) * rng.standard_t(middle.size - 1, DRAWS)
    # two or three indents leave tails that no solid has; the quantiles in between are untouched
    return Estimate(np.clip(draws, middle.mean() / 4, 4 * middle.mean()), values[0].unit), spread


def _vendor_mean(columns: list[np.ndarray]) -> float:
    """Mean of the vendor's values, GPa; nan where there are none."""
    values = np.concatenate(columns)
    values = values[np.isfinite(values)]
    return float(values.mean()) / 1e9 if values.size else float("nan")
