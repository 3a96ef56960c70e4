"""What an engine is; engines; fitting, relaxing, certifying."""

from lacuna.energy.engine import Engine, Evaluation, check_engine, engine_names, make_engine
from lacuna.energy.labels.labels import Label, read_labels
from lacuna.energy.pod.fit import PodFit, fit_pod
from lacuna.energy.pod.lammps import LammpsPod, open_lammps
from lacuna.energy.pod.potential import PodSettings, Potential, load_potential, potential_names

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
