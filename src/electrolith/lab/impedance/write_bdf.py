"""Write spectra in the Battery Data Format, terms of its ontology 1.3."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from electrolith.core.constants import ZERO_CELSIUS
from electrolith.core.errors import InputError
from electrolith.core.files import write_atomic
from electrolith.lab.impedance.spectrum import Spectrum

__all__ = ["write_bdf"]


def write_bdf(spectra: Sequence[Spectrum], path: Path) -> None:
    """Write spectra of one test as `.bdf.csv`, one after the other, told apart by `Cycle Count / 1`.

    The imaginary part is negative for a capacitor, as the format asks. The time of a point within its
    spectrum is not known to us: `Test Time / s` is that of the spectrum's start, where all have one.

    Raises
    ------
    InputError
        If there is none, or one is given times an area or as a resistivity.

    Source: Battery Data Alliance, Battery Data Format ontology 1.3.0.
    """
    if not spectra:
        raise InputError(f"{path}: no spectrum to write")
    for one in spectra:
        if one.given_as != "impedance":
            raise InputError(
                f"{one.source}: given as {one.given_as}; the format holds ohm, so state the geometry first"
            )
    counts = [s.frequency.size for s in spectra]
    columns: dict[str, np.ndarray] = {}
    if all(s.time is not None for s in spectra):
        columns["Test Time / s"] = np.repeat([float(s.time or 0.0) for s in spectra], counts)
    impedance = np.concatenate([s.impedance for s in spectra])
    columns |= {
        "Frequency / Hz": np.concatenate([s.frequency for s in spectra]),
        "Real Impedance / ohm": impedance.real,
        "Imaginary Impedance / ohm": impedance.imag,
    }
    if all(s.temperature is not None for s in spectra):
        kelvin = [float(s.temperature or 0.0) for s in spectra]
        columns["Ambient Temperature / degC"] = np.repeat(kelvin, counts) - ZERO_CELSIUS
    if len(spectra) > 1:
        columns["Cycle Count / 1"] = np.repeat(np.arange(1, len(spectra) + 1), counts)
    text = io.StringIO()
    head = ",".join(columns)
    np.savetxt(
        text, np.column_stack(list(columns.values())), delimiter=",", fmt="%.12g", header=head, comments=""
    )
    write_atomic(path, text.getvalue())
