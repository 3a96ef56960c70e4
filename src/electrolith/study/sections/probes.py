"""How each measured section tries its files out, and what one of them costs to compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.impedance.read import read_impedance
from electrolith.lab.indentation.read import read_indents
from electrolith.lab.nmr.analysis import read_record
from electrolith.lab.particles.read import read_micrograph
from electrolith.lab.pictures.analysis import read_picture
from electrolith.lab.xanes.analysis import read_any
from electrolith.scattering.instrument_words import instrument_from
from electrolith.scattering.measured import open_pattern
from electrolith.scattering.measured_pdf import open_pdf
from electrolith.scattering.read_pattern import read_pattern
from electrolith.study.probe import Probe

__all__ = ["PROBES"]


def _pattern(path: Path, settings: Any) -> object:
    """As the refinement opens it: radiation, abscissa, counts, bank."""
    return open_pattern(path, settings, settings.files.index(path))


def _frame(path: Path, settings: Any) -> object:
    instrument_from(settings.instrument, bank=settings.bank)
    return read_pattern(path, abscissa=settings.abscissa)


def _micrograph(path: Path, settings: Any) -> object:
    return read_micrograph(
        path,
        pixel=settings.pixel,
        bar_length=settings.bar_length,
        bar_pixels=settings.bar_pixels,
        crop_bottom=settings.crop_bottom,
    )


# Seconds of one file, medians of the synthetic paper (`make paper`) on one core at about 3 GHz.
PROBES: dict[str, Probe] = {
    "measured.diffraction": Probe(_pattern, 5.0, "fewer further phases, or `likelihood: false`"),
    "measured.pdf": Probe(open_pdf, 20.0, "fewer `ranges`"),
    "measured.operando": Probe(_frame, 2.0, "fewer frames, or `limits`"),
    "measured.impedance": Probe(lambda path, settings: read_impedance(path), 0.6, "a `circuit` of one's own"),
    "measured.polarisation": Probe(lambda path, settings: read_cycling(path), 0.5),
    "measured.symmetric_cells": Probe(lambda path, settings: read_cycling(path), 10.0),
    "measured.cycling": Probe(lambda path, settings: read_cycling(path), 1.0),
    "measured.nmr": Probe(lambda path, settings: read_record(path, settings.integration), 0.1),
    "measured.xanes": Probe(read_any, 0.2, "fewer `search: permutations`"),
    "measured.indentation": Probe(lambda path, settings: read_indents(path), 0.3),
    "measured.particles": Probe(_micrograph, 2.5),
    "measured.pictures": Probe(lambda path, settings: read_picture(path), 0.5),
}
