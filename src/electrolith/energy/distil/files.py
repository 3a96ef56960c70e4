"""The files by which `electrolith distil` and `electrolith certify` are asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from electrolith.energy.certificate.certification import CertifySettings
from electrolith.energy.distil.distillation import Distillation
from electrolith.energy.distil.start import StartMaterial

__all__ = ["CertifyFile", "DistilFile"]


@dataclass(frozen=True)
class CertifyFile:
    """A file for `electrolith certify`.

    materials : crystals to measure on; of each the first cell is taken.
    certificate : how much is measured.
    folds, seed : of the fit's left-out groups; of decorations of disordered crystals.
    """

    materials: tuple[StartMaterial, ...]
    certificate: CertifySettings = field(default_factory=CertifySettings)
    folds: int = 8
    seed: int = 1


@dataclass(frozen=True)
class DistilFile:
    """A file for `electrolith distil`: what to distil, and how the result is measured.

    distil : what, from whom, at which cost.     certificate : how much is measured.
    """

    distil: Distillation
    certificate: CertifySettings = field(default_factory=CertifySettings)
