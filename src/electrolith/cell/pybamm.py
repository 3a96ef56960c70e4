"""The same cell by PyBaMM, as a cross-check: an independent discretisation of the same equations."""

from __future__ import annotations

import os

import numpy as np

from electrolith.cell.arrays import CellArrays
from electrolith.core.constants import FARADAY
from electrolith.core.errors import InputError, MissingExtra

_SEPARATOR = 1e-6  # m; a token separator, the layers' resistance stands in the contact
_HOURS = 3600.0


def discharge_by_pybamm(
    cells: CellArrays, rate: float, *, cutoff: float, points: int = 30, tolerance: float = 1e-6
) -> tuple[np.ndarray, np.ndarray]:
    """Discharge the first of `cells` at `rate` C to `cutoff` V with PyBaMM's half-cell Doyle-Fuller-Newman
    model.

    The electrolyte is made single-ion (transference number 1, so that its concentration stays as it is),
    effective
    conductivities are given directly (Bruggeman exponents 0), layers and contacts together are one
    resistance.
    PyBaMM's telemetry is switched off.

    Returns
    -------
    Capacity in mAh/g and voltage in V, shape (points,) each.

    Raises
    ------
    MissingExtra
        If PyBaMM is not installed.
    InputError
        For what PyBaMM cannot express here: several particle sizes, a film resistance.
    """
    if cells.particle_radius.shape[1] > 1 or (cells.film_resistance > 0).any():
        raise InputError(
            "pybamm: one particle size and no film resistance, please: this cross-check knows no more"
        )
    os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
    try:
        import pybamm
    except ImportError as error:
        raise MissingExtra("pybamm", "pybamm") from error
    one = cells.take(np.array([0]))
    c_max = float(one.active_density[0]) / FARADAY
    exchange, current = float(one.exchange_current[0]), float(one.one_c[0]) * rate
    known = np.linspace(one.ocp.low, one.ocp.high, 2001)
    potential = one.ocp(known)

    def open_circuit(stoichiometry: object) -> object:
        return pybamm.Interpolant(known, potential, stoichiometry, interpolator="cubic")

    def kinetics(_: object, surface: object, most: object, __: object) -> object:
        share = surface / most  # type: ignore[operator]
        return 2 * exchange * (share * (1 - share)) ** 0.5

    values = pybamm.ParameterValues("Xu2019")
    series = float(one.series_resistance[0]) - _SEPARATOR / float(one.ionic_conductivity[0])
    values.update(
        {
            "Electrode height [m]": 1.0,
            "Electrode width [m]": 1.0,
            "Cation transference number": 1.0,
            "Electrolyte diffusivity [m2.s-1]": 3e-10,
            "Electrolyte conductivity [S.m-1]": float(one.ionic_conductivity[0]),
            "Separator thickness [m]": _SEPARATOR,
            "Separator Bruggeman coefficient (electrolyte)": 0.0,
            "Positive electrode Bruggeman coefficient (electrolyte)": 0.0,
            "Positive electrode Bruggeman coefficient (electrode)": 0.0,
            "Positive electrode thickness [m]": float(one.cathode_thickness[0]),
            "Positive electrode conductivity [S.m-1]": float(one.electronic_conductivity[0]),
            "Positive electrode active material volume fraction": float(
                one.charge_density[0] / one.active_density[0]
            ),
            "Positive particle radius [m]": float(one.particle_radius[0, 0]),
            "Positive particle diffusivity [m2.s-1]": float(one.diffusivity[0, 0]),
            "Maximum concentration in positive electrode [mol.m-3]": c_max,
            "Initial concentration in positive electrode [mol.m-3]": float(one.stoichiometry[0]) * c_max,
            "Positive electrode OCP [V]": open_circuit,
            "Positive electrode exchange-current density [A.m-2]": kinetics,
            "Exchange-current density for lithium metal electrode [A.m-2]": float(
                one.lithium_exchange_current[0]
            ),
            "Contact resistance [Ohm]": series,
            "Current function [A]": current,
            "Nominal cell capacity [A.h]": current / rate,
            "Lower voltage cut-off [V]": cutoff,
            "Upper voltage cut-off [V]": 6.0,
            "Ambient temperature [K]": float(one.temperature[0]),
            "Reference temperature [K]": float(one.temperature[0]),
            "Initial temperature [K]": float(one.temperature[0]),
        }
    )
    model = pybamm.lithium_ion.DFN({"working electrode": "positive", "contact resistance": "true"})
    solver = pybamm.IDAKLUSolver(rtol=tolerance, atol=tolerance / 100)
    mesh = {"x_n": 5, "x_s": 5, "x_p": points, "r_n": 5, "r_p": points}
    run = pybamm.Simulation(model, parameter_values=values, solver=solver, var_pts=mesh)
    longest = 1.1 * float(one.capacity[0]) / current
    solution = run.solve([0, longest])
    capacity = current * solution.t / float(one.active_mass[0]) / _HOURS
    return np.asarray(capacity), np.asarray(solution["Voltage [V]"].entries)
