"""Rooms never import a neighbour: the arrows of the house go one way."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src" / "electrolith"
ROOMS = {
    "core": set(),
    "crystal": {"core"},
    "energy": {"core", "crystal"},
    "motion": {"core", "crystal", "energy"},
    "stability": {"core", "crystal", "energy"},
    "scattering": {"core", "crystal"},
    "lab": {"core"},
    "cell": {"core"},
    "study": {"core", "crystal", "energy", "motion", "stability", "scattering", "lab", "cell"},
}


def _targets(node: ast.AST, inside: tuple[str, ...]) -> list[str]:
    """Rooms of this package that an import statement names."""
    if isinstance(node, ast.Import):
        names = [a.name for a in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level:
        base = inside[: len(inside) - node.level]
        names = [
            ".".join((*base, node.module)) if node.module else ".".join((*base, a.name)) for a in node.names
        ]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
        if node.module == "electrolith":
            names = [f"electrolith.{a.name}" for a in node.names]
    else:
        return []
    return [n.split(".")[1] for n in names if n.split(".")[0] == "electrolith" and n.count(".")]


def broken_imports(root: Path) -> list[str]:
    bad = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if len(parts) == 1:
            continue
        room = parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            bad += [
                f"{path.relative_to(root)}:{node.lineno} {room} -> {target}"
                for target in _targets(node, ("electrolith", *parts))
                if target != room and target not in ROOMS.get(room, set()) and not target.startswith("__")
            ]
    return bad


def test_no_room_imports_a_neighbour():
    assert broken_imports(ROOT) == []


def test_every_folder_is_one_of_the_nine_rooms():
    folders = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith("__")}
    assert folders <= set(ROOMS)


@pytest.mark.parametrize(
    "line",
    [
        "from electrolith.motion.msd import x",
        "import electrolith.motion",
        "from electrolith import motion",
        "from ..motion import x",
    ],
)
def test_a_forbidden_import_in_any_spelling_is_caught(tmp_path, line):
    (tmp_path / "crystal").mkdir()
    (tmp_path / "crystal" / "bad.py").write_text(line + "\n")
    assert broken_imports(tmp_path) == ["crystal/bad.py:1 crystal -> motion"]
