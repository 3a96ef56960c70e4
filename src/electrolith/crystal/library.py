"""Crystal structures that ship with the package, by name."""

from __future__ import annotations

from importlib.resources import as_file, files

from electrolith.core.errors import InputError, nearest
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.read import read_crystal

__all__ = ["shipped_crystal", "shipped_names"]

FILES = {"LiCl": "licl.cif", "beta-Li3N": "beta-li3n.cif", "Li": "li.cif"}


def shipped_names() -> tuple[str, ...]:
    """Names that `shipped_crystal` knows."""
    return tuple(FILES)


def shipped_crystal(name: str) -> DisorderedCrystal:
    """A structure of the literature; its file names the source.

    Raises
    ------
    InputError
        If there is none of this name (the text holds the nearest one).
    """
    if name not in FILES:
        raise InputError(nearest("structure", name, FILES))
    with as_file(files("electrolith.crystal") / "structures" / FILES[name]) as path:
        return read_crystal(path)
