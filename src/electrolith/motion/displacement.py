"""Mean square displacement: accumulated while the atoms move, and by FFT from a stored trajectory.

Both average over every time origin of the sampled grid, so they agree to rounding at every lag they share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from electrolith.core.errors import InputError

__all__ = ["Accumulator", "Curves", "log_lags", "msd_direct", "msd_fft", "relative_to"]

Array = NDArray[np.float64]

FFT_BLOCK_BYTES = 64 * 2**20
LAGS_AT_ONCE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Mean square displacements against lag time.

    lag : fs, shape (n_lags,).
    groups : names of the groups of atoms ("Li", ...), one per column of `msd`.
    msd : Å², mean over the atoms of a group and over origins, shape (n_lags, n_groups).
    collective : Å², square of the summed displacement of the mobile ions over their number, mean over
        origins, shape (n_lags,). Equal to the self part where ions move independently.
    origins : number of time origins behind each lag, shape (n_lags,).
    """

    lag: Array
    groups: tuple[str, ...]
    msd: Array
    collective: Array
    origins: NDArray[np.int64]

    def of(self, group: str) -> Array:
        """The curve of one group, Å², shape (n_lags,)."""
        if group not in self.groups:
            raise InputError(f"no displacement of {group!r}; groups: {', '.join(self.groups)}")
        return self.msd[:, self.groups.index(group)]


def log_lags(longest: int, number: int = 32) -> NDArray[np.int64]:
    """At most `number` whole lags from 1 to `longest`, evenly spaced in the logarithm."""
    return np.unique(np.round(np.geomspace(1, max(longest, 1), number)).astype(np.int64))


def relative_to(positions: Array, atoms: NDArray[np.bool_], masses: Array) -> Array:
    """Positions seen from the centre of mass of `atoms` (the framework), which takes out every drift.

    Parameters
    ----------
    positions : unwrapped, Å, shape (..., n, 3).
    atoms : which atoms make the reference, shape (n,).
    masses : amu, shape (n,).
    """
    if not atoms.any():
        raise InputError(
            "every atom is mobile: there is no framework to measure displacements against; "
            "name the mobile element so that others remain"
        )
    weight = np.where(atoms, masses, 0.0) / masses[atoms].sum()
    return np.asarray(positions - np.einsum("i,...ij->...j", weight, positions)[..., None, :])


class Accumulator:
    r"""Mean square displacement while MD runs, exact over all origins, in bounded memory.

    .. math:: MSD(k) = \langle |r_i(t_0 + k) - r_i(t_0)|^2 \rangle_{i, t_0}

    A ring holds the last `longest` frames; each new frame is compared with every one of them. Memory is
    `longest` × n_atoms × 56 bytes, whatever the length of the run: every frame is written twice, so that the
    last ones always lie in a row, and its squares once. `add` edits the ring in place (a copy
    per frame would cost more than the sums) and therefore returns nothing.

    Beside the mean, the squared displacements of every mobile ion are kept at a few log-spaced lags and
    in blocks of origins: the scatter between ions and between blocks is what the error of D is made from.
    """

    def __init__(
        self,
        *,
        groups: NDArray[np.int64],
        mobile: NDArray[np.bool_],
        longest: int,
        block: int,
        resolved: NDArray[np.int64] | None = None,
    ) -> None:
        """Start empty.

        Parameters
        ----------
        groups : index of the group each atom is averaged in, shape (n,).
        mobile : which atoms carry the charge, shape (n,).
        longest : longest lag, frames.
        block : origins per block, frames.
        resolved : lags (frames) kept per ion and block; None: 32 from 1 to `longest`.
        """
        if longest < 1 or block < 1:
            raise InputError(f"longest lag and block must be at least one frame, got {longest} and {block}")
        self.groups = np.asarray(groups, dtype=np.int64)
        self.mobile = np.flatnonzero(mobile)
        self.longest = int(longest)
        self.block = int(block)
        self.resolved = log_lags(longest) if resolved is None else np.asarray(resolved, dtype=np.int64)
        n_groups = int(self.groups.max()) + 1
        self.members = np.zeros((self.groups.size, n_groups))
        self.members[np.arange(self.groups.size), self.groups] = 1.0
        self.frames = 0
        self.ring = np.zeros((2 * self.longest, self.groups.size, 3))
        self.totals = np.zeros((2 * self.longest, 3))
        self.square = np.zeros((self.longest, self.groups.size))
        self.step = np.zeros((LAGS_AT_ONCE, self.groups.size, 3))
        self.sums = np.zeros((self.longest, n_groups))
        self.collective = np.zeros(self.longest)
        self.counts = np.zeros(self.longest, dtype=np.int64)
        self.ions = np.zeros((1, self.mobile.size + 1, self.resolved.size))
        self.ion_counts = np.zeros((1, self.resolved.size), dtype=np.int64)

    def add(self, positions: Array) -> None:
        """Take one frame of unwrapped, drift-free positions, Å, shape (n, 3)."""
        have = min(self.frames, self.longest)
        if have:
            end = (self.frames - 1) % self.longest + self.longest + 1
            newest_first = slice(end - 1, end - have - 1, -1)
            square = self._squares(self.ring[newest_first], positions)
            total = positions[self.mobile].sum(axis=0) - self.totals[newest_first]
            charge = np.einsum("kj,kj->k", total, total)
            self.sums[:have] += square @ self.members
            self.collective[:have] += charge
            self.counts[:have] += 1
            self._add_resolved(square, charge)
        self._remember(positions)

    def _remember(self, positions: Array) -> None:
        """Write a frame to both halves of the ring."""
        place = self.frames % self.longest
        for at in (place, place + self.longest):
            self.ring[at] = positions
            self.totals[at] = positions[self.mobile].sum(axis=0)
        self.frames += 1

    def _squares(self, earlier: Array, now: Array) -> Array:
        """Squared displacement of every atom since every earlier frame, a few lags at a time in cache."""
        have = len(earlier)
        for begin in range(0, have, LAGS_AT_ONCE):
            end = min(begin + LAGS_AT_ONCE, have)
            step = np.subtract(earlier[begin:end], now, out=self.step[: end - begin])
            np.einsum("kij,kij->ki", step, step, out=self.square[begin:end])
        return self.square[:have]

    def _add_resolved(self, square: Array, charge: Array) -> None:
        """Book the squares of each ion at the chosen lags under the block of their origin."""
        lags = self.resolved[self.resolved <= len(square)]
        blocks = (self.frames - lags) // self.block
        missing = int(blocks.max(initial=0)) + 1 - len(self.ions)
        if missing > 0:
            self.ions = np.concatenate([self.ions, np.zeros((missing, *self.ions.shape[1:]))])
            self.ion_counts = np.concatenate(
                [self.ion_counts, np.zeros((missing, self.resolved.size), dtype=np.int64)]
            )
        column = np.arange(lags.size)
        self.ions[blocks, :-1, column] += square[lags - 1][:, self.mobile]
        self.ions[blocks, -1, column] += charge[lags - 1]
        self.ion_counts[blocks, column] += 1

    def curves(self, *, interval: float, names: tuple[str, ...]) -> Curves:
        """The averages so far; `interval` is the time between frames in fs."""
        have = int((self.counts > 0).sum())
        counts = self.counts[:have]
        atoms = self.members.sum(axis=0)
        return Curves(
            lag=np.asarray(interval * np.arange(1, have + 1), dtype=np.float64),
            groups=names,
            msd=self.sums[:have] / counts[:, None] / atoms,
            collective=self.collective[:have] / counts / max(self.mobile.size, 1),
            origins=counts.copy(),
        )

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything that changes, for a checkpoint; the unfilled part of the ring is left out."""
        return {
            "frames": np.array(self.frames),
            "ring": self.ring[: min(self.frames, self.longest)].copy(),
            "totals": self.totals[: min(self.frames, self.longest)].copy(),
            "sums": self.sums.copy(),
            "collective": self.collective.copy(),
            "counts": self.counts.copy(),
            "ions": self.ions.copy(),
            "ion_counts": self.ion_counts.copy(),
        }

    def restore(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Continue from what `state` gave."""
        self.frames = int(state["frames"])
        for name, whole in (("ring", self.ring), ("totals", self.totals)):
            part = np.asarray(state[name], dtype=float)
            whole[: len(part)] = whole[self.longest : self.longest + len(part)] = part
        self.sums = np.array(state["sums"], dtype=float)
        self.collective = np.array(state["collective"], dtype=float)
        self.counts = np.array(state["counts"], dtype=np.int64)
        self.ions = np.array(state["ions"], dtype=float)
        self.ion_counts = np.array(state["ion_counts"], dtype=np.int64)


def msd_fft(positions: Array, *, longest: int | None = None, block_bytes: int = FFT_BLOCK_BYTES) -> Array:
    r"""Mean square displacement over all origins, averaged over the atoms given, by FFT.

    .. math:: MSD(k) = \frac{1}{N-k}\sum_t [r^2(t) + r^2(t+k)] - 2 \frac{1}{N-k}\sum_t r(t) r(t+k)

    The autocorrelation is summed over coordinates as power spectra, so one inverse transform serves all
    atoms; the padding covers only the lags wanted. Blocks of coordinates bound the memory beside the
    input to about `block_bytes`.

    Parameters
    ----------
    positions : unwrapped, Å, shape (n_frames, n_atoms, 3).
    longest : longest lag, frames; None: n_frames - 1.

    Returns
    -------
    Å², shape (longest + 1,), lag 0 first.

    Source: Calandrini et al., Collection SFN 12, 201 (2011).
    """
    positions = np.asarray(positions)
    if positions.ndim != 3 or positions.shape[2] != 3:
        raise InputError(f"positions must have shape (n_frames, n_atoms, 3), got {positions.shape}")
    frames, atoms = positions.shape[:2]
    longest = frames - 1 if longest is None else longest
    if not 0 <= longest < frames:
        raise InputError(f"longest lag {longest} does not fit a trajectory of {frames} frames")
    size = fft.next_fast_len(frames + longest, real=True)
    columns = positions.reshape(frames, -1)
    width = max(1, int(block_bytes // (32 * size)))
    power = np.zeros(size // 2 + 1)
    square = np.zeros(frames)
    for start in range(0, columns.shape[1], width):
        block = np.ascontiguousarray(columns[:, start : start + width].T, dtype=float)
        block -= block.mean(axis=1, keepdims=True)
        square += np.einsum("ij,ij->j", block, block)
        spectrum = fft.rfft(block, n=size, axis=1, overwrite_x=True)
        power += np.einsum("ij,ij->j", spectrum.real, spectrum.real)
        power += np.einsum("ij,ij->j", spectrum.imag, spectrum.imag)
    correlation = fft.irfft(power, n=size)[: longest + 1]
    running = np.concatenate([[0.0], np.cumsum(square)])
    lag = np.arange(longest + 1)
    both = running[frames - lag] + running[frames] - running[lag]
    msd = (both - 2.0 * correlation) / (frames - lag) / atoms
    msd[0] = 0.0
    return np.asarray(msd)


def msd_direct(positions: Array, lags: NDArray[np.int64]) -> Array:
    """The same by its definition, lag by lag (slow and obvious); Å², shape (len(lags),)."""
    return np.array(
        [np.mean(np.sum((positions[k:] - positions[: len(positions) - k]) ** 2, axis=2)) for k in lags]
    )
