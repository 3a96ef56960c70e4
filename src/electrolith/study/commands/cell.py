"""`electrolith cell`: a design worked out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from electrolith.cell.work import CellResult
    from electrolith.study.table import Table

__all__ = ["add"]


def cell(
    designs: Annotated[list[Path], typer.Argument(help="Design files of cells.")],
    html: Annotated[Path | None, typer.Option("--html", help="Page with the figures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Voltage curves, rate capability, limits and energy density of cell designs.

    Example: `electrolith cell pellet.yaml --html pellet.html`
    """
    from electrolith.cell.work import work_out
    from electrolith.study.section import Part
    from electrolith.study.sections.cell import design_of, evidence_of, said_once
    from electrolith.study.sections.cell_parts import design_parts
    from electrolith.study.terminal import finish, live

    read = [(file, design_of(file)) for file in designs]  # all are checked before anything runs
    found = []
    with live() as listener:
        listener.begin("cell")
        for done, (file, design) in enumerate(read):
            listener.progress(done / len(read), file.name)
            found.append(work_out(design))
    title = found[0].design.title if len(found) == 1 else "Cells"
    parts = said_once([part for result in found for part in design_parts(result)])
    if full := curves(found):
        parts.append(Part("Discharge curves", "Every point, with the components of its voltage.", data=full))
    finish(
        title,
        parts,
        {"cells": [_data(result) for result in found]},
        evidence=evidence_of(tuple(found)),
        html=html,
        json_file=json_file,
    )


def curves(results: list[CellResult]) -> tuple[Table, ...]:
    """One row per point of each discharge of each design, with the voltage's components."""
    import numpy as np

    from electrolith.study.table import Table

    tables = []
    for result in results:
        if result.full is None:
            continue
        names = list(dict.fromkeys(n for curve in result.full.curves for n in curve.parts))
        rows = []
        for rate, curve in zip(result.full.rates, result.full.curves, strict=True):
            none = np.full(curve.time.size, np.nan)
            parts = [curve.parts.get(n, none) for n in names]
            columns = [curve.time, curve.capacity, curve.current, curve.voltage, *parts]
            rows += [(float(rate), *map(float, row)) for row in zip(*columns, strict=True)]
        head = ("rate / C", "time / s", "capacity / mAh/g", "current / A/m²", "voltage / V")
        tables.append(Table((*head, *(f"{n} / V" for n in names)), tuple(rows), result.design.title))
    return tuple(tables)


def _data(result: CellResult) -> dict[str, Any]:
    import numpy as np

    data: dict[str, Any] = {
        "title": result.design.title,
        "separator_resistance": result.separator,
        "layers": [
            {
                "name": f.name,
                "thickness_m": f.thickness,
                "areal_mass_kg_m2": f.areal_mass,
                "porosity": f.porosity,
            }
            for f in result.layers
        ],
    }
    if result.full is not None:
        full = result.full
        data |= {
            "rates_C": full.rates.tolist(),
            "capacity_mAh_g": full.capacity.tolist(),
            "mean_voltage_V": [v if np.isfinite(v) else None for v in full.mean_voltage.tolist()],
            "limits": [limit.sentence for limit in full.limits],
            "stack_Wh_kg": full.density.stack_mass,
            "stack_Wh_L": full.density.stack_volume,
            "pouch_Wh_kg": full.density.pouch_mass,
            "pouch_Wh_L": full.density.pouch_volume,
            "proposals": [
                {"name": p.name, "capacity_mAh_g": p.capacity.tolist(), "stack_Wh_kg": p.density.stack_mass}
                for p in full.proposals
            ],
        }
    if result.symmetric is not None:
        data |= {
            "current_A_m2": result.symmetric.current.tolist(),
            "overpotential_V": result.symmetric.voltage.tolist(),
        }
    return data


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cell")(cell)
