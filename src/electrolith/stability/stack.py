"""The layers of a cell against each other: compatibility at stated potentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.stability.entries import EntrySettings, entries_of
from electrolith.stability.interface import Interface, InterfaceSettings, interface
from electrolith.stability.library import Library
from electrolith.stability.material import Material
from electrolith.stability.window import Window, window


@dataclass(frozen=True)
class StackSettings:
    """Potentials at which each contact is judged, V against the metal of the open element; closed as well."""

    potentials: Annotated[tuple[float, ...], Unit("V")] = (0.0, 2.5, 4.2)
    open_element: str = "Li"


@dataclass(frozen=True)
class Contact:
    """One contact of two layers.

    closed : without exchange. at : at each potential asked. worst : lowest mutual energy of all, eV/atom.
    """

    first: str
    second: str
    closed: Interface
    at: tuple[Interface, ...]

    @property
    def worst(self) -> Interface:
        """The case with the strongest mutual reaction."""
        return min((self.closed, *self.at), key=lambda i: i.mutual.value)


@dataclass(frozen=True)
class Stack:
    """Every pair of layers, and each layer's own window."""

    layers: tuple[str, ...]
    potentials: tuple[float, ...]
    open_element: str
    contacts: tuple[Contact, ...]
    windows: dict[str, Window]

    def contact(self, first: str, second: str) -> Contact:
        """The contact of two layers, in either order."""
        for c in self.contacts:
            if {c.first, c.second} == {first, second}:
                return c
        raise InputError(f"stack: no contact of {first} and {second}; layers: {', '.join(self.layers)}")


def stack(
    layers: Sequence[Material],
    library: Library,
    settings: StackSettings | None = None,
    entry_settings: EntrySettings | None = None,
) -> Stack:
    """Judge every pair of layers, closed and at each potential.

    Raises
    ------
    InputError
        If there are fewer than two layers, or a layer has no energy.
    """
    settings = settings or StackSettings()
    entry_settings = entry_settings or EntrySettings(draws=50)
    if len(layers) < 2:
        raise InputError(f"a stack needs at least two layers, got {len(layers)}")
    contacts = []
    for i, first in enumerate(layers):
        for second in layers[i + 1 :]:
            elements = first.elements | second.elements | {settings.open_element}
            entries = entries_of(library, elements, entry_settings)
            open_at = tuple(
                interface(first, second, entries, InterfaceSettings({settings.open_element: -v}))
                for v in settings.potentials
                if _has_closed(first, settings.open_element) and _has_closed(second, settings.open_element)
            )
            contacts.append(Contact(first.label, second.label, interface(first, second, entries), open_at))
    windows = {
        m.label: window(m, entries_of(library, m.elements | {settings.open_element}, entry_settings))
        for m in layers
        if _has_closed(m, settings.open_element)
    }
    return Stack(
        tuple(m.label for m in layers), settings.potentials, settings.open_element, tuple(contacts), windows
    )


def _has_closed(material: Material, open_element: str) -> bool:
    """Whether anything is left of a phase when the open element may leave."""
    return bool(material.elements - {open_element})
