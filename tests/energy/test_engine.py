import importlib.util
import itertools

import numpy as np
import pytest

from electrolith.core.errors import InputError, MissingExtra
from electrolith.crystal.frame import Frame
from electrolith.energy.ase_engine import AseEngine, calculator_named, to_calculator
from electrolith.energy.chgnet import Chgnet
from electrolith.energy.dft.gpaw import gpaw_engine
from electrolith.energy.engine import Evaluation, check_engine, engine_names, make_engine
from electrolith.energy.pod.lammps import li_n_cl

CUTOFF = 4.0


class Spring:
    """Every pair closer than the cutoff repels softly: E = Σ k (r_c - r)³, k the mean atomic number / 100."""

    name = "spring"
    images = 2

    def pairs(self, frame):
        for i, j in itertools.product(range(len(frame)), repeat=2):
            for shift in itertools.product(range(-self.images, self.images + 1), repeat=3):
                if i == j and shift == (0, 0, 0):
                    continue
                vector = frame.positions[j] - frame.positions[i] + np.array(shift) @ frame.cell
                distance = np.linalg.norm(vector)
                if distance < CUTOFF:
                    yield i, vector, distance, (frame.numbers[i] + frame.numbers[j]) / 200

    def wrapped(self, frame):
        return Frame((frame.fractional % 1.0) @ frame.cell, frame.cell, frame.numbers)

    def evaluate(self, frame):
        energy, forces, stress = 0.0, np.zeros((len(frame), 3)), np.zeros((3, 3))
        for i, vector, distance, stiffness in self.pairs(self.wrapped(frame)):
            energy += 0.5 * stiffness * (CUTOFF - distance) ** 3
            slope = -1.5 * stiffness * (CUTOFF - distance) ** 2
            forces[i] += 2 * slope * vector / distance
            stress += slope * np.outer(vector, vector) / distance / frame.volume
        return Evaluation(energy, forces, stress)


class ForgetsToWrap(Spring):
    """Sees only the home cell."""

    images = 0

    def wrapped(self, frame):
        return frame


class HalfForces(Spring):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        return Evaluation(out.energy, out.forces / 2, out.stress)


class WrongSignOfStress(Spring):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        return Evaluation(out.energy, out.forces, -out.stress)


class ShearForgotten(Spring):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        return Evaluation(out.energy, out.forces, np.diag(np.diag(out.stress)))


class ChangesItsInput(Spring):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        if frame.positions.flags.writeable:
            frame.positions[0] += 0.1
        return out


class ExternalField(Spring):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        return Evaluation(out.energy, out.forces + np.array([0.01, 0, 0]), out.stress)


class DependsOnOrder(Spring):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        return Evaluation(out.energy + 0.01 * float(frame.numbers[0]), out.forces, out.stress)


class DependsOnAxes(Spring):
    def evaluate(self, frame):
        out = super().evaluate(frame)
        return Evaluation(out.energy + 0.05 * frame.cell[0, 0], out.forces, out.stress)


class Forgetful(Spring):
    """A second call gives another energy."""

    def __init__(self):
        self.calls = 0

    def evaluate(self, frame):
        self.calls += 1
        out = super().evaluate(frame)
        return Evaluation(out.energy + 0.01 * self.calls, out.forces, out.stress)


class NotANumber(Spring):
    def evaluate(self, frame):
        return Evaluation(float("nan"), np.zeros((len(frame), 3)), None)


BROKEN = {
    ForgetsToWrap: "not periodic",
    HalfForces: "not minus the energy gradient",
    WrongSignOfStress: "strain derivative",
    ShearForgotten: "stress does not turn",
    ChangesItsInput: "changed its input",
    ExternalField: "net force",
    DependsOnOrder: "order of the atoms",
    DependsOnAxes: "orientation",
    Forgetful: "second call",
    NotANumber: "energy is nan",
}

SMALL = Frame(
    np.array([[0.1, 0.2, 0.0], [1.9, 1.6, 0.3], [0.4, 2.2, 2.1]]),
    np.array([[3.9, 0.2, -0.1], [0.9, 3.7, 0.3], [-0.6, 0.8, 3.8]]),
    np.array([3, 17, 7]),
)


def test_a_spring_in_a_skewed_cell_keeps_the_contract():
    check_engine(Spring(), SMALL)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: b.__name__)
def test_the_check_names_the_broken_promise(broken):
    with pytest.raises(AssertionError, match=BROKEN[broken]):
        check_engine(broken(), SMALL)


def test_the_shipped_potential_keeps_the_contract_in_a_skewed_cell_of_three_elements(li_n_cl_cell):
    check_engine(li_n_cl(), li_n_cl_cell, tolerance=2e-4)


def test_an_ase_calculator_keeps_the_contract():
    from ase.calculators.morse import MorsePotential

    check_engine(AseEngine(MorsePotential(rcut1=2.5, rcut2=3.5)), SMALL)


def test_an_engine_behind_the_ase_interface_gives_the_same_numbers():
    atoms = SMALL.to_ase()
    atoms.calc = to_calculator(Spring())
    out = Spring().evaluate(SMALL)
    assert atoms.get_potential_energy() == pytest.approx(out.energy, rel=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), out.forces, atol=1e-12)
    np.testing.assert_allclose(atoms.get_stress(voigt=False), out.stress, atol=1e-12)


def test_a_calculator_without_stress_gives_none():
    from ase.calculators.calculator import Calculator

    class Flat(Calculator):
        implemented_properties = ("energy", "forces")

        def calculate(self, atoms=None, properties=("energy",), system_changes=()):
            super().calculate(atoms, properties, system_changes)
            self.results = {"energy": 0.0, "forces": np.zeros((len(atoms), 3))}

    assert AseEngine(Flat()).evaluate(SMALL).stress is None


def test_calculators_are_found_by_name_and_a_wrong_name_says_how():
    assert calculator_named("ase.calculators.emt:EMT").name == "EMT"
    with pytest.raises(InputError, match=r"package\.module:Class"):
        calculator_named("EMT")
    with pytest.raises(InputError, match="no_such_module"):
        calculator_named("no_such_module:EMT")


def test_an_unknown_engine_is_answered_with_the_nearest_name():
    assert {"li-n-cl", "chgnet", "gpaw"} <= set(engine_names())
    with pytest.raises(InputError, match="did you mean 'chgnet'"):
        make_engine("chgnett")


@pytest.mark.parametrize(
    ("make", "package", "extra"), [(Chgnet, "chgnet", "mlip"), (gpaw_engine, "gpaw", "dft")]
)
def test_a_missing_extra_is_named_with_its_install_command(make, package, extra, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    for name in [m for m in sys.modules if m.startswith(package + ".")]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=rf"pip install '\.\[{extra}\]'"):
        make()


@pytest.mark.skipif(importlib.util.find_spec("chgnet") is None, reason="chgnet is not installed")
@pytest.mark.filterwarnings("ignore")
def test_chgnet_agrees_with_its_own_ase_calculator(li_n_cl_cell):
    from chgnet.model.dynamics import CHGNetCalculator

    frame = li_n_cl_cell
    ours = Chgnet().evaluate(frame)
    theirs = AseEngine(CHGNetCalculator(use_device="cpu")).evaluate(frame)
    assert ours.energy == pytest.approx(theirs.energy, abs=1e-4)
    np.testing.assert_allclose(ours.forces, theirs.forces, atol=1e-4)
    np.testing.assert_allclose(ours.stress, theirs.stress, atol=1e-5)
