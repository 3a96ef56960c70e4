"""Examples in the documents run as written; what they name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


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
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target
