"""Which columns of a beamline file make µ: by name, and where two channels were measured, by their noise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from electrolith.core.account import Taken
from electrolith.core.errors import DataError, InputError, nearest

__all__ = ["Channel", "Columns", "Mode", "choose_channel", "column_at", "relative_noise"]

Mode = Literal["auto", "mu", "transmission", "fluorescence"]

ENERGY = ("energy", "e", "ev", "energy_ev", "mono", "shifted energy", "enc", "energy (ev)", "mono_energy")
MU = ("mu", "xmu", "mutrans", "mufluor", "mu_trans", "mu_fluor", "norm", "normalized", "normalised", "flat",
      "absorption", "absorbance", "munorm", "mux", "xanes")  # fmt: skip
INCIDENT = ("i0", "io", "i_0", "monitor", "mon", "ion0", "ic0")
TRANSMITTED = ("itrans", "it", "i1", "itr", "trans", "i_t", "ic1", "transmission")
FLUORESCENCE = ("ifluor", "if", "iff", "fluor", "fluorescence", "tfy", "pfy", "ify", "sdd", "i_f")
DEAD = 0.1  # share of rows without counts that is a lost beam, and no wrong column
BETTER = 2.0  # a channel this much less noisy than the usual one is taken instead of it


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns to use, by name or by number from 1; empty: found by name.

    energy : abscissa.     mu : absorption, where it is in the file.
    incident : intensity before the sample.
    signal : transmitted or fluorescence intensity.
    """

    energy: str = ""
    mu: str = ""
    incident: str = ""
    signal: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One way to µ that the columns offer. mode : "mu", "transmission" or "fluorescence".

    left_out : rows without counts, in words.
    """

    mode: str
    mu: np.ndarray
    taken: tuple[Taken, ...]
    left_out: tuple[str, ...] = ()


def _bare(name: str) -> str:
    """A name without quotes, brackets round it, and the stars and dots some programs hang on."""
    return re.sub(r"^[<\[\"']+|[>\]\"'*:. ]+$", "", name).strip()


def _matches(names: list[str], wanted: tuple[str, ...]) -> list[int]:
    """Columns whose name is one of `wanted`, in their order, then those that begin with one."""
    bare = [_bare(n) for n in names]
    found = [bare.index(w) for w in wanted if w in bare]
    for want in wanted:  # xmu(trans), energy[ev], mu_1
        found += [
            i
            for i, name in enumerate(bare)
            if len(want) > 1 and re.match(rf"{re.escape(want)}[^a-z0-9]", name)
        ]
    return list(dict.fromkeys(found))


def find(names: list[str], wanted: tuple[str, ...]) -> int | None:
    """The likeliest column of one of these names, None without."""
    return next(iter(_matches(names, wanted)), None)


def column_at(names: list[str], choice: str, wanted: tuple[str, ...], what: str, source: str) -> int:
    """Index of the column the user or the names point to.

    Raises
    ------
    DataError, InputError
        If there is none; the text lists the columns.
    """
    if choice.isdigit():
        if not 1 <= int(choice) <= len(names):
            raise InputError(
                f"{source}: no column {choice} for the {what}; the file has {len(names)} columns"
            )
        return int(choice) - 1
    if choice:
        if choice.lower() not in names:
            raise InputError(nearest(f"{source}, column of the {what}", choice.lower(), names))
        return names.index(choice.lower())
    found = find(names, wanted)
    if found is None:
        raise DataError(f"{source}: no column for the {what} found; columns: {', '.join(names)}")
    return found


def _ratio(
    table: np.ndarray, top: int, bottom: int, source: str, what: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Quotient of two detectors, and rows where one of them did not count: these are nan.

    A beam that was lost for some rows costs these; where more than `DEAD` of the rows are so, the columns are
    others than they seem.
    """
    upper, lower = table[:, top], table[:, bottom]
    dark = np.isfinite(lower) & ~(lower > 0)
    silent = np.isfinite(upper) & ~dark & (~(upper > 0) if what == "transmission" else (upper < 0))
    few = DEAD * max(len(table), 1)
    if dark.sum() > few:
        raise DataError(
            f"{source}: I0 is {lower[dark][0]:g} in row {np.flatnonzero(dark)[0] + 1} "
            f"({dark.sum()} such rows of {len(table)}); it must be positive"
        )
    if silent.sum() > few:
        raise DataError(
            f"{source}: the {what} signal is {upper[silent][0]:g} in row {np.flatnonzero(silent)[0] + 1} "
            f"({silent.sum()} such rows of {len(table)}), which gives a negative or infinite mu; is a dark "
            "current subtracted twice?"
        )
    good = ~(dark | silent)
    ratio = np.where(good, upper, np.nan) / np.where(good, lower, 1.0)
    said = [
        f"{mask.sum()} row{'s' if mask.sum() > 1 else ''} without {name} left out (row "
        f"{', '.join(str(i + 1) for i in np.flatnonzero(mask)[:3])}{', ...' if mask.sum() > 3 else ''})"
        for mask, name in ((dark, "I0"), (silent, f"a {what} signal"))
        if mask.any()
    ]
    return np.asarray(ratio), tuple(said)


def _of_mu(names: list[str], data: np.ndarray, index: int) -> Channel:
    """A column that is µ already."""
    name = names[index]
    mode = "fluorescence" if "fluor" in name else "transmission" if "trans" in name else "mu"
    return Channel(mode, data[:, index], (Taken("µ", name),))


def _of_counts(names: list[str], data: np.ndarray, choice: Columns, mode: str, source: str) -> Channel:
    """µ from two detectors."""
    incident = column_at(names, choice.incident, INCIDENT, "incident intensity I0", source)
    wanted = TRANSMITTED if mode == "transmission" else FLUORESCENCE
    signal = column_at(names, choice.signal, wanted, f"{mode} signal", source)
    ratio, left_out = _ratio(data, signal, incident, source, mode)
    taken = (Taken("I0", names[incident]), Taken(f"{mode} signal", names[signal]))
    return Channel(mode, -np.log(ratio) if mode == "transmission" else ratio, taken, left_out)


def choose_channel(
    names: list[str], energy: np.ndarray, data: np.ndarray, *, mode: Mode, choice: Columns, source: str
) -> tuple[Channel, tuple[str, ...]]:
    """The channel asked for, or in "auto" the usual one unless another is far less noisy; and a word on that.

    Raises
    ------
    DataError
        If no columns make µ.
    """
    if mode == "mu" or choice.mu:
        return _of_mu(names, data, column_at(names, choice.mu, MU, "absorption mu", source)), ()
    if mode != "auto":
        return _of_counts(names, data, choice, mode, source), ()
    named = [_of_mu(names, data, i) for i in _matches(names, MU)]
    if named:
        first = {c.mode: c for c in reversed(named)}
        channels = [first[m] for m in dict.fromkeys(c.mode for c in named)]
        return (named[0], ()) if named[0].mode == "mu" else _least_noisy(energy, channels)
    if find(names, INCIDENT) is None:
        column_at(names, "", MU, "absorption mu", source)
    channels, refused = [], []
    for kind, wanted in (("transmission", TRANSMITTED), ("fluorescence", FLUORESCENCE)):
        if find(names, wanted) is None:
            continue
        try:
            channels.append(_of_counts(names, data, choice, kind, source))
        except DataError as error:
            refused.append(error)
    if not channels:
        if refused:
            raise refused[0]
        column_at(names, "", MU, "absorption mu", source)
    chosen, said = _least_noisy(energy, channels)
    return chosen, (*said, *(f"the other channel was left out: {error}" for error in refused))


def _least_noisy(energy: np.ndarray, channels: list[Channel]) -> tuple[Channel, tuple[str, ...]]:
    """The first channel, unless another is better by `BETTER`; where there are several, the choice is
    said.
    """
    if len(channels) == 1:
        return channels[0], ()
    noise = [relative_noise(energy, c.mu) for c in channels]
    best = int(np.argmin(noise))
    at = best if noise[0] > BETTER * noise[best] else 0
    others = ", ".join(
        f"{c.mode} {100 * n:.2g} %" for c, n in zip(channels, noise, strict=True) if c is not channels[at]
    )
    chosen = channels[at]
    return chosen, (
        f"several channels were measured: {chosen.mode} taken, its noise is {100 * noise[at]:.2g} % "
        f"of the edge step "
        f"({others}); choose with the mode",
    )


def relative_noise(energy: np.ndarray, mu: np.ndarray) -> float:
    """Noise of a point over the edge step, from its distance to the line through its neighbours."""
    good = np.isfinite(energy) & np.isfinite(mu)
    order = np.argsort(energy[good], kind="stable")
    e, m = energy[good][order], mu[good][order]
    if e.size < 20:
        return float("inf")
    span = np.where(e[2:] > e[:-2], e[2:] - e[:-2], 1.0)
    left = (e[2:] - e[1:-1]) / span
    off = (m[1:-1] - left * m[:-2] - (1 - left) * m[2:]) / np.sqrt(1 + left**2 + (1 - left) ** 2)
    noise = 1.4826 * float(np.median(np.abs(off - np.median(off))))
    quarter = max(5, e.size // 6)
    pre, post = np.polyfit(e[:quarter], m[:quarter], 1), np.polyfit(e[-quarter:], m[-quarter:], 1)
    middle = 0.5 * (e[quarter] + e[-quarter])
    step = abs(float(np.polyval(post, middle) - np.polyval(pre, middle)))
    return noise / step if step > 0 else float("inf")
