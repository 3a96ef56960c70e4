import base64
import io

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from electrolith.core import Estimate, InputError
from electrolith.study.asked import Asked, asking
from electrolith.study.commands import app
from electrolith.study.figure import (
    Atoms,
    Axis,
    Figure,
    Heat,
    Line,
    Panel,
    Photo,
    Points,
    extent,
    ordered,
    stacked,
)
from electrolith.study.figure_data import figure_columns
from electrolith.study.figure_page import to_plotly
from electrolith.study.figure_paper import Paper, axes_for, drawn, write_figure
from electrolith.study.page import page, prose
from electrolith.study.section import Evidence, Part
from electrolith.study.table import Table

X = np.linspace(1.0, 2.0, 5)


def figure(*layers, **more):
    return Figure("f", "c", Axis("x"), more.pop("y", Axis("y")), layers, **more)


def across(path):
    """Pixels of a picture, from left to right."""
    with Image.open(path) as picture:
        return picture.size[0]


def canvas():
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas

    made = Canvas(layout="constrained")
    FigureCanvasAgg(made)
    return made


def test_a_log_axis_over_less_than_two_decades_has_labels_of_its_own():
    short = to_plotly(figure(Line(X, X / 10), y=Axis("σT", log=True)))["layout"]["yaxis"]
    assert "dtick" not in short
    assert (
        to_plotly(figure(Line(X, 10.0 ** np.arange(5)), y=Axis("σT", log=True)))["layout"]["yaxis"]["dtick"]
        == 1
    )
    assert (
        to_plotly(figure(Line(X, 10.0 ** (4 * np.arange(5))), y=Axis("a", log=True)))["layout"]["yaxis"][
            "dtick"
        ]
        == 2
    )


def test_symbols_have_no_dark_ring():
    filled, open_ = to_plotly(figure(Points(X, X, role="measured"), Points(X, X, role="published")))["data"]
    assert filled["marker"]["line"]["width"] == 0
    assert open_["marker"]["line"]["color"] == open_["marker"]["color"]


def test_dense_points_lie_behind_the_line_through_them_and_single_ones_before_it():
    line, dense, single = Line(X, X), Points(X, X, small=True), Points(X, X)
    heat = Heat(X, X, np.ones((5, 5)))
    assert stacked((single, line, heat, dense)) == [heat, dense, line, single]


def test_colours_of_ordered_curves_run_from_dark_to_light():
    def luminance(colour):
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    shades = [luminance(c) for c in ordered(12)]
    assert shades == sorted(shades)
    assert len(set(ordered(12))) == 12
    assert max(shades) < 200  # light yellow would vanish on paper


def test_an_extent_leaves_out_what_is_not_drawn():
    log = figure(Line(X, np.array([-1.0, 0.0, np.nan, 2.0, 3.0])), y=Axis("y", log=True))
    assert extent(log, "y") == (2.0, 3.0)
    assert extent(figure(Line(X, X), y=Axis("y", range=(5.0, 1.0))), "y") == (1.0, 5.0)
    assert extent(figure(), "x") is None
    named = np.array(["Li", "LiF", "LiCl"])
    assert extent(figure(Points(X[:3], named), Line(X[:3], X[:3])), "y") == (X[0], X[2])


def test_numbers_on_axes_have_no_thousands_comma():
    layout = to_plotly(figure(Line(X, 8345.5 + X)))["layout"]
    assert layout["separators"][0] == "."
    assert "," not in layout["separators"]
    assert layout["yaxis"]["exponentformat"] == "none"
    assert to_plotly(figure(Line(X, 1e-5 * X)))["layout"]["yaxis"]["exponentformat"] == "power"


def test_formulas_are_lowered_in_names_and_axes():
    shown = to_plotly(figure(Line(X, X, "Li6PS5Cl"), y=Axis("energy of Li3N / eV")))
    assert shown["data"][0]["name"] == "Li₆PS₅Cl"
    assert shown["layout"]["yaxis"]["title"]["text"] == "energy of Li₃N / eV"


@pytest.mark.parametrize("width", [86.0, 178.0])
def test_a_figure_is_as_wide_as_the_journal_wants(tmp_path, width):
    (png,) = write_figure(figure(Line(X, X)), tmp_path, paper=Paper(width=width, formats=("png",), dpi=300))
    assert across(png) == pytest.approx(width / 25.4 * 300, abs=2)


def test_all_formats_are_written(tmp_path):
    files = write_figure(
        figure(Line(X, X)), tmp_path, paper=Paper(formats=("svg", "pdf", "png", "eps", "tiff"), dpi=100)
    )
    assert [f.suffix for f in files] == [".svg", ".pdf", ".png", ".eps", ".tiff"]
    assert all(f.stat().st_size > 1000 for f in files)


def test_a_wrong_format_or_width_is_refused():
    with pytest.raises(InputError, match="no 'jpg'"):
        Paper(formats=("jpg",))
    with pytest.raises(InputError, match=r"20 to 500 mm wide, got 0\.086 mm"):
        Paper(width=0.086)


def test_a_long_axis_title_is_broken_and_never_cut():
    title = "mutual reaction energy of the two phases at their worst mixing ratio / meV per atom"
    made = canvas()
    axes = made.add_subplot()
    drawn(figure(Line(X, X), y=Axis(title)), axes)
    assert axes.get_ylabel().replace("\n", " ") == title
    made.canvas.draw()
    box = axes.yaxis.label.get_window_extent()
    assert box.y0 >= 0
    assert box.y1 <= made.bbox.height


def test_many_names_stand_below_the_axes_and_not_on_the_data():
    made = canvas()
    axes = made.add_subplot()
    drawn(figure(*(Line(X, i * X, f"curve {i}") for i in range(6))), axes, legend_outside=True)
    made.canvas.draw()
    assert axes.get_legend() is None
    assert not made.legends[0].get_window_extent().overlaps(axes.get_window_extent())


def test_both_ranges_of_an_equal_figure_are_kept(tmp_path):
    made = canvas()
    axes = made.add_subplot()
    drawn(
        Figure(
            "n", "c", Axis("Z′", range=(0.0, 4.0)), Axis("−Z″", range=(0.0, 3.0)), (Line(X, X),), equal=True
        ),
        axes,
    )
    made.canvas.draw()
    assert axes.get_xlim() == (0.0, 4.0)
    assert axes.get_ylim() == (0.0, 3.0)


def test_a_crystal_on_paper_has_its_cell_and_names():
    made = canvas()
    axes = made.add_subplot(projection="3d")
    cell = np.array([[4.0, 0, 0], [1, 5, 0], [0, 1, 6]])
    drawn(
        figure(Atoms(np.eye(3), ("Li", "N", "Li"), ("#ff0000",) * 3, np.full(3, 9.0), ("", "", ""), cell)),
        axes,
    )
    assert len(axes.lines) == 12
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["Li", "N"]


def test_a_picture_lies_below_the_curves_and_its_pixels_come_back():
    rgb = np.random.default_rng(0).integers(0, 255, (7, 5, 3)).astype(np.uint8)
    layout = to_plotly(figure(Photo(rgb, 10.0, 14.0)))["layout"]
    (image,) = layout["images"]
    assert (image["y"], image["sizex"], image["sizey"], image["layer"]) == (14.0, 10.0, 14.0, "below")
    raw = base64.b64decode(image["source"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.array(Image.open(io.BytesIO(raw))), rgb)


def test_identifiers_are_links_and_nothing_else_is():
    assert prose("see 10.1126/sciadv.adh4626.") == (
        'see <a href="https://doi.org/10.1126/sciadv.adh4626">10.1126/sciadv.adh4626</a>.'
    )
    assert '/materials/mp-985592">mp-985592</a>' in prose("entry Li6PS5Cl (mp-985592)")
    assert prose('10.1/"><script>') == "10.1/&quot;&gt;&lt;script&gt;"


def test_a_page_says_how_it_was_made(tmp_path):
    (tmp_path / "a.csv").write_text("1\n")
    line = ("electrolith", "impedance", "a.csv", "--diameter", "10 mm")
    with asking(Asked(line, (tmp_path / "a.csv",), (("diameter", "10 mm"),))):
        text = page("t", [Part("p", "s")])
    for word in (
        "electrolith impedance a.csv --diameter &#x27;10 mm&#x27;",
        "4355a46b19d3",
        "<td>diameter</td>",
    ):
        assert word in text
    assert "How this page was made" not in page("t", [Part("p", "s")])


def test_long_tables_and_many_warnings_fold():
    rows = tuple((i,) for i in range(60))
    text = page("t", [Part("p", "s", tables=(Table(("n",), rows),))], warnings=[f"w{i}" for i in range(9)])
    assert "<summary>all 60 rows</summary>" in text
    assert "<summary>and 6 more</summary>" in text
    assert text.count("<td class=number data-v=59>59</td>") == 1


def test_a_page_with_figures_is_two_megabytes_and_speaks_to_readers_without_sight():
    text = page("t", [Part("p", "s", figures=(figure(Line(X, X)),))], pictures="figures/")
    assert len(text) < 2_500_000
    assert 'role=img aria-label="c"' in text
    assert '<noscript><img src="figures/f.svg" alt="c">' in text
    alone = page("t", [Part("p", "s", figures=(figure(Line(X, X)),))])
    assert '<noscript><img src="data:image/png;base64,' in alone
    assert "<td class=number data-v=1.25>1.250</td>" in alone  # what is drawn, as a table


def test_the_key_figure_stands_beside_the_headline_and_not_twice_in_a_row():
    shown = figure(Line(X, X), key=True)
    rows = (Evidence("a", "Width", Estimate.exact(2.0, "mm"), "measured", "x"),)
    text = page("t", [Part("p", "s", figures=(shown,)), Part("q", "s")], evidence=rows)
    assert text.count('<figure id="f"') == 1
    assert text.index('<figure id="f"') < text.index("<h2")
    later = page("t", [Part("q", "s"), Part("p", "s", figures=(shown,))], evidence=rows)
    assert [later.count(f'<figure id="{name}"') for name in ("key-f", "f")] == [1, 1]
    assert "class=answer" not in page("t", [Part("q", "s")], evidence=rows)


def test_a_second_quantity_has_a_panel_of_its_own_over_the_same_x(tmp_path):
    strip = Panel(Axis("j / mA cm⁻²"), (Line(X, -X, "", "guide"),))
    shown = figure(Line(X, X), below=strip)
    drawn_here = to_plotly(shown)
    assert [t.get("yaxis", "y") for t in drawn_here["data"]] == ["y", "y2"]
    upper, lower = (drawn_here["layout"][axis]["domain"] for axis in ("yaxis", "yaxis2"))
    assert lower[1] < upper[0]
    made = canvas()
    axes, below = axes_for(shown, made)
    drawn(shown, axes, below)
    made.canvas.draw()
    assert (below.get_xlabel(), axes.get_xlabel()) == ("x", "")
    assert axes.get_xlim() == below.get_xlim()
    assert below.xaxis.label.get_window_extent().y0 >= 0
    assert figure_columns(shown)[0][-1] == "line 2: j / mA cm⁻²"
    assert write_figure(shown, tmp_path, paper=Paper(formats=("png",), dpi=60))[0].exists()


def test_the_page_hands_out_every_digit_of_a_table():
    sigma = Estimate(1.2e-4 + 1e-6 * np.linspace(-1, 1, 201), "S/cm")
    text = page("t", [Part("p", "s", tables=(Table(("σ / mS/cm",), ((sigma,),)),))])
    assert f"data-v={sigma.to('mS/cm').value!r} data-s={sigma.to('mS/cm').std!r}" in text
    assert 'data-u="mS/cm"' in text


def test_a_command_writes_figures_for_a_paper(tmp_path):
    out = tmp_path / "figs"
    asked = [
        "window",
        "LiCl",
        "--draws",
        "3",
        "--figures",
        str(out),
        "--figure-formats",
        "png",
        "--figure-width",
        "178 mm",
    ]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    assert [across(p) for p in out.iterdir()] == pytest.approx([178 / 25.4 * 600] * 2, abs=2)
