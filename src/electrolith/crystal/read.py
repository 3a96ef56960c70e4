"""Read a crystal from any file: CIF here, everything else through ASE and pymatgen."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.reading import own_modules, reader, said
from electrolith.crystal.crystal import DisorderedCrystal, Position, build_crystal
from electrolith.crystal.frame import Frame
from electrolith.crystal.oxidation import guess_oxidation_states
from electrolith.crystal.read_ase import PACKED, read_atoms
from electrolith.crystal.read_cif import read_cif
from electrolith.crystal.species import element_of

__all__ = ["crystal_from_frame", "read_crystal"]


@reader("a crystal")
def read_crystal(
    path: Path | str,
    *,
    oxidation_states: dict[str, float] | None = None,
    rng: np.random.Generator | None = None,
) -> DisorderedCrystal:
    """Read a crystal structure, disordered or not.

    Parameters
    ----------
    path : a CIF (partial and shared occupancy, standard uncertainties kept), POSCAR, or any file that ASE or
        pymatgen can read.
    oxidation_states : charge (e) by species or element; goes before what the file says. Where neither says
        anything, common states that make the crystal neutral are guessed, and `notes` says so.
    rng : for the draws of the file's uncertainties; the same file gives the same draws without it.

    Returns
    -------
    The crystal. `notes` says what had to be assumed.

    Raises
    ------
    InputError
        If there is no such file, or an oxidation state is given for an element that is not in it.
    DataError
        If the file is not what it should be.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(_missing(path))
    if path.suffix.lower() in (".cif", ".mcif"):
        crystal = read_cif(path, rng=rng or np.random.default_rng(0))
    else:
        crystal = _read_other(path)
    return _with_states(crystal, oxidation_states or {})


def crystal_from_frame(frame: Frame, *, source: str = "") -> DisorderedCrystal:
    """The crystal whose sites are the atoms of a frame, all full."""
    full = Estimate.exact(1.0, "1")
    positions = [
        Position(f, {symbol: full}) for f, symbol in zip(frame.fractional, frame.symbols, strict=True)
    ]
    return build_crystal(positions, frame.cell, source=source)


def _missing(path: Path) -> str:
    """Text for a file that is not there, with the nearest name in its folder."""
    if path.is_dir():
        return f"{path}: a folder; expected a crystal file such as {path / 'crystal.cif'}"
    there = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, there, n=1)
    return f"{path}: no such file" + (f"; did you mean {near[0]!r}?" if near else "")


def _read_other(path: Path) -> DisorderedCrystal:
    """Whatever ASE reads, else whatever pymatgen reads."""
    try:
        atoms = read_atoms(path)[0]
    except DataError as error:
        if error.__cause__ is None:  # refused by a check, not by a parser: another parser would not help
            raise
        return _read_pymatgen(path, error.__cause__)
    if not atoms.cell.rank == 3:
        raise DataError(
            f"{path}: no periodic cell in this file; expected a crystal with three lattice vectors"
        )
    return crystal_from_frame(Frame.from_ase(atoms), source=path.name)


def _read_pymatgen(path: Path, first: BaseException) -> DisorderedCrystal:
    """Pymatgen's formats; these may hold partial occupancies (without uncertainty)."""
    from pymatgen.core import Structure

    if path.suffix.lower() in (*PACKED, ".z", ".zst", ".lzma"):
        raise DataError(f"{path}: {first}; if it is another format than those of ASE, unpack it first")
    if path.suffix.lower() in (".json", ".yaml", ".yml"):
        _refuse_modules(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            structure = Structure.from_file(path)
    except Exception as error:
        raise DataError(
            f"{path}: neither ASE ({type(first).__name__}) nor pymatgen ({type(error).__name__}) "
            "can read this as a crystal; expected a CIF, a POSCAR or another structure file"
        ) from error
    positions = []
    for site in structure:
        shares = {str(k.symbol): float(v) for k, v in site.species.items()}
        if sum(shares.values()) > 1 + 1e-3:
            raise DataError(
                f"{path}: occupancies on one site add up to {sum(shares.values()):.4g}; expected at most 1"
            )
        positions.append(
            Position(
                np.asarray(site.frac_coords),
                {
                    k: Estimate.exact(1.0, "1") if v == 1 else Estimate.unknown_doubt(v, "1")
                    for k, v in shares.items()
                },
            )
        )
    return build_crystal(positions, np.asarray(structure.lattice.matrix), source=path.name)


def _refuse_modules(path: Path) -> None:
    """JSON and YAML of pymatgen name the classes to build; only its own may be named."""
    try:
        tree = json.loads(read_text(path))
    except ValueError as error:
        raise DataError(f"{path}: neither a crystal nor JSON ({said(error)})") from error
    own_modules(tree, "pymatgen", path)


def _with_states(crystal: DisorderedCrystal, given: dict[str, float]) -> DisorderedCrystal:
    """Put the given oxidation states before those of the file, and guess where both are silent."""
    states = dict(crystal.oxidation_states)
    elements = {element_of(name) for name in crystal.species}
    for name, charge in given.items():
        if name not in crystal.species and name not in elements:
            raise InputError(
                f"oxidation_states: {name} is not in {crystal.source}; it holds {', '.join(crystal.species)}"
            )
        states |= {s: float(charge) for s in crystal.species if name in (s, element_of(s))}
    known = replace(crystal, oxidation_states=states)
    if all(name in states for name in crystal.species):
        return known
    guessed = guess_oxidation_states(known)
    if not guessed:
        return known
    text = ", ".join(f"{name} {charge:+g}" for name, charge in guessed.items())
    note = f"oxidation states guessed: {text}; give oxidation_states to choose others"
    return replace(known, oxidation_states=guessed, notes=(*known.notes, note))
