"""Symmetric cells: half-cycles, shorts, critical current density, lifetime, resistance budget."""

from electrolith.lab.symmetric.budget import Budget, Layer, layer, resistance_budget
from electrolith.lab.symmetric.compare import PublishedCell, published_cells, read_cells
from electrolith.lab.symmetric.critical import CriticalCurrent, Lifetime, critical_current, lifetime
from electrolith.lab.symmetric.generate import Short, SymmetricCell, random_cell, random_life, simulate
from electrolith.lab.symmetric.half_cycles import HalfCycles, half_cycles
from electrolith.lab.symmetric.measure import (
    StackLayer,
    SymmetricCells,
    SymmetricSettings,
    judge_cell,
    measure_symmetric,
)
from electrolith.lab.symmetric.shorts import ShortEvent, ShortRule, find_shorts
from electrolith.lab.symmetric.trend import Trend, TrendRule, overpotential_trend

__all__ = [
    "Budget",
    "CriticalCurrent",
    "HalfCycles",
    "Layer",
    "Lifetime",
    "PublishedCell",
    "Short",
    "ShortEvent",
    "ShortRule",
    "StackLayer",
    "SymmetricCell",
    "SymmetricCells",
    "SymmetricSettings",
    "Trend",
    "TrendRule",
    "critical_current",
    "find_shorts",
    "half_cycles",
    "judge_cell",
    "layer",
    "lifetime",
    "measure_symmetric",
    "overpotential_trend",
    "published_cells",
    "random_cell",
    "random_life",
    "read_cells",
    "resistance_budget",
    "simulate",
]
