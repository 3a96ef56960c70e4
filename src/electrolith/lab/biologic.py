"""Files of BioLogic EC-Lab: the text export (.mpt) and the binary (.mpr), as plain columns."""

import io
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from electrolith.core.account import Taken
from electrolith.core.delimited import read_text
from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.core.header_units import column_scale, split_header
from electrolith.core.reading import read_bytes, reader

Array = np.ndarray
VOLTAGES = ("Ewe", "<Ewe>", "Ecell", "<Ecell>", "Ewe-Ece", "<Ewe-Ece>")


@dataclass(frozen=True, eq=False)
class EcLabTable:
    """Columns of one EC-Lab file.

    columns : by EC-Lab's own name, "-Im(Z)/Ohm", each (n,).
    started : when the acquisition began, ISO local time of the instrument, None where the file does not
        say. EC-Lab writes no time zone.
    remarks : what the reader noticed.
    """

    columns: dict[str, Array]
    source: str
    started: str | None
    remarks: tuple[str, ...]

    def get(self, *names: str) -> Array | None:
        """The first of these columns that is there."""
        return next((self.columns[name] for name in names if name in self.columns), None)

    def take(self, target: str, *names: str) -> tuple[Array, Taken] | None:
        """The first column of one of these names, whatever its unit, in the unit `target`.

        EC-Lab writes one quantity in several ways: "Ewe/V", "<Ewe>/V", since 11.50 also "<Ewe/V>".

        Raises
        ------
        DataError
            If the column's unit is not known.
        """
        for name in names:
            for title, values in self.columns.items():
                column = split_header(title)
                if column.name != name:
                    continue
                try:
                    scale, unit, note = column_scale(title, target)
                except InputError as error:
                    raise DataError(f"{self.source}: {error}") from error
                return values * scale.factor + scale.offset, Taken(name.strip("<>-"), title, unit, note)
        return None


@reader("an EC-Lab file")
def read_ec_lab(path: Path) -> EcLabTable:
    """Read an .mpr or .mpt file, told apart by content, not by suffix.

    Raises
    ------
    DataError
        If the file is neither, is cut off, or is of a version that cannot be read.
    MissingExtra
        If an .mpr file comes and galvani is not installed.
    """
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return _read_mpr(path) if head.startswith(b"BIO-LOGIC MODULAR FILE") else _read_mpt(path)


def _read_mpr(path: Path) -> EcLabTable:
    """The binary, through galvani."""
    try:
        from galvani.BioLogic import MPRfile
    except ImportError as error:
        raise MissingExtra("biologic", "galvani") from error
    try:
        # From memory: asked for 4 GB by a damaged length, a file on the disk would make room for them first.
        file = MPRfile(io.BytesIO(read_bytes(path)))
    except Exception as error:  # galvani raises whatever the bytes lead it to
        raise DataError(
            f"{path}: galvani cannot read this .mpr ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:120]}); it is "
            f"cut off or of "
            "a newer EC-Lab; export it as text (.mpt) and give that file"
        ) from error
    names = file.data.dtype.names or ()
    columns = {_name(n): np.asarray(file.data[n], dtype=float) for n in names}
    stamp = getattr(file, "timestamp", None) or getattr(file, "startdate", None)
    return EcLabTable(columns, str(path), stamp.isoformat() if stamp else None, ())


def _read_mpt(path: Path) -> EcLabTable:
    """The text export."""
    lines = read_text(path).split("\n")
    count = re.search(r"Nb header lines\s*:\s*(\d+)", "\n".join(lines[:5]))
    if not lines[0].startswith("EC-Lab ASCII") or not count:
        shown = " | ".join(line.strip()[:60] for line in lines[:3])
        raise DataError(f"{path}: not an EC-Lab text file; it begins with: {shown}")
    first = int(count.group(1))
    if len(lines) <= first or not lines[first].strip():
        raise DataError(
            f"{path}: the header announces {first} lines and no data follow; the export is cut off"
        )
    names = [_name(n.strip()) for n in lines[first - 1].rstrip("\t").split("\t")]
    values, dropped = parse_rows(lines[first:], len(names), str(path))
    remarks = (f"{dropped} incomplete rows dropped",) if dropped else ()
    return EcLabTable(
        dict(zip(names, values.T, strict=True)),
        str(path),
        _started(lines[:first]),
        (*remarks, *_area(lines[:first])),
    )


def parse_rows(lines: list[str], width: int, source: str) -> tuple[Array, int]:
    """Tab-separated numbers (n, width) with either decimal mark; and how many rows were not whole.

    Raises
    ------
    DataError
        If no row is whole.
    """
    rows = [line.rstrip("\t\r ") for line in lines if line.strip()]
    whole = [row for row in rows if row.count("\t") == width - 1]
    if not whole:
        raise DataError(
            f"{source}: no row has the {width} columns of the header; first row: {rows[0][:80]!r}"
        )
    text = "\n".join(whole)
    text = text.replace(",", ".") if "," in whole[0] else text
    try:
        values = np.loadtxt(io.StringIO(text), delimiter="\t", ndmin=2, comments=None)
    except ValueError:
        values = np.array([[_number(cell) for cell in row.split("\t")] for row in text.split("\n")])
    return values, len(rows) - len(whole)


def _number(cell: str) -> float:
    """A number, nan for words."""
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _name(name: str) -> str:
    """Column name with one spelling of micro."""
    return name.replace("\ufffd", "µ").replace("μ", "µ")


def _started(header: list[str]) -> str | None:
    """Acquisition start as ISO text; EC-Lab writes month/day/year."""
    text = "\n".join(header)
    found = re.search(r"Acquisition started on : (\d+)/(\d+)/(\d{4}) (\d+):(\d+):([\d.,]+)", text)
    if not found:
        return None
    first, second, year, hour, minute = (int(g) for g in found.groups()[:5])
    month, day = (first, second) if first <= 12 else (second, first)
    seconds = float(found.group(6).replace(",", "."))
    try:
        stamp = datetime(year, month, day, hour, minute, int(seconds), round((seconds % 1) * 1e6))
    except ValueError:
        return None
    return stamp.isoformat()


def _area(header: list[str]) -> tuple[str, ...]:
    """A word on the electrode area in the file, which nobody should believe."""
    found = re.search(r"Electrode surface area\s*:\s*([\d.,]+)", "\n".join(header))
    area = float(found.group(1).replace(",", ".")) if found else 0.0
    if area == 0:
        return ()
    default = "EC-Lab's default, not measured" if area == 0.001 else "as typed at the instrument"
    return (f"the file says an electrode area of {area:g} cm² ({default}); not used, give the geometry",)
