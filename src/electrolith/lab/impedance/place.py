"""Which temperature and time each spectrum belongs to."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from electrolith.core.account import Account
from electrolith.core.errors import InputError
from electrolith.lab.impedance.settings import ImpedanceSettings
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.temperatures import temperatures_from_names


def placed(spectra: tuple[Spectrum, ...], settings: ImpedanceSettings) -> tuple[Spectrum, ...]:
    """Spectra with their temperatures and times.

    Raises
    ------
    InputError
        If there are not as many temperatures or times as spectra.
    """
    for name, given in (("temperatures", settings.temperatures), ("times", settings.times)):
        if given and given != "from names" and len(given) != len(spectra):
            raise InputError(
                f"{len(given)} {name} for {len(spectra)} spectra; one each, in the order of the files"
            )
    if settings.temperatures == "from names":
        spectra = _in_order(_named(spectra))
    else:
        spectra = tuple(s.at(temperature=t) for s, t in zip(spectra, settings.temperatures, strict=True))
    if settings.times:
        return tuple(replace(s, time=t, started=None) for s, t in zip(spectra, settings.times, strict=True))
    return spectra


def clock(spectra: tuple[Spectrum, ...]) -> np.ndarray | None:
    """Time of every spectrum in s from the first, by the file's own start where it has one."""
    if any(s.time is None for s in spectra):
        return None
    starts = [0.0 if s.started is None else datetime.fromisoformat(s.started).timestamp() for s in spectra]
    times = np.array([start + float(s.time or 0.0) for start, s in zip(starts, spectra, strict=True)])
    return np.asarray(times - times[0])


def _named(spectra: tuple[Spectrum, ...]) -> tuple[Spectrum, ...]:
    """Temperatures from the names, where the files state none; what was understood goes with the first."""
    if all(s.temperature is not None for s in spectra):
        return spectra
    found = temperatures_from_names([s.source for s in spectra])
    spectra = tuple(
        s if s.temperature is not None else s.at(temperature=t)
        for s, t in zip(spectra, found.kelvin, strict=True)
    )
    first = spectra[0]
    account = (first.account or Account(first.source, "a spectrum")).doubting(*found.doubts)
    return (replace(first, remarks=(*first.remarks, *found.notes), account=account), *spectra[1:])


def _in_order(spectra: tuple[Spectrum, ...]) -> tuple[Spectrum, ...]:
    """By the clock where the files have one, else by temperature: names do not say which came first."""
    times = clock(spectra)
    if times is not None and len({s.started for s in spectra} | {None}) > 2:
        return tuple(spectra[i] for i in np.argsort(times, kind="stable"))
    return tuple(sorted(spectra, key=lambda s: s.temperature or 0.0))
