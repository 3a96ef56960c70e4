"""Vacancies in the study: the definition by hand, the stage end to end, and what an engine cannot know."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lacuna.core.archive import save
from lacuna.core.errors import InputError
from lacuna.crystal.frame import Frame
from lacuna.crystal.library import shipped_crystal
from lacuna.crystal.order import Keep, Ordering, order_crystal
from lacuna.crystal.read import read_crystal
from lacuna.crystal.site import DistinctAtom
from lacuna.energy.engine import Evaluation, make_engine
from lacuna.energy.relax import relax
from lacuna.study.sections import vacancies as section
from lacuna.study.sections.engine import EngineChoice
from lacuna.study.sections.material import Material
from lacuna.study.sections.relaxation import RelaxedOrderings
from lacuna.study.sections.vacancies import Vacancies, VacancyEnergies, VacancyHost, metal_energy
from lacuna.study.settings import read
from lacuna.study.wiring import Progress, Workspace

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"


@dataclass(frozen=True)
class OneBody:
    """Atoms that do not see each other: a vacancy costs nothing beyond the metal's zero."""

    lithium: float
    name: str = "one body"

    def evaluate(self, frame: Frame) -> Evaluation:
        energy = float(np.where(frame.numbers == 3, self.lithium, -7.0).sum())
        return Evaluation(energy, np.zeros((len(frame), 3)), np.zeros((3, 3)))


class Found:
    """Results with one value."""

    def __init__(self, value):
        self.value = value

    def get(self, kind):
        return self.value


def test_atoms_that_do_not_see_each_other_have_vacancies_for_nothing(tmp_path):
    engine = OneBody(-2.5)
    frame = shipped_crystal("LiCl").to_frame()
    atoms = (DistinctAtom(0, 4, "4a"),)
    left = Frame(frame.positions[1:], frame.cell, frame.numbers[1:])
    save(tmp_path / "LiCl-0", relax(left, engine))
    metal = metal_energy(engine, "Li")
    assert metal == pytest.approx(-2.5)
    perfect = engine.evaluate(frame).energy
    host = section._host("LiCl", frame, atoms, perfect, metal, "Li", tmp_path)
    assert host.energies == pytest.approx([0.0], abs=1e-9)
    assert host.mean == pytest.approx(0.0, abs=1e-9)
    # E(vacancy) - E(perfect) = 2.5; with a metal at -1.0 eV per atom it costs 1.5 eV
    shifted = section._host("LiCl", frame, atoms, perfect, -1.0, "Li", tmp_path)
    assert shifted.energies == pytest.approx([1.5])


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Vacancies of a small ordering and of nothing else, with the shipped potential."""
    crystal = read_crystal(EXAMPLE)
    settings = Ordering(supercell=(1, 1, 1), composition="Li6NCl3", decorations=50, keep=Keep(1, 0, 0))
    frame = order_crystal(crystal, settings).frames[0]
    engine = make_engine("li-n-cl")
    ground = relax(frame, engine)
    orderings = RelaxedOrderings((ground,), ("lowest",), engine.name, (0,), np.array([5.3]))
    folder = tmp_path_factory.mktemp("vacancies")
    told = []
    values = [
        section.vacancy_energies(
            Vacancies(),
            orderings,
            Material(EXAMPLE),
            EngineChoice(),
            Workspace(folder),
            Progress(lambda done, text: told.append(text)),
        )
        for _ in range(2)
    ]
    return values, told, ground.frame


def test_the_stage_takes_out_every_distinct_lithium_once_and_goes_on_where_it_stopped(found):
    (first, again), told, frame = found
    host = first.hosts[0]
    assert host.copies.sum() == frame.symbols.count("Li") == 6
    assert np.array_equal(host.energies, again.hosts[0].energies)
    assert told[-1] == f"{len(host.energies)} of {len(host.energies)} relaxed"
    assert told.count(told[-1]) == 1  # the second call had nothing left to relax


def test_a_fitted_potential_gives_differences_only_and_says_so(found):
    (first, _), _, _ = found
    assert first.metal is None
    good = np.isfinite(first.hosts[0].energies)
    assert np.average(first.hosts[0].energies[good], weights=first.hosts[0].copies[good]) == pytest.approx(0)
    assert section.evidence(Found(first)) == ()
    (part,) = section.parts(Found(first))
    assert "fitted to charge-balanced cells only" in part.warnings[0]
    assert part.tables[0].rows[0][3] == "not known"


def host(energies, surroundings):
    n = len(energies)
    return VacancyHost(
        "ground state", "Li4NCl", np.array(energies), np.ones(n, int), ("1a",) * n, surroundings
    )


def test_energies_are_gathered_by_surrounding():
    some = host([1.0, 1.4, 0.8, np.nan], ("N4", "N4", "NCl3", "Cl4"))
    mixed = host([1.0, 2.0, 3.0, 4.0, 5.0], ("Cl4", "NCl2□", "N4", "NCl3", "N3□"))
    assert list(section.by_surrounding(mixed)) == ["N4", "N3□", "NCl3", "NCl2□", "Cl4"]
    rows = section.by_surrounding(some)
    assert rows["N4"] == (2, pytest.approx(1.2), pytest.approx(0.2))
    assert rows["NCl3"] == (1, pytest.approx(0.8), 0.0)
    assert "Cl4" not in rows
    (part,) = section.parts(Found(VacancyEnergies((some,), "toy", "Li", -1.9)))
    assert part.warnings == ("1 cells with a vacancy did not reach the force criterion; left out.",)
    (row,) = section.evidence(Found(VacancyEnergies((some,), "toy", "Li", -1.9)))
    assert row.value.value == pytest.approx(1.0)
    licl = VacancyHost("LiCl", "Li32Cl32", np.array([3.2]), np.array([32]), ("4a",), ("Cl4",))
    both = VacancyEnergies((some, licl), "toy", "Li", -1.9)
    assert [e.quantity for e in section.evidence(Found(both))][1:] == ["vacancy_formation_energy_LiCl_4a"]
    assert len(section.parts(Found(both))[0].figures[0].layers) == 2
    relative = VacancyEnergies((some, licl), "toy", "Li", None)
    assert len(section.parts(Found(relative))[0].figures[0].layers) == 1  # one site has no spread


def test_some_sites_are_spread_over_all():
    atoms = tuple(DistinctAtom(i, 1, "1a") for i in range(10))
    assert [a.index for a in section._spread(atoms, 3)] == [0, 4, 9]
    assert section._spread(atoms, "all") == atoms
    assert read(Vacancies, {"sites": "all", "compare": ["LiCl"]}).compare == ("LiCl",)
    assert read(Vacancies, {"sites": 3}).sites == 3


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Vacancies(sites=0), "sites must be at least 1, got 0"),
        (lambda: Vacancies(compare=("LiCi",)), "no 'LiCi'; did you mean 'LiCl'"),
        (lambda: Vacancies(compare=("Li",)), "Li has no supercell for vacancies; known: LiCl, beta-Li3N"),
    ],
)
def test_impossible_settings_are_refused(make, complaint):
    with pytest.raises(InputError, match=complaint):
        make()
