"""An instrument in a few words, as people write it on a command line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from electrolith.core.errors import InputError

from .instrument import EMISSION_LINES, Instrument, laboratory, neutron, synchrotron
from .read_instrument import read_instrument

__all__ = ["LABORATORY_AXIAL", "instrument_from"]

LABORATORY_AXIAL = 0.02  # S/L of usual Soller slits; where the refinement starts


def instrument_from(
    text: str, *, bank: int = 1, axial: float | None = None, folder: Path = Path()
) -> Instrument:
    """An instrument from a few words or a file.

    axial : divergence S/L; where it is not given, that of usual Soller slits for a laboratory tube.

    Raises
    ------
    InputError
        If it is neither; the text shows the forms.
    """
    words = text.strip()
    if re.search(r"\.(instprm|prm|inst|ins)$", words, re.IGNORECASE):
        return read_instrument(folder / words, bank=bank)
    lines = re.fullmatch(r"([A-Z][a-z])\s*[-_ ]?\s*[KkK][αa](1?)", words)
    if lines and lines.group(1) in EMISSION_LINES:
        tube = laboratory(lines.group(1), k_alpha2=not lines.group(2))
        return replace(tube, axial=LABORATORY_AXIAL if axial is None else axial)
    number = re.fullmatch(
        r"(xray|x-ray|synchrotron|neutron)\s+([\d.]+)\s*(?:Å|A|angstrom)?", words, re.IGNORECASE
    )
    if number:
        wavelength = float(number.group(2))
        tool = neutron(wavelength) if number.group(1).lower() == "neutron" else synchrotron(wavelength)
        return replace(tool, axial=axial or 0.0)
    raise InputError(
        f"instrument {text!r}: write 'Cu Ka' ({', '.join(EMISSION_LINES)}; Ka1 if Kα2 was "
        "stripped), 'xray 0.4592', "
        "'neutron 1.87', or the name of an .instprm or .prm file"
    )
