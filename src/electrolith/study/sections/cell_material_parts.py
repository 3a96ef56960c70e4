"""What stands in a design beside the cathode: the coating of its particles, the lithium it holds."""

from __future__ import annotations

from electrolith.cell.coating import coating_resistance, core_share
from electrolith.cell.materials import LITHIUM, LITHIUM_POTENTIAL, MAH_PER_G, cathodes
from electrolith.cell.stack import active_of
from electrolith.cell.work import CellResult
from electrolith.study.printed import printed
from electrolith.study.section import Table
from electrolith.study.table import Cell

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
    rows: list[tuple[str, Cell, str]] = [
        ("thickness", printed(1e9 * coating.thickness, ".3g"), "nm"),
        (f"radius of {name}", printed(1e6 * radius, ".3g"), "µm"),
        ("share of the coated powder", printed(100 * (1 - share), ".3g"), "% by mass"),
        (f"{name} in the composite", printed(100 * active, ".4g"), "% by mass"),
    ]
    if coating.conductivity is None:
        rows.append(("resistance t/σ", None, "conductivity not stated: it weighs and does not resist"))
    else:
        resistance = printed(1e4 * coating_resistance(coating), ".3g")
        rows.append(("resistance t/σ", resistance, "Ω cm² of particle surface"))
    return (
        Table(("of the coating", "value", "unit"), tuple(rows), f"Coating of the particles: {coating.name}"),
    )


def lithium_table(result: CellResult) -> Table:
    """Lithium of the cell, with what it is."""
    facts = [f for f in result.layers if f.role == "anode"]
    charge = facts[0].areal_mass * LITHIUM.capacity / 36.0  # C/m² to mAh/cm²
    rows: list[tuple[str, Cell, str, str]] = [
        ("density", printed(LITHIUM.density, "g"), "kg/m³", LITHIUM.source),
        ("capacity", printed(LITHIUM.capacity / MAH_PER_G, ".0f"), "mAh/g", LITHIUM.source),
        ("potential against hydrogen, 25 °C", printed(LITHIUM_POTENTIAL, ".3f"), "V", "CRC Handbook"),
        ("thickness of the foil", printed(1e6 * facts[0].thickness, ".3g"), "µm", "design"),
        ("mass of the foil", printed(100 * facts[0].areal_mass, ".4g"), "mg/cm²", "design"),
        ("charge of the foil", printed(charge, ".3g"), "mAh/cm²", "design"),
    ]
    if result.full is not None:
        moved = result.full.loading * float(result.full.capacity.max()) * 0.1  # kg/m² mAh/g to mAh/cm²
        rows.append(("foil over the charge that moves", printed(charge / moved, ".3g"), "", "slowest rate"))
    return Table(("lithium", "value", "unit", "from"), tuple(rows), "Lithium")
