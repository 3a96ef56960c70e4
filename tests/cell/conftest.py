"""Cells that the tests of this room share."""

from collections.abc import Callable

import numpy as np
import pytest

from electrolith.cell.arrays import CellArrays
from electrolith.cell.ocp import Ocp, ocp_from_function
from electrolith.core.constants import FARADAY


def xu_formula(s: np.ndarray) -> np.ndarray:
    """NMC532 against Li, Xu et al., J. Electrochem. Soc. 166 (2019) A3456, as printed by Mohtat et al.
    (2020)."""
    return (
        4.3452
        - 1.6518 * s
        + 1.6225 * s**2
        - 2.0843 * s**3
        + 3.5146 * s**4
        - 2.2166 * s**5
        - 0.5623e-4 * np.exp(109.451 * s - 100.006)
    )


@pytest.fixture(scope="session")
def nmc532() -> Ocp:
    return ocp_from_function(xu_formula, name="NMC532", source="Xu 2019")


@pytest.fixture(scope="session")
def lithium_nmc(nmc532: Ocp) -> Callable[..., CellArrays]:
    """The half-cell of Xu et al. (2019) with a single-ion electrolyte of `kappa` S/m, changed by keyword."""

    def build(n: int = 1, *, kappa: float = 0.05, **changes: float | np.ndarray) -> CellArrays:
        one = np.ones(n)
        c_max, salt = 48230.0, 1000.0
        values: dict[str, np.ndarray] = {
            "cathode_thickness": 42e-6 * one,
            "ionic_conductivity": kappa * 0.331**1.5 * one,
            "electronic_conductivity": 100 * 0.518**1.5 * one,
            "charge_density": 0.518 * FARADAY * c_max * one,
            "active_density": FARADAY * c_max * one,
            "particle_radius": 5.3e-6 * one[:, None],
            "particle_fraction": one[:, None],
            "diffusivity": 1e-14 * one[:, None],
            "exchange_current": 5.76e-11 * FARADAY * salt**0.5 * c_max / 2 * one,
            "film_resistance": 0 * one,
            "layer_resistance": 25e-6 / (kappa * 0.39**1.5) * one[:, None],
            "contact_resistance": np.zeros((n, 1)),
            "lithium_exchange_current": 3.5e-8 * FARADAY * (1 / 1.3e-5) ** 0.7 * salt**0.3 * one,
            "temperature": 298.15 * one,
            "stoichiometry": 4631.0 / c_max * one,
            "active_mass": 0.518 * 42e-6 * 4700.0 * one,
            "one_c": 0.0024 / 1.54e-4 * one,
        }
        for name, value in changes.items():
            if name not in values:
                raise KeyError(name)
            values[name] = np.broadcast_to(np.asarray(value, float), values[name].shape).copy()
        return CellArrays(**values, ocp=nmc532, layer_names=("separator",), contact_names=("contact",))

    return build
