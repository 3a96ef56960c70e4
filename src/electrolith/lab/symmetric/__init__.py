"""Symmetric cells: half-cycles, shorts, critical current density, lifetime, resistance budget."""

from electrolith.lab.symmetric.budget import Budget, Layer, layer, resistance_budget
from electrolith.lab.symmetric.compare import PublishedCell, published_cells
from electrolith.lab.symmetric.critical import CriticalCurrent, Lifetime, critical_current, lifetime
from electrolith.lab.symmetric.generate import Short, SymmetricCell, random_cell, simulate
from electrolith.lab.symmetric.half_cycles import HalfCycles, half_cycles
from electrolith.lab.symmetric.shorts import ShortEvent, ShortRule, find_shorts

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
    "SymmetricCell",
    "critical_current",
    "find_shorts",
    "half_cycles",
    "layer",
    "lifetime",
    "published_cells",
    "random_cell",
    "resistance_budget",
    "simulate",
]
