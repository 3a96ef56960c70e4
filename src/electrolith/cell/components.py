"""Where the voltage goes: components that add up to the terminal voltage."""

from __future__ import annotations

import numpy as np

from electrolith.cell.arrays import CellArrays
from electrolith.cell.march import Trial
from electrolith.cell.porous import Geometry

PARTS = (
    "open circuit",
    "uneven use",
    "solid diffusion",
    "cathode kinetics",
    "cathode ionic",
    "cathode electronic",
    "lithium kinetics",
)
"""Names of the components, before those of the layers and contacts; "open circuit" is positive, losses
negative."""


def components(
    cells: CellArrays, index: np.ndarray, geometry: Geometry, trial: Trial, accept: np.ndarray
) -> np.ndarray:
    r"""The terminal voltage, split.

    For every slice and particle class the same terminal voltage is U(s) minus the losses along the path
    through it.
    The mean over paths, weighted by the share of the current that takes each, is the split:
    open circuit U(s̄); uneven use Σ w (U(s_mean) - U(s̄)); solid diffusion Σ w (U(s_surface) - U(s_mean));
    cathode kinetics Σ w η; ionic and electronic Σ w of each path's ohmic drop; the rest in series.
    At rest every path has the same weight.

    Parameters
    ----------
    geometry : of the accepted cells. index : of the accepted cells in the batch.

    Returns
    -------
    V, shape (accepted, parts): `PARTS`, then layers, then contacts.
    """
    g, solved = geometry, trial.solved
    rate, faces, current = solved.rate[accept], solved.faces[accept], solved.current[accept]
    surface, mean = solved.surface[accept], trial.state.modes[accept][..., 0]
    flow = g.volume_charge * rate
    total = flow.sum(axis=(1, 2), keepdims=True)
    share = g.volume_charge / g.volume_charge.sum(axis=(1, 2), keepdims=True)
    at_rest = np.abs(total) <= 1e-9 * np.abs(flow).sum(axis=(1, 2), keepdims=True) + 1e-12
    weight = np.where(at_rest, share, flow / np.where(at_rest, 1.0, total))
    whole = (share * mean).sum(axis=(1, 2))
    open_circuit = g.ocp(whole)
    level_mean, level_surface = g.ocp(mean), g.ocp(surface)
    inside = np.clip(surface, 1e-6, 1 - 1e-6)
    drive = g.surface_current * rate / (4 * g.exchange * np.sqrt(inside * (1 - inside)))
    kinetics = g.thermal * np.arcsinh(drive) + g.film * g.surface_current * rate
    ionic, electronic = _paths(g, faces, current)
    by_slice = weight.sum(axis=2)
    table = np.empty((current.size, len(PARTS)))
    table[:, 0] = open_circuit
    table[:, 1] = (weight * level_mean).sum(axis=(1, 2)) - open_circuit
    table[:, 2] = (weight * (level_surface - level_mean)).sum(axis=(1, 2))
    table[:, 3] = -(weight * kinetics).sum(axis=(1, 2))
    table[:, 4] = -(by_slice * ionic).sum(axis=1)
    table[:, 5] = -(by_slice * electronic).sum(axis=1)
    table[:, 6] = -g.thermal[:, 0, 0] * np.arcsinh(current / (2 * g.lithium_exchange))
    layers = -cells.layer_resistance[index] * current[:, None]
    contacts = -cells.contact_resistance[index] * current[:, None]
    return np.concatenate([table, layers, contacts], axis=1)


def _paths(g: Geometry, faces: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ohmic drop from the separator to each slice in the electrolyte, and from there to the collector in the
    solid, V.
    """
    n, k = faces.shape[0], faces.shape[1] + 1
    ionic_steps = np.zeros((n, k))
    ionic_steps[:, 0] = g.entry * (0.75 * current + 0.25 * faces[:, 0])
    ionic_steps[:, 1:] = (g.gap - g.gap_electronic) * faces
    solid_steps = np.zeros((n, k))
    solid_steps[:, -1] = g.exit * (current - 0.25 * faces[:, -1])
    solid_steps[:, :-1] = g.gap_electronic * (current[:, None] - faces)
    return np.cumsum(ionic_steps, axis=1), np.cumsum(solid_steps[:, ::-1], axis=1)[:, ::-1]
