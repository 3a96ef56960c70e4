"""Check of a library: formation enthalpies against experiment, the corrections its labels carry, the hull."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from electrolith.core.constants import EV_PER_KJ_PER_MOL
from electrolith.stability.calibration import Scatter, calibration_of
from electrolith.stability.entries import EntrySettings, entries_of
from electrolith.stability.equilibrium import equilibrium
from electrolith.stability.library import Library, composition_of
from electrolith.stability.material import rivals
from electrolith.stability.tables import anchors

MP2020_ANIONS = {"O": -0.687, "S": -0.503, "F": -0.462, "Cl": -0.614, "Br": -0.534, "I": -0.379, "N": -0.361,
                 "H": -0.179}  # fmt: skip
"""eV per anion: MP2020Compatibility, Wang et al., Sci. Rep. 11, 15496 (2021)."""
KNOWN_STABLE = (
    "Li3N", "LiCl", "Li2O", "Li2S", "LiF", "LiBr", "LiI", "LiH", "LiOH", "Li2CO3", "Li3PO4",
    "Li2SO4", "LiNO3", "NH4Cl", "LiNH2", "Li4NCl", "Y2O3", "La2O3", "ZrO2", "Al2O3", "Si3N4", "LiCoO2",
    "Li2ZrO3", "Li3YCl6", "LiSi2N3", "LiPN2", "YCl3", "InCl3", "ZrCl4", "ScCl3", "Li2O2", "P3N5", "GeO2",
    "TiO2", "NiO", "Mn3O4",
)  # fmt: skip


@dataclass(frozen=True)
class CheckedCompound:
    """One compound, eV/atom: tabulated, as the engine gives it, and as predicted without its own value."""

    formula: str
    phase_id: str
    tabulated: float
    doubt: float
    engine: float
    left_out: float
    left_out_doubt: float
    source: str


@dataclass(frozen=True)
class LibraryCheck:
    """The library against experiment.

    mae_engine : mean absolute error of the engine's formation enthalpies, eV/atom.
    mae_left_out : the same after calibration, each compound predicted from all others.
    mae_corrected_again : if the MP2020 anion corrections were added on top of the engine's energies;
        much larger, since the labels the engine learned from carry them already.
    mae_uncorrected : if those corrections were taken off again: the error of plain GGA.
    inside : share of compounds within one and two standard deviations of the left-out prediction.
    hull : energy above the hull (eV/atom) of compounds known to be stable.
    """

    compounds: tuple[CheckedCompound, ...]
    mae_engine: float
    mae_left_out: float
    mae_corrected_again: float
    mae_uncorrected: float
    inside: tuple[float, float]
    scatter: Scatter
    hull: dict[str, float]
    fingerprint: str


def check_library(library: Library, *, stable: Sequence[str] = KNOWN_STABLE) -> LibraryCheck:
    """Compare formation enthalpies with the tables, and place known compounds on the hull."""
    calibration = calibration_of(library)
    predicted, spread = calibration.left_out()
    rows = []
    again, off = [], []
    for k, phase in enumerate(calibration.phases):
        if len(phase.amounts) == 1:
            continue
        table = anchors()[phase.formula]
        atoms = sum(phase.amounts.values())
        tabulated = table.enthalpy * EV_PER_KJ_PER_MOL / atoms
        engine = tabulated + calibration.error[k]
        rows.append(
            CheckedCompound(
                phase.formula,
                phase.id,
                tabulated,
                table.error * EV_PER_KJ_PER_MOL / atoms,
                engine,
                engine - predicted[k],
                float(np.hypot(spread[k], calibration.doubt[k])),
                table.source,
            )
        )
        correction = sum(MP2020_ANIONS.get(n, 0.0) * c for n, c in phase.species) / phase.atoms
        again.append(abs(engine + correction - tabulated))
        off.append(abs(engine - correction - tabulated))
    miss = np.array([r.left_out - r.tabulated for r in rows])
    share = np.abs(miss) / np.array([r.left_out_doubt for r in rows])
    return LibraryCheck(
        tuple(rows),
        float(np.mean([abs(r.engine - r.tabulated) for r in rows])),
        float(np.mean(np.abs(miss))),
        float(np.mean(again)),
        float(np.mean(off)),
        (float(np.mean(share < 1)), float(np.mean(share < 2))),
        calibration.scatter,
        {f: above for f in stable if (above := above_hull(library, f)) is not None},
        library.fingerprint,
    )


def above_hull(library: Library, formula: str) -> float | None:
    """Energy above the hull of all other phases, eV/atom (negative: on it); None where it is lacking."""
    elements = {e for e, _ in composition_of(formula)}
    if not elements <= library.elements:
        return None
    entries = entries_of(library, elements, EntrySettings(draws=0))
    column = entries.index(formula)
    if column is None:
        return None
    composition = entries.matrix[:, column]
    kept, columns, start, chosen = rivals(entries, composition, without=column)
    value = equilibrium(entries.energy[chosen], columns, composition[kept], start=start).value
    return float((entries.energy[column] - value) / composition.sum())
