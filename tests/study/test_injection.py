"""Hostile names on every way out: page, figures, CSV, workbook, terminal, file names."""

import csv
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import openpyxl
import pytest

from electrolith.core import Estimate
from electrolith.study.document import write_csv, write_xlsx
from electrolith.study.figure import Atoms, Axis, Bars, Figure, Heat, Line, Points
from electrolith.study.figure_paper import write_figure
from electrolith.study.report import page
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Table
from electrolith.study.terminal import _Full, print_table

NAMES = [
    "<script>document.title='owned'</script>",
    "<!--<script>",
    "</script><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<a href='javascript:alert(1)'>click</a>",
    r"$\frac$",
    "$x$ and $",
    "=1+1",
    "\x1b]0;owned\x07.csv",
    "exe\u202egpj.csv",
    "../../etc/passwd",
    "CON",
    "a" * 400,
    "\ud800",
    "电解质 Å³ σ",
]
X = np.array([1.0, 2.0, 3.0])


def _part(name: str) -> Part:
    layers = (Line(X, X, name), Points(X, X, name, text=(name,) * 3))
    bars = (Bars((name, f"{name} 2"), X[:2], name=name),)
    return Part(
        f"Title {name}",
        f"Sentence {name}.",
        figures=(
            Figure(f"f {name}", f"caption {name}", Axis(name), Axis(f"{name} / V"), layers),
            Figure(f"b {name}", "c", Axis("x"), Axis("y"), bars),
            Figure(f"h {name}", "c", Axis("x"), Axis("y"), (Heat(X, X[:2], np.ones((2, 3)), name),)),
        ),
        tables=(Table((f"head {name}", "v"), ((name, name), (name, "one")), f"caption {name}"),),
        warnings=(f"warning {name}",),
        notes=(f"note {name}",),
    )


def _page(names) -> str:
    evidence = [Evidence(n, n, Estimate.exact(1.0, "V"), "computed", n, note=n) for n in names]
    return page(
        f"Title {names[0]}",
        [_part(n) for n in names],
        evidence=evidence,
        warnings=names,
        lead=names[0],
        pictures="figures/",
    )


class _Seen(HTMLParser):
    """Elements, attributes and scripts of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        (self.scripts if self.lasttag == "script" else self.text).append(data)


@pytest.fixture(scope="module")
def seen():
    found = _Seen()
    found.feed(_page(NAMES))
    return found


def test_no_name_becomes_an_element_or_an_attribute_of_the_page(seen):
    assert set(seen.tags) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "ul", "li", "nav", "a", "b",
        "section", "figure", "figcaption", "script", "table", "caption", "thead", "tbody", "tr", "th", "td",
        "small", "span", "details", "summary", "noscript", "img",
    }  # fmt: skip
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert all(v.startswith("figures/") for name, v in seen.attributes if name == "src")
    assert all(value.startswith("#") for name, value in seen.attributes if name == "href")


def test_names_are_on_the_page_as_text(seen):
    text = "".join(seen.text)
    for name in ("<!--<script>", r"$\frac$", "=1+1", r"\x1b]0;owned\x07.csv", r"exe\u202egpj.csv", "电解质"):
        assert name in text


def test_data_of_figures_hold_no_tag_and_come_back_whole(seen):
    blocks = [s for s in seen.scripts if s.startswith('{"data"')]
    assert len(blocks) == 3 * len(NAMES)
    assert not any("<" in block for block in blocks)
    assert json.loads(blocks[3])["data"][0]["name"] == "&lt;!--&lt;script>"


def test_the_page_runs_its_own_scripts_only_and_fetches_nothing():
    text = _page(NAMES[:1])
    policy = re.search(r'Content-Security-Policy content="([^"]*)"', text).group(1)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy
    assert "script-src 'none'" in page("t", [Part("p", "s")])


def _browser() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


def test_a_browser_draws_every_figure_and_shows_the_whole_page(tmp_path):
    """An HTML5 parser once read the rest of the page into `<!--<script>`; the policy must let plotly draw."""
    browser = _browser()
    atoms = Atoms(np.eye(3), ("Li", "N", "Li"), ("#ff0000",) * 3, np.full(3, 5.0), ("a", "b", "c"), np.eye(3))
    solid = Part("Solid", "s", figures=(Figure("solid", "c", Axis(""), Axis(""), (atoms,)),))
    evidence = [Evidence("q", "<!--<script>", Estimate.exact(1.0, "V"), "computed", "s")]
    text = page(
        "Tried", [*(_part(n) for n in NAMES[:6]), solid], evidence=evidence, tail="<p id=last>end</p>"
    )
    (tmp_path / "page.html").write_text(text)
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=20000", "--window-size=1200,12000",
            "--dump-dom", (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert "<title>Tried</title>" in done.stdout, done.stderr[-2000:]
    assert done.stdout.count("main-svg") >= 18
    assert 'id="last"' in done.stdout


@pytest.mark.parametrize("name", [NAMES[0], *NAMES[5:7], NAMES[10], *NAMES[12:]])
def test_figures_for_papers_are_drawn_with_any_name(name, tmp_path):
    """Wrong mathematics between dollars once ended a study after everything was computed."""
    for figure in _part(name).figures:
        for path in write_figure(figure, tmp_path / "figures"):
            assert path.parent == tmp_path / "figures"
            if path.suffix == ".svg":
                assert "<script" not in path.read_text()
                assert "\x1b" not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["figures"]


def test_a_dollar_in_a_name_is_written_as_it_is(tmp_path):
    path, _ = write_figure(
        Figure("f", "c", Axis("x"), Axis("y"), (Line(X, X, r"5 $ and $\frac$"),)), tmp_path
    )
    assert r"5 $ and $\frac$" in path.read_text()


@pytest.mark.parametrize("name", NAMES[5:])
def test_spreadsheets_get_text_and_no_formula(name, tmp_path):
    write_csv(tmp_path / "csv", [_part(name)])
    for path in (tmp_path / "csv").iterdir():
        rows = list(csv.reader(io.StringIO(path.read_text())))
        cells = [c for row in rows for c in row]
        assert cells
        assert not [c for c in cells if c.startswith(("=", "@", "\t", "\r"))]
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", "".join(cells))
    write_xlsx(tmp_path / "book.xlsx", [_part(name)])
    for sheet in openpyxl.load_workbook(tmp_path / "book.xlsx"):
        for row in sheet.iter_rows():
            assert all(c.data_type != "f" for c in row)


@pytest.mark.parametrize("name", NAMES)
def test_the_terminal_is_given_no_orders(name):
    out = io.StringIO()
    console = _Full(file=out, highlight=False, force_terminal=False)
    console.print(f"[bold]x[/bold] {name.replace('[', '(')}")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out.getvalue())


def test_tables_on_the_terminal_are_given_no_orders(capsys):
    print_table(_part("\x1b]0;owned\x07\u202e").tables[0])
    shown = capsys.readouterr().out
    assert r"\x1b" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
