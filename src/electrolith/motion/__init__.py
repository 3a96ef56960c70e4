"""Molecular dynamics; displacement, conductivity, Arrhenius."""

from electrolith.motion.analyse import PathDiffusion, analyse_path
from electrolith.motion.conductivity import Conductivity, conductivity, nernst_einstein
from electrolith.motion.diffusivities import Diffusivities, diffusivities
from electrolith.motion.diffusivity import he_diffusivity, least_variance
from electrolith.motion.displacement import Accumulator, msd_fft
from electrolith.motion.dynamics import Dynamics
from electrolith.motion.guards import Guard
from electrolith.motion.jumps import Jumps, SiteSet, count_jumps
from electrolith.motion.mechanism import Mechanism, MechanismResult, mechanism
from electrolith.motion.read import read_run, read_trajectory
from electrolith.motion.recording import Recording, timed
from electrolith.motion.results import Run, Trajectories
from electrolith.motion.run import simulate
from electrolith.motion.unwrap import refuse_wrapped, unwrap

__all__ = [
    "Accumulator",
    "Conductivity",
    "Diffusivities",
    "Dynamics",
    "Guard",
    "Jumps",
    "Mechanism",
    "MechanismResult",
    "PathDiffusion",
    "Recording",
    "Run",
    "SiteSet",
    "Trajectories",
    "analyse_path",
    "conductivity",
    "count_jumps",
    "diffusivities",
    "he_diffusivity",
    "least_variance",
    "mechanism",
    "msd_fft",
    "nernst_einstein",
    "read_run",
    "read_trajectory",
    "refuse_wrapped",
    "simulate",
    "timed",
    "unwrap",
]
