"""What every command gets unasked: `--csv`, `--xlsx`, folders and patterns as input, a record of itself."""

from __future__ import annotations

import functools
import glob
import inspect
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse
from electrolith.study.asked import LINE, Asked, asking

__all__ = ["expanded", "loaded", "with_outputs"]

PANEL = "Output"
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv", metavar="FOLDER", rich_help_panel=PANEL, help="Every table and figure as CSV, in numbers."
    ),
]
Xlsx = Annotated[
    Path | None,
    typer.Option("--xlsx", metavar="FILE", rich_help_panel=PANEL, help="The same as one workbook."),
]
Bom = Annotated[
    bool, typer.Option("--bom", rich_help_panel=PANEL, help="Mark CSV as UTF-8, for Excel on Windows.")
]
Figures = Annotated[
    Path | None,
    typer.Option("--figures", metavar="FOLDER", rich_help_panel=PANEL, help="Every figure for a paper."),
]
Width = Annotated[
    str, typer.Option("--figure-width", rich_help_panel=PANEL, help="86 mm is one column, 178 mm two.")
]
Formats = Annotated[
    str, typer.Option("--figure-formats", rich_help_panel=PANEL, help="Of svg, pdf, png, eps, tiff.")
]
Font = Annotated[str, typer.Option("--font", rich_help_panel=PANEL, help="Of the figures: 'Arial'.")]
_COMMON: tuple[tuple[str, Any, Any], ...] = (
    ("csv", Csv, None),
    ("xlsx", Xlsx, None),
    ("bom", Bom, False),
    ("figures", Figures, None),
    ("figure_width", Width, "86 mm"),
    ("figure_formats", Formats, "svg,pdf"),
    ("font", Font, "DejaVu Sans"),
)
_WRITTEN = {"html", "json_file", "out", "cif", "instprm", "work", "folder", "csv", "xlsx"}
_NO_DATA = {".html", ".json", ".pdf", ".svg", ".yaml", ".yml", ".md"}
# A folder with one of these is itself one measurement or one run.
_ONE_RECORD = {"acqus", "procpar", "fid", "ser", "vasprun.xml", "OUTCAR", "XDATCAR", "study.yaml"}


@cache
def loaded(module: str) -> dict[str, Any]:
    """The commands that a module of this folder adds, by name."""
    sub = typer.Typer(rich_markup_mode="markdown")
    import_module(f"electrolith.study.commands.{module}").add(sub)
    _dress(sub)
    return dict(typer.main.get_group(sub).commands)


def _dress(app: typer.Typer) -> None:
    """Give every command of an app its outputs."""
    for info in app.registered_commands:
        if info.callback is not None:
            info.callback = with_outputs(info.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _dress(group.typer_instance)


def with_outputs(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with what it is asked remembered, its inputs spread out, and the common outputs.

    A command that ends in `finish` takes `json_file`; those get `--csv` and `--xlsx`.
    """
    hints = get_type_hints(command, include_extras=True)
    plain = inspect.signature(command)
    parameters = [p.replace(annotation=hints.get(p.name, p.annotation)) for p in plain.parameters.values()]
    writes = "json_file" in plain.parameters or getattr(command, "writes_tables", False)
    if writes:
        for name, kind, default in _COMMON:
            parameters.append(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            )
    for parameter in parameters:
        if parameter.name in ("html", "json_file"):
            for about in getattr(parameter.annotation, "__metadata__", ()):
                about.rich_help_panel = PANEL

    @functools.wraps(command)
    def run(**options: Any) -> Any:
        common = {n: options.pop(n) for n, _, _ in _COMMON if writes and n in options}
        options = {k: _spread(k, v, hints.get(k)) for k, v in options.items()}
        with asking(Asked(LINE.get(), _inputs(options), _settings(options), **_outputs(common))):
            if "json_file" not in plain.parameters:
                return command(**options)
            from electrolith.core.progress import listening
            from electrolith.study.terminal import patient

            waiting = patient(command.__name__.removesuffix("_command").replace("_", " "))
            with waiting, listening(waiting.hear):
                return command(**options)

    del run.__wrapped__  # typer must see the signature below, not the one it came from
    run.__signature__ = plain.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _outputs(common: dict[str, Any]) -> dict[str, Any]:
    """The common options by the names of `Asked`."""
    if not common:
        return {}
    return {
        "csv": common["csv"],
        "xlsx": common["xlsx"],
        "bom": common["bom"],
        "figures": common["figures"],
        "width": parse(common["figure_width"], "mm"),
        "formats": tuple(f.strip().lower().lstrip(".") for f in common["figure_formats"].split(",")),
        "font": common["font"],
    }


def _settings(options: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Options and their values as text."""
    shown = []
    for name, value in options.items():
        values = value if isinstance(value, list | tuple) else (value,)
        text = ", ".join(str(v) for v in values)
        shown.append((name.replace("_", " "), "–" if value is None else text))
    return tuple(shown)


def _inputs(options: dict[str, Any]) -> tuple[Path, ...]:
    """Every existing file among the options that is not written by the command."""
    found: dict[Path, None] = {}
    for name, value in options.items():
        if name in _WRITTEN:
            continue
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, Path | str) and item and Path(item).is_file():
                found[Path(item)] = None
    return tuple(found)


def _spread(name: str, value: Any, hint: Any) -> Any:
    """Folders and patterns among the files of a list argument become the files in them."""
    arguments = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, typer.models.ArgumentInfo)]
    if not arguments or not isinstance(value, list) or name in _WRITTEN:
        return value
    found: list[Any] = []
    for item in value:
        found += (
            [type(item)(p) if isinstance(item, str) else p for p in expanded(Path(item))]
            if (isinstance(item, Path) or (isinstance(item, str) and ("*" in item or Path(item).is_dir())))
            else [item]
        )
    return found


def expanded(path: Path) -> list[Path]:
    """The files that a path means: itself, those of a folder, or those of a pattern like eis/*.csv.

    A folder that is one measurement (Bruker, VASP) stays whole. The order is that of people: 2 before 10.

    Raises
    ------
    InputError
        If a pattern or a folder holds no file.
    """
    if path.is_dir():
        inside = [p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")]
        if {p.name for p in inside} & _ONE_RECORD or not inside:
            return [path]
        files = [p for p in inside if p.suffix.lower() not in _NO_DATA]
        if not files:
            raise InputError(f"{path}: no data file in this folder")
        return sorted(files, key=_natural)
    if not path.exists() and any(c in str(path) for c in "*?["):
        matches = [Path(p) for p in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - absolute patterns too
        if not matches:
            raise InputError(f"{path}: no file matches this pattern")
        return sorted(matches, key=_natural)
    return [path]


def _natural(path: Path) -> list[tuple[int, float, str]]:
    """Sorts 5 before 25 and -20 where a minus stands for itself."""
    pieces = re.split(r"(\d+)", path.name.lower())
    return [(0, float(p), "") if p.isdigit() else (1, 0.0, p) for p in pieces]
