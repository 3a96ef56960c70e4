"""`published:` of a study: numbers of others, one by one or as tables of literature, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from electrolith.core.archive import fingerprint
from electrolith.core.errors import InputError, brief
from electrolith.core.estimate import Estimate, parse_estimate
from electrolith.core.reading import reader
from electrolith.core.units import parse, split_quantity
from electrolith.study.literature import read_literature
from electrolith.study.section import Evidence, Literature
from electrolith.study.settings import load_yaml, pointing, read

__all__ = ["SCHEMA", "Published", "PublishedValue", "plain_doi", "published_of", "read_published"]

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_BEFORE = re.compile(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
TABLES = (".csv", ".tsv", ".txt")

SCHEMA: dict[str, Any] = {
    "description": "Numbers of others: a YAML list, a table of literature (.csv), the values themselves, or "
    "several of these",
    "oneOf": [
        {"type": "string"},
        {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "object"}]}},
    ],
}


@dataclass(frozen=True)
class PublishedValue:
    """A number somebody else published.

    kind : how it was obtained. label : in the table, without it the quantity's name. note : shown beside it.
    quantity : key that joins it to the study's own numbers.
    value : "4.3e-5 S/cm", "0.378(5) eV"; without (…) its uncertainty counts as not stated.
    source : where it stands, in words. doi : of the publication; one of the two is needed.
    method : how it was found, "impedance, 0.5 mm pellet". uncertainty : standard, "0.005 eV" or in the unit
        of the value. interval : low and high, where the source gives an interval instead.
    sample : of the study's table, if it is not about the reference.
    material : if it is about another one: it then stands among the literature, not beside the study's own.
    """

    quantity: str
    value: str
    kind: Literal["computed", "measured"]
    source: str = ""
    doi: str = ""
    method: str = ""
    uncertainty: str = ""
    label: str = ""
    note: str = ""
    interval: tuple[float, float] | None = None
    sample: str = ""
    material: str = ""

    def __post_init__(self) -> None:
        if self.doi and plain_doi(self.doi) is None:
            raise InputError(
                f"doi {brief(self.doi)} of {self.quantity} is no DOI; one reads 10.1039/c0ee00052c"
            )
        if not self.doi and not self.source.strip():
            raise InputError(f"{self.quantity}: neither doi nor source; say where the number was published")
        stated = [bool(self.uncertainty), self.interval is not None, "(" in self.value]
        if sum(stated) > 1:
            raise InputError(
                f"{self.quantity}: uncertainty stated twice; keep one of value(…), uncertainty, interval"
            )
        if self.interval is not None and not self.interval[0] < self.interval[1]:
            raise InputError(f"{self.quantity}: interval {list(self.interval)}; expected the lower end first")


@dataclass(frozen=True, eq=False)
class Published:
    """Everything that `published:` of a study names.

    values : about the study's own material and samples. tables : of other materials.
    files : as the study names them.
    """

    values: tuple[Evidence, ...] = ()
    tables: tuple[Literature, ...] = ()
    files: tuple[str, ...] = ()


def plain_doi(text: str) -> str | None:
    """The DOI without what stands before it, or None where there is none."""
    found = _DOI.fullmatch(_BEFORE.sub("", text.strip()))
    return found[0].rstrip(".,;)") if found else None


def published_of(data: Any, file: Path) -> Published:
    """What `published:` of a study file holds.

    Raises
    ------
    InputError
        If it is neither a file, a value nor a list of them, or a file is not there.
    """
    listed = data if isinstance(data, list) else [data]
    values: list[Evidence] = []
    tables: list[Literature] = []
    names = []
    for number, item in enumerate(listed, 1):
        if isinstance(item, dict):
            one = read(PublishedValue, item, f"study.published[{number - 1}]")
            values.append(_evidence(one, file.name, number))
            continue
        if not isinstance(item, str) or not (file.parent / item).is_file():
            raise InputError(f"study.published: no such file: {brief(item)} in {file.parent.resolve()}")
        names.append(item)
        path = file.parent / item
        if path.suffix.lower() in TABLES:
            tables.append(read_literature(path, name=item))
        else:
            values += read_published(path, name=item)
    foreign = tuple(e for e in values if e.material)
    if foreign:
        tables.append(Literature(file.name, foreign))
    return Published(tuple(e for e in values if not e.material), tuple(tables), tuple(names))


@reader("published values")
def read_published(path: Path, *, name: str = "") -> tuple[Evidence, ...]:
    """Published numbers of a YAML list. name : of the file as the study sees it.

    Raises
    ------
    InputError
        If the file is no such list.
    """
    rows = load_yaml(path)
    if not isinstance(rows, list):
        raise InputError(f"{path}: expected a list of published values, got {type(rows).__name__}")
    with pointing("published"):
        values = [read(PublishedValue, row, f"{path.name}[{i}]") for i, row in enumerate(rows)]
    return tuple(_evidence(value, name or path.name, i) for i, value in enumerate(values, 1))


def _evidence(value: PublishedValue, file: str, entry: int) -> Evidence:
    """The published number as evidence; its draws are seeded by itself, so that reports repeat."""
    rng = np.random.default_rng(int(fingerprint(value)[:8], 16))
    number, _, unit = split_quantity(value.value)
    std = _std(value, unit or "1")
    if std is not None:
        estimate = Estimate.normal(number, std, unit or "1", rng=rng)
    else:
        estimate = parse_estimate(value.value, unit or "1", rng=rng)
    doi = plain_doi(value.doi) or ""
    return Evidence(
        value.quantity,
        value.label or value.quantity.replace("_", " "),
        estimate,
        value.kind,
        value.source or f"doi:{doi}",
        True,
        ", ".join(filter(None, (value.method, value.note))),
        value.sample,
        doi=doi,
        file=file,
        entry=entry,
        material=value.material,
    )


def _std(value: PublishedValue, unit: str) -> float | None:
    """Standard uncertainty where it is stated beside the value."""
    if value.interval is not None:
        return (value.interval[1] - value.interval[0]) / 2
    if not value.uncertainty:
        return None
    std = parse(value.uncertainty, unit)
    if std <= 0:
        raise InputError(f"{value.quantity}: uncertainty {value.uncertainty!r}; expected a number above 0")
    return std
