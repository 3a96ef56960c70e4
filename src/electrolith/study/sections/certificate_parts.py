"""The certificate of a potential as the report shows it: promises, tables, student and teacher in figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from electrolith.core.constants import GPA
from electrolith.energy.certificate.certificate import Certificate
from electrolith.energy.certificate.comparison import Interval, Side
from electrolith.energy.certificate.elastic import ElasticConstants
from electrolith.energy.certificate.promises import Criterion
from electrolith.energy.labels.errors import FitErrors
from electrolith.study.printed import Printed, printed
from electrolith.study.section import Part, Table
from electrolith.study.sections.certificate_figures import certificate_figures
from electrolith.study.table import Cell

__all__ = ["certificate_part", "error_table"]


def certificate_part(name: str, fingerprint: str, certificate: Certificate) -> Part:
    """One part of a report: what the potential promises, what it keeps, and how it was measured."""
    criteria = certificate.criteria
    kept = sum(c.trusted for c in criteria)
    sentence = (
        f"Energies and forces by the potential {name} ({fingerprint}), fitted to {certificate.labels} labels "
        f"of {certificate.reference}. Its certificate keeps {kept} of {len(criteria)} promises"
        f"{_missing(criteria)}; {_stability(certificate)}."
    )
    tables = (
        _promises(criteria),
        error_table(certificate.held_out),
        _lattices(certificate),
        _curves(certificate),
        _elastic(certificate),
        _trials(certificate),
        _long_runs(certificate),
        _common(certificate),
        _unmeasured(certificate),
    )
    return Part(
        "Engine",
        sentence,
        figures=certificate_figures(certificate),
        tables=tuple(t for t in tables if t.rows),
        warnings=_warnings(name, criteria),
        notes=_domain(certificate),
    )


def _missing(criteria: Sequence[Criterion]) -> str:
    """How many promises nobody measured."""
    count = sum(c.state.startswith("not measured") for c in criteria)
    return f", {count} more are not measured or not well enough" if count else ""


def _stability(certificate: Certificate) -> str:
    if not certificate.trials and not certificate.long_runs:
        return "it has not been run"
    return (
        f"the framework stayed on its sites up to {certificate.hottest:g} K, in runs of up to "
        f"{_time(certificate.longest)}"
    )


def _warnings(name: str, criteria: Sequence[Criterion]) -> tuple[str, ...]:
    """Each broken promise, and those nobody can speak of together."""
    said = [
        f"The potential {name} misses a promise: {c.name} {_shown(c.reached, c.unit)}, "
        f"limit {_shown(c.limit, c.unit)}{f' ({c.where})' if c.where else ''}."
        for c in criteria
        if c.state == "not kept"
    ]
    silent = {
        state: [c.name for c in criteria if c.state == state]
        for state in ("not measured", "not measured well enough")
    }
    said += [f"{s.capitalize()} for the potential {name}: {'; '.join(n)}." for s, n in silent.items() if n]
    return tuple(said)


def _domain(certificate: Certificate) -> tuple[str, ...]:
    """What the labels span."""
    domain = certificate.domain
    if domain is None:
        return ()
    text = f"Labels span {', '.join(domain.elements)}"
    if domain.pressures is not None:
        low, high = domain.pressures
        text += f", {GPA * low:.1f} to {GPA * high:.1f} GPa"
    text += f" and runs of up to {domain.temperatures[1]:g} K; beyond that the potential guesses."
    return (text,)


_SCALES = {
    "eV/atom": (1e3, "meV/atom"),
    "eV/Å": (1e3, "meV/Å"),
    "eV/atom/ps": (1e3, "meV/(atom ps)"),
    "1": (1e2, "%"),
    "fs": (1e-3, "ps"),
}


def _shown(value: float, unit: str) -> str:
    """A certificate's number in the unit people use for it; a dash where there is none."""
    if np.isnan(value):
        return "–"
    if unit == "fs":
        return _time(value)
    factor, name = _SCALES.get(unit, (1.0, unit))
    return f"{factor * value:.3g} {name}" if abs(factor * value) > 1e-6 else f"0 {name}"


def _cell(value: float, unit: str) -> Printed:
    """The same as a number of the table."""
    factor, name = _SCALES.get(unit, (1.0, unit))
    return Printed(factor * value, _shown(value, unit), unit=name)


def _time(femtoseconds: float) -> str:
    """Picoseconds, or nanoseconds from one on."""
    ps = femtoseconds / 1000
    return f"{ps / 1000:.3g} ns" if ps >= 1000 else f"{ps:.3g} ps"


def _promises(criteria: Sequence[Criterion]) -> Table:
    rows = tuple(
        (
            c.name,
            _cell(c.reached, c.unit),
            _cell(c.limit, c.unit),
            c.state.upper() if c.state == "not kept" else c.state,
            c.where,
        )
        for c in criteria
    )
    return Table(("promise", "reached", "limit", "", "where"), rows, "Certificate of the potential")


def error_table(errors: tuple[FitErrors, ...]) -> Table:
    """Held-out errors by kind of material and temperature."""
    rows = tuple(
        (
            e.kind,
            None if e.temperature is None else printed(e.temperature, "g"),
            e.labels,
            printed(1000 * e.energy, ".1f"),
            printed(1000 * e.forces, ".0f"),
        )
        for e in errors
    )
    columns = ("kind", "T / K", "labels", "energy / meV per atom", "force / meV/Å")
    return Table(columns, rows, "Mean absolute errors on labels left out of the fit, whole runs at a time")


def _lattices(certificate: Certificate) -> Table:
    rows = tuple(
        (
            x.material,
            printed(100 * x.length_error, "+.2f"),
            printed(GPA * x.bulk_modulus, ".1f"),
            printed(GPA * x.pressure, "+.2f"),
            "both relaxed" if x.relaxed_by_both else "from the pressure",
        )
        for x in certificate.lattice
    )
    columns = (
        "material",
        "lattice error / %",
        "bulk modulus / GPa",
        "pressure of the reference there / GPa",
        "",
    )
    return Table(columns, rows, "Relaxed cells against the reference")


def _curves(certificate: Certificate) -> Table:
    rows = tuple(
        (
            x.material,
            printed(x.student_fit.volume, ".3f"),
            printed(x.teacher_fit.volume, ".3f"),
            printed(100 * x.volume_error, "+.2f"),
            printed(GPA * x.student_fit.bulk_modulus, ".1f"),
            printed(GPA * x.teacher_fit.bulk_modulus, ".1f"),
            printed(100 * x.bulk_error, "+.1f"),
        )
        for x in certificate.volume_curves
    )
    columns = (
        "material",
        "V0 / Å³ per atom",
        "V0 of the teacher",
        "error / %",
        "B0 / GPa",
        "B0 of the teacher",
        "error / %",
    )
    return Table(columns, rows, "Energy-volume curves: Birch-Murnaghan, fractional positions held")


def _elastic(certificate: Certificate) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for x in certificate.elastic:
        rows.append((x.material, "potential", *_constants(x.student), x.ions, ""))
        if x.teacher is not None:
            error = printed(100 * x.error, ".1f")
            rows.append((x.material, certificate.teacher, *_constants(x.teacher), x.ions, error))
    columns = (
        "material",
        "engine",
        *(f"C{ij} / GPa" for ij in (11, 22, 33, 23, 13, 12, 44, 55, 66)),
        "bulk / GPa",
        "shear / GPa",
        "Young / GPa",
        "ions",
        "error / %",
    )
    return Table(columns, tuple(rows), "Elastic constants; averages by Hill")


def _constants(x: ElasticConstants) -> tuple[Cell, ...]:
    c = GPA * x.matrix
    groups = (
        (c[0, 0], c[1, 1], c[2, 2]),
        (c[1, 2], c[0, 2], c[0, 1]),
        (c[3, 3], c[4, 4], c[5, 5]),
    )
    averages = (x.bulk_modulus, x.shear_modulus, x.young_modulus)
    return (
        *(printed(v, ".1f") for group in groups for v in group),
        *("unstable" if np.isnan(v) else printed(GPA * v, ".1f") for v in averages),
    )


def _trials(certificate: Certificate) -> Table:
    rows = tuple(
        (
            t.material,
            printed(t.temperature, "g"),
            printed(t.duration / 1000, ".3g"),
            printed(t.framework_msd, ".2f"),
            printed(t.mobile_msd, ".1f"),
            printed(t.steps_per_second, ".0f"),
            t.failure or ("no atom lost" if t.hot else "stayed together"),
        )
        for t in certificate.trials
    )
    columns = ("material", "T / K", "time / ps", "framework MSD / Å²", "mobile MSD / Å²", "steps/s", "")
    return Table(columns, rows, "Trial runs of the certificate")


def _long_runs(certificate: Certificate) -> Table:
    rows = tuple(
        (
            r.material,
            printed(r.temperature, "g"),
            printed(r.duration / 1000, ".3g"),
            printed(r.asked / 1000, ".3g"),
            printed(r.framework_msd, ".2f"),
            r.moved,
            r.framework,
            r.failure or ("melted, no atom lost" if r.melted else "no atom lost"),
        )
        for r in certificate.long_runs
    )
    columns = (
        "material",
        "T / K",
        "time / ps",
        "asked for / ps",
        "framework MSD / Å²",
        "framework atoms off their sites",
        "framework atoms",
        "",
    )
    return Table(columns, rows, "Long runs")


def _common(certificate: Certificate) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            c.material,
            printed(c.temperature, "g"),
            printed(c.teacher.duration / 1000, ".3g"),
            _diffusivity(c.student),
            _diffusivity(c.teacher),
            _interval(c.ratio),
            printed(100 * c.radial_difference, ".1f"),
            printed(100 * c.radial_noise, ".1f"),
        )
        for c in certificate.common
    ]
    rows += [
        (
            a.material,
            "Eₐ / eV",
            None,
            _interval(a.student),
            _interval(a.teacher),
            _interval(a.difference, "difference "),
            None,
            None,
        )
        for a in certificate.activation
    ]
    columns = (
        "material",
        "T / K",
        "time / ps",
        "D / cm²/s",
        "D of the teacher",
        "ratio",
        "difference of g(r) / %",
        "of it by chance / %",
    )
    caption = "The same runs with the teacher: same cell, velocities and thermostat; 95 % intervals"
    return Table(columns, tuple(rows), caption)


def _diffusivity(side: Side) -> Cell:
    return side.failure or (_interval(side.diffusivity) if side.diffusivity is not None else side.reason)


def _interval(found: Interval | None, before: str = "") -> Cell:
    """Value with its 95 % interval, a quarter of whose width is the standard deviation of the data."""
    if found is None:
        return "not measured"
    text = f"{before}{found.value:.2g} ({found.low:.2g} to {found.high:.2g})"
    return Printed(found.value, text, (found.high - found.low) / 4, note=before.strip())


def _unmeasured(certificate: Certificate) -> Table:
    rows = tuple((u.piece, u.reason) for u in certificate.unmeasured)
    return Table(("piece", "why"), rows, "Not measured")
