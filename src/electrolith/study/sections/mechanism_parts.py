"""The mechanism's part of the report: local jumps and diffusion on one scale, energies, rates, visits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrolith.core.constants import BOLTZMANN
from electrolith.core.estimate import Estimate
from electrolith.motion.mechanism import FEWEST, MechanismResult
from electrolith.study.figure import Axis, Bars, Figure, Layer, Line, Points, Role, decades
from electrolith.study.printed import printed
from electrolith.study.section import Evidence, Part, Results, Table

__all__ = ["parts"]

Array = NDArray[np.float64]

ROLES: tuple[Role, ...] = ("computed", "measured", "second", "third", "fourth", "published")
LOCAL, LONG = "nmr_activation_energy", "activation_energy"  # published quantities beside ours


def _published(results: Results) -> dict[str, Evidence]:
    """What others measured of local and of long-range motion."""
    study = getattr(results, "study", None)
    rows = study.published if study is not None else ()
    return {e.quantity: e for e in rows if e.kind == "measured" and e.quantity in (LOCAL, LONG)}


def _scale_figure(found: MechanismResult, published: dict[str, Evidence]) -> Figure:
    """Diffusivity that jumps would give against that of the displacement, with published slopes."""
    x = 1000 / found.temperatures
    layers: list[Layer] = []
    number = np.array([j.counts.sum() for j in found.jumps], dtype=float)
    lasting = np.array([j.lasting.sum() for j in found.jumps], dtype=float)
    series: tuple[tuple[str, Array, Array, Estimate | None, Role], ...] = (
        ("every jump, Γ⟨l²⟩/6", found.of_jumps, _counting(number), found.local_energy, "computed"),
        ("jumps not undone", found.of_lasting, _counting(lasting), found.lasting_energy, "second"),
        (
            "diffusion, ⟨r²⟩/6t",
            found.diffusivities,
            found.relative_errors,
            found.diffusion_energy,
            "measured",
        ),
    )
    for name, value, error, energy, role in series:
        shown = value > 0
        if not shown.any():
            continue
        told = f"{name}: {_short(energy)}" if energy is not None else name
        low, high = value * np.exp(-error), value * np.exp(error)
        layers.append(Points(x[shown], value[shown], told, role, low[shown], high[shown]))
        if energy is not None:
            layers.append(_slope(x[shown], value[shown], error[shown], energy.value, "", role, dash=False))
    for quantity, value, error in (
        (LOCAL, found.of_jumps, _counting(number)),
        (LONG, found.diffusivities, found.relative_errors),
    ):
        row = published.get(quantity)
        good = value > 0
        if row is not None and good.any():
            name = f"slope of {row.value.value:g} eV ({row.note}, published)"
            layers.append(
                _slope(x[good], value[good], error[good], row.value.value, name, "published", dash=True)
            )
    return Figure(
        "local-and-long-range",
        "The same ions on two scales: the diffusivity that all jumps would give if each led anywhere, that "
        "of the jumps which are not undone, and that of the mean square displacement. Dashed: published "
        "slopes, drawn through the middle of the points of the scale they belong to.",
        Axis("1000 K / T"),
        Axis("D / (cm²/s)", log=True, range=decades(layers)),
        tuple(layers),
        height=460,
    )


def _counting(number: Array) -> Array:
    """Relative error of a counted rate."""
    return 1.0 / np.sqrt(np.maximum(number, 1.0))


def _short(energy: Estimate) -> str:
    low, high = energy.interval()
    return f"{energy.value:.2f} ({low:.2f}–{high:.2f}) eV"


def _slope(x: Array, y: Array, error: Array, energy: float, name: str, role: Role, *, dash: bool) -> Line:
    """An Arrhenius line of a given energy (eV) through the weighted middle of points over 1000/T."""
    weight = 1.0 / np.maximum(error, 1e-3) ** 2
    middle, centre = np.average(np.log(y), weights=weight), np.average(x, weights=weight)
    room = 0.06 * (x.max() - x.min()) if len(x) > 1 else 0.05
    grid = np.linspace(x.min() - room, x.max() + room, 30)
    return Line(grid, np.exp(middle - energy * (grid - centre) / (1000 * BOLTZMANN)), name, role, dash)


def _energy_figure(found: MechanismResult, published: dict[str, Evidence]) -> Figure:
    """Activation energies side by side: by surroundings, of all jumps, of diffusion, as published."""
    kinds = [(name, e) for name, e in found.by_label.items() if e.std < 0.5 * max(abs(e.value), 0.1)]
    theirs = [(f"{e.note}, published", e.value) for k in (LOCAL, LONG) if (e := published.get(k)) is not None]
    groups: list[tuple[Role, list[tuple[str, Estimate]]]] = [
        ("third", [(f"out of {name}", e) for name, e in kinds]),
        ("computed", _named(("every jump", found.local_energy), ("jumps not undone", found.lasting_energy))),
        ("measured", _named(("diffusion", found.diffusion_energy))),
        ("guide", theirs),
    ]
    layers = tuple(
        Bars(
            tuple(label for label, _ in some),
            np.array([e.value for _, e in some]),
            "",
            role,
            errors=None if role == "guide" else np.array([e.std for _, e in some]),
            text=tuple(f"{label}: {e.text()}" for label, e in some),
            horizontal=True,
        )
        for role, some in groups
        if some
    )
    return Figure(
        "jump-energies",
        "Activation energies with one standard deviation: of jumps out of a site by the anions around it "
        "(□: vacant), of all jumps and of those not undone, of diffusion, and as published.",
        Axis("activation energy / eV"),
        Axis("", reverse=True),
        layers,
        height=440,
    )


def _named(*pairs: tuple[str, Estimate | None]) -> list[tuple[str, Estimate]]:
    return [(name, e) for name, e in pairs if e is not None]


def _rate_figure(found: MechanismResult) -> Figure:
    """Rates by surroundings against 1000/T."""
    x = 1000 / found.temperatures
    layers: list[Layer] = []
    for number, name in enumerate(_frequent(found)):
        rate = found.rates[:, number]
        count = np.array(
            [j.counts[j.labels.index(name)].sum() if name in j.labels else 0 for j in found.jumps]
        )
        good = (count >= FEWEST) & (rate > 0)
        if not good.any():
            continue
        spread = np.exp(1 / np.sqrt(count[good]))
        layers.append(
            Points(x[good], rate[good], name, ROLES[number], rate[good] / spread, rate[good] * spread)
        )
        energy = found.by_label.get(name)
        if energy is not None:
            grid = np.linspace(x.min(), x.max(), 30)
            middle = np.average(np.log(rate[good]), weights=count[good])
            centre = np.average(x[good], weights=count[good])
            slope = np.exp(middle - energy.value * (grid - centre) / (1000 * BOLTZMANN))
            layers.append(Line(grid, slope, "", ROLES[number]))
    return Figure(
        "jump-rates",
        "Jumps out of a site per ion and picosecond, by the anions around it (□: vacant), for the "
        f"surroundings most often left; points of at least {FEWEST} jumps, with the error of counting.",
        Axis("1000 K / T"),
        Axis("jumps / (ion ps)", log=True, range=decades(layers)),
        tuple(layers),
    )


def _frequent(found: MechanismResult) -> list[str]:
    """The surroundings most often left, as many as there are colours."""
    total = {
        name: sum(int(j.counts[j.labels.index(name)].sum()) for j in found.jumps if name in j.labels)
        for name in found.labels
    }
    return sorted((n for n in found.labels if total[n] >= FEWEST), key=lambda n: -total[n])[: len(ROLES)]


def _visit_figure(found: MechanismResult) -> Figure:
    """How much more often ions are on each kind of site than on an average one."""
    time: dict[str, float] = {}
    sites: dict[str, float] = {}
    for j in found.jumps:
        for k, name in enumerate(j.labels):
            time[name] = time.get(name, 0.0) + float(j.time[k])
            sites[name] = sites.get(name, 0.0) + float(j.sites[k])
    names = sorted(time, key=lambda name: -sites[name])
    all_time, all_sites = sum(time.values()), sum(sites.values())
    values = np.array([(time[n] / all_time) / (sites[n] / all_sites) for n in names])
    text = tuple(
        f"{n}: {100 * sites[n] / all_sites:.0f} % of the sites, {100 * time[n] / all_time:.1f} % of the time"
        for n in names
    )
    return Figure(
        "site-visits",
        "Time that ions spend on a tetrahedral site of each surroundings, over that on an average one, all "
        "temperatures; the commonest surroundings at the top.",
        Axis("time / that of an average site"),
        Axis("anions around the site (□: vacant)", reverse=True),
        (Bars(tuple(names), values, "", "computed", text=text, horizontal=True),),
        height=400,
    )


def _core_table(found: MechanismResult) -> Table:
    """What other radii of the cores would have counted, at the hottest temperature."""
    rows = tuple(
        (
            printed(c.core, "g"),
            printed(c.rates[-1], ".3g"),
            printed(100 * c.back[-1], ".0f", "%"),
            c.local_energy,
            c.lasting_energy,
        )
        for c in found.cores
    )
    columns = (
        "core radius / site distance",
        f"jumps / (ion ps) at {found.temperatures[-1]:g} K",
        "undone",
        "Eₐ, every jump",
        "Eₐ, not undone",
    )
    return Table(columns, rows, "The same counts with smaller cores: what the definition of a jump decides")


def _hole_table(found: MechanismResult) -> Table:
    total = sum(found.hole_times.values())
    rows = tuple(
        (name, printed(100 * share, ".2f", "%"), printed(100 * share / total, ".0f", "%"))
        for name, share in list(found.hole_times.items())[:8]
        if total > 0
    )
    return Table(("hole", "of all time", "of the time in holes"), rows, "Octahedra by the anions around them")


def _site_table(found: MechanismResult) -> Table:
    """Kinds of sites at the hottest temperature, with the activation energies over all."""
    jumps = found.jumps[-1]
    rows = []
    for name in found.labels:
        k = jumps.labels.index(name)
        out = int(jumps.counts[k].sum())
        energy = found.by_label.get(name)
        rows.append(
            (
                name,
                int(jumps.sites[k]),
                printed(100 * jumps.visited[k], ".0f", "%"),
                printed(100 * jumps.time[k] / jumps.time.sum(), ".1f", "%"),
                printed(jumps.rates[k], ".3g") if jumps.time[k] > 0 else None,
                printed(100 * jumps.back[k] / out, ".0f", "%") if out else None,
                energy,
            )
        )
    return Table(
        ("surroundings", "sites", "visited", "time", "jumps / (ion ps)", "undone", "activation energy"),
        tuple(rows),
        f"Sites at {found.temperatures[-1]:g} K, all trusted runs; energies over all temperatures",
    )


def _temperature_table(found: MechanismResult) -> Table:
    rows = tuple(
        (
            printed(t, "g"),
            int(j.counts.sum()),
            printed(j.rate, ".3g"),
            printed(100 * j.back_fraction, ".0f", "%"),
            printed(f, ".2f"),
            printed(100 * h, ".1f", "%"),
            printed(100 * v, ".0f", "%"),
            int(j.dimensions),
            int(j.lasting_dimensions),
        )
        for t, j, f, h, v in zip(
            found.temperatures, found.jumps, found.correlation, found.holes, found.through, strict=True
        )
    )
    columns = (
        "T / K",
        "jumps",
        "per ion and ps",
        "undone",
        "6D/Γl²",
        "time in octahedra",
        "changes with a stop there",
        "directions",
        "directions, not undone",
    )
    return Table(
        columns,
        rows,
        "Jumps at every temperature; directions in which all jumps, and those not undone, lead on for ever",
    )


def _difference(found: MechanismResult) -> str:
    """How much lower the energy of a jump is than that of diffusion."""
    if found.local_energy is None or found.diffusion_energy is None:
        return ""
    gap = found.diffusion_energy.through(lambda d, j: d - j, found.local_energy, unit="eV")
    low, high = gap.interval(0.95)
    told = "; zero lies inside the 95 % interval" if low < 0 < high else ""
    return f" A jump needs {gap.text()} less than diffusion{told}."


def parts(results: Results) -> tuple[Part, ...]:
    """The mechanism's part of the report."""
    found = results.get(MechanismResult)
    if found is None:
        return ()
    hottest = found.jumps[-1]
    share, hot = 100 * hottest.back_fraction, found.temperatures[-1]
    sentence = f"{share:.0f} % of the jumps at {hot:g} K undo the one before"
    names = ("every jump", "jumps not undone", "diffusion")
    energies = (found.local_energy, found.lasting_energy, found.diffusion_energy)
    told = [f"{e.text()} for {name}" for name, e in zip(names, energies, strict=True) if e is not None]
    if told:
        sentence += "; activation energies: " + ", ".join(told)
    sentence += "." + _difference(found)
    published = _published(results)
    beside = [f"{e.value.text()} ({e.note}, {e.source})" for e in published.values()]
    if beside:
        sentence += " Measured by others: " + " and ".join(sorted(beside)) + "."
    warnings: tuple[str, ...] = ()
    if hottest.rate * found.interval / 1000 > 0.1:
        warnings = (
            f"an ion jumps every {1 / hottest.rate:.2g} ps at {found.temperatures[-1]:g} K and was looked at "
            f"every {found.interval / 1000:.2g} ps: some jumps there and back went unseen; sample more often",
        )
    tables = [_temperature_table(found), _site_table(found)]
    if found.hole_times:
        tables.append(_hole_table(found))
    if found.cores:
        tables.append(_core_table(found))
    figures = (
        _scale_figure(found, published),
        _energy_figure(found, published),
        _rate_figure(found),
        _visit_figure(found),
    )
    return (
        Part(
            "Mechanism",
            sentence,
            figures,
            tuple(tables),
            warnings,
            (
                "An ion belongs to a site from the moment it enters its core "
                "(0.45 of the shortest distance between sites, unless set otherwise) until it enters "
                "another.",
                "Jumps are counted over picoseconds at the temperatures of the runs; T₁ sees motion at the "
                "Larmor frequency, nearer to room temperature. Both count motion that leads nowhere too.",
            ),
        ),
    )
