"""Published numbers as they are printed: 1.0 is not 1, and 1.00 is known ten times better."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

APPROXIMATE = 0.02  # half-width given to numbers printed as "about"


@dataclass(frozen=True)
class Printed:
    """One entry of a list of published numbers.

    value : as read; digits: as written, one text for a number, several for a list, empty where it is neither.
    """

    name: str
    quantity: str
    material: str
    value: Any
    digits: tuple[str, ...]
    unit: str
    kind: str
    approximate: bool
    is_range: bool
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def restated(self) -> bool:
        """Whether the number is another's repetition elsewhere in the text."""
        return any(word in self.name for word in ("discussion", "intro", "restated", "abstract"))

    def tag(self, key: str) -> str:
        """What a number is compared by: id, material, or one of its conditions."""
        if key == "id":
            return self.name
        return self.material if key == "material" else str(self.conditions.get(key, ""))

    def span(self, entry: int | None = None, *, exact: bool = False) -> tuple[float, float] | None:
        """Range of the number or of an entry of a list: by its digits, as stated, or 2 % for "about"."""
        if isinstance(self.value, list):
            if entry is None and self.is_range and len(self.digits) == 2:
                return _float(self.digits[0]), _float(self.digits[1])
            if entry is None or entry >= len(self.digits):
                return None
            text = self.digits[entry]
        elif entry is not None or len(self.digits) != 1:
            return None
        else:
            text = self.digits[0]
        value = _float(text)
        half = 0.0 if exact else half_digit(text)
        if self.approximate:
            half = max(half_digit(text, zeros=True), APPROXIMATE * abs(value))
        return value - half, value + half


def half_digit(text: str, *, zeros: bool = False) -> float:
    """Half a unit of the last digit a number is printed with; `zeros`: the zeros of 500 do not count."""
    mantissa, _, exponent = text.lower().replace("_", "").partition("e")
    whole, _, fraction = mantissa.partition(".")
    places = len(fraction)
    if zeros and places == 0:
        places = len(whole.rstrip("0")) - len(whole)
    return float(0.5 * 10.0 ** (int(exponent or 0) - places))


def printed_entries(lists: list[list[Any]], text: str) -> tuple[Printed, ...]:
    """Entries with the digits they are written with.

    Parameters
    ----------
    lists : groups of entries, plain data of `text`.
    text : the YAML they were read from, already known to be harmless.
    """
    written = dict(_written(yaml.compose(text, Loader=yaml.SafeLoader)))
    found = []
    for entry in (e for group in lists for e in group if isinstance(e, dict)):
        name, value = str(entry.get("id", "")), entry.get("value")
        found.append(
            Printed(
                name=name,
                quantity=str(entry.get("quantity", "")),
                material=str(entry.get("material", "")),
                value=value,
                digits=written.get(name, ()) if _numeric(value) else (),
                unit=str(entry.get("unit", "")),
                kind=str(entry.get("kind", "measured")),
                approximate=entry.get("qualifier") == "approx",
                is_range=entry.get("value_form") == "range",
                conditions=entry.get("conditions") or {},
            )
        )
    return tuple(found)


def _numeric(value: Any) -> bool:
    """A number, or a list of numbers only."""
    many = value if isinstance(value, list) else [value]
    return bool(many) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in many)


def _float(text: str) -> float:
    """A number as YAML writes it."""
    return float(text.replace("_", ""))


def _written(node: yaml.Node | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(id, digits of its value) of every mapping below a node."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _written(child)
    if not isinstance(node, yaml.MappingNode):
        return
    given = {k.value: v for k, v in node.value if isinstance(k, yaml.ScalarNode)}
    if isinstance(given.get("id"), yaml.ScalarNode) and "value" in given:
        value = given["value"]
        many = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if all(isinstance(v, yaml.ScalarNode) for v in many):
            yield given["id"].value, tuple(v.value for v in many)
        return
    for child in given.values():
        yield from _written(child)
