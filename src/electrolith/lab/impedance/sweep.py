"""Rows of one impedance measurement as a table holds them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from electrolith.core.account import Account
from electrolith.core.delimited import Delimited
from electrolith.lab.impedance.spectrum import GivenAs

__all__ = ["Sweep", "kind_of", "turned"]

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Sweep:
    """Rows of one measurement as read, before they are cut into spectra.

    frequency : Hz. impedance : ohm, ohm m2 or ohm m by `given_as`. marks : columns whose change begins a new
        one.
    time : s, temperature : K, or None. label : of the columns, where a table holds several side by side.
    """

    frequency: Array
    impedance: Array
    account: Account
    given_as: GivenAs = "impedance"
    marks: tuple[Array, ...] = ()
    time: Array | None = None
    temperature: Array | None = None
    label: str = ""


def kind_of(table: Delimited) -> str:
    """Format in words."""
    marks = {"\t": "tabs", ";": "semicolons", ",": "commas"}
    sheet = f"sheet {table.sheet!r}, " if table.sheet else ""
    return f"a table ({sheet}{marks.get(table.delimiter, table.delimiter)}, decimal {table.decimal!r})"


def turned(imaginary: Array, *, stated: bool) -> tuple[Array, str]:
    """Z'' negative for a capacitor: a column that states no sign and is mostly positive is turned."""
    seen = imaginary[np.isfinite(imaginary)]
    if not stated and seen.size and np.mean(seen > 0) > 0.8:
        return -imaginary, "mostly positive: read as -Z''"
    return imaginary, ""
