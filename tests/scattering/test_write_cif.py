"""What is written for others."""

from dataclasses import replace

import gemmi
import numpy as np
import pytest

from electrolith.core.archive import load, save
from electrolith.core.errors import MissingExtra
from electrolith.scattering.conditions import FixedTotal
from electrolith.scattering.gsas2 import find_gsas2
from electrolith.scattering.instrument import TimeOfFlight
from electrolith.scattering.refine import refine
from electrolith.scattering.write_cif import fit_cif, with_esd, write_cif

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


TIE = "LNC/X1/occupancy/N = 0.6666667 * LNC/X1/occupancy/Cl"
# From the core and powder dictionaries of the IUCr (COMCIFS), which know each of them.
NAMES = """
_audit_creation_method _computing_structure_refinement _refine_ls_structure_factor_coef
_refine_ls_matrix_type _refine_ls_weighting_scheme _refine_ls_weighting_details
_refine_ls_goodness_of_fit_all _refine_ls_number_parameters _refine_ls_number_constraints
_refine_ls_number_restraints _refine_ls_shift/su_max _pd_proc_ls_special_details _pd_block_id
_pd_phase_block_id _pd_block_diffractogram_id _pd_phase_mass_% _diffrn_radiation_probe _diffrn_source
_diffrn_radiation_type _pd_instr_geometry _diffrn_radiation_wavelength_id _diffrn_radiation_wavelength
_diffrn_radiation_wavelength_wt _pd_proc_number_of_points _pd_meas_2theta_range_min
_pd_meas_2theta_range_max _pd_meas_2theta_range_inc _pd_proc_ls_prof_wr_factor _pd_proc_ls_prof_r_factor
_pd_proc_ls_prof_wr_expected _pd_proc_info_excluded_regions _pd_proc_ls_profile_function
_pd_proc_ls_background_function _pd_meas_2theta_scan _pd_meas_time_of_flight _pd_proc_intensity_total
_pd_calc_intensity_total _pd_proc_intensity_bkg_calc _pd_proc_ls_weight _refln_index_h _refln_index_k
_refln_index_l _refln_d_spacing _pd_refln_phase_id _pd_phase_name _chemical_formula_sum
_chemical_formula_weight _cell_formula_units_z _exptl_crystal_density_diffrn _cell_length_a _cell_length_b
_cell_length_c _cell_angle_alpha _cell_angle_beta _cell_angle_gamma _cell_volume _space_group_name_h-m_alt
_space_group_symop_operation_xyz _atom_site_label _atom_site_type_symbol _atom_site_fract_x
_atom_site_fract_y _atom_site_fract_z _atom_site_occupancy _atom_site_adp_type _atom_site_b_iso_or_equiv
_atom_site_site_symmetry_multiplicity
""".split()


def _names(document):
    for block in document:
        for item in block:
            yield from item.loop.tags if item.loop is not None else (item.pair[0],)


def _two(antifluorite, measured, rng):
    from electrolith.scattering.phase_library import candidate

    salt = candidate("LiCl")
    true = TRUE | {"lab/scale/LiCl": 0.01}
    histogram = measured((antifluorite, salt), 20 + 0.05 * np.arange(1200), true, rng=rng)
    free = ("lab/scale/LNC", "lab/scale/LiCl", "LNC/a", "LiCl/a", *(f"lab/background/{k}" for k in range(5)))
    return refine((antifluorite, salt), (replace(histogram, limits=(25.0, 75.0)),), free=free)


def test_the_powder_cif_holds_every_point_the_profile_and_how_it_was_refined(antifluorite, histogram):
    rule = ("LNC/X1/B = 0.75 * LNC/Li1/B", TIE)
    given = (FixedTotal("LNC", "X1", 0.955),)
    fit = refine((antifluorite,), (histogram,), free=FREE, constraints=rule, conditions=given)
    text = fit_cif(fit)
    text.encode("ascii")  # CIF 1.1 knows nothing else
    block = gemmi.cif.read_string(text).sole_block()
    item = fit.histograms[0]
    for tag, column in (
        ("_pd_meas_2theta_scan", item.x),
        ("_pd_proc_intensity_total", item.observed),
        ("_pd_calc_intensity_total", item.calculated),
        ("_pd_proc_intensity_bkg_calc", item.background),
        ("_pd_proc_ls_weight", 1 / item.sigma**2),
    ):
        back = np.array([float(v) for v in block.find_loop(tag)])
        assert back == pytest.approx(column, rel=1e-4)
    assert block.find_value("_refine_ls_number_constraints") == "2"
    assert block.find_value("_refine_ls_number_restraints") == "1"
    assert float(block.find_value("_refine_ls_shift/su_max")) < 0.02
    waves = [float(v) for v in block.find_loop("_diffrn_radiation_wavelength")]
    assert waves == pytest.approx([1.5405929, 1.5444274])
    assert "w = " in block.find_value("_pd_proc_ls_profile_function")
    assert len(block.find_loop("_refln_index_h")) == len(item.ticks[0].d)
    assert float(block.find_value("_exptl_crystal_density_diffrn")) == pytest.approx(1.64, abs=0.05)


def test_every_name_of_the_cif_is_in_the_dictionaries(antifluorite, histogram, measured, rng):
    documents = [fit_cif(refine((antifluorite,), (histogram,), free=FREE))]
    documents.append(fit_cif(_two(antifluorite, measured, rng)))
    for text in documents:
        found = {name.lower() for name in _names(gemmi.cif.read_string(text))}
        assert found <= set(NAMES)


def test_pymatgen_and_gemmi_read_the_same_structure_back(antifluorite, histogram):
    from pymatgen.io.cif import CifParser

    given = (FixedTotal("LNC", "X1", 0.955),)
    fit = refine((antifluorite,), (histogram,), free=FREE, conditions=given, constraints=(TIE,))
    text = fit_cif(fit)
    structure = CifParser.from_str(text).parse_structures(primitive=False)[0]
    assert structure.lattice.a == pytest.approx(fit.value("LNC/a"), abs=2e-4)
    assert len(structure) == 12
    anions = next(s for s in structure if "N" in {e.symbol for e in s.species.elements})
    shares = {e.symbol: v for e, v in anions.species.items()}
    assert shares["N"] == pytest.approx(fit.value("LNC/X1/occupancy/N"), abs=2e-3)
    small = gemmi.make_small_structure_from_block(gemmi.cif.read_string(text).sole_block())
    assert len(small.get_all_unit_cell_sites()) == 16  # N and Cl on four places each, Li on eight


def test_several_phases_have_blocks_tied_by_their_identifiers(antifluorite, measured, rng):
    fit = _two(antifluorite, measured, rng)
    document = gemmi.cif.read_string(fit_cif(fit, title="mix"))
    assert [b.name for b in document] == ["overall", "lab", "LNC", "LiCl"]
    blocks = [gemmi.cif.as_string(v) for v in document["overall"].find_loop("_pd_phase_block_id")]
    own = [gemmi.cif.as_string(document[n].find_value("_pd_block_id")) for n in ("LNC", "LiCl")]
    assert blocks == own
    shares = [float(v.split("(")[0]) for v in document["lab"].find_loop("_pd_phase_mass_%")]
    assert sum(shares) == pytest.approx(100, abs=0.2)
    text = document["lab"].find_value("_pd_proc_info_excluded_regions")
    assert "below 25" in text
    assert "above 75" in text
    assert fit_cif(fit).count("_cell_length_a") == 2


def test_flight_time_and_what_is_open_are_written_too(antifluorite, measured, rng):
    tool = TimeOfFlight(7000.0, alpha=0.6, beta0=0.04, beta1=0.01, s1=50.0)
    true = {"tof/scale/LNC": 5.0, "tof/background/0": 40.0}
    x = np.arange(6000.0, 22000.0, 20.0)
    histogram = measured((antifluorite,), x, true, rng=rng, instrument=tool, name="tof")
    free = tuple(n.replace("lab/", "tof/") for n in FREE)
    block = gemmi.cif.read_string(fit_cif(refine((antifluorite,), (histogram,), free=free))).sole_block()
    assert len(block.find_loop("_pd_meas_time_of_flight")) == len(x)
    assert gemmi.cif.as_string(block.find_value("_diffrn_radiation_probe")) == "neutron"
    assert "leave every point unchanged" in block.find_value("_pd_proc_ls_special_details")
