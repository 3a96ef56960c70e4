"""What one asks of the impedance of a cell: the one place where its settings stand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.estimate import Estimate, parse_estimate
from electrolith.core.units import Unit
from electrolith.lab.impedance.choose import Electrodes
from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.constraints import parse_constraints
from electrolith.lab.impedance.fit import FitSettings
from electrolith.lab.impedance.geometry import Geometry
from electrolith.lab.impedance.series import Form, SeriesSettings


@dataclass(frozen=True)
class ImpedanceSettings:
    """Impedance spectra of one cell, what was known of it, and how it is judged.

    files : in the order of `temperatures` or `times`.
    diameter, thickness : of the pellet, "10 mm", "0.90(2) mm".
    temperatures : one per spectrum, or "from names" to read them from the file names.
    times : one per spectrum, for a cell followed in time; else the instrument's clock is used.
    follow : what the series runs over; "auto" takes temperatures where there are several, else time.
    circuit : own circuit string; without it the best of a few physical ones is chosen.
    electrodes : which circuits those are.
    form : "sigma T" (the custom of the field) or "sigma".
    relative_density : of the pressed pellet, "0.85(2)", only recorded.
    leads : resistance of cables and contacts in series, "0.35(5) ohm"; taken off every spectrum.
    short_circuit : spectrum of the holder without a cell instead of `leads`.
    constraints : of an own circuit's parameters: "CPE1_n = 1", "10 ohm < R1 < 10 kohm", "R1 < R2".
    admittance : fit Y instead of Z.
    simultaneous : fit all temperatures at once, with one activation energy for each process.
    temperature_error : standard deviation of the cell's temperature, common to the series.
    frequency_low, frequency_high : range that is fitted.
    seed : of the fit's starting points and of the draws that carry uncertainties.
    """

    files: tuple[Path, ...] = ()
    diameter: str | None = None
    thickness: str | None = None
    temperatures: Literal["from names"] | Annotated[tuple[float, ...], Unit("K")] = "from names"
    times: Annotated[tuple[float, ...], Unit("s")] = ()
    follow: Literal["auto", "temperature", "time"] = "auto"
    circuit: str | None = None
    electrodes: Electrodes = "blocking"
    form: Form = "sigma T"
    simultaneous: bool = False
    temperature_error: Annotated[float, Unit("delta_degC")] = 0.0
    frequency_low: Annotated[float, Unit("Hz")] = 0.0
    frequency_high: Annotated[float, Unit("Hz")] = float("inf")
    relative_density: str | None = None
    leads: str | None = None
    short_circuit: Path | None = None
    constraints: tuple[str, ...] = ()
    admittance: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.circuit is not None:
            parse_constraints(self.constraints, Circuit.parse(self.circuit))
        if (self.diameter is None) != (self.thickness is None):
            raise InputError("diameter and thickness come together, or neither; a conductivity needs both")
        if self.constraints and self.circuit is None:
            raise InputError("constraints need the circuit they belong to; give `circuit`")
        if self.constraints and self.simultaneous:
            raise InputError(
                "simultaneous fits leave all parameters but the resistances free; give it without constraints"
            )
        if self.leads is not None and self.short_circuit is not None:
            raise InputError("leads and short_circuit say the same; give one of them")

    def fit(self, circuit: str, *, starts: int = 96) -> FitSettings:
        """How one spectrum is fitted with a circuit."""
        return FitSettings(
            circuit,
            frequency_low=self.frequency_low,
            frequency_high=self.frequency_high,
            starts=starts,
            constraints=parse_constraints(self.constraints, Circuit.parse(circuit)),
            admittance=self.admittance,
            seed=self.seed,
        )

    def series(self, circuit: str) -> SeriesSettings:
        """How a temperature series is evaluated with a circuit."""
        return SeriesSettings(
            self.fit(circuit),
            form=self.form,
            temperature_error=self.temperature_error,
            simultaneous=self.simultaneous,
            seed=self.seed,
        )


def pellet_geometry(
    diameter: str | None, thickness: str | None, relative_density: str | None = None, *, seed: int = 0
) -> Geometry | None:
    """The pellet, None where it was not given."""
    if diameter is None or thickness is None:
        return None
    rng = np.random.default_rng(seed)
    return Geometry(
        _length(diameter, rng),
        _length(thickness, rng),
        None if relative_density is None else parse_estimate(relative_density, "1", rng=rng),
    )


def _length(text: str, rng: np.random.Generator) -> Estimate:
    """A length in m; one without stated doubt enters with none, and the result says so."""
    found = parse_estimate(text, "m", rng=rng)
    return Estimate.exact(found.value, "m") if found.doubt == "unknown" else found
