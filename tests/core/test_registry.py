from importlib.metadata import EntryPoint

import pytest

from electrolith.core import registry
from electrolith.core.errors import InputError, MissingExtra, nearest


def test_an_unknown_name_is_answered_with_the_nearest_and_all_known():
    assert nearest("engine", "chgnett", ["chgnet", "gpaw"]) == (
        "engine: no 'chgnett'; did you mean 'chgnet'? known: chgnet, gpaw"
    )
    assert nearest("engine", "zzz", []) == "engine: no 'zzz'; known: none"


def test_one_name_from_two_packages_is_refused(monkeypatch):
    both = [EntryPoint("toy", "one:toy", "g"), EntryPoint("toy", "two:toy", "g")]
    monkeypatch.setattr(registry, "entry_points", lambda group: both)
    with pytest.raises(InputError, match="'toy' is registered twice, by one:toy and two:toy"):
        registry.find("g", "toy")


def test_a_registered_name_is_loaded(monkeypatch):
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint("root", "math:sqrt", group)])
    assert registry.find("g", "root")(9.0) == 3.0


def test_a_missing_extra_says_how_to_get_it():
    with pytest.raises(MissingExtra, match=r"chgnet is not installed.*pip install '\.\[mlip\]'"):
        raise MissingExtra("mlip", "chgnet")


def test_a_missing_extra_survives_the_way_from_a_worker_process():
    import pickle

    back = pickle.loads(pickle.dumps(MissingExtra("mlip", "chgnet")))  # noqa: S301
    assert str(back) == str(MissingExtra("mlip", "chgnet"))
    assert back.extra == "mlip"
