"""The phase library as an OPTIMADE document, judged by the models of the library `optimade`."""

import pytest
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.stability.library import Library, Phase, shipped_library
from electrolith.stability.write_optimade import optimade_document
from electrolith.study.commands import app


def test_the_models_of_optimade_take_every_phase_and_refuse_damaged_ones(tmp_path, validator):
    path = tmp_path / "phases.json"
    said = CliRunner().invoke(app, ["phases", "export", str(path)])
    assert said.exit_code == 0, said.output
    library = shipped_library()
    assert library.fingerprint in said.output
    found = validator("optimade_read.py", path)
    assert found["entries"] == len(library.phases)
    assert all(found["refused"].values()), found["refused"]
    # The cell that another program makes of it has the volume that the table states.
    volumes = {f"{p.formula}/{p.id}": p.volume_per_atom for p in library.phases}
    assert found["volumes"] == pytest.approx(volumes, rel=2e-4)


def test_ids_are_unique_and_fingerprints_follow_the_energy():
    library = shipped_library()
    data = optimade_document(library)["data"]
    assert len({e["id"] for e in data}) == len(library.phases)
    assert len({e["attributes"]["_electrolith_fingerprint"] for e in data}) == len(library.phases)
    by_id = {e["id"]: e["attributes"] for e in data}
    phase = library.find("LiCl")
    licl = by_id[f"LiCl/{phase.id}"]
    assert licl["chemical_formula_reduced"] == "ClLi"
    assert licl["chemical_formula_anonymous"] == "AB"
    assert licl["elements_ratios"] == [0.5, 0.5]
    assert licl["_electrolith_energy_per_atom"] == phase.energy_per_atom


def test_an_entry_without_a_cell_is_refused():
    own = Phase("LiCl", "mine", -3.0, 20.0, 2, (), "chgnet-0.3.0", "MP2020-in-labels")
    with pytest.raises(InputError, match=r"LiCl \(mine\): no relaxed cell"):
        optimade_document(Library((own,)))
