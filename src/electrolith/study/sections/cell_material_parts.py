"""What stands in a design beside the cathode: the coating of its particles, the lithium it holds."""

from __future__ import annotations

from electrolith.cell.coating import coating_resistance, core_share
from electrolith.cell.materials import LITHIUM, LITHIUM_POTENTIAL, MAH_PER_G, cathodes
from electrolith.cell.stack import active_of
from electrolith.cell.work import CellResult
from electrolith.study.section import Table

__all__ = ["coating_table", "lithium_table"]


def coating_table(result: CellResult) -> tuple[Table, ...]:
    """The coating of the cathode's particles, where there is one."""
    stack = result.design.stack
    if stack.symmetric or stack.cathode.coating is None:
        return ()
    layer, coating = stack.cathode, stack.cathode.coating
    name, active = active_of(layer)
    material = cathodes()[name]
    radius = layer.particle_radius or material.particle_radius
    share = core_share(coating, radius=radius, density=material.density)
    known = coating.conductivity is not None
    rows = (
        ("thickness", f"{1e9 * coating.thickness:.3g} nm"),
        (f"on particles of {name} of radius", f"{1e6 * radius:.3g} µm"),
        ("share of the coated powder", f"{100 * (1 - share):.3g} % by mass"),
        (f"{name} in the composite", f"{100 * active:.4g} % by mass"),
        ("resistance t/σ", f"{1e4 * coating_resistance(coating):.3g} Ω cm² of particle surface" if known
         else "conductivity not stated: it weighs and does not resist"),
    )  # fmt: skip
    return (Table(("of the coating", "value"), rows, f"Coating of the particles: {coating.name}"),)


def lithium_table(result: CellResult) -> Table:
    """Lithium of the cell, with what it is."""
    facts = [f for f in result.layers if f.role == "anode"]
    charge = facts[0].areal_mass * LITHIUM.capacity / 36.0  # C/m² to mAh/cm²
    rows: list[tuple[str, str, str]] = [
        ("density", f"{LITHIUM.density:g} kg/m³", LITHIUM.source),
        ("capacity", f"{LITHIUM.capacity / MAH_PER_G:.0f} mAh/g", LITHIUM.source),
        ("standard potential", f"{LITHIUM_POTENTIAL:.3f} V against hydrogen, 25 °C", "CRC Handbook"),
        ("foil", f"{1e6 * facts[0].thickness:.3g} µm, {100 * facts[0].areal_mass:.4g} mg/cm²", "design"),
        ("charge of the foil", f"{charge:.3g} mAh/cm²", "design"),
    ]
    if result.full is not None:
        moved = result.full.loading * float(result.full.capacity.max()) * 0.1  # kg/m² mAh/g to mAh/cm²
        rows.append(("foil over the charge that moves", f"{charge / moved:.3g}", "slowest rate"))
    return Table(("lithium", "value", "from"), tuple(rows), "Lithium")
