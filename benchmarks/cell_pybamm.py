"""The cell against PyBaMM: 1000 single-ion designs to a cut-off voltage, each against its own fine answer.

Needs `electrolith[pybamm]`. Designs vary thickness, loading, diffusivity, resistance and rate. PyBaMM
takes no thickness as an input, so it gets the equivalent cell of one thickness: κ (L₀/L)², I L₀/L, R L/L₀,
i₀ L₀/L.
"""

import importlib.util
import os
import subprocess
import sys
import time

import numpy as np

os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"

from electrolith.cell.arrays import CellArrays
from electrolith.cell.ocp import ocp_from_function
from electrolith.cell.protocol import Discharge, schedule
from electrolith.cell.record import INFEASIBLE, VOLTAGE
from electrolith.cell.screening import screen
from electrolith.cell.simulate import FAST, Numerics, simulate
from electrolith.core.constants import FARADAY

THICKNESS, AREA, C_MAX, KAPPA, SEPARATOR, LITHIUM = (
    42e-6,
    1.54e-4,
    48230.0,
    0.05,
    25e-6 / (0.05 * 0.39**1.5),
    73.6,
)
DENSITY, CUT = 4700.0, 2.8


def nmc532(s: np.ndarray) -> np.ndarray:
    polynomial = 4.3452 - 1.6518 * s + 1.6225 * s**2 - 2.0843 * s**3 + 3.5146 * s**4 - 2.2166 * s**5
    return polynomial - 0.5623e-4 * np.exp(109.451 * s - 100.006)


def designs(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(8)
    return {
        "thickness": rng.uniform(25e-6, 125e-6, n),
        "fraction": rng.uniform(0.35, 0.6, n),
        "diffusivity": 10 ** rng.uniform(-14.7, -13, n),
        "resistance": rng.uniform(50e-4, 400e-4, n),
        "rate": 10 ** rng.uniform(-1, 0.3, n),
    }


def arrays(d: dict[str, np.ndarray]) -> CellArrays:
    n = d["rate"].size
    one = np.ones(n)
    mass = d["fraction"] * d["thickness"] * DENSITY
    return CellArrays(
        cathode_thickness=d["thickness"],
        ionic_conductivity=KAPPA * 0.331**1.5 * one,
        electronic_conductivity=100 * d["fraction"] ** 1.5,
        charge_density=d["fraction"] * FARADAY * C_MAX,
        active_density=FARADAY * C_MAX * one,
        particle_radius=5.3e-6 * one[:, None],
        particle_fraction=one[:, None],
        diffusivity=d["diffusivity"][:, None],
        exchange_current=5.76e-11 * FARADAY * 1000**0.5 * C_MAX / 2 * one,
        film_resistance=0 * one,
        layer_resistance=SEPARATOR * one[:, None],
        contact_resistance=d["resistance"][:, None],
        lithium_exchange_current=LITHIUM * one,
        temperature=298.15 * one,
        stoichiometry=4631.0 / C_MAX * one,
        active_mass=mass,
        one_c=mass * 160.0,
        ocp=OCP,
        layer_names=("separator",),
        contact_names=("contact",),
    )


def ours(d: dict[str, np.ndarray], numerics: Numerics) -> tuple[np.ndarray, np.ndarray, float]:
    cells = arrays(d)
    begin = time.process_time()
    batch = simulate(
        cells,
        schedule([Discharge(1, until=CUT)], cells.one_c, rates=d["rate"]),
        numerics=numerics,
        record=False,
    )
    spent = time.process_time() - begin
    fine = np.isin(batch.outcome[:, 0], (VOLTAGE, INFEASIBLE))
    return batch.capacity[:, 0], fine, spent


OCP = ocp_from_function(nmc532, name="NMC532", source="Xu et al. (2019)")


def theirs(d: dict[str, np.ndarray], points: int, tolerance: float) -> tuple[np.ndarray, np.ndarray, float]:
    import pybamm

    pybamm.set_logging_level("ERROR")
    model = pybamm.lithium_ion.DFN({"working electrode": "positive", "contact resistance": "true"})
    values = pybamm.ParameterValues("Xu2019")
    values.update(
        {
            "Cation transference number": 1.0,
            "Electrolyte conductivity [S.m-1]": "[input]",
            "Electrolyte diffusivity [m2.s-1]": 3e-10,
            "Positive particle diffusivity [m2.s-1]": "[input]",
            "Positive electrode active material volume fraction": "[input]",
            "Positive electrode conductivity [S.m-1]": "[input]",
            "Exchange-current density for lithium metal electrode [A.m-2]": "[input]",
            "Contact resistance [Ohm]": "[input]",
            "Current function [A]": "[input]",
            "Lower voltage cut-off [V]": CUT,
        }
    )
    solver = pybamm.IDAKLUSolver(rtol=tolerance, atol=tolerance / 100)
    mesh = {"x_n": 5, "x_s": points, "x_p": points, "r_n": 5, "r_p": points}
    run = pybamm.Simulation(model, parameter_values=values, solver=solver, var_pts=mesh)
    scale = d["thickness"] / THICKNESS
    series = (SEPARATOR + d["resistance"]) * scale - SEPARATOR * scale**2
    mass = d["fraction"] * d["thickness"] * DENSITY
    current = d["rate"] * mass * 160.0 / scale * AREA
    capacity, fine = np.zeros(scale.size), np.ones(scale.size, bool)
    spent = 0.0
    for i in [0, *range(scale.size)]:  # the first solve twice: compilation is not counted
        inputs = {
            "Electrolyte conductivity [S.m-1]": KAPPA / scale[i] ** 2,
            "Positive particle diffusivity [m2.s-1]": d["diffusivity"][i],
            "Positive electrode active material volume fraction": d["fraction"][i],
            "Positive electrode conductivity [S.m-1]": 100 / scale[i] ** 2,
            "Exchange-current density for lithium metal electrode [A.m-2]": LITHIUM / scale[i],
            "Contact resistance [Ohm]": series[i] / AREA,
            "Current function [A]": current[i],
        }
        begin = time.process_time()
        try:
            solution = run.solve([0, 2 * 3600 / d["rate"][i]], inputs=inputs)
            charge = current[i] * solution.t[-1]
            fine[i] = "voltage" in solution.termination
        except Exception:  # an infeasible design raises
            charge, fine[i] = 0.0, False
        spent += time.process_time() - begin
        if i == 0 and capacity[0] == 0.0:
            spent = 0.0
        capacity[i] = charge / AREA * scale[i] / mass[i] / 3600.0
    return capacity, fine, spent


def compare(n: int = 1000, checked: int = 60) -> None:
    d = designs(n)
    some = {name: values[:checked] for name, values in d.items()}
    fine_ours = ours(
        some, Numerics(slices=80, modes=24, step_tolerance=2e-6, bend_tolerance=1e-3, event_tolerance=1e-5)
    )[0]
    mine, good, spent = ours(d, FAST)
    error = np.abs(mine[:checked] - fine_ours)
    print(
        f"ours: {spent:.2f} s for {n}, {n - good.sum()} not solved; error mean {error.mean():.3f}, max "
        f"{error.max():.3f} mAh/g"
    )
    fine_theirs = theirs(some, 60, 1e-7)[0]
    both = fine_theirs > 0
    away = np.abs(fine_ours - fine_theirs)[both]
    print(
        f"fine answers differ by mean {away.mean():.3f}, max {away.max():.3f} mAh/g over {both.sum()} designs"
    )
    for points in (10, 20, 30):
        other, whole, needed = theirs(d, points, 1e-4)
        error = np.abs(other[:checked] - fine_theirs)[both]
        print(
            f"PyBaMM, {points} points: {needed:.2f} s, {n - whole.sum()} failed; error mean "
            f"{error.mean():.3f}, "
            f"max {error.max():.3f} mAh/g; ours is {needed / spent:.0f} times faster"
        )


def single() -> None:
    d = designs(1)
    times = [ours({k: np.full(1, v[0]) for k, v in d.items()}, Numerics())[2] for _ in range(30)]
    print(
        f"single discharge, default numerics, warm: {min(times) * 1e3:.1f} ms (median "
        f"{np.median(times) * 1e3:.1f})"
    )


def screening(n: int = 100_000) -> None:
    d = designs(n)
    d["thickness"] = d["thickness"] * 0.3  # light cathodes, where the screening model is valid
    cells = arrays(d)
    begin = time.process_time()
    found = screen(cells, d["rate"], cutoff=CUT)
    spent = time.process_time() - begin
    print(f"{n} screening designs: {spent:.2f} s, {found.full_model.sum()} of them by the full model")


def start() -> None:
    code = "import time; t = time.process_time(); import electrolith.cell; print(time.process_time() - t)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"import of electrolith.cell: {float(out.stdout):.2f} s")


def main() -> None:
    start()
    single()
    screening()
    if importlib.util.find_spec("pybamm") is None:
        mine = ours(designs(1000), FAST)
        print(f"1000 designs: {mine[2]:.2f} s; PyBaMM is not installed: pip install '.[pybamm]' to compare")
        return
    compare()


if __name__ == "__main__":
    main()
