"""Compositions along Li(1+2x)Cl(1-x)N(x), by hand."""

from pathlib import Path

import pytest

from electrolith.core.errors import InputError
from electrolith.crystal.read import read_crystal
from electrolith.crystal.share import formula_with_share

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"
CRYSTAL = read_crystal(EXAMPLE, oxidation_states={"Li": 1.0, "N": -3.0, "Cl": -1.0})
CELL = (2, 2, 2)  # 32 anion sites, 64 lithium sites


@pytest.mark.parametrize(
    ("x", "formula"),
    [
        (0.5, "Li64N16Cl16"),  # 1 + 2x = 2: no lithium vacancy left
        (0.375, "Li56N12Cl20"),
        (1 / 3, "Li54N11Cl21"),  # 10.67 nitrogen, rounded
        (0.0, "Li32Cl32"),
    ],
)
def test_share_of_nitrogen_sets_the_lithium(x, formula):
    assert formula_with_share(CRYSTAL, CELL, element="N", share=x, mobile="Li") == formula


def test_share_of_chlorine_is_the_rest_of_that_of_nitrogen():
    assert formula_with_share(CRYSTAL, CELL, element="Cl", share=0.625, mobile="Li") == "Li56N12Cl20"


@pytest.mark.parametrize(
    ("element", "share", "mobile", "text"),
    [
        ("N", 0.75, "Li", "24 N and 8 Cl need 80 Li, and there are 64 positions"),
        ("N", 1.2, "Li", "share of N must lie between 0 and 1"),
        ("Li", 0.5, "Li", "Li must share exactly one site"),
        ("N", 0.4, "Na", "no site holds the mobile element Na|site Li1"),
    ],
)
def test_impossible_shares_are_refused(element, share, mobile, text):
    with pytest.raises(InputError, match=text):
        formula_with_share(CRYSTAL, CELL, element=element, share=share, mobile=mobile)
