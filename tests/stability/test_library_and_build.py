"""The library: refusals, fingerprints, differences; its build: resumable, torn lines, dry run."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.stability.build import Candidate, build, pending, read_candidates, read_journal
from electrolith.stability.diff import diff_libraries
from electrolith.stability.entries import EntrySettings, entries_of
from electrolith.stability.library import Library, Phase, read_library, reduced, shown
from electrolith.stability.pack import pack
from electrolith.stability.relax import RelaxSettings, chgnet_calculator


def phase(formula, energy, *, id="x", engine="toy", scheme="none"):
    return Phase(formula, id, energy, 15.0, 2, (("Cl", 1),), engine, scheme)


def test_the_shipped_library_is_of_one_engine_and_converged_to_its_tolerance(library):
    assert {p.engine for p in library.phases} == {"chgnet-0.3.0"}
    assert len(library.phases) > 250
    assert np.mean([p.converged for p in library.phases]) > 0.9
    assert all(p.origin for p in library.phases)


def test_engines_on_one_hull_are_refused_by_name():
    with pytest.raises(InputError, match=r"LiCl \(x\) is toy with none; LiF \(x\) is dft with none"):
        Library((phase("LiCl", -3.0), phase("LiF", -4.0, engine="dft")))


def test_an_unknown_formula_names_the_nearest_in_composition(library):
    with pytest.raises(InputError, match="no phase Li3YCl7; nearest in composition: Li3YCl6"):
        library.find("Li3YCl7")


def test_a_foreign_element_says_how_to_add_entries(library):
    with pytest.raises(InputError, match=r"no phase holds Xe.*--entries FILE"):
        library.within(["Li", "Xe"])


def test_nonsense_is_no_formula(library):
    with pytest.raises(InputError, match="'Q7' is not a chemical formula"):
        library.find("Q7")


def test_a_library_without_an_element_says_so():
    lib = Library((phase("LiCl", -3.0), phase("Li", -1.9, id="mp-135")))
    with pytest.raises(InputError, match="no entry of the element Cl"):
        entries_of(lib, ["Li", "Cl"], EntrySettings(scheme="engine", draws=0))


def test_an_entry_without_species_is_not_corrected_silently(library):
    bare = dataclasses.replace(library.find("LiCl"), id="mine", energy_per_atom=-9.0, species=())
    bare = dataclasses.replace(bare, formula="Li2Cl")
    with pytest.raises(InputError, match="no bonding species"):
        entries_of(library.with_entries([bare]), ["Li", "Cl"], EntrySettings(draws=0))


def test_formulas_are_spelled_one_way_and_shown_another():
    assert reduced("NH4Cl") == reduced("ClNH4") == "H4NCl"
    assert shown("H4NCl") == "NH4Cl"
    assert reduced("Li2.73Ho1.09Cl6") == reduced("Li273Ho109Cl600")


def test_the_fingerprint_sees_a_changed_energy_and_not_the_order(library):
    turned = Library(library.phases[::-1])
    assert turned.fingerprint == library.fingerprint
    first = dataclasses.replace(library.phases[0], energy_per_atom=library.phases[0].energy_per_atom + 1e-3)
    assert Library((first, *library.phases[1:])).fingerprint != library.fingerprint


def test_a_difference_tells_phases_and_windows_that_moved(library):
    core = Library(tuple(p for p in library.phases if set(p.amounts) <= {"Li", "N", "Cl"}))
    shifted = tuple(
        dataclasses.replace(p, energy_per_atom=p.energy_per_atom - 0.1) if p.formula == "Li4NCl" else p
        for p in core.phases
        if p.formula != "LiN3"
    )
    found = diff_libraries(core, Library(shifted))
    assert any(name.startswith("LiN3") for name in found.removed)
    assert list(found.changed.values()) == pytest.approx([-0.1] * len(found.changed))
    assert "Li4NCl" in {m.label for m in found.moved}
    assert "LiCl" not in {m.label for m in found.moved}


def test_libraries_of_two_engines_have_no_difference(library):
    other = Library(tuple(dataclasses.replace(p, engine="dft") for p in library.phases))
    with pytest.raises(InputError, match="energies of different engines cannot be subtracted"):
        diff_libraries(library, other)


def test_a_row_that_is_no_phase_names_file_and_row(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("formula,id,energy_per_atom,engine,scheme\nLiCl,a,-3.0,toy,none\nLiF,b,much,toy,none\n")
    with pytest.raises(DataError, match=r"mine.csv, row 3: .*much.*energy_per_atom"):
        read_library(path)


@pytest.fixture
def cheap(tmp_path: Path):
    """Two small crystals, their list, and a calculator that costs nothing."""
    from ase.calculators.lj import LennardJones

    rows = ["formula,id,priority,atoms,file,source"]
    for k, a in enumerate((3.55, 3.75)):
        Structure(Lattice.cubic(a), ["Al"], [[0, 0, 0]]).to(filename=str(tmp_path / f"al{k}.cif"))
        rows.append(f"Al,al-{k},0,1,al{k}.cif,made by hand")
    (tmp_path / "list.csv").write_text("\n".join(rows) + "\n")
    calculator = LennardJones(sigma=3.4, epsilon=0.0104, rc=9.0, smooth=True)
    return tmp_path, read_candidates(tmp_path / "list.csv"), calculator


def run(folder, candidates, calculator, settings, count=99):
    lines: list[str] = []
    steps = build(
        candidates,
        structures=folder,
        journal=folder / "journal.jsonl",
        settings=settings,
        calculator=calculator,
        progress=lines.append,
    )
    for _ in range(count):
        if next(steps, None) is None:
            break
    return lines


def test_a_build_goes_on_where_it_was_stopped(cheap):
    folder, candidates, calculator = cheap
    settings = RelaxSettings()
    run(folder, candidates, calculator, settings, count=1)
    assert [c.id for c in pending(candidates, read_journal(folder / "journal.jsonl"), settings)] == ["al-1"]
    lines = run(folder, candidates, calculator, settings)
    assert len(lines) == 1
    assert "al-1" in lines[0]
    assert len(read_journal(folder / "journal.jsonl")) == 2


def test_both_starting_cells_relax_to_the_same_crystal(cheap):
    folder, candidates, calculator = cheap
    run(folder, candidates, calculator, RelaxSettings(force_tolerance=1e-3))
    one, other = read_journal(folder / "journal.jsonl").values()
    assert one["energy"] == pytest.approx(other["energy"], abs=1e-4)
    assert one["converged"]


def test_a_line_torn_by_a_kill_is_computed_again(cheap):
    folder, candidates, calculator = cheap
    run(folder, candidates, calculator, RelaxSettings())
    journal = folder / "journal.jsonl"
    journal.write_text(journal.read_text()[:-40])
    assert len(read_journal(journal)) == 1
    run(folder, candidates, calculator, RelaxSettings())
    assert len(read_journal(journal)) == 2


def test_a_broken_line_in_the_middle_is_an_error(cheap):
    folder, _candidates, _calculator = cheap
    journal = folder / "journal.jsonl"
    journal.write_text('{"formula": "Al"\n' + json.dumps({"formula": "Al", "id": "x"}) + "\n")
    with pytest.raises(DataError, match="line 1: not a record"):
        read_journal(journal)


def test_other_settings_make_everything_pending_again(cheap):
    folder, candidates, calculator = cheap
    run(folder, candidates, calculator, RelaxSettings())
    stricter = RelaxSettings(force_tolerance=0.001)
    assert len(pending(candidates, read_journal(folder / "journal.jsonl"), stricter)) == 2


def test_a_missing_structure_is_named_and_left_out(cheap):
    folder, candidates, calculator = cheap
    absent = Candidate("Cu", "cu-0", "cu.cif", "nowhere", 0, 1)
    lines = run(folder, (absent, *candidates), calculator, RelaxSettings())
    assert "no file cu.cif, left out" in lines[0]
    assert len(read_journal(folder / "journal.jsonl")) == 2


def test_a_packed_journal_reads_back_as_a_library(cheap):
    folder, candidates, calculator = cheap
    run(folder, candidates, calculator, RelaxSettings())
    journal = read_journal(folder / "journal.jsonl")
    assert pack(journal, table=folder / "phases.csv", structures=folder / "structures.jsonl.gz") == 2
    library = read_library(folder / "phases.csv")
    assert {p.id for p in library.phases} == {"al-0", "al-1"}
    record = journal["Al al-0"]
    assert library.find("al-0").energy_per_atom == pytest.approx(
        record["energy"] / len(record["numbers"]), abs=1e-6
    )


def test_a_cell_beyond_the_cap_is_left_out_with_the_reason(cheap):
    folder, _candidates, calculator = cheap
    big = Structure(Lattice.cubic(8.0), ["Al", "Cu"], [[0, 0, 0], [0.3, 0.2, 0.1]])
    big.to(filename=str(folder / "big.cif"))
    big_one = Candidate("AlCu", "big", "big.cif", "made by hand", 0, 2)
    lines = run(folder, (big_one,), calculator, RelaxSettings(max_atoms=1))
    assert "more than max_atoms = 1" in lines[0]


def test_a_list_that_is_no_list_is_refused(tmp_path):
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="the list needs columns formula"):
        read_candidates(tmp_path / "list.csv")


def test_a_build_without_the_engine_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "chgnet.model", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[mlip\]'"):
        chgnet_calculator(RelaxSettings())


@pytest.mark.parametrize(
    ("change", "text"), [({"force_tolerance": 0.0}, "above 0"), ({"max_steps": 0}, "at least 1")]
)
def test_senseless_relaxations_are_refused(change, text):
    with pytest.raises(InputError, match=text):
        RelaxSettings(**change)
