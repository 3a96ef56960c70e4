"""Examples in the documents run as written; what they name exists."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from electrolith.study.commands import COMMANDS, app

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
STARTS = sorted((ROOT / "docs" / "start").glob("*.md"))
sys.path.append(str(ROOT / "tools" / "docs"))
import pages  # noqa: E402


def _blocks(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(), flags=re.S)


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if p.name != "sections.md"], ids=lambda p: p.name)
def test_python_examples_of_a_document_run_in_order(path, monkeypatch, tmp_path, capsys):
    blocks = _blocks(path)
    if path.name == "README.md":
        assert len(blocks) >= 2
    if not blocks:
        pytest.skip(f"{path.name} has no Python example")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{path.name}, block {number + 1}", "exec"), space)  # noqa: S102
    capsys.readouterr()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_between_documents_lead_somewhere(path):
    """To a file, to a page that the build makes, or to a notebook's page."""
    made = {(ROOT / "docs" / name).resolve() for name in pages.names()}
    made |= {ROOT / "docs" / "notebooks" / f"{n.stem}.md" for n in (ROOT / "notebooks").glob("*.py")}
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        where = path.parent / target.strip()
        assert where.exists() or where.resolve() in made, target


def _console(path: Path) -> list[str]:
    """Lines of a document that begin with a prompt, without their remarks."""
    blocks = re.findall(r"```console\n(.*?)```", path.read_text(), flags=re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def _lines(path: Path) -> list[str]:
    """Every command line of ours that a document shows: in blocks and in running text."""
    text = path.read_text()
    inline = re.findall(r"`(electrolith [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    return [" ".join(line.split()) for line in (*_console(path), *inline) if line.startswith("electrolith ")]


def _command(words: list[str]):
    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="electrolith")
    _, command, rest = group.resolve_command(context, list(words))
    while rest and rest[0] in getattr(command, "commands", {}):
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_command_line_in_a_document_uses_options_that_exist(path):
    for line in _lines(path):
        words = shlex.split(line.replace("…", ""), comments=True)[1:]
        if not words or words[0].startswith("-") or words[0] == "COMMAND":
            continue
        assert words[0] in COMMANDS, line
        if "--" in words:  # what follows is a command line of its own
            words = words[: words.index("--")]
        command, rest = _command(words)
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        known |= {"--help", "--csv", "--xlsx", "--figures", "--bom", "--figure-width", "--figure-formats"}
        known |= {"--traceback", "--json", "--html"}
        used = {w.partition("=")[0] for w in rest if w.startswith("--")}
        assert used <= known, f"{line}: {', '.join(sorted(used - known))}"


@pytest.mark.parametrize("path", STARTS, ids=lambda p: p.name)
def test_first_steps_can_be_taken_as_they_stand(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    taken = 0
    for line in _console(path):
        words = shlex.split(line, comments=True)
        if words[0] != "electrolith":
            continue
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception}"
        taken += 1
    assert taken >= 3


def test_readme_is_two_screens_with_three_pictures():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 110
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert len(pictures) == 3
    for picture in pictures:
        assert 2_000 < (ROOT / picture).stat().st_size < 80_000
