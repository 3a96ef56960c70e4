"""A guess at oxidation states, for crystals whose file and user say nothing."""

from __future__ import annotations

from itertools import product

import numpy as np

from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.species import charge_of, element_of

__all__ = ["guess_oxidation_states"]

NEUTRAL_WITHIN = 0.02  # of the sum of all cation charges; refined occupancies are no better than that
MOST_SPECIES = 8


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
