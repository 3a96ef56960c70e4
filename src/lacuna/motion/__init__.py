"""Molecular dynamics; displacement, conductivity, Arrhenius."""

from lacuna.motion.analyse import PathDiffusion, analyse_path
from lacuna.motion.conductivity import Conductivity, conductivity, nernst_einstein
from lacuna.motion.diffusivities import Diffusivities, diffusivities
from lacuna.motion.diffusivity import he_diffusivity, least_variance
from lacuna.motion.displacement import Accumulator, msd_fft
from lacuna.motion.dynamics import Dynamics
from lacuna.motion.guards import Guard
from lacuna.motion.jumps import Jumps, SiteSet, count_jumps
from lacuna.motion.mechanism import Mechanism, MechanismResult, mechanism
from lacuna.motion.read import read_trajectory
from lacuna.motion.results import Run, Trajectories
from lacuna.motion.run import simulate
from lacuna.motion.unwrap import refuse_wrapped, unwrap

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
    "read_trajectory",
    "refuse_wrapped",
    "simulate",
    "unwrap",
]
