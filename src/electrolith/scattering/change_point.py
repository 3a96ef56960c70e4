"""When does a series change? Likelihood of a step or a ramp against none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

__all__ = ["ChangePoint", "onset"]


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The likeliest onset of a change.

    time, low, high : onset and the interval in which the log-likelihood falls by less than 2 (95 %).
    kind : "step" or "ramp" after the onset. gain : log-likelihood gained over no change.
    detected : gain above `needed`, which grows with the number of onsets tried. size : change at the end.
    """

    time: float
    low: float
    high: float
    kind: str
    gain: float
    needed: float
    detected: bool
    size: float
    size_sigma: float


def onset(
    time: np.ndarray, value: np.ndarray, sigma: np.ndarray, *, level_known: bool, false_alarm: float = 1e-3
) -> ChangePoint:
    """Likeliest onset of a step or a ramp in independent normal values.

    Parameters
    ----------
    time, value, sigma : shape (n,), sigma > 0. level_known : the level before is zero (the amount of a phase
    that is not there); else it is fitted (a lattice parameter).
    false_alarm : probability of calling noise a change, shared by all onsets tried.

    Raises
    ------
    InputError
        For fewer than five frames or a sigma that is not positive.
    """
    if len(time) < 5 or np.any(sigma <= 0):
        raise InputError(f"a change needs at least five frames with known doubt, got {len(time)}")
    weight = 1 / sigma**2
    gains: dict[str, np.ndarray] = {}
    sizes: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for kind in ("step", "ramp"):
        gain, size, error = np.zeros(len(time)), np.zeros(len(time)), np.zeros(len(time))
        for k in range(0 if level_known else 1, len(time) - 1):
            shape = np.zeros(len(time))
            shape[k:] = (
                1.0 if kind == "step" else (time[k:] - time[max(k - 1, 0)]) / (time[-1] - time[max(k - 1, 0)])
            )
            target = value
            if not level_known:
                shape = shape - np.sum(weight * shape) / np.sum(weight)
                target = value - np.sum(weight * value) / np.sum(weight)
            norm = float(np.sum(weight * shape**2))
            size[k] = np.sum(weight * shape * target) / norm
            error[k] = norm**-0.5
            gain[k] = 0.5 * size[k] ** 2 * norm * (1.0 if not level_known or size[k] > 0 else 0.0)
        gains[kind], sizes[kind] = gain, (size, error)
    kind = max(gains, key=lambda name: float(gains[name].max()))
    gain = gains[kind]
    best = int(np.argmax(gain))
    close = np.flatnonzero(gain > gain[best] - 2.0)
    needed = float(np.log(2 * len(time) / false_alarm))
    return ChangePoint(
        float(time[best]),
        float(time[close[0]]),
        float(time[close[-1]]),
        kind,
        float(gain[best]),
        needed,
        bool(gain[best] > needed),
        float(sizes[kind][0][best]),
        float(sizes[kind][1][best]),
    )
