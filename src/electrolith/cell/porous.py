"""One implicit step of the single-ion porous electrode, for a whole batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dgtsv

from electrolith.cell.arrays import CellArrays
from electrolith.cell.ocp import Ocp

_ITERATIONS = 14
_STOICHIOMETRY_FLOOR = 1e-6  # keeps the exchange current above zero at the ends


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """What the step needs of a batch, reduced once; n cells, k slices, p particle classes.

    share : slice thickness over electrode thickness, shape (k,).
    """

    ocp: Ocp
    share: np.ndarray
    volume_charge: np.ndarray  # C/m² per unit of stoichiometry in each slice and class, (n, k, p)
    surface_current: np.ndarray  # A/m² of particle per unit rate of stoichiometry, (n, 1, p)
    exchange: np.ndarray  # A/m², (n, 1, 1)
    drive: np.ndarray  # surface_current / (4 exchange), s, (n, 1, p)
    film_drop: np.ndarray  # V per unit rate of stoichiometry, (n, 1, p)
    thermal: np.ndarray  # 2RT/F, V, (n, 1, 1)
    film: np.ndarray  # ohm m², (n, 1, 1)
    gap: np.ndarray  # ohm m² between slice centres, ionic + electronic, (n, k - 1)
    gap_electronic: np.ndarray  # ohm m², (n, k - 1)
    entry: np.ndarray  # ohm m² of electrolyte in half the first slice, (n,)
    exit: np.ndarray  # ohm m² of solid in half the last slice, (n,)
    series: np.ndarray  # ohm m², (n,)
    lithium_exchange: np.ndarray  # A/m², (n,)

    def take(self, which: np.ndarray) -> Geometry:
        """The cells `which`."""
        return Geometry(
            self.ocp,
            self.share,
            self.volume_charge[which],
            self.surface_current[which],
            self.exchange[which],
            self.drive[which],
            self.film_drop[which],
            self.thermal[which],
            self.film[which],
            self.gap[which],
            self.gap_electronic[which],
            self.entry[which],
            self.exit[which],
            self.series[which],
            self.lithium_exchange[which],
        )


def reduced(cells: CellArrays, share: np.ndarray) -> Geometry:
    """The geometry of `cells` on slices of relative thickness `share`, shape (k,)."""
    thickness = cells.cathode_thickness[:, None] * share
    distance = 0.5 * (thickness[:, 1:] + thickness[:, :-1])
    electronic = distance / cells.electronic_conductivity[:, None]
    column = (slice(None), None, None)
    surface_current = (cells.particle_radius * cells.active_density[:, None] / 3)[:, None, :]
    return Geometry(
        ocp=cells.ocp,
        share=share,
        volume_charge=(cells.charge_density[:, None] * thickness)[:, :, None]
        * cells.particle_fraction[:, None, :],
        surface_current=surface_current,
        exchange=cells.exchange_current[column],
        drive=surface_current / (4 * cells.exchange_current[column]),
        film_drop=cells.film_resistance[column] * surface_current,
        thermal=cells.thermal_voltage[column],
        film=cells.film_resistance[column],
        gap=distance / cells.ionic_conductivity[:, None] + electronic,
        gap_electronic=electronic,
        entry=0.5 * thickness[:, 0] / cells.ionic_conductivity,
        exit=0.5 * thickness[:, -1] / cells.electronic_conductivity,
        series=cells.series_resistance,
        lithium_exchange=cells.lithium_exchange_current,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """What is held: a current or a voltage, cell by cell.

    held_voltage : True where the voltage is held, shape (n,).
    current : A/m², discharge positive: the value held, or the first guess, shape (n,).
    voltage : V, the value held (ignored where the current is held), shape (n,).
    """

    held_voltage: np.ndarray
    current: np.ndarray
    voltage: np.ndarray

    def take(self, which: np.ndarray) -> Control:
        """The cells `which`."""
        return Control(self.held_voltage[which], self.current[which], self.voltage[which])


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """The state of the electrode at the end of a step.

    rate : of stoichiometry in each slice and class, 1/s, (n, k, p).
    faces : ionic current between slices, A/m², (n, k - 1).
    potential : solid minus electrolyte potential in each slice, V, (n, k).
    surface : stoichiometry at the particle surfaces, (n, k, p).
    current : A/m², (n,).
    voltage : at the terminals, V, (n,).
    converged : (n,).
    """

    rate: np.ndarray
    faces: np.ndarray
    potential: np.ndarray
    surface: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    converged: np.ndarray


def solve(
    geometry: Geometry,
    control: Control,
    base: np.ndarray,
    gain: np.ndarray,
    guess: np.ndarray,
    *,
    tolerance: float,
) -> Solved:
    r"""Potentials and reaction rates when each surface stoichiometry is base + gain × rate.

    In each slice ψ = U(s) - (2RT/F) asinh(j / 2i₀(s)) - r_film j; between slices
    Δψ = Δx (i/κ - (I - i)/σ); ∂i/∂x takes up the reaction. Newton on the rates; each iteration eliminates the
    slices and leaves one tridiagonal system in the currents between them, all cells in one LAPACK call.

    Parameters
    ----------
    base, gain : of the surface stoichiometry, shapes (n, k, p) and (n, 1, p) (1/s)⁻¹.
    guess : first rates, 1/s, (n, k, p).
    tolerance : largest misfit of any potential, V.

    Returns
    -------
    Solved; cells that found no answer have `converged` False.
    """
    rate, current = guess.copy(), control.current.copy()
    n = rate.shape[0]
    faces = np.empty((n, rate.shape[1] - 1))
    potential, surface = np.empty(rate.shape[:2]), np.empty_like(rate)
    voltage, converged = np.empty(n), np.zeros(n, bool)
    todo: np.ndarray | None = None  # None: all
    g, c, a, b, x, i = geometry, control, base, gain, rate, current
    level, slope, s = _reaction(g, a, b, x)
    for _ in range(_ITERATIONS):
        step, new_faces, psi, new_current, new_voltage = _linear_step(g, c, x, i, level, slope)
        trial = x + step
        level, slope, s = _reaction(g, a, b, trial)
        misfit = np.abs(psi[:, :, None] - level).max(axis=(1, 2))
        if c.held_voltage.any():
            misfit = np.where(c.held_voltage, np.maximum(misfit, _lithium_misfit(g, i, new_current)), misfit)
        x, i = trial, new_current
        done = misfit < tolerance
        if todo is None and done.all():
            return Solved(x, new_faces, psi, s, i, new_voltage, done)
        rows = np.arange(n) if todo is None else todo
        if done.any():
            put = rows[done]
            rate[put], faces[put], potential[put] = x[done], new_faces[done], psi[done]
            surface[put], current[put], voltage[put] = s[done], i[done], new_voltage[done]
            converged[put] = True
        left = ~done & np.isfinite(misfit)
        if not left.any():
            break
        if left.all():
            continue
        todo = rows[left]
        g, c, a, b = g.take(left), c.take(left), a[left], b[left]
        x, i, level, slope = x[left], i[left], level[left], slope[left]
    return Solved(rate, faces, potential, surface, current, voltage, converged)


def _reaction(
    g: Geometry, base: np.ndarray, gain: np.ndarray, rate: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ψ of every class at these rates, dψ/drate, and the surface stoichiometry."""
    s = base + gain * rate
    potential, slope = g.ocp.with_slope(s)
    inside = np.minimum(np.maximum(s, _STOICHIOMETRY_FLOOR), 1 - _STOICHIOMETRY_FLOOR)
    product = inside * (1 - inside)
    drive_per_rate = g.drive / np.sqrt(product)
    drive = drive_per_rate * rate
    root = np.sqrt(1 + drive * drive)
    log_slope = np.where(inside == s, (0.5 - inside) / product, 0.0)
    film = g.film_drop
    level = potential - g.thermal * np.arcsinh(drive) - film * rate
    change = slope * gain - g.thermal * (drive_per_rate - drive * log_slope * gain) / root - film
    return level, change, s


def _linear_step(
    g: Geometry,
    c: Control,
    rate: np.ndarray,
    current: np.ndarray,
    level: np.ndarray,
    slope: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One Newton step: change of rates, face currents, potentials, current and voltage."""
    n, k, _ = rate.shape
    compliance = g.volume_charge / slope
    total = compliance.sum(axis=2)
    # sum over classes of charge × (rate + (ψ - level)/slope) = i_in - i_out  =>  ψ = alpha + beta (i_in -
    # i_out)
    beta = 1.0 / total
    alpha = beta * ((compliance * level).sum(axis=2) - (g.volume_charge * rate).sum(axis=2))
    diagonal = beta[:, 1:] + beta[:, :-1] - g.gap
    off = np.zeros((n, k - 1))
    off[:, :-1] = -beta[:, 1:-1]
    right = np.zeros((2, n, k - 1))
    right[0] = alpha[:, :-1] - alpha[:, 1:]
    right[1] = -g.gap_electronic
    right[1, :, 0] += beta[:, 0]
    size = n * (k - 1)
    bad = np.zeros(n, bool)
    if not np.isfinite(diagonal.sum() + right[0].sum()):
        bad = ~(np.isfinite(diagonal).all(axis=1) & np.isfinite(right[0]).all(axis=1))
    if bad.any():  # one broken cell must not touch its neighbours in the shared system
        diagonal[bad], off[bad], right[:, bad] = -1.0, 0.0, 0.0
    band = off.reshape(size)[:-1]
    solution = dgtsv(band, diagonal.reshape(size), band, right.reshape(2, size).T)[3]
    part = solution.T.reshape(2, n, k - 1)
    # voltage as a line in the current: ψ_0 minus electrolyte of half a slice, minus solid path
    first = 0.25 * g.entry
    voltage_0 = alpha[:, 0] - (beta[:, 0] + first) * part[0, :, 0]
    voltage_1 = beta[:, 0] - (beta[:, 0] + first) * part[1, :, 0] - 0.75 * g.entry - g.series
    voltage_0 = voltage_0 + (g.gap_electronic * part[0]).sum(axis=1) + 0.25 * g.exit * part[0, :, -1]
    voltage_1 = (
        voltage_1 - (g.gap_electronic * (1 - part[1])).sum(axis=1) - g.exit * (1 - 0.25 * part[1, :, -1])
    )
    thermal = g.thermal[:, 0, 0]
    drive = current / (2 * g.lithium_exchange)
    lithium = thermal * np.arcsinh(drive)
    lithium_slope = thermal / (2 * g.lithium_exchange * np.sqrt(1 + drive * drive))
    if c.held_voltage.any():
        free = (c.voltage - voltage_0 + lithium - lithium_slope * current) / (voltage_1 - lithium_slope)
        new_current = np.where(c.held_voltage, free, c.current)
        lithium = thermal * np.arcsinh(new_current / (2 * g.lithium_exchange))
    else:
        new_current = c.current
        lithium = thermal * np.arcsinh(new_current / (2 * g.lithium_exchange))
    faces = part[0] + new_current[:, None] * part[1]
    around = np.empty((n, k + 1))
    around[:, 0], around[:, 1:-1], around[:, -1] = new_current, faces, 0.0
    psi = alpha + beta * (around[:, :-1] - around[:, 1:])
    step = (psi[:, :, None] - level) / slope
    if bad.any():
        psi[bad] = np.nan
    return step, faces, psi, new_current, voltage_0 + voltage_1 * new_current - lithium


def _lithium_misfit(g: Geometry, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Error of the linearised Li kinetics after the current moved from `old` to `new`, V."""
    thermal, exchange = g.thermal[:, 0, 0], 2 * g.lithium_exchange
    line = np.arcsinh(old / exchange) + (new - old) / (exchange * np.sqrt(1 + (old / exchange) ** 2))
    return thermal * np.abs(np.arcsinh(new / exchange) - line)
