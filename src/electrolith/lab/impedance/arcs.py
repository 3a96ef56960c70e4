"""What the arcs of a fitted circuit are: time constants, capacitances, and which part of the sample they
show.
"""

from dataclasses import dataclass

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.lab.impedance.circuit import Circuit, Leaf
from electrolith.lab.impedance.fit import CircuitFit, arcs_of, time_constant
from electrolith.lab.impedance.geometry import (
    Geometry,
    effective_capacitance,
    relative_permittivity,
    surface_capacitance,
)

# capacitance per cell constant of 1/cm, F: Irvine, Sinclair, West, Adv. Mater. 2 (1990) 132, table 1
# 5e-11 F is a relative permittivity of 560: no lithium conductor's lattice has more
LIMITS = ((5e-11, "bulk"), (3e-9, "grain boundary"), (2e-7, "surface layer"), (5e-5, "interface"))


@dataclass(frozen=True, eq=False)
class Arc:
    """One arc.

    resistance : ohm.
    time_constant : s.
    frequency : of its top, Hz.
    capacitance : Hsu-Mansfeld, F; `top` and `charging` are frequency and capacitance with their doubt, which
        is unknown where the data do not determine one of the arc's parameters.
    brug : F, None without a series resistance.
    permittivity : relative, None without geometry.
    label : bulk, grain boundary, ...
    """

    name: str
    resistance: Estimate
    time_constant: float
    frequency: float
    capacitance: float
    top: Estimate
    charging: Estimate
    brug: float | None
    permittivity: float | None
    label: str


def read_arcs(fit: CircuitFit, geometry: Geometry | None = None) -> tuple[Arc, ...]:
    """The arcs of a fit by rising time constant, each labelled by its capacitance.

    Without geometry the cell constant is taken as 1/cm, and the label says "probably".

    """
    circuit = Circuit.parse(fit.circuit)
    found = [_arc(fit, pair, geometry) for pair in arcs_of(circuit)]
    return tuple(sorted(found, key=lambda arc: arc.time_constant))


def _arc(fit: CircuitFit, pair: tuple[Leaf, Leaf], geometry: Geometry | None) -> Arc:
    """One arc from its resistance and storage element."""
    resistor, storage = pair
    resistance = float(fit.values[resistor.first])
    charge = float(fit.values[storage.first])
    exponent = float(fit.values[storage.first + 1]) if storage.element.symbol == "CPE" else 1.0
    tau = time_constant(fit.values, resistor, storage)
    capacitance = effective_capacitance(resistance, charge, exponent)
    series = _series_resistance(fit)
    brug = surface_capacitance(resistance, charge, exponent, series=series) if series else None
    permittivity = relative_permittivity(capacitance, geometry) if geometry else None
    top, charging = _doubted(fit, resistor, storage, tau, capacitance)
    return Arc(
        name=resistor.name,
        resistance=fit.parameter(resistor.name),
        time_constant=tau,
        frequency=1 / (2 * np.pi * tau),
        capacitance=capacitance,
        top=top,
        charging=charging,
        brug=brug,
        permittivity=permittivity,
        label=label_of(capacitance, geometry),
    )


def _doubted(
    fit: CircuitFit, resistor: Leaf, storage: Leaf, tau: float, capacitance: float
) -> tuple[Estimate, Estimate]:
    """Frequency of the top, Hz, and capacitance, F, through the joint draws of R, Q and n."""
    names = (resistor.name, *fit.names[storage.columns])
    if any(name in fit.undetermined for name in names):
        return (
            Estimate.unknown_doubt(1 / (2 * np.pi * tau), "Hz"),
            Estimate.unknown_doubt(capacitance, "F"),
        )
    resistance, charge = fit.draws[:, resistor.first], fit.draws[:, storage.first]
    exponent = fit.draws[:, storage.first + 1] if storage.element.symbol == "CPE" else np.ones(len(charge))
    exponent = np.clip(exponent, 0.05, 1.0)
    resistance = np.maximum(resistance, 1e-3 * fit.values[resistor.first])  # linear draws may pass zero
    tops = (resistance * charge) ** (-1 / exponent) / (2 * np.pi)
    farads = charge ** (1 / exponent) * resistance ** (1 / exponent - 1)  # as `effective_capacitance`
    return Estimate(tops, "Hz"), Estimate(farads, "F")


def _series_resistance(fit: CircuitFit) -> float | None:
    """R0, where the circuit has one and the data determine it."""
    known = "R0" in fit.names and "R0" not in fit.undetermined
    return float(fit.values[fit.names.index("R0")]) if known else None


def label_of(capacitance: float, geometry: Geometry | None) -> str:
    """The part of the sample a capacitance (F) belongs to.

    Source: Irvine, Sinclair, West, Advanced Materials 2 (1990) 132.

    """
    per_unit = capacitance * (geometry.cell_constant.value / 100 if geometry else 1.0)
    label = next((name for limit, name in LIMITS if per_unit < limit), "electrode reaction")
    return label if geometry else f"probably {label}"
