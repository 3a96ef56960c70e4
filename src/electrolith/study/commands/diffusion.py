"""`electrolith diffusion`: D and σ from trajectories of any program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse

if TYPE_CHECKING:
    from electrolith.motion.analyse import PathDiffusion
    from electrolith.study.section import Part

__all__ = ["add"]

DOUBTFUL = 0.3  # of D, from the start of the fit: said in words, beside its part in the interval


def diffusion(
    trajectory: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders of one run, restarts in order: VASP, LAMMPS, extended XYZ, ..."
        ),
    ],
    mobile: Annotated[str, typer.Option(help="Element that moves.")],
    hop: Annotated[str, typer.Option(help="Distance between neighbouring sites, '2.67 angstrom'.")],
    interval: Annotated[
        str | None, typer.Option(help="Time between frames, '100 fs', where the files do not say it.")
    ] = None,
    timestep: Annotated[
        str | None, typer.Option(help="Of one step (or unit of time) that the file counts in, '1 fs'.")
    ] = None,
    temperature: Annotated[
        str | None, typer.Option(help="Of the run, '600 K', where the files do not.")
    ] = None,
    charge: Annotated[
        float | None, typer.Option(help="Of the mobile ion, e; without it the element's, if it has but one.")
    ] = None,
    types: Annotated[str, typer.Option(help="Elements of the types of a LAMMPS dump, 'Li,Y,Cl'.")] = "",
    unwrap: Annotated[bool, typer.Option(help="The coordinates are wrapped: unwrap them.")] = False,
    skip: Annotated[int, typer.Option(help="Frames left out at the beginning (heating).")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write a page with figures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Diffusivity with an honest error, conductivity and guards of one trajectory.

    Example: `electrolith diffusion run.xyz --mobile Li --hop "2.67 angstrom" --interval "100 fs"
    --temperature "600 K"`
    """
    from electrolith.study.terminal import finish

    found, said = diffusivity_of(
        trajectory,
        mobile,
        hop=parse(hop, "angstrom"),
        interval=None if interval is None else parse(interval, "fs"),
        timestep=None if timestep is None else parse(timestep, "fs"),
        temperature=None if temperature is None else parse(temperature, "K"),
        charge=charge,
        types=tuple(t.strip() for t in types.split(",") if t.strip()),
        unwrap=unwrap,
        skip=skip,
    )
    finish("Diffusion", (diffusion_part(found, said),), _data(found, said), html=html, json_file=json_file)


def diffusivity_of(
    trajectory: list[Path],
    mobile: str,
    *,
    hop: float,
    interval: float | None,
    timestep: float | None = None,
    temperature: float | None,
    charge: float | None,
    types: tuple[str, ...],
    unwrap: bool,
    skip: int,
) -> tuple[PathDiffusion, tuple[str, ...]]:
    """What a run says of an ion (Å, fs, K), and what was taken for what."""
    import numpy as np

    from electrolith.motion.analyse import analyse_path
    from electrolith.motion.read import read_run
    from electrolith.motion.recording import timed

    run = timed(read_run(trajectory, types=types), interval=interval, unit=timestep)
    recording = run.recording
    frames = len(recording.times)
    if not 0 <= skip < frames - 10:
        raise InputError(
            f"--skip {skip}: {recording.source} holds {frames} frames; at least ten must be left"
        )
    kelvin = recording.temperature if temperature is None else temperature
    if kelvin is None:
        raise InputError(
            f"{recording.source}: the file does not say the temperature; give --temperature '600 K'"
        )
    found = analyse_path(
        recording.positions[skip:],
        recording.frame,
        mobile=mobile,
        hop_distance=hop,
        interval=run.interval,
        temperature=kelvin,
        charge=charge,
        wrapped=unwrap or recording.folded,
        rng=np.random.default_rng(1),
    )
    said = (
        f"{recording.source}: {frames} frames, {run.interval:g} fs apart"
        + (f", the first {skip} left out" if skip else "")
        + (", unwrapped" if unwrap or recording.folded else ""),
        *recording.notes,
        *filter(None, [recording.cell_words()]),
    )
    return found, said


def diffusion_part(found: PathDiffusion, said: tuple[str, ...]) -> Part:
    """Answer, curves, guards."""
    from electrolith.motion.guards import broken
    from electrolith.study.figure import Axis, Figure, Line
    from electrolith.study.section import Part, Table

    answer = f"D({found.mobile}) = {found.diffusivity.text()} at {found.temperature:g} K"
    bad = broken(found.guards)
    if found.start_doubt > DOUBTFUL:
        bad = (
            *bad,
            f"D changes by {100 * found.start_doubt:.0f} % with where the fit begins (a hop distance 20 % "
            "shorter or longer, twice the displacement): the run is too short to show where jumps stop being "
            "undone",
        )
    if not broken(found.guards):
        answer += (
            f"; σ = {found.conductivity.text()} (Nernst-Einstein, {found.mobile} of charge {found.charge:+g})"
        )
    lag = found.curves.lag / 1000
    lines = tuple(
        Line(lag, found.curves.of(g), g, "computed" if g == found.mobile else "guide")
        for g in found.curves.groups
    )
    figure = Figure(
        "msd",
        f"Mean square displacement; fitted from {found.fit_from / 1000:.2g} to {found.fit_to / 1000:.2g} ps.",
        Axis("lag time / ps", log=True),
        Axis("mean square displacement / Å²", log=True),
        lines,
    )
    he = Table(
        ("estimate", "D / (cm²/s)", "relative error"),
        (
            (
                "least variance",
                f"{found.diffusivity.value:.3g}",
                f"{100 * found.diffusivity.std / found.diffusivity.value:.0f} %",
            ),
            ("He et al. 2018", f"{found.he.value:.3g}", f"{100 * found.he.relative_error:.0f} %"),
        ),
        f"{found.he.hops:.0f} hops in {found.duration / 1000:.3g} ps",
    )
    guards = Table(
        ("guard", "", "what was found"),
        tuple((g.name, "holds" if g.passed else "BROKEN", g.text) for g in found.guards),
    )
    notes = (*said, "Temperature and conserved quantity cannot be checked from positions alone.")
    return Part("Diffusion", answer + ".", (figure,), (he, guards), bad, notes)


def _data(found: PathDiffusion, said: tuple[str, ...]) -> dict[str, object]:
    """Numbers for programs."""
    from electrolith.motion.guards import broken

    low, high = found.diffusivity.interval()
    return {
        "mobile": found.mobile,
        "charge_e": found.charge,
        "read": list(said),
        "temperature_K": found.temperature,
        "diffusivity_cm2_per_s": found.diffusivity.value,
        "diffusivity_interval_68": [low, high],
        "he_diffusivity_cm2_per_s": found.he.value,
        "he_relative_error": found.he.relative_error,
        "hops": found.he.hops,
        "start_doubt": found.start_doubt,
        "conductivity_S_per_cm": None if broken(found.guards) else found.conductivity.value,
        "guards": {g.name: g.passed for g in found.guards},
        "lag_fs": found.curves.lag.tolist(),
        "msd_A2": {g: found.curves.of(g).tolist() for g in found.curves.groups},
    }


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(diffusion)
