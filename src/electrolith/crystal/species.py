"""Names of what sits on a site: an element, "Li", or an element with its charge, "Fe3+"."""

from __future__ import annotations

import re

from electrolith.core.errors import InputError

__all__ = ["charge_of", "element_of", "mass_of", "number_of", "species_of"]

_SPECIES = re.compile(r"^([A-Z][a-z]?)(?:(\d*\.?\d*)([+-])|([+-])(\d+\.?\d*))?$")


def _parts(species: str) -> tuple[str, float | None]:
    """Element and charge (None where the name has none).

    Raises
    ------
    InputError
        If the name is no element with or without a charge.
    """
    from ase.data import atomic_numbers

    found = _SPECIES.match(species)
    element = {"D": "H", "T": "H"}.get(found[1], found[1]) if found else ""
    if found is None or atomic_numbers.get(element, 0) == 0:
        raise InputError(f"{species!r} is no element, with or without a charge; expected 'Li' or 'Fe3+'")
    sign = found[3] or found[4]
    size = found[2] or found[5] or "1"
    return element, None if sign is None else float(sign + size)


def element_of(species: str) -> str:
    """Chemical symbol of a species."""
    return _parts(species)[0]


def charge_of(species: str) -> float | None:
    """Charge (e) that the name states, or None."""
    return _parts(species)[1]


def species_of(element: str, charge: float) -> str:
    """Name of an element with its charge, "Fe3+"."""
    return f"{element}{abs(charge):g}{'+' if charge >= 0 else '-'}"


def number_of(species: str) -> int:
    """Atomic number of a species."""
    from ase.data import atomic_numbers

    return int(atomic_numbers[element_of(species)])


def mass_of(species: str) -> float:
    """Standard atomic mass of a species, amu."""
    from ase.data import atomic_masses

    return float(atomic_masses[number_of(species)])
