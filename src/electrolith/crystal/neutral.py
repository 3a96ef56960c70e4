"""The charge-neutral fillings of a supercell's sites that are nearest to the refined occupancies."""

from __future__ import annotations

from itertools import product

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.crystal.crystal import DisorderedCrystal

__all__ = ["NEUTRAL", "Option", "least_charged", "neutral_fillings", "positions_of"]

ASSUMED_DOUBT = 0.01  # of an occupancy whose uncertainty nobody stated
WINDOW = 0.12  # search within this share of a site's positions from the refined occupancy, and 2 atoms more
NEUTRAL = 1e-6  # e
KEEP = 6  # best ways kept for each charge: the nearest composition and its alternatives

Option = tuple[float, tuple[dict[str, int], ...]]
"""Cost (squared distance in standard uncertainties) and atoms by species, site by site."""


def positions_of(crystal: DisorderedCrystal, supercell: tuple[int, int, int]) -> list[int]:
    """Positions that each site of the crystal has in the supercell."""
    return [site.multiplicity * int(np.prod(supercell)) for site in crystal.sites]


def _doubt(occupancy: Estimate) -> float:
    """Standard uncertainty to measure by."""
    return occupancy.std if occupancy.doubt == "known" and occupancy.std > 0 else ASSUMED_DOUBT


def _options(crystal: DisorderedCrystal, index: int, positions: int, reach: int) -> dict[float, list[Option]]:
    """Fillings of one site within some atoms of the refined one: (cost, atoms) by charge, cheapest first."""
    site = crystal.sites[index]
    if site.is_full:
        ranges = [range(positions, positions + 1)]
    else:
        reach = min(reach, _widest(positions))
        middle = [round(o.value * positions) for o in site.occupancy.values()]
        ranges = [range(max(0, m - reach), min(positions, m + reach) + 1) for m in middle]
    charges = crystal.charges_of(list(site.occupancy))
    options: dict[float, list[Option]] = {}
    for numbers in product(*ranges):
        if sum(numbers) > positions or (sum(numbers) < positions and not site.has_room):
            continue
        cost = sum(
            ((n / positions - o.value) / _doubt(o)) ** 2
            for n, o in zip(numbers, site.occupancy.values(), strict=True)
        )
        charge = round(float(np.dot(numbers, charges)), 6)
        atoms = dict(zip(site.occupancy, numbers, strict=True))
        options.setdefault(charge, []).append((0.0 if site.is_full else cost, (atoms,)))
    return {charge: sorted(some, key=lambda o: o[0])[:KEEP] for charge, some in options.items()}


def _widest(positions: int) -> int:
    """Atoms by which a filling may differ from the refined one at most."""
    return int(np.ceil(WINDOW * positions)) + 2


def neutral_fillings(crystal: DisorderedCrystal, supercell: tuple[int, int, int]) -> list[Option]:
    """The cheapest neutral fillings of all sites, best first; none where nothing near is neutral.

    The window grows until nothing outside it can be cheaper than what was found inside.
    """
    widest = max(_widest(positions) for positions in positions_of(crystal, supercell))
    reach = 2
    while True:
        joined = _join_all(crystal, supercell, reach)
        neutral = [option for charge, some in joined.items() if abs(charge) < NEUTRAL for option in some]
        best = sorted(neutral, key=lambda o: o[0])[:KEEP]
        enough = len(best) == KEEP and best[-1][0] <= _least_outside(crystal, supercell, reach)
        if enough or reach >= widest:
            return best
        reach *= 2


def _least_outside(crystal: DisorderedCrystal, supercell: tuple[int, int, int], reach: int) -> float:
    """What a filling costs at least that differs by more atoms than `reach` from the refined one."""
    steps = [
        (reach + 0.5) / (positions * _doubt(occupancy))
        for site, positions in zip(crystal.sites, positions_of(crystal, supercell), strict=True)
        if not site.is_full
        for occupancy in site.occupancy.values()
    ]
    return min(steps, default=float("inf")) ** 2


def _join_all(
    crystal: DisorderedCrystal, supercell: tuple[int, int, int], reach: int
) -> dict[float, list[Option]]:
    """The cheapest fillings of all sites by total charge."""
    joined: dict[float, list[Option]] = {0.0: [(0.0, ())]}
    for index, positions in enumerate(positions_of(crystal, supercell)):
        grown: dict[float, list[Option]] = {}
        for charge, more in _options(crystal, index, positions, reach).items():
            for before, some in joined.items():
                options = grown.setdefault(round(before + charge, 6), [])
                options += [(c + d, atoms + extra) for c, atoms in some for d, extra in more]
        joined = {charge: sorted(some, key=lambda o: o[0])[:KEEP] for charge, some in grown.items()}
    return joined


def least_charged(crystal: DisorderedCrystal, supercell: tuple[int, int, int]) -> tuple[float, Option]:
    """The filling nearest to neutral that there is, with its charge (e)."""
    widest = max(_widest(positions) for positions in positions_of(crystal, supercell))
    charge, some = min(_join_all(crystal, supercell, widest).items(), key=lambda item: abs(item[0]))
    return charge, some[0]
