"""The all-solid-state cell: layers, equations, solution, design."""

from lacuna.cell.arrays import CellArrays, joined
from lacuna.cell.build import Window, cell_arrays
from lacuna.cell.calibrate import Calibration, Free, Measured, calibrate
from lacuna.cell.design import CellDesign, Proposal, Reported
from lacuna.cell.doubt import monte_carlo, sensitivities
from lacuna.cell.energy import EnergyDensity, Packaging, energy_density
from lacuna.cell.limits import what_limits
from lacuna.cell.pareto import optimised, sweep, undominated
from lacuna.cell.protocol import Charge, Discharge, Hold, Rest, cc_cv_charge, gitt, rate_test, schedule
from lacuna.cell.pybamm import discharge_by_pybamm
from lacuna.cell.rates import rate_map
from lacuna.cell.record import Batch, Curve
from lacuna.cell.resistance import budget, fit_symmetric, overpotential
from lacuna.cell.screening import screen
from lacuna.cell.simulate import FAST, Numerics, simulate
from lacuna.cell.stack import Contact, Layer, Stack
from lacuna.cell.symmetric import strip_and_plate
from lacuna.cell.vary import changed
from lacuna.cell.work import CellResult, work_out

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
