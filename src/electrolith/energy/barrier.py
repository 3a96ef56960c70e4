"""Barrier of a jump: the path of least energy by a nudged elastic band, and its check by another engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import ElectrolithError, InputError, NotConverged
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.ase_engine import to_calculator
from electrolith.energy.engine import Engine, Evaluation
from electrolith.energy.labels.labels import Label, append_label, read_labels, repair
from electrolith.energy.relax import Relaxation, relax

__all__ = ["Barrier", "BarrierSettings", "PathCheck", "barrier", "check_path", "free_sites", "jump"]

Array = NDArray[np.float64]

HALF_WAY = 0.1  # of a lattice vector: displacements this near to half of one are taken as they are given
CLOSEST = 1.0  # Å: no atom is put nearer than this to another one
SAME = 0.3  # Å: ends whose atoms all lie this near to each other are one minimum
COINCIDE = 1e-6  # Å: images of a band without a saddle may slide onto each other
ROUGH = 5.0  # times the wanted force: from there on the highest image climbs


@dataclass(frozen=True, slots=True)
class BarrierSettings:
    """How a path is found.

    images : between the two ends.
    force : largest force across the path (along it too, on the climbing image) at which it counts as found.
    spring : between neighbouring images.
    steps : most steps; a path that is not found by then says so.
    relax_ends : whether the ends are first relaxed, the cell held.
    """

    images: int = 7
    force: Annotated[float, Unit("eV/angstrom")] = 0.03
    spring: Annotated[float, Unit("eV/angstrom^2")] = 1.0
    steps: int = 1000
    relax_ends: bool = True

    def __post_init__(self) -> None:
        """Refuse paths that cannot hold a saddle."""
        if self.images < 1:
            raise InputError(f"barrier: at least one image between the ends is needed, got {self.images}")
        for name in ("force", "spring", "steps"):
            if not getattr(self, name) > 0:
                raise InputError(f"barrier: {name} must be above 0, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, eq=False)
class Barrier:
    """A path of least energy between two minima.

    engine : name of what it was found with.
    images : frames from start to end, ends included.
    energies : of the images from that of the start, eV, shape (n,).
    along : length of the way from the start, all atoms together, Å, shape (n,).
    slopes : of the energy along the path from the forces alone, eV/Å, shape (n,).
    across : largest force on an atom across the path, eV/Å, shape (n,).
    converged : whether the force criterion was met.      steps : taken.
    """

    engine: str
    images: tuple[Frame, ...]
    energies: Array
    along: Array
    slopes: Array
    across: Array
    converged: bool
    steps: int

    @property
    def saddle(self) -> int:
        """Index of the highest image."""
        return int(np.argmax(self.energies))

    @property
    def forward(self) -> float:
        """Barrier from the start, eV."""
        return float(self.energies[self.saddle] - self.energies[0])

    @property
    def backward(self) -> float:
        """Barrier from the end, eV."""
        return float(self.energies[self.saddle] - self.energies[-1])

    @property
    def mismatch(self) -> float:
        """Largest difference between the energies and the work of the forces along the path, eV.

        Far above the error of the interpolation it says that the forces are not the slope of the energy.
        """
        from scipy.interpolate import CubicSpline

        work = CubicSpline(self.along, self.slopes).antiderivative()(self.along)
        return float(np.abs(work - (self.energies - self.energies[0])).max())


def barrier(start: Frame, end: Frame, engine: Engine, *, settings: BarrierSettings | None = None) -> Barrier:
    """Path of least energy from `start` to `end` (nudged elastic band, climbing image).

    The first guess keeps the distances between atoms between those of the ends (image dependent pair
    potential); the band uses the improved tangent.

    Parameters
    ----------
    start, end : the same atoms in the same cell and order. Displacements are the shortest modulo the
        lattice, except near half a lattice vector, where they are taken as given.
    engine : gives energies and forces.

    Returns
    -------
    The path; `converged` says whether it may be believed.

    Raises
    ------
    InputError
        If the two frames are not of the same atoms and cell, or are the same place.
    NotConverged
        If an end cannot be relaxed, both fall into one minimum, or no image lies above both ends.

    Source: Henkelman, Uberuaga, Jónsson, J. Chem. Phys. 113, 9901 and 9978 (2000); Smidstrup et al.,
    J. Chem. Phys. 140, 214106 (2014); as in ASE.
    """
    settings = settings or BarrierSettings()
    end = _nearest_image(start, end)
    if settings.relax_ends:
        start, end = (_relaxed(f, engine, settings, name) for f, name in ((start, "start"), (end, "end")))
    _check_apart(start, end, relaxed=settings.relax_ends)
    images, steps, converged = _band(start, end, engine, settings)
    found = _measured(images, engine, steps, converged)
    if found.saddle in (0, len(images) - 1):
        raise NotConverged(
            f"barrier: no image lies above the {'start' if found.saddle == 0 else 'end'}, so the path has no "
            "saddle; is that end a minimum, or are there too few images?",
            partial=found,
        )
    return found


def _nearest_image(start: Frame, end: Frame) -> Frame:
    """The end with every atom moved by lattice vectors to where the start has it."""
    if len(start) != len(end) or not np.array_equal(start.numbers, end.numbers):
        raise InputError(
            f"barrier: start has the atoms {_formula(start)} and end {_formula(end)}; both must hold the "
            "same atoms in the same order"
        )
    if not np.allclose(start.cell, end.cell, atol=1e-6):
        raise InputError("barrier: start and end have different cells; relax one of them in the other's cell")
    moved = end.fractional - start.fractional
    whole = np.where(np.abs(moved) < 0.5 + HALF_WAY, 0.0, np.round(moved))
    return Frame(end.positions - whole @ end.cell, end.cell, end.numbers)


def _formula(frame: Frame) -> str:
    return str(frame.to_ase().get_chemical_formula(mode="reduce"))


def _relaxed(frame: Frame, engine: Engine, settings: BarrierSettings, name: str) -> Frame:
    """The minimum next to an end, cell held."""
    found = relax(
        frame, engine, settings=Relaxation(force=settings.force / 2, cell=False, steps=settings.steps)
    )
    if not found.converged:
        raise NotConverged(
            f"barrier: the {name} did not relax within {settings.steps} steps (largest force "
            f"{found.largest_force:.3f} eV/Å)",
            partial=found,
        )
    return found.frame


def _check_apart(start: Frame, end: Frame, *, relaxed: bool) -> None:
    """Two places are needed for a jump."""
    far = float(np.linalg.norm(end.positions - start.positions, axis=1).max())
    if far > SAME:
        return
    text = f"barrier: no atom of the end is further than {far:.2f} Å from its place in the start"
    if relaxed:
        raise NotConverged(f"{text} once both are relaxed: the ion falls back; that site is no minimum")
    raise InputError(f"{text}: these are one place")


def _band(
    start: Frame, end: Frame, engine: Engine, settings: BarrierSettings
) -> tuple[tuple[Frame, ...], int, bool]:
    """Images of the converged band, the steps it took, whether the criterion was met."""
    from ase.mep.neb import NEB, idpp_interpolate
    from ase.optimize import FIRE

    images = [start.to_ase() for _ in range(settings.images + 1)] + [end.to_ase()]
    for image in images:
        image.calc = to_calculator(engine)
    band = NEB(images, k=settings.spring, method="improvedtangent")
    band.interpolate()
    idpp_interpolate(band, traj=None, log=None, mic=True)
    rough = FIRE(band, logfile=None, maxstep=0.1)
    rough.run(fmax=ROUGH * settings.force, steps=settings.steps)
    energies = [x.get_potential_energy() for x in images]
    if max(energies) in (energies[0], energies[-1]):  # climbing would only leave the path
        return tuple(Frame.from_ase(x) for x in images), rough.nsteps, False
    band.climb = True
    fine = FIRE(band, logfile=None, maxstep=0.1)
    left = max(settings.steps - rough.nsteps, 1)
    converged = bool(fine.run(fmax=settings.force, steps=left))
    return tuple(Frame.from_ase(x) for x in images), rough.nsteps + fine.nsteps, converged


def _measured(images: tuple[Frame, ...], engine: Engine, steps: int, converged: bool) -> Barrier:
    """Energies and forces along a path."""
    found = [engine.evaluate(image) for image in images]
    energies = np.array([x.energy for x in found])
    forces = np.array([x.forces for x in found])
    along, slopes, across = _along(images, forces)
    return Barrier(
        engine=engine.name,
        images=images,
        energies=energies - energies[0],
        along=along,
        slopes=slopes,
        across=across,
        converged=converged,
        steps=steps,
    )


def _along(images: tuple[Frame, ...], forces: Array) -> tuple[Array, Array, Array]:
    """Length of the way, slope of the energy along it, and largest force across it, at every image."""
    from scipy.interpolate import CubicSpline

    places = np.array([x.positions for x in images])
    steps = np.linalg.norm(np.diff(places, axis=0).reshape(len(images) - 1, -1), axis=1)
    along = np.concatenate([[0.0], np.cumsum(np.maximum(steps, COINCIDE))])
    tangent = CubicSpline(along, places, axis=0)(along, 1)
    tangent /= np.linalg.norm(tangent.reshape(len(images), -1), axis=1)[:, None, None]
    slopes = -np.einsum("ijk,ijk->i", forces, tangent)
    across = forces + slopes[:, None, None] * tangent
    return along, slopes, np.linalg.norm(across, axis=2).max(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class PathCheck:
    """What another engine says of some images of a path that it did not find.

    engine : its name.      points : indices of the images.
    energies : from that of the first point, eV, shape (k,).
    forces : largest force on an atom at each, eV/Å, shape (k,); on a saddle and at the ends they say how
        far the path of this engine lies from the one it was shown.
    forward, backward : barrier at these images, eV.
    """

    engine: str
    points: tuple[int, ...]
    energies: Array
    forces: Array
    forward: float
    backward: float


def check_path(
    path: Barrier,
    engine: Engine,
    *,
    points: tuple[int, ...] | None = None,
    labels: Path | None = None,
    source: dict[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> PathCheck:
    """Single points of another engine on images of a path.

    Parameters
    ----------
    points : indices of images, first and last included; None: the two ends and the saddle.
    labels : extended XYZ to which every point is appended at once; points found there are not computed
        again, so that a run that was killed goes on.
    source : what the labels say of themselves (kind, origin, ...); the origin gets the name of the point.
    progress : called with the points done and their number.

    Raises
    ------
    InputError
        If the points do not hold both ends and something between.
    ElectrolithError
        If the engine fails on an image; the text names it, and the points before are kept.
    """
    last = len(path.images) - 1
    points = (0, path.saddle, last) if points is None else tuple(sorted(set(points)))
    if len(points) < 3 or points[0] != 0 or points[-1] != last:
        raise InputError(f"barrier check: points must hold 0, {last} and one between, got {list(points)}")
    known = _known(labels, engine.name)
    found: list[Evaluation] = []
    for number, point in enumerate(points):
        frame = path.images[point]
        where = {0: "start", path.saddle: "saddle", last: "end"}.get(point, f"image {point}")
        try:
            value = _evaluate(frame, engine, known)
        except ElectrolithError as error:
            raise ElectrolithError(f"barrier check: {engine.name} failed on the {where}: {error}") from error
        found.append(value)
        if labels is not None and _label(frame, value, engine.name, {}).identity not in known:
            told = dict(source or {})
            told["origin"] = f"{told.get('origin', 'barrier')} {where}"
            append_label(labels, _label(frame, value, engine.name, told))
        if progress:
            progress(number + 1, len(points))
    energies = np.array([x.energy for x in found])
    top = float(energies.max())
    return PathCheck(
        engine=engine.name,
        points=points,
        energies=energies - energies[0],
        forces=np.array([np.linalg.norm(x.forces, axis=1).max() for x in found]),
        forward=top - float(energies[0]),
        backward=top - float(energies[-1]),
    )


def _label(frame: Frame, value: Evaluation, settings: str, source: dict[str, Any]) -> Label:
    return Label(frame, value.energy, value.forces, value.stress, settings, source)


def _known(labels: Path | None, settings: str) -> dict[str, Label]:
    """Labels of a file by their frame; an entry cut short by a kill is taken off first."""
    if labels is None or not repair(labels):
        return {}
    there = read_labels(labels)
    if there[0].settings != settings:
        raise InputError(
            f"{labels}: holds labels of {there[0].settings}, this check is by {settings}; give another file"
        )
    return {x.identity: x for x in there}


def _evaluate(frame: Frame, engine: Engine, known: dict[str, Label]) -> Evaluation:
    """The stored value, or a new one."""
    nothing = Evaluation(0.0, np.zeros_like(frame.positions), None)
    stored = known.get(_label(frame, nothing, engine.name, {}).identity)
    if stored is None:
        return engine.evaluate(frame)
    return Evaluation(stored.energy, stored.forces, stored.stress)


def jump(frame: Frame, atom: int, to: Array) -> Frame:
    """The frame with one atom put elsewhere: the other end of its jump, still to be relaxed.

    Parameters
    ----------
    atom : index.      to : Cartesian, Å, shape (3,); the image given decides the direction of the jump.

    Raises
    ------
    InputError
        If there is no such atom or another one sits there.
    """
    if not 0 <= atom < len(frame):
        raise InputError(f"jump: no atom {atom}; the frame has atoms 0 to {len(frame) - 1}")
    to = np.asarray(to, dtype=float)
    gap = (frame.positions - to) @ np.linalg.inv(frame.cell)
    distance = np.linalg.norm((gap - np.round(gap)) @ frame.cell, axis=1)
    distance[atom] = np.inf
    near = int(np.argmin(distance))
    if distance[near] < CLOSEST:
        raise InputError(
            f"jump: atom {near} ({frame.symbols[near]}) lies {distance[near]:.2f} Å from "
            f"{to.round(2).tolist()}; the place must be empty"
        )
    positions = frame.positions.copy()
    positions[atom] = to
    return Frame(positions, frame.cell, frame.numbers)


def free_sites(frame: Frame, sites: Array, *, within: float) -> NDArray[np.int64]:
    """Indices of the sites without an atom within a distance, shape (k,).

    Parameters
    ----------
    sites : Cartesian, Å, shape (m, 3), such as all tetrahedral sites.
    within : Å; half the shortest distance between sites is a good choice.
    """
    gap = (np.asarray(sites)[:, None, :] - frame.positions[None]) @ np.linalg.inv(frame.cell)
    distance = np.linalg.norm((gap - np.round(gap)) @ frame.cell, axis=2)
    return np.flatnonzero(distance.min(axis=1) > within)
