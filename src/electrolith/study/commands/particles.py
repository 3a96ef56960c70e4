"""`electrolith particles`: size distributions from micrographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse, parse_list

if TYPE_CHECKING:
    from electrolith.lab.particles.distribution import SizeDistribution
    from electrolith.study.section import Part

__all__ = ["add"]


def particles(
    files: Annotated[list[Path], typer.Argument(help="Images of one sample; the scale from their metadata.")],
    pixel: Annotated[
        str, typer.Option(help="Size of a pixel, where the files carry no scale: '12.4 nm'.")
    ] = "",
    bar: Annotated[str, typer.Option(help="Scale bar, its length and its pixels: '1 um, 132'.")] = "",
    crop: Annotated[int, typer.Option(help="Rows of a data bar to cut off at the bottom.")] = 0,
    dark: Annotated[bool, typer.Option(help="Particles are darker than the ground.")] = False,
    local: Annotated[
        bool, typer.Option(help="Threshold against the surroundings, for uneven light.")
    ] = False,
    window: Annotated[str, typer.Option(help="Diameters whose share is asked for, '100 nm, 400 nm'.")] = "",
    overlay: Annotated[
        Path | None, typer.Option(help="Write the first image with all outlines (.png).")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """D10, D50, D90 and the share in a window, with the doubt of having counted so many.

    Example: `electrolith particles sem_*.tif --window "100 nm, 400 nm" --overlay seen.png --html sizes.html`
    """
    import numpy as np

    from electrolith.lab.particles.analysis import ParticleSettings, measure_particles
    from electrolith.lab.particles.distribution import SizeSettings
    from electrolith.lab.particles.segment import Segmentation
    from electrolith.study.sections.particles import particle_evidence, particle_parts
    from electrolith.study.terminal import finish

    edges = parse_list(window, "m") if window else ()
    if len(edges) not in (0, 2):
        raise InputError(f"--window: expected two diameters, got {window!r}")
    length, _, count = bar.partition(",")
    if bar and not count.strip().replace(".", "", 1).isdigit():
        raise InputError(f"--bar: expected length and pixels like '1 um, 132', got {bar!r}")
    settings = ParticleSettings(
        files=tuple(files),
        pixel=parse(pixel, "m") if pixel else None,
        bar_length=parse(length, "m") if bar else None,
        bar_pixels=float(count) if bar else None,
        crop_bottom=crop,
        segmentation=Segmentation(threshold="local" if local else "global", bright=not dark),
        sizes=SizeSettings(window=(edges[0], edges[1]) if edges else None),
    )
    pictures: list[np.ndarray] | None = [] if overlay is not None else None
    found = measure_particles(settings, pictures=pictures)
    s = found.sizes
    if overlay is not None and pictures:
        from PIL import Image

        Image.fromarray(pictures[0]).save(overlay)
    data = {
        "count": s.count,
        "excluded": s.excluded,
        "number_nm": [v.value for v in s.number],
        "volume_nm": [v.value for v in s.volume],
        "window_nm": None if s.window is None else [1e9 * v for v in s.window],
        "share_percent": None if s.share is None else [s.share.value, *s.share.interval()],
        "without_particles": [list(w) for w in found.without],
        "warnings": list(s.warnings),
    }
    finish(
        "Particle sizes",
        (*particle_parts(found), _every(s)),
        data,
        evidence=particle_evidence(found),
        html=html,
        json_file=json_file,
    )


def _every(sizes: SizeDistribution) -> Part:
    """The diameter of every particle."""
    from electrolith.study.section import Part
    from electrolith.study.table import Table

    rows = tuple((1e9 * float(d), float(w)) for d, w in zip(sizes.diameters, sizes.weights, strict=True))
    return Part("Diameters", "Every particle.", data=(Table(("diameter / nm", "weight"), rows),))


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("particles")(particles)
