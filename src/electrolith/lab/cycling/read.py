"""Read cycling files: BioLogic, Neware, Landt, Arbin, Maccor, PEC, Basytec, Battery Data Format, any
named table.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from electrolith.core.account import Account, Taken
from electrolith.core.errors import DataError, ElectrolithError, MissingExtra
from electrolith.core.reading import reader
from electrolith.lab.biologic import VOLTAGES, EcLabTable, read_ec_lab
from electrolith.lab.cycling.counters import judge_counters
from electrolith.lab.cycling.read_table import read_table
from electrolith.lab.cycling.record import CyclingRecord, interruptions, make_record

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
def read_cycling(path: Path | str, *, mass: float | None = None, area: float | None = None) -> CyclingRecord:
    """One record, the format told by the content.

    Parameters
    ----------
    mass : of active material, kg; area : of the electrode, m2: for files that state currents or capacities
        per
        mass or area.

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
    return read_table(path, mass=mass, area=area)


@reader("a cycling record of EC-Lab")
def read_biologic(path: Path) -> CyclingRecord:
    """An EC-Lab galvanostatic record; where the current itself was not stored it follows from the charge."""
    table = read_ec_lab(path)
    time, voltage = table.take("s", "time"), table.take("V", *VOLTAGES)
    if time is None or voltage is None or table.take("Hz", "freq") is not None:
        raise DataError(
            f"{path}: an EC-Lab file without time and voltage of a cycling test; columns: "
            f"{', '.join(list(table.columns)[:12])}"
        )
    current = table.take("A", "I", "<I>")
    counter, counted = _ec_lab_charge(table)
    if current is None and counter is None:
        raise DataError(f"{path}: neither current nor charge; columns: {', '.join(list(table.columns)[:12])}")
    taken = [time[1], replace(voltage[1], meaning="voltage")]
    remarks = table.remarks
    account = Account(str(path), "an EC-Lab file")
    charge = counter
    if current is not None:
        amperes = current[0]
        taken.append(replace(current[1], meaning="current"))
        if counter is not None:
            gaps = interruptions(time[0], amperes)
            judged = judge_counters(time[0], amperes, single=counter, gaps=gaps)
            charge = None if judged.steps is None else counter[0] + np.cumsum(judged.steps)
            doubts = judged.doubts
            if judged.factor is not None:
                doubts = (f"{doubts[0]}: a factor of {judged.factor:.4g} throughout; the current is taken",)
            account = replace(account, witnesses=judged.witnesses, doubtful=doubts)
    else:
        amperes = _from_charge(time[0], counter if counter is not None else time[0])
        remarks = (*remarks, "the current is the change of charge over time, as the file stores no current")
    if counted is not None:
        taken.append(counted)
    account = replace(
        account,
        taken=tuple(taken),
        rows=time[0].size,
        left_out=tuple(r for r in table.remarks if "rows" in r),
        ignored=tuple(n for n in table.columns if n not in {t.column for t in taken}),
    )
    return make_record(
        time[0],
        voltage[0],
        amperes,
        str(path),
        cycle=_integers(table.get("cycle number")),
        step=_integers(table.get("Ns")),
        charge=charge,
        started=table.started,
        remarks=remarks,
        account=account,
    )


def _ec_lab_charge(table: EcLabTable) -> tuple[Array | None, Taken | None]:
    """Net charge in C: the running counter, a fall of it to zero at a new technique mended, or summed
    steps.
    """
    total = table.take("C", "(Q-Qo)", "Q-Qo")
    if total is not None:
        values = total[0]
        change = np.diff(values, prepend=values[0])
        usual = float(np.median(np.abs(change[change != 0]))) if np.any(change) else 0.0
        before = np.concatenate([values[:1], values[:-1]])
        fresh = (np.abs(change) > 50 * usual) & (np.abs(values) < 0.02 * np.abs(before)) & (usual > 0)
        change = np.where(fresh, 0.0, change)
        note = f"begins anew {int(fresh.sum())} times: joined" if fresh.any() else ""
        return values[0] + np.cumsum(change), replace(total[1], meaning="charge", note=note)
    steps = table.take("C", "dq", "dQ")
    if steps is not None:
        return np.cumsum(steps[0]), replace(steps[1], meaning="charge", note="summed")
    return None, None


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
    time, current = column["total_time_s"].astype(float), column["current_mA"].astype(float) * 1e-3
    border = np.concatenate([[False], np.diff(step) != 0])
    judged = judge_counters(
        time,
        current,
        single=column["capacity_mAh"].astype(float) * 3.6,
        border=border,
        gaps=interruptions(time, current),
    )
    account = Account(
        str(path),
        "a Neware file",
        (
            Taken("time", "total_time_s", "s"),
            Taken("voltage", "voltage_V", "V"),
            Taken("current", "current_mA", "mA"),
        ),
        rows=time.size,
        witnesses=judged.witnesses,
        doubtful=judged.doubts,
    )
    return make_record(
        time,
        column["voltage_V"].astype(float),
        current,
        str(path),
        cycle=column["cycle_count"].astype(int),
        step=step,
        charge=None if judged.steps is None else np.cumsum(judged.steps),
        started=started,
        zone="UTC",
        remarks=("cycle numbers are the instrument's own",),
        account=account,
    )
