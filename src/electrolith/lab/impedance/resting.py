"""Lithium cells at rest whose interface follows a known law, to hold the verdict on growth against."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from electrolith.lab.impedance.geometry import VACUUM_PERMITTIVITY
from electrolith.lab.impedance.spectrum import Spectrum

Array = np.ndarray
Fate = Literal["constant", "growing", "saturating", "decaying"]
FATES: Final[tuple[Fate, ...]] = ("constant", "growing", "saturating", "decaying")


@dataclass(frozen=True, eq=False)
class RestingCell:
    """Li | electrolyte | Li followed in time, and what is true of it.

    change : of the interface over the record, relative to its start; 0 for a constant one.
    noise : of one point, relative to |Z|.
    slow : whether a slow electrode process stands below the interface.
    """

    spectra: tuple[Spectrum, ...]
    fate: Fate
    electrolyte: float
    interface: float
    change: float
    noise: float
    slow: bool


def resting_cell(fate: Fate, *, rng: np.random.Generator) -> RestingCell:
    """A cell of 5 to 7 spectra of 40 points over 10 to 500 hours.

    Lattice 50 ohm to 20 kohm (permittivity 10 to 60), a grain boundary in four of ten, an interface of 0.1 to
    3 times that at 0.3 to 10 µF/cm2 with exponent 0.7 to 0.95; in half of the cells a slow electrode: a
    Warburg tail or an arc of 10 to 200 µF/cm2, constant in time; leads around 0.6 ohm, 0.05 to 1 µH; the
    whole cell wanders by 0.3 % from spectrum to spectrum (temperature); noise 0.1 to 2 % of |Z|. It
    grows by 0.2 to 4 of its start with √t or levelling off, or shrinks by 0.2 to 0.7 of it.
    """
    draw = rng.uniform
    area, thickness = np.pi * draw(6e-3, 13e-3) ** 2 / 4, draw(0.3e-3, 1.5e-3)
    lattice = 10 ** draw(1.7, 4.3)
    geometric = 10 ** draw(1, 1.8) * VACUUM_PERMITTIVITY * area / thickness
    grain = lattice * 10 ** draw(-1, 0.3) if rng.random() < 0.4 else 0.0
    grain_time = grain * geometric * 10 ** draw(1.3, 2.5)
    interface = (lattice + grain) * 10 ** draw(-1, 0.5)
    layer, exponent = 10 ** draw(-0.5, 1) * 1e-2 * area, draw(0.7, 0.95)
    frequency = np.logspace(np.log10(rng.choice([1e6, 7e6])), np.log10(rng.choice([0.1, 1.0])), 40)
    laplace = 2j * np.pi * frequency
    slow, tail = bool(rng.random() < 0.5), np.zeros(frequency.size, dtype=complex)
    if slow:
        tail = _slow_electrode(laplace, lattice + interface, area, rng)
    cable = np.exp(rng.normal(np.log(0.6), 0.9)) + laplace * 10 ** draw(-7.3, -6)
    noise, change = 10 ** draw(-3, -1.7), _change(fate, rng)
    hours = np.linspace(0, 10 ** draw(1, 2.7), int(rng.integers(5, 8)))
    shape, ohms = draw(0.9, 1.0), interface * (1 + change * _course(fate, hours / hours[-1], rng))
    spectra = []
    for t, r in zip(hours, ohms, strict=True):
        inner = lattice / (1 + (laplace * lattice * geometric) ** shape)
        boundary = grain / (1 + (laplace * grain_time) ** 0.9) if grain else 0.0
        arc = r / (1 + (laplace * interface * layer) ** exponent * r / interface)
        clean = (inner + boundary + arc) * (1 + 0.003 * rng.standard_normal()) + tail + cable
        both = rng.standard_normal(frequency.size) + 1j * rng.standard_normal(frequency.size)
        noisy = clean + noise * np.abs(clean) * both
        spectra.append(Spectrum(frequency, noisy, f"{t:.2f} h", temperature=298.15, time=3600 * float(t)))
    return RestingCell(tuple(spectra), fate, lattice + grain, interface, change, noise, slow)


def _change(fate: Fate, rng: np.random.Generator) -> float:
    """Relative change over the record."""
    if fate == "constant":
        return 0.0
    return -rng.uniform(0.2, 0.7) if fate == "decaying" else 10 ** rng.uniform(-0.7, 0.6)


def _course(fate: Fate, share: Array, rng: np.random.Generator) -> Array:
    """How much of the change has happened, 0 to 1, over the share of the record."""
    if fate in ("constant", "growing"):
        return np.sqrt(share)
    rate = 1 / rng.uniform(0.1, 0.4)
    return np.asarray(np.expm1(-rate * share) / np.expm1(-rate))


def _slow_electrode(laplace: Array, resistance: float, area: float, rng: np.random.Generator) -> Array:
    """Diffusion in the electrode, or a slow reaction."""
    if rng.random() < 0.5:
        return resistance * 10 ** rng.uniform(-1.5, 0) / np.sqrt(laplace)
    size, charge = resistance * 10 ** rng.uniform(-1, 0), 10 ** rng.uniform(1, 2.3) * 1e-2 * area
    return size / (1 + (laplace * size * charge) ** rng.uniform(0.6, 0.95))
