"""Random pellets with known parameters, to hold a fitter against."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.geometry import VACUUM_PERMITTIVITY
from electrolith.lab.impedance.spectrum import Spectrum

Array = np.ndarray
PELLET: Final = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"
FREQUENCY: Final[Array] = np.logspace(np.log10(7e6), 0, 70)


def random_pellet(*, rng: np.random.Generator, noise: float = 0.005) -> tuple[Array, Spectrum]:
    """True parameters (8,) in the circuit's order, and the noisy spectrum, 70 points from 7 MHz to 1 Hz.

    R0 1 to 1000 ohm, arcs 300 ohm to 100 kohm, Q 1e-10 to 1e-7, n 0.75 to 1, Warburg 100 ohm/s^0.5 to
    1e5, all but n log-uniform. `noise` is the standard deviation of either part relative to |Z|.
    """
    low = np.array([0.0, 2.5, -10.0, 0.75, 2.5, -10.0, 0.75, 2.0])
    high = np.array([3.0, 5.0, -7.0, 1.0, 5.0, -7.0, 1.0, 5.0])
    drawn = rng.uniform(low, high)
    circuit = Circuit.parse(PELLET)
    truth = np.where(circuit.logarithmic, 10**drawn, drawn)
    clean = circuit.impedance(truth, FREQUENCY)
    both = rng.standard_normal(FREQUENCY.size) + 1j * rng.standard_normal(FREQUENCY.size)
    return truth, Spectrum(FREQUENCY, clean + noise * np.abs(clean) * both, "random pellet")


Roughness = Literal["smooth", "branch", "pores", "leak"]


@dataclass(frozen=True, eq=False)
class BlockingPellet:
    """A pellet between rough blocking electrodes, and what is true of it.

    diameter, thickness : m.
    bulk, grain_boundary, contact : ohm, 0 where there is none; the electrolyte is the first two.
    leads : ohm.
    roughness : what the electrode has beside its constant phase.
    """

    spectrum: Spectrum
    diameter: float
    thickness: float
    bulk: float
    grain_boundary: float
    contact: float
    leads: float
    roughness: Roughness

    @property
    def electrolyte(self) -> float:
        """Lattice and grain boundaries, ohm."""
        return self.bulk + self.grain_boundary


def blocking_pellet(*, rng: np.random.Generator) -> BlockingPellet:
    """A pellet as laboratories have them, made of laws most of which no candidate circuit holds exactly.

    σ 1e-6 to 1e-2 S/cm; permittivity 10 to 63; grain boundaries in six of ten, a tenth to ten times the
    bulk, as one depressed arc or a log-normal spread of times; an electrode of 0.5 to 20 µF/cm2 with
    exponent 0.6 to 0.95 and often a slow branch, pores or a leak beside it; a contact of 0.1 to 1 µF/cm2 in
    one of seven; leads around 0.6 ohm and 0.05 to 1.6 µH; up to 2 % drift during the sweep; noise 0.1 to
    1 %; windows from 1, 7 or 30 MHz to 0.1, 1 or 10 Hz.
    """
    draw = rng.uniform
    diameter, thickness = draw(6e-3, 13e-3), draw(0.3e-3, 1.5e-3)
    area = np.pi * diameter**2 / 4
    high, low = rng.choice([1e6, 7e6, 3e7]), rng.choice([0.1, 1.0, 10.0])
    points = round(float(np.log10(high / low) * draw(6, 10)))
    frequency = np.logspace(np.log10(high), np.log10(low), points)
    laplace = 2j * np.pi * frequency
    bulk = thickness / area / (10 ** draw(-6, -2) * 100)
    capacitance = 10 ** draw(1, 1.8) * VACUUM_PERMITTIVITY * area / thickness
    inner = bulk / (1 + (laplace * bulk * capacitance) ** draw(0.9, 1.0))
    grain, boundary = _boundary(laplace, bulk, capacitance, rng)
    electrode, roughness = _electrode(laplace, bulk + grain, area, rng)
    contact, constriction = _contact(laplace, bulk + grain, area, rng)
    leads = float(np.exp(rng.normal(np.log(0.6), 0.9)))
    elapsed = np.cumsum(1 / frequency)
    drift = 1 + draw(-0.02, 0.02) * elapsed / elapsed[-1]
    cable = leads + laplace * 10 ** draw(-7.3, -5.8)
    clean = (inner + boundary) * drift + electrode + constriction + cable
    both = rng.standard_normal(points) + 1j * rng.standard_normal(points)
    noisy = clean + 10 ** draw(-3, -2) * np.abs(clean) * both
    spectrum = Spectrum(frequency, noisy, "blocking pellet", temperature=298.15)
    return BlockingPellet(spectrum, diameter, thickness, bulk, grain, contact, leads, roughness)


def _boundary(
    laplace: Array, bulk: float, capacitance: float, rng: np.random.Generator
) -> tuple[float, Array]:
    """Grain boundaries: resistance and impedance."""
    if rng.random() > 0.6:
        return 0.0, np.zeros(laplace.size, dtype=complex)
    resistance = bulk * 10 ** rng.uniform(-1, 1)
    time = resistance * capacitance * 10 ** rng.uniform(1.3, 2.7)
    if rng.random() > 0.4:
        return resistance, resistance / (1 + (laplace * time) ** rng.uniform(0.75, 1))
    nodes = np.linspace(-3, 3, 41)
    weights = np.exp(-(nodes**2) / 2)
    spread = np.exp(rng.uniform(0.3, 1.5) * nodes)
    single = 1 / (1 + laplace[:, None] * time * spread)
    return resistance, resistance * single @ (weights / weights.sum())


def _electrode(
    laplace: Array, resistance: float, area: float, rng: np.random.Generator
) -> tuple[Array, Roughness]:
    """A rough blocking electrode; `resistance` is the pellet's, for the sizes of what stands beside it."""
    layer = 10 ** rng.uniform(-0.3, 1.3) * 1e-2 * area  # µF/cm2 is 1e-2 F/m2
    exponent = rng.uniform(0.6, 0.95)
    admittance = layer * (resistance * layer) ** (exponent - 1) * laplace**exponent
    kind = rng.random()
    if kind < 0.35:
        slow = layer * 10 ** rng.uniform(-0.3, 1.5) * laplace ** rng.uniform(0.7, 1)
        return 1 / (admittance + 1 / (resistance * 10 ** rng.uniform(-0.5, 2.5) + 1 / slow)), "branch"
    if kind < 0.6:
        pore = resistance * 10 ** rng.uniform(-2.5, -0.5)
        root = np.sqrt(pore * admittance)
        return pore / np.tanh(root) / root, "pores"
    if kind < 0.75:
        return 1 / (admittance + 1 / (resistance * 10 ** rng.uniform(1, 3))), "leak"
    return 1 / admittance, "smooth"


def _contact(laplace: Array, resistance: float, area: float, rng: np.random.Generator) -> tuple[float, Array]:
    """A poor contact in one pellet of seven."""
    if rng.random() > 0.15:
        return 0.0, np.zeros(laplace.size, dtype=complex)
    size = resistance * 10 ** rng.uniform(-1.7, -0.5)
    charge = 10 ** rng.uniform(-3, -2) * area  # 0.1 to 1 µF/cm2
    return size, size / (1 + (laplace * size * charge) ** rng.uniform(0.8, 1))
