"""Runs of other programs at several temperatures, as trajectories with the same guards as our own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.crystal.oxidation import charge_of_ion
from electrolith.motion.followed import follow
from electrolith.motion.read import read_run
from electrolith.motion.recording import Recording, Timed, timed
from electrolith.motion.results import Run, Trajectories
from electrolith.motion.summary import diffusion_guards

__all__ = ["ENGINE", "HowRead", "OwnRuns", "own_runs", "recordings_of", "run_of", "temperature_in"]

Array = NDArray[np.float64]

ENGINE = "the method of these runs"
AGREES = 0.01  # between the temperature of a name and that of the file
FEWEST = 20  # frames of a run


@dataclass(frozen=True, slots=True)
class HowRead:
    """What the user says of files that do not say it themselves.

    interval : between frames, fs.      unit : of one step or unit of time of the file, fs.
    types : elements of LAMMPS types.      unwrap : folded coordinates are unfolded.
    skip : frames left out at the beginning of each run.
    """

    interval: float | None = None
    unit: float | None = None
    types: tuple[str, ...] = ()
    unwrap: bool = False
    skip: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class OwnRuns:
    """The trajectories, and what was read and decided for each."""

    trajectories: Trajectories
    said: tuple[str, ...]


def temperature_in(name: str) -> float | None:
    """The temperature of "600K", "600_K", "T600", "nvt-600K-run2"; None where a name has none, or several.

    Only kelvin is understood: molecular dynamics has no other unit.
    """
    found = re.findall(r"(?<![\d.A-Za-z])(\d{2,4}(?:\.\d+)?)[ _-]?K(?![A-Za-z0-9])", name)
    found += re.findall(r"(?<![A-Za-z])T[ _=-]?(\d{3,4})(?![\d.])", name)
    values = {float(v) for v in found}
    return values.pop() if len(values) == 1 else None


def recordings_of(
    paths: Sequence[Path] | Mapping[float, Sequence[Path]], *, types: Sequence[str] = ()
) -> tuple[tuple[float, Recording], ...]:
    """Every run with its temperature (K): that of the settings, of the file, or of the path's name.

    Paths of one temperature are restarts of one run where each begins where the one before ended, and
    otherwise runs of their own.

    Raises
    ------
    InputError
        If a temperature is nowhere said, or a name and a file say two.
    """
    if isinstance(paths, Mapping):
        groups = [(float(t), Path(p)) for t, several in paths.items() for p in several]
    else:
        groups = [(float("nan"), Path(p)) for p in paths]
    found: dict[float, list[Recording]] = {}
    for given, path in groups:
        recording = read_run([path], types=types)
        found.setdefault(_temperature(given, path, recording), []).append(recording)
    return tuple((t, run) for t in sorted(found) for run in _restarts(found[t]))


def _temperature(given: float, path: Path, recording: Recording) -> float:
    """The temperature of a run, where all who state one agree."""
    own = None if np.isnan(given) else given
    stated = {
        "the settings": own,
        "the file": recording.temperature,
        f"the name {path.name!r}": temperature_in(path.name) or temperature_in(path.parent.name),
    }
    known = [(who, t) for who, t in stated.items() if t is not None]
    if not known:
        raise InputError(
            f"{path}: nothing says the temperature of this run (no TEBEG, no name such as 600K); name the "
            "folder so, or say it as in trajectories: {600 K: ...}"
        )
    first = known[0]
    for who, t in known[1:]:
        if own is None and abs(t - first[1]) > AGREES * first[1]:
            raise InputError(f"{path}: {first[0]} says {first[1]:g} K and {who} {t:g} K; which is it?")
    return first[1]


def _restarts(runs: Sequence[Recording]) -> list[Recording]:
    """Parts that go on from one another joined; what does not is a run of its own."""
    from electrolith.motion.recording import joined

    out = [runs[0]]
    for run in runs[1:]:
        try:
            out[-1] = joined([out[-1], run])
        except DataError:
            out.append(run)
    return out


def own_runs(
    recordings: Sequence[tuple[float, Recording]],
    *,
    mobile: str,
    hop_distance: float,
    charge: float | None = None,
    how: HowRead | None = None,
) -> OwnRuns:
    """Trajectories of other programs, ready for diffusivities and the Arrhenius line.

    Parameters
    ----------
    recordings : runs with their temperatures (K), as `recordings_of` gives them.
    mobile : symbol of the mobile element.      hop_distance : between neighbouring sites, Å.
    charge : of its ions, e; without it that of the element, where it has only one.

    Raises
    ------
    InputError, DataError
        If the times of a run are not known, coordinates are folded and may not be unfolded, or runs hold
        different atoms.
    """
    how = how or HowRead()
    charge = charge_of_ion(mobile) if charge is None else charge
    runs: list[Run] = []
    said: list[str] = []
    count: dict[float, int] = {}
    for temperature, recording in recordings:
        seed = count.get(temperature, 0)
        count[temperature] = seed + 1
        even = timed(recording, interval=how.interval, unit=how.unit)
        runs.append(run_of(even, temperature, mobile=mobile, hop_distance=hop_distance, seed=seed, how=how))
        said += _words(temperature, even, how)
    formulas = {r.formula for r in runs}
    if len(formulas) > 1:
        raise InputError(
            f"the runs are of different cells, {' and '.join(sorted(formulas))}; give those of one"
        )
    ends = [r.volume for r in runs]
    if max(ends) > 1.001 * min(ends):
        said.append(
            f"cells of {min(ends):.1f} to {max(ends):.1f} Å³: the density of ions is that of the first run"
        )
    return OwnRuns(Trajectories(tuple(runs), None, ENGINE, mobile, charge, hop_distance), tuple(said))


def _words(temperature: float, even: Timed, how: HowRead) -> list[str]:
    recording = even.recording
    line = f"{temperature:g} K, {recording.source}: {len(recording.times)} frames, {even.interval:g} fs apart"
    line += f", the first {how.skip} left out" if how.skip else ""
    line += ", unwrapped" if how.unwrap or recording.folded else ""
    return [line, *(f"{temperature:g} K: {n}" for n in (*recording.notes, recording.cell_words()) if n)]


def run_of(
    even: Timed, temperature: float, *, mobile: str, hop_distance: float, seed: int = 0, how: HowRead
) -> Run:
    """One recording as a run: displacements, ion-resolved sums, and the guards that positions allow.

    Raises
    ------
    InputError, DataError
        As `own_runs`.
    """
    recording = even.recording
    left = len(recording.times) - how.skip
    if how.skip < 0 or left < FEWEST:
        raise InputError(
            f"{recording.source}: {len(recording.times)} frames, {how.skip} left out; "
            f"at least {FEWEST} must be left"
        )
    frame = recording.frame
    positions = recording.positions[how.skip :]
    try:
        run = follow(
            positions,
            frame,
            mobile=mobile,
            interval=even.interval,
            folded=how.unwrap or recording.folded,
        )
    except DataError as error:
        raise DataError(f"{recording.source}: {error}") from error
    frames = len(run.path)
    return Run(
        temperature=temperature,
        ordering=0,
        seed=seed,
        formula=frame.to_ase().get_chemical_formula("metal"),
        volume=frame.volume,
        curves=run.curves,
        squares=run.squares,
        time=np.asarray(np.arange(frames) * run.interval, dtype=np.float64),
        temperatures=np.zeros(0),
        conserved=np.zeros(0),
        framework=run.framework,
        guards=(
            *run.guards,
            *diffusion_guards(
                run.curves,
                mobile=mobile,
                ions=run.squares.ions,
                hop_distance=hop_distance,
                duration=run.duration,
            ),
        ),
        steps=frames,
        duration=run.duration,
        seconds=0.0,
        status="finished",
        reason="",
        file=recording.source,
        path=run.path.astype(np.float32),
        path_interval=run.interval,
    )
