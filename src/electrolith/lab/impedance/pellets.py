"""Random pellets with known parameters, to hold a fitter against."""

from typing import Final

import numpy as np

from electrolith.lab.impedance.circuit import Circuit
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
