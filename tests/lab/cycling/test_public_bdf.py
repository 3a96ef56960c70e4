"""What we write in the Battery Data Format, read by its public tool, batterydf."""

import numpy as np

from electrolith.lab.cycling.record import make_record
from electrolith.lab.cycling.write_bdf import write_bdf


def test_the_public_tool_reads_the_same_numbers_and_finds_nothing_wrong(tmp_path, validator):
    time = np.arange(0.0, 2000.0, 10.0)
    current = np.where((np.arange(200) // 50) % 2 == 0, 1e-3, -1e-3)  # positive charges
    record = make_record(time, 3.5 + 500 * current, current, "made")
    write_bdf(record, tmp_path / "a.bdf.csv")
    found = validator("bdf_read.py", tmp_path / "a.bdf.csv")
    assert found["report"]["ok"]
    assert found["report"]["extras"] == []
    assert found["report"]["time_stats"]["monotonic"]
    for name, column in (("Test Time / s", time), ("Voltage / V", record.voltage), ("Current / A", current)):
        np.testing.assert_allclose(found["table"][name], column, rtol=1e-9)
    charged = found["table"]["Charging Capacity / Ah"]
    assert charged[-1] > 0
    assert np.all(np.diff(charged) >= 0)
