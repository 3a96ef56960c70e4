"""The refined instrument as a file for GSAS-II."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.files import write_atomic

from .instrument import ConstantWavelength, Instrument, TimeOfFlight

__all__ = ["instprm", "write_instprm"]


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
