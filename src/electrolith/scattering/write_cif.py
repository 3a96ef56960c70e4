"""A refinement for publication: powder CIF with structure, pattern, profile and how it was refined."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.files import write_atomic

from .instrument import EMISSION_LINES, ConstantWavelength
from .phase import Phase, cell_ties, density, molar_mass, multiplicity, volume
from .result import FittedHistogram, RietveldFit

__all__ = ["fit_cif", "with_esd", "write_cif"]


def with_esd(value: float, esd: float) -> str:
    """Value and esd as in 5.3506(2); the bare value when the esd is zero or unknown."""
    if not np.isfinite(esd) or esd <= 0:
        return f"{value:.5g}" if esd != 0 else f"{value:.6g}"
    digits = max(0, int(-np.floor(np.log10(esd))) + (1 if esd / 10 ** np.floor(np.log10(esd)) < 1.95 else 0))
    shown = round(esd * 10**digits)
    return f"{value:.{digits}f}({shown})"


def fit_cif(fit: RietveldFit, *, title: str = "refinement") -> str:
    """The refinement as powder CIF text; names from the core and powder dictionaries of the IUCr.

    One phase and one pattern stand in one block, as programs that read structures like it; else there is a
    block with the refinement, one per pattern and one per phase, tied by their block identifiers.
    Parameters that the data do not determine are written without esd and named in the details.
    """
    head = ["# Rietveld refinement by Electrolith", f"# {title}"]
    single = len(fit.phases) == 1 and len(fit.histograms) == 1
    if single:
        block = [f"data_{_token(fit.phases[0].name)}", *_refinement(fit), *_pattern(fit, fit.histograms[0])]
        return "\n".join([*head, "", *block, *_structure(fit, fit.phases[0])]) + "\n"
    names = {p.name: f"{_token(title)}|{_token(p.name)}" for p in fit.phases}
    patterns = {h.name: f"{_token(title)}|{_token(h.name)}" for h in fit.histograms}
    blocks = [["data_overall", *_refinement(fit), *_linked(names, patterns)]]
    for item in fit.histograms:
        text = [f"data_{_token(item.name)}", f"_pd_block_id '{patterns[item.name]}'"]
        text += _shares(fit, item, names)
        blocks.append([*text, *_pattern(fit, item)])
    for phase in fit.phases:
        text = [f"data_{_token(phase.name)}", f"_pd_block_id '{names[phase.name]}'"]
        blocks.append([*text, *_structure(fit, phase)])
    return "\n".join([*head, *(line for block in blocks for line in ("", *block))]) + "\n"


def write_cif(path: Path | str, fit: RietveldFit, *, title: str = "refinement") -> None:
    """Write `fit_cif` atomically."""
    write_atomic(Path(path), fit_cif(fit, title=title))


def _token(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_.()" else "_" for c in name)


def _text(tag: str, lines: list[str]) -> list[str]:
    """A text field; an empty one says so."""
    return [tag, ";", *(f" {_ascii(line)}" for line in lines or ["none"]), ";"]


# CIF 1.1 knows ASCII only, and has codes of its own for what science needs.
_CODES = str.maketrans(
    {
        "Å": "\\%A",
        "χ": "\\c",
        "σ": "\\s",
        "λ": "\\l",
        "α": "\\a",
        "µ": "\\m",
        "θ": "\\q",
        "Δ": "\\D",
        "Σ": "\\S",
        "°": "\\%",
        "±": "+-",
        "²": "^2^",
        "³": "^3^",
        "⁴": "^4^",
        "·": ".",
        "×": "x",
        "−": "-",
        "⁻": "^-^",
    }
)


def _ascii(text: str) -> str:
    return text.translate(_CODES).encode("ascii", "replace").decode("ascii")


def _esd(fit: RietveldFit, name: str) -> float:
    return fit.std(name) if name in fit.names else 0.0


def _shown(fit: RietveldFit, name: str) -> str:
    return with_esd(fit.all_values[name], _esd(fit, name))


def _linked(names: dict[str, str], patterns: dict[str, str]) -> list[str]:
    """Which blocks belong to this refinement."""
    out = ["loop_", "  _pd_phase_block_id", *(f"  '{n}'" for n in names.values())]
    return [*out, "loop_", "  _pd_block_diffractogram_id", *(f"  '{n}'" for n in patterns.values())]


def _shares(fit: RietveldFit, item: FittedHistogram, names: dict[str, str]) -> list[str]:
    """Weight fractions of the phases in one pattern."""
    out = ["loop_", "  _pd_phase_block_id", "  _pd_phase_mass_%"]
    for phase, block in names.items():
        value = fit.fractions[f"{item.name}/{phase}"]
        esd = 100 * value.std if value.doubt == "known" else float("inf")
        out.append(f"  '{block}' {with_esd(100 * value.value, esd)}")
    return out


def _refinement(fit: RietveldFit) -> list[str]:
    """How it was refined, and how well it went."""
    words = [n.words for n in fit.null] + list(fit.closed)
    words += [f"known besides: {c}" for c in fit.conditions] + [f"constraint: {c}" for c in fit.constraints]
    words += list(fit.warnings)
    shift = f"{fit.shift:.4f}" if np.isfinite(fit.shift) else "?"
    return [
        "_audit_creation_method Electrolith",
        "_computing_structure_refinement Electrolith",
        "_refine_ls_structure_factor_coef Inet",
        "_refine_ls_matrix_type full",
        "_refine_ls_weighting_scheme calc",
        *_text(
            "_refine_ls_weighting_details",
            ["w = 1/sigma^2; sigma^2 of the counts, scaled from the observed to the calculated intensity"],
        ),
        f"_refine_ls_goodness_of_fit_all {fit.gof:.3f}",
        f"_refine_ls_number_parameters {len(fit.names) - len(fit.constraints)}",
        f"_refine_ls_number_constraints {len(fit.constraints)}",
        f"_refine_ls_number_restraints {len(fit.conditions)}",
        f"_refine_ls_shift/su_max {shift}",
        *_text("_pd_proc_ls_special_details", words),
    ]


def _pattern(fit: RietveldFit, item: FittedHistogram) -> list[str]:
    """Radiation, profile, background, agreement, every point and every reflection of one pattern."""
    axis = "_pd_meas_2theta" if item.abscissa == "two_theta" else "_pd_meas_time_of_flight"
    out = [*_radiation(item), f"_pd_proc_number_of_points {len(item.x)}"]
    if item.abscissa == "two_theta":
        step = float(np.median(np.diff(item.x)))
        out += [
            f"_pd_meas_2theta_range_min {item.x[0]:.5g}",
            f"_pd_meas_2theta_range_max {item.x[-1]:.6g}",
            f"_pd_meas_2theta_range_inc {step:.5g}",
        ]
    out += [
        f"_pd_proc_ls_prof_wR_factor {item.r_wp:.5f}",
        f"_pd_proc_ls_prof_R_factor {item.r_p:.5f}",
        f"_pd_proc_ls_prof_wR_expected {item.r_exp:.5f}",
        *_text("_pd_proc_info_excluded_regions", list(item.left_out)),
    ]
    profile = ("zero", "displacement", "gaussian", "lorentzian", "axial", "exponential", "calibration")
    shape = (
        "pseudo-Voigt of Thompson, Cox and Hastings; axial divergence of Finger, Cox and Jephcoat"
        if item.abscissa == "two_theta"
        else "back-to-back exponentials with a pseudo-Voigt"
    )
    mine = item.name + "/"
    out += _text(
        "_pd_proc_ls_profile_function",
        [
            shape,
            *(
                f"{n.removeprefix(mine)} = {_shown(fit, n)} {fit.units[n]}".rstrip()
                for n, kind in fit.kinds.items()
                if n.startswith(mine) and kind in (*profile, "absorption")
            ),
        ],
    )
    terms = [n for n, kind in fit.kinds.items() if n.startswith(mine) and kind == "background"]
    out += _text(
        "_pd_proc_ls_background_function",
        [
            f"Chebyshev polynomial of the first kind, {len(terms)} terms",
            *(f"{n.rsplit('/', 1)[1]}: {with_esd(fit.all_values[n], _esd(fit, n))}" for n in terms),
        ],
    )
    scan = f"  {axis}_scan" if item.abscissa == "two_theta" else f"  {axis}"
    out += ["loop_", scan, "  _pd_proc_intensity_total", "  _pd_calc_intensity_total"]
    out += ["  _pd_proc_intensity_bkg_calc", "  _pd_proc_ls_weight"]
    columns = zip(item.x, item.observed, item.calculated, item.background, 1 / item.sigma**2, strict=True)
    out += [f"  {x:.6g} {o:.6g} {c:.6g} {b:.6g} {w:.5g}" for x, o, c, b, w in columns]
    out += ["loop_", "  _refln_index_h", "  _refln_index_k", "  _refln_index_l", "  _refln_d_spacing"]
    out.append("  _pd_refln_phase_id")
    for ticks in item.ticks:
        out += [
            f"  {h} {k} {m} {d:.5f} {_token(ticks.phase)}"
            for (h, k, m), d in zip(ticks.hkl.astype(int), ticks.d, strict=True)
        ]
    return out


def _radiation(item: FittedHistogram) -> list[str]:
    """Probe, tube and wavelengths."""
    tool = item.instrument
    if not isinstance(tool, ConstantWavelength):
        return ["_diffrn_radiation_probe neutron", "_diffrn_source 'spallation source, time of flight'"]
    anode = [
        name
        for name, lines in EMISSION_LINES.items()
        if tool.radiation == "xray" and abs(lines[0][0] / tool.wavelength - 1) < 1e-4
    ]
    out = [f"_diffrn_radiation_probe {'x-ray' if tool.radiation == 'xray' else 'neutron'}"]
    if anode:
        out.append(f"_diffrn_radiation_type '{anode[0]} K\\a{'' if len(tool.lines) > 1 else '~1~'}'")
    out.append(f"_pd_instr_geometry '{tool.geometry}, radius {tool.radius:g} mm'")
    out += ["loop_", "  _diffrn_radiation_wavelength_id", "  _diffrn_radiation_wavelength"]
    out.append("  _diffrn_radiation_wavelength_wt")
    top = max(w for _, w in tool.lines)
    return out + [f"  {k + 1} {length:.7g} {w / top:.4g}" for k, (length, w) in enumerate(tool.lines)]


def _structure(fit: RietveldFit, phase: Phase) -> list[str]:
    """Cell, symmetry, contents and sites of one phase."""
    return [
        f"_pd_phase_name '{phase.name}'",
        *_contents(phase),
        *_cell(fit, phase),
        *_symmetry(phase),
        *_atoms(fit, phase),
    ]


def _contents(phase: Phase) -> list[str]:
    """Formula of one cell and its density."""
    amount: dict[str, float] = {}
    for site in phase.sites:
        for species, share in site.occupancy:
            amount[species] = amount.get(species, 0.0) + multiplicity(phase, site) * share
    formula = " ".join(f"{s}{_plain(n)}" for s, n in sorted(amount.items()))
    return [
        f"_chemical_formula_sum '{formula}'",
        f"_chemical_formula_weight {molar_mass(phase):.3f}",
        "_cell_formula_units_Z 1",
        f"_exptl_crystal_density_diffrn {density(phase):.4f}",
    ]


def _plain(number: float) -> str:
    return f"{round(number, 3):g}"


def _cell(fit: RietveldFit, phase: Phase) -> list[str]:
    leader = {f: lead for lead, followers in cell_ties(phase.rotations).items() for f in followers}
    out = []
    for name, tag, value in zip(
        ("a", "b", "c", "alpha", "beta", "gamma"),
        ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"),
        phase.cell,
        strict=True,
    ):
        esd = _esd(fit, f"{phase.name}/{leader[name]}") if name in leader else 0.0
        out.append(f"_cell_{tag} {with_esd(value, esd)}")
    return [*out, f"_cell_volume {volume(phase):.4f}"]


def _symmetry(phase: Phase) -> list[str]:
    import gemmi

    ops = []
    for rotation, shift in zip(phase.rotations, phase.translations, strict=True):
        op = gemmi.Op()
        op.rot = [[int(v) * 24 for v in row] for row in rotation]
        op.tran = [round(float(v) * 24) for v in shift]
        ops.append(f"  '{op.triplet()}'")
    name = phase.space_group if phase.space_group else "?"
    return [f"_space_group_name_H-M_alt '{name}'", "loop_", "  _space_group_symop_operation_xyz", *ops]


def _atoms(fit: RietveldFit, phase: Phase) -> list[str]:
    tags = (
        *("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy"),
        *("adp_type", "B_iso_or_equiv", "site_symmetry_multiplicity"),
    )
    out = ["loop_", *(f"  _atom_site_{t}" for t in tags)]
    for site in phase.sites:
        key = f"{phase.name}/{site.label}"
        place = " ".join(
            with_esd(v, _esd(fit, f"{key}/{axis}")) if f"{key}/{axis}" in fit.names else f"{v:.5f}"
            for axis, v in zip("xyz", site.position, strict=True)
        )
        for species, share in site.occupancy:
            label = site.label if len(site.occupancy) == 1 else f"{site.label}_{species}"
            occupancy = with_esd(share, _esd(fit, f"{key}/occupancy/{species}"))
            b = with_esd(site.b_iso, _esd(fit, f"{key}/B"))
            out.append(f"  {label} {species} {place} {occupancy} Biso {b} {multiplicity(phase, site)}")
    return out
