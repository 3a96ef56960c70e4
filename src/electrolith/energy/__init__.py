"""What an engine is; engines; fitting, relaxing, certifying."""

from electrolith.energy.engine import Engine, Evaluation, check_engine, engine_names, make_engine
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.pod.fit import PodFit, fit_pod
from electrolith.energy.pod.lammps import LammpsPod, open_lammps
from electrolith.energy.pod.potential import PodSettings, Potential, load_potential, potential_names

__all__ = [
    "Engine",
    "Evaluation",
    "Label",
    "LammpsPod",
    "PodFit",
    "PodSettings",
    "Potential",
    "check_engine",
    "engine_names",
    "fit_pod",
    "load_potential",
    "make_engine",
    "open_lammps",
    "potential_names",
    "read_labels",
]
