"""Spin-lattice relaxation in the study: T1, what its temperature dependence supports, local against
long-range.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from electrolith.core.account import account_notes
from electrolith.core.constants import BOLTZMANN
from electrolith.core.files import sha256
from electrolith.lab.impedance.pellet import PelletImpedance
from electrolith.lab.nmr.analysis import NmrResult, NmrSettings, measure_relaxation
from electrolith.lab.nmr.recovery import RecoveryFit
from electrolith.lab.nmr.relaxation import (
    ActivationComparison,
    Relaxation,
    compare_activation,
    relaxation_rate,
)
from electrolith.motion.conductivity import Conductivity
from electrolith.motion.diffusivities import Diffusivities
from electrolith.study.figure import Axis, Figure, Layer, Line, Points, Role
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Section, Table
from electrolith.study.settings import Files
from electrolith.study.wiring import Stage

__all__ = ["SECTION", "LocalMotion", "MeasuredNmr", "nmr_parts", "nmr_relaxation"]

_ROLES: tuple[Role, ...] = ("measured", "computed", "second", "third", "fourth", "published")


@dataclass(frozen=True)
class MeasuredNmr(NmrSettings):
    """NMR records of one sample: experiment folders or tables, in the order of `temperatures`."""

    files: Files


@dataclass(frozen=True, eq=False)
class LocalMotion:
    """Local motion (NMR) beside long-range motion of the same study.

    comparisons : (with what, comparison). jumps : (T in K, jump rate by NMR, by molecular dynamics), 1/s.
    """

    comparisons: tuple[tuple[str, ActivationComparison], ...]
    jumps: tuple[tuple[float, float, float], ...]


def nmr_relaxation(settings: MeasuredNmr) -> NmrResult:
    """T1 of every record and T1(T)."""
    return measure_relaxation(settings)


def local_motion(
    settings: MeasuredNmr,
    nmr: NmrResult,
    conductivity: Conductivity | None,
    diffusivities: Diffusivities | None,
    impedance: PelletImpedance | None,
) -> LocalMotion:
    """Local activation energy and jump rates beside those of dynamics and impedance, where the study has
    them.
    """
    found = nmr.relaxation
    if found is None or found.flank == "undecided":
        return LocalMotion((), ())
    pairs = []
    if conductivity is not None:
        pairs.append(
            (
                "molecular dynamics",
                compare_activation(found.activation_energy, conductivity.activation_energy),
            )
        )
    if impedance is not None and impedance.series is not None:
        total = impedance.series.parts[0].activation_energy
        pairs.append(("impedance", compare_activation(found.activation_energy, total)))
    return LocalMotion(tuple(pairs), _jumps(settings, found, diffusivities))


def _jumps(
    settings: MeasuredNmr, found: Relaxation, diffusivities: Diffusivities | None
) -> tuple[tuple[float, float, float], ...]:
    """Jump rates at the temperatures of dynamics: 1/τ of the BPP law, and 6D/a²."""
    hop = settings.law.hop_distance
    if found.bpp is None or diffusivities is None or hop is None:
        return ()
    _, prefactor, energy, _ = found.bpp
    return tuple(
        (
            d.temperature,
            float(np.exp(-energy.value / (BOLTZMANN * d.temperature)) / prefactor.value),
            6 * d.value * 1e-4 / hop**2,
        )
        for d in diffusivities.trusted
    )


def folder_contents(**settings: object) -> str:
    """Checksums of the files in experiment folders, which are not files themselves."""
    chosen = next(v for v in settings.values() if isinstance(v, MeasuredNmr))
    names = ("ser", "acqus", "acqu2s", "vdlist", "fid", "procpar")
    inside = [Path(path) / name for path in chosen.files for name in names]
    lines = [f"{file.name} {sha256(file)}" for file in inside if file.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def evidence(results: Results) -> tuple[Evidence, ...]:
    """T1 nearest to room temperature and the activation energy that may be claimed."""
    found = results.get(NmrResult)
    return () if found is None else nmr_evidence(found)


def nmr_evidence(found: NmrResult) -> tuple[Evidence, ...]:
    """Rows of the headline table."""
    rows = []
    room = np.abs(found.temperatures - 298.15)
    if np.any(room < 8):
        fit = found.fits[int(np.nanargmin(room))]
        kelvin = found.temperatures[int(np.nanargmin(room))]
        rows.append(
            Evidence(
                "nmr_t1", "T₁", fit.relaxation_time, "measured", "NMR", note=f"{fit.form}, {kelvin:.0f} K"
            )
        )
    series = found.relaxation
    if series is not None and series.flank != "undecided":
        which = "both flanks" if series.flank == "both" else f"{series.flank} flank only"
        rows.append(
            Evidence(
                "nmr_activation_energy",
                "Eₐ (NMR)",
                series.activation_energy,
                "measured",
                "NMR",
                note=f"1/T₁, {which}",
            )
        )
    return tuple(rows)


def parts(results: Results) -> tuple[Part, ...]:
    """NMR's part of the report."""
    found = results.get(NmrResult)
    if found is None:
        return ()
    (part,) = nmr_parts(found)
    local = results.get(LocalMotion)
    if local is None or not (local.comparisons or local.jumps):
        return (part,)
    notes = [f"Beside {name}: {c.statement}" for name, c in local.comparisons]
    tables = list(part.tables)
    if local.jumps:
        rows = tuple((printed(t, ".0f"), printed(a, ".3g"), printed(b, ".3g")) for t, a, b in local.jumps)
        tables.append(Table(("T / K", "jump rate by NMR / s⁻¹", "by molecular dynamics / s⁻¹"), rows))
    return (replace(part, notes=(*part.notes, *notes), tables=tuple(tables)),)


def nmr_parts(found: NmrResult) -> tuple[Part, ...]:
    """The part of the report, or of the command's page."""
    figures = [_recoveries(found)]
    if found.relaxation is not None:
        figures.append(_rates(found.relaxation))
        sentence = found.relaxation.statement
    else:
        sentence = f"T₁ of {len(found.fits)} record(s); {found.no_relaxation}."
    warnings = [f"{_name(f)}: {w}" for f in found.fits for w in f.warnings]
    bias = [f.two_parameter_bias for f in found.fits if np.isfinite(f.two_parameter_bias)]
    notes = []
    if bias:
        notes.append(
            f"The two-parameter form, which takes the inversion for perfect, would shift T₁ by "
            f"{100 * min(bias):.0f} to {100 * max(bias):.0f} % on these data."
        )
    accounts = [f.recovery.account for f in found.fits if f.recovery.account is not None]
    return (
        Part(
            "NMR relaxation",
            sentence,
            tuple(figures),
            (_table(found),),
            (*warnings, *(w for a in accounts for w in (*a.warnings, *a.left_out))),
            (*notes, *account_notes(replace(a, left_out=()) for a in accounts)),
        ),
    )


def _name(fit: RecoveryFit) -> str:
    return Path(fit.recovery.source).name


def _table(found: NmrResult) -> Table:
    rows = tuple(
        (
            _name(f),
            printed(t, ".1f"),
            f.relaxation_time,
            f.inversion,
            f.stretching if f.form == "stretched" else 1,
            printed(100 * f.two_parameter_bias, ".0f", "%"),
            f.error_from,
        )
        for f, t in zip(found.fits, found.temperatures, strict=True)
    )
    columns = ("record", "T / K", "T₁", "B/A", "β", "two-parameter bias", "error from")
    return Table(columns, rows, "S(t) = A − B exp(−(t/T₁)^β); intervals hold 68 %.")


def _recoveries(found: NmrResult) -> Figure:
    layers: list[Layer] = []
    for fit, role in zip(_some(found.fits), _ROLES, strict=False):
        scale = float(np.abs(fit.recovery.signal).max())
        shown = fit.recovery.delays > 0
        grid = np.geomspace(fit.recovery.delays[shown].min() / 2, fit.recovery.delays.max() * 1.5, 200)
        layers.append(Line(grid, fit.curve(grid) / scale, "", role))
        layers.append(
            Points(fit.recovery.delays[shown], fit.recovery.signal[shown] / scale, _name(fit), role)
        )
    caption = "Recovery of the magnetisation: measured (symbols) and fitted (lines)."
    return Figure(
        "nmr-recovery", caption, Axis("recovery delay / s", log=True), Axis("signal"), tuple(layers)
    )


def _some(fits: tuple[RecoveryFit, ...]) -> tuple[RecoveryFit, ...]:
    pick = np.unique(np.linspace(0, len(fits) - 1, min(len(fits), len(_ROLES))).round().astype(int))
    return tuple(fits[i] for i in pick)


def _rates(found: Relaxation) -> Figure:
    inverse = 1000 / found.temperatures
    errors = np.nan_to_num(found.log_errors)
    grid = np.linspace(inverse.min() - 0.05, inverse.max() + 0.05, 200)
    if found.bpp is not None:
        line = _bpp_line(found, grid)
    else:
        line = np.exp(found.line[0] - found.line[1] * grid / 1000 / BOLTZMANN)
    low, high = found.rates * np.exp(-errors), found.rates * np.exp(errors)
    layers: list[Layer] = [Line(grid, line, "fit"), Points(inverse, found.rates, "1/T₁", low=low, high=high)]
    caption = "Relaxation rate against inverse temperature, with what may be fitted to it."
    return Figure(
        "nmr-rate", caption, Axis("1000 / T / K⁻¹"), Axis("1/T₁ / s⁻¹", log=True), tuple(layers), key=True
    )


def _bpp_line(found: Relaxation, grid: np.ndarray) -> np.ndarray:
    """The fitted law; its frequency follows from the jump rate at the maximum."""
    from electrolith.lab.nmr.relaxation import correlation_time, maximum_condition

    if found.bpp is None or found.jump_rate is None:
        return np.full_like(grid, np.nan)
    coupling, prefactor, energy, beta = (e.value for e in found.bpp)
    tau = correlation_time(1000 / grid, prefactor=prefactor, activation_energy=energy)
    frequency = found.jump_rate.value * maximum_condition(beta) / (2 * np.pi)
    return relaxation_rate(tau, coupling=coupling, larmor_frequency=frequency, stretching=beta)


SECTION = Section(
    "measured.nmr",
    MeasuredNmr,
    (Stage(nmr_relaxation, fingerprint=folder_contents), Stage(local_motion)),
    evidence,
    parts,
)
