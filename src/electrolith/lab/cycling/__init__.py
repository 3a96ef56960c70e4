"""Cycling: read a cycler's record, count cycles, name rates, follow fade, and check reported numbers."""

from electrolith.lab.cycling.audit import Finding, Reported, audit
from electrolith.lab.cycling.cycles import CycleSettings, CycleTable, cycle_table
from electrolith.lab.cycling.fade import Fade, fit_fade, retention
from electrolith.lab.cycling.profile import Differential, Profile, differential, profile
from electrolith.lab.cycling.published import read_published, reported
from electrolith.lab.cycling.rates import (
    RateStep,
    current_density_from_rate,
    rate_from_current_density,
    rate_steps,
)
from electrolith.lab.cycling.read import read_cycling, read_many
from electrolith.lab.cycling.record import CyclingRecord, make_record
from electrolith.lab.cycling.write_bdf import write_bdf

__all__ = [
    "CycleSettings",
    "CycleTable",
    "CyclingRecord",
    "Differential",
    "Fade",
    "Finding",
    "Profile",
    "RateStep",
    "Reported",
    "audit",
    "current_density_from_rate",
    "cycle_table",
    "differential",
    "fit_fade",
    "make_record",
    "profile",
    "rate_from_current_density",
    "rate_steps",
    "read_cycling",
    "read_many",
    "read_published",
    "reported",
    "retention",
    "write_bdf",
]
