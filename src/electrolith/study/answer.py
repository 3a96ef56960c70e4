"""What a verb of Python returns: the frozen result, and the tables and figures that the command shows."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from electrolith.core.errors import InputError, MissingExtra, nearest
from electrolith.core.files import write_atomic
from electrolith.study.document import document, evidence_table, write_csv, write_xlsx
from electrolith.study.figure import Figure
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Table, records

__all__ = ["Answer"]

T = TypeVar("T")
SHOWN = 4  # numbers in a short form


@dataclass(frozen=True, repr=False, eq=False)
class Answer(Generic[T]):
    """A result with everything that can be made of it.

    result : the frozen result of the room; its fields are also fields of the answer.
    parts, evidence : what a page shows of it.
    """

    title: str
    result: T
    parts: tuple[Part, ...]
    evidence: tuple[Evidence, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.result, name)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must not be trusted."""
        return tuple(dict.fromkeys(w for part in self.parts for w in part.warnings))

    @property
    def tables(self) -> dict[str, Table]:
        """Tables by caption (or by the title of their part), and the headline."""
        found: dict[str, Table] = {"headline": evidence_table(self.evidence)} if self.evidence else {}
        for part in self.parts:
            for table in (*part.tables, *part.data):
                found[_free(table.caption or part.title, found)] = table
        return found

    @property
    def figures(self) -> dict[str, Figure]:
        """Figures by name."""
        found: dict[str, Figure] = {}
        for part in self.parts:
            for figure in part.figures:
                found[_free(figure.name, found)] = figure
        return found

    def to_frame(self, table: str | int = 0) -> Any:
        """A table as a pandas DataFrame: numbers, with ` std` and ` unit` columns.

        Parameters
        ----------
        table : caption, its beginning, or number in `tables`, the headline not counted.

        Raises
        ------
        MissingExtra
            Without pandas.
        InputError
            If there is no such table.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtra("pandas", "pandas") from error
        return pd.DataFrame(records(_chosen(self.tables, table, "table")))

    def figure(self, name: str | int = 0) -> Any:
        """A figure as plotly's `Figure`, to look at in a notebook or to change."""
        import plotly.graph_objects as go

        from electrolith.core.safe_text import plotly_text
        from electrolith.study.figure_page import to_plotly

        return go.Figure(plotly_text(to_plotly(_chosen(self.figures, name, "figure"))))

    def plot(self, name: str | int = 0, ax: Any = None) -> Any:
        """A figure on matplotlib axes, new ones where none are given; the axes."""
        shown = _chosen(self.figures, name, "figure")
        from electrolith.study.figure_paper import axes_for, drawn

        strip = None
        if ax is None:
            import matplotlib.pyplot as plt

            ax, strip = axes_for(shown, plt.figure(layout="constrained"))
        drawn(shown, ax, strip)
        return ax

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, the document of `--json`."""
        return document(self.title, self.parts, evidence=self.evidence, data=self.result)

    def save(
        self,
        *,
        html: Path | str | None = None,
        json_file: Path | str | None = None,
        csv: Path | str | None = None,
        xlsx: Path | str | None = None,
        figures: Path | str | None = None,
        width: float = 86.0,
        formats: Sequence[str] = ("svg", "pdf"),
        font: str = "DejaVu Sans",
    ) -> None:
        """Write what a command writes: page, data, folder of CSV, workbook, figures for a paper (mm)."""
        if html is not None:
            from electrolith.study.report import write_page

            write_page(Path(html), self.title, self.parts, evidence=self.evidence)
        if json_file is not None:
            write_atomic(Path(json_file), json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n")
        if csv is not None:
            write_csv(Path(csv), self.parts, evidence=self.evidence)
        if xlsx is not None:
            write_xlsx(Path(xlsx), self.parts, evidence=self.evidence)
        if figures is not None:
            from electrolith.study.figure_paper import Paper, write_figure

            paper = Paper(width=width, formats=tuple(formats), font=font)
            for figure in self.figures.values():
                write_figure(figure, Path(figures), paper=paper)

    def __repr__(self) -> str:
        """Title, the first numbers, how many warnings: never more than some lines."""
        own = [e for e in self.evidence if not e.published]
        said = [f"{e.label} = {e.value.text()}" for e in own[:SHOWN]]
        if not said:
            said = [part.sentence for part in self.parts[:1]]
        if len(own) > SHOWN:
            said.append(f"and {len(own) - SHOWN} more numbers")
        if self.warnings:
            said.append(f"{len(self.warnings)} warning{'s' if len(self.warnings) > 1 else ''}")
        return f"{self.title}: {'; '.join(said)}"

    def _repr_html_(self) -> str:
        """What a notebook shows: sentences, headline, warnings, the first table."""
        from electrolith.study.page import prose, table_html

        pieces = [f"<h3>{html.escape(self.title)}</h3>"]
        pieces += [f"<p>{prose(part.sentence)}</p>" for part in self.parts]
        if self.evidence:
            rows = tuple((e.label, e.value, e.source) for e in self.evidence if not e.published)
            pieces.append(table_html(Table(("quantity", "value", "source"), rows)))
        pieces += [f"<p style='color:#b22222'>! {prose(w)}</p>" for w in self.warnings[:5]]
        pieces += [table_html(part.tables[0]) for part in self.parts[:1] if part.tables]
        names = ", ".join(html.escape(n) for n in self.figures)
        return "".join(pieces) + (f"<p><small>figures: {names}</small></p>" if names else "")


def _free(name: str, taken: dict[str, Any]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name} ({number})", number + 1
    return found


def _chosen(every: dict[str, Any], which: str | int, what: str) -> Any:
    """One of several by its name, the beginning of it, or its number."""
    counted = [v for k, v in every.items() if k != "headline"]
    if isinstance(which, int):
        if not -len(counted) <= which < len(counted):
            raise InputError(f"no {what} {which}; there are {len(counted)}")
        return counted[which]
    if which in every:
        return every[which]
    begins = [k for k in every if k.lower().startswith(which.lower())]
    if len(begins) == 1:
        return every[begins[0]]
    raise InputError(nearest(what, which, every))
