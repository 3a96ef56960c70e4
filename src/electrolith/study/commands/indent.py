"""`electrolith indent`: modulus and hardness from indentation records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from electrolith.core.errors import InputError, nearest
from electrolith.core.units import parse, parse_list

__all__ = ["add"]


def indent(
    files: Annotated[
        list[Path], typer.Argument(help="Agilent/MTS workbook (.xls) or tables of time, depth, load.")
    ],
    poisson: Annotated[float | None, typer.Option(help="Poisson's ratio of the sample.")] = None,
    area: Annotated[str, typer.Option(help="Area coefficients for depths in nm: '24.5, 150'.")] = "",
    beta: Annotated[
        float | None, typer.Option(help="Shape factor that belongs to the area function.")
    ] = None,
    compliance: Annotated[str, typer.Option(help="Frame compliance.")] = "0 m/N",
    method: Annotated[str, typer.Option(help="auto, unloading or continuous.")] = "auto",
    window: Annotated[
        str, typer.Option(help="Depths over which continuous stiffness counts: '100 nm, 200 nm'.")
    ] = "",
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Oliver-Pharr modulus and hardness of every indent and of the sample.

    Example: `electrolith indent FS_Calibration.xls --html indents.html`
    """
    from electrolith.lab.indentation.analysis import IndentSettings, Method, measure_indents
    from electrolith.study.sections.indentation import indent_evidence, indent_parts
    from electrolith.study.terminal import finish

    if method not in get_args(Method):
        raise InputError(nearest("--method", method, get_args(Method)))
    depths = parse_list(window, "m") if window else ()
    if window and len(depths) != 2:
        raise InputError(f"--window: expected two depths, got {window!r}")
    settings = IndentSettings(
        files=tuple(files),
        poisson=poisson,
        area=tuple(float(c) for c in area.split(",")) if area else None,
        beta=beta,
        frame_compliance=parse(compliance, "m/N"),
        method=cast(Method, method),
        window=(depths[0], depths[1]) if depths else None,
    )
    found = measure_indents(settings)
    data = {
        "modulus_GPa": [found.modulus.value, *found.modulus.interval()],
        "hardness_GPa": [found.hardness.value, *found.hardness.interval()],
        "indents": [
            {
                "name": i.indent.name,
                "modulus_GPa": i.modulus.value,
                "hardness_GPa": i.hardness.value,
                "counts": used,
            }
            for i, used in zip(found.indents, found.used, strict=True)
        ],
        "refused": list(found.refused),
        "warnings": list(found.warnings),
        "indicator": found.lithium.statement,
    }
    finish(
        "Nanoindentation",
        indent_parts(found),
        data,
        evidence=indent_evidence(found),
        html=html,
        json_file=json_file,
    )


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("indent")(indent)
