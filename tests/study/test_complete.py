import os
import subprocess
import sys

import pytest

from electrolith.crystal.library import shipped_names
from electrolith.scattering.instrument import EMISSION_LINES
from electrolith.scattering.measured import instrument_from
from electrolith.scattering.phase_library import library_names
from electrolith.stability.library import shipped_library
from electrolith.study.commands import complete


def tab(*words):
    """What bash offers after these words."""
    asked = {
        "_ELECTROLITH_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    code = "import sys; sys.argv = ['electrolith']; from electrolith.study.main import main; main()"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **asked}
    )
    return answer.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("electrolith", "imp"), "impedance"),
        (("electrolith", "impedance", "--dia"), "--diameter"),
        (("electrolith", "window", "Li6PS5"), "Li6PS5Cl"),
        (("electrolith", "barrier", "--engine", "ch"), "chgnet"),
        (("electrolith", "rietveld", "a.xy", "--phase", "LiC"), "LiCl"),
        (("electrolith", "rietveld", "--instrument", "C"), "Cu Ka"),
    ],
)
def test_a_tab_offers_commands_options_and_the_names_that_the_program_knows(words, offered):
    assert offered in tab(*words)


def test_what_is_offered_is_what_is_known():
    assert set(complete.phases("")) == set(library_names())
    assert {p.formula for p in shipped_library().phases} <= set(complete.formulas(""))
    assert set(complete.crystals("")) <= set(shipped_names())
    assert set(complete.ANODES) == set(EMISSION_LINES)
    for words in complete.instruments(""):
        assert instrument_from(words)
