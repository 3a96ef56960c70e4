"""Lines that no phase of the model explains: where they are, and which known phase would have them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from electrolith.core.errors import InputError

from .histogram import Histogram
from .instrument import ConstantWavelength, Instrument
from .model import calculate, compile_model, parameters
from .phase import Phase
from .result import FittedHistogram, ForeignLine
from .simulate import sticks

__all__ = [
    "Suspect",
    "d_at",
    "foreign_lines",
    "foreign_words",
    "half_width",
    "peaks_above",
    "positions",
    "suspects",
]

_LEAST = (
    6.0  # σ of a matched filter over the noise of all filters; one pattern in a million shows it by chance
)
_APART = 2.5  # full widths from the next known reflection


@dataclass(frozen=True, slots=True)
class Suspect:
    """A phase that would explain foreign lines. explained : their number; z : of its whole pattern."""

    phase: str
    explained: int
    z: float
    cell_shift: float


def half_width(x: np.ndarray, curve: np.ndarray) -> float:
    """Full width at half maximum of the strongest peak of a curve, in units of x."""
    peak = int(np.argmax(curve))
    above = curve > curve[peak] / 2
    left, right = peak, peak
    while left > 0 and above[left - 1]:
        left -= 1
    while right < len(curve) - 1 and above[right + 1]:
        right += 1
    return float(x[min(right + 1, len(x) - 1)] - x[max(left - 1, 0)]) / 2 + float(x[right] - x[left]) / 2


def peaks_above(
    x: np.ndarray, z: np.ndarray, known: np.ndarray, width: float, *, least: float, most: int
) -> list[tuple[int, float]]:
    """Index and significance of peaks in residuals over σ, away from known positions, the clearest first.

    A Gaussian of the width of the pattern's peaks runs over the residuals; what it gives is held against its
    own scatter, since residuals of real patterns are not noise of one σ.
    """
    step = float(np.median(np.diff(x)))
    points = max(1.0, width / step / 2.355)
    reach = int(np.ceil(3 * points))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / points) ** 2)
    signal = np.convolve(z, kernel / np.sqrt(np.sum(kernel**2)), mode="same")
    known = np.sort(known)
    if len(known):
        index = np.clip(np.searchsorted(known, x), 1, max(len(known) - 1, 1))
        gap = np.minimum(np.abs(x - known[index - 1]), np.abs(x - known[np.minimum(index, len(known) - 1)]))
        free = gap > _APART * width
    else:
        free = np.ones(len(x), dtype=bool)
    if free.sum() < 20:
        return []
    spread = max(1.0, 1.4826 * float(np.median(np.abs(signal[free] - np.median(signal[free])))))
    signal = np.where(free, signal / spread, 0.0)
    out = []
    for _ in range(most):
        peak = int(np.argmax(signal))
        if signal[peak] < least:
            break
        out.append((peak, float(signal[peak])))
        signal[max(0, peak - 2 * reach) : peak + 2 * reach + 1] = 0
    return out


def foreign_lines(item: FittedHistogram, *, most: int = 12) -> tuple[ForeignLine, ...]:
    """Lines of a fitted pattern that belong to no phase of the model, by position."""
    explained = item.calculated - item.background
    if explained.max() <= 0:
        return ()
    width = half_width(item.x, explained)
    known = np.concatenate([positions(item.instrument, t.d, t.position) for t in item.ticks])
    residual = item.observed - item.calculated
    found = peaks_above(item.x, residual / item.sigma, known, width, least=_LEAST, most=most)
    top = float((item.observed - item.background).max())
    lines = [
        ForeignLine(
            item.name, float(item.x[i]), d_at(item.instrument, float(item.x[i])), z, float(residual[i]) / top
        )
        for i, z in found
    ]
    return tuple(sorted(lines, key=lambda line: line.position))


def positions(tool: Instrument, d: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Where reflections stand for every wavelength of the instrument; `first` for its first one."""
    if not isinstance(tool, ConstantWavelength):
        return first
    out = []
    for wavelength, _ in tool.lines:
        sine = [np.minimum(w / 2 / d, 0.99999) for w in (wavelength, tool.wavelength)]
        out.append(first + np.degrees(2 * (np.arcsin(sine[0]) - np.arcsin(sine[1]))))
    return np.concatenate(out)


def d_at(tool: Instrument, position: float) -> float:
    """D of a position, Å."""
    if isinstance(tool, ConstantWavelength):
        return float(tool.wavelength / 2 / np.sin(np.radians((position - tool.zero) / 2)))
    return float((position - tool.zero) / tool.dif_c)


def suspects(
    item: FittedHistogram,
    lines: tuple[ForeignLine, ...],
    histogram: Histogram,
    phases: tuple[Phase, ...],
    *,
    reach: float = 0.006,
) -> tuple[Suspect, ...]:
    """Which of the phases would explain the lines, the clearest first; cells may differ by ±reach."""
    if not lines:
        return ()
    residual = (item.observed - item.calculated) / item.sigma
    width = half_width(item.x, item.calculated - item.background)
    at = np.array([line.position for line in lines])
    out = []
    for phase in phases:
        best = Suspect(phase.name, 0, 0.0, 0.0)
        for shift in np.linspace(-reach, reach, 13):
            cell = tuple(v * (1 + shift) if k < 3 else v for k, v in enumerate(phase.cell))
            found = _match(replace(phase, cell=cell), item, histogram, residual)
            if found is None:
                continue
            z, where = found
            hits = int(np.sum(np.min(np.abs(at[:, None] - where[None, :]), axis=1) < 1.2 * width))
            if (hits, z) > (best.explained, best.z):
                best = Suspect(phase.name, hits, z, float(shift))
        if best.z > _LEAST and best.explained >= max(1, len(lines) // 3):
            out.append(best)
    return tuple(sorted(out, key=lambda s: (s.explained, s.z), reverse=True))


def _match(
    phase: Phase, item: FittedHistogram, histogram: Histogram, residual: np.ndarray
) -> tuple[float, np.ndarray] | None:
    """Significance of a phase's whole pattern in the residuals, and where its stronger lines stand."""
    named = replace(histogram, instrument=item.instrument)
    try:
        model = compile_model((phase,), (named,))
    except InputError:
        return None
    shown = calculate(model, parameters((phase,), (named,)))[0].by_phase[0] / item.sigma
    norm = float(np.linalg.norm(shown))
    if not norm:
        return None
    rows = sticks(phase, item.instrument, low=float(item.x[0]), high=float(item.x[-1]))
    return float(shown @ residual) / norm, rows.position[rows.intensity > 3.0]


def foreign_words(lines: tuple[ForeignLine, ...], named: tuple[Suspect, ...]) -> str:
    """One sentence for the reader of a refinement."""
    places = ", ".join(f"{line.position:.2f} (d {line.d:.3f} Å, {line.z:.0f} σ)" for line in lines)
    text = f"{lines[0].histogram}: {len(lines)} line(s) that no phase of the model explains, at {places}"
    if named:
        whom = "; ".join(f"{s.phase} would explain {s.explained}" for s in named[:3])
        return f"{text}. {whom}: add it as a further phase (--phase; phases: in a study)"
    return f"{text}. None of the phases that were searched explains them"
