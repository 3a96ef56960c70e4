"""What changed between two libraries, and which windows moved."""

from __future__ import annotations

from dataclasses import dataclass

from electrolith.core.errors import InputError
from electrolith.stability.comparison import compare
from electrolith.stability.entries import EntrySettings
from electrolith.stability.library import Library, Phase

SMALLEST_MOVE = 0.01
"""V; window limits that move less are not listed."""


@dataclass(frozen=True)
class MovedWindow:
    """Limits of one material before and after, V."""

    label: str
    before: tuple[float, float]
    after: tuple[float, float]


@dataclass(frozen=True)
class LibraryDiff:
    """Changes from one library to the next.

    added, removed : formula and id. changed : eV/atom, new minus old. moved : windows.
    """

    old_fingerprint: str
    new_fingerprint: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, float]
    moved: tuple[MovedWindow, ...]
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]


def diff_libraries(
    old: Library, new: Library, *, tolerance: float = 5e-4, windows: bool = True
) -> LibraryDiff:
    """Phases added, removed and changed by more than `tolerance` (eV/atom), and the windows that moved.

    Raises
    ------
    InputError
        If the two are of different engines: their energies have different zeros.
    """
    engines = [(lib.phases[0].engine, lib.phases[0].scheme) for lib in (old, new) if lib.phases]
    if len(set(engines)) > 1:
        raise InputError(
            f"phases diff: {engines[0][0]} ({engines[0][1]}) against {engines[1][0]} ({engines[1][1]}): "
            "energies of different engines cannot be subtracted"
        )
    before, after = _by_name(old), _by_name(new)
    changed = {
        name: after[name].energy_per_atom - before[name].energy_per_atom
        for name in sorted(before.keys() & after.keys())
    }
    moved, appeared, vanished = _moved(old, new) if windows else ((), (), ())
    return LibraryDiff(
        old.fingerprint,
        new.fingerprint,
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
        {k: v for k, v in changed.items() if abs(v) > tolerance},
        moved,
        appeared,
        vanished,
    )


def _by_name(library: Library) -> dict[str, Phase]:
    """Phases by formula and id."""
    return {f"{p.formula} {p.id}": p for p in library.phases}


def _moved(old: Library, new: Library) -> tuple[tuple[MovedWindow, ...], tuple[str, ...], tuple[str, ...]]:
    """Windows of the comparison that differ, those only the new library has, those only the old one has."""
    settings = EntrySettings(draws=0)
    limits = [
        {c.window.label: c.window.nominal for c in compare(lib, settings, temperature=None).rows}
        for lib in (old, new)
    ]
    shared = limits[0].keys() & limits[1].keys()
    moved = tuple(
        MovedWindow(label, limits[0][label], limits[1][label])
        for label in limits[1]
        if label in shared
        and max(abs(a - b) for a, b in zip(limits[0][label], limits[1][label], strict=True)) > SMALLEST_MOVE
    )
    return (
        moved,
        tuple(sorted(limits[1].keys() - shared)),
        tuple(sorted(limits[0].keys() - shared)),
    )
