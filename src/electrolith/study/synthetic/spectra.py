"""Synthetic absorption spectra: Cl, N and Ho edges, in contact, under current and in gases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.lab.xanes.peaks import edge_and_peaks
from electrolith.study.synthetic.truth import MARK, REFERENCE, Truth

__all__ = ["GASES", "write_absorption"]

START = dt.datetime(2022, 3, 5, 9, 0, 0, tzinfo=dt.UTC)
CHLORIDE = np.concatenate(
    [np.arange(2780, 2815, 2.0), np.arange(2815, 2850, 0.2), np.arange(2850, 2930, 1.0)]
)
NITRIDE = np.concatenate([np.arange(385, 395, 0.5), np.arange(395, 412, 0.1), np.arange(412, 440, 0.5)])
HOLMIUM = np.concatenate([np.arange(7970, 8050, 4.0), np.arange(8050, 8100, 0.5), np.arange(8100, 8220, 3.0)])
LNC = np.array([2825, 0.8, 1, 2826.0, 1.2, 1.4, 2828.7, 0.9, 2.5, 2840, 0.2, 8])
HYDROLYSED = np.array([2825.5, 0.8, 1, 2827.7, 1.6, 1.3, 2835, 0.3, 6])
LHC_CHLORIDE = np.array([2824.6, 0.8, 1, 2825.2, 1.1, 1.6, 2829.5, 0.6, 3.0])
LICL = np.array([2825.8, 0.8, 1, 2827.0, 1.7, 1.4, 2831.0, 0.7, 2.5])
NITROGEN = np.array([398.5, 0.6, 1, 397.9, 1.1, 1.2, 404.5, 0.8, 4.0])
HO_CHLORIDE = np.array([8071.0, 1.2, 1, 8073.5, 2.4, 4.5])
HO_METAL = np.array([8070.0, 1.2, 1, 8071.5, 1.5, 5.0])
GASES = {"ambient": 0.35, "dry-air-moisture": 0.30, "Ar-moisture": 0.25, "dry-air": 0.0}
"""Share of the by-product after two hours, by gas."""


def _write(path: Path, grid: np.ndarray, mu: np.ndarray, minutes: float) -> None:
    stamp = (START + dt.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
    rows = "\n".join(f"{e:.3f} {m:.6f}" for e, m in zip(grid, mu, strict=True))
    write_atomic(path, f"# XDI/1.0\n# Scan.start_time: {stamp}\n# {MARK}\n# energy mu\n{rows}\n")


def _mixed(
    grid: np.ndarray, one: np.ndarray, other: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """A mixture with its background and noise."""
    y = (1 - share) * edge_and_peaks(grid, one, "gaussian") + share * edge_and_peaks(grid, other, "gaussian")
    return np.asarray(y + 0.3 - 1e-4 * (grid - grid[0]) + 0.004 * rng.standard_normal(grid.size))


def write_absorption(folder: Path, rng: np.random.Generator, *, count: int) -> list[Truth]:
    """All series of spectra. count : of a series."""
    for index in range(count):  # six hours against lithium: no change
        _write(
            folder / "contact" / f"{index:03d}.dat", CHLORIDE, _mixed(CHLORIDE, LNC, LNC, 0, rng),
            360 * index / (count - 1),
        )  # fmt: skip
        _write(
            folder / "plating" / f"{index:03d}.dat", CHLORIDE, _mixed(CHLORIDE, LNC, LNC, 0, rng),
            480 * index / (count - 1),
        )  # fmt: skip
        for gas, end in GASES.items():
            minutes = 120 * index / (count - 1)
            share = end * (1 - np.exp(-minutes / 60)) / (1 - np.exp(-2))
            mu = _mixed(CHLORIDE, LNC, HYDROLYSED, share, rng)
            _write(folder / gas / f"{index:03d}.dat", CHLORIDE, mu, minutes)
    for name, grid, one, other, share in (
        ("nitrogen-contact", NITRIDE, NITROGEN, NITROGEN, 0.0),
        ("nitrogen-gases", NITRIDE, NITROGEN, NITROGEN, 0.0),
        ("nitrogen-LHC", NITRIDE, NITROGEN, NITROGEN, 0.0),
        ("holmium-LNC", HOLMIUM, HO_CHLORIDE, HO_CHLORIDE, 0.0),
        ("holmium-Li", HOLMIUM, HO_CHLORIDE, HO_METAL, 0.5),
        ("chlorine-LHC-Li", CHLORIDE, LHC_CHLORIDE, LICL, 0.5),
    ):
        after = 3 if name == "nitrogen-gases" else 1
        _write(folder / name / "0-before.dat", grid, _mixed(grid, one, other, 0.0, rng), 0)
        for index in range(after):
            mu = _mixed(grid, one, other, share, rng)
            _write(folder / name / f"{index + 1}-after.dat", grid, mu, 60 * (index + 1))
    for name, grid, shape in (
        ("Ho", HOLMIUM, HO_METAL), ("HoCl", HOLMIUM, HO_CHLORIDE), ("LiCl", CHLORIDE, LICL),
        ("LHC", CHLORIDE, LHC_CHLORIDE), ("hydrolysed", CHLORIDE, HYDROLYSED), ("LNC", CHLORIDE, LNC),
    ):  # fmt: skip
        _write(folder / "references" / f"{name}.dat", grid, _mixed(grid, shape, shape, 0, rng), 0)
    _record(folder / "plating.mpt")
    return [Truth(REFERENCE, "xanes_new_peak ambient", 2827.7, "eV")]


def _record(path: Path) -> None:
    """The operando cell's record: 0.1 to 0.4 mA/cm2, an hour each way, as EC-Lab exports it."""
    time = np.arange(0, 8 * 3600, 60.0)
    level = 0.1 * (1 + (time // 7200))
    sign = np.where((time // 3600) % 2 == 0, 1.0, -1.0)
    current = 0.785 * level * sign  # mA
    charge = np.cumsum(current) * 60 / 3600
    head = (
        "EC-Lab ASCII FILE\nNb header lines : 6                          \n"
        f"{MARK}\nAcquisition started on : {START:%m/%d/%Y %H:%M:%S}.000\n\n"
        "time/s\tEwe/V\tI/mA\t(Q-Qo)/mA.h\n"
    )
    rows = "\n".join(
        f"{t:.1f}\t{0.45 * i:.5f}\t{i:.5f}\t{q:.5f}" for t, i, q in zip(time, current, charge, strict=True)
    )
    write_atomic(path, head + rows + "\n")
