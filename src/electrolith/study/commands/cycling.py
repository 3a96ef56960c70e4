"""`electrolith cycling | ccd | polarisation | exposure | audit`: a cycler's records and reported numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse
from electrolith.study.commands.options import one_of

if TYPE_CHECKING:
    import numpy as np

    from electrolith.lab.cycling.audit import Finding
    from electrolith.lab.cycling.measure import OneFullCell
    from electrolith.study.section import Evidence, Part
    from electrolith.study.sections import exposure as air

__all__ = ["add"]

Html = Annotated[Path | None, typer.Option("--html", help="Write a page.")]
Json = Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")]


def cycling(
    files: Annotated[
        list[Path], typer.Argument(help="BioLogic, Neware, Landt, Battery Data Format, tables.")
    ],
    mass: Annotated[str | None, typer.Option(help="Of active material, '3.5 mg'.")] = None,
    area: Annotated[str | None, typer.Option(help="Of the electrode, '0.785 cm2'.")] = None,
    one_c: Annotated[str | None, typer.Option(help="Current at 1C, '200 mA/g'.")] = None,
    reference: Annotated[int | None, typer.Option(help="Cycle that retention refers to.")] = None,
    profiles: Annotated[str | None, typer.Option(help="Cycles whose voltage is drawn, '1,2,50'.")] = None,
    convention: Annotated[
        str, typer.Option(help="Of the Coulombic efficiency, 'discharge/charge' or 'charge/discharge'.")
    ] = "discharge/charge",
    counting: Annotated[str, typer.Option(help="Of cycles, 'vendor' or 'own'.")] = "vendor",
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Cycle table, Coulombic efficiency, rates, retention, fade, voltage profiles and dQ/dV.

    Example: `electrolith cycling cell.ndax --mass "3.5 mg" --one-c "200 mA/g" --html cell.html`
    """
    from electrolith.study.sections import cycling as cells

    settings = cells.MeasuredCycling(
        files=tuple(files),
        mass=_quantity(mass, "kg"),
        area=_quantity(area, "m2"),
        one_c=_quantity(one_c, "A/kg"),
        reference=reference,
        profiles=() if profiles is None else tuple(int(c) for c in profiles.split(",")),
        convention=one_of(  # type: ignore[arg-type]
            "--convention", convention, ("discharge/charge", "charge/discharge")
        ),
        counting=one_of("--counting", counting, ("vendor", "own")),  # type: ignore[arg-type]
    )
    found = cells.full_cells(settings)
    data = {
        "cells": [
            {
                "source": cell.source,
                "counted_by": cell.table.counted_by,
                "convention": cell.table.convention,
                "reference_cycle": cell.reference,
                "retention": _kept(cell),
                "stretches": [
                    {
                        "rate": step.name,
                        "taken_for": kind,
                        "first_cycle": step.first,
                        "last_cycle": step.last,
                        "current_mA": step.current,
                        "discharge_mAh": step.capacity,
                    }
                    for step, kind in zip(cell.steps, cell.kinds, strict=True)
                ],
                "cycle": cell.table.cycle.tolist(),
                "charge_mAh": cell.table.charge.tolist(),
                "discharge_mAh": cell.table.discharge.tolist(),
                "discharge_mAh_g": _listed(cell.table.specific_discharge),
                "discharge_mAh_cm2": _listed(cell.table.areal_discharge),
                "left": cell.kept.tolist(),
                "coulombic_efficiency": cell.table.efficiency.tolist(),
                "charge_energy_mWh": cell.table.charge_energy.tolist(),
                "discharge_energy_mWh": cell.table.discharge_energy.tolist(),
                "complete": cell.table.complete.tolist(),
            }
            for cell in found.cells
        ],
        "failures": [list(f) for f in found.failures],
    }
    _finish("Full cells", cells.cycling_parts(found), data, cells.evidence_of(found), html, json_file)


def _kept(cell: OneFullCell) -> dict[str, object] | None:
    """What is left at the last cycle of the reference's stretch."""
    kept = cell.retention
    if kept is None:
        return None
    return {
        "of_cycle": kept.reference,
        "at_cycle": kept.last,
        "stretch": kept.regime,
        "measured": kept.measured,
        "by_law": kept.by_law,
        "law": None if cell.fade is None else cell.fade.law,
    }


def _listed(values: np.ndarray | None) -> list[float] | None:
    """Plain numbers, None kept."""
    return None if values is None else [float(v) for v in values]


def ccd(
    files: Annotated[list[Path], typer.Argument(help="Records of lithium symmetric cells.")],
    area: Annotated[str, typer.Option(help="Of one electrode, '0.785 cm2'.")],
    test: Annotated[str, typer.Option(help="'steps', 'lifetime' or 'auto'.")] = "auto",
    resistance: Annotated[
        str | None, typer.Option(help="Of the cell from impedance, '480 ohm', for the ohmic share.")
    ] = None,
    temperature: Annotated[str | None, typer.Option(help="'25 degC', for the record.")] = None,
    pressure: Annotated[str | None, typer.Option(help="'50 MPa', for the record.")] = None,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Critical current density or lifetime, decided by a written rule that explains itself.

    Example: `electrolith ccd steps.ndax --area "0.785 cm2" --temperature "25 degC" --html ccd.html`
    """
    from electrolith.study.sections import symmetric as sym

    settings = sym.MeasuredSymmetric(
        files=tuple(files),
        area=parse(area, "m2"),
        test=one_of("--test", test, ("auto", "steps", "lifetime")),  # type: ignore[arg-type]
        resistance=_quantity(resistance, "ohm"),
        temperature=_quantity(temperature, "K"),
        pressure=_quantity(pressure, "Pa"),
    )
    found = sym.symmetric_cells(settings)
    data = {
        "cells": [
            {
                "source": cell.source,
                "critical_mA_cm2": cell.decision.critical / 10,
                "areal_capacity_mAh_cm2": cell.decision.areal_capacity,
                "first_failed_mA_cm2": None if cell.decision.failed is None else cell.decision.failed / 10,
                "reached_end": cell.decision.reached_end,
                "recovered": cell.decision.recovered,
                "explanation": list(cell.decision.explanation),
                "shorts": [
                    {"kind": e.kind, "time_h": e.time / 3600, "left": e.left, "significance": e.significance}
                    for e in cell.decision.events
                ],
                "lifetime": None if cell.lifetime is None else cell.lifetime.text,
            }
            for cell in found.cells
        ],
        "failures": [list(f) for f in found.failures],
    }
    _finish("Symmetric cells", sym.symmetric_parts(found), data, sym.evidence_of(found), html, json_file)


def polarisation(
    files: Annotated[list[Path], typer.Argument(help="Records of current at constant voltages.")],
    diameter: Annotated[str, typer.Option(help="Of the pellet, '10 mm'.")],
    thickness: Annotated[str, typer.Option(help="Of the pellet, '0.90(2) mm'.")],
    detection_limit: Annotated[str | None, typer.Option(help="Of the instrument, '10 pA'.")] = None,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Electronic conductivity from settled currents at several voltages.

    Example: `electrolith polarisation dc/*.mpt --diameter 10mm --thickness 0.9mm --detection-limit "10 pA"`
    """
    from electrolith.study.sections import polarisation as dc

    limit = _quantity(detection_limit, "A") or 0.0
    found = dc.dc_polarisation(
        dc.MeasuredPolarisation(tuple(files), diameter, thickness, detection_limit=limit), None, None
    )
    result = found.result
    data = {
        "conductivity_S_cm": [result.conductivity.value, result.conductivity.std],
        "upper_limit_only": result.limit_only,
        "ohmic": result.ohmic,
        "currents_A": [[c.voltage, c.current.value, c.current.std, c.settled] for c in result.currents],
        "findings": list(result.findings),
        "failures": [list(f) for f in found.failures],
    }
    _finish("DC polarisation", dc.polarisation_parts(found), data, dc.evidence_of(found), html, json_file)


def exposure(
    files: Annotated[list[Path], typer.Argument(help="Tables of time in h and conductivity in S/cm.")],
    humidity: Annotated[
        str | None,
        typer.Option(help="Relative humidity per file in %, '0.3,4', or dew points '-55 degC,...'."),
    ] = None,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Conductivity during exposure: decay law, loss, time to lose a tenth.

    Example: `electrolith exposure dry.csv humid.csv --humidity 0.3,4 --html exposure.html`
    """
    from electrolith.study.sections import exposure as air

    wet = [None] * len(files) if humidity is None else [h.strip() for h in humidity.split(",")]
    if len(wet) != len(files):
        raise InputError(f"--humidity: {len(wet)} values for {len(files)} files; one each")
    atmospheres = tuple(_atmosphere(file, h) for file, h in zip(files, wet, strict=True))
    found = air.air_exposure(air.MeasuredExposure(atmospheres))
    data = [
        {"atmosphere": n, "law": d.law, "loss": [d.loss.value, d.loss.std], "text": d.text}
        for n, d in zip(found.names, found.decays, strict=True)
    ]
    _finish("Exposure", air.exposure_parts(found), data, (), html, json_file)


def _atmosphere(file: Path, text: str | None) -> air.Exposure:
    """One file with its humidity in percent or its dew point."""
    from electrolith.study.sections import exposure as air

    if text is None:
        return air.Exposure(file)
    if "deg" in text or text.endswith("K"):
        return air.Exposure(file, dew_point=parse(text, "K"))
    return air.Exposure(file, humidity=float(text.rstrip("% ")) / 100)


def audit_numbers(
    file: Annotated[
        Path, typer.Argument(help="YAML of reported numbers: id, quantity, value, unit, conditions.")
    ],
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Do reported numbers agree: loading × capacity, retention × first, rate × loading, R × j, thickness/σA?

    Example: `electrolith audit published.yaml`
    """
    from electrolith.lab.cycling.published import audit_published

    findings, count = audit_published(file)
    data = [
        {"relation": f.relation, "verdict": f.verdict, "names": list(f.names), "text": f.text}
        for f in findings
    ]
    _finish("Consistency of reported numbers", (_audit_part(findings, count),), data, (), html, json_file)


def _audit_part(findings: tuple[Finding, ...], count: int) -> Part:
    """What agrees and what does not."""
    from electrolith.study.section import Part, Table

    odd = sum(f.verdict != "agrees" for f in findings)
    sentence = f"{len(findings)} relations between {count} numbers checked: {odd} need a second look."
    rows = tuple((f.verdict, f.text, ", ".join(f.names)) for f in findings)
    return Part("Consistency", sentence, tables=(Table(("verdict", "relation", "numbers"), rows),))


def _quantity(text: str | None, unit: str) -> float | None:
    """A quantity, None kept."""
    return None if text is None else parse(text, unit)


def _finish(
    title: str,
    parts: tuple[Part, ...],
    data: object,
    evidence: tuple[Evidence, ...],
    html: Path | None,
    json_file: Path | None,
) -> None:
    """Tables, page, data."""
    from electrolith.study.terminal import finish

    finish(title, parts, data, evidence=evidence, html=html, json_file=json_file)


def add(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (
        ("cycling", cycling),
        ("ccd", ccd),
        ("polarisation", polarisation),
        ("exposure", exposure),
        ("audit", audit_numbers),
    ):
        app.command(name)(command)
