r"""Stiffness against lithium: the criterion of Monroe and Newman, an indicator and no more.

A linear stability analysis of a lithium surface under an elastic, isotropic, defect-free polymer separator
finds deposition stable when the separator's shear modulus exceeds about twice that of lithium. Ceramics far
beyond it are penetrated all the same, along cracks and grain boundaries: passing is not proof.

Source: Monroe & Newman, J. Electrochem. Soc. 152 (2005) A396.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.estimate import Estimate

__all__ = ["LITHIUM_MODULUS", "LITHIUM_POISSON", "StiffnessIndicator", "compare_with_lithium"]

LITHIUM_MODULUS = 7.8e9
"""Young's modulus of lithium, Pa, as used by 10.1126/sciadv.adh4626 (its refs. 39, 40)."""
LITHIUM_POISSON = 0.36
THRESHOLD = 2.0  # ratio of shear moduli; the paper of Monroe and Newman finds about 1.8 to 2


@dataclass(frozen=True, slots=True, eq=False)
class StiffnessIndicator:
    """Young's and shear moduli over those of lithium, and what the criterion in shear modulus says."""

    young_ratio: Estimate
    shear_modulus: Estimate
    shear_ratio: Estimate
    probability: float
    statement: str


def compare_with_lithium(
    modulus: Estimate,
    *,
    poisson: Estimate,
    lithium_modulus: float = LITHIUM_MODULUS,
    lithium_poisson: float = LITHIUM_POISSON,
) -> StiffnessIndicator:
    """The indicator for a Young's modulus in GPa; G = E/2(1 + ν) for both.

    Returns
    -------
    The ratios and the share of the draws that pass G/G_Li > 2.
    """
    shear_lithium = lithium_modulus / (2 * (1 + lithium_poisson)) / 1e9
    shear = modulus.through(lambda e, nu: e / (2 * (1 + nu)), poisson, unit="GPa")
    ratio = shear.through(lambda g: g / shear_lithium, unit="1")
    young = modulus.through(lambda e: e * 1e9 / lithium_modulus, unit="1")
    passed = float(np.mean(ratio.draws > THRESHOLD))
    said = (
        f"Young's modulus is {young.text()} times that of lithium, the shear modulus {ratio.text()} times; "
        f"the criterion of Monroe and Newman (G/G_Li > {THRESHOLD:g}) is "
        f"{'met' if passed > 0.5 else 'not met'}. "
        "It holds for smooth, defect-free contact: an indicator, no proof against dendrites."
    )
    return StiffnessIndicator(young, shear, ratio, passed, said)
