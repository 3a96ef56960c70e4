"""Entries of pymatgen and the Materials Project, structures from OPTIMADE: recorded answers."""

import json
import sys

import pytest
from pymatgen.core import Composition
from pymatgen.entries.computed_entries import ComputedEntry

from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.stability.library import Library
from electrolith.stability.material import Material
from electrolith.stability.read_entries import materials_project_entries, read_entry_set, read_phases
from electrolith.stability.read_optimade import fetch_structures, query_url
from electrolith.stability.window import window


def entry(formula, energy, *, run="GGA", id="mp-1", correction=0.0):
    return ComputedEntry(
        Composition(formula), energy, correction=correction, parameters={"run_type": run}, entry_id=id
    )


def write(path, entries):
    path.write_text(json.dumps([e.as_dict() for e in entries]))
    return path


def test_a_file_of_computed_entries_is_a_hull_of_its_own(tmp_path):
    path = write(tmp_path / "e.json", [entry("Li", -1.9), entry("Cl2", -3.6), entry("LiCl", -7.7)])
    found = window(Material("LiCl"), read_entry_set(path))
    assert found.nominal[1] == pytest.approx(7.7 - 1.9 - 1.8)


def test_a_hull_without_one_of_its_elements_is_refused(tmp_path):
    path = write(tmp_path / "e.json", [entry("Li", -1.9), entry("LiCl", -7.7)])
    with pytest.raises(InputError, match="no entry of the pure element Cl"):
        read_entry_set(path)


def test_gga_beside_r2scan_is_refused_by_name(tmp_path):
    path = write(tmp_path / "e.json", [entry("Li", -1.9), entry("LiCl", -9.7, run="r2SCAN", id="mp-2")])
    with pytest.raises(InputError, match=r"cannot share a hull: .*LiCl \(mp-2\) is r2SCAN"):
        read_phases(path)


def test_gga_beside_gga_plus_u_is_one_scheme(tmp_path):
    path = write(tmp_path / "e.json", [entry("Li", -1.9), entry("NiO", -9.7, run="GGA+U")])
    assert {p.engine for p in read_phases(path)} == {"GGA/GGA+U"}


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "e.json").write_text('{"a": 1}')
    with pytest.raises(DataError, match="expected a JSON list of pymatgen ComputedEntry"):
        read_phases(tmp_path / "e.json")


def test_a_file_of_entries_chooses_no_module_to_import(tmp_path, capsys):
    """`this` prints a poem when it is imported; `os.system` would do worse."""
    record = {"composition": {"Li": 1}, "energy": -1.9, "entry_id": "mp-1"}
    foreign = {"@module": "this", "@class": "s", "@callable": "system", "@version": None}
    records = [
        {**record, "energy_adjustments": [foreign], "correction": 0.0, "data": {"x": foreign}, **foreign},
        {**record, "composition": {"Li": 1, "Cl": 1}, "energy": -7.7},
    ]
    (tmp_path / "e.json").write_text(json.dumps(records))
    sys.modules.pop("this", None)
    assert [p.formula for p in read_phases(tmp_path / "e.json")] == ["Li", "LiCl"]
    assert "this" not in sys.modules
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"composition": {"Li": -1}}, "not all above 0"),
        ({"composition": {"Li": 1e999}}, "not all above 0"),
        ({"composition": {}}, "not all above 0"),
        ({"energy": float("nan")}, "is not finite"),
        ({"energy": float("-inf")}, "is not finite"),
        ({"energy_adjustments": [{"value": 1}]}, "without their sum"),
        ({"composition": ["Li"]}, "AttributeError"),
        ({"energy": [[]]}, "TypeError"),
    ],
)
def test_entries_with_impossible_numbers_are_refused(tmp_path, change, words):
    (tmp_path / "e.json").write_text(json.dumps([{"composition": {"Li": 1}, "energy": -1.9, **change}]))
    with pytest.raises(DataError, match=rf"{words}.*expected a JSON list of pymatgen ComputedEntry"):
        read_phases(tmp_path / "e.json")


@pytest.mark.parametrize("text", ["[" * 3000, '{"a":', "[" + "7" * 5000 + "]"])
def test_json_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "e.json").write_text(text)
    with pytest.raises(DataError, match=r"e\.json: "):
        read_phases(tmp_path / "e.json")


class RecordedClient:
    """Answers as the Materials Project's client does."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def get_entries_in_chemsys(self, elements, additional_criteria):
        self.asked.append((elements, additional_criteria))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_the_materials_project_is_asked_for_one_scheme_and_feeds_a_library():
    client = RecordedClient([entry("Li", -1.9), entry("LiCl", -7.7, correction=-0.6)])
    found = materials_project_entries(["Li", "Cl"], api_key=None, client=client)
    assert client.asked == [(["Li", "Cl"], {"thermo_types": ["GGA_GGA+U"]})]
    assert found[1].energy_per_atom == pytest.approx((-7.7 - 0.6) / 2)
    assert found[1].origin == "Materials Project"


def test_corrected_beside_uncorrected_entries_are_refused():
    client = RecordedClient([entry("LiF", -9.9), entry("LiCl", -7.7, correction=-0.6)])
    with pytest.raises(InputError, match="cannot share a hull"):
        Library(materials_project_entries(["Li", "Cl", "F"], api_key=None, client=client))


def test_no_key_says_where_to_get_one():
    with pytest.raises((InputError, MissingExtra), match="no key; get one at"):
        materials_project_entries(["Li"], api_key=None)


def test_no_network_says_what_to_use_instead():
    client = RecordedClient(ConnectionError("name or service not known"))
    with pytest.raises(InputError, match="without a network use the library"):
        materials_project_entries(["Li"], api_key="k", client=client)


def test_an_empty_answer_is_refused():
    with pytest.raises(InputError, match="no entries for Li"):
        materials_project_entries(["Li"], api_key="k", client=RecordedClient([]))


def optimade_record(id, symbols, disordered=False):
    kinds = [
        {"name": s, "chemical_symbols": [s, "vacancy"] if disordered else [s]} for s in sorted(set(symbols))
    ]
    return {
        "id": id,
        "attributes": {
            "lattice_vectors": [[4.0, 0, 0], [0.5, 4.0, 0], [0, 0.3, 4.0]],
            "cartesian_site_positions": [[0.0, 0, 0], [2.0, 2.0, 2.0]][: len(symbols)],
            "species_at_sites": symbols,
            "species": kinds,
        },
    }


def test_optimade_pages_are_followed_and_disordered_cells_left_out():
    pages = {
        "first": {
            "data": [optimade_record("a", ["Li", "Cl"])],
            "links": {"next": {"href": "https://second"}},
        },
        "second": {"data": [optimade_record("b", ["Li", "F"], disordered=True)], "links": {"next": None}},
    }

    def get(address):
        return json.dumps(pages["second" if address == "https://second" else "first"])

    found = fetch_structures(["Li", "Cl"], get=get)
    assert list(found) == ["a"]
    assert found["a"].composition.reduced_formula == "LiCl"


def test_the_query_asks_for_these_elements_only():
    address = query_url(["Li", "Cl"], server="https://server/v1/")
    assert address.startswith("https://server/v1/structures?filter=elements+HAS+ONLY+%22Cl%22%2C+%22Li%22")


def test_an_answer_that_is_not_optimade_is_refused():
    with pytest.raises(DataError, match="not JSON"):
        fetch_structures(["Li"], get=lambda _: "<html>")
    with pytest.raises(DataError, match="no list of data"):
        fetch_structures(["Li"], get=lambda _: "{}")
    with pytest.raises(DataError, match="OPTIMADE record x: no field"):
        fetch_structures(["Li"], get=lambda _: json.dumps({"data": [{"id": "x", "attributes": {}}]}))


def test_plain_http_is_not_read():
    with pytest.raises(InputError, match="only https"):
        fetch_structures(["Li"], server="http://localhost")
