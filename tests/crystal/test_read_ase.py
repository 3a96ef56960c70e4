"""What ASE's readers do not check: infinities, announced atoms, names, bombs."""

import gzip
import json
import lzma
import time

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.crystal.crystal import Position, build_crystal
from electrolith.crystal.frame import Frame
from electrolith.crystal.read import read_crystal
from electrolith.crystal.read_ase import read_atoms

CIF = """data_x
_cell_length_a {a}
_cell_length_b 4.0
_cell_length_c 4.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Li1 0 0 {z}
"""


@pytest.mark.parametrize(
    ("a", "z", "words"),
    [
        ("4.0", "1e400", "_atom_site_fract_z of Li1 is '1e400'"),
        ("1e400", "0", "_cell_length_a is '1e400'"),
        ("1e200", "0", "no cell with a volume"),
        ("4.0", "1e300", "_atom_site_fract_z of Li1 is '1e300'"),
    ],
)
def test_a_cif_beyond_all_numbers_is_refused_and_does_not_end_the_program(tmp_path, a, z, words):
    """The library of symmetries crashed without a word on the first of these."""
    (tmp_path / "x.cif").write_text(CIF.format(a=a, z=z))
    with pytest.raises(DataError, match=words):
        read_crystal(tmp_path / "x.cif")


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e300])
def test_no_crystal_is_built_of_what_is_not_finite(value):
    full = {"Li": Estimate.exact(1.0, "1")}
    with pytest.raises(DataError, match="expected finite fractions"):
        build_crystal([Position(np.array([0, 0, value]), full)], 4 * np.eye(3))
    with pytest.raises(DataError, match="no cell with a volume"):
        build_crystal([Position(np.zeros(3), full)], np.diag([4, 4, value]))


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_no_frame_is_made_of_what_is_not_finite(value):
    with pytest.raises(InputError, match="position of atom 0 is not finite"):
        Frame(np.array([[0, 0, value]]), 4 * np.eye(3), np.array([3]))
    with pytest.raises(InputError, match="a vector of the cell is not finite"):
        Frame(np.zeros((1, 3)), np.diag([4, 4, value]), np.array([3]))


@pytest.mark.parametrize("what", ["position", "cell"])
def test_an_infinity_in_extended_xyz_is_refused(tmp_path, what):
    lattice = "4 0 0 0 4 0 0 0 inf" if what == "cell" else "4 0 0 0 4 0 0 0 4"
    place = "0 0 inf" if what == "position" else "0 0 0"
    text = f'1\nLattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="T T T"\nLi {place}\n'
    (tmp_path / "x.xyz").write_text(text)
    with pytest.raises(DataError, match=rf"x\.xyz, frame 0: {what} \d is not finite"):
        read_atoms(tmp_path / "x.xyz")


DUMP = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{}\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 4\n0 4\n"
XYZ = '{}\nLattice="4 0 0 0 4 0 0 0 4"\nLi 0 0 0\n'
POSCAR = "x\n1.0\n4 0 0\n0 4 0\n0 0 4\nLi\n{}\nDirect\n0 0 0\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xyz", XYZ.format(999_999_999)),
        ("a.xyz", XYZ.format(1) + XYZ.format(999_999_999)),
        ("a.lammpstrj", DUMP.format(9_999_999_999) + "ITEM: ATOMS id type x y z\n1 1 0 0 0\n"),
        ("POSCAR", POSCAR.format(999_999_999)),
    ],
)
def test_atoms_that_are_announced_and_not_there_are_not_waited_for(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    begun = time.monotonic()
    with pytest.raises(
        DataError, match=r"atoms are announced, .* lines follow; the file is cut off or damaged"
    ):
        read_atoms(tmp_path / name, every=True)
    assert time.monotonic() - begun < 5.0


@pytest.mark.parametrize("name", ["t@1.xyz", "postgres.xyz", "mysql.xyz", "a.xyz.gz", "a.xyz.xz", "a.extxyz"])
def test_a_name_is_a_name(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.xyz", [bulk("Li"), bulk("Li", a=4.0)])
    raw = (tmp_path / "a.xyz").read_bytes()
    pack = {"gz": gzip.compress, "xz": lzma.compress}.get(name.split(".")[-1], bytes)
    (tmp_path / name).write_bytes(pack(raw))
    assert len(read_atoms(name, every=True)) == 2
    assert len(read_atoms(name)) == 1


def test_databases_are_no_files_of_atoms(tmp_path):
    (tmp_path / "a.db").write_bytes(b"SQLite format 3\x00")
    with pytest.raises(DataError, match="taken for a db, a database or a folder"):
        read_atoms(tmp_path / "a.db")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_packed_trajectory_that_bursts_is_refused(tmp_path, pack):
    suffix = "gz" if pack is gzip.compress else "xz"
    (tmp_path / f"a.xyz.{suffix}").write_bytes(pack(b" " * 50_000_000))
    with pytest.raises(DataError, match=r"ELECTROLITH_MAX_UNPACK_RATIO|cannot read"):
        read_atoms(tmp_path / f"a.xyz.{suffix}")


def test_a_structure_in_json_names_no_foreign_module(tmp_path):
    from pymatgen.core import Lattice, Structure

    structure = Structure(Lattice.cubic(4.0), ["Li"], [[0, 0, 0]])
    tree = structure.as_dict()
    (tmp_path / "s.json").write_text(json.dumps(tree))
    assert len(read_crystal(tmp_path / "s.json")) == 1
    tree["sites"][0]["properties"] = {"x": {"@module": "this", "@class": "s"}}
    (tmp_path / "s.json").write_text(json.dumps(tree))
    with pytest.raises(DataError, match="names the module 'this'"):
        read_crystal(tmp_path / "s.json")


def test_types_of_a_lammps_dump_are_no_elements(tmp_path):
    path = tmp_path / "a.dump"
    head = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 4\n0 4\n"
    path.write_text(head + "ITEM: ATOMS id type x y z\n1 3 0 0 0\n")
    with pytest.raises(DataError, match="types and no elements"):
        read_atoms(path, format="lammps-dump-text")
