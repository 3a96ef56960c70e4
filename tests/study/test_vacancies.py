"""Vacancies in the study: the stages end to end, the report, the command."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from electrolith.core.errors import InputError
from electrolith.core.execution.workers import Workers
from electrolith.crystal.order import Keep, Ordering, order_crystal
from electrolith.crystal.read import read_crystal
from electrolith.energy.engine import Evaluation, make_engine
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.relax import relax
from electrolith.energy.vacancy.cell import CellVacancies, SiteVacancy
from electrolith.energy.vacancy.shipped import shipped_labels, shipped_rows
from electrolith.energy.vacancy.table import VacancyRow, read_rows
from electrolith.study.commands import app
from electrolith.study.figure import Points
from electrolith.study.sections import vacancies as section
from electrolith.study.sections import vacancy_dft_parts
from electrolith.study.sections.engine import EngineChoice
from electrolith.study.sections.material import Material
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.sections.vacancies import DftVacancies, Vacancies, VacancyEnergies
from electrolith.study.settings import read
from electrolith.study.table import text_rows
from electrolith.study.wiring import Progress, Workspace

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"


class Found:
    """Results with some values."""

    def __init__(self, *values):
        self.values = {type(v): v for v in values}

    def get(self, kind):
        return self.values.get(kind)


def run(*words):
    return CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=True)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Vacancies of a small ordering and of nothing else, with the shipped potential."""
    crystal = read_crystal(EXAMPLE)
    settings = Ordering(supercell=(1, 1, 1), composition="Li6NCl3", decorations=50, keep=Keep(1, 0, 0))
    frame = order_crystal(crystal, settings).frames[0]
    engine = make_engine("li-n-cl")
    ground = relax(frame, engine)
    orderings = RelaxedOrderings(
        (ground,), ("lowest",), engine.name, (0,), np.array([5.3]), np.ones(1), np.zeros(1, int), 600.0, 1.0
    )
    folder = tmp_path_factory.mktemp("vacancies")
    told = [[], []]
    values = [
        section.vacancy_energies(
            Vacancies(),
            orderings,
            Material(EXAMPLE),
            EngineChoice(),
            Workspace(folder),
            Progress(lambda done, text, lines=lines: lines.append(text)),
            Workers(),
        )
        for lines in told
    ]
    return values, told, ground.frame


def test_the_stage_takes_out_every_distinct_lithium_once_and_goes_on_where_it_stopped(found):
    (first, again), told, frame = found
    host = first.hosts[0]
    assert host.copies.sum() == frame.symbols.count("Li") == 6
    assert np.array_equal(host.energies, again.hosts[0].energies)
    assert told[0][-1] == f"{len(host.energies)} of {len(host.energies)} relaxed"
    assert told[1] == []  # the second call had nothing left to relax


def test_an_engine_without_a_metal_gives_differences_only_and_says_so(found):
    (first, _), _, _ = found
    relative = VacancyEnergies((replace(first.hosts[0], metal=None),), first.engine, first.element, None)
    assert section.evidence(Found(relative)) == ()
    (part,) = section.parts(Found(relative))
    assert "fitted to charge-balanced cells only" in part.warnings[0]
    assert part.tables[0].rows[0][3] == "not known"
    if first.metal is None:
        assert first.hosts[0].everywhere.mean() == pytest.approx(0)


def host(energies, surroundings, *, name="ground state", formula="Li4NCl", letter="1a"):
    return CellVacancies(
        host=name,
        formula=formula,
        atoms=64,
        size=1,
        perfect=-20.0,
        metal=-1.9,
        closest=5.0,
        engine="toy",
        sites=tuple(
            SiteVacancy(i, 1, letter, s, e, e, 0.01, 5)
            for i, (e, s) in enumerate(zip(energies, surroundings, strict=True))
        ),
    )


def test_the_report_holds_the_spread_the_surroundings_and_the_papers_values():
    some = host([1.0, 1.4, 0.8, np.nan], ("N4", "N4", "NCl3", "Cl4"))
    licl = host([3.2], ("Cl6",), name="LiCl", formula="Li32Cl32", letter="4a")
    value = VacancyEnergies((some, licl), "toy", "Li", -1.9)
    (part,) = section.parts(Found(value))
    assert part.warnings == ("1 cells with a vacancy did not reach the force criterion; left out.",)
    assert "1.31 eV" in part.notes[0]
    assert text_rows(part.tables[0])[-1][-3:] == ("3.200", "–", "4.82")
    mean, other, paper = section.evidence(Found(value))
    assert (paper.quantity, paper.published, paper.value.value) == (other.quantity, True, 4.82)
    assert mean.value.value == pytest.approx(1.0)
    assert other.quantity == "vacancy_formation_energy_LiCl_4a"
    names = [layer.name for layer in part.figures[0].layers]
    assert names == ["ground state Li4NCl", "LiCl Li32Cl32", "paper (PBE): mean or single site"]
    relative = VacancyEnergies((replace(some, metal=None), replace(licl, metal=None)), "toy", "Li", None)
    assert len(section.parts(Found(relative))[0].figures[0].layers) == 1  # one site has no spread


def test_the_mean_over_sites_is_canonical_over_orderings_by_hand():
    """Shares 0.75 and 0.25: two sites of 1.0 and 1.2 eV weigh 0.375 each, one of 2.0 eV weighs 0.25."""
    ground = host([1.0, 1.2], ("N4", "NCl3"))
    other = host([2.0], ("Cl4",), name="ordering 7")
    value = VacancyEnergies((ground,), "toy", "Li", -1.9, (other,), (0.75, 0.25))
    (mean,) = section.evidence(Found(value))
    assert mean.value.draws.mean() == pytest.approx(0.375 * 2.2 + 0.25 * 2.0, abs=1e-3)
    assert mean.note == "3 sites of Li4NCl in 2 orderings, canonical; interval: spread over sites"
    (part,) = section.parts(Found(value))
    rows = {r[0]: r for r in text_rows(part.tables[1])}
    assert rows["canonical"][1:5] == ("100", "3", "1.325", "0.399")
    assert rows["ordering 7"][1:4] == ("25", "1", "2.000")


def test_sites_are_shared_out_by_weight_and_never_fewer_than_two():
    assert [section._of_all(12, s) for s in (0.64, 0.345, 0.015)] == [8, 4, 2]
    assert section._of_all("all", 0.1) == "all"
    assert section._of_all(1, 0.01) == 1
    with pytest.raises(InputError, match="orderings must be at least 1"):
        Vacancies(orderings=0)


def row(host, site, atoms, energy, *, index=0):
    return VacancyRow(
        host=host,
        site=site,
        index=index,
        surrounding="Cl6",
        copies=1,
        size=atoms // 2,
        atoms=atoms,
        formula=f"{host}{atoms}",
        closest=5.0,
        formation_energy=energy,
        unrelaxed=energy + 0.1,
        largest_force=0.02,
        points=4,
        perfect=-50.0,
        metal=-1.901,
        settings="gpaw-PBE-650eV",
        code="gpaw 26.7.0",
    )


ROWS = (
    row("LiCl", "4a", 8, 4.0 + 1.6 / 8),
    row("LiCl", "4a", 16, 4.0 + 1.6 / 16),
    row("beta-Li3N", "4f", 8, 0.9),
    row("Li14N3Cl5", "1a", 22, 1.2, index=3),
    row("Li14N3Cl5", "1a", 22, 1.6, index=7),
    row("beta-Li3N", "2b", 8, np.nan),
)


def test_dft_vacancies_stand_against_one_over_the_size_with_their_limit_beside_the_paper():
    (part,) = section.parts(Found(DftVacancies(ROWS)))
    assert part.sentence.endswith("for ever larger cells LiCl 4a 4.00 ± 0.10 eV.")
    limits, each = part.tables
    assert text_rows(limits)[0] == ("LiCl, 4a", "2", "16", "4.10", "4.00(10)", "4.82 (Li32Cl32)")
    assert limits.rows[1][4] == "one relaxed size"
    assert len(each.rows) == len(ROWS)
    assert len(each.columns) == 8
    points = [layer for layer in part.figures[0].layers if isinstance(layer, Points)]
    paper = next(p for p in points if p.role == "published")
    assert paper.x[0] == pytest.approx(1 / 64)
    assert paper.y[0] == 4.82
    value, paper = section.evidence(Found(DftVacancies(ROWS)))
    assert (paper.published, paper.source) == (True, "10.1126/sciadv.adh4626")
    assert value.quantity == "vacancy_formation_energy_LiCl_4a"
    assert value.value.value == pytest.approx(4.0, abs=0.02)
    assert value.value.std == pytest.approx(0.1, abs=0.01)


def test_sites_of_one_low_symmetry_cell_are_shown_as_a_spread_and_not_as_a_limit():
    known = vacancy_dft_parts.limits(ROWS)
    assert set(known) == {("LiCl", "4a")}
    (part,) = section.parts(Found(DftVacancies(ROWS)))
    assert any(r[0] == "Li14N3Cl5, 2 sites" and r[3] == "1.20 to 1.60" for r in text_rows(part.tables[0]))


def test_single_points_far_from_their_minimum_are_called_upper_bounds():
    rough = (*ROWS, replace(ROWS[2], site="2b", largest_force=0.37))
    (near,), (far,) = (section.parts(Found(DftVacancies(rows))) for rows in (ROWS, rough))
    assert not any("upper bounds" in note for note in near.notes)
    larger = (ROWS[2], replace(ROWS[2], atoms=24, formation_energy=0.85, largest_force=0.37))
    assert vacancy_dft_parts.limits(larger) == {}
    (part,) = section.parts(Found(DftVacancies(larger)))
    assert text_rows(part.tables[0])[0][3:5] == ("< 0.85", "one relaxed size")
    assert far.notes[-1].startswith("1 of them are single points")
    assert "0.37 eV/Å: upper bounds" in far.notes[-1]


def test_rows_computed_again_show_by_how_much_they_differ():
    again = (replace(ROWS[0], formation_energy=ROWS[0].formation_energy + 0.002), *ROWS[1:])
    (part,) = section.parts(Found(DftVacancies(again, ROWS, ("LiCl point 3: no convergence",))))
    assert part.tables[1].columns[-1] == "change / meV"
    assert text_rows(part.tables[1])[0][-1] == "2.0"
    assert part.warnings == ("LiCl point 3: no convergence",)


def test_the_shipped_vacancies_are_read_or_left_out():
    nothing = Workspace(Path("unused"))
    told = Progress(lambda done, text: None)
    found = section.dft_vacancies(Vacancies(), nothing, told)
    assert [r.unrelaxed for r in found.rows] == pytest.approx(
        [r.unrelaxed for r in shipped_rows()], nan_ok=True
    )
    assert found.shipped == ()
    assert section.dft_vacancies(Vacancies(dft="none"), nothing, told).rows == ()
    assert read(Vacancies, {"dft": "recompute"}).dft == "recompute"


def test_on_request_the_shipped_points_are_computed_here_and_the_report_says_what_changed(
    tmp_path, monkeypatch
):
    labels = {x.identity: x for x in shipped_labels()}
    settings = shipped_rows()[0].settings

    class Again:
        """A machine whose DFT gives one hundredth of an eV more for each lithium that is missing."""

        name = settings

        def evaluate(self, frame):
            label = labels[Label(frame, 0.0, np.zeros_like(frame.positions), None, settings, {}).identity]
            more = 0.01 * ("missing" in label.kind)
            return Evaluation(label.energy + more, label.forces, label.stress)

    monkeypatch.setattr(section, "gpaw_engine", Again)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "99.1")
    told = []
    progress = Progress(lambda done, text: told.append(text))
    found = section.dft_vacancies(Vacancies(dft="recompute"), Workspace(tmp_path), progress)
    assert found.failures == ()
    assert len(found.rows) == len(found.shipped) == len(told) == len(shipped_rows())
    assert {r.code for r in found.rows} == {"gpaw 99.1"}
    (part,) = section.parts(Found(found))
    changes = {r[-1] for r in text_rows(part.tables[1])}
    assert changes <= {"10.0", "–"}
    assert "10.0" in changes


def test_settings_are_read_from_the_study():
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


def test_the_command_computes_sizes_goes_on_and_gathers_all_hosts_in_one_table(tmp_path):
    words = ["vacancies", "--engine", "li-n-cl", "--metal", "-1.9 eV", "--folder", tmp_path, "--host"]
    first = run(*words, "LiCl", "--cells", "4,8", "--force", "0.1 eV/angstrom")
    assert first.exit_code == 0, first.output
    labels = read_labels(tmp_path / "labels.xyz")
    rows = read_rows(tmp_path / "vacancies.csv")
    assert [(r.host, r.site, r.atoms) for r in rows] == [("LiCl", "4a", 8), ("LiCl", "4a", 16)]
    assert {x.kind for x in labels} == {"LiCl", "LiCl, one Li missing"}
    again = run(*words, "LiCl", "--cells", "4,8", "--force", "0.1 eV/angstrom")
    assert again.exit_code == 0
    assert len(read_labels(tmp_path / "labels.xyz")) == len(labels)
    page = tmp_path / "page.html"
    other = run(*words, "beta-Li3N", "--cells", "2", "--force", "0.2 eV/angstrom", "--html", page)
    assert other.exit_code == 0, other.output
    assert page.exists()
    assert {r.host for r in read_rows(tmp_path / "vacancies.csv")} == {"LiCl", "beta-Li3N"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--host", "LiCl", "--cells", "four"), "expected formula units such as 4,8,16"),
        (("--host", "LiBr"), "no shipped structure"),
        (("--host", "beta-Li3N", "--cells", "3"), "holds 2, so 2, 4, 6"),
    ],
)
def test_the_command_refuses_what_it_cannot_mean(tmp_path, words, complaint):
    found = run("vacancies", "--engine", "li-n-cl", "--metal", "-1.9 eV", "--folder", tmp_path, *words)
    assert isinstance(found.exception, InputError)
    assert complaint in str(found.exception)
