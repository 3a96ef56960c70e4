"""Pages of the reference, from the package itself: commands from their help, settings from their classes."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import typer

ROOMS = ("core", "crystal", "energy", "motion", "stability", "scattering", "cell", "lab", "study")
LAB = (
    "impedance",
    "polarisation",
    "symmetric",
    "cycling",
    "exposure",
    "nmr",
    "xanes",
    "indentation",
    "particles",
    "synthesis",
)


def home(readme: str) -> str:
    """README as the first page of the site: links of the repository become links of the site."""
    text = re.sub(r"\]\(docs/", "](", readme)
    text = re.sub(r"(src=\")docs/", r"\1", text)
    text = text.replace("](CONTRIBUTING.md)", "](sections.md)").replace("](CHANGELOG.md)", "](changes.md)")
    return text.replace("](notebooks/)", "](notebooks/01-impedance.md)")


def reference() -> Iterator[tuple[str, str]]:
    """Name and text of every page of the reference."""
    yield "reference/commands.md", commands()
    yield "reference/settings.md", settings_index()
    from electrolith.study.reference import chapters

    for chapter in chapters():
        yield settings_page(chapter.name), settings(chapter)
    yield "reference/python.md", python_verbs()
    for room, names in rooms():
        yield python_page(room), python(room, names)


def names() -> set[str]:
    """Every page of the site that no file below `docs/` holds, but the notebooks'."""
    from electrolith.study.reference import chapters

    fixed = {"index.md", "changes.md", "gallery.md", "reference/commands.md", "reference/settings.md"}
    return fixed | {"reference/python.md"} | {settings_page(c.name) for c in chapters()}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def commands() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    from electrolith.study.commands import COMMANDS, Lazy, app

    group = typer.main.get_command(app)
    assert isinstance(group, Lazy)  # noqa: S101
    context = typer.Context(group, info_name="electrolith")
    text = [
        "# Commands\n",
        "What `electrolith COMMAND --help` says, all of it. `elith` is the same program.\n",
    ]
    for name in COMMANDS:
        group.resolve_command(context, [name])
        command = group.get_command(context, name)
        text += _command(name, command)
    return "\n".join(text) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## {name}\n"
    yield inspect.cleandoc(command.help or "").replace("\b", "") + "\n"
    below = getattr(command, "commands", {})
    rows = [p for p in command.params if p.name != "help" and not getattr(p, "hidden", False)]
    if rows and not below:
        yield "| argument or option | takes | without it | for |\n|---|---|---|---|"
        for one in rows:
            yield _parameter(one)
        yield ""
    for inner, sub in below.items():
        yield from _command(f"{name} {inner}", sub)


def _parameter(one: Any) -> str:
    option = one.opts[0].startswith("-")
    names = (
        ", ".join(f"`{o}`" for o in (*one.opts, *one.secondary_opts)) if option else f"`{one.name.upper()}`"
    )
    default = "" if one.default is None or callable(one.default) or one.default == () else str(one.default)
    shown = "required" if one.required else f"`{default}`" if default else ""
    return f"| {names} | {_takes(one)} | {_cell(shown)} | {_cell(getattr(one, 'help', '') or '')} |"


WORDS = {str: "text", int: "whole number", float: "number", bool: "switch", Path: "file"}


def _takes(one: Any) -> str:
    """What an argument takes, from the annotation in the command's own signature."""
    kinds = [one.type_descriptor.annotation]
    several = False
    while kinds and kinds[0] not in WORDS:
        several = several or get_origin(kinds[0]) in (list, tuple)
        kinds = [k for k in get_args(kinds[0]) if k is not type(None)]
    word = WORDS[kinds[0]] if kinds else "text"
    return f"{word}, several" if several else word


def settings_page(name: str) -> str:
    """Where the page of a chapter of settings is."""
    return f"reference/settings-{name}.md"


def settings_nav() -> list[dict[str, str]]:
    """The chapters of settings for the navigation."""
    from electrolith.study.reference import chapters

    return [{c.name: settings_page(c.name)} for c in chapters()]


def settings_index() -> str:
    """Which settings files there are."""
    from electrolith.study.reference import chapters

    rows = [f"| [{c.name}](settings-{c.name}.md) | {len(c.keys)} | {_cell(c.words)} |" for c in chapters()]
    head = (
        "# Settings\n\nEvery key of every file that the program reads, from the classes that read them. "
        "On the terminal: `electrolith settings [NAME]`; in an editor: `electrolith schema`.\n\n"
        "| settings | keys | for |\n|---|---:|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def settings(chapter: Any) -> str:
    """One chapter: a table of its keys."""
    rows = []
    for k in chapter.keys:
        without = "**required**" if k.default == "required" else f"`{_cell(k.default)}`"
        rows.append(f"| `{k.path}` | {_cell(k.takes)} | {without} | {_cell(k.words)} |")
    head = f"# {chapter.name}\n\n{chapter.words} Stands in {chapter.place}.\n\n"
    return head + "| key | takes | without it | for |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def python_page(room: str) -> str:
    """Where the page of a room is."""
    return f"reference/python-{room}.md"


def python_nav() -> list[dict[str, str]]:
    """The rooms for the navigation."""
    return [{name: python_page(name)} for name, _ in rooms()]


def rooms() -> Iterator[tuple[str, list[str]]]:
    """Each room and the full names of what it makes public."""
    for room in (*(r for r in ROOMS if r not in ("lab", "study")), *(f"lab.{x}" for x in LAB)):
        module = importlib.import_module(f"electrolith.{room}")
        names = []
        for holder in [module] if hasattr(module, "__all__") else _modules(module):
            for name in holder.__all__:
                where = getattr(getattr(holder, name), "__module__", "")
                if where.startswith("electrolith.") and f"{where}.{name}" not in names:
                    names.append(f"{where}.{name}")
        yield room, names


def _modules(room: Any) -> list[Any]:
    """The files of a room that lists no names of its own."""
    found = [
        importlib.import_module(m.name) for m in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
    ]
    return [m for m in found if hasattr(m, "__all__")]


def python(room: str, names: list[str]) -> str:
    """Page of a room: its sentence, then every public name."""
    module = importlib.import_module(f"electrolith.{room}")
    text = [f"# electrolith.{room}\n", inspect.cleandoc(module.__doc__ or "") + "\n"]
    return "\n".join(text + [f"::: {name}\n" for name in names])


def python_verbs() -> str:
    """Page of the verbs."""
    import electrolith as el
    from electrolith import verbs

    names = [n for n in el.__all__ if hasattr(verbs, n)]
    text = "# Verbs\n\nWhat `import electrolith as el` offers; examples: [In Python](../python.md).\n\n"
    return text + "\n".join(f"::: electrolith.verbs.{name}\n" for name in names) + _answer()


def _answer() -> str:
    """What every verb returns; the room `study` is no package that a static reader finds."""
    from electrolith.study.answer import Answer

    text = ["\n### Answer\n", inspect.cleandoc(Answer.__doc__ or "") + "\n"]
    for name, member in vars(Answer).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        call = "" if isinstance(member, property) else "()"
        text.append(f"- `.{name}{call}`: {' '.join(summary_line(member.__doc__).split())}")
    return "\n".join(text) + "\n"


def summary_line(words: str | None) -> str:
    """First paragraph of a docstring."""
    return inspect.cleandoc(words or "").split("\n\n")[0]
