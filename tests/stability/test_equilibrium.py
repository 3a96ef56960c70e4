"""The small simplex and its kinks: by hand, against an independent solver, against pymatgen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.analysis.phase_diagram import PhaseDiagram
from pymatgen.core import Composition
from scipy.optimize import linprog

from electrolith.core.errors import NotConverged
from electrolith.stability.equilibrium import equilibrium, kinks
from electrolith.stability.material import rivals


def test_a_half_and_half_mixture_of_two_elements_becomes_their_compound():
    columns = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    found = equilibrium(np.array([0.0, 0.0, -2.0]), columns, np.array([1.0, 1.0]), start=np.array([0, 1]))
    assert found.value == pytest.approx(-2.0, abs=1e-12)
    assert dict(zip(found.basis.tolist(), found.amounts.tolist(), strict=True))[2] == pytest.approx(1.0)


def test_the_chemical_potentials_price_every_phase_at_its_cost_or_below():
    columns = np.array([[1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 1.0]])
    cost = np.array([0.0, 0.0, -1.0, -1.2])
    found = equilibrium(cost, columns, np.array([3.0, 2.0]), start=np.array([0, 1]))
    assert np.all(found.duals @ columns <= cost + 1e-12)


@given(seed=st.integers(0, 10_000))
def test_the_simplex_agrees_with_an_independent_solver(seed):
    rng = np.random.default_rng(seed)
    elements, phases = int(rng.integers(2, 6)), int(rng.integers(5, 40))
    columns = np.hstack([np.eye(elements), rng.integers(0, 5, (elements, phases)).astype(float)])
    columns[0, columns.sum(axis=0) == 0] = 1.0
    cost = np.concatenate([np.zeros(elements), rng.normal(-1.0, 2.0, phases)])
    wanted = rng.integers(1, 6, elements).astype(float)
    ours = equilibrium(cost, columns, wanted, start=np.arange(elements)).value
    theirs = linprog(cost, A_eq=columns, b_eq=wanted, method="highs").fun
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_a_basis_that_cannot_make_the_composition_is_refused():
    columns = np.array([[1.0, 1.0], [0.0, 1.0]])
    with pytest.raises(NotConverged, match="cannot make up the composition"):
        equilibrium(np.zeros(2), columns, np.array([1.0, 5.0]), start=np.array([0, 1]))


def test_kinks_of_a_known_broken_line_are_found_exactly():
    def line(t):  # -2t meets -0.3 - t at 0.3, which meets -1.5 + t at 0.6
        return max((-2 * t, -2.0), (-0.3 - t, -1.0), (-1.5 + t, 1.0))

    assert kinks(line, -2.0, 3.0) == pytest.approx((0.3, 0.6), abs=1e-12)
    assert kinks(line, 5.0, 6.0) == ()


@given(slopes=st.lists(st.floats(-5, 5), min_size=2, max_size=8, unique=True))
def test_the_broken_line_through_the_kinks_is_the_function(slopes):
    def line(t):
        return max((s * t - s * s / 4, s) for s in slopes)  # tangents of t²

    corners = (-4.0, *kinks(line, -4.0, 4.0), 4.0)
    grid = np.linspace(-4, 4, 41)
    through = np.interp(grid, corners, [line(t)[0] for t in corners])
    assert through == pytest.approx([line(t)[0] for t in grid], abs=1e-6)


def test_hull_energies_equal_pymatgens_on_its_own_test_entries(li_fe_o, li_fe_o_set, rng):
    diagram = PhaseDiagram(li_fe_o)
    for _ in range(40):
        amounts = rng.integers(1, 12, 3).astype(float)
        composition = Composition(dict(zip(li_fe_o_set.elements, amounts, strict=True)))
        formation = diagram.get_hull_energy(composition) - sum(
            diagram.el_refs[e].energy_per_atom * n for e, n in composition.items()
        )
        kept, columns, start, chosen = rivals(li_fe_o_set, amounts)
        ours = equilibrium(li_fe_o_set.energy[chosen], columns, amounts[kept], start=start).value
        assert ours == pytest.approx(formation, abs=1e-6)
