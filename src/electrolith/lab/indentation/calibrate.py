r"""Frame compliance and area function from a reference of known modulus, fused silica as a rule.

In a homogeneous reference P/S² = π H/(4 β² E_r²) does not depend on depth: the compliance that makes it
constant is the frame's. Then √A = √π S/(2 β E_r) at every contact depth gives the coefficients by linear
least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from electrolith.core.errors import DataError
from electrolith.lab.indentation.oliver_pharr import Contact

__all__ = ["Calibration", "calibrate"]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Contact settings for this tip and frame, and how well they describe the reference.

    scatter : relative standard deviation of P/S² over depth after the correction.
    residual : relative root mean square of the area.
    """

    contact: Contact
    scatter: float
    residual: float


def calibrate(
    depth: np.ndarray,
    load: np.ndarray,
    stiffness: np.ndarray,
    *,
    modulus: float,
    poisson: float,
    start: Contact,
    low: float,
    coefficients: int = 3,
) -> Calibration:
    """Calibrate on continuous stiffness of a reference.

    Parameters
    ----------
    depth : m, load : N, stiffness : N/m, while loading, shape (n,) each.
    modulus : of the reference, Pa (fused silica 72e9); poisson (0.17).
    start : tip, β and ε to keep.
    low : depths below it (m) are left out.

    Raises
    ------
    DataError
        If fewer than twenty depths remain.
    """
    good = (depth > low) & np.isfinite(stiffness) & (stiffness > 0)
    h, p, s = depth[good], load[good], stiffness[good]
    if h.size < 20:
        raise DataError(f"{h.size} depths beyond {low * 1e9:.0f} nm; a calibration needs 20")

    def spread(compliance: float) -> float:
        ratio = p * (1 / s - compliance) ** 2
        return float(np.std(ratio) / np.mean(ratio))

    limit = 0.5 / float(s.max())
    found = minimize_scalar(spread, bounds=(-limit, limit), method="bounded", options={"xatol": 1e-6 * limit})
    compliance = float(found.x)
    own = 1 / (1 / s - compliance)
    reduced = 1 / ((1 - poisson**2) / modulus + (1 - start.tip_poisson**2) / start.tip_modulus)
    area = np.pi * (own / (2 * start.beta * reduced)) ** 2 * 1e18
    contact_depth = (h - compliance * p - start.epsilon * p / own) * 1e9
    powers = [contact_depth**2] + [contact_depth ** (0.5**k) for k in range(coefficients - 1)]
    design = np.column_stack(powers) / area[:, None]
    values = np.linalg.lstsq(design, np.ones_like(area), rcond=None)[0]
    residual = float(np.sqrt(np.mean((design @ values - 1) ** 2)))
    contact = Contact(
        tuple(float(v) for v in values),
        start.beta,
        start.epsilon,
        compliance,
        start.tip_modulus,
        start.tip_poisson,
    )
    return Calibration(contact, spread(compliance), residual)
