"""Impedance of many groups in one figure."""

from electrolith.study.sections.impedance_together import ROOM, _apart


def test_names_at_the_ends_of_lines_never_lie_on_each_other():
    ends = [(3.7, 10.0**-k, f"group {k}") for k in (0, 0.05, 2, 2.01, 4)]
    seen = _apart(ends)
    assert [e[2] for e in seen] == ["group 0", "group 2", "group 4"]  # 0.05 decades are less than 4 % of four
    whole = 4.0
    assert 0.05 < ROOM * whole < 2
    assert _apart(ends[:1]) == ends[:1]
