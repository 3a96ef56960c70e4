"""Measured pair distribution functions to fits, and beside them the computed orderings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.crystal.frame import Frame

from .distances import PeakOfG, assign_peaks
from .from_structure_function import pdf_from_structure_function
from .pdf import PdfSettings, Split
from .pdf_fit import PdfFit, fit_ranges
from .pdf_frames import pdf_of_frames
from .phase import Phase
from .read_gr import PdfData, read_gr
from .read_sq import is_structure_function, read_sq

__all__ = ["OrderedPdf", "PairDistribution", "PdfFilesSettings", "Transform", "fit_pdf_files", "open_pdf"]


@dataclass(frozen=True, slots=True)
class PdfFilesSettings:
    """Measured pair distribution functions.

    files : .gr, or S(Q) and F(Q) (.sq, .fq, or any file with structure_function), which are transformed.
    structure_function : what the second column of such files is. q_min, q_max : part of Q that is used.
    ranges : of the fits, Å. radiation, q_max : where the file does not state them.
    split : labels of two sites whose nearest distance is resolved by species, "Li1 X1".
    q_damp, q_broad : resolution of the instrument; fitted too where the range tells.
    convention : "pdffit" draws a shell in the radial distribution and divides by r at each point,
        "srreal" divides by the distance of the pair.
    free : names of the parameters to fit; without them all that the range can tell.
    """

    files: tuple[Path, ...]
    ranges: tuple[tuple[float, float], ...] = ((1.6, 50.0), (1.6, 6.0), (6.0, 50.0))
    radiation: Literal["xray", "neutron"] | None = None
    q_max: Annotated[float | None, Unit("1/angstrom")] = None
    q_damp: Annotated[float, Unit("1/angstrom")] = 0.02
    q_broad: Annotated[float, Unit("1/angstrom")] = 0.0
    convention: Literal["pdffit", "srreal"] = "pdffit"
    free: tuple[str, ...] | None = None
    split: str | None = None
    structure_function: Literal["S", "F"] | None = None
    q_min: Annotated[float, Unit("1/angstrom")] = 0.0

    def __post_init__(self) -> None:
        if not self.files:
            raise InputError("pdf: no G(r) file given")
        for low, high in self.ranges:
            if not 0 <= low < high:
                raise InputError(f"pdf: range {low:g} to {high:g} Å is empty")
        if self.split is not None and len(self.split.split()) != 2:
            raise InputError(f"pdf: split {self.split!r} must name two sites, as in 'Li1 X1'")


@dataclass(frozen=True, slots=True, eq=False)
class OrderedPdf:
    """Computed orderings against a measured G(r): only the scale is fitted, B and cell come from the fit.

    r, calculated : shape (n,). r_w : of each fitted range, for the orderings. count : frames averaged.
    """

    r: np.ndarray
    calculated: np.ndarray
    r_w: tuple[float, ...]
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Transform:
    """What became of an S(Q). q : 1/Å, s : shape (n,); r : Å, g and softened (Lorch window) : shape (m,)."""

    q: np.ndarray
    s: np.ndarray
    r: np.ndarray
    g: np.ndarray
    softened: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class PairDistribution:
    """Fits of all files.

    ordered : per file the curve of the computed orderings and its R_w by range, or None.
    peaks : per file the maxima of the near range with the distances that make them.
    transforms : per file what it was made from, None where the file held G(r).
    """

    settings: PdfFilesSettings
    names: tuple[str, ...]
    fits: tuple[PdfFit, ...]
    notes: tuple[tuple[str, ...], ...]
    ordered: tuple[OrderedPdf | None, ...] = ()
    peaks: tuple[tuple[PeakOfG, ...], ...] = ()
    transforms: tuple[Transform | None, ...] = ()


def fit_pdf_files(
    settings: PdfFilesSettings, crystal: Phase, frames: tuple[Frame, ...] = ()
) -> PairDistribution:
    """Fit every G(r) over every range that its data reach; compare it with computed frames.

    Parameters
    ----------
    frames : orderings, or snapshots of dynamics, of the same material; the first twelve are averaged.

    Raises
    ------
    InputError
        If radiation or q_max are neither in the file nor given.
    """
    fits: list[PdfFit] = []
    notes: list[tuple[str, ...]] = []
    ordered: list[OrderedPdf | None] = []
    peaks: list[tuple[PeakOfG, ...]] = []
    transforms: list[Transform | None] = []
    for path in settings.files:
        data, made = open_pdf(path, settings)
        radiation, q_max = settings.radiation or data.radiation, settings.q_max or data.q_max
        if radiation is None or q_max is None:
            raise InputError(
                f"{path}: states no {'radiation' if radiation is None else 'q_max'}; give it in the settings"
            )
        how = PdfSettings(
            radiation,
            q_min=settings.q_min if made is not None else 0.0,
            q_max=q_max,
            q_damp=settings.q_damp,
            q_broad=settings.q_broad,
            convention=settings.convention,
        )
        split = None
        if settings.split is not None:
            first, second = settings.split.split()
            split = Split(first, second, 0.05)
        ranges = tuple(
            (max(low, data.r[0]), min(high, data.r[-1])) for low, high in settings.ranges if low < data.r[-1]
        )
        fits.append(fit_ranges(data, crystal, how, ranges=ranges, free=settings.free, split=split))
        notes.append((*data.notes, f"{fits[-1].engine}; q_damp starts at {how.q_damp:g} 1/Å"))
        peaks.append(assign_peaks(fits[-1]))
        transforms.append(made)
        ordered.append(_against_frames(data, fits[-1], how, frames[:12]) if frames else None)
    names = tuple(p.stem for p in settings.files)
    return PairDistribution(
        settings, names, tuple(fits), tuple(notes), tuple(ordered), tuple(peaks), tuple(transforms)
    )


STEP = 0.02
"""Å, of a G(r) that is made from S(Q)."""


def open_pdf(path: Path, settings: PdfFilesSettings) -> tuple[PdfData, Transform | None]:
    """The G(r) of a file, transformed where it holds S(Q); then also what it was made from."""
    if settings.structure_function is None and not is_structure_function(path):
        return read_gr(path), None
    found = read_sq(path, kind=settings.structure_function)
    end = min(settings.q_max or found.q_max or float(found.q[-1]), float(found.q[-1]))
    used = (found.q >= settings.q_min) & (found.q <= end)
    reach = np.pi / float(np.diff(found.q[used]).max())
    far = min(max(high for _, high in settings.ranges), reach)
    r = STEP * np.arange(1, int(far / STEP * (1 - 1e-9)) + 1)
    sigma = found.sigma if np.all(np.isfinite(found.sigma[used])) else None
    g, error = pdf_from_structure_function(found.q, found.s, r, sigma=sigma, q_min=settings.q_min, q_max=end)
    soft, _ = pdf_from_structure_function(
        found.q, found.s, r, q_min=settings.q_min, q_max=end, window="lorch"
    )
    notes = (*found.notes, f"transformed from {settings.q_min:g} to {end:.4g} 1/Å without a window")
    data = PdfData(r, g, error, end, settings.q_min, found.radiation, found.source, notes)
    return data, Transform(found.q, found.s, r, g, soft)


def _against_frames(data: PdfData, fit: PdfFit, how: PdfSettings, frames: tuple[Frame, ...]) -> OrderedPdf:
    """The mean over frames, brought to the fitted cell, beside the data."""
    widest = max(fit.ranges, key=lambda r: r.high - r.low)
    far = min(widest.high, 20.0)
    keep = (data.r >= widest.low) & (data.r <= far)
    r = data.r[keep]
    values = widest.values
    how = replace(how, delta2=max(values["delta2"], 0.0), q_damp=max(values["q_damp"], 0.0))
    b_iso = {s: values[f"{site.label}/B"] for site in fit.phase.sites for s, _ in site.occupancy}
    factor = values["a"] / fit.phase.cell[0] if "a" in values else 1.0
    moved = tuple(replace(f, positions=f.positions * factor, cell=f.cell * factor) for f in frames)
    curve = pdf_of_frames(moved, r, how, b_iso=b_iso)
    observed = data.g[keep]
    curve = curve * float(curve @ observed / (curve @ curve))
    shares = []
    for item in fit.ranges:
        part = (r >= item.low) & (r <= item.high)
        wrong, whole = np.sum((observed - curve)[part] ** 2), np.sum(observed[part] ** 2)
        shares.append(float(np.sqrt(wrong / whole)) if part.any() else float("nan"))
    return OrderedPdf(r, curve, tuple(shares), len(frames))
