"""What a fit makes small: weighted residuals of impedance or admittance, walls between ordered parameters."""

import numpy as np

from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.descent import Model

Array = np.ndarray
WALL = 1e3  # of relative residuals: an order is broken by less than 1e-4 of the parameter


def weighted_model(circuit: Circuit, omega: Array, impedance: Array, weight: Array) -> Model:
    """Real residuals (B, 2F) and derivatives (B, P, 2F) of a circuit against measured impedance."""

    def model(internal: Array) -> tuple[Array, Array]:
        predicted, slopes = circuit.batch(internal, omega)
        residual = (predicted - impedance) * weight
        slopes = slopes * weight
        return (
            np.concatenate([residual.real, residual.imag], axis=1),
            np.concatenate([slopes.real, slopes.imag], axis=2),
        )

    return model


def admittance_model(circuit: Circuit, omega: Array, impedance: Array) -> Model:
    """As `weighted_model`, of Y = 1/Z relative to |Y|."""
    size = np.abs(impedance)

    def model(internal: Array) -> tuple[Array, Array]:
        predicted, slopes = circuit.batch(internal, omega)
        residual = (1 / predicted - 1 / impedance) * size
        slopes = -slopes * (size / predicted**2)[:, None, :]
        return (
            np.concatenate([residual.real, residual.imag], axis=1),
            np.concatenate([slopes.real, slopes.imag], axis=2),
        )

    return model


def walled(model: Model, pairs: tuple[tuple[int, int], ...], height: float) -> Model:
    """The model with one more residual a pair, height × max(0, x_small - x_large) of internal parameters."""

    def higher(internal: Array) -> tuple[Array, Array]:
        residual, slopes = model(internal)
        excess = np.stack([internal[:, a] - internal[:, b] for a, b in pairs], axis=1)
        push = np.zeros((*internal.shape, len(pairs)))
        for k, (a, b) in enumerate(pairs):
            over = height * (excess[:, k] > 0)
            push[:, a, k], push[:, b, k] = over, -over
        return (
            np.concatenate([residual, height * np.maximum(excess, 0.0)], axis=1),
            np.concatenate([slopes, push], axis=2),
        )

    return higher if pairs else model
