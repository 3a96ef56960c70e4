"""Relaxation records as spectrometers write them: Bruker and Varian pseudo-2D data, and plain tables."""

from __future__ import annotations

import re
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from electrolith.core.account import Account, Taken
from electrolith.core.column_names import is_derived
from electrolith.core.delimited import Delimited, read_only_table, read_text
from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.core.header_units import Scale, column_scale, split_header
from electrolith.core.reading import read_bytes, reader

__all__ = [
    "FidArray",
    "Recovery",
    "parse_delay",
    "read_bruker",
    "read_delays",
    "read_recovery_table",
    "read_varian",
]

_SUFFIX = {"": 1.0, "s": 1.0, "m": 1e-3, "ms": 1e-3, "u": 1e-6, "us": 1e-6, "n": 1e-9, "ns": 1e-9}
_DELAY = re.compile(r"^([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([munMUN]?[sS]?)$")
_BROKEN = (struct.error, ValueError, IndexError, KeyError, OSError, ZeroDivisionError, TypeError)
_VARIAN_DELAYS = ("d2", "tau", "dvar", "d3")


@dataclass(frozen=True, slots=True, eq=False)
class FidArray:
    """Free induction decays after a series of recovery delays.

    delays : s, shape (n,).
    fids : complex, shape (n, m); the receiver's group delay is already removed.
    dwell : time between complex points, s.
    larmor_frequency : Hz; nan where the record does not say.
    temperature : K as the spectrometer wrote it, which it does also without a working sensor; nan if absent.
    """

    delays: np.ndarray
    fids: np.ndarray
    dwell: float
    larmor_frequency: float
    nucleus: str
    temperature: float
    source: str
    account: Account | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recovery:
    """Signal against recovery delay, ordered by delay.

    delays : s, shape (n,).
    signal : any unit, shape (n,).
    noise : standard deviation of one signal, same unit; nan where unknown.
    """

    delays: np.ndarray
    signal: np.ndarray
    noise: float
    source: str
    temperature: float = float("nan")
    larmor_frequency: float = float("nan")
    nucleus: str = ""
    account: Account | None = None

    def __post_init__(self) -> None:
        t, y = np.asarray(self.delays, float), np.asarray(self.signal, float)
        if t.shape != y.shape or t.ndim != 1:
            raise DataError(f"{self.source}: {t.size} delays for {y.size} signals")
        if not (np.all(np.isfinite(t)) and np.all(np.isfinite(y))):
            raise DataError(f"{self.source}: a delay or a signal is not a finite number")
        if np.any(t < 0):
            raise DataError(f"{self.source}: a recovery delay of {t.min():g} s is negative")
        order = np.argsort(t, kind="stable")
        object.__setattr__(self, "delays", t[order])
        object.__setattr__(self, "signal", y[order])


def parse_delay(text: str) -> float:
    """Seconds of a delay as Bruker lists write it: "20.000m" is 0.02 s.

    Raises
    ------
    DataError
        If the text is no delay; the text says what would be.
    """
    found = _DELAY.match(text.strip())
    if not found:
        raise DataError(f"{text.strip()!r} is not a delay; expected a number with s, m, u or n, like '20m'")
    return float(found.group(1)) * _SUFFIX[found.group(2).lower()]


@reader("a list of delays")
def read_delays(path: Path | str) -> np.ndarray:
    """Delays of a Bruker list (vdlist), one a line with suffixes s, m, u, n; seconds, shape (n,).

    Raises
    ------
    DataError
        If a line holds no delay; file and line are named.
    """
    path = Path(path)
    delays = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.split("#")[0].strip()
        if not text:
            continue
        try:
            delays.append(parse_delay(text))
        except DataError as error:
            raise DataError(f"{path}, line {number}: {error}") from error
    if not delays:
        raise DataError(f"{path}: holds no delay")
    return np.array(delays)


def _nmrglue() -> ModuleType:
    """The reader of spectrometer files, loaded when wanted."""
    try:
        import nmrglue
    except ImportError as error:
        raise MissingExtra("nmr", "nmrglue") from error
    return nmrglue  # type: ignore[no-any-return]


def _parameter(table: dict[str, Any], name: str, path: Path) -> Any:
    """One acquisition parameter, or a message that names it."""
    if name not in table:
        raise DataError(f"{path}: the parameter {name} is missing; is this a complete experiment folder?")
    return table[name]


def _rows_held(folder: Path, direct: dict[str, Any]) -> int:
    """Complete rows in `ser`; each is padded to a multiple of 1024 bytes."""
    width = 8 if int(direct.get("DTYPA", 0)) == 2 else 4
    row = -(-int(_parameter(direct, "TD", folder / "acqus")) * width // 1024) * 1024
    return int((folder / "ser").stat().st_size // row)


@reader("a Bruker folder of NMR")
def read_bruker(folder: Path | str, *, delays: np.ndarray | None = None) -> FidArray:
    """A Bruker pseudo-2D experiment: the folder with `ser`, `acqus`, `acqu2s` and `vdlist`.

    The `ser` file is cut to the TD of `acqu2s`: the file is often allocated for more rows than were measured.

    Parameters
    ----------
    folder : the experiment's folder.
    delays : s, shape (n,); only where the folder has no `vdlist`.

    Raises
    ------
    DataError
        If a file is missing, or the list of delays is shorter than the rows measured.
    MissingExtra
        If nmrglue is not installed.
    """
    folder = Path(folder)
    for name in ("acqus", "acqu2s", "ser"):
        if not (folder / name).exists():
            raise DataError(f"{folder}: no file {name!r}; expected a Bruker pseudo-2D experiment folder")
    ng = _nmrglue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing pulse program is of no use here
        direct = ng.bruker.read_jcamp(str(folder / "acqus"))
        indirect = ng.bruker.read_jcamp(str(folder / "acqu2s"))
        rows = int(_parameter(indirect, "TD", folder / "acqu2s"))
        held = _rows_held(folder, direct)
        if held < rows:
            raise DataError(
                f"{folder / 'ser'}: holds {held} rows, but TD in acqu2s says {rows} were measured"
            )
        try:
            table, data = ng.bruker.read(str(folder))
        except _BROKEN as error:
            raise DataError(
                f"{folder}: the experiment cannot be read ({error}); are its files complete?"
            ) from error
        fids = _without_group_delay(ng, table, direct, np.atleast_2d(data)[:rows], folder)
    where = "the delays that were stated"
    if delays is None:
        where = str(folder / "vdlist")
        if not (folder / "vdlist").exists():
            raise DataError(f"{folder}: no file 'vdlist'; state the delays")
        delays = read_delays(folder / "vdlist")
    if len(delays) < rows:
        raise DataError(
            f"{where}: {len(delays)} delays for {rows} measured rows (TD in acqu2s); "
            "the list must have one delay for each row"
        )
    measured = np.any(fids != 0, axis=1)
    if not measured.any():
        raise DataError(f"{folder / 'ser'}: every row is zero; nothing was measured")
    account = Account(
        str(folder),
        "a Bruker experiment",
        (Taken("decays", "ser"), Taken("delay", Path(where).name, "s")),
        rows=int(measured.sum()),
        left_out=_halted(measured),
    )
    return FidArray(
        delays=np.asarray(delays[:rows], dtype=float)[measured],
        fids=np.asarray(fids[measured], dtype=complex),
        dwell=1.0 / float(_parameter(direct, "SW_h", folder / "acqus")),
        larmor_frequency=float(_parameter(direct, "SFO1", folder / "acqus")) * 1e6,
        nucleus=str(direct.get("NUC1", "")),
        temperature=float(direct.get("TE", "nan")),
        source=str(folder),
        account=account,
    )


def _without_group_delay(
    ng: ModuleType, table: dict[str, Any], direct: dict[str, Any], data: np.ndarray, folder: Path
) -> np.ndarray:
    """Decays without the delay of the digital filter; an analogue receiver (DSPFVS 0) has none.

    Raises
    ------
    DataError
        If the version of the filter is not known and its delay is not stated.
    """
    version, stated = int(direct.get("DSPFVS", 0)), float(direct.get("GRPDLY", -1))
    if version == 0 and stated <= 0:
        return data
    try:
        return np.asarray(ng.bruker.remove_digital_filter(table, data))
    except (ValueError, KeyError, IndexError) as error:
        raise DataError(
            f"{folder / 'acqus'}: the delay of the digital filter is not known for DSPFVS {version}, DECIM "
            f"{direct.get('DECIM', '?')}, and GRPDLY states none ({error})"
        ) from error


def _halted(measured: np.ndarray) -> tuple[str, ...]:
    """A word on rows of zeros: delays that were asked for and not measured."""
    missing = np.flatnonzero(~measured)
    if not missing.size:
        return ()
    shown = ", ".join(str(i + 1) for i in missing[:6])
    last = " at the end: the series was halted" if np.all(~measured[missing[0] :]) else ""
    return (f"{missing.size} rows hold only zeros{last}; left out: {shown}",)


@reader("a Varian folder of NMR")
def read_varian(folder: Path | str) -> FidArray:
    """A Varian/Agilent arrayed experiment: the folder with `fid` and `procpar`.

    The delays are the arrayed parameter, usually d2.

    Raises
    ------
    DataError
        If a file or the array of delays is missing, or its length is not the number of decays.
    MissingExtra
        If nmrglue is not installed.
    """
    folder = Path(folder)
    for name in ("fid", "procpar"):
        if not (folder / name).exists():
            raise DataError(f"{folder}: no file {name!r}; expected a Varian experiment folder (name.fid)")
    ng = _nmrglue()
    _refuse_announced(folder / "fid")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table, data = ng.varian.read(str(folder))
        except _BROKEN as error:
            raise DataError(
                f"{folder}: the experiment cannot be read ({error}); are its files complete?"
            ) from error
    parameters = {name: entry["values"] for name, entry in table["procpar"].items()}
    data = np.atleast_2d(data)
    arrayed = [part.strip(" ()") for part in "".join(parameters.get("array", [""])).split(",")]
    known = [name for name in (*arrayed, *_VARIAN_DELAYS) if len(parameters.get(name, ())) > 1]
    if not known:
        raise DataError(
            f"{folder / 'procpar'}: no arrayed delay found (looked for {', '.join(_VARIAN_DELAYS)})"
        )
    delays = np.array([float(v) for v in parameters[known[0]]])
    if delays.size < data.shape[0]:
        raise DataError(
            f"{folder / 'procpar'}: the array {known[0]} has {delays.size} delays for {data.shape[0]} decays"
        )
    # Agilent writes a spare value for the temperature when there is no sensor: degrees Celsius otherwise.
    celsius = parameters.get("temp", ["nan"])[0]
    return FidArray(
        delays=delays[: data.shape[0]],
        fids=np.asarray(data, dtype=complex),
        dwell=1.0 / float(_parameter(parameters, "sw", folder / "procpar")[0]),
        larmor_frequency=float(_parameter(parameters, "sfrq", folder / "procpar")[0]) * 1e6,
        nucleus=str(parameters.get("tn", [""])[0]),
        temperature=float(celsius) + 273.15 if _is_number(celsius) else float("nan"),
        source=str(folder),
    )


def _refuse_announced(path: Path) -> None:
    """Blocks and traces that the head of a Varian file announces and the file does not hold."""
    raw = read_bytes(path)[:32]
    if len(raw) < 32:
        raise DataError(
            f"{path}: {len(raw)} bytes, fewer than the head of a Varian fid; are its files complete?"
        )
    blocks, traces, points, width, trace, block = struct.unpack(">6i", raw[:24])
    size = path.stat().st_size
    fits = 32 + blocks * block <= size and traces * trace <= block and points * width <= trace
    if min(blocks, traces, points, width, trace, block) < 1 or not fits:
        raise DataError(
            f"{path}: its head announces {blocks} blocks of {block} bytes with {traces} traces of {trace}, "
            f"the file has {size} bytes; it is cut off or damaged"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@reader("a table of recovery")
def read_recovery_table(path: Path | str) -> Recovery:
    """A table of delay and signal, with an optional third column: the standard deviation of a signal.

    Without names or units the delays are in seconds.

    Raises
    ------
    DataError
        If there are not two columns of numbers or fewer than four rows, a unit is not known, or names do
        not fit.
    """
    table = read_only_table(path)
    if table.columns.shape[1] < 2:
        raise DataError(f"{path}: one column of numbers; expected delay (s) and signal")
    if table.columns.shape[0] < 4:
        raise DataError(f"{path}: {table.columns.shape[0]} rows; a recovery needs at least 4 delays")
    if table.misfit:
        raise DataError(f"{path}: the line {table.misfit[:80]!r} reads like names but does not fit the table")
    at, sign, error = _recovery_columns(table)
    try:
        scale, unit, note = (
            column_scale(table.names[at], "s", bare="s") if table.named else (Scale(1.0), "s", "")
        )
    except InputError as wrong:
        raise DataError(f"{path}: {wrong}") from wrong
    keep = np.isfinite(table.columns[:, at]) & np.isfinite(table.columns[:, sign])
    rows = table.columns[keep]
    spread = rows[:, error] if error is not None else np.array([np.nan])
    taken = [Taken("delay", table.names[at], unit, note), Taken("signal", table.names[sign])]
    taken += [Taken("noise", table.names[error])] if error is not None else []
    return Recovery(
        delays=rows[:, at] * scale.factor,
        signal=rows[:, sign],
        noise=float(np.sqrt(np.mean(spread**2))),
        source=str(path),
        account=Account(
            str(path), "a table of recovery", tuple(taken), rows=len(rows), left_out=table.bad_rows
        ),
    )


_DELAY_NAMES = re.compile(r"delay|^t(au)?\b|^τ|time|^d2\b|recovery", re.IGNORECASE)
_ERROR_NAMES = re.compile(r"err|std|sigma|noise|uncert|±|^d[yis]", re.IGNORECASE)
_SIGNAL_NAMES = re.compile(
    r"signal|intens|integral|area|magneti[sz]|^m\b|^i\b|^s\b|amplitude|^y$", re.IGNORECASE
)


def _recovery_columns(table: Delimited) -> tuple[int, int, int | None]:
    """Columns of delay, signal and its error: by their names, else in this order."""
    if not table.named:
        return 0, 1, 2 if table.columns.shape[1] == 3 else None
    plain = ["" if is_derived(n) else split_header(n).name for n in table.names]
    plain = ["" if i in table.words else n for i, n in enumerate(plain)]
    error = next((i for i, n in enumerate(plain) if n and _ERROR_NAMES.search(n)), None)
    delay = next((i for i, n in enumerate(plain) if _DELAY_NAMES.search(n) and i != error), None)
    signal = next(
        (i for i, n in enumerate(plain) if _SIGNAL_NAMES.search(n) and i not in (error, delay)), None
    )
    if delay is None:
        delay = next((i for i, n in enumerate(plain) if n and i not in (error, signal)), None)
    if signal is None:
        signal = next((i for i, n in enumerate(plain) if n and i not in (error, delay)), None)
    if delay is None or signal is None:
        raise DataError(f"{table.path}: no columns of delay and signal; columns: {', '.join(table.names)}")
    return delay, signal, error
