r"""How much a thick sample damps a fluorescence spectrum.

For fluorescence from an infinitely thick sample the signal is F ∝ µ_a/(µ_tot + g µ_f): µ_a the absorption
of the edge, µ_tot of everything at the incident energy, µ_f of everything at the emitted line, g the ratio of
the sines of entrance and exit angle. A small relative change of µ_a appears reduced by the factor 1 - s with
s = µ_a/(µ_tot + g µ_f) just above the edge.

Source: Tröger et al., Phys. Rev. B 46 (1992) 3283.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from electrolith.core.errors import InputError

__all__ = ["SelfAbsorption", "self_absorption"]

_FORMULA = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")


@dataclass(frozen=True, slots=True)
class SelfAbsorption:
    """Damping of a thick sample's fluorescence spectrum.

    damping : s, 0 (dilute) to 1 (the sample is nothing but absorber).
    flagged : s above 0.05: heights and shares must not be read without correction.
    """

    formula: str
    element: str
    edge: str
    damping: float
    flagged: bool
    statement: str


def self_absorption(
    formula: str, *, edge_energy: float, entrance_over_exit: float = 1.0, threshold: float = 0.05
) -> SelfAbsorption:
    """Damping for a thick sample of the given composition near an edge.

    Parameters
    ----------
    formula : such as Li9N2Cl3.
    edge_energy : eV; the element of the formula with an edge nearest to it is the absorber.
    entrance_over_exit : g, ratio of the sines of entrance and exit angles; 1 at 45 degrees each.

    Raises
    ------
    InputError
        If no element of the formula has an edge within 2 % of the energy.
    """
    import xraydb

    counts: dict[str, float] = {}
    for symbol, number in _FORMULA.findall(formula):
        counts[symbol] = counts.get(symbol, 0.0) + (float(number) if number else 1.0)
    if not counts or "".join(a + b for a, b in _FORMULA.findall(formula)) != formula:
        raise InputError(f"formula {formula!r} is not understood; write it like 'Li9N2Cl3'")
    element, edge = _absorber(counts, edge_energy)
    line = _emission(element, edge)
    energy = xraydb.xray_edges(element)[edge].energy + 30.0

    def attenuation(at: float) -> float:
        return float(sum(n * xraydb.atomic_mass(s) * float(xraydb.mu_elam(s, at)) for s, n in counts.items()))

    below = xraydb.xray_edges(element)[edge].energy - 30.0
    own = counts[element] * xraydb.atomic_mass(element)
    step = own * (float(xraydb.mu_elam(element, energy)) - float(xraydb.mu_elam(element, below)))
    damping = step / (attenuation(energy) + entrance_over_exit * attenuation(line))
    flagged = damping > threshold
    said = (
        f"A thick sample of {formula} measured in fluorescence damps features of the {element} {edge} edge "
        f"by about {100 * damping:.0f} %"
        + ("; heights and shares are too small by that much." if flagged else ", which may be neglected.")
    )
    return SelfAbsorption(formula, element, edge, float(damping), bool(flagged), said)


def _absorber(counts: dict[str, float], energy: float) -> tuple[str, str]:
    """The element and edge of the formula nearest to an energy."""
    import xraydb

    near = [
        (abs(edge.energy - energy), symbol, name)
        for symbol in counts
        for name, edge in xraydb.xray_edges(symbol).items()
        if name in ("K", "L3", "L2", "L1")
    ]
    if not near or min(near)[0] > max(0.02 * energy, 8.0):
        raise InputError(f"no element of {', '.join(counts)} has an edge near {energy:.1f} eV")
    return min(near)[1], min(near)[2]


def _emission(element: str, edge: str) -> float:
    """Energy of the strongest line the edge's vacancy emits, eV; 2 % below the edge where none is listed."""
    import xraydb

    lines = xraydb.xray_lines(element, initial_level=edge)
    if not lines:
        return float(xraydb.xray_edges(element)[edge].energy) * 0.98
    return float(max(lines.values(), key=lambda line: line.intensity).energy)
