"""Many cells at once, as arrays: what the porous-electrode solver and the screening model take."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from electrolith.cell.ocp import Ocp
from electrolith.core.constants import FARADAY, GAS_CONSTANT
from electrolith.core.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class CellArrays:
    """A batch of n cells with a Li anode and one porous cathode, per unit of cell area; SI.

    cathode_thickness : m, shape (n,).
    ionic_conductivity, electronic_conductivity : effective, of the composite, S/m, shape (n,).
    charge_density : charge that takes the electrode from stoichiometry 0 to 1, C per m³ of electrode, shape
    (n,);
        only the active material that is reached counts.
    active_density : the same per m³ of active material, C/m³, shape (n,).
    particle_radius : m, shape (n, classes).
    particle_fraction : share of the active volume in each class, shape (n, classes), rows sum to 1.
    diffusivity : of Li in the active material, m²/s, shape (n, classes).
    exchange_current : of the cathode at stoichiometry 1/2, A/m² of particle surface, shape (n,); it follows
        2 (s (1 - s))^½ away from there.
    film_resistance : of a coating or contact on the particles, ohm m² of particle surface, shape (n,).
    layer_resistance : of each separator layer, ohm m², shape (n, layers).
    contact_resistance : of each contact, ohm m², shape (n, contacts).
    lithium_exchange_current : at the Li anode, A/m², shape (n,).
    temperature : K, shape (n,).
    stoichiometry : of the cathode at the start, at equilibrium, shape (n,).
    active_mass : kg of active material per m², all of it, shape (n,): what mAh/g refers to.
    one_c : current called 1C, A/m², shape (n,).
    ocp : one open-circuit curve for the whole batch.
    layer_names, contact_names : for the voltage components.
    """

    cathode_thickness: np.ndarray
    ionic_conductivity: np.ndarray
    electronic_conductivity: np.ndarray
    charge_density: np.ndarray
    active_density: np.ndarray
    particle_radius: np.ndarray
    particle_fraction: np.ndarray
    diffusivity: np.ndarray
    exchange_current: np.ndarray
    film_resistance: np.ndarray
    layer_resistance: np.ndarray
    contact_resistance: np.ndarray
    lithium_exchange_current: np.ndarray
    temperature: np.ndarray
    stoichiometry: np.ndarray
    active_mass: np.ndarray
    one_c: np.ndarray
    ocp: Ocp
    layer_names: tuple[str, ...] = ()
    contact_names: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(self.cathode_thickness.shape[0])

    @property
    def capacity(self) -> np.ndarray:
        """Charge from stoichiometry 0 to 1, C/m², shape (n,)."""
        return self.charge_density * self.cathode_thickness

    @property
    def series_resistance(self) -> np.ndarray:
        """Separator layers and contacts together, ohm m², shape (n,)."""
        return self.layer_resistance.sum(axis=1) + self.contact_resistance.sum(axis=1)

    @property
    def thermal_voltage(self) -> np.ndarray:
        """2RT/F, V, shape (n,)."""
        return 2 * GAS_CONSTANT * self.temperature / FARADAY

    def take(self, which: np.ndarray) -> CellArrays:
        """The cells `which` (indices or a mask)."""
        return self.with_arrays({name: getattr(self, name)[which] for name in _ARRAYS})

    def with_arrays(self, arrays: dict[str, np.ndarray]) -> CellArrays:
        """The batch with some of its arrays replaced."""
        every = {name: arrays.get(name, getattr(self, name)) for name in _ARRAYS}
        return CellArrays(
            **every, ocp=self.ocp, layer_names=self.layer_names, contact_names=self.contact_names
        )

    def sound(self) -> np.ndarray:
        """True for each cell whose numbers a solver can take: finite, positive where they must be; shape
        (n,).
        """
        good = np.ones(self.size, bool)
        for name in _ARRAYS:
            values = getattr(self, name).reshape(self.size, -1)
            good &= np.isfinite(values).all(axis=1)
            if name not in _MAY_BE_ZERO:
                good &= (values > 0).all(axis=1)
            else:
                good &= (values >= 0).all(axis=1)
        return good & (self.stoichiometry >= self.ocp.low) & (self.stoichiometry <= self.ocp.high)


_ARRAYS = tuple(f.name for f in fields(CellArrays) if f.name not in ("ocp", "layer_names", "contact_names"))
_MAY_BE_ZERO = (
    "film_resistance",
    "layer_resistance",
    "contact_resistance",
    "stoichiometry",
    "particle_fraction",
)


def joined(batches: list[CellArrays]) -> CellArrays:
    """Several batches of one open-circuit curve and one layer list as one batch.

    Raises
    ------
    InputError
        If they differ in open-circuit curve, number of layers, contacts or particle classes.
    """
    first = batches[0]
    for other in batches[1:]:
        if other.ocp is not first.ocp and not np.array_equal(other.ocp.pieces, first.ocp.pieces):
            raise InputError(
                f"cells with different open-circuit curves: {first.ocp.name!r}, {other.ocp.name!r}"
            )
        shapes = [
            (len(b.layer_names), len(b.contact_names), b.particle_radius.shape[1]) for b in (first, other)
        ]
        if shapes[0] != shapes[1]:
            raise InputError(
                f"cells of one batch need equal numbers of layers, contacts, sizes; got {shapes}"
            )
    stacked = {name: np.concatenate([getattr(b, name) for b in batches]) for name in _ARRAYS}
    return first.with_arrays(stacked)
