"""Rows of a file cut into spectra: where a mark changes, or the frequency turns or jumps back."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from electrolith.core.account import Account
from electrolith.core.errors import DataError
from electrolith.lab.impedance.spectrum import GivenAs, Spectrum, make_spectrum

Array = np.ndarray
RUN = 4  # steps against the sweep that make a sweep of their own


def split_spectra(
    frequency: Array,
    impedance: Array,
    source: str,
    *,
    marks: Iterable[Array] = (),
    time: Array | None = None,
    temperature: Array | None = None,
    started: str | None = None,
    remarks: tuple[str, ...] = (),
    given_as: GivenAs = "impedance",
    account: Account | None = None,
) -> tuple[Spectrum, ...]:
    """Cut rows into spectra where a mark changes or the frequency jumps back against its sweep.

    Raises
    ------
    DataError
        If no part has three usable points.
    """
    usable = (frequency > 0) & np.isfinite(impedance)
    cut = np.zeros(frequency.size, dtype=bool)
    for mark in marks:
        filled = np.where(np.isfinite(mark), mark, np.interp(np.arange(mark.size), *_known(mark)))
        cut[1:] |= np.diff(np.round(filled)) != 0
    where = np.flatnonzero(usable)
    cut[where[1:]] |= _turns(frequency[where])
    starts = [0, *np.flatnonzero(cut), frequency.size]
    spectra = []
    for number, (a, b) in enumerate(itertools.pairwise(starts), start=1):
        name = source if len(starts) == 2 else f"{source} [{number}]"
        if np.count_nonzero(usable[a:b]) < 3:
            continue
        spectrum = make_spectrum(frequency[a:b], impedance[a:b], name, remarks=remarks)
        own = None if account is None else replace(account, source=name, rows=spectrum.frequency.size)
        spectra.append(
            replace(
                spectrum,
                time=_first(time, a, b),
                started=started,
                given_as=given_as,
                account=own,
                temperature=_median(temperature, a, b),
            )
        )
    if not spectra:
        raise DataError(f"{source}: no spectrum with three usable points; {frequency.size} rows seen")
    return tuple(spectra)


def _known(mark: Array) -> tuple[Array, Array]:
    """Rows of a mark that hold a number, and the numbers."""
    good = np.flatnonzero(np.isfinite(mark))
    return (good, mark[good]) if good.size else (np.zeros(1), np.zeros(1))


def _first(column: Array | None, a: int, b: int) -> float | None:
    """First finite value of a part."""
    seen = np.zeros(0) if column is None else column[a:b][np.isfinite(column[a:b])]
    return float(seen[0]) if seen.size else None


def _median(column: Array | None, a: int, b: int) -> float | None:
    """Median of the finite values of a part."""
    seen = np.zeros(0) if column is None else column[a:b][np.isfinite(column[a:b])]
    return float(np.median(seen)) if seen.size else None


def _turns(frequency: Array) -> Array:
    """Where a sweep starts again: a step back by more than a factor of three, or a turn and a run back."""
    steps = np.diff(np.log(frequency))
    direction = np.sign(np.median(steps)) if steps.size else 0.0
    jumps = np.asarray(-steps * direction > np.log(3.0)) if direction else np.abs(steps) > np.log(1e3)
    sign = np.sign(steps)
    turns = np.zeros(steps.size, dtype=bool)
    way = next((s for s in sign if s), 0.0)
    for i, s in enumerate(sign):
        if jumps[i]:
            way = next((x for x in sign[i + 1 :] if x), way)
        elif s == -way and np.all(sign[i : i + RUN] == s) and sign[i : i + RUN].size == RUN:
            turns[i], way = True, s
    return jumps | turns
