"""A refinement for publication: CIF with results, and an instrument file for GSAS-II."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.files import write_atomic

from .instrument import ConstantWavelength, Instrument, TimeOfFlight
from .phase import Phase, multiplicity, volume
from .result import RietveldFit

__all__ = ["fit_cif", "instprm", "with_esd", "write_cif", "write_instprm"]


def with_esd(value: float, esd: float) -> str:
    """Value and esd as in 5.3506(2); the bare value when the esd is zero or unknown."""
    if not np.isfinite(esd) or esd <= 0:
        return f"{value:.5g}" if esd != 0 else f"{value:.6g}"
    digits = max(0, int(-np.floor(np.log10(esd))) + (1 if esd / 10 ** np.floor(np.log10(esd)) < 1.95 else 0))
    shown = round(esd * 10**digits)
    return f"{value:.{digits}f}({shown})"


def fit_cif(fit: RietveldFit, *, title: str = "refinement") -> str:
    """The refinement as CIF text: cell, sites, occupancies with esds, agreement factors, what is
    not identified.

    Occupancies that the data do not determine are written without esd and named in the details.
    """
    lines = ["# Rietveld refinement by Electrolith", f"# {title}"]
    for phase in fit.phases:
        lines += [
            "",
            f"data_{_token(phase.name)}",
            *_cell(fit, phase),
            *_symmetry(phase),
            *_atoms(fit, phase),
        ]
        lines += _agreement(fit)
    return "\n".join(lines) + "\n"


def write_cif(path: Path | str, fit: RietveldFit, *, title: str = "refinement") -> None:
    """Write `fit_cif` atomically."""
    write_atomic(Path(path), fit_cif(fit, title=title))


def _token(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_.()" else "_" for c in name)


def _esd(fit: RietveldFit, name: str) -> float:
    return fit.std(name) if name in fit.names else 0.0


def _cell(fit: RietveldFit, phase: Phase) -> list[str]:
    from .phase import cell_ties

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
        "label",
        "type_symbol",
        "fract_x",
        "fract_y",
        "fract_z",
        "occupancy",
        "B_iso_or_equiv",
        "site_symmetry_multiplicity",
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
            out.append(f"  {label} {species} {place} {occupancy} {b} {multiplicity(phase, site)}")
    return out


def _agreement(fit: RietveldFit) -> list[str]:
    out = [f"_refine_ls_goodness_of_fit_all {fit.gof:.3f}", f"_refine_ls_number_parameters {len(fit.names)}"]
    for item in fit.histograms[:1]:
        out += [
            f"_pd_proc_ls_prof_wR_factor {item.r_wp:.5f}",
            f"_pd_proc_ls_prof_R_factor {item.r_p:.5f}",
            f"_pd_proc_ls_prof_wR_expected {item.r_exp:.5f}",
            f"_pd_proc_number_of_points {len(item.x)}",
        ]
    words = [n.words for n in fit.null] + list(fit.closed) + list(fit.conditions) + list(fit.constraints)
    words += [line for item in fit.histograms for line in item.tables]
    return [*out, "_pd_proc_ls_special_details", ";", *(f" {w}" for w in words), ";"]


def instprm(instrument: Instrument) -> str:
    """The instrument as GSAS-II instrument parameters (widths in centidegrees, U V W as variances)."""
    if isinstance(instrument, TimeOfFlight):
        tool = instrument
        rows: dict[str, float | str] = {
            "Type": "PNT",
            "Bank": 1.0,
            "fltPath": 0.0,
            "2-theta": tool.bank_angle,
            "difC": tool.dif_c,
            "difA": tool.dif_a,
            "difB": tool.dif_b,
            "Zero": tool.zero,
            "alpha": tool.alpha,
            "beta-0": tool.beta0,
            "beta-1": tool.beta1,
            "beta-q": tool.betaq,
            "sig-0": tool.s0,
            "sig-1": tool.s1,
            "sig-2": tool.s2,
            "sig-q": tool.sq,
            "X": tool.y,  # γ = X d + Y d² + Z there
            "Y": tool.x,
            "Z": tool.z,
        }
    elif isinstance(instrument, ConstantWavelength):
        rows = _constant(instrument)
    else:
        raise InputError(f"no GSAS-II form for {instrument!r}")
    body = "\n".join(f"{k}:{v}" for k, v in rows.items())
    return f"#GSAS-II instrument parameter file; do not add/delete items!\n{body}\n"


def _constant(tool: ConstantWavelength) -> dict[str, float | str]:
    scale = 1e4 / (8 * np.log(2))
    rows: dict[str, float | str] = {"Type": "PXC" if tool.radiation == "xray" else "PNC", "Bank": 1.0}
    if len(tool.lines) > 1:
        rows |= {
            "Lam1": tool.lines[0][0],
            "Lam2": tool.lines[1][0],
            "I(L2)/I(L1)": tool.lines[1][1] / tool.lines[0][1],
        }
    else:
        rows |= {"Lam": tool.lines[0][0]}
    rows |= {"Zero": tool.zero, "Polariz.": 1.0 - tool.unpolarised, "U": tool.u * scale, "V": tool.v * scale}
    rows |= {
        "W": tool.w * scale,
        "X": 100 * tool.x,
        "Y": 100 * tool.y,
        "Z": 0.0,
        "SH/L": max(2 * tool.axial, 0.002),
    }
    return rows | {"Azimuth": 0.0}


def write_instprm(path: Path | str, instrument: Instrument) -> None:
    """Write `instprm` atomically."""
    write_atomic(Path(path), instprm(instrument))
