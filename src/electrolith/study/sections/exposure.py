"""Exposure to an atmosphere in the study: conductivity against time, humidity, time to lose a tenth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from electrolith.core.account import Account, account_notes
from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.lab.exposure.decay import Decay, fit_decay
from electrolith.lab.exposure.humidity import relative_humidity_from_dew_point
from electrolith.lab.exposure.read import read_exposure
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.table import Cell
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "Exposure", "Exposures", "MeasuredExposure", "air_exposure", "exposure_parts"]

ROLES: tuple[Role, ...] = ("measured", "second", "third", "fourth")


@dataclass(frozen=True)
class Exposure:
    """One atmosphere.

    file : table of time in h, conductivity in S/cm and, if known, its standard deviation.
    humidity : relative, fraction; or dew_point.
    name : of the atmosphere.
    dew_point : instead of the humidity; below 0 °C the frost point.
    temperature : at which a dew point becomes a humidity.
    """

    file: Path
    name: str = ""
    humidity: float | None = None
    dew_point: Annotated[float | None, Unit("K")] = None
    temperature: Annotated[float, Unit("K")] = 298.15

    def __post_init__(self) -> None:
        if self.humidity is not None and self.dew_point is not None:
            raise InputError("humidity or dew_point, not both")
        if self.humidity is not None and not 0 < self.humidity <= 1:
            raise InputError(f"humidity is a fraction above 0 and up to 1, got {self.humidity:g}")


@dataclass(frozen=True)
class MeasuredExposure:
    """Conductivity of a pellet in one or several atmospheres.

    atmospheres : each with its record.     fraction : of the conductivity whose loss is dated.
    """

    atmospheres: tuple[Exposure, ...]
    fraction: float = 0.1


@dataclass(frozen=True, eq=False)
class Exposures:
    """A decay per atmosphere."""

    names: tuple[str, ...]
    decays: tuple[Decay, ...]
    accounts: tuple[Account, ...] = ()


def air_exposure(settings: MeasuredExposure) -> Exposures:
    """Fit the decay in every atmosphere."""
    names, decays, accounts = [], [], []
    for one in settings.atmospheres:
        found = read_exposure(one.file)
        humidity = one.humidity
        if one.dew_point is not None:
            humidity = relative_humidity_from_dew_point(one.dew_point, temperature=one.temperature)
        decays.append(
            fit_decay(
                found.time, found.conductivity, found.std, fraction=settings.fraction, humidity=humidity
            )
        )
        accounts.append(found.account)
        names.append(one.name or one.file.stem)
    return Exposures(tuple(names), tuple(decays), tuple(accounts))


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Relative loss per atmosphere."""
    found = results.get(Exposures)
    if found is None:
        return ()
    rows = []
    for name, decay in zip(found.names, found.decays, strict=True):
        loss = decay.loss.through(lambda x: 100 * x, unit="percent")
        note = f"{(decay.time[-1] - decay.time[0]) / 3600:.0f} h in {name}"
        rows.append(
            Evidence(f"conductivity_loss {name}", f"Loss of σ, {name}", loss, "measured", name, note=note)
        )
    return tuple(rows)


def parts(results: Results) -> tuple[Part, ...]:
    """The section's part of the report."""
    found = results.get(Exposures)
    return () if found is None else exposure_parts(found)


def exposure_parts(found: Exposures) -> tuple[Part, ...]:
    """One figure of all atmospheres, one table."""
    layers: list[Layer] = []
    rows: list[tuple[Cell, ...]] = []
    for name, decay, role in zip(found.names, found.decays, ROLES * 3, strict=False):
        hours = decay.time / 3600
        low, high = decay.conductivity - decay.std, decay.conductivity + decay.std
        layers.append(Line(hours, decay.fitted, "", "guide"))
        layers.append(Points(hours, decay.conductivity, name, role, low, high))
        wet: Cell = "not stated" if decay.humidity is None else printed(100 * decay.humidity, ".3g")
        rows.append(
            (name, wet, decay.initial, decay.loss.through(lambda x: 100 * x, unit="%"), decay.law, decay.text)
        )
    figure = Figure(
        "exposure",
        "Conductivity against time of exposure.",
        Axis("time / h"),
        Axis("σ / S cm⁻¹"),
        tuple(layers),
    )
    columns = ("atmosphere", "RH / %", "σ at the start / S/cm", "lost / %", "law", "in words")
    sentence = "; ".join(f"{n}: {d.text}" for n, d in zip(found.names, found.decays, strict=True)) + "."
    tables, doubts = (Table(columns, tuple(rows)),), tuple(w for a in found.accounts for w in a.warnings)
    return (Part("Exposure", sentence, (figure,), tables, doubts, account_notes(found.accounts)),)


SECTION = Section("measured.exposure", MeasuredExposure, (Stage(air_exposure),), evidence, parts)
