"""What diffraction and PDF of the refined crystal and of its computed orderings look like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from electrolith.core.errors import InputError
from electrolith.core.units import Unit
from electrolith.crystal.crystal import DisorderedCrystal
from electrolith.crystal.frame import Frame

from .from_crystal import phase_of_crystal
from .instrument import Instrument, TimeOfFlight
from .instrument_words import instrument_from
from .pdf import PdfSettings, pdf
from .pdf_frames import pdf_of_frames
from .phase import Phase, Site
from .simulate import Simulated, simulate

__all__ = ["ComputedPdf", "ComputedScattering", "Scattering", "compute_scattering", "phase_of_frame"]


@dataclass(frozen=True, slots=True)
class Scattering:
    """What to simulate.

    xray, neutron : instruments in words or files, as for `measured.diffraction`; none to leave out.
    two_theta : range, degrees. pdf_range, q_max : of the pair distribution functions.
    orderings : how many of the computed orderings to average. b_iso : where the crystal has none.
    q_damp : damping by the instrument's resolution.
    """

    xray: str | None = "Cu Ka"
    neutron: str | None = "neutron 1.54"
    two_theta: tuple[float, float] = (15.0, 100.0)
    pdf_range: tuple[float, float] = (1.6, 20.0)
    q_max: Annotated[float, Unit("1/angstrom")] = 25.0
    q_damp: Annotated[float, Unit("1/angstrom")] = 0.02
    orderings: int = 10
    b_iso: Annotated[float, Unit("angstrom^2")] = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.two_theta[0] < self.two_theta[1] < 180:
            raise InputError(
                f"scattering: 2θ from {self.two_theta[0]:g} to {self.two_theta[1]:g} is no range"
            )
        if not 0 < self.pdf_range[0] < self.pdf_range[1] <= 100:
            raise InputError(
                f"scattering: r from {self.pdf_range[0]:g} to {self.pdf_range[1]:g} Å is no range"
            )


@dataclass(frozen=True, slots=True, eq=False)
class ComputedPdf:
    """G(r) of the average crystal and of the orderings, 1/Å², on r, shape (n,)."""

    radiation: str
    r: np.ndarray
    average: np.ndarray
    orderings: np.ndarray | None


@dataclass(frozen=True, slots=True, eq=False)
class ComputedScattering:
    """Simulated patterns of the crystal, and of the mean over its orderings on the same abscissa.

    ordered : one curve per pattern, scaled to the same integrated intensity, or None.
    count : orderings that were averaged.
    """

    settings: Scattering
    patterns: tuple[Simulated, ...]
    ordered: tuple[np.ndarray | None, ...]
    pdfs: tuple[ComputedPdf, ...]
    count: int
    notes: tuple[str, ...]


def phase_of_frame(frame: Frame, *, b_iso: dict[str, float], name: str = "ordering") -> Phase:
    """A frame as a phase without symmetry."""
    a, b, c = np.linalg.norm(frame.cell, axis=1)

    def angle(i: int, j: int) -> float:
        u, v = frame.cell[i], frame.cell[j]
        return float(np.degrees(np.arccos(np.clip(u @ v / np.linalg.norm(u) / np.linalg.norm(v), -1, 1))))

    sites = tuple(
        Site(f"{s}{i}", (float(x[0]), float(x[1]), float(x[2])), ((s, 1.0),), b_iso.get(s, 1.0))
        for i, (s, x) in enumerate(zip(frame.symbols, frame.fractional % 1.0, strict=True))
    )
    cell = (float(a), float(b), float(c), angle(1, 2), angle(0, 2), angle(0, 1))
    return Phase(name, cell, np.eye(3, dtype=int)[None], np.zeros((1, 3)), sites, "P 1")


def compute_scattering(
    settings: Scattering, crystal: DisorderedCrystal, frames: tuple[Frame, ...] = ()
) -> ComputedScattering:
    """Simulate X-ray, neutron and PDF of the crystal and of the first frames."""
    phase = phase_of_crystal(crystal, name="crystal", b_iso=settings.b_iso)
    b_iso = {s: site.b_iso for site in phase.sites for s, _ in site.occupancy}
    chosen = frames[: settings.orderings]
    patterns, ordered = [], []
    for name, text in (("X-ray", settings.xray), ("neutron", settings.neutron)):
        if text is None:
            continue
        tool = instrument_from(text)
        low, high = settings.two_theta
        if isinstance(tool, TimeOfFlight):
            low, high = tool.dif_c * 0.5, tool.dif_c * 3.5
        else:
            tool = replace(tool, zero=0.0)
        shown = simulate((phase,), tool, low=low, high=high, points=3000, name=name)
        patterns.append(shown)
        ordered.append(_mean(chosen, b_iso, tool, low, high, name, shown))
    r = np.arange(round(settings.pdf_range[0] / 0.02), round(settings.pdf_range[1] / 0.02) + 1) * 0.02
    pdfs = []
    for radiation in ("xray", "neutron"):
        how = PdfSettings(radiation, q_max=settings.q_max, q_damp=settings.q_damp)  # type: ignore[arg-type]
        mean = pdf_of_frames(chosen, r, how, b_iso=b_iso) if chosen else None
        pdfs.append(ComputedPdf(radiation, r, pdf(phase, r, how), mean))
    notes = tuple(dict.fromkeys(line for p in patterns for s in p.sticks for line in s.tables))
    if chosen:
        notes += (
            f"{len(chosen)} orderings averaged on ideal positions of the crystal's cell, without relaxation; "
            "displacements B as in the crystal",
        )
    return ComputedScattering(settings, tuple(patterns), tuple(ordered), tuple(pdfs), len(chosen), notes)


def _mean(
    frames: tuple[Frame, ...],
    b_iso: dict[str, float],
    tool: Instrument,
    low: float,
    high: float,
    name: str,
    like: Simulated,
) -> np.ndarray | None:
    """Mean pattern of the frames, scaled to the integral of the average crystal's pattern."""
    if not frames:
        return None
    curves = [
        simulate(
            (phase_of_frame(f, b_iso=b_iso),), tool, low=low, high=high, points=len(like.x), name=name
        ).total  # type: ignore[arg-type]
        for f in frames
    ]
    mean = np.mean([c / c.sum() for c in curves], axis=0)
    return np.asarray(mean * like.total.sum())
