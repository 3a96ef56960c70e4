"""What is known of the samples of a study."""

from __future__ import annotations

from dataclasses import dataclass

from electrolith.lab.synthesis.correlate import Correlations
from electrolith.lab.synthesis.samples import SampleTable
from electrolith.lab.synthesis.sheet import SampleSheet
from electrolith.lab.synthesis.trend import Trend
from electrolith.study.properties import Property

__all__ = ["SampleResults"]


@dataclass(frozen=True, eq=False)
class SampleResults:
    """Everything that is known of the samples.

    sheet : as written. found : what measurements gave, with `columns`, the name of the column of each.
    table : conditions and properties as numbers. trends : over each condition at fixed others.
    correlations : of properties with each other; None for too few samples.
    remarks : what was left out and why.
    """

    sheet: SampleSheet
    found: tuple[Property, ...]
    columns: tuple[str, ...]
    table: SampleTable
    trends: tuple[Trend, ...]
    correlations: Correlations | None
    remarks: tuple[str, ...]
