"""How large an input may be: one table of ceilings, each with the setting that raises it.

A file of a few hundred bytes can ask for a year of work or all the memory of a machine. Every reader
measures what it is given against this table before it begins; an honest file that is larger names the
environment variable that lets it through.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from electrolith.core.errors import DataError, InputError

__all__ = ["CEILINGS", "Ceiling", "ceiling", "refuse_above"]

PREFIX = "ELECTROLITH_MAX_"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A limit on inputs.

    name : key of the table.     most : the largest value let through.     of : what is counted, in words.
    """

    name: str
    most: float
    of: str

    @property
    def variable(self) -> str:
        """Environment variable that sets another value."""
        return PREFIX + self.name.upper()


CEILINGS = {
    c.name: c
    for c in (
        Ceiling("file_bytes", 2_000_000_000, "bytes of a file"),
        Ceiling("text_bytes", 500_000_000, "bytes of a text file"),
        Ceiling("unpacked_bytes", 300_000_000, "bytes that a compressed file or member unpacks to"),
        Ceiling("unpack_ratio", 1_200, "unpacked bytes per stored byte (counted above 10 MB)"),
        Ceiling("line_length", 1_000_000, "characters of a line"),
        Ceiling("rows", 20_000_000, "rows of a table"),
        Ceiling("cells", 100_000_000, "numbers of a table"),
        Ceiling("depth", 100, "levels of nested data in YAML or JSON"),
        Ceiling("nodes", 200_000, "values of a YAML file, repeated ones counted as often as they stand"),
        Ceiling("xml_bytes", 60_000_000, "bytes of XML"),
        Ceiling("pixels", 60_000_000, "pixels of an image"),
        Ceiling("frames", 1_000_000, "frames of a trajectory"),
        Ceiling("atoms", 1_000_000, "atoms of a structure"),
        Ceiling("positions", 200_000_000, "atoms times frames of a trajectory"),
    )
}


def ceiling(name: str) -> float:
    """The value in force: that of the environment variable where one is set.

    Raises
    ------
    InputError
        If the variable holds no positive number.
    """
    limit = CEILINGS[name]
    given = os.environ.get(limit.variable)
    if given is None:
        return limit.most
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not value > 0:
        raise InputError(f"{limit.variable}: expected a number above 0, got {given!r}")
    return value


def refuse_above(name: str, found: float, where: object) -> None:
    """Refuse an input that goes beyond a ceiling.

    Parameters
    ----------
    name : of the ceiling.     found : what the input has or announces.     where : file, for the message.

    Raises
    ------
    DataError
        If it does; the text names the setting that raises the ceiling.
    """
    most = ceiling(name)
    if not found <= most:
        limit = CEILINGS[name]
        raise DataError(
            f"{where}: {found:,.0f} {limit.of}, more than the {most:,.0f} that are taken; "
            f"if the file is honest, set {limit.variable} higher"
        )
