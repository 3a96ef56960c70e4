"""Synthetic impedance, polarisation, exposure and relaxation: powders between blocking electrodes, cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrolith.core.constants import BOLTZMANN
from electrolith.core.files import write_atomic
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.nmr.recovery import magnetisation
from electrolith.lab.polarisation.transient import simulate_transient
from electrolith.study.synthetic.truth import HEATED, MARK, OTHERS, REFERENCE, SAMPLES, Truth

__all__ = [
    "AREA",
    "write_exposure",
    "write_growth",
    "write_impedance",
    "write_polarisation",
    "write_relaxation",
]

ROOM = 298.15  # K
AREA = np.pi * 0.5**2  # cm2, of a pellet of 10 mm
THICKNESS = {"LHC": 0.62}  # mm
USUAL = 0.90  # mm, stated with 0.02 mm of doubt
PELLET = Circuit.parse("p(R1,CPE1)-CPE2")
CELL = Circuit.parse("R0-p(R1,CPE1)-p(R2,CPE2)")
CELSIUS = (-5, 10, 25, 40, 60, 75)


def _write(path: Path, frequency: np.ndarray, impedance: np.ndarray) -> None:
    rows = [
        f"{f:.6g},{z.real:.6g},{-z.imag:.6g}" for f, z in zip(frequency, impedance, strict=True)
    ]  # fmt: skip
    write_atomic(path, f"# {MARK}\nfreq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n" + "\n".join(rows) + "\n")


def _noisy(clean: np.ndarray, rng: np.random.Generator, size: float = 0.003) -> np.ndarray:
    return np.asarray(
        clean * (1 + size * (rng.standard_normal(clean.size) + 1j * rng.standard_normal(clean.size)))
    )


def write_impedance(folder: Path, rng: np.random.Generator, *, points: int) -> list[Truth]:
    """σ(T) of every sample: a pellet whose thickness is off the stated one by its doubt, R ∝ T exp(E/kT)."""
    frequency = np.logspace(np.log10(7e6), 0, points)
    truths = []
    every = [(s.name, s.conductivity, s.activation_energy) for s in (*SAMPLES, *HEATED)]
    every += [(name, s, e) for name, (s, e) in OTHERS.items()]
    for name, sigma, energy in every:
        thickness = THICKNESS.get(name, USUAL) + 0.02 * rng.standard_normal()
        insulator = sigma < 1e-9
        for celsius in CELSIUS[2:] if insulator else CELSIUS:
            kelvin = celsius + 273.15
            here = sigma * ROOM / kelvin * np.exp(-energy / BOLTZMANN * (1 / kelvin - 1 / ROOM))
            ohms = thickness / 10 / AREA / here
            values = np.array([ohms, 4e-12 if insulator else 5e-11, 0.95, 2e-6, 0.9])
            clean = PELLET.impedance(values, frequency)
            _write(folder / name / f"{celsius}C.csv", frequency, _noisy(clean, rng))
        truths += [Truth(name, "activation_energy", energy, "eV")]
        at_300 = sigma * ROOM / 300 * np.exp(-energy / BOLTZMANN * (1 / 300 - 1 / ROOM))
        truths += [Truth(name, "conductivity_300K", at_300, "S/cm")]
    return truths


def write_growth(folder: Path, rng: np.random.Generator, *, count: int, points: int) -> list[str]:
    """Interfaces followed over 60 h: LHC on Li grows as by diffusion, LNC on Li and the trilayer stay.

    Also the impedance between the steps of the current test. The times stand in the names.
    """
    frequency = np.logspace(6, -1, points)
    hours = np.linspace(0, 60, count)
    courses = {
        "LHC-Li": 300 + 900 * np.sqrt(hours),
        "LNC-Li": np.full(count, 140.0),
        "LNC-LHC-LNC": np.full(count, 180.0),
    }
    for name, ohms in courses.items():
        for hour, interface in zip(hours, ohms, strict=True):
            values = np.array([4.0, 200.0, 3e-9, 0.9, interface, 4e-6, 0.85])
            clean = CELL.impedance(values, frequency)
            _write(folder / name / f"{hour:05.1f}h.csv", frequency, _noisy(clean, rng, 0.002))
    for step in range(1, 12):
        values = np.array([4.0, 400.0, 3e-9, 0.9, 120.0 - 2 * step if step < 11 else 12.0, 4e-6, 0.85])
        _write(
            folder / "steps" / f"{step:02d}h.csv", frequency, _noisy(CELL.impedance(values, frequency), rng)
        )
    return [f"{h:g} h" for h in hours]


def write_polarisation(path: Path, rng: np.random.Generator) -> list[Truth]:
    """Five voltages, an hour each, on the reference's pellet."""
    sigma = 1.7e-9
    conductance = sigma * AREA / (USUAL / 10)
    rows = []
    for index, volt in enumerate((0.1, 0.2, 0.3, 0.4, 0.5)):
        made = simulate_transient(volt, conductance=conductance, ionic=3e-8, decay=300, noise=1e-11, rng=rng)
        rows += [
            f"{4000 * index + t:.6g},{volt},{i:.6g}" for t, i in zip(made.time, made.current, strict=True)
        ]
    write_atomic(path, f"# {MARK}\ntime/s,voltage/V,current/A\n" + "\n".join(rows) + "\n")
    return [Truth(REFERENCE, "electronic_conductivity", sigma, "S/cm")]


def write_exposure(folder: Path, rng: np.random.Generator) -> list[Truth]:
    """σ over 200 h in the dry room and at 3 to 5 % relative humidity."""
    hours = np.array([0, 10, 25, 50, 75, 100, 150, 200.0])
    truths = []
    for name, end in (("dry room", 4.15e-5), ("3-5 % RH", 3.65e-5)):
        sigma = 4.3e-5 * np.exp(-hours / 200 * np.log(4.3e-5 / end))
        seen = sigma + 2e-7 * rng.standard_normal(hours.size)
        rows = [f"{h:g},{s:.5g},2e-7" for h, s in zip(hours, seen, strict=True)]
        file = folder / f"{name.replace(' ', '_').replace('%', 'percent')}.csv"
        write_atomic(file, f"# {MARK}\nhours,S/cm,std\n" + "\n".join(rows) + "\n")
        truths.append(Truth(REFERENCE, f"conductivity_loss {name}", 100 * (1 - end / 4.3e-5), "%"))
    return truths


def write_relaxation(folder: Path, rng: np.random.Generator) -> list[Truth]:
    """Inversion recoveries from 20 to 150 °C on one flank: T1 0.12 s at 20 °C, 0.13 eV, inversion 93 %."""
    delays = np.geomspace(2e-3, 3, 16)
    for celsius in (20, 40, 60, 80, 100, 120, 150):
        kelvin = celsius + 273.15
        t1 = 0.12 * np.exp(0.13 / BOLTZMANN * (1 / kelvin - 1 / 293.15))
        clean = magnetisation(delays, equilibrium=1.0, change=1.85, relaxation_time=t1)
        rows = np.c_[delays, clean + 2e-3 * rng.standard_normal(delays.size), np.full(delays.size, 2e-3)]
        lines = "\n".join(",".join(f"{v:.6g}" for v in row) for row in rows)
        write_atomic(folder / f"{celsius:03d}C.csv", f"# {MARK}\ndelay (s),signal,std\n{lines}\n")
    return [Truth(REFERENCE, "nmr_activation_energy", 0.13, "eV")]
