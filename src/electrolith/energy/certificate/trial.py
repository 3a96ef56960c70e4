"""Short runs that a potential must survive before anything is computed with it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame
from electrolith.energy.pod.lammps import Session, open_lammps
from electrolith.energy.pod.potential import Potential

__all__ = ["Trial", "TrialSettings", "energy_drift", "run_trial"]

PS = 1e-3  # LAMMPS "metal" counts ps, we fs


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """How long a potential is tried, and when it counts as broken.

    duration, timestep, heating: fs; heated from 100 K before the clock starts.
    mobile: the element that may leave its sites; every other one belongs to the framework.
    broken_at: framework displacement at which a run is stopped, Å² (half an anion distance squared is 3.6).
    """

    duration: Annotated[float, Unit("fs")] = 50e3
    timestep: Annotated[float, Unit("fs")] = 2.0
    heating: Annotated[float, Unit("fs")] = 2e3
    mobile: str = "Li"
    broken_at: Annotated[float, Unit("angstrom^2")] = 15.0

    def __post_init__(self) -> None:
        """Refuse runs that measure nothing."""
        if not self.timestep > 0:
            raise InputError(f"trial: timestep must be above 0 fs, got {self.timestep}")
        if self.duration < 10 * self.timestep:
            raise InputError(f"trial: a duration of {self.duration} fs is too short; give some picoseconds")


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one run at constant temperature and volume.

    temperature: asked for, K.          mean_temperature: reached, K.
    duration: survived after heating, fs.
    framework_msd, mobile_msd: mean square displacement at the end, Å², centre of mass held.
    framework_msd_half: the same at half the time; a lattice that stays has about the same value.
    pressure: mean, eV/Å³.
    steps_per_second: of processor time of the running thread.
    failure: why it ended early, empty if it did not.
    hot: whether the run is only to show that no atom is lost; its framework may melt.
    """

    material: str
    temperature: float
    mean_temperature: float
    duration: float
    framework_msd: float
    framework_msd_half: float
    mobile_msd: float
    pressure: float
    steps_per_second: float
    failure: str
    hot: bool = False


def run_trial(
    potential: Potential,
    frame: Frame,
    *,
    temperature: float,
    seed: int,
    material: str = "",
    settings: TrialSettings | None = None,
    frames: int = 20,
) -> tuple[Trial, tuple[Frame, ...]]:
    """Heat `frame` and hold it at `temperature` (Nosé-Hoover, 0.1 ps); say whether it stayed together.

    Parameters
    ----------
    potential : under trial.
    frame : relaxed.
    temperature : K.
    seed : of the initial velocities.
    material : its name in the certificate.
    frames : how many visited frames to return, evenly spread.

    Returns
    -------
    The outcome, and the visited frames.

    Raises
    ------
    InputError
        If the temperature is not positive.
    """
    settings = settings or TrialSettings()
    if not temperature > 0:
        raise InputError(f"trial: temperature must be above 0 K, got {temperature}")
    chunk = max(1, int(np.ceil(settings.duration / settings.timestep / frames - 1e-6)))
    records: list[tuple[float, ...]] = []
    visited: list[Frame] = []
    failure, started = "", time.thread_time()
    with open_lammps(potential, frame) as session:
        try:
            framework = _prepare(session, potential, settings, temperature, seed)
            for _ in range(frames):
                session.command(f"run {chunk}")
                records.append(_record(session, framework))
                visited.append(Frame(session.atoms("x"), session.cell(), frame.numbers))
                if records[-1][0] > settings.broken_at:
                    failure = f"the framework left its sites ({records[-1][0]:.1f} Å²)"
                    break
        except ElectrolithError as error:
            failure = f"atoms lost or energy not finite: {str(error).splitlines()[0]}"
    seconds = time.thread_time() - started
    table = np.array(records) if records else np.full((1, 4), np.nan)
    done = len(records) * chunk
    outcome = Trial(
        material=material,
        temperature=temperature,
        mean_temperature=float(table[:, 2].mean()),
        duration=done * settings.timestep,
        framework_msd=float(table[-1, 0]),
        framework_msd_half=float(table[len(table) // 2, 0]),
        mobile_msd=float(table[-1, 1]),
        pressure=float(table[:, 3].mean()),
        steps_per_second=(done + settings.heating / settings.timestep) / seconds,
        failure=failure,
    )
    return outcome, tuple(visited)


def _prepare(
    session: Session, potential: Potential, settings: TrialSettings, temperature: float, seed: int
) -> bool:
    """Groups, thermostat, heating; says whether there is a framework."""
    present = set(np.array(session.lammps.numpy.extract_atom("type"))[: session.size].tolist())
    kinds = {e: i + 1 for i, e in enumerate(potential.elements) if i + 1 in present}
    framework = " ".join(str(i) for e, i in kinds.items() if e != settings.mobile)
    steps = int(settings.heating / settings.timestep)
    session.commands(
        [
            "neighbor 1.0 bin",
            "neigh_modify every 2 delay 0 check yes",
            "thermo 1000000",
            "thermo_style custom step pe temp press etotal vol",
            f"timestep {settings.timestep * PS}",
            f"velocity all create 100 {seed * 7919 + 13} mom yes dist gaussian",
            f"fix hold all nvt temp 100 {temperature} 0.1",
            f"run {steps}",
            "unfix hold",
            f"fix hold all nvt temp {temperature} {temperature} 0.1",
            f"group mobile type {kinds.get(settings.mobile, 1)}",
            "compute mobile mobile msd com yes",
        ]
    )
    if framework:
        session.command(f"group framework type {framework}")
        session.command("compute framework framework msd com yes")
    return bool(framework)


def _record(session: Session, framework: bool) -> tuple[float, float, float, float]:
    """Framework and mobile displacement (Å²), temperature (K), pressure (eV/Å³)."""
    extract = session.lammps.numpy.extract_compute
    stay = float(extract("framework", 0, 1)[3]) if framework else 0.0
    return (
        stay,
        float(extract("mobile", 0, 1)[3]),
        session.thermo("temp"),
        float(-np.trace(session.stress()) / 3),
    )


def energy_drift(
    potential: Potential,
    frame: Frame,
    *,
    temperature: float,
    duration: float = 5e3,
    timestep: float = 2.0,
    settling: float = 1e3,
) -> float:
    """Drift of the total energy at constant energy and volume, eV per atom and ps (slope of a line).

    Parameters
    ----------
    frame : relaxed.
    temperature : of the equilibrated start, K.
    duration, timestep, settling : fs; the thermostat is on while it settles.
    """
    chunk = max(1, min(50, int(duration / timestep / 4)))
    energies: list[float] = []
    with open_lammps(potential, frame) as session:
        session.commands(
            [
                "thermo_style custom step pe temp etotal",
                "thermo 1000000",
                "neighbor 1.0 bin",
                "neigh_modify every 1 delay 0 check yes",
                f"timestep {timestep * PS}",
                f"velocity all create {2 * temperature} 4711 mom yes dist gaussian",
                f"fix hold all nvt temp {temperature} {temperature} 0.1",
                f"run {int(settling / timestep)}",
                "unfix hold",
                "fix move all nve",
            ]
        )
        for _ in range(int(duration / timestep / chunk)):
            session.command(f"run {chunk}")
            energies.append(session.thermo("etotal") / len(frame))
    times = np.arange(len(energies)) * chunk * timestep * PS
    return float(np.polyfit(times, energies, 1)[0])
