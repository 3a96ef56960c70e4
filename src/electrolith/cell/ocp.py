"""Open-circuit potential of an insertion cathode against Li, as a fast smooth table."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from electrolith.core.errors import InputError

_INTERVALS = 1024
_WALL = (
    -2.0e4
)  # V per unit stoichiometry beyond the ends: 1 V costs 5e-5 of the capacity; a soft end costs 0.5 %


@dataclass(frozen=True, slots=True, eq=False)
class Ocp:
    """U(s) on a uniform grid of cubic pieces, with steep walls beyond its ends.

    low, high : stoichiometry range in which the curve is known.
    pieces : cubic coefficients, constant first, shape (n, 4), in the local coordinate 0..1.
    source : where the curve comes from.
    """

    name: str
    low: float
    high: float
    pieces: np.ndarray
    source: str

    def __call__(self, stoichiometry: np.ndarray) -> np.ndarray:
        """U in V at `stoichiometry`, any shape; walls beyond the known range."""
        return self.with_slope(np.asarray(stoichiometry, float))[0]

    def with_slope(self, stoichiometry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """U in V and dU/ds in V, both in the shape of `stoichiometry`."""
        scale = self.pieces.shape[0] / (self.high - self.low)
        inside = np.minimum(np.maximum(stoichiometry, self.low), self.high)
        position = (inside - self.low) * scale
        index = np.minimum(position.astype(np.intp), self.pieces.shape[0] - 1)
        x = position - index
        piece = self.pieces[index]
        a, b, c, d = piece[..., 0], piece[..., 1], piece[..., 2], piece[..., 3]
        beyond = stoichiometry - inside
        potential = a + x * (b + x * (c + x * d)) + _WALL * beyond
        slope = np.where(beyond == 0.0, (b + x * (2 * c + x * (3 * d))) * scale, _WALL)
        return potential, slope

    def check(self, stoichiometry: float, *, where: str) -> None:
        """Raise InputError when `stoichiometry` lies outside the known range."""
        if not self.low <= stoichiometry <= self.high:
            raise InputError(
                f"{where}: stoichiometry {stoichiometry:.4g} lies outside the open-circuit curve "
                f"{self.name!r}, which is known from {self.low:.4g} to {self.high:.4g}"
            )

    def stoichiometry_at(self, potential: float, *, where: str = "open-circuit curve") -> float:
        """The stoichiometry at equilibrium with `potential` in V.

        Raises
        ------
        InputError
            If the curve never reaches `potential`.
        """
        grid = np.linspace(self.low, self.high, 4 * self.pieces.shape[0] + 1)
        curve = self(grid)
        top, bottom = float(curve.max()), float(curve.min())
        if not bottom <= potential <= top:
            raise InputError(
                f"{where}: {potential:.4g} V lies outside the open-circuit curve {self.name!r}, which spans "
                f"{bottom:.4g} to {top:.4g} V over stoichiometry {self.low:.4g} to {self.high:.4g}"
            )
        above = np.nonzero(curve >= potential)[0][-1]
        if above == grid.size - 1:
            return float(grid[-1])
        place = float(grid[above])
        for _ in range(8):  # Newton inside one smooth piece
            value, slope = self.with_slope(np.asarray(place))
            if slope >= 0:
                break
            place = float(np.clip(place - (value - potential) / slope, grid[above], grid[above + 1]))
        return place


def ocp_from_function(
    potential: Callable[[np.ndarray], np.ndarray],
    *,
    name: str,
    source: str,
    low: float = 0.0,
    high: float = 1.0,
) -> Ocp:
    """Tabulate a smooth formula for U(s) in V between `low` and `high` (cubic pieces, 1e-7 V)."""
    grid = np.linspace(low, high, _INTERVALS + 1)
    step = (high - low) / _INTERVALS
    inner = np.clip(grid, low + 0.25 * step, high - 0.25 * step)
    slope = (potential(inner + 0.25 * step) - potential(inner - 0.25 * step)) / (0.5 * step)
    return Ocp(name, low, high, _hermite(potential(grid), slope * step), source)


def ocp_from_table(
    stoichiometry: np.ndarray,
    potential: np.ndarray,
    *,
    name: str,
    source: str,
    where: str = "open-circuit table",
) -> Ocp:
    """An open-circuit curve through measured points (monotone cubic interpolation, nothing beyond the ends).

    Parameters
    ----------
    stoichiometry : rising, between 0 and 1, shape (n,).
    potential : V against Li, shape (n,).

    Raises
    ------
    InputError
        For fewer than four points, a stoichiometry that does not rise or lies outside 0..1, or values not
        finite.

    Source: Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300, for the slopes.
    """
    from scipy.interpolate import PchipInterpolator

    s, u = np.asarray(stoichiometry, float), np.asarray(potential, float)
    if s.ndim != 1 or s.shape != u.shape or s.size < 4:
        raise InputError(f"{where}: needs two columns of at least four rows, got {s.shape} and {u.shape}")
    if not (np.isfinite(s).all() and np.isfinite(u).all()):
        raise InputError(f"{where}: holds values that are not finite")
    if (np.diff(s) <= 0).any():
        row = int(np.nonzero(np.diff(s) <= 0)[0][0]) + 2
        raise InputError(f"{where}: stoichiometry must rise from row to row; row {row} has {s[row - 1]:.6g}")
    if s[0] < 0 or s[-1] > 1:
        raise InputError(f"{where}: stoichiometry must lie between 0 and 1, got {s[0]:.4g} to {s[-1]:.4g}")
    curve = PchipInterpolator(s, u)
    grid = np.linspace(s[0], s[-1], _INTERVALS + 1)
    step = (s[-1] - s[0]) / _INTERVALS
    return Ocp(
        name, float(s[0]), float(s[-1]), _hermite(curve(grid), curve.derivative()(grid) * step), source
    )


def _hermite(values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Cubic pieces (n, 4) through values (n + 1,) with slopes per interval (n + 1,)."""
    left, right, first, last = values[:-1], values[1:], slopes[:-1], slopes[1:]
    rise = right - left
    return np.ascontiguousarray(
        np.stack([left, first, 3 * rise - 2 * first - last, first + last - 2 * rise], axis=1)
    )
