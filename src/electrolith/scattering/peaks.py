"""Areas, positions and widths of the peaks of one phase in one histogram."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from electrolith.core.errors import InputError

from .corrections import axial_counts, axial_nodes, capillary_transmission, lorentz_polarisation
from .instrument import ConstantWavelength, Instrument, TimeOfFlight
from .phase import Layout, Phase, cell_matrix, layout
from .profile import gaussian_lorentzian
from .reflections import Reflections, d_spacings, reflections
from .structure_factor import Geometry, SiteSums, geometry, intensities, site_sums
from .tables import Scatterer, scatterers

__all__ = ["Linked", "Peaks", "link", "peak_table"]

_CELL = ("a", "b", "c", "alpha", "beta", "gamma")
# Below these a value means nothing; there the difference is one-sided.
_FLOORS = {
    **dict.fromkeys(("x", "y", "inverse_size", "strain", "mu_r", "beta0", "beta1"), 0.0),
    **dict.fromkeys(("axial", "alpha", "texture"), 1e-6),
}
_STEPS = {
    "a": 1e-5,
    "b": 1e-5,
    "c": 1e-5,
    "alpha": 1e-4,
    "beta": 1e-4,
    "gamma": 1e-4,
    "inverse_size": 1e-7,
    "axial": 1e-5,
}


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """Reflections of a phase within a histogram and their constant parts.

    positions, sums : positions for which the orbit sums were made, reused while they hold.
    """

    reflections: Reflections
    images: Geometry
    layout: Layout
    table: dict[str, Scatterer]
    positions: tuple[tuple[float, float, float], ...]
    sums: tuple[SiteSums, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """Peaks to be drawn, each of shape (n,): area, centre, shape columns, reach to both sides.

    shape : (width, mixing) or (α, β, width, mixing). reflection : row in the reflection list.
    """

    area: np.ndarray
    centre: np.ndarray
    shape: tuple[np.ndarray, ...]
    reach_left: np.ndarray
    reach_right: np.ndarray
    reflection: np.ndarray


def _d_limits(instrument: Instrument, x: np.ndarray) -> tuple[float, float]:
    """Spacings of the first and last point, widened by 2 %, Å."""
    if isinstance(instrument, TimeOfFlight):
        low, high = x[0] / instrument.dif_c, x[-1] / instrument.dif_c
        return max(0.97 * low, 1e-3), 1.03 * high
    shortest = min(w for w, _ in instrument.lines)
    if x[-1] >= 180:
        raise InputError(
            f"2θ reaches {x[-1]:g} degrees; is the abscissa in centidegrees or in time of flight?"
        )
    sine = np.sin(np.radians(np.clip(x[[0, -1]] + [-0.7, 0.7], 0.2, 179.0) / 2))
    return float(shortest / 2 / sine[1]), float(shortest / 2 / sine[0] * 1.01)


def link(
    phase: Phase,
    instrument: Instrument,
    x: np.ndarray,
    ions: Mapping[str, str],
    lengths: Mapping[str, float],
    where: str,
) -> Linked:
    """Reflections of the phase on the abscissa x, with scattering tables for this radiation.

    Raises
    ------
    InputError
        If the phase has no reflection there.
    """
    low, high = _d_limits(instrument, x)
    found = reflections(phase, d_min=low, d_max=high)
    if not len(found.d):
        raise InputError(
            f"{where}: phase {phase.name} has no reflection between d = {low:.3g} and {high:.3g} Å; "
            "check the abscissa, the wavelength and the cell"
        )
    wavelength = instrument.wavelength if isinstance(instrument, ConstantWavelength) else None
    table = scatterers(
        phase.species, radiation=instrument.radiation, wavelength=wavelength, ions=ions, lengths=lengths
    )
    images = geometry(phase, found.hkl)
    positions = tuple(s.position for s in phase.sites)
    symmetry = layout(phase)
    sums = tuple(
        site_sums(phase, s, images, v, n)
        for s, v, n in zip(phase.sites, symmetry.directions, symmetry.multiplicities, strict=True)
    )
    return Linked(found, images, symmetry, table, positions, sums)


def _sums_at(linked: Linked, phase: Phase) -> tuple[SiteSums, ...]:
    symmetry = linked.layout
    return tuple(
        linked.sums[i]
        if site.position == linked.positions[i]
        else site_sums(phase, site, linked.images, symmetry.directions[i], symmetry.multiplicities[i])
        for i, site in enumerate(phase.sites)
    )


def peak_table(
    linked: Linked, phase: Phase, instrument: Instrument, histogram: str, names: tuple[str, ...]
) -> tuple[Peaks, dict[str, Peaks]]:
    """Peaks at unit scale, and their derivatives to the parameters in `names`.

    Occupancies, B and positions by the analytic derivative of |F|²; cell and instrument by a central
    step, which costs next to nothing because it acts on the short list of peaks, not on the points.
    """
    sums = _sums_at(linked, phase)
    d = d_spacings(linked.reflections.hkl, phase.cell)
    strength, gradient = intensities(phase, sums, linked.table, d, gradient=bool(names))
    counts = _nodes(phase, instrument, d)  # the same for all steps of the derivatives
    table = _peaks(linked, phase, instrument, d, strength, counts)
    slopes = {}
    for name in names:
        key = name.split("/", 1)[1] if name.startswith(phase.name + "/") else ""
        if key in gradient:
            factor = _peaks(linked, phase, instrument, d, gradient[key], counts).area
            still = np.zeros_like(factor)
            slopes[name] = replace(
                table,
                area=factor,
                centre=still,
                shape=tuple(still for _ in table.shape),
                reach_left=still,
                reach_right=still,
            )
        else:
            slopes[name] = _step(linked, phase, instrument, sums, name.rsplit("/", 1)[1], bool(key), counts)
    return table, slopes


def _step(
    linked: Linked,
    phase: Phase,
    instrument: Instrument,
    sums: tuple[SiteSums, ...],
    field: str,
    of_phase: bool,
    counts: tuple[np.ndarray, ...],
) -> Peaks:
    """Central difference of the peaks to one parameter of the phase or the instrument."""
    if of_phase and field in _CELL:
        now = phase.cell[_CELL.index(field)]
        step = _STEPS[field] * (now if field in "abc" else 1.0)
    else:
        now = getattr(phase if of_phase else instrument, field)
        step = _STEPS.get(field, 1e-6) + 1e-5 * abs(now)
    sides = []
    low = max(now - step, _FLOORS[field]) if field in _FLOORS else now - step
    for value in (now + step, low):
        other, tool = phase, instrument
        if of_phase:
            other = (
                _with_cell(phase, linked.layout.ties[field], value)
                if field in _CELL
                else replace(phase, **cast("Any", {field: value}))
            )
        else:
            tool = replace(instrument, **cast("Any", {field: value}))
        d = d_spacings(linked.reflections.hkl, other.cell)
        strength, _ = intensities(other, sums, linked.table, d)
        sides.append(_peaks(linked, other, tool, d, strength, counts))
    up, down = sides

    def change(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray((a - b) / (now + step - low))

    return replace(
        up,
        area=change(up.area, down.area),
        centre=change(up.centre, down.centre),
        shape=tuple(change(a, b) for a, b in zip(up.shape, down.shape, strict=True)),
        reach_left=change(up.reach_left, down.reach_left),
        reach_right=change(up.reach_right, down.reach_right),
    )


def _with_cell(phase: Phase, tied: tuple[str, ...], value: float) -> Phase:
    cell = list(phase.cell)
    for name in tied:
        cell[_CELL.index(name)] = value
    return replace(phase, cell=tuple(cell))


def _peaks(
    linked: Linked,
    phase: Phase,
    instrument: Instrument,
    d: np.ndarray,
    strength: np.ndarray,
    counts: tuple[np.ndarray, ...],
) -> Peaks:
    area = linked.reflections.multiplicity * strength
    if phase.texture_axis is not None and phase.texture != 1.0:
        area = area * _march_dollase(linked, phase)
    if isinstance(instrument, TimeOfFlight):
        return _tof_peaks(phase, instrument, d, area)
    return _cw_peaks(phase, instrument, d, area, counts)


def _march_dollase(linked: Linked, phase: Phase) -> np.ndarray:
    """Mean of (r² cos² α + sin² α/r)^(-3/2) over equivalent planes, α their angle to the axis."""
    reciprocal = np.linalg.inv(cell_matrix(phase.cell)).T
    planes = linked.images.hr @ reciprocal
    axis = np.asarray(phase.texture_axis, float) @ reciprocal
    cosine2 = (planes @ axis) ** 2 / np.sum(planes**2, axis=2) / np.dot(axis, axis)
    r = phase.texture
    return np.asarray(((r**2 * cosine2 + (1 - cosine2) / r) ** -1.5).mean(axis=0))


def _tof_peaks(phase: Phase, tool: TimeOfFlight, d: np.ndarray, area: np.ndarray) -> Peaks:
    centre = tool.zero + tool.dif_c * d + tool.dif_a * d**2 + tool.dif_b / d
    alpha, beta = tool.alpha / d, tool.beta0 + tool.beta1 / d**4 + tool.betaq / d**2
    variance = np.maximum(tool.s0 + tool.s1 * d**2 + tool.s2 * d**4 + tool.sq * d, 1.0)
    lorentz = np.maximum(
        tool.x * d**2 + tool.y * d + tool.z + tool.dif_c * (phase.inverse_size * d**2 + phase.strain * d), 0.0
    )
    sine = np.sin(np.radians(tool.bank_angle / 2))
    area = area * d**4 * sine * np.exp(-tool.absorption * 2 * d * sine)
    width, eta = gaussian_lorentzian(np.sqrt(8 * np.log(2) * variance), lorentz)
    tail = 6 * np.sqrt(variance) + 45 * lorentz
    return Peaks(
        area,
        centre,
        (alpha, beta, width, eta),
        tail + 12 / alpha,
        tail + 14 / beta,
        np.arange(len(d)),
    )


def _displaced(theta: np.ndarray, tool: ConstantWavelength) -> np.ndarray:
    """Path by which a displaced specimen moves its rays at the detector, mm."""
    if tool.geometry == "reflection":
        return np.asarray(2 * tool.displacement * np.cos(theta))
    if tool.geometry == "transmission":
        return np.asarray(2 * tool.displacement * np.sin(theta))
    return np.asarray(tool.displacement * np.cos(2 * theta) - tool.offset * np.sin(2 * theta))


def _bragg(wavelength: float, d: np.ndarray) -> np.ndarray:
    """θ in radians; what lies beyond backscattering is put there."""
    return np.asarray(np.arcsin(np.minimum(wavelength / 2 / d, 0.99999)))


def _widths(
    phase: Phase, tool: ConstantWavelength, wavelength: float, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian and Lorentzian full widths, degrees."""
    tangent, cosine = np.tan(theta), np.cos(theta)
    gauss = np.sqrt(np.maximum(tool.u * tangent**2 + tool.v * tangent + tool.w, 1e-8))
    lorentz = tool.x / cosine + tool.y * tangent
    lorentz = lorentz + np.degrees(wavelength * phase.inverse_size / cosine + 2 * phase.strain * tangent)
    return gauss, np.maximum(lorentz, 0.0)


def _nodes(phase: Phase, tool: Instrument, d: np.ndarray) -> tuple[np.ndarray, ...]:
    """Into how many peaks the axial divergence splits each reflection of each line."""
    if not isinstance(tool, ConstantWavelength):
        return ()
    out = []
    for wavelength, _ in tool.lines:
        theta = _bragg(wavelength, d)
        width, _ = gaussian_lorentzian(*_widths(phase, tool, wavelength, theta))
        out.append(axial_counts(2 * theta, tool.axial, np.radians(width)))
    return tuple(out)


def _cw_peaks(
    phase: Phase,
    tool: ConstantWavelength,
    d: np.ndarray,
    area: np.ndarray,
    counts: tuple[np.ndarray, ...],
) -> Peaks:
    parts = []
    total = sum(weight for _, weight in tool.lines)
    for (wavelength, weight), nodes in zip(tool.lines, counts, strict=True):
        theta = _bragg(wavelength, d)
        gauss, lorentz = _widths(phase, tool, wavelength, theta)
        width, eta = gaussian_lorentzian(gauss, lorentz)
        factor = lorentz_polarisation(
            theta,
            unpolarised=tool.unpolarised,
            monochromator=tool.monochromator,
            neutron=tool.radiation == "neutron",
        )
        factor = factor * capillary_transmission(theta, tool.mu_r) * (wavelength / 2 / d < 0.99999)
        shift = tool.zero - np.degrees(_displaced(theta, tool) / tool.radius)
        for count in np.unique(nodes):
            mine = np.flatnonzero(nodes == count)
            moves, shares = axial_nodes(2 * theta[mine], tool.axial, int(count))
            centre = np.degrees(2 * theta[mine, None] + moves) + shift[mine, None]
            strength = (weight / total) * (area * factor)[mine, None] * shares
            again = np.repeat(mine, moves.shape[1])
            parts.append((strength.ravel(), centre.ravel(), width[again], eta[again], again))
    strength, centre, width, eta, owner = (np.concatenate(column) for column in zip(*parts, strict=True))
    reach = (4.0 + 21.0 * np.clip(eta / 0.1, 0.0, 1.0)) * width
    return Peaks(strength, centre, (width, eta), reach, reach, owner)
