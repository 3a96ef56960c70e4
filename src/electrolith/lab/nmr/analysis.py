"""T1 of a set of records and, with three temperatures or more, what it says about motion."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np

from electrolith.core.errors import DataError, InputError
from electrolith.core.estimate import Estimate
from electrolith.core.progress import tracked
from electrolith.core.reading import reader
from electrolith.core.units import Unit
from electrolith.lab.nmr.read import Recovery, read_bruker, read_recovery_table, read_varian
from electrolith.lab.nmr.recovery import Form, RecoveryFit, fit_recovery
from electrolith.lab.nmr.relaxation import Relaxation, RelaxationLaw, analyse_relaxation
from electrolith.lab.nmr.spectrum import Integration, Spectra, integrate

__all__ = ["NmrResult", "NmrSettings", "measure_relaxation", "read_record"]


@dataclass(frozen=True, slots=True)
class NmrSettings:
    """Records of one sample and how to take them.

    files : experiment folders (Bruker, Varian) or tables of delay and signal.
    temperatures : K, one for each file; without them those of the instrument are used where plausible.
    delays : s, of every Bruker folder, where these hold no list of their own.
    form : of the recovery; "three-parameter" fits the inversion too, "stretched" an exponent.
    integration : how decays become integrals.     law : how T1(T) is analysed.
    seed : of the draws that carry the uncertainties.
    """

    files: tuple[Path | str, ...]
    temperatures: Annotated[tuple[float, ...], Unit("K")] | None = None
    form: Form = "three-parameter"
    integration: Integration = field(default_factory=Integration)
    law: RelaxationLaw = field(default_factory=RelaxationLaw)
    seed: int = 0
    delays: Annotated[tuple[float, ...], Unit("s")] = ()

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("nmr: no files given")
        if self.temperatures is not None and len(self.temperatures) != len(self.files):
            raise InputError(f"nmr: {len(self.temperatures)} temperatures for {len(self.files)} files")


@dataclass(frozen=True, slots=True, eq=False)
class NmrResult:
    """Recoveries, their fits and the relaxation law (None below three temperatures, with the reason)."""

    fits: tuple[RecoveryFit, ...]
    temperatures: np.ndarray
    relaxation: Relaxation | None
    no_relaxation: str


@reader("a record of NMR")
def read_record(
    path: Path | str, settings: Integration, *, delays: tuple[float, ...] = ()
) -> tuple[Recovery, Spectra | None]:
    """Any supported record; the spectra too where the file holds decays. delays : s, where a folder has none.

    Raises
    ------
    DataError
        If the path is neither an experiment folder nor a table.
    """
    path = Path(path)
    if path.is_dir():
        if (path / "ser").exists():
            stated = np.array(delays) if delays else None
            return integrate(read_bruker(path, delays=stated), settings)
        if (path / "fid").exists() and (path / "procpar").exists():
            return integrate(read_varian(path), settings)
        raise DataError(
            f"{path}: neither a Bruker (ser, acqus) nor a Varian (fid, procpar) experiment folder"
        )
    if path.name in ("ser", "fid", "acqus", "procpar"):
        return read_record(path.parent, settings, delays=delays)
    return read_recovery_table(path), None


def measure_relaxation(settings: NmrSettings) -> NmrResult:
    """Read, integrate and fit every record; then T1 against temperature."""
    rng = np.random.default_rng(settings.seed)
    records = [
        read_record(f, settings.integration, delays=settings.delays)[0]
        for f in tracked(settings.files, "record")
    ]
    fits = tuple(fit_recovery(r, form=settings.form, rng=rng) for r in records)
    given = settings.temperatures or tuple(r.temperature for r in records)
    temperatures = np.array(given, dtype=float)
    usable = np.isfinite(temperatures) & (temperatures > 50) & (temperatures < 650)
    if settings.temperatures is None and not usable.all():
        reason = "the records state no plausible temperature; give temperatures to analyse T1(T)"
        return NmrResult(fits, np.where(usable, temperatures, np.nan), None, reason)
    if np.unique(temperatures).size < 3:
        reason = f"{np.unique(temperatures).size} temperature(s); an activation energy needs 3 or more"
        return NmrResult(fits, temperatures, None, reason)
    times: tuple[Estimate, ...] = tuple(f.relaxation_time for f in fits)
    frequency = settings.law.larmor_frequency or _frequency(records)
    law = RelaxationLaw(frequency, settings.law.stretched, settings.law.hop_distance, settings.law.seed)
    return NmrResult(fits, temperatures, analyse_relaxation(temperatures, times, law), "")


def _frequency(records: list[Recovery]) -> float | None:
    """The Larmor frequency, Hz, if the records agree on one."""
    seen = {round(r.larmor_frequency, -4) for r in records if np.isfinite(r.larmor_frequency)}
    return float(records[0].larmor_frequency) if len(seen) == 1 else None
