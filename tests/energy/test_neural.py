"""Universal networks as engines, and their fine-tuning: small frames, a few steps."""

import dataclasses
import importlib.util
import json

import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation, check_engine
from electrolith.energy.labels.labels import Label
from electrolith.energy.neural.committee import Committee, force_disagreement
from electrolith.energy.neural.mace import MaceSettings, mace_engine
from electrolith.energy.neural.sevennet import SevenNet, SevenNetSettings, open_network
from electrolith.energy.neural.train import TrainSettings, held_out_runs, learning_rate, train_network
from electrolith.energy.neural.trained import read_trained

needs_sevenn = pytest.mark.skipif(
    importlib.util.find_spec("sevenn") is None, reason="sevenn is not installed"
)
FEW = TrainSettings(epochs=2, batch=2, replay=0.5, held_out=0.2)


def _skewed(seed: int = 0) -> Frame:
    cell = np.array([[3.7, 0.0, 0.1], [1.7, 3.4, 0.0], [1.9, 1.2, 3.1]])
    rng = np.random.default_rng(seed)
    places = np.array([[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]) @ cell + rng.normal(0, 0.05, (2, 3))
    return Frame(places, cell * (1 + 0.02 * seed), np.array([3, 17]))


@dataclasses.dataclass(frozen=True)
class Springs:
    """A toy reference: LiCl-like springs, with a zero of energy far from the network's."""

    zero: float = -50.0

    def label(self, number: int) -> Label:
        frame = _skewed(number)
        gap = frame.positions[1] - frame.positions[0] - frame.cell.sum(axis=0) / 2
        energy = 3.0 * float(gap @ gap) + self.zero
        forces = np.array([6.0 * gap, -6.0 * gap])
        stress = np.diag([0.01, 0.02, 0.03])
        return Label(frame, energy, forces, stress, "springs", {"kind": "LiCl", "run": str(number)})


LABELS = tuple(Springs().label(i) for i in range(4))


class Constant:
    def __init__(self, force: float) -> None:
        self.force = force

    @property
    def name(self) -> str:
        return f"constant {self.force}"

    def evaluate(self, frame: Frame) -> Evaluation:
        forces = np.zeros_like(frame.positions)
        forces[1, 0] = self.force
        return Evaluation(self.force, forces, np.eye(3) * self.force)


def test_a_committee_is_the_mean_of_its_members_and_knows_their_spread():
    frame = _skewed()
    spread = force_disagreement([Constant(f).evaluate(frame).forces for f in (0.1, 0.2, 0.3)])
    assert spread == pytest.approx([0.0, 0.1])
    out = Committee((Constant(0.1), Constant(0.3)), limit=0.5).evaluate(frame)
    assert out.energy == pytest.approx(0.2)
    assert out.forces[1, 0] == pytest.approx(0.2)
    assert out.stress[0, 0] == pytest.approx(0.2)


def test_a_committee_that_disagrees_refuses_and_names_frame_and_atom():
    committee = Committee((Constant(0.0), Constant(1.0)), limit=0.5)
    with pytest.raises(InputError, match=r"ClLi: .* disagree by 0\.71 eV/Å on atom 2 \(Cl\), more than 0\.5"):
        committee.evaluate(_skewed())
    with pytest.raises(InputError, match="at least two members, got 1"):
        Committee((Constant(0.0),))


def test_whole_runs_are_left_out_never_all_of_them():
    out = held_out_runs(LABELS, 0.2, seed=1)
    assert out.sum() == 1
    assert held_out_runs(LABELS, 0.99, seed=1).sum() == 3
    assert any((held_out_runs(LABELS, 0.2, seed=s) != out).any() for s in range(2, 9))
    twins = tuple(dataclasses.replace(x, source={"kind": "LiCl", "run": "one"}) for x in LABELS)
    with pytest.raises(InputError, match="4 labels of one run: a second run is needed"):
        held_out_runs(twins, 0.2, seed=1)


def test_the_learning_rate_makes_one_cycle():
    rates = [learning_rate(s, 100, 1e-3) for s in range(100)]
    assert rates[0] == pytest.approx(4e-5)
    assert max(rates) == pytest.approx(1e-3)
    assert np.argmax(rates) == 30
    assert rates[-1] < 1e-5
    assert np.all(np.diff(rates[:31]) > 0)
    assert np.all(np.diff(rates[30:]) < 0)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"huber": 0.0}, "huber must be above 0"),
        ({"held_out": 1.0}, "got"),
    ],
)
def test_training_that_cannot_be_meant_is_refused(wrong, text):
    with pytest.raises(InputError, match=text):
        TrainSettings(**wrong)


@needs_sevenn
def test_sevennet_keeps_the_contract_of_an_engine():
    check_engine(SevenNet(SevenNetSettings(device="cpu")), _skewed(), tolerance=5e-3, step=2e-3)


@needs_sevenn
def test_an_element_that_the_model_does_not_know_is_named():
    engine = SevenNet(SevenNetSettings(device="cpu"))
    strange = Frame(_skewed().positions, _skewed().cell, np.array([3, 118]))
    with pytest.raises(InputError, match="not made for Og"):
        engine.evaluate(strange)


@needs_sevenn
def test_a_checkpoint_is_opened_only_with_its_digest(tmp_path):
    path = tmp_path / "other.pth"
    path.write_bytes(b"cos\nsystem\n(S'echo hacked'\ntR.")
    with pytest.raises(
        InputError, match=r"can execute code when it is opened; .* state sha256: [0-9a-f]{64}"
    ):
        open_network(SevenNetSettings(str(path)))
    with pytest.raises(InputError, match="did you mean 'sevennet-0'"):
        open_network(SevenNetSettings("sevennet0"))


def test_a_mace_model_is_opened_only_with_its_digest(tmp_path):
    path = tmp_path / "m.model"
    path.write_bytes(b"something")
    with pytest.raises(InputError, match=r"state sha256: [0-9a-f]{64} beside it \(not 12\)"):
        mace_engine(MaceSettings(str(path), sha256="12"))
    with pytest.raises(InputError, match="no such model file"):
        mace_engine(MaceSettings(str(tmp_path / "none.model")))
    with pytest.raises(InputError, match="none comes with the package"):
        mace_engine()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A training at one go."""
    folder = tmp_path_factory.mktemp("whole")
    return train_network(LABELS, folder, start=SevenNetSettings(device="cpu"), settings=FEW)


@needs_sevenn
def test_training_moves_the_zero_of_energy_and_the_model_is_an_engine(trained):
    """One composition: the offsets alone bring the mean energy of the learned labels to the reference's."""
    assert trained.step == trained.steps == 6  # three labels and two replayed frames, two a step, twice
    engine = SevenNet(SevenNetSettings(str(trained.model.folder), device="cpu"))
    assert engine.name.startswith("sevennet-")
    assert engine.evaluate(LABELS[0].frame).energy == pytest.approx(-50, abs=1.0)
    assert trained.held_out[0].labels == 1
    assert trained.before[0].forces > 0


@needs_sevenn
def test_a_training_stopped_anywhere_ends_with_the_same_bits(trained, tmp_path):
    start = SevenNetSettings(device="cpu")
    steps = []
    while True:
        found = train_network(LABELS, tmp_path, start=start, settings=FEW, at_most=2)
        steps.append(found.step)
        if found.model is not None:
            break
        assert found.held_out == ()
    assert steps == [2, 4, 6]
    assert found.model.digest == trained.model.digest
    again = train_network(
        LABELS, tmp_path, start=start, settings=FEW, progress=lambda *_: pytest.fail("trained")
    )
    assert again.held_out == found.held_out


@needs_sevenn
def test_a_checkpoint_of_another_training_and_a_damaged_one_are_refused(tmp_path):
    start = SevenNetSettings(device="cpu")
    train_network(LABELS, tmp_path, start=start, settings=FEW, at_most=1)
    other = dataclasses.replace(FEW, seed=2)
    with pytest.raises(InputError, match="belongs to another training"):
        train_network(LABELS, tmp_path, start=start, settings=other)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="not a whole checkpoint; delete it to begin again"):
        train_network(LABELS, tmp_path, start=start, settings=FEW)


@needs_sevenn
def test_damaged_weights_are_never_used(trained, tmp_path):
    for path in trained.model.folder.iterdir():
        if path.is_file() and not path.name.startswith("."):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "weights.pt"
    raw = bytearray(weights.read_bytes())
    raw[len(raw) // 2] ^= 1
    weights.write_bytes(bytes(raw))
    with pytest.raises(DataError, match="not the weights its manifest names"):
        SevenNet(SevenNetSettings(str(tmp_path), device="cpu"))
    (tmp_path / "manifest.json").write_text(json.dumps({"start": "sevennet-0"}))
    with pytest.raises(DataError, match="not a manifest of a trained model"):
        read_trained(tmp_path)
