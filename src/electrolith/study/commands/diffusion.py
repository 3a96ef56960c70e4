"""`electrolith diffusion`: D and σ from trajectories of any program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse
from electrolith.study.printed import printed

if TYPE_CHECKING:
    from electrolith.motion.analyse import PathDiffusion
    from electrolith.motion.recorded import HowRead
    from electrolith.motion.recording import Recording
    from electrolith.study.section import Part

__all__ = ["add"]

DOUBTFUL = 0.3  # of D, from the start of the fit: said in words, beside its part in the interval


def diffusion(
    trajectory: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: restarts of one run, or runs at several temperatures (600K/ 700K/ ...)."
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
    """D with an honest error, σ and guards of one run; Ea and σ(300 K) from runs at several temperatures.

    Example: `electrolith diffusion run.xyz --mobile Li --hop "2.67 angstrom" --interval "100 fs"
    --temperature "600 K"`; `electrolith diffusion 600K/ 700K/ 800K/ --mobile Li --hop "2.67 angstrom"`
    """
    from electrolith.motion.read import read_run
    from electrolith.motion.recorded import HowRead, recordings_of
    from electrolith.study.terminal import finish

    how = HowRead(
        None if interval is None else parse(interval, "fs"),
        None if timestep is None else parse(timestep, "fs"),
        tuple(t.strip() for t in types.split(",") if t.strip()),
        unwrap,
        skip,
    )
    if temperature is None:
        runs = recordings_of(trajectory, types=how.types)
    else:
        runs = ((parse(temperature, "K"), read_run(trajectory, types=how.types)),)
    distance = parse(hop, "angstrom")
    if len(runs) > 1:
        _several(runs, how, mobile, distance, charge, html, json_file)
        return
    found, said = _one(runs[0][0], runs[0][1], how, mobile, distance, charge)
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
    from electrolith.motion.read import read_run
    from electrolith.motion.recorded import HowRead, recordings_of

    how = HowRead(interval, timestep, types, unwrap, skip)
    if temperature is not None:
        kelvin, recording = temperature, read_run(trajectory, types=types)
    else:
        runs = recordings_of(trajectory, types=types)
        if len(runs) > 1:
            raise InputError(
                f"{len(runs)} runs, at {', '.join(f'{t:g} K' for t, _ in runs)}; one is wanted here"
            )
        kelvin, recording = runs[0]
    return _one(kelvin, recording, how, mobile, hop, charge)


def _one(
    kelvin: float,
    recording: Recording,
    how: HowRead,
    mobile: str,
    hop: float,
    charge: float | None,
) -> tuple[PathDiffusion, tuple[str, ...]]:
    """One run: D and σ at its temperature, and what was taken for what."""
    import numpy as np

    from electrolith.motion.analyse import analyse_path
    from electrolith.motion.recording import timed

    run = timed(recording, interval=how.interval, unit=how.unit)
    recording = run.recording
    frames = len(recording.times)
    if not 0 <= how.skip < frames - 10:
        raise InputError(
            f"--skip {how.skip}: {recording.source} holds {frames} frames; at least ten must be left"
        )
    found = analyse_path(
        recording.positions[how.skip :],
        recording.frame,
        mobile=mobile,
        hop_distance=hop,
        interval=run.interval,
        temperature=kelvin,
        charge=charge,
        wrapped=how.unwrap or recording.folded,
        rng=np.random.default_rng(1),
    )
    said = (
        f"{recording.source}: {frames} frames, {run.interval:g} fs apart"
        + (f", the first {how.skip} left out" if how.skip else "")
        + (", unwrapped" if how.unwrap or recording.folded else ""),
        *recording.notes,
        *filter(None, [recording.cell_words()]),
    )
    return found, said


def _several(
    recordings: tuple[tuple[float, Recording], ...],
    how: HowRead,
    mobile: str,
    hop: float,
    charge: float | None,
    html: Path | None,
    json_file: Path | None,
) -> None:
    """Runs at several temperatures: the Arrhenius line and σ(300 K), or why there is none."""
    import numpy as np

    from electrolith.core.archive import plain
    from electrolith.core.errors import NotConverged
    from electrolith.motion.conductivity import conductivity
    from electrolith.motion.diffusivities import diffusivities
    from electrolith.motion.recorded import own_runs
    from electrolith.study.sections.dynamics_parts import runs_and_line
    from electrolith.study.terminal import finish

    own = own_runs(recordings, mobile=mobile, hop_distance=hop, charge=charge, how=how)
    runs = own.trajectories
    found = diffusivities(runs)
    said = (
        *own.said,
        f"{mobile} of charge {runs.charge:+g}",
        "Temperature and conserved quantity cannot be checked from positions alone.",
    )
    line = None
    try:
        line = conductivity(found, rng=np.random.default_rng(1))
    except NotConverged as error:
        said = (*said, str(error))
    parts = runs_and_line(runs, found, line, notes=said)
    data = {"read": list(said), "diffusivities": plain(found), "conductivity": plain(line) if line else None}
    finish("Diffusion", parts, data, html=html, json_file=json_file)
    if line is None:
        raise NotConverged(said[-1], partial=found)


def diffusion_part(found: PathDiffusion, said: tuple[str, ...]) -> Part:
    """Answer, curves, guards."""
    import numpy as np

    from electrolith.motion.guards import broken
    from electrolith.study.figure import Axis, Figure, Layer, Line, Role
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
    others = [g for g in found.curves.groups if g != found.mobile]
    shades: tuple[Role, ...] = ("second", "fourth", "third", "published", "guide")
    roles: dict[str, Role] = {g: shades[min(i, len(shades) - 1)] for i, g in enumerate(others)} | {
        found.mobile: "computed"
    }
    lines: tuple[Layer, ...] = tuple(Line(lag, found.curves.of(g), g, roles[g]) for g in found.curves.groups)
    inside = (lag >= found.fit_from / 1000) & (lag <= found.fit_to / 1000)
    if inside.sum() > 1:
        # 6 D t, 1 cm²/s being 1e4 Å²/ps; the level is the curve's own in the range.
        mean = 6 * 1e4 * found.diffusivity.value * lag[inside]
        level = float(np.mean(found.curves.of(found.mobile)[inside] - mean))
        lines = (*lines, Line(lag[inside], mean + level, "fit", "measured", dash=True))
    figure = Figure(
        "msd",
        f"Mean square displacement; fitted from {found.fit_from / 1000:.2g} to {found.fit_to / 1000:.2g} ps.",
        Axis("lag time / ps", log=True),
        Axis("mean square displacement / Å²", log=True),
        lines,
    )
    he = Table(
        ("estimate", "D / cm²/s", "relative error"),
        (
            (
                "least variance",
                found.diffusivity,
                printed(100 * found.diffusivity.std / found.diffusivity.value, ".0f", "%"),
            ),
            (
                "He et al. 2018",
                printed(found.he.value, ".3g"),
                printed(100 * found.he.relative_error, ".0f", "%"),
            ),
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
