"""`electrolith pictures`: thickness of the layers of a cross-section, maps of elements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse

__all__ = ["add"]


def pictures(
    files: Annotated[
        list[Path], typer.Argument(help="Pictures of one object; the scale from their metadata.")
    ],
    layers: Annotated[
        str, typer.Option(help="Layers from the top of the picture to its bottom, 'NCM83:LHC, LHC, LNC, Li'.")
    ] = "",
    upright: Annotated[bool, typer.Option(help="The layers stand side by side, from left to right.")] = False,
    whole: Annotated[bool, typer.Option(help="The outer layers end with the picture.")] = False,
    pixel: Annotated[str, typer.Option(help="Size of a pixel, where the files carry no scale: '2 um'.")] = "",
    crop: Annotated[int, typer.Option(help="Rows of a data bar to cut off at the bottom.")] = 0,
    element: Annotated[
        list[str] | None, typer.Option(help="Map of an element, 'Cl=map_Cl.png'; may repeat.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Thickness of the layers of a cross-section with its doubt; how evenly elements are spread.

    Example: `electrolith pictures section.tif --layers "NCM83:LHC, LHC, LNC, Li" --whole --html section.html`
    """
    from electrolith.lab.pictures.analysis import PictureSettings, look_at_pictures
    from electrolith.study.sections.pictures import picture_evidence, picture_parts
    from electrolith.study.terminal import finish

    maps = {}
    for text in element or ():
        name, sign, file = text.partition("=")
        if not sign or not name.strip() or not file.strip():
            raise InputError(f"--element: expected an element and a file such as Cl=map_Cl.png, got {text!r}")
        maps[name.strip()] = Path(file.strip())
    settings = PictureSettings(
        files=tuple(files),
        pixel=parse(pixel, "m") if pixel else None,
        crop_bottom=crop,
        layers=tuple(n.strip() for n in layers.split(",")) if layers else (),
        upright=upright,
        whole=whole,
        elements=maps,
    )
    found = look_at_pictures(settings)
    data = {
        "layers": [
            {
                name: {
                    "thickness_um": 1e6 * item.thickness[k].value,
                    "std_um": 1e6 * item.thickness[k].std,
                    "spread_um": 1e6 * float(item.spread[k]),
                    "cut": item.cut[k],
                }
                for k, name in enumerate(item.names)
            }
            for item in found.layers
            if item is not None
        ],
        "elements": {}
        if found.elements is None
        else {m.element: {"scatter": m.scatter, "counting": m.noise} for m in found.elements.maps},
        "warnings": list(found.refused),
    }
    finish(
        "Pictures",
        picture_parts(found),
        data,
        evidence=picture_evidence(found),
        html=html,
        json_file=json_file,
    )


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pictures")(pictures)
