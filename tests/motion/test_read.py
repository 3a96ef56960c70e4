"""Readers of trajectories: what the file says of time, cell and elements is used, compared or asked for."""

import numpy as np
import pytest
from ase.io import write

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.motion.read import read_run, read_trajectory
from electrolith.motion.recording import joined, timed

CELL = np.array([[9.0, 0.0, 0.0], [3.1, 8.7, 0.0], [-2.4, 2.2, 9.4]])
NUMBERS = np.array([3, 17, 3, 39])
FRAMES = 12


@pytest.fixture
def path(rng):
    """Unwrapped positions, Å, shape (FRAMES, 4, 3), that leave the cell."""
    steps = rng.normal(scale=0.5, size=(FRAMES, 4, 3))
    return np.array([0.2, 0.5, 0.7]) @ CELL + rng.random((4, 3)) @ CELL + np.cumsum(steps, axis=0)


def _dump(file, path, *, columns="id type xu yu zu", steps=None, cell=CELL, order=(2, 0, 3, 1), cut=None):
    """A dump with atoms in a mixed order; types 1 Li, 2 Y, 3 Cl; the box does not begin at 0."""
    types, images = {3: 1, 39: 2, 17: 3}, np.floor(path @ np.linalg.inv(cell))
    origin = np.array([-1.5, 2.0, 0.3])
    a, xy, b, xz, yz, c = cell[0, 0], cell[1, 0], cell[1, 1], cell[2, 0], cell[2, 1], cell[2, 2]
    low = origin + np.array([min(0, xy, xz, xy + xz), min(0, yz), 0])
    high = origin + np.array([a + max(0, xy, xz, xy + xz), b + max(0, yz), c])
    names = {3: "Li", 39: "Y", 17: "Cl"}
    text = ""
    for frame, positions in enumerate(path):
        step = 50 * frame if steps is None else steps[frame]
        text += f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(positions)}\n"
        text += "ITEM: BOX BOUNDS xy xz yz pp pp pp\n"
        for lo, hi, tilt in zip(low, high, (xy, xz, yz), strict=True):
            text += f"{lo:.10f} {hi:.10f} {tilt:.10f}\n"
        text += f"ITEM: ATOMS {columns}\n"
        for i in np.array(order) if frame % 2 else np.arange(4):
            place, fraction = positions[i] + origin, positions[i] @ np.linalg.inv(cell)
            folded = (fraction - images[frame, i]) @ cell + origin
            values = {"id": i + 1, "type": types[NUMBERS[i]], "element": names[NUMBERS[i]], "q": 0.7}
            for k, axis in enumerate("xyz"):
                values |= {axis + "u": f"{place[k]:.8f}", axis: f"{folded[k]:.8f}"}
                values |= {axis + "su": f"{fraction[k]:.9f}", "i" + axis: int(images[frame, i, k])}
                values |= {axis + "s": f"{fraction[k] - images[frame, i, k]:.9f}"}
            text += " ".join(str(values[c]) for c in columns.split()) + "\n"
    file.write_text(text if cut is None else text[:-cut])
    return file


@pytest.mark.parametrize(
    ("columns", "folded"),
    [
        ("id type xu yu zu", False),
        ("id type xsu ysu zsu", False),
        ("id type x y z ix iy iz", False),
        ("id type q xs ys zs ix iy iz", False),
        ("id element xs ys zs", True),
        ("id element x y z", True),
    ],
)
def test_dump_of_a_skewed_box_gives_positions_elements_and_steps_in_every_set_of_columns(
    tmp_path, path, columns, folded
):
    file = _dump(tmp_path / "a.dump", path, columns=columns)
    found = read_trajectory(file, types=("Li", "Y", "Cl"))
    assert found.numbers.tolist() == NUMBERS.tolist()
    assert found.cell == pytest.approx(CELL, abs=1e-6)
    assert found.folded is folded
    assert found.times.tolist() == [50.0 * i for i in range(FRAMES)]
    gap = (found.positions - path) @ np.linalg.inv(CELL)
    assert np.abs(gap - np.round(gap) if folded else gap).max() < 1e-7


def test_types_of_a_dump_are_no_elements(tmp_path, path):
    file = _dump(tmp_path / "a.dump", path)
    with pytest.raises(
        InputError, match=r"types 1 \(2 atoms\), 2 \(1 atoms\), 3 \(1 atoms\) and no elements"
    ):
        read_trajectory(file)
    with pytest.raises(InputError, match="--types names only Li, Y"):
        read_trajectory(file, types=("Li", "Y"))
    with pytest.raises(InputError, match="'Qq' is no element"):
        read_trajectory(file, types=("Li", "Y", "Qq"))


def test_snapshot_that_the_end_of_the_run_cut_is_left_out_and_said(tmp_path, path):
    found = read_trajectory(_dump(tmp_path / "a.dump", path, columns="id element xu yu zu", cut=40))
    assert len(found.times) == FRAMES - 1
    assert "cut and left out" in found.notes[0]


def test_dump_that_announces_more_atoms_than_it_holds_ends_in_a_sentence(tmp_path):
    file = tmp_path / "a.lammpstrj"
    file.write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n10000000000\nITEM: ATOMS id element x y z\n1 Li 0 0 0\n"
    )
    with pytest.raises(DataError, match="no snapshot"):
        read_trajectory(file)
    file.write_text("ITEM: UNITS\nlj\n")
    with pytest.raises(DataError, match="units 'lj'"):
        read_trajectory(file)
    xyz = tmp_path / "a.xyz"
    xyz.write_text("1000000000\n\nLi 0 0 0\n")
    with pytest.raises(DataError, match="1,000,000,000 atoms are announced, 1 lines follow"):
        read_trajectory(xyz)


def test_uneven_steps_are_thinned_to_the_grid_that_holds_all_along_or_refused(tmp_path, path):
    columns = "id element xu yu zu"
    thirds = [0, 50, 100, 150, 200, 250, 300, 450, 600, 750, 900, 1050]
    found = read_trajectory(_dump(tmp_path / "a.dump", path, columns=columns, steps=thirds))
    with pytest.raises(
        DataError, match=r"50 steps \(6 times\), 150 steps \(5 times\); one --interval cannot"
    ):
        timed(found, interval=50.0)
    even = timed(found, unit=2.0)
    assert even.interval == 300.0
    assert even.recording.positions == pytest.approx(path[[0, 3, 6, 7, 8, 9, 10, 11]], abs=1e-6)
    assert "only the 8 frames that are 150 apart" in even.recording.notes[-1]
    odd = [0, 50, 100, 130, 200, 290, 300, 450, 600, 750, 900, 1000]
    found = read_trajectory(_dump(tmp_path / "b.dump", path, columns=columns, steps=odd))
    with pytest.raises(DataError, match="of which no even series can be taken"):
        timed(found, unit=1.0)


def _xyz(file, path, info=lambda i: {}):
    frames = []
    for i, positions in enumerate(path):
        atoms = Frame(positions, CELL, NUMBERS).to_ase()
        atoms.info |= info(i)
        frames.append(atoms)
    write(file, frames, format="extxyz")
    return read_trajectory(file)


def test_interval_of_the_user_is_compared_with_the_times_of_the_file(tmp_path, path):
    found = _xyz(tmp_path / "a.xyz", path, lambda i: {"time": 0.2 * i})
    assert timed(found, interval=200.0).interval == 200.0  # the file counts in ps
    assert timed(found, unit=1000.0).interval == pytest.approx(200.0)
    with pytest.raises(InputError, match=r"0\.2 apart by the file's `time`, and --interval says 100 fs"):
        timed(found, interval=100.0)
    with pytest.raises(InputError, match="does not say how far apart its frames are"):
        timed(found)
    bare = _xyz(tmp_path / "b.xyz", path)
    assert timed(bare, interval=100.0).interval == 100.0
    with pytest.raises(InputError, match="give --interval"):
        timed(bare)
    with pytest.raises(InputError, match="above 0 fs, got -1"):
        timed(bare, interval=-1.0)


XML = """<?xml version="1.0"?><modeling>
<incar><i type="int" name="IBRION">{ibrion}</i><i name="POTIM">2.0</i></incar>
<parameters><separator name="ionic"><i type="int" name="NBLOCK">10</i>
<i name="TEBEG">700.0</i><i name="TEEND">{end}</i>
<i type="int" name="SMASS">0</i></separator></parameters>
<atominfo><array name="atoms"><set>{atoms}</set></array></atominfo>
<structure name="initialpos"><crystal><varray name="basis">{basis}</varray></crystal></structure>
{steps}</modeling>"""


def _vasprun(file, path, *, ibrion=0, end=700.0, cells=None, cut=0):
    names = {3: "Li", 39: "Y ", 17: "Cl"}

    def rows(name, values):
        body = "".join("<v> " + " ".join(f"{x:.10f}" for x in row) + " </v>" for row in values)
        return f'<varray name="{name}">{body}</varray>'

    steps = ""
    for i, positions in enumerate(path):
        cell = CELL if cells is None else cells[i]
        fraction = positions @ np.linalg.inv(CELL) % 1.0
        steps += (
            f"<calculation><structure><crystal>{rows('basis', cell)}</crystal>{rows('positions', fraction)}"
        )
        steps += "</structure></calculation>"
    atoms = "".join(f"<rc><c>{names[z]}</c><c>1</c></rc>" for z in NUMBERS)
    basis = rows("basis", CELL)
    text = XML.format(atoms=atoms, basis=basis, steps=steps, ibrion=ibrion, end=end)
    file.write_text(text[: len(text) - cut])
    return file


def test_vasprun_states_time_step_and_temperature_and_is_folded(tmp_path, path):
    found = read_trajectory(_vasprun(tmp_path / "vasprun.xml", path))
    assert found.interval == 2.0  # every ionic step is in it, whatever NBLOCK
    assert found.temperature == 700.0
    assert found.folded
    gap = found.fractional - path @ np.linalg.inv(CELL)
    assert np.abs(gap - np.round(gap)).max() < 1e-9
    assert timed(found).interval == 2.0
    with pytest.raises(InputError, match="2 fs apart by the file, --interval says 20 fs"):
        timed(found, interval=20.0)


def test_unfinished_vasprun_gives_its_whole_steps_and_other_runs_are_refused(tmp_path, path):
    found = read_trajectory(_vasprun(tmp_path / "vasprun.xml", path, cut=60))
    assert len(found.times) == FRAMES - 1
    assert f"ends within step {FRAMES}" in found.notes[0]
    with pytest.raises(DataError, match="IBRION = 2 is no molecular dynamics"):
        read_trajectory(_vasprun(tmp_path / "vasprun.xml", path, ibrion=2))
    (tmp_path / "bomb.xml").write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><modeling>&a;</modeling>')
    with pytest.raises(DataError, match="declares entities"):
        read_trajectory(tmp_path / "bomb.xml")
    heated = read_trajectory(_vasprun(tmp_path / "vasprun.xml", path, end=900.0))
    assert heated.temperature is None
    assert "from 700 to 900 K" in heated.notes[0]


def _xdatcar(
    folder, path, *, first=1, every=1, incar="POTIM = 2 ; NBLOCK = 10 # spacing\nIBRION=0\nTEBEG = 600\n"
):
    folder.mkdir(exist_ok=True)
    header = "Li N Cl\n 1.0\n" + "\n".join(" ".join(f"{x:.8f}" for x in row) for row in CELL)
    text = header + "\nLi Cl Li Y\n1 1 1 1\n"
    for i, positions in enumerate(path):
        text += f"Direct configuration= {first + i * every:5d}\n"
        text += (
            "\n".join(" ".join(f"{x:.9f}" for x in p % 1.0) for p in positions @ np.linalg.inv(CELL)) + "\n"
        )
    (folder / "XDATCAR").write_text(text)
    if incar:
        (folder / "INCAR").write_text(incar)
    return folder


@pytest.mark.parametrize("every", [1, 10])
def test_xdatcar_takes_its_spacing_from_the_incar_beside_it(tmp_path, path, every):
    found = read_run([_xdatcar(tmp_path / "600K", path, every=every, first=every)])
    assert timed(found).interval == 20.0
    assert found.temperature == 600.0
    assert found.numbers.tolist() == NUMBERS.tolist()
    gap = found.fractional - path @ np.linalg.inv(CELL)
    assert np.abs(gap - np.round(gap)).max() < 1e-8


def test_xdatcar_whose_numbers_contradict_its_incar_is_refused_and_alone_it_asks(tmp_path, path):
    with pytest.raises(DataError, match="numbered 7 apart and INCAR has NBLOCK = 10"):
        read_run([_xdatcar(tmp_path / "a", path, every=7)])
    alone = read_run([_xdatcar(tmp_path / "b", path, incar="")])
    with pytest.raises(InputError, match="give --interval"):
        timed(alone)


def test_restarts_are_one_run_and_frames_run_again_are_counted_once(tmp_path, path):
    columns = "id element xu yu zu"
    steps = [50 * i for i in range(FRAMES)]
    wrong = path[:7] + np.where(np.arange(7) >= 5, 0.05, 0.0)[:, None, None]
    _dump(tmp_path / "run2.dump", wrong, columns=columns, steps=steps[:7])
    _dump(tmp_path / "run10.dump", path[5:], columns=columns, steps=steps[5:])
    found = read_run([tmp_path])  # 2 before 10
    assert found.positions == pytest.approx(path, abs=1e-6)
    assert found.times.tolist() == steps
    assert "2 frames ran again" in found.notes[-1]


def test_restarts_whose_clock_begins_anew_go_on_also_within_one_file(tmp_path, path):
    for name, part in (("r1", path[:6]), ("r2", path[6:])):
        (tmp_path / "run").mkdir(exist_ok=True)
        _xdatcar(tmp_path / "run" / name, part)
    found = read_run([tmp_path / "run"])
    assert timed(found).interval == 20.0
    assert found.times.tolist() == pytest.approx([20.0 * i for i in range(1, FRAMES + 1)])
    _xyz(tmp_path / "a.xyz", path, lambda i: {"step": 10 * (i if i < 6 else i - 5)})
    again = read_run([tmp_path / "a.xyz"])
    assert again.times.tolist() == [10.0 * i for i in range(FRAMES)]


def test_runs_that_do_not_go_on_from_one_another_are_not_joined(tmp_path, path, rng):
    one = _xyz(tmp_path / "a.xyz", path)
    other = _xyz(tmp_path / "b.xyz", path + rng.normal(scale=3.0, size=(1, 4, 3)))
    with pytest.raises(DataError, match=r"b\.xyz does not go on from a\.xyz: the median atom is"):
        joined([one, other])


def test_changing_cell_is_read_in_lattice_coordinates_and_said(tmp_path, path):
    cells = [CELL * (1 + 0.01 * np.sin(i)) for i in range(FRAMES)]
    found = read_trajectory(_vasprun(tmp_path / "vasprun.xml", path, cells=cells))
    assert found.cells.shape == (FRAMES, 3, 3)
    assert found.cell == pytest.approx(np.mean(cells, axis=0))
    assert "in the mean cell" in found.cell_words()


def test_trajectories_that_cannot_be_understood_are_refused_by_name(tmp_path, path):
    one = Frame(path[0], CELL, NUMBERS).to_ase()
    other = one.copy()
    (tmp_path / "no.xyz").write_text("this is no trajectory\n")
    with pytest.raises(DataError, match=r"no\.xyz: ASE cannot read this as atoms"):
        read_trajectory(tmp_path / "no.xyz")
    write(tmp_path / "one.traj", [one])
    with pytest.raises(DataError, match="1 frame; a trajectory needs at least two"):
        read_trajectory(tmp_path / "one.traj")
    other.numbers[0] = 11
    write(tmp_path / "atoms.traj", [one, other])
    with pytest.raises(DataError, match="frame 1 holds other atoms"):
        read_trajectory(tmp_path / "atoms.traj")
    with pytest.raises(InputError, match="no such trajectory"):
        read_trajectory(tmp_path / "absent.xyz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no trajectory in this folder"):
        read_run([tmp_path / "empty"])
