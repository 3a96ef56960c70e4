"""One impedance spectrum, whatever instrument wrote it."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from electrolith.core.account import Account
from electrolith.core.errors import InputError

Array = np.ndarray
GivenAs = Literal["impedance", "area-specific", "resistivity"]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Impedance against frequency.

    frequency : Hz, shape (F,), positive, descending.
    impedance : ohm, shape (F,), complex; the imaginary part is negative for a capacitor.
    source : file and, where it holds several spectra, which.
    temperature : K, None where nobody said.
    time : s since the start its file states (or since the first of its series), None where unknown.
    started : that start, ISO local time of the instrument without zone, None where the file does not
        say.
    remarks : what the reader noticed and did, in words.
    given_as : "area-specific" where the file gives ohm m2, "resistivity" where ohm m; `impedance` then is
        that, until the geometry turns it into ohm.
    account : what was taken for what.
    """

    frequency: Array
    impedance: Array
    source: str
    temperature: float | None = None
    time: float | None = None
    started: str | None = None
    remarks: tuple[str, ...] = ()
    given_as: GivenAs = "impedance"
    account: Account | None = None

    def __post_init__(self) -> None:
        if self.frequency.shape != self.impedance.shape or self.frequency.ndim != 1:
            raise InputError(
                f"{self.source}: frequency {self.frequency.shape} and impedance {self.impedance.shape} differ"
            )

    def at(self, *, temperature: float | None = None, time: float | None = None) -> "Spectrum":
        """The same spectrum with its temperature (K) or time (s) stated."""
        return replace(
            self,
            temperature=self.temperature if temperature is None else temperature,
            time=self.time if time is None else time,
        )

    def in_ohm(self, area: float | None, length: float | None) -> "Spectrum":
        """In ohm, where the file gave ohm times an area or a resistivity. area : m2, length : m.

        Raises
        ------
        InputError
            If the geometry is needed and not known.
        """
        if self.given_as == "impedance":
            return self
        unit = "ohm cm2" if self.given_as == "area-specific" else "ohm cm"
        if area is None or length is None:
            raise InputError(
                f"{self.source}: the impedance is given in {unit}; state diameter and thickness of the "
                "pellet, so that it becomes ohm"
            )
        if self.given_as == "area-specific":
            factor, said = 1 / area, f"divided by {1e4 * area:.4g} cm2, that of the stated diameter"
        else:
            factor, said = (
                length / area,
                f"times {1e-2 * length / area:.4g} 1/cm, thickness over area as stated",
            )
        return replace(
            self,
            impedance=self.impedance * factor,
            given_as="impedance",
            remarks=(*self.remarks, f"given in {unit}: {said}"),
        )

    def between(self, low: float, high: float) -> "Spectrum":
        """Only the points with low <= frequency <= high, Hz.

        Raises
        ------
        InputError
            If fewer than three points are left.
        """
        keep = (self.frequency >= low) & (self.frequency <= high)
        if keep.sum() < 3:
            raise InputError(
                f"{self.source}: {keep.sum()} points between {low:g} and {high:g} Hz; the spectrum covers "
                f"{self.frequency.min():g} to {self.frequency.max():g} Hz"
            )
        return self.without(~keep)

    def without(self, points: Array) -> "Spectrum":
        """The spectrum without the marked points, shape (F,) of bool."""
        return replace(self, frequency=self.frequency[~points], impedance=self.impedance[~points])


def make_spectrum(
    frequency: Array, impedance: Array, source: str, *, remarks: tuple[str, ...] = ()
) -> Spectrum:
    """Order points by falling frequency and drop those that are no numbers; says what it dropped.

    Raises
    ------
    InputError
        If fewer than three usable points are left.
    """
    frequency = np.asarray(frequency, dtype=float)
    impedance = np.asarray(impedance, dtype=complex)
    good = np.isfinite(frequency) & np.isfinite(impedance) & (frequency > 0) & (impedance != 0)
    if good.sum() < 3:
        raise InputError(f"{source}: {good.sum()} usable impedance points; a spectrum needs at least three")
    if not good.all():
        remarks = (
            *remarks,
            f"{(~good).sum()} rows without a positive frequency or a finite impedance dropped",
        )
    order = np.argsort(-frequency[good], kind="stable")
    return Spectrum(frequency[good][order], impedance[good][order], source, remarks=remarks)
