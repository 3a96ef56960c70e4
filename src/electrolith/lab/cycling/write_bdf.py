"""Write a record in the Battery Data Format: fixed names, positive current charges, capacities never
reset.
"""

import io
from pathlib import Path

import numpy as np

from electrolith.core.files import write_atomic
from electrolith.lab.cycling.cycles import charge_steps
from electrolith.lab.cycling.record import CyclingRecord

Array = np.ndarray


def write_bdf(record: CyclingRecord, path: Path) -> None:
    """Write a record as `.bdf.csv`; what it does not have is left out.

    The step is the number that the program of the test gave it, which is what "Step ID" means.

    Source: Battery Data Alliance, Battery Data Format ontology 1.3.0.

    """
    steps = charge_steps(record) / 3600
    columns = {
        "Test Time / s": record.time,
        "Voltage / V": record.voltage,
        "Current / A": record.current,
        "Cycle Count / 1": record.cycle,
        "Step ID": record.step,
        "Ambient Temperature / degC": None if record.temperature is None else record.temperature - 273.15,
        "Charging Capacity / Ah": np.cumsum(np.maximum(steps, 0)),
        "Discharging Capacity / Ah": np.cumsum(np.maximum(-steps, 0)),
    }
    there = {name: column for name, column in columns.items() if column is not None}
    text = io.StringIO()
    np.savetxt(
        text,
        np.column_stack(list(there.values())),
        delimiter=",",
        fmt="%.10g",
        header=",".join(there),
        comments="",
    )
    write_atomic(path, text.getvalue())
