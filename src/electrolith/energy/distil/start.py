"""Where a distillation starts: decorations of the materials, strained, sheared and rattled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.frame import Frame
from electrolith.crystal.library import shipped_crystal
from electrolith.crystal.order import Keep, MonteCarlo, Ordering, order_crystal
from electrolith.crystal.read import read_crystal
from electrolith.crystal.site import repeat

__all__ = ["Base", "Start", "StartMaterial", "bases_of", "starting_frames"]


@dataclass(frozen=True, slots=True)
class StartMaterial:
    """One crystal that the potential must know.

    name: as the certificate lists it.
    structure: shipped structure by name; or crystal: file, with partial occupancies if it is disordered.
    oxidation_states: charge (e) of each element of a disordered crystal.
    supercell: repeats along the vectors; small cells are cheap to label.
    compositions: contents of the supercell of a disordered crystal; without them the nearest neutral one.
    decorations: ordered realisations of each composition, half of lowest Ewald energy and half random.
    dynamics: whether the student is run in it to find what it does not know.
    certificate_runs: whether the certificate runs it, too; cells and elastic constants are compared anyway.
    compared: whether the certificate asks the teacher about it; its cell may be too large for that.
    crystal : file, instead of `structure`.
    """

    name: str
    structure: str | None = None
    crystal: Path | None = None
    oxidation_states: dict[str, float] | None = None
    supercell: tuple[int, int, int] = (1, 1, 1)
    compositions: tuple[str, ...] = ()
    decorations: int = 6
    dynamics: bool = True
    certificate_runs: bool = True
    compared: bool = True

    def __post_init__(self) -> None:
        if (self.structure is None) == (self.crystal is None):
            raise InputError(f"material {self.name}: give either structure or crystal")
        if self.decorations < 1:
            raise InputError(f"material {self.name}: decorations must be at least 1, got {self.decorations}")

    def read(self) -> DisorderedCrystal:
        """The crystal."""
        if self.structure is not None:
            return shipped_crystal(self.structure)
        return read_crystal(self.crystal or "", oxidation_states=self.oxidation_states)


@dataclass(frozen=True, slots=True)
class Start:
    """What is labelled first.

    variants: deformed copies of each cell, besides the cell itself.
    volume: largest change of volume, relative. shear: standard deviation of the shear strains.
    rattle: smallest and largest standard deviation of the displacements, Å.
    """

    variants: int = 3
    volume: float = 0.06
    shear: float = 0.02
    rattle: tuple[Annotated[float, Unit("angstrom")], Annotated[float, Unit("angstrom")]] = (0.02, 0.15)

    def __post_init__(self) -> None:
        if self.variants < 1:
            raise InputError(f"start: variants must be at least 1, got {self.variants}")
        if not 0 <= self.volume < 0.3 or not 0 <= self.shear < 0.2:
            raise InputError(f"start: volume ({self.volume}) and shear ({self.shear}) are small strains")
        if not 0 < self.rattle[0] <= self.rattle[1]:
            raise InputError(f"start: rattle needs 0 < smallest <= largest, got {self.rattle} Å")


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """An ordered cell of a material, at the positions of its crystal."""

    material: str
    frame: Frame
    dynamics: bool


def bases_of(materials: Sequence[StartMaterial], *, seed: int) -> tuple[Base, ...]:
    """Ordered cells of all materials.

    Raises
    ------
    InputError
        If a structure is unknown, an oxidation state is missing or a composition does not fit.
    """
    found = []
    for number, material in enumerate(materials):
        crystal = material.read()
        if crystal.is_ordered and not material.compositions:
            frame = repeat(crystal.to_frame(), material.supercell)
            found.append(Base(material.name, frame, material.dynamics))
            continue
        low = (material.decorations + 1) // 2
        keep = Keep(lowest=low, random=material.decorations - low, monte_carlo=0)
        for composition in material.compositions or (None,):
            settings = Ordering(
                material.supercell,
                composition,
                decorations=500,
                keep=keep,
                monte_carlo=MonteCarlo(walkers=1, sweeps=1, levels=1),
                seed=seed + number,
            )
            frames = order_crystal(crystal, settings).frames
            found += [Base(material.name, frame, material.dynamics) for frame in frames]
    return tuple(found)


def starting_frames(
    bases: Sequence[Base], start: Start, *, seed: int
) -> tuple[tuple[Frame, dict[str, Any]], ...]:
    """Each cell as it is, and deformed.

    Returns
    -------
    Frames with the kind of material. All variants of one decoration count as one run, so that no potential is
    judged on a decoration it was fitted to; a material of one cell has nothing but variants to be judged on.
    """
    rng = np.random.default_rng(seed)
    out: list[tuple[Frame, dict[str, Any]]] = []
    cells = Counter(base.material for base in bases)
    for number, base in enumerate(bases):
        source = {"kind": base.material, "run": f"start-{number}", "round": 0}
        out.append((base.frame, {**source, "origin": "sites of the crystal"}))
        for variant in range(start.variants):
            # One volume in each equal part of the range, so that compressed and stretched cells are met.
            swell = start.volume * (2 * (variant + rng.random()) / start.variants - 1)
            frame = deformed(base.frame, swell, start.shear, rng.uniform(*start.rattle), rng=rng)
            if cells[base.material] == 1:
                source = {**source, "run": f"start-{number}-{variant}"}
            out.append((frame, {**source, "origin": f"volume {swell:+.1%}, sheared, rattled"}))
    return tuple(out)


def deformed(frame: Frame, swell: float, shear: float, rattle: float, *, rng: np.random.Generator) -> Frame:
    """The frame, its volume changed by `swell` (relative), sheared and rattled (Å), by standard deviation."""
    strain = rng.normal(0, shear, (3, 3))
    strain = (strain + strain.T) / 2
    strain -= np.eye(3) * np.trace(strain) / 3
    matrix = np.eye(3) + strain
    matrix *= ((1 + swell) / np.linalg.det(matrix)) ** (1 / 3)
    positions = frame.positions @ matrix + rng.normal(0, rattle, frame.positions.shape)
    return Frame(positions, frame.cell @ matrix, frame.numbers)
