"""Tables of vacancies and their limit; what ships belongs together."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pairs import Pairs, fails

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.library import shipped_crystal
from electrolith.energy.labels.labels import read_labels
from electrolith.energy.labels.recorded import Recorded
from electrolith.energy.vacancy.cell import vacancy_title
from electrolith.energy.vacancy.shipped import (
    metal_reference,
    published_vacancies,
    recompute,
    shipped_frames,
    shipped_labels,
    shipped_rows,
)
from electrolith.energy.vacancy.table import extrapolate, merged, read_rows, rows_of, write_rows
from electrolith.energy.vacancy.vacancies import VacancySettings, formation_energy, host_cell, vacancies_of


@given(
    st.floats(-5, 5),
    st.floats(-30, 30),
    st.lists(st.integers(4, 300), min_size=2, max_size=6, unique=True),
)
def test_energies_that_go_as_one_over_the_size_have_their_exact_limit(limit, slope, sizes):
    found = extrapolate(sizes, [limit + slope / n for n in sizes])
    assert found.limit == pytest.approx(limit, abs=1e-6)
    assert found.slope == pytest.approx(slope, abs=1e-4)
    if len(sizes) > 2:
        assert found.doubt == pytest.approx(0, abs=1e-5)
    else:
        assert found.doubt == pytest.approx(abs(slope) / max(sizes), abs=1e-6)


def test_the_doubt_of_three_sizes_is_how_far_leaving_one_out_moves_the_limit():
    found = extrapolate([1, 2, 4], [2.0, 1.6, 1.1])
    without = [
        extrapolate(n, e).limit for n, e in (([2, 4], [1.6, 1.1]), ([1, 4], [2.0, 1.1]), ([1, 2], [2.0, 1.6]))
    ]
    assert without == pytest.approx([0.6, 0.8, 1.2])
    assert found.doubt == pytest.approx(max(abs(w - found.limit) for w in without))
    assert found.doubt > 0.2


def test_one_size_has_no_limit_and_no_doubt_to_tell():
    found = extrapolate([8], [4.8])
    assert (found.limit, found.sizes) == (4.8, 1)
    assert math.isnan(found.doubt)
    with pytest.raises(InputError, match="2 sizes for 1 energies"):
        extrapolate([4, 8], [1.0])


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Rows and labels of a toy in two cells of LiCl."""
    path = tmp_path_factory.mktemp("toy") / "labels.xyz"
    engine = Recorded(Pairs(), path, settings="pairs", source={"code": "toy 1"})
    unit = shipped_crystal("LiCl").to_frame()
    rows = ()
    for size in (4, 8):
        cell = host_cell(unit, size)
        *_, found = vacancies_of(
            "LiCl", cell, engine, metal=-1.5, size=size, settings=VacancySettings(force=0.01), kind="LiCl"
        )
        rows += rows_of(found, "toy 1")
    return rows, read_labels(path)


def test_a_table_reads_back_as_it_was_written(computed, tmp_path):
    rows = (*computed[0], replace(computed[0][0], index=9, formation_energy=math.nan, site="8c"))
    path = tmp_path / "rows.csv"
    write_rows(path, rows, note="from a toy\nsecond line")
    found = read_rows(path)
    assert path.read_text().startswith("# from a toy\n# second line\nhost,")
    assert found[:2] == rows[:2]
    assert math.isnan(found[2].formation_energy)
    assert merged(found, [replace(rows[0], unrelaxed=9.0)])[0].unrelaxed == 9.0
    assert len(merged(found, rows)) == 3


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("surrounding", "neighbours", "the columns surrounding are missing"),
        (",16,", ",sixteen,", "row 2: invalid literal"),
    ],
)
def test_a_damaged_table_is_refused(computed, tmp_path, old, new, complaint):
    path = tmp_path / "rows.csv"
    write_rows(path, computed[0])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=complaint):
        read_rows(path)
    with pytest.raises(InputError, match="no such table of vacancies"):
        read_rows(tmp_path / "none.csv")


def test_recomputing_a_table_gives_its_energies_again_and_goes_on_after_a_kill(computed, tmp_path):
    rows, labels = computed
    path = tmp_path / "again.xyz"
    with pytest.raises(KeyboardInterrupt):
        recompute(
            rows,
            Recorded(Pairs(stop_after=2), path, settings="pairs"),
            labels=labels,
            metal=-1.5,
            code="toy 2",
        )
    inner = Pairs()
    again = Recorded(inner, path, settings="pairs")
    assert len(again) == 2
    found = recompute(rows, again, labels=labels, metal=-1.5, code="toy 2")
    assert found.failures == ()
    for new, old in zip(found.rows, rows, strict=True):
        assert new.formation_energy == pytest.approx(old.formation_energy, abs=2e-4)
        assert new.unrelaxed == pytest.approx(old.unrelaxed, abs=2e-4)
        assert new.code == "toy 2"
    assert inner.calls < 6
    other = recompute(
        rows,
        Recorded(Pairs(strength=4.0), tmp_path / "x.xyz", settings="o"),
        labels=labels,
        metal=-1.5,
        code="",
    )
    assert abs(other.rows[0].formation_energy - rows[0].formation_energy) > 0.1


def test_a_point_that_fails_while_recomputing_is_named(computed, tmp_path):
    rows, labels = computed
    engine = Recorded(
        Pairs(stop_after=3, error=fails("no convergence")), tmp_path / "x.xyz", settings="pairs"
    )
    found = recompute(rows, engine, labels=labels, metal=-1.5, code="toy")
    assert len(found.rows) == 1
    assert "LiCl, 8 formula units, without atom 0 (4a), point 1: no convergence" in found.failures[0]
    with pytest.raises(DataError, match="no frames of LiCl, 8 formula units, without atom 3"):
        shipped_frames(replace(rows[1], index=3), labels)


def test_the_shipped_table_follows_from_the_shipped_labels():
    labels = shipped_labels()
    rows = shipped_rows()
    assert rows
    energies = {x.identity: x for x in labels}
    assert len(energies) == len(labels)
    for row in rows:
        perfect, before, _ = shipped_frames(row, labels)
        title = vacancy_title(row.host, row.size, row.index, row.site)
        some = [x for x in labels if x.source["origin"] == title]
        zero = next(x.energy for x in labels if x.frame is perfect)
        assert {x.settings for x in some} == {row.settings}
        assert len(perfect) == row.atoms == len(before) + 1
        assert before.symbols.count("Li") == perfect.symbols.count("Li") - 1
        np.testing.assert_allclose(before.cell, perfect.cell, atol=1e-6)
        unrelaxed = formation_energy(some[0].energy, perfect=zero, metal=row.metal)
        assert row.metal == metal_reference(row.settings, "Li")
        if math.isfinite(row.unrelaxed):
            assert row.unrelaxed == pytest.approx(unrelaxed, abs=1e-4)
        if math.isfinite(row.formation_energy):
            relaxed = formation_energy(some[-1].energy, perfect=zero, metal=row.metal)
            assert row.formation_energy == pytest.approx(relaxed, abs=1e-4)
            force = np.linalg.norm(some[-1].forces, axis=1).max()
            assert row.largest_force == pytest.approx(force, abs=1e-3)


def test_published_values_name_their_cell_and_source():
    found = {(p.host, p.site): p for p in published_vacancies()}
    assert found["LiCl", "4a"].energy == 4.82
    assert found["beta-Li3N", "4f"].energy == 0.81
    assert found["beta-Li3N", "2b"].energy == 1.43
    assert found["Li9N2Cl3", "mean"].energy == 1.31
    assert {p.source for p in published_vacancies()} == {"10.1126/sciadv.adh4626"}
    assert metal_reference("gpaw-PBE-650eV-615d321e", "Li") == -1.9010
    assert metal_reference("gpaw-PBE-300eV-0", "Li") is None
