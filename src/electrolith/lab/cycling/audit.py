"""Do reported numbers agree with each other? Relations between loading, capacity, rate, retention,
resistance.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Verdict = Literal["agrees", "disagrees", "reference not stated"]


@dataclass(frozen=True)
class Reported:
    """A reported number with the range its digits allow.

    role : what it is, "specific capacity".
    low, high : of the range, in the unit of the role (see `UNITS`).
    cell : what it belongs to, "high loading".
    conditions : what must be equal for two numbers to be compared, such as c_rate, cycles,
        current_density, material.
    """

    name: str
    role: str
    low: float
    high: float
    cell: str = ""
    conditions: dict[str, str] = field(default_factory=dict)

    @property
    def middle(self) -> float:
        """Centre of the range."""
        return (self.low + self.high) / 2


UNITS = {
    "loading": "mg/cm2",
    "specific capacity": "mAh/g",
    "areal capacity": "mAh/cm2",
    "one c": "mA/g",
    "c-rate": "1/h",
    "current density": "mA/cm2",
    "retention": "%",
    "resistance": "ohm",
    "total resistance": "ohm",
    "overpotential": "mV",
    "area": "cm2",
    "diameter": "mm",
    "thickness": "mm",
    "conductivity": "S/cm",
    "electronic conductivity": "S/cm",
    "decades": "1",
    "load": "tonne",
    "pressure": "MPa",
    "half-cycle": "h",
}


@dataclass(frozen=True)
class Finding:
    """One relation checked.

    relation : the law.
    expected : what the other numbers give, low and high.
    stated : what is printed.
    ratio : middle of stated over middle of expected.
    text : one sentence.
    """

    relation: str
    verdict: Verdict
    names: tuple[str, ...]
    expected: tuple[float, float]
    stated: tuple[float, float]
    ratio: float
    text: str


def audit(numbers: Iterable[Reported]) -> tuple[Finding, ...]:
    """Check every relation that the numbers allow; disagreements first."""
    book = tuple(numbers)
    return ranked(finding for rule in RULES for finding in rule(book))


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Disagreements first."""
    order = {"disagrees": 0, "reference not stated": 1, "agrees": 2}
    return tuple(sorted(findings, key=lambda f: order[f.verdict]))


def _pick(book: tuple[Reported, ...], role: str, **conditions: str) -> list[Reported]:
    """Numbers of a role whose conditions include those given."""
    return [
        n for n in book if n.role == role and all(n.conditions.get(k) == v for k, v in conditions.items())
    ]


def _product(relation: str, unit: str, stated: Reported, factors: list[Reported], scale: float) -> Finding:
    """Stated = scale × Π factors, with ranges."""
    low = scale * float(np.prod([f.low for f in factors]))
    high = scale * float(np.prod([f.high for f in factors]))
    return _compare(relation, unit, stated, low, high, tuple(f.name for f in factors))


def _compare(
    relation: str, unit: str, stated: Reported, low: float, high: float, others: tuple[str, ...]
) -> Finding:
    """Whether two ranges overlap."""
    meets = stated.low <= high * (1 + 1e-9) and low <= stated.high * (1 + 1e-9)
    ratio = stated.middle / ((low + high) / 2)
    verdict: Verdict = "agrees" if meets else "disagrees"
    text = f"{relation}: {_range(low, high)} {unit} expected, {_range(stated.low, stated.high)} {unit} stated"
    if not meets:
        text += f" (factor {ratio:.3g})"
    return Finding(
        relation, verdict, (stated.name, *others), (low, high), (stated.low, stated.high), float(ratio), text
    )


def _range(low: float, high: float) -> str:
    """A range as people write it."""
    if high - low < 0.02 * abs(high):
        return f"{(low + high) / 2:.4g}"
    return f"{low:.3g} to {high:.3g}"


def _areal(book: tuple[Reported, ...]) -> list[Finding]:
    """Loading × specific capacity = areal capacity, of one cell under one rate and cycle."""
    found = []
    for areal in _pick(book, "areal capacity"):
        for specific in _pick(book, "specific capacity"):
            same = specific.cell == areal.cell and specific.conditions == areal.conditions
            for loading in _pick(book, "loading"):
                if same and loading.cell == areal.cell:
                    relation = "loading × specific capacity = areal capacity"
                    found.append(_product(relation, "mAh/cm2", areal, [loading, specific], 1e-3))
    return found


def _current(book: tuple[Reported, ...]) -> list[Finding]:
    """Rate × 1C × loading = current density."""
    found = []
    for density in _pick(book, "current density"):
        rate = density.conditions.get("c_rate")
        relation = f"{rate}C × 1C current × loading = current density"
        loadings = [n for n in _pick(book, "loading") if n.cell == density.cell]
        for one_c in _pick(book, "one c") if rate else []:
            found += [
                _product(relation, "mA/cm2", density, [one_c, loading], float(rate or 0) * 1e-3)
                for loading in loadings
            ]
    return found


def _retention(book: tuple[Reported, ...]) -> list[Finding]:
    """Retention × first = last capacity; says so where the first is not among the numbers."""
    found = []
    for kept in _pick(book, "retention"):
        rate, cycles = kept.conditions.get("c_rate"), kept.conditions.get("cycles")
        for role, unit in (("specific capacity", "mAh/g"), ("areal capacity", "mAh/cm2")):
            mine = [n for n in _pick(book, role, **({"c_rate": rate} if rate else {})) if n.cell == kept.cell]
            lasts = [n for n in mine if n.conditions.get("cycles") == cycles]
            firsts = [n for n in mine if "cycles" not in n.conditions]
            for last in lasts:
                found += _one_retention(kept, last, firsts, unit)
    return found


def _one_retention(kept: Reported, last: Reported, firsts: list[Reported], unit: str) -> list[Finding]:
    """The check of one retention."""
    relation = "retention × first = last capacity"
    if firsts:
        return [_product(relation, unit, last, [kept, firsts[0]], 0.01)]
    low, high = last.low / kept.high * 100, last.high / kept.low * 100
    rate = kept.conditions.get("c_rate", "?")
    text = (
        f"{kept.name}: {kept.middle:.4g} % after {kept.conditions.get('cycles', '?')} cycles at {rate}C "
        f"refers to an "
        f"unstated cycle; with the last capacity {last.middle:.4g} {unit} it was {_range(low, high)} {unit}"
    )
    stated = (last.low, last.high)
    return [Finding(relation, "reference not stated", (kept.name, last.name), (low, high), stated, 1.0, text)]


def _layers(book: tuple[Reported, ...]) -> list[Finding]:
    """Thickness/(σ area) = resistance of a layer."""
    found = []
    for resistance in _pick(book, "resistance"):
        material = resistance.conditions.get("material", "")
        for thickness in [
            n for n in _pick(book, "thickness", material=material) if n.cell == resistance.cell
        ]:
            for sigma in _pick(book, "conductivity", material=material):
                for area in [n for n in _pick(book, "area") if n.cell == resistance.cell]:
                    low = 0.1 * thickness.low / (sigma.high * area.high)
                    high = 0.1 * thickness.high / (sigma.low * area.low)
                    names = (thickness.name, sigma.name, area.name)
                    relation = f"thickness/(conductivity × area) = resistance of {material}"
                    found.append(_compare(relation, "ohm", resistance, low, high, names))
    return found


def _stack(book: tuple[Reported, ...]) -> list[Finding]:
    """Sum of the layers = total resistance."""
    found = []
    for total in _pick(book, "total resistance"):
        layers = [n for n in _pick(book, "resistance") if n.cell == total.cell]
        if len(layers) > 1:
            counts = [float(n.conditions.get("count", "1")) for n in layers]
            low = sum(c * n.low for c, n in zip(counts, layers, strict=True))
            high = sum(c * n.high for c, n in zip(counts, layers, strict=True))
            names = tuple(n.name for n in layers)
            found.append(_compare("sum of the layers = total resistance", "ohm", total, low, high, names))
    return found


def _overpotential(book: tuple[Reported, ...]) -> list[Finding]:
    """Resistance × current = overpotential: the sum of the layers, or else the stated total."""
    found = []
    for shown in _pick(book, "overpotential"):
        density = shown.conditions.get("current_density")
        totals = [n for n in _pick(book, "total resistance") if n.cell == shown.cell]
        layers = [n for n in _pick(book, "resistance") if n.cell == shown.cell]
        areas = [n for n in _pick(book, "area") if n.cell == shown.cell]
        if not density or not areas or not (totals or layers):
            continue
        parts = layers if len(layers) > 1 else totals[:1]
        counts = [float(n.conditions.get("count", "1")) for n in parts]
        low = sum(c * n.low for c, n in zip(counts, parts, strict=True)) * float(density) * areas[0].low
        high = sum(c * n.high for c, n in zip(counts, parts, strict=True)) * float(density) * areas[0].high
        relation = f"resistance × current = overpotential at {density} mA/cm2"
        names = (*(n.name for n in parts), areas[0].name)
        found.append(_compare(relation, "mV", shown, low, high, names))
    return found


def _geometry(book: tuple[Reported, ...]) -> list[Finding]:
    """π d²/4 = area, and load/area = pressure."""
    found = []
    for diameter in _pick(book, "diameter"):
        low, high = (np.pi * (d / 10) ** 2 / 4 for d in (diameter.low, diameter.high))
        found += [
            _compare("π d²/4 = area", "cm2", area, low, high, (diameter.name,))
            for area in _pick(book, "area")
            if area.cell == diameter.cell
        ]
        for pressure in [n for n in _pick(book, "pressure") if n.cell == diameter.cell]:
            for load in [n for n in _pick(book, "load") if n.cell == diameter.cell]:
                # a tonne-force on a square centimetre is 98.0665 MPa
                a, b = 98.0665 * load.low / high, 98.0665 * load.high / low
                names = (load.name, diameter.name)
                found.append(_compare("load/area = pressure", "MPa", pressure, a, b, names))
    return found


def _decades(book: tuple[Reported, ...]) -> list[Finding]:
    """log10(σ ionic/σ electronic) = stated decades."""
    found = []
    for gap in _pick(book, "decades"):
        material = gap.conditions.get("material", "")
        for ionic in _pick(book, "conductivity", material=material):
            for electronic in _pick(book, "electronic conductivity", material=material):
                low, high = np.log10(ionic.low / electronic.high), np.log10(ionic.high / electronic.low)
                names = (ionic.name, electronic.name)
                relation = "log10(ionic/electronic conductivity) = decades"
                found.append(_compare(relation, "decades", gap, float(low), float(high), names))
    return found


RULES: tuple[Callable[[tuple[Reported, ...]], list[Finding]], ...] = (
    _areal,
    _current,
    _retention,
    _layers,
    _stack,
    _overpotential,
    _geometry,
    _decades,
)
