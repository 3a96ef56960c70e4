"""Published critical current densities to stand beside one's own."""

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class PublishedCell:
    """One published symmetric cell.

    critical : mA/cm2.
    areal_capacity : mAh/cm2 per half-cycle, None where the source does not state it.
    """

    cell: str
    critical: float
    areal_capacity: float | None
    temperature: str
    doi: str
    note: str


def published_cells() -> tuple[PublishedCell, ...]:
    """The table `published_cells.csv` of this package; every number is stated in words in its source."""
    text = files("electrolith.lab.symmetric").joinpath("published_cells.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        PublishedCell(
            row["cell"],
            float(row["critical_mA_cm2"]),
            float(row["areal_capacity_mAh_cm2"]) if row["areal_capacity_mAh_cm2"] else None,
            row["temperature"],
            row["doi"],
            row["note"],
        )
        for row in rows
    )
