from dataclasses import dataclass

import numpy as np
import pytest

from electrolith.core import DataError, Estimate
from electrolith.core.archive import fingerprint, load, save
from electrolith.core.arrhenius import Arrhenius, fit_arrhenius


def _result() -> Arrhenius:
    return fit_arrhenius(np.array([400.0, 500, 600]), np.array([1.0, 2.0, 2.5]), covariance=np.full(3, 0.01))


def test_a_result_comes_back_equal_with_its_arrays(tmp_path):
    save(tmp_path / "r", _result())
    back = load(tmp_path / "r")
    assert isinstance(back, Arrhenius)
    assert np.array_equal(back.covariance, _result().covariance)
    assert fingerprint(back) == fingerprint(_result())


def test_the_same_result_gives_the_same_bytes(tmp_path):
    save(tmp_path / "a", _result())
    save(tmp_path / "b", _result())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_any_change_of_value_changes_the_fingerprint():
    one = Estimate(np.array([1.0, 2.0]), "K")
    assert fingerprint(one) != fingerprint(Estimate(np.array([1.0, 2.0 + 1e-12]), "K"))
    assert fingerprint(one) != fingerprint(Estimate(np.array([1.0, 2.0]), "eV"))
    assert fingerprint((1, 2)) != fingerprint((2, 1))
    assert fingerprint(1.0) != fingerprint(True)


@pytest.mark.parametrize("damage", ["truncate", "flip"])
def test_a_damaged_file_is_noticed_before_it_is_believed(tmp_path, damage):
    path = tmp_path / "r"
    save(path, _result())
    data = bytearray(path.read_bytes())
    if damage == "truncate":
        data = data[: len(data) // 2]
    else:
        data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="truncated or altered"):
        load(path)


def test_values_that_json_lacks_survive(tmp_path):
    value = {"nan": float("nan"), "inf": float("inf"), 3: (None, True, "Å")}
    save(tmp_path / "v", value)
    back = load(tmp_path / "v")
    assert np.isnan(back["nan"])
    assert back["inf"] == float("inf")
    assert back[3] == (None, True, "Å")


@dataclass(frozen=True)
class Stranger:
    """Not of the package."""

    x: float


def test_classes_of_other_packages_are_never_imported_from_a_file(tmp_path):
    save(tmp_path / "s", Stranger(1.0))
    with pytest.raises(DataError, match="does not belong to this package"):
        load(tmp_path / "s")


def test_what_has_no_faithful_form_is_refused(tmp_path):
    with pytest.raises(DataError, match="a function cannot be stored"):
        save(tmp_path / "f", (1, _result))
    assert not (tmp_path / "f").exists()
