"""`electrolith cell`: a design worked out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from electrolith.cell.work import CellResult, work_out
from electrolith.study.sections.cell import design_of, evidence_of, said_once
from electrolith.study.sections.cell_parts import design_parts
from electrolith.study.terminal import console, finish, live

__all__ = ["add"]


def cell(
    designs: Annotated[list[Path], typer.Argument(help="Design files of cells.")],
    html: Annotated[Path | None, typer.Option("--html", help="Page with the figures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Discharge curves with the voltage's components.")
    ] = None,
) -> None:
    """Voltage curves, rate capability, limits and energy density of cell designs.

    Example: `electrolith cell pellet.yaml --html pellet.html`
    """
    read = [(file, design_of(file)) for file in designs]  # all are checked before anything runs
    found = []
    with live() as listener:
        listener.begin("cell")
        for done, (file, design) in enumerate(read):
            listener.progress(done / len(read), file.name)
            found.append(work_out(design))
    if csv_file is not None:
        write_curves(csv_file, found)
    title = found[0].design.title if len(found) == 1 else "Cells"
    parts = said_once([part for result in found for part in design_parts(result)])
    finish(
        title,
        parts,
        {"cells": [_data(result) for result in found]},
        evidence=evidence_of(tuple(found)),
        html=html,
        json_file=json_file,
    )
    if csv_file is not None:
        console.print(f"curves: {csv_file}")


def write_curves(file: Path, results: list[CellResult]) -> None:
    """One row per point of each discharge, units in the header; components a design lacks are nan."""
    full = [r for r in results if r.full is not None]
    names = list(dict.fromkeys(n for r in full if r.full for c in r.full.curves for n in c.parts))
    head = ["design", "rate_C", "time_s", "capacity_mAh_g", "current_A_m2", "voltage_V"]
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow([*head, *(f"{n} (V)" for n in names)])
        for result in full:
            for rate, curve in zip(result.full.rates, result.full.curves, strict=True):  # type: ignore[union-attr]
                none = np.full(curve.time.size, np.nan)
                parts = [curve.parts.get(n, none) for n in names]
                columns = [curve.time, curve.capacity, curve.current, curve.voltage, *parts]
                for row in zip(*columns, strict=True):
                    writer.writerow([result.design.title, f"{rate:g}", *(f"{v:.8g}" for v in row)])


def _data(result: CellResult) -> dict[str, Any]:
    data: dict[str, Any] = {
        "title": result.design.title,
        "separator_ohm_cm2": result.separator.value,
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
