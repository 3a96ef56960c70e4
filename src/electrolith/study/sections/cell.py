"""Cells in the study: designs worked out, and one fit through everything that was reported about them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from electrolith.cell.calibrate import Calibration, Free, Measured, calibrate
from electrolith.cell.design import CellDesign
from electrolith.cell.materials import REFERENCE_TEMPERATURE, electrolytes
from electrolith.cell.work import CellResult, work_out
from electrolith.core.constants import BOLTZMANN
from electrolith.core.errors import InputError, nearest
from electrolith.core.estimate import Estimate
from electrolith.core.files import sha256
from electrolith.lab.impedance.pellet import PelletImpedance
from electrolith.motion.conductivity import Conductivity
from electrolith.study.section import Evidence, Part, Results, Section, Study
from electrolith.study.sections.cell_parts import calibration_part, design_parts
from electrolith.study.settings import Files, load_yaml, pointing, read
from electrolith.study.wiring import Progress, Stage

__all__ = ["SECTION", "CellFit", "CellSettings", "Cells", "design_of", "evidence_of", "said_once"]

MAH_PER_G = 3600.0


@dataclass(frozen=True)
class CellSettings:
    """Design files of cells.

    calibrate : fit one set of parameters to all reported capacities, and say whether there is one.
    conductivities : materials whose conductivity comes from this study, {LNC: measured} or {LNC: computed};
        its doubt reaches the resistance and the capacity.
    designs : files as `electrolith cell` reads them.
    """

    SHORTHAND: ClassVar[str] = "designs"
    designs: Files
    calibrate: bool = True
    conductivities: dict[str, Literal["computed", "measured"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.conductivities:
            if name not in electrolytes():
                raise InputError(nearest("conductivities", name, electrolytes()))


@dataclass(frozen=True, eq=False)
class Cells:
    """Every design, worked out."""

    cells: tuple[CellResult, ...]


@dataclass(frozen=True, eq=False)
class CellFit:
    """The joint fit, and one with a utilisation of its own for every cell but the first.

    None where fewer than three capacities were reported (or, for the second, only one cell).
    """

    fit: Calibration | None
    with_utilisation: Calibration | None


def design_of(file: Path) -> CellDesign:
    """The design in a file, checked."""
    with pointing("design"):
        design: CellDesign = read(CellDesign, load_yaml(file), file.name, folder=file.parent)
    return design


def cells(
    settings: CellSettings,
    progress: Progress,
    computed: Conductivity | None,
    measured: PelletImpedance | None,
) -> Cells:
    """Work every design out."""
    given = {
        name: study_conductivity(name, source, computed, measured)
        for name, source in settings.conductivities.items()
    }
    found = []
    for done, file in enumerate(settings.designs):
        progress(done / len(settings.designs), file.name)
        found.append(work_out(design_of(file), conductivities=given))
    return Cells(tuple(found))


def study_conductivity(
    name: str, source: str, computed: Conductivity | None, measured: PelletImpedance | None
) -> Estimate:
    """σ(25 °C) in S/m that this study found.

    Raises
    ------
    InputError
        If the study has no such conductivity.
    """
    power = 1.0
    if source == "computed" and computed is not None:
        start, value, energy = computed.target, computed.extrapolated, computed.activation_energy
    elif source == "measured" and measured is not None and measured.series and measured.series.parts:
        total = measured.series.parts[0]
        start, value, energy = total.reference, total.at_reference, total.activation_energy
        power = 1.0 if total.form == "sigma T" else 0.0
    else:
        needs = "dynamics" if source == "computed" else "measured.impedance with temperatures"
        raise InputError(
            f"study.cell: conductivities: {name}: {source}: the study has none; it needs {needs}"
        )
    t = REFERENCE_TEMPERATURE
    if energy.draws.size != value.draws.size:  # one of them is a bare value
        energy = Estimate(np.full(value.draws.size, energy.value), "eV")
    return value.through(
        lambda s, e: 100 * s * (start / t) ** power * np.exp(e / BOLTZMANN * (1 / start - 1 / t)),
        energy,
        unit="S/m",
    )


def cell_fit(settings: CellSettings, cells: Cells) -> CellFit:
    """One set of cathode parameters for all reported capacities; further cells have a utilisation of their
    own.
    """
    points = reported_points(cells.cells) if settings.calibrate else ()
    if len(points) < 3:
        return CellFit(None, None)
    free = [
        Free("cathode.diffusivity", 5e-16, 1e-17, 1e-14),
        Free("cathode.exchange_current", 1.0, 0.01, 100.0),
        Free("cathode.capacity", 300 * MAH_PER_G, 200 * MAH_PER_G, 400 * MAH_PER_G),
        Free("cathode.bruggeman", 1.5, 1.0, 4.0),
    ]
    others = list(dict.fromkeys(p.cell for p in points))[1:]
    own = [Free(f"utilisation of {cell}", 0.85, 0.3, 1.0) for cell in others]
    second = calibrate(points, [free[0], free[2], *own], profiles=False) if others else None
    return CellFit(calibrate(points, free), second)


def reported_points(cells: tuple[CellResult, ...]) -> tuple[Measured, ...]:
    """Everything reported about full cells, as points of the fit, each with all of its material taken as
    reached.
    """
    from electrolith.cell.vary import changed

    out: list[Measured] = []
    for result in cells:
        design = result.design
        if result.full is None:
            continue
        whole = changed(design.stack, {"cathode.utilisation": 1.0})
        out += [
            Measured(
                label=f"{design.title}, {reported.rate:g}C",
                stack=whole,
                window=design.window,
                rate=reported.rate,
                capacity=reported.capacity / MAH_PER_G,
                error=reported.error / MAH_PER_G,
                protocol=design.protocol,
                cell=reported.cell or design.title,
            )
            for reported in design.reported
        ]
    return tuple(out)


def evidence_of(cells: tuple[CellResult, ...]) -> tuple[Evidence, ...]:
    """Computed capacities and overpotentials with the reported ones beside them."""
    rows: list[Evidence] = []
    for result in cells:
        design = result.design
        if result.full is not None:
            rows += _capacities(result)
        if result.symmetric is not None:
            for reported in design.overpotentials:
                label = f"Overpotential at {reported.current / 10:g} mA/cm², symmetric"
                volts = float(np.interp(reported.current, result.symmetric.current, result.symmetric.voltage))
                key = f"overpotential_{reported.current / 10:g}"
                middle = (reported.low + reported.high) / 2
                spread = (
                    Estimate.normal(
                        middle, (reported.high - reported.low) / 2, "V", rng=np.random.default_rng(0)
                    )
                    if reported.high > reported.low
                    else Estimate.unknown_doubt(middle, "V")
                )
                computed = Estimate.unknown_doubt(float(f"{volts:.3g}"), "V")
                rows.append(Evidence(key, label, computed, "computed", "cell", note="layers, Li kinetics"))
                rows.append(Evidence(key, label, spread, "measured", reported.source, published=True))
    return tuple(rows)


def _capacities(result: CellResult) -> list[Evidence]:
    design, full = result.design, result.full
    rows: list[Evidence] = []
    if full is None:
        return rows
    for reported in design.reported:
        at = np.nonzero(np.isclose(full.rates, reported.rate))[0]
        if at.size == 0:
            continue
        key = f"capacity_{reported.rate:g}C {design.title}"
        label = f"{design.title}: capacity at {reported.rate:g}C"
        computed = Estimate.unknown_doubt(round(float(full.capacity[at[0]]), 1), "mAh/g")
        note = "porous electrode; parameters fitted, see the cell part"
        rows.append(Evidence(key, label, computed, "computed", "cell", note=note))
        value = Estimate.unknown_doubt(round(reported.capacity / MAH_PER_G, 2), "mAh/g")
        rows.append(
            Evidence(key, label, value, "measured", reported.source, published=True, note=reported.note)
        )
    for key, label, number, unit in (
        ("specific_energy", "energy of the stack", full.density.stack_mass, "Wh/kg"),
        ("design_areal_capacity", "areal capacity", full.capacity[0] * full.loading / 10, "mAh/cm2"),
    ):
        known = Estimate.unknown_doubt(float(f"{number:.4g}"), unit)
        note = f"at {full.rates[0]:g}C, the slowest rate of the design"
        rows.append(
            Evidence(
                f"{key} {design.title}", f"{design.title}: {label}", known, "computed", "cell", note=note
            )
        )
    return rows


def evidence(results: Results) -> tuple[Evidence, ...]:
    """Rows of the headline table."""
    found = results.get(Cells)
    return evidence_of(found.cells) if found else ()


def parts(results: Results) -> tuple[Part, ...]:
    """One part a design, one for the joint fit."""
    found, fitted = results.get(Cells), results.get(CellFit)
    if found is None:
        return ()
    shown = said_once([part for result in found.cells for part in design_parts(result)])
    if fitted is not None and fitted.fit is not None:
        shown.append(calibration_part(fitted.fit, fitted.with_utilisation))
    return tuple(shown)


def said_once(shown: list[Part]) -> list[Part]:
    """The parts without warnings that an earlier part has given already."""
    seen: set[str] = set()
    out = []
    for part in shown:
        out.append(replace(part, warnings=tuple(w for w in part.warnings if w not in seen)))
        seen.update(part.warnings)
    return out


def curves_fingerprint(settings: CellSettings, **others: object) -> str:
    """Contents of the open-circuit curves that the designs name; the settings name the designs alone."""
    named = [layer.open_circuit for file in settings.designs for layer in design_of(file).layers]
    return " ".join(sha256(path) for path in named if path is not None)


def check(study: Study) -> None:
    """Every design file must be readable and sound before anything runs."""
    settings = study.get(CellSettings)
    titles: list[str] = []
    for file in settings.designs if settings else ():
        title = design_of(file).title
        if title in titles:
            raise InputError(f"study.cell: two designs are called {title!r}; titles must differ")
        titles.append(title)


SECTION = Section(
    key="cell",
    settings=CellSettings,
    stages=(Stage(cells, version=1, fingerprint=curves_fingerprint), Stage(cell_fit, version=2)),
    evidence=evidence,
    parts=parts,
    check=check,
)
