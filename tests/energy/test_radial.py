from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.crystal.site import repeat
from electrolith.energy.certificate.radial import integrated_difference, radial_distribution


def test_the_first_shell_of_fcc_holds_twelve_neighbours():
    frame = Frame.from_ase(bulk("Ar", "fcc", a=4.0))  # one atom: every neighbour is an image
    (found,) = radial_distribution([frame], reach=3.4, bins=34)
    shells = 4 / 3 * np.pi * np.diff(np.array(found.edges) ** 3)
    neighbours = np.array(found.values) * shells / frame.volume
    assert neighbours.sum() == pytest.approx(12, rel=1e-4)
    assert found.centres[np.argmax(found.values)] == pytest.approx(4 / np.sqrt(2), abs=0.05)


def test_a_gas_has_no_structure():
    rng = np.random.default_rng(2)
    cell = np.array([[9.0, 0.0, 0.0], [3.0, 8.0, 0.0], [-2.0, 1.0, 9.0]])
    numbers = np.array([3] * 60 + [17] * 40)
    frames = [Frame(rng.random((100, 3)) @ cell, cell, numbers) for _ in range(40)]
    found = radial_distribution(frames, reach=6.0, bins=12)
    assert [r.pair for r in found] == ["Cl-Cl", "Cl-Li", "Li-Li"]
    assert sum(r.weight for r in found) == pytest.approx(1)
    for r, expected in zip(
        found, (1 - 1 / 40, 1.0, 1 - 1 / 60), strict=True
    ):  # an atom is no pair with itself
        pairs = np.array(r.values[3:])
        assert pairs == pytest.approx(expected, abs=0.12)
        assert pairs.mean() == pytest.approx(expected, abs=0.02)


def test_pairs_are_those_counted_one_by_one_in_a_skewed_cell(li_n_cl_cell):
    found = {r.pair: r for r in radial_distribution([li_n_cl_cell], reach=7.0, bins=14)}
    frame, edges = li_n_cl_cell, np.linspace(0, 7, 15)
    symbols = np.array(frame.symbols)
    counts = np.zeros(14)
    for shift in np.stack(np.meshgrid(*[range(-3, 4)] * 3), axis=-1).reshape(-1, 3) @ frame.cell:
        for i in np.flatnonzero(symbols == "Li"):
            for j in np.flatnonzero(symbols == "Cl"):
                between = frame.positions[j] + shift - frame.positions[i]
                counts += np.histogram(np.linalg.norm(between), edges)[0]
    ideal = 4 / 3 * np.pi * np.diff(edges**3) * 5 * 2 / frame.volume
    assert found["Cl-Li"].values == pytest.approx(counts / ideal, abs=1e-4)


def test_it_does_not_depend_on_the_cell_chosen_nor_on_the_order_of_atoms(li_n_cl_cell):
    one = radial_distribution([li_n_cl_cell], reach=5.0, bins=25)
    larger = radial_distribution([repeat(li_n_cl_cell, (2, 1, 1))], reach=5.0, bins=25)
    back = np.arange(8)[::-1]
    moved = li_n_cl_cell.positions[back] + li_n_cl_cell.cell[1] + 0.3
    turned = radial_distribution(
        [Frame(moved, li_n_cl_cell.cell, li_n_cl_cell.numbers[back])], reach=5.0, bins=25
    )
    assert integrated_difference(one, larger) < 1e-4
    assert integrated_difference(one, turned) < 1e-4


def test_the_difference_is_zero_for_equal_and_two_for_disjoint_distances(li_n_cl_cell):
    one = radial_distribution([li_n_cl_cell], reach=4.0, bins=40)
    assert integrated_difference(one, one) == 0
    first = tuple(replace(r, values=(1.0,) * 20 + (0.0,) * 20) for r in one)
    second = tuple(replace(r, values=(0.0,) * 20 + (1.0,) * 20) for r in one)
    assert integrated_difference(first, second) == pytest.approx(2)
    half = tuple(replace(r, values=(1.1,) * 40) for r in one)
    flat = tuple(replace(r, values=(0.9,) * 40) for r in one)
    assert integrated_difference(half, flat) == pytest.approx(0.2)


def test_what_cannot_be_compared_is_refused(li_n_cl_cell):
    one = radial_distribution([li_n_cl_cell], reach=4.0, bins=40)
    with pytest.raises(InputError, match="different pairs or bins"):
        integrated_difference(one, radial_distribution([li_n_cl_cell], reach=4.0, bins=20))
    with pytest.raises(InputError, match="no frames"):
        radial_distribution([])
    other = Frame(li_n_cl_cell.positions, li_n_cl_cell.cell, np.full(8, 3))
    with pytest.raises(InputError, match="different atoms"):
        radial_distribution([li_n_cl_cell, other])
