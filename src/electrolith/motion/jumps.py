"""Which sites ions visit, how often they jump between them, and how often they jump straight back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import InputError
from electrolith.crystal.periodic import images_near, wrap

__all__ = ["Jumps", "SiteSet", "count_jumps", "site_history", "winding"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

CORE = 0.45  # of the shortest distance between sites: an ion this near to a site has arrived there


@dataclass(frozen=True, slots=True, eq=False)
class SiteSet:
    """Places where an ion may sit.

    positions : Cartesian, Å, shape (m, 3), in the axes and from the origin of the ions' paths.
    cell : lattice vectors as rows, Å, shape (3, 3).
    labels : what surrounds each, "N3Cl".
    """

    positions: Array
    cell: Array
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """One label per site, two sites at least."""
        if len(self.labels) != len(self.positions) or len(self.positions) < 2:
            raise InputError(
                f"sites: {len(self.positions)} positions and {len(self.labels)} labels; at least two of each"
            )

    @property
    def spacing(self) -> float:
        """Shortest distance between two sites, images included, Å."""
        from scipy.spatial import cKDTree

        home = wrap(self.positions, self.cell)
        reach = float(np.linalg.norm(self.cell, axis=1).min())
        images, _ = images_near(home, self.cell, reach)
        distance, _ = cKDTree(images).query(home, k=2)
        return float(distance[:, 1].min())


@dataclass(frozen=True, slots=True, eq=False)
class Jumps:
    """Jumps of one run.

    labels : kinds of sites.      time : ion-picoseconds spent on each kind, shape (k,).
    counts : jumps from kind (row) to kind (column), shape (k, k).
    back : jumps out of each kind that undo the ion's jump before, shape (k,).
    lasting : jumps out of each kind that are left when undone ones are struck out in pairs, shape (k,).
    sites : number of sites of each kind.      visited : share of them seen occupied, shape (k,).
    length : mean square length of a jump, Å².
    dimensions : in how many independent directions the observed jumps lead through the whole crystal.
    lasting_dimensions : the same of the lasting jumps alone.
    """

    labels: tuple[str, ...]
    time: Array
    counts: Indices
    back: Indices
    lasting: Indices
    sites: Indices
    visited: Array
    length: float
    dimensions: int
    lasting_dimensions: int

    @property
    def rates(self) -> Array:
        """Jumps out of each kind of site per ion and ps; nan where no ion was, shape (k,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.counts.sum(axis=1) / self.time)

    @property
    def rate(self) -> float:
        """Jumps per ion and ps."""
        return float(self.counts.sum() / self.time.sum())

    @property
    def back_fraction(self) -> float:
        """Share of all jumps that undo the one before; nan without jumps."""
        total = int(self.counts.sum())
        return float(self.back.sum() / total) if total else float("nan")


def site_history(path: Array, sites: SiteSet, *, core: float = CORE) -> tuple[Indices, Indices]:
    """The site each ion belongs to at each time.

    An ion belongs to the last site whose core it was in, so that vibrations half-way count as nothing.

    Parameters
    ----------
    path : unwrapped, Å, shape (n_frames, n_ions, 3).
    core : radius of a core over the shortest distance between sites, below 0.5.

    Returns
    -------
    Site index, and the lattice translation of that site's image (so that paths stay unwrapped), shapes
    (n_frames, n_ions) and (n_frames, n_ions, 3).
    """
    from scipy.spatial import cKDTree

    if not 0 < core < 0.5:
        raise InputError(f"core must lie between 0 and 0.5 site distances, got {core}")
    frames, ions = path.shape[:2]
    home = wrap(sites.positions, sites.cell)
    reach = 1.5 * sites.spacing
    images, owner = images_near(home, sites.cell, reach)
    inverse = np.linalg.inv(sites.cell)
    fractional = path.reshape(-1, 3) @ inverse
    box = np.floor(fractional)
    distance, nearest = cKDTree(images).query((fractional - box) @ sites.cell)
    offset = np.round((images[nearest] - home[owner[nearest]]) @ inverse) + box
    inside = (distance < core * sites.spacing).reshape(frames, ions)
    inside[0] = True  # the first frame has no earlier site to belong to
    last = np.where(inside, np.arange(frames)[:, None], 0)
    last = np.maximum.accumulate(last, axis=0)
    columns = np.arange(ions)
    index = owner[nearest].reshape(frames, ions)[last, columns]
    return index.astype(np.int64), offset.reshape(frames, ions, 3)[last, columns].astype(np.int64)


def count_jumps(path: Array, sites: SiteSet, *, interval: float, core: float = CORE) -> Jumps:
    """Visits, jumps and back-jumps of all ions of a run.

    Parameters
    ----------
    path : unwrapped positions of the ions from the sites' origin, Å, shape (n_frames, n_ions, 3).
    interval : time between frames, fs.
    """
    index, image = site_history(path, sites, core=core)
    labels = tuple(dict.fromkeys(sites.labels))
    kind = np.array([labels.index(name) for name in sites.labels])
    moved = (index[1:] != index[:-1]) | np.any(image[1:] != image[:-1], axis=2)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    back, lasting = np.zeros(len(labels), dtype=np.int64), np.zeros(len(labels), dtype=np.int64)
    home = wrap(sites.positions, sites.cell)
    squares, edges, kept = [0.0], [], [np.zeros((0, 5), dtype=np.int64)]
    for ion in range(index.shape[1]):
        at = np.flatnonzero(moved[:, ion])
        here, there = index[at, ion], index[at + 1, ion]
        shift = image[at + 1, ion] - image[at, ion]
        np.add.at(counts, (kind[here], kind[there]), 1)
        step = home[there] - home[here] + shift @ sites.cell
        squares += list(np.einsum("ij,ij->i", step, step))
        undone = (there[1:] == here[:-1]) & np.all(shift[1:] == -shift[:-1], axis=1)
        np.add.at(back, kind[here[1:][undone]], 1)
        edges.append(np.column_stack([here, there, shift]))
        left = np.array(_left(edges[-1]), dtype=np.int64).reshape(-1, 5)
        np.add.at(lasting, kind[left[:, 0]], 1)
        kept.append(left)
    time = np.bincount(kind[index].ravel(), minlength=len(labels)) * interval / 1000
    number = np.bincount(kind, minlength=len(labels))
    seen = np.bincount(kind[np.unique(index)], minlength=len(labels))
    return Jumps(
        labels=labels,
        time=time.astype(float),
        counts=counts,
        back=back,
        lasting=lasting,
        sites=number,
        visited=seen / number,
        length=float(np.sum(squares) / max(len(squares) - 1, 1)),
        dimensions=winding(np.concatenate(edges), len(home)),
        lasting_dimensions=winding(np.concatenate(kept), len(home)),
    )


def _left(jumps: Indices) -> list[tuple[int, ...]]:
    """Rows (from, to, translation) that remain when every jump and the one that undoes it are struck out."""
    stack: list[tuple[int, ...]] = []
    for here, there, *shift in jumps.tolist():
        if stack and stack[-1] == (there, here, *(-s for s in shift)):
            stack.pop()
        else:
            stack.append((here, there, *shift))
    return stack


def winding(edges: Indices, sites: int) -> int:
    """Number of independent lattice directions in which a periodic network of jumps is connected to itself.

    Parameters
    ----------
    edges : rows of (from, to, three lattice translations), shape (n, 5).
    sites : number of sites.
    """
    parent = np.arange(sites)
    offset = np.zeros((sites, 3), dtype=np.int64)  # of a site from its parent

    def root(site: int) -> tuple[int, Indices]:
        total = np.zeros(3, dtype=np.int64)
        while parent[site] != site:
            total = total + offset[site]
            site = int(parent[site])
        return site, total

    loops: list[Indices] = []
    for row in np.unique(edges, axis=0):
        a, b, shift = int(row[0]), int(row[1]), row[2:]
        (root_a, at_a), (root_b, at_b) = root(a), root(b)
        if root_a == root_b:
            loop = at_a + shift - at_b
            if loop.any():
                loops.append(loop)
        else:
            parent[root_b] = root_a
            offset[root_b] = at_a + shift - at_b
    return int(np.linalg.matrix_rank(np.array(loops))) if loops else 0
