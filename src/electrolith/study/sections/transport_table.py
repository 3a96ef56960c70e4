"""One table of σ(300 K) and Ea: of this run, a reference run and the published ones, and why they differ."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from electrolith.core.estimate import Estimate
from electrolith.core.format import number
from electrolith.crystal.order import Orderings
from electrolith.crystal.species import element_of
from electrolith.motion.conductivity import Conductivity
from electrolith.motion.mechanism import MechanismResult
from electrolith.motion.results import Trajectories
from electrolith.study.printed import printed, ranged
from electrolith.study.section import Evidence, Part, Results, Table
from electrolith.study.sections.material import Material
from electrolith.study.sections.reference_run import ENERGY, REFERENCE, SIGMA, reference_run
from electrolith.study.sections.relaxed import RelaxedOrderings
from electrolith.study.table import Cell

__all__ = ["comparison"]

NEGLIGIBLE = 0.02**2  # of the variance of ln σ: a cause of less than 2 % is not worth a line
LOCAL = "nmr_activation_energy"


@dataclass(slots=True)
class _Row:
    """One line of the table."""

    who: str
    source: str
    sigma: Cell = None
    energy: Cell = None
    value: float | None = None
    level: float | None = None
    local: bool = False
    notes: list[str] = field(default_factory=list)


def comparison(results: Results) -> tuple[Part, ...]:
    """The run beside the others, and what of the difference can be computed."""
    found = results.get(Conductivity)
    if found is None:
        return ()
    rows = [_own(found), *_reference(results), *_published(results.study.published)]
    here_value, here_energy = found.extrapolated.value, found.activation_energy.value
    table = Table(
        ("whose", "σ(300 K)", "Ea", "σ over this run's", "Ea less this run's / eV", "source"),
        tuple(
            (
                r.who,
                r.sigma,
                r.energy,
                None if r.value is None or r is rows[0] else printed(r.value / here_value, ".2g"),
                None if r.level is None or r is rows[0] else printed(r.level - here_energy, "+.3f"),
                r.source,
            )
            for r in rows
        ),
        "Activation energies of σT; what T1 sees is every local jump, also those undone at once",
    )
    causes = Table(
        ("what can make a difference", "how much, as far as it was computed here"),
        tuple(_causes(results, found)),
        "Causes; nothing here was adjusted to any of the numbers above",
    )
    sentence = (
        f"σ(300 K) = {found.extrapolated.text()} and Ea = {found.activation_energy.text()} by this run, "
        f"beside {len(rows) - 1} others."
    )
    return (Part("Transport, compared", sentence, tables=(table, causes)),)


def _own(found: Conductivity) -> _Row:
    return _Row(
        "this run",
        "molecular dynamics, Nernst-Einstein",
        found.extrapolated,
        found.activation_energy,
        found.extrapolated.value,
        found.activation_energy.value,
    )


def _reference(results: Results) -> list[_Row]:
    """The reference run, where its results lie beside the study."""
    found = reference_run(results)
    if found is None:
        return []
    other = found.differs(results)
    row = _Row("reference run", REFERENCE + (f"; {other}, so it is not in the headline" if other else ""))
    for one in found.rows:
        value = float(str(one["value"]))
        low, high = (float(v) for v in np.atleast_1d(np.asarray(one.get("interval_68") or [value, value])))
        text = ranged(value, low, high, str(one.get("unit", "")))
        if one["quantity"] == SIGMA:
            row.sigma, row.value = text, value
        else:
            row.energy, row.level = text, value
    return [row]


def _published(evidence: tuple[Evidence, ...]) -> list[_Row]:
    """Published numbers, one row for each method of each source."""
    rows: dict[tuple[str, str], _Row] = {}
    for e in evidence:
        if e.quantity not in (SIGMA, ENERGY, LOCAL):
            continue
        method = e.note.split(",")[0].strip() or e.kind
        row = rows.setdefault((method, e.source), _Row(f"published: {method}", e.source))
        if e.quantity == SIGMA:
            value = e.value.to("S/cm")
            row.sigma, row.value = value, value.value
        else:
            value = e.value.to("eV")
            row.energy, row.level = value, value.value
            row.local = e.quantity == LOCAL
    return list(rows.values())


def _causes(results: Results, found: Conductivity) -> list[tuple[str, str]]:
    """What the study knows of each cause."""
    width = float(np.std(np.log(found.extrapolated.draws)))
    rows = [
        (
            cause_name,
            f"a factor of {number(float(np.exp(width * np.sqrt(found.budget[cause]))), 2)} in σ(300 K)",
        )
        for cause, cause_name in {
            "orderings": "orderings: which one is run",
            "orderings and potential": "orderings, and the potential within its posterior",
            "potential": "the potential within its posterior",
            "thermal": "length of the runs",
            "fit": "start of the fits, scatter about the line",
            "guards": "verdicts on runs near a guard's limit",
            "curvature": "a line that may be curved",
        }.items()
        if width**2 * found.budget.get(cause, 0.0) > NEGLIGIBLE
    ]
    rows += _vacancies(results) + _cell(results) + _local(results, found)
    runs = results.get(Trajectories)
    engine = runs.engine if runs else "the engine"
    rows.append(("functional", f"not computed: {engine} stands for its teacher; see its certificate"))
    rows.append(("grain boundaries", "not in a perfect crystal; impedance of a pellet holds them"))
    return rows


def _vacancies(results: Results) -> list[tuple[str, str]]:
    """Vacant shares of the supercell and of the refined crystal."""
    found, material = results.get(Orderings), results.get(Material)
    if found is None or material is None:
        return []
    texts = []
    for f in found.composition.fillings:
        if f.vacancy == 0 and f.refined_vacancy.doubt == "exact":
            continue
        mobile = any(element_of(name) == material.mobile for name in f.atoms)
        refined = f.refined_vacancy.through(lambda v: 100 * v, unit="%").text()
        whose = material.mobile if mobile else "framework"
        texts.append(f"{whose} sites {100 * f.vacancy:.1f} % vacant here, {refined} as refined")
    return [("vacancy content", "; ".join(texts))] if texts else []


def _cell(results: Results) -> list[tuple[str, str]]:
    """Lattice parameter of the runs beside the measured one."""
    relaxed = results.get(RelaxedOrderings)
    measured = [
        e for e in results.study.published if e.quantity == "lattice_parameter" and e.kind == "measured"
    ]
    if relaxed is None or not measured:
        return []
    mine = float(relaxed.weights @ relaxed.lattice_parameters)
    other = measured[0].value.to("angstrom").value
    off = 100 * (mine / other - 1)
    return [("cell", f"a = {mine:.3f} Å here at 0 K (canonical), {other:.3f} Å measured: {off:+.1f} %")]


def _local(results: Results, found: Conductivity) -> list[tuple[str, str]]:
    """Local jumps of the same runs, for what T1 sees."""
    jumps = results.get(MechanismResult)
    if jumps is None or jumps.local_energy is None:
        return []
    value: Estimate = jumps.local_energy
    less = found.activation_energy.value - value.value
    return [
        (
            "local jumps (what T1 sees)",
            f"Ea of every jump in the same runs {value.text()}, {less:.3f} eV less than that of σT",
        )
    ]
