"""What the synthetic files were made with: the samples, and every number an analysis ought to find again.

Numbers that doi:10.1126/sciadv.adh4626 (vacancy-rich Li9N2Cl3) states are those; where it shows figures only,
plausible values stand in. Either way they are inputs of a simulation, no measurements.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from electrolith.core.constants import AVOGADRO
from electrolith.core.files import write_atomic
from electrolith.core.reading import reader

__all__ = ["MARK", "REFERENCE", "SAMPLES", "Sample", "Truth", "read_truth", "write_truth"]

MARK = "SYNTHETIC: simulated by Electrolith, not measured"
"""Stands in every file that has room for words."""

REFERENCE = "Li9N2Cl3-500rpm-24h"
MASSES = {"Li": 6.94, "N": 14.007, "Cl": 35.45}  # g/mol, for the density of the simulated crystal only


@dataclass(frozen=True)
class Sample:
    """A sample as it is simulated.

    conductivity : S/cm at 25 °C. activation_energy : eV, of σT. a : Å. vacant : share of the Li sites.
    precursors : scale of Li3N and LiCl beside the product in its pattern, in shares of the product's; of a
        heated sample that of Li4NCl and LiCl, into which it falls apart.
    size : median diameter, m. heat : °C, None as milled.
    """

    name: str
    rpm: int
    hours: int
    conductivity: float
    activation_energy: float
    a: float
    vacant: float
    precursors: float = 0.0
    size: float | None = None
    heat: int | None = None

    @property
    def anions(self) -> float:
        """Filling of the anion site: neutral with N:Cl = 2:3."""
        return (1 - self.vacant) / 0.9

    @property
    def density(self) -> float:
        """g/cm3 of the crystal with its vacancies."""
        grams = 8 * (1 - self.vacant) * MASSES["Li"]
        grams += 4 * self.anions * (0.4 * MASSES["N"] + 0.6 * MASSES["Cl"])
        return grams / AVOGADRO / (self.a * 1e-8) ** 3


def _milled(
    rpm: int, hours: int, sigma: float, energy: float, a: float, vacant: float, *,
    precursors: float = 0.0, size: float | None = None,
) -> Sample:  # fmt: skip
    name = f"Li9N2Cl3-{rpm}rpm-{hours}h"
    return Sample(name, rpm, hours, sigma, energy, a, vacant, precursors, size)


SAMPLES: tuple[Sample, ...] = (
    _milled(500, 2, 2.1e-6, 0.455, 5.3560, 0.105, precursors=1.5),
    _milled(500, 8, 9.0e-6, 0.421, 5.3545, 0.112, precursors=0.4),
    _milled(500, 16, 2.9e-5, 0.392, 5.3522, 0.124, size=650e-9),
    _milled(500, 24, 4.3e-5, 0.378, 5.3506, 0.140, size=330e-9),
    _milled(500, 36, 3.5e-5, 0.386, 5.3515, 0.129, size=300e-9),
    _milled(500, 70, 2.4e-5, 0.399, 5.3528, 0.117, size=260e-9),
    _milled(200, 24, 1.3e-6, 0.468, 5.3570, 0.102, precursors=6.0),
    _milled(300, 24, 3.0e-6, 0.449, 5.3562, 0.104, precursors=3.0),
    _milled(400, 24, 1.6e-5, 0.409, 5.3535, 0.112, size=900e-9),
    _milled(600, 24, 3.6e-5, 0.384, 5.3513, 0.130, size=300e-9),
    _milled(700, 24, 2.8e-5, 0.391, 5.3521, 0.122, size=270e-9),
)
HEATED: tuple[Sample, ...] = tuple(
    Sample(f"{REFERENCE}-{c}C", 500, 24, s, e, a, v, precursors=p, heat=c)
    for c, s, e, a, v, p in (
        (150, 3.1e-5, 0.389, 5.3489, 0.130, 0.0),
        (200, 2.2e-5, 0.402, 5.3476, 0.122, 0.0),
        (250, 1.1e-5, 0.418, 5.3470, 0.115, 0.3),
        (350, 5.6e-6, 0.437, 5.3462, 0.108, 0.5),
        (450, 2.7e-6, 0.459, 5.3455, 0.103, 0.8),
    )
)
OTHERS: dict[str, tuple[float, float]] = {
    "LHC": (4.78e-4, 0.42),
    "LiCl": (7.33e-11, 0.55),
    "LiI": (2.22e-7, 0.45),
    "Li3N": (1.86e-5, 0.40),
}
"""Conductivity at 25 °C in S/cm (the paper's) and activation energy in eV (of LHC the paper's)."""


@dataclass(frozen=True)
class Truth:
    """A number an analysis ought to find. quantity, sample : as in the table of samples, sample "" of a
    group that belongs to none; value in `unit`.
    """

    sample: str
    quantity: str
    value: float
    unit: str


def write_truth(path: Path, rows: list[Truth]) -> None:
    """The truths as a table."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"# {MARK}"])
    writer.writerow(["sample", "quantity", "value", "unit"])
    writer.writerows((r.sample, r.quantity, repr(float(r.value)), r.unit) for r in rows)
    write_atomic(path, text.getvalue())


@reader("a table of true values")
def read_truth(path: Path) -> tuple[Truth, ...]:
    """The table that `write_truth` wrote."""
    rows = list(csv.reader(path.read_text().splitlines()))[2:]
    return tuple(Truth(r[0], r[1], float(r[2]), r[3]) for r in rows)
