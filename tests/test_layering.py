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


def import_circles(root: Path, package: str = "electrolith") -> list[list[str]]:
    """Modules that import each other, imports inside functions counted; every circle sorted."""
    files = {
        ".".join((package, *path.relative_to(root).with_suffix("").parts)): path
        for path in root.rglob("*.py")
        if path.name != "__init__.py"
    }
    arrows = {name: _imported(path, files) for name, path in files.items()}
    reach: dict[str, set[str]] = {}
    for name in arrows:
        seen: set[str] = set()
        todo = list(arrows[name])
        while todo:
            if (at := todo.pop()) not in seen:
                seen.add(at)
                todo += arrows[at]
        reach[name] = seen
    circles = {tuple(sorted(o for o in reach[n] if n in reach[o])) for n in arrows if n in reach[n]}
    return [list(circle) for circle in sorted(circles)]


def _imported(path: Path, files: dict[str, Path]) -> set[str]:
    """Modules of the package that a file imports anywhere; those for type checking only do not count."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
    return found & set(files)


def test_no_modules_import_each_other():
    assert import_circles(ROOT) == []


def test_a_circle_is_found_even_where_one_import_hides_in_a_function(tmp_path):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "one.py").write_text("from electrolith.lab.two import x\n")
    (tmp_path / "lab" / "two.py").write_text("def f():\n    from electrolith.lab import one\n")
    assert import_circles(tmp_path) == [["electrolith.lab.one", "electrolith.lab.two"]]
