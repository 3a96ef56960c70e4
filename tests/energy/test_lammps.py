import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest

from electrolith.core.errors import DataError, ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.pod.lammps import LammpsPod, li_n_cl, open_lammps, to_lower_triangular
from electrolith.energy.pod.potential import PodSettings, load_potential, potential_names, save_potential

SKEWED = np.array([[5.6, 0.3, -0.2], [1.4, 5.1, 0.4], [-0.9, 1.1, 5.3]])


def test_the_cell_is_turned_not_changed():
    cell, rotation = to_lower_triangular(SKEWED)
    np.testing.assert_allclose(np.triu(cell, 1), 0, atol=1e-12)
    np.testing.assert_allclose(cell @ cell.T, SKEWED @ SKEWED.T, rtol=1e-12)
    np.testing.assert_allclose(SKEWED @ rotation, cell, atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_a_left_handed_cell_is_refused(li_n_cl_cell):
    frame = li_n_cl_cell
    with pytest.raises(InputError, match="left-handed"):
        li_n_cl().evaluate(Frame(frame.positions, SKEWED[[1, 0, 2]], frame.numbers))


def test_an_element_the_potential_does_not_know_is_named(li_n_cl_cell):
    frame = li_n_cl_cell
    numbers = frame.numbers.copy()
    numbers[0] = 35
    with pytest.raises(InputError, match=r"no Br; it knows Li, N, Cl only"):
        li_n_cl().evaluate(Frame(frame.positions, frame.cell, numbers))


def test_an_open_engine_and_a_fresh_one_agree_whatever_came_before(li_n_cl_cell):
    frame = li_n_cl_cell
    other = Frame(frame.positions * 1.03 + 40.0, frame.cell * 1.03, frame.numbers)
    engine = li_n_cl()
    engine.evaluate(other)
    first = engine.evaluate(frame)
    fresh = li_n_cl().evaluate(frame)
    assert first.energy == pytest.approx(fresh.energy, abs=1e-9)
    np.testing.assert_allclose(first.forces, fresh.forces, atol=1e-9)
    np.testing.assert_allclose(first.stress, fresh.stress, atol=1e-11)


def test_an_engine_travels_to_another_process(li_n_cl_cell):
    engine = li_n_cl()
    engine.evaluate(li_n_cl_cell)
    copy = pickle.loads(pickle.dumps(engine))  # noqa: S301 - our own bytes
    assert copy.evaluate(li_n_cl_cell).energy == pytest.approx(
        engine.evaluate(li_n_cl_cell).energy, rel=1e-12
    )


def test_the_energy_of_a_doubled_cell_is_twice_that_of_the_cell(li_n_cl_cell):
    frame = li_n_cl_cell
    doubled = Frame(
        np.vstack([frame.positions, frame.positions + frame.cell[1]]),
        frame.cell * np.array([[1], [2], [1]]),
        np.tile(frame.numbers, 2),
    )
    assert li_n_cl().evaluate(doubled).energy == pytest.approx(
        2 * li_n_cl().evaluate(frame).energy, rel=1e-10
    )


def test_the_core_repels_atoms_that_nearly_touch(li_n_cl_cell):
    energies = []
    for distance in (1.0, 0.8, 0.6, 0.4):
        positions = li_n_cl_cell.positions.copy()
        positions[1] = positions[0] + np.array([distance, 0, 0])
        energies.append(li_n_cl().evaluate(Frame(positions, li_n_cl_cell.cell, li_n_cl_cell.numbers)).energy)
    assert np.all(np.diff(energies) > 5)


def test_a_lonely_atom_is_refused_before_lammps_crashes_on_it():
    with pytest.raises(InputError, match="at least two neighbours"):
        li_n_cl().evaluate(Frame(np.zeros((1, 3)), np.eye(3) * 12, np.array([3])))


def test_unwrapped_positions_follow_an_atom_through_the_faces(li_n_cl_cell):
    frame = li_n_cl_cell
    with open_lammps(load_potential("li-n-cl"), frame) as session:
        session.commands(
            [
                "velocity all set 60 -45 30",
                "fix move all nve",
                "timestep 0.001",
                "neigh_modify every 1 delay 0 check no",
                "run 400",
            ]
        )
        moved = session.unwrapped() - frame.positions
        masses = li_n_cl_cell.to_ase().get_masses()
        mean = np.average(moved, axis=0, weights=masses) @ session.rotation
    np.testing.assert_allclose(mean, 0.4 * np.array([60, -45, 30]), atol=1e-3)


def test_a_lammps_error_comes_with_the_command_that_caused_it(li_n_cl_cell):
    with (
        open_lammps(load_potential("li-n-cl"), li_n_cl_cell) as session,
        pytest.raises(ElectrolithError, match="LAMMPS refused 'no_such_command'"),
    ):
        session.command("no_such_command")


def test_a_potential_is_the_same_after_a_round_trip(li_n_cl_cell, tmp_path):
    potential = load_potential("li-n-cl")
    save_potential(potential, tmp_path)
    again = load_potential(tmp_path)
    assert again.fingerprint == potential.fingerprint
    assert LammpsPod(again).evaluate(li_n_cl_cell).energy == li_n_cl().evaluate(li_n_cl_cell).energy


def test_coefficients_of_another_fit_are_refused(tmp_path):
    potential = load_potential("li-n-cl")
    save_potential(potential, tmp_path / "one")
    save_potential(replace(potential, coefficients=potential.coefficients * 1.01), tmp_path / "two")
    shutil.copy(tmp_path / "two" / "coefficients.pod", tmp_path / "one")
    with pytest.raises(DataError, match="do not belong together"):
        load_potential(tmp_path / "one")


def test_a_coefficient_file_cut_short_is_refused(tmp_path):
    save_potential(load_potential("li-n-cl"), tmp_path)
    path = tmp_path / "coefficients.pod"
    path.write_text("\n".join(path.read_text().splitlines()[:-3]))
    with pytest.raises(DataError, match="cut short"):
        load_potential(tmp_path)


def test_an_unknown_potential_is_answered_with_the_nearest_name():
    assert "li-n-cl" in potential_names()
    with pytest.raises(InputError, match="did you mean 'li-n-cl'"):
        load_potential("li-n-c")


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"cutoff": 0.5}, "inner < cutoff"),
        ({"core_outer": 1.0}, "core_inner < core_outer"),
        ({"regularisation": 0.0}, "1e-10 is known to explode"),
        ({"elements": ("Li", "Li")}, "named once each"),
        ({"four_body": 7}, "four-body term"),
    ],
)
def test_impossible_settings_are_refused(wrong, text):
    with pytest.raises(InputError, match=text):
        PodSettings(**wrong)


def test_atoms_on_the_faces_of_the_cell_are_where_they_were_put(li_n_cl_cell):
    """LAMMPS takes such an atom to the other face as rounding has it."""
    shifts = np.stack(np.meshgrid(*[(0.0, 0.5)] * 3), axis=-1).reshape(-1, 3)
    frame = Frame(shifts @ li_n_cl_cell.cell, li_n_cl_cell.cell, li_n_cl_cell.numbers)
    with open_lammps(load_potential("li-n-cl"), frame) as session:
        np.testing.assert_allclose(session.unwrapped(), frame.positions, atol=1e-12)
        session.command("run 0")
        np.testing.assert_allclose(session.unwrapped(), frame.positions, atol=1e-9)
