"""A guess at oxidation states, for crystals whose file and user say nothing."""

from __future__ import annotations

from itertools import product

import numpy as np

from electrolith.core.errors import InputError
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.species import charge_of, element_of

__all__ = ["charge_of_ion", "guess_oxidation_states"]

NEUTRAL_WITHIN = 0.02  # of the sum of all cation charges; refined occupancies are no better than that
MOST_SPECIES = 8
TWO_VALUED = ("Cu",)  # one state is listed as common, and another is the one that moves


def charge_of_ion(element: str) -> int:
    """Charge (e) of an ion whose element has one common oxidation state: Li +1, Mg +2, F -1.

    Raises
    ------
    InputError
        If the element has several, or none: the charge must then be given.

    Source: common oxidation states of pymatgen's table of elements.
    """
    from pymatgen.core import Element

    states = Element(element_of(element)).common_oxidation_states
    if len(states) != 1 or element in TWO_VALUED:
        known = ", ".join(f"{s:+d}" for s in states) or "none that is common"
        raise InputError(
            f"charge of the ion: {element} has several oxidation states ({known}); give its charge"
        )
    return int(states[0])


def guess_oxidation_states(crystal: DisorderedCrystal) -> dict[str, float]:
    """The most neutral combination of common oxidation states in which anions are the electronegative ones.

    Parameters
    ----------
    crystal : states that it has already are kept.

    Returns
    -------
    Charge (e) by species; empty where no combination is neutral within 2 % of the cation charge.

    Source: common oxidation states and Pauling electronegativities of pymatgen's table of elements.
    """
    from pymatgen.core import Element

    names = list(crystal.species)
    if len(names) > MOST_SPECIES:
        return {}
    amounts = np.array([crystal.content[name].value for name in names])
    strength = np.array([Element(element_of(name)).X for name in names])
    choices = [_choices(crystal, name) for name in names]
    best: tuple[float, float, tuple[float, ...]] | None = None
    for states in product(*choices):
        charges = np.array(states, dtype=float)
        cations = charges > 0
        scale = float(np.sum(amounts[cations] * charges[cations]))
        if scale == 0 or cations.all() or strength[cations].max() > strength[~cations].min():
            continue
        imbalance = abs(float(amounts @ charges)) / scale
        if imbalance < NEUTRAL_WITHIN:
            candidate = (round(imbalance, 3), float(np.abs(charges).sum()), states)
            best = candidate if best is None else min(best, candidate)
    return {} if best is None else dict(zip(names, map(float, best[2]), strict=True))


def _choices(crystal: DisorderedCrystal, name: str) -> tuple[float, ...]:
    """What the charge of a species may be."""
    from pymatgen.core import Element

    known = crystal.oxidation_states.get(name, charge_of(name))
    if known is not None:
        return (known,)
    return tuple(map(float, Element(element_of(name)).common_oxidation_states))
