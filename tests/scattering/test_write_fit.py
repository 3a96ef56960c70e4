"""What is written for others."""

import gemmi
import numpy as np
import pytest

from electrolith.core.archive import load, save
from electrolith.core.errors import MissingExtra
from electrolith.scattering.conditions import FixedTotal
from electrolith.scattering.gsas2 import find_gsas2
from electrolith.scattering.refine import refine
from electrolith.scattering.write_fit import fit_cif, with_esd, write_cif

TRUE = {"lab/scale/LNC": 0.02, "lab/background/0": 200.0}
OPEN = ("LNC/Li1/occupancy/Li", "LNC/X1/occupancy/N", "LNC/X1/occupancy/Cl")
FREE = ("lab/scale/LNC", "LNC/a", "LNC/Li1/B", "LNC/X1/B", *OPEN, *(f"lab/background/{k}" for k in range(5)))


@pytest.fixture
def histogram(antifluorite, measured, rng):
    """A short pattern."""
    return measured((antifluorite,), 20 + 0.05 * np.arange(1200), TRUE, rng=rng)


@pytest.mark.parametrize(
    ("value", "esd", "text"),
    [
        (5.35061, 0.00023, "5.3506(2)"),
        (5.35061, 0.00013, "5.35061(13)"),
        (0.86, 0.021, "0.86(2)"),
        (1.5, np.inf, "1.5"),
        (12.34, 1.4, "12.3(14)"),
    ],
)
def test_esds_in_parentheses_follow_the_rule_of_19(value, esd, text):
    assert with_esd(value, esd) == text


def test_the_cif_reads_back_with_cell_occupancies_and_what_is_open(antifluorite, histogram, tmp_path):
    fit = refine((antifluorite,), (histogram,), free=FREE)
    write_cif(tmp_path / "fit.cif", fit)
    block = gemmi.cif.read_file(str(tmp_path / "fit.cif")).sole_block()
    small = gemmi.make_small_structure_from_block(block)
    assert small.cell.a == pytest.approx(fit.value("LNC/a"), abs=1e-4)
    assert {s.element.name for s in small.sites} == {"Li", "N", "Cl"}
    assert "(" not in block.find_loop("_atom_site_occupancy")[0]  # not identified: no esd
    assert "all occupancies together against scale" in fit_cif(fit)
    assert len(small.get_all_unit_cell_sites()) >= 12
    closed = refine((antifluorite,), (histogram,), free=FREE, conditions=(FixedTotal("LNC", "X1", 0.955),))
    assert "(" in gemmi.cif.read_string(fit_cif(closed)).sole_block().find_loop("_atom_site_occupancy")[0]


def test_a_refinement_survives_the_archive(antifluorite, histogram, tmp_path):
    fit = refine((antifluorite,), (histogram,), free=FREE)
    save(tmp_path / "fit", fit)
    back = load(tmp_path / "fit")
    assert back.names == fit.names
    assert np.array_equal(back.histograms[0].calculated, fit.histograms[0].calculated)
    assert back.null[0].words == fit.null[0].words


def test_gsas2_is_found_or_explained(monkeypatch):
    monkeypatch.setattr("electrolith.scattering.gsas2.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="on no package index"):
        find_gsas2()
    monkeypatch.setattr("electrolith.scattering.gsas2.find_spec", lambda name: name)
    assert find_gsas2() == "GSASII.GSASIIscriptable"
