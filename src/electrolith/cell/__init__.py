"""The all-solid-state cell: layers, equations, solution, design."""

from electrolith.cell.arrays import CellArrays, joined
from electrolith.cell.build import Window, cell_arrays
from electrolith.cell.calibrate import Calibration, Free, Measured, calibrate
from electrolith.cell.design import CellDesign, Proposal, Reported
from electrolith.cell.doubt import monte_carlo, sensitivities
from electrolith.cell.energy import EnergyDensity, Packaging, energy_density
from electrolith.cell.limits import what_limits
from electrolith.cell.pareto import optimised, sweep, undominated
from electrolith.cell.protocol import Charge, Discharge, Hold, Rest, cc_cv_charge, gitt, rate_test, schedule
from electrolith.cell.pybamm import discharge_by_pybamm
from electrolith.cell.rates import rate_map
from electrolith.cell.record import Batch, Curve
from electrolith.cell.resistance import budget, fit_symmetric, overpotential
from electrolith.cell.screening import screen
from electrolith.cell.simulate import FAST, Numerics, simulate
from electrolith.cell.stack import Contact, Layer, Stack
from electrolith.cell.symmetric import strip_and_plate
from electrolith.cell.vary import changed
from electrolith.cell.work import CellResult, work_out

__all__ = [
    "FAST",
    "Batch",
    "Calibration",
    "CellArrays",
    "CellDesign",
    "CellResult",
    "Charge",
    "Contact",
    "Curve",
    "Discharge",
    "EnergyDensity",
    "Free",
    "Hold",
    "Layer",
    "Measured",
    "Numerics",
    "Packaging",
    "Proposal",
    "Reported",
    "Rest",
    "Stack",
    "Window",
    "budget",
    "calibrate",
    "cc_cv_charge",
    "cell_arrays",
    "changed",
    "discharge_by_pybamm",
    "energy_density",
    "fit_symmetric",
    "gitt",
    "joined",
    "monte_carlo",
    "optimised",
    "overpotential",
    "rate_map",
    "rate_test",
    "schedule",
    "screen",
    "sensitivities",
    "simulate",
    "strip_and_plate",
    "sweep",
    "undominated",
    "what_limits",
    "work_out",
]
