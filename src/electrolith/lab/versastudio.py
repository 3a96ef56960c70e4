"""Files of VersaStudio (.par): segments of comma-separated rows, their columns named in `Definition=`."""

import re
from pathlib import Path

from electrolith.core.delimited import Delimited, read_text, tables_in
from electrolith.core.errors import DataError
from electrolith.core.reading import reader


def is_versastudio(head: bytes) -> bool:
    """Whether a file begins like a .par file."""
    return b"VersaStudio" in head or b"<Application>" in head[:200]


@reader("a VersaStudio file")
def read_par(path: Path) -> tuple[Delimited, ...]:
    """The rows of all segments under the names of their definitions, segments of one definition together.

    Raises
    ------
    DataError
        If there is no segment with rows.
    """
    text = read_text(path)
    found: dict[str, list[str]] = {}
    for body in re.findall(r"<Segment\d+>(.*?)(?:</Segment\d+>|\Z)", text, re.DOTALL):
        definition = re.search(r"^Definition\s*=\s*(.+)$", body, re.MULTILINE)
        rows = [line for line in body.split("\n") if re.match(r"\s*[-+]?\d[^=]*,", line)]
        if definition and rows:
            found.setdefault(definition.group(1).strip().rstrip(","), []).extend(rows)
    tables: list[Delimited] = []
    for names, rows in found.items():
        width = names.count(",") + 1
        cut = [",".join(row.split(",")[:width]) for row in rows]
        tables += tables_in(path, "\n".join([names, *cut]))
    if not tables:
        raise DataError(f"{path}: a VersaStudio file without a segment that holds rows and a 'Definition='")
    return tuple(tables)
