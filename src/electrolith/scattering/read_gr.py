"""G(r) files, with the ranges and lengths that their headers state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError
from electrolith.core.reading import reader

from .tables import Radiation

__all__ = ["PdfData", "read_gr"]


@dataclass(frozen=True, slots=True, eq=False)
class PdfData:
    """A measured G(r).

    r : Å, shape (n,). g : 1/Å², shape (n,). sigma : shape (n,), or nan where the file has none.
    q_max, q_min : 1/Å as stated in the file, else None. radiation : as stated, else None.
    """

    r: np.ndarray
    g: np.ndarray
    sigma: np.ndarray
    q_max: float | None
    q_min: float | None
    radiation: Radiation | None
    source: str
    notes: tuple[str, ...] = ()


@reader("a G(r)")
def read_gr(path: Path | str) -> PdfData:
    """Read a .gr file of PDFgetN, PDFgetX2, PDFgetX3 or of two to five bare columns.

    Raises
    ------
    DataError
        If no even, rising distances with finite G are found.
    """
    path = Path(path)
    lines = read_text(path).split("\n")
    start = 0
    for index, line in enumerate(lines):
        if re.match(r"\s*#+\s*(start data|#S|L )", line) or line.startswith("#S"):
            start = index
    rows: list[list[float]] = []
    for line in lines[start:]:
        try:
            row = [float(v) for v in line.replace(",", " ").split()]
        except ValueError:
            if len(rows) > 20:
                break
            rows = []
            continue
        if len(row) < 2:
            continue
        if rows and len(row) != len(rows[0]):
            rows = []
        rows.append(row)
    if len(rows) < 20:
        raise DataError(f"{path}: {len(rows)} rows of numbers; a G(r) needs at least twenty")
    table = np.array(rows)
    r, g = table[:, 0], table[:, 1]
    bad = np.flatnonzero(~np.isfinite(g))
    if bad.size:
        raise DataError(f"{path}: G is {g[bad[0]]} at r = {r[bad[0]]:g} Å ({bad.size} such points)")
    keep = r > 0
    r, g, table = r[keep], g[keep], table[keep]
    if np.any(np.diff(r) <= 0) or r[-1] > 1000:
        raise DataError(f"{path}: the first column does not rise evenly in Å ({r[0]:g} to {r[-1]:g})")
    sigma = table[:, 3] if table.shape[1] >= 4 and np.all(table[:, 3] > 0) else np.full(len(r), np.nan)
    text = "\n".join(lines[:start] or lines[:200])
    q_max, q_min = _number(text, "qmax"), _number(text, "qmin")
    radiation = _radiation(text)
    notes = (
        f"q_max {q_max if q_max else 'not stated'} 1/Å, radiation {radiation or 'not stated'}",
        "standard deviations in the file" if np.isfinite(sigma[0]) else "no standard deviations in the file",
    )
    return PdfData(r, g, sigma, q_max, q_min, radiation, path.name, notes)


def _number(text: str, name: str) -> float | None:
    found = re.findall(rf"\b{name}\s*=\s*([-+.\dEe]+)", text, re.IGNORECASE)
    return float(found[-1]) if found else None


def _radiation(text: str) -> Radiation | None:
    low = text.lower()
    if "mode = xray" in low or "get_xpdf" in low or "x-ray pdf" in low or "stype = x" in low:
        return "xray"
    if "mode = neutron" in low or "stype = n" in low or "machine=npdf" in low or "vanadium" in low:
        return "neutron"
    return None
