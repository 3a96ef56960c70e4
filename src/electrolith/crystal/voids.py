"""Holes of a framework: the points that are furthest from its atoms, where small ions sit or pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay, cKDTree

from electrolith.core.errors import InputError
from electrolith.crystal.periodic import images_near, wrap

__all__ = ["Voids", "find_voids"]


@dataclass(frozen=True, slots=True, eq=False)
class Voids:
    """Centres of the holes of a framework.

    positions: Cartesian, Å, shape (m, 3). radius: distance to the framework's nearest points, Å, shape (m,).
    coordination: how many points lie at that distance, shape (m,): 4 tetrahedral, 6 octahedral.
    """

    positions: NDArray[np.float64]
    radius: NDArray[np.float64]
    coordination: NDArray[np.int64]


def find_voids(
    positions: NDArray[np.float64], cell: NDArray[np.float64], *, tolerance: float = 0.05
) -> Voids:
    """Centres of the empty spheres that touch a framework (vertices of its Voronoi cells).

    Parameters
    ----------
    positions : of the framework, Cartesian, Å, shape (n, 3).
    cell : lattice vectors as rows, Å, shape (3, 3).
    tolerance : centres this close are one hole, and points this much further than the nearest still touch, Å.

    Returns
    -------
    The holes inside the cell, smallest first.

    Raises
    ------
    InputError
        If there are no points.
    """
    if len(positions) == 0:
        raise InputError("voids: the framework has no points")
    home = wrap(positions, cell)
    reach = 2 * _reach(home, cell)
    images, _ = images_near(home, cell, reach)
    spread = 1e-6 * np.random.default_rng(0).standard_normal(
        images.shape
    )  # symmetric points have no one Delaunay
    simplices = images[Delaunay(images + spread).simplices]
    edges = simplices[:, 1:] - simplices[:, :1]
    flat = np.abs(np.linalg.det(edges)) < 1e-3 * np.linalg.norm(edges, axis=2).prod(axis=1)
    edges, corner = edges[~flat], simplices[~flat, 0]
    centres = corner + np.linalg.solve(edges, np.einsum("sij,sij->si", edges, edges)[..., None] / 2)[..., 0]
    fractional = centres @ np.linalg.inv(cell)
    centres = centres[np.all((fractional > -0.01) & (fractional < 1.01), axis=1)]
    return _gather(centres, images, cell, tolerance)


def _reach(home: NDArray[np.float64], cell: NDArray[np.float64]) -> float:
    """A radius that no hole exceeds: the furthest any point of a grid is from the framework, and some."""
    images, _ = images_near(home, cell, float(np.linalg.norm(cell, axis=1).max()))
    steps = np.stack(np.meshgrid(*[np.linspace(0, 1, 6, endpoint=False)] * 3, indexing="ij"), axis=-1)
    distance, _ = cKDTree(images).query(steps.reshape(-1, 3) @ cell)
    return float(1.5 * distance.max() + np.linalg.norm(cell, axis=1).max() / 6)


def _gather(
    centres: NDArray[np.float64], images: NDArray[np.float64], cell: NDArray[np.float64], tolerance: float
) -> Voids:
    """Merge centres that coincide modulo the lattice; measure each."""
    tree = cKDTree(images)
    found: list[NDArray[np.float64]] = []
    inverse = np.linalg.inv(cell)
    for centre in centres:
        if found:
            gap = (np.array(found) - centre) @ inverse
            if np.linalg.norm((gap - np.round(gap)) @ cell, axis=1).min() < tolerance:
                continue
        found.append(centre)
    if not found:
        raise InputError("voids: no hole was found; is the framework three-dimensional?")
    inside = wrap(np.array(found), cell)
    radius, _ = tree.query(inside)
    touching = np.array(
        [len(tree.query_ball_point(p, r + tolerance)) for p, r in zip(inside, radius, strict=True)]
    )
    order = np.argsort(radius, kind="stable")
    return Voids(inside[order], np.asarray(radius)[order], touching[order])
