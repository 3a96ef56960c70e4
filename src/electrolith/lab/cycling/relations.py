"""Relations between reported numbers written as data: a formula, its quantities, what it must equal.

The shipped ones stand in `relations.yaml`; a study's own go under `relations:` beside its numbers.
"""

import ast
import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np

from electrolith.core.errors import DataError, ElectrolithError, InputError, nearest
from electrolith.core.units import convert
from electrolith.core.yaml_data import parse_yaml
from electrolith.lab.cycling.audit import Finding, Verdict
from electrolith.lab.cycling.printed import Printed

MOST = 400  # combinations of entries tried for one relation
NAMELESS = {"none": "1", "atoms": "1", "at:at": "1", "mol:mol": "1", "order of magnitude": "1", "C": "1"}
OPERATORS: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
FUNCTIONS: Final[dict[str, Callable[[Any], Any]]] = {"sqrt": np.sqrt, "log10": np.log10, "abs": np.abs}
KNOWN: Final = {
    "id",
    "quantity",
    "material",
    "kind",
    "unit",
    "entry",
    "condition",
    "like",
    "with",
    "exact",
    "constant",
}
FIELDS: Final = {"name", "formula", "equals", "how", "tolerance", "when", "same", "quantities"}


@dataclass(frozen=True)
class Relation:
    """One relation; see `relations.yaml` for its fields."""

    name: str
    formula: str
    equals: str
    quantities: Mapping[str, Mapping[str, Any]]
    how: str = "equal"
    tolerance: float = 0.0
    when: str = ""
    same: tuple[str, ...] = ("material",)

    def __post_init__(self) -> None:
        if self.how not in ("equal", "at most", "at least"):
            raise InputError(f"{self.name}: how must be equal, at most or at least, got {self.how!r}")
        for text in (self.formula, self.equals, self.when or "0"):
            evaluate(text, dict.fromkeys(self.quantities, 1.5))
        for name, given in self.quantities.items():
            if not isinstance(given, Mapping):
                raise InputError(f"{self.name}: {name}: expected a mapping, got {given!r}")
            if unknown := next((k for k in given if k not in KNOWN), None):
                raise InputError(nearest(f"{self.name}: {name}", str(unknown), KNOWN))


@dataclass(frozen=True)
class _Value:
    """A number taken for a quantity: its range, and the entry it comes from (None for a constant)."""

    low: float
    high: float
    entry: Printed | None


def shipped_relations() -> tuple[Relation, ...]:
    """Those of `relations.yaml`."""
    text = files("electrolith.lab.cycling").joinpath("relations.yaml").read_text(encoding="utf-8")
    return read_relations(parse_yaml(text, "relations.yaml"))


def read_relations(data: Any) -> tuple[Relation, ...]:
    """Relations from plain data.

    Raises
    ------
    InputError
        If one has an unknown or missing field, or a formula that cannot be evaluated.
    """
    found = []
    for one in data or ():
        if not isinstance(one, dict) or not {"name", "formula", "equals", "quantities"} <= set(one):
            raise InputError(f"a relation needs name, formula, equals and quantities; got {str(one)[:80]!r}")
        if unknown := next((k for k in one if k not in FIELDS), None):
            raise InputError(nearest(f"relation {one['name']!r}", str(unknown), FIELDS))
        fields = {k: v for k, v in one.items() if k != "same"}
        same = tuple(one.get("same", ("material",)))
        fields["formula"], fields["equals"] = str(one["formula"]), str(one["equals"])
        found.append(Relation(**fields, same=same))
    return tuple(found)


def evaluate(formula: str, values: Mapping[str, Any]) -> Any:
    """Value of a formula of named quantities; numbers or arrays.

    Raises
    ------
    InputError
        If it holds anything but numbers, names, + - * / **, sqrt, log10, abs and pi.
    """
    try:
        tree = ast.parse(formula, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise InputError(f"formula {formula[:80]!r} cannot be read") from error
    return _node(tree, formula, values)


def _node(node: ast.expr, formula: str, values: Mapping[str, Any]) -> Any:
    """One node of a formula."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name):
        if node.id == "pi":
            return np.pi
        if node.id not in values:
            raise InputError(nearest(f"formula {formula!r}", node.id, values))
        return values[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_node(node.operand, formula, values)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        left, right = _node(node.left, formula, values), _node(node.right, formula, values)
        return OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        if len(node.args) == 1 and not node.keywords:
            return FUNCTIONS[node.func.id](_node(node.args[0], formula, values))
    raise InputError(f"formula {formula[:80]!r}: only numbers, names, + - * / **, sqrt, log10, abs and pi")


def check_relations(entries: Iterable[Printed], relations: Iterable[Relation]) -> tuple[Finding, ...]:
    """Every relation for every set of entries that its quantities allow."""
    book = tuple(entries)
    return tuple(finding for relation in relations for finding in _check(book, relation))


def _check(book: tuple[Printed, ...], relation: Relation) -> list[Finding]:
    """One relation."""
    offered = {name: _candidates(book, given) for name, given in relation.quantities.items()}
    sets = itertools.islice(_sets(offered, relation, {}), MOST)
    return [finding for picked in sets if (finding := _compared(picked, relation)) is not None]


def _sets(
    offered: Mapping[str, list[_Value]], relation: Relation, picked: dict[str, _Value]
) -> Iterator[dict[str, _Value]]:
    """Sets of entries that are of one thing, one quantity after the other."""
    left = [name for name in offered if name not in picked]
    if not left:
        yield picked
        return
    for value in offered[left[0]]:
        more = {**picked, left[0]: value}
        if _belong(more, relation):
            yield from _sets(offered, relation, more)


def _candidates(book: tuple[Printed, ...], wanted: Mapping[str, Any]) -> list[_Value]:
    """Entries that may stand for a quantity."""
    if "constant" in wanted:
        return [_Value(float(wanted["constant"]), float(wanted["constant"]), None)]
    found = []
    for entry in book:
        if not re.search(str(wanted.get("id", "")), entry.name):
            continue
        if entry.restated and wanted.get("kind", "") != "any":
            continue
        if not re.search(str(wanted.get("quantity", "")), entry.quantity):
            continue
        if not re.search(str(wanted.get("material", "")), entry.material):
            continue
        if wanted.get("kind", "") != "any" and entry.kind not in ("measured", "setting", "computed"):
            continue
        if (value := _value(entry, wanted)) is not None:
            found.append(value)
    return found


def _value(entry: Printed, wanted: Mapping[str, Any]) -> _Value | None:
    """The range an entry gives a quantity, None where it has no such number or unit."""
    if "condition" in wanted:
        try:
            number = float(entry.conditions[wanted["condition"]])
        except (KeyError, TypeError, ValueError):
            return None
        return _Value(number, number, entry)
    span = entry.span(wanted.get("entry"), exact=bool(wanted.get("exact", False)))
    if span is None:
        return None
    unit, goal = (NAMELESS.get(u, u) for u in (entry.unit, str(wanted.get("unit", entry.unit))))
    try:
        low, high = (convert(x, unit, goal) for x in span)
    except ElectrolithError:
        return None
    return _Value(low, high, entry)


def _belong(picked: Mapping[str, _Value], relation: Relation) -> bool:
    """Whether the entries are of one thing."""
    entries = [v.entry for v in picked.values() if v.entry is not None]
    if "material" in relation.same and len({e.material.split("-")[0] for e in entries}) > 1:
        return False
    for name, given in relation.quantities.items():
        if "like" not in given or name not in picked or given["like"] not in picked:
            continue
        one, other = picked[name].entry, picked[given["like"]].entry
        if one is None or other is None:
            return False
        if any(one.tag(key) != other.tag(key) for key in given.get("with", ("material",))):
            return False
    return True


def _compared(picked: Mapping[str, _Value], relation: Relation) -> Finding | None:
    """The finding of one set of entries; None where the relation does not apply."""
    ends = [np.unique([v.low, (v.low + v.high) / 2, v.high]) for v in picked.values()]
    corners = np.array(list(itertools.islice(itertools.product(*ends), 3**9)), dtype=float).T
    values = dict(zip(picked, corners, strict=True))
    with np.errstate(all="ignore"):
        if relation.when and not np.all(np.asarray(evaluate(relation.when, values)) > 0):
            return None
        expected = np.broadcast_to(evaluate(relation.formula, values), corners[0].shape)
        stated = np.broadcast_to(evaluate(relation.equals, values), corners[0].shape)
    if not (np.all(np.isfinite(expected)) and np.all(np.isfinite(stated))):
        return None
    slack = relation.tolerance * float(np.max(np.abs(expected)))
    low, high = float(expected.min()) - slack, float(expected.max()) + slack
    floor, roof = float(stated.min()), float(stated.max())
    above, below = floor > high * (1 + 1e-9), roof < low * (1 - 1e-9)
    wrong = {"equal": above or below, "at most": above, "at least": below}[relation.how]
    verdict: Verdict = "disagrees" if wrong else "agrees"
    middle = (low + high) / 2
    ratio = (floor + roof) / 2 / middle if middle else float("nan")
    unit = str(relation.quantities.get(relation.equals, {}).get("unit", "")).removesuffix("1")
    word = "" if relation.how == "equal" else f"{relation.how} "
    text = (
        f"{relation.name}: {word}{_range(low, high)} {unit}".rstrip()
        + f" expected, {_range(floor, roof)} {unit}".rstrip()
        + " stated"
        + (f" (factor {ratio:.3g})" if wrong else "")
    )
    stated_first = [
        v.entry.name for n, v in picked.items() if v.entry and re.search(rf"\b{n}\b", relation.equals)
    ]
    rest = [v.entry.name for v in picked.values() if v.entry and v.entry.name not in stated_first]
    names = tuple(dict.fromkeys([*stated_first, *rest]))
    return Finding(relation.name, verdict, names, (low, high), (floor, roof), float(ratio), text)


def _range(low: float, high: float) -> str:
    """A range as people write it."""
    if high - low < 0.02 * abs(high):
        return f"{(low + high) / 2:.4g}"
    return f"{low:.3g} to {high:.3g}"


def refuse_nothing(understood: int, entries: int, where: object) -> None:
    """A list of which nothing was understood is no list without contradictions.

    Raises
    ------
    DataError
        If no number was understood.
    """
    if understood == 0:
        raise DataError(
            f"{where}: none of {entries} entries was understood, so nothing could be checked; an entry needs "
            "id, quantity ('specific capacity', 'cathode loading', 'ionic conductivity', …), value and unit, "
            "or relations of your own"
        )
