"""The structures that ship with the package."""

import pytest

from electrolith.core.errors import InputError
from electrolith.crystal.library import shipped_crystal, shipped_names


@pytest.mark.parametrize(
    ("name", "group", "sites", "density"),
    [
        ("LiCl", "Fm-3m", ["4a", "4b"], 2.07),
        ("beta-Li3N", "P6_3/mmc", ["2b", "2c", "4f"], 1.68),
        ("Li", "Im-3m", ["2a"], 0.534),
    ],
)
def test_shipped_structures_have_their_groups_sites_and_densities(name, group, sites, density):
    crystal = shipped_crystal(name)
    assert crystal.space_group == group
    assert sorted(site.wyckoff for site in crystal.sites) == sites
    assert crystal.is_ordered
    assert crystal.density.value == pytest.approx(density, rel=0.01)


def test_an_unknown_structure_names_the_nearest():
    with pytest.raises(InputError, match="no 'LiCi'; did you mean 'LiCl'"):
        shipped_crystal("LiCi")
    assert "Li" in shipped_names()
