"""Direct-current polarisation in the study: electronic conductivity and transference number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from electrolith.core.account import Account, account_notes
from electrolith.core.errors import ElectrolithError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.units import Unit
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.impedance.pellet import PelletImpedance
from electrolith.lab.impedance.settings import pellet_geometry
from electrolith.lab.polarisation.conductivity import (
    ElectronicConductivity,
    PolarisationSettings,
    electronic_conductivity,
)
from electrolith.lab.polarisation.transient import SettleRule, Transient, open_circuit_of, transients_of
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.sections.impedance import MeasuredImpedance
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "MeasuredPolarisation", "PolarisedPellet", "dc_polarisation", "polarisation_parts"]

ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published", "warning")


@dataclass(frozen=True)
class MeasuredPolarisation:
    """Current transients of a pellet between blocking electrodes.

    files : records of current at one or several voltages.
    diameter, thickness : of the pellet; those of `measured.impedance` without.
    detection_limit : of the instrument.
    share, change : the settling criterion, see the settled current's text.
    seed : of the draws that carry the uncertainties.
    """

    files: Files
    diameter: str | None = None
    thickness: str | None = None
    detection_limit: Annotated[float, Unit("A")] = 0.0
    share: float = 0.2
    change: float = 0.03
    seed: int = 0

    def __post_init__(self) -> None:
        SettleRule(self.share, self.change)


@dataclass(frozen=True, eq=False)
class PolarisedPellet:
    """Transients and what they say. failures : (file, reason). notes, doubts : on how the files were read."""

    transients: tuple[Transient, ...]
    result: ElectronicConductivity
    failures: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def dc_polarisation(
    settings: MeasuredPolarisation,
    impedance: MeasuredImpedance | None,
    pellet: PelletImpedance | None,
) -> PolarisedPellet:
    """Settled currents of all files, the line through them, and the transference number where σ is known."""
    given = settings if settings.diameter or impedance is None else impedance
    geometry = pellet_geometry(given.diameter, given.thickness, seed=given.seed)
    if geometry is None:
        raise InputError("diameter and thickness of the pellet are needed for a conductivity")
    transients: list[Transient] = []
    failures = []
    accounts: list[Account] = []
    for path in settings.files:
        try:
            record = read_cycling(path, area=geometry.area.value)
            transients += transients_of(record)
            accounts.append(
                (record.account or Account(record.source, "a record")).doubting(*open_circuit_of(record))
            )
        except ElectrolithError as error:
            failures.append((str(path), str(error)))
    if not transients:
        raise InputError(f"no polarisation record could be read; {failures[0][1]}")
    how = PolarisationSettings(
        SettleRule(settings.share, settings.change), settings.detection_limit, settings.seed
    )
    ionic = None if pellet is None else _room(pellet)
    result = electronic_conductivity(tuple(transients), geometry, how, ionic=ionic)
    doubts = tuple(dict.fromkeys(w for a in accounts for w in a.warnings))
    return PolarisedPellet(tuple(transients), result, tuple(failures), account_notes(accounts), doubts)


def _room(pellet: PelletImpedance) -> Estimate | None:
    """Ionic conductivity at the reference temperature."""
    return pellet.series.parts[0].at_reference if pellet.series and pellet.series.parts else None


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Electronic conductivity."""
    found = results.get(PolarisedPellet)
    return () if found is None else evidence_of(found)


def evidence_of(found: PolarisedPellet) -> tuple[Evidence, ...]:
    """Electronic conductivity, unless it is an upper limit only."""
    if found.result.limit_only:
        return ()
    note = f"dc polarisation, line through {len(found.result.currents)} voltages"
    value = found.result.conductivity
    source = f"{len(found.transients)} transients"
    return (Evidence("electronic_conductivity", "σ electronic", value, "measured", source, note=note),)


def parts(results: Results) -> tuple[Part, ...]:
    """The section's part of the report."""
    found = results.get(PolarisedPellet)
    return () if found is None else polarisation_parts(found)


def polarisation_parts(found: PolarisedPellet) -> tuple[Part, ...]:
    """Transients, the line, a table."""
    result = found.result
    law = "ohmic" if result.ohmic else "not ohmic"
    sentence = f"σ electronic = {result.conductivity.text()}; the currents are {law}."
    if result.limit_only and result.detection_limit is not None:
        sentence = f"σ electronic < {result.detection_limit:.2g} S/cm, the detection limit of the instrument."
    if result.transference is not None:
        sentence += f" Electronic transference number {result.transference.text()}."
    rows = tuple(
        (
            printed(c.voltage, ".3g"),
            c.current,
            "yes" if c.settled else "extrapolated",
            None if c.settle_time is None else printed(c.settle_time / 60, ".0f"),
            printed(100 * c.change, ".2g"),
        )
        for c in result.currents
    )
    columns = ("voltage / V", "current / nA", "settled", "after / min", "change over the last part / %")
    warnings = [*found.doubts, *result.findings, *(f"{file} left out: {why}" for file, why in found.failures)]
    figures = (_transients(found), _line(result))
    return (
        Part("DC polarisation", sentence, figures, (Table(columns, rows),), tuple(warnings), found.notes),
    )


def _transients(found: PolarisedPellet) -> Figure:
    """Current against time at every voltage."""
    layers: list[Layer] = []
    for transient, role in zip(sorted(found.transients, key=lambda t: t.voltage), ROLES, strict=False):
        step = max(1, transient.time.size // 800)
        layers.append(
            Line(
                transient.time[::step] / 60,
                1e9 * transient.current[::step],
                f"{transient.voltage:.3g} V",
                role,
            )
        )
    caption = "Current after each voltage step: the ionic part dies, the electronic one stays."
    return Figure("polarisation-transients", caption, Axis("time / min"), Axis("current / nA"), tuple(layers))


def _line(result: ElectronicConductivity) -> Figure:
    """Settled current against voltage."""
    voltage = np.array([c.voltage for c in result.currents])
    current = 1e9 * np.array([c.current.value for c in result.currents])
    spread = 1e9 * np.nan_to_num(np.array([c.current.std for c in result.currents]))
    grid = np.array([0.0, float(voltage.max())])
    fitted = 1e9 * (result.conductance.value * grid + result.offset.value)
    layers = (
        Line(grid, fitted, "line", "guide"),
        Points(voltage, current, "settled", "measured", current - spread, current + spread),
    )
    caption = "Settled current against voltage; the slope is the electronic conductance."
    return Figure("polarisation-line", caption, Axis("voltage / V"), Axis("settled current / nA"), layers)


SECTION = Section("measured.polarisation", MeasuredPolarisation, (Stage(dc_polarisation),), evidence, parts)
