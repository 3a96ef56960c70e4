"""Read cycling files: BioLogic, Neware, Landt, Battery Data Format and tables with a header."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from electrolith.core.errors import DataError, ElectrolithError, MissingExtra
from electrolith.core.reading import reader
from electrolith.lab.biologic import read_ec_lab
from electrolith.lab.cycling.columns import read_columns
from electrolith.lab.cycling.record import CyclingRecord, make_record

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class CyclingBatch:
    """Records of many files, and what could not be read: (file, reason)."""

    records: tuple[CyclingRecord, ...]
    failures: tuple[tuple[str, str], ...]


def read_many(paths: Iterable[Path | str]) -> CyclingBatch:
    """Read every file that can be read; the others are listed with the reason, nothing is lost."""
    records, failures = [], []
    for path in paths:
        try:
            records.append(read_cycling(path))
        except ElectrolithError as error:
            failures.append((str(path), str(error)))
    return CyclingBatch(tuple(records), tuple(failures))


@reader("a cycling record")
def read_cycling(path: Path | str) -> CyclingRecord:
    """One record, the format told by the content.

    Raises
    ------
    DataError
        If the file holds no voltage and current against time; the text says what was seen.
    MissingExtra
        If a .mpr or Neware file comes and its reader is not installed.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not head.strip():
        raise DataError(f"{path}: the file is empty")
    if head.startswith((b"BIO-LOGIC MODULAR FILE", b"EC-Lab ASCII")):
        return read_biologic(path)
    if head.startswith(b"NEWARE") or (head.startswith(b"PK") and path.suffix.lower() == ".ndax"):
        return read_neware(path)
    return read_table(path)


@reader("a cycling record of EC-Lab")
def read_biologic(path: Path) -> CyclingRecord:
    """An EC-Lab galvanostatic record; where the current itself was not stored it follows from the charge."""
    table = read_ec_lab(path)
    time, voltage = table.get("time/s"), table.get("Ewe/V", "<Ewe>/V", "Ecell/V", "Ewe-Ece/V")
    if time is None or voltage is None or table.get("freq/Hz") is not None:
        raise DataError(
            f"{path}: an EC-Lab file without time and voltage of a cycling test; columns: "
            f"{', '.join(list(table.columns)[:12])}"
        )
    charge = table.get("(Q-Qo)/mA.h")
    coulombs = None if charge is None else charge * 3.6
    if coulombs is None and (direct := table.get("(Q-Qo)/C")) is not None:
        coulombs = direct
    milliamperes = table.get("I/mA", "<I>/mA")
    remarks = table.remarks
    if milliamperes is not None:
        current = milliamperes * 1e-3
    elif coulombs is not None:
        current = _from_charge(time, coulombs)
        remarks = (*remarks, "the current is the change of charge over time, as the file stores no current")
    else:
        raise DataError(f"{path}: neither current nor charge; columns: {', '.join(list(table.columns)[:12])}")
    return make_record(
        time,
        voltage,
        current,
        str(path),
        cycle=_integers(table.get("cycle number")),
        step=_integers(table.get("Ns")),
        charge=coulombs,
        started=table.started,
        remarks=remarks,
    )


def _from_charge(time: Array, charge: Array) -> Array:
    """Mean current up to each row, A."""
    current = np.zeros(time.size)
    duration = np.diff(time)
    current[1:] = np.where(duration > 0, np.diff(charge) / np.where(duration > 0, duration, 1.0), 0.0)
    return current


def _integers(column: Array | None) -> Array | None:
    """Whole numbers, None kept."""
    return None if column is None else np.asarray(np.round(column), dtype=int)


@reader("a Neware file")
def read_neware(path: Path) -> CyclingRecord:
    """A Neware record through fastnda, with the instrument's own cycle numbers."""
    try:
        import fastnda
    except ImportError as error:
        raise MissingExtra("neware", "fastnda") from error
    try:
        table = fastnda.read(str(path), cycle_mode="raw")
    except Exception as error:  # fastnda raises whatever the bytes lead it to
        raise DataError(
            f"{path}: fastnda cannot read this Neware file ({type(error).__name__}: "
            f"{' '.join(str(error).split())[:120]}); it is cut off or of an unsupported version; export "
            f"it as CSV"
        ) from error
    column = {name: table[name].to_numpy() for name in table.columns if name != "step_type"}
    unix = column["unix_time_s"].astype(float)
    started = datetime.fromtimestamp(float(unix[0]), tz=UTC).isoformat() if unix.size else None
    step = column["step_count"].astype(int)
    return make_record(
        column["total_time_s"].astype(float),
        column["voltage_V"].astype(float),
        column["current_mA"].astype(float) * 1e-3,
        str(path),
        cycle=column["cycle_count"].astype(int),
        step=step,
        charge=_running(column["capacity_mAh"].astype(float) * 3.6, step),
        started=started,
        zone="UTC",
        remarks=("cycle numbers are the instrument's own",),
    )


def _running(counter: Array, step: Array) -> Array:
    """A counter that begins anew in every step, as one running sum."""
    change = np.diff(counter, prepend=0.0)
    first = np.concatenate([[True], np.diff(step) != 0])
    return np.cumsum(np.where(first, counter, change))


@reader("a table of cycling")
def read_table(path: Path) -> CyclingRecord:
    """A table with a header: Landt, Battery Data Format, or any other; capacities may reset per step."""
    table = read_columns(path)
    column = table.columns
    step = _integers(column.get("step"))
    remarks: tuple[str, ...] = ()
    charge = None
    if "charge_capacity" in column and "discharge_capacity" in column:
        up, down = (3600 * column[n] for n in ("charge_capacity", "discharge_capacity"))
        falls = bool(np.any(np.diff(up) < 0) or np.any(np.diff(down) < 0))
        if falls and step is None:
            remarks = (
                "capacity columns reset and no step column says where: charge integrated from the current",
            )
        elif falls:
            remarks = ("capacity columns reset in every step, against the Battery Data Format: joined",)
        if not (falls and step is None):
            charge = _running(up, step) - _running(down, step) if falls and step is not None else up - down
    celsius = column.get("temperature")
    measured = celsius is not None and bool(np.any(celsius != 0))
    return make_record(
        column["time"],
        column["voltage"],
        column["current"],
        str(path),
        cycle=_integers(column.get("cycle")),
        step=step,
        temperature=celsius + 273.15 if celsius is not None and measured else None,
        charge=charge,
        started=_date(table.header, path),
        remarks=remarks,
    )


def _date(header: tuple[str, ...], path: Path) -> str | None:
    """An ISO date in the lines above the table."""
    found = re.search(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}", "\n".join(header))
    return found.group(0).replace(" ", "T") if found else None
