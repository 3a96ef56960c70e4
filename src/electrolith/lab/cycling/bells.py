"""What no cell does: efficiencies above one, hysteresis below zero, more charge than the mass can hold."""

import numpy as np

from electrolith.core.format import number
from electrolith.core.plausible import ring
from electrolith.lab.cycling.cycles import CycleTable

SHOWN = 5
TWICE = 1.6  # of the capacity that 1C stands for; a cathode charged further than usual gives up to 1.4 of it


def doubts_of(table: CycleTable, *, one_c: float | None = None) -> tuple[str, ...]:
    """Sentences on the cycles of a table that cannot be as they stand.

    Parameters
    ----------
    one_c : current at 1C, A/kg, which is also the capacity expected, in Ah/kg.
    """
    whole = table.complete
    said: list[str | None] = []
    efficiency = ring("coulombic_efficiency", _most(100 * table.efficiency[whole]), "percent")
    high = table.cycle[whole & (table.efficiency > 1.05)]
    if efficiency and high.size:
        said.append(f"cycles {_list(high)}: {efficiency}")
    backward = table.cycle[whole & (table.hysteresis < 0)]
    if backward.size:
        least = float(np.nanmin(table.hysteresis[whole]))
        said.append(f"cycles {_list(backward)}: {ring('hysteresis', least, 'V')}")
    specific = table.specific_charge
    if specific is not None:
        said.append(ring("cathode_capacity", _most(specific), "mAh/g"))
        discharge = table.specific_discharge
        largest = 0.0 if discharge is None else _most(discharge)
        if one_c is not None and not said[-1] and largest > TWICE * one_c:
            said.append(
                f"{number(largest)} mAh/g are {number(largest / one_c, 2)} times what 1C = "
                f"{number(one_c)} mA/g stands for: check the mass, or the 1C"
            )
    said.append(ring("duration", float(table.end[-1] - table.begin[0]), "s"))
    return tuple(filter(None, said))


def _most(values: np.ndarray) -> float:
    """Largest finite value, 0 where there is none."""
    seen = values[np.isfinite(values)]
    return float(seen.max()) if seen.size else 0.0


def _list(numbers: np.ndarray) -> str:
    """A few numbers."""
    shown = ", ".join(str(int(n)) for n in numbers[:SHOWN])
    return shown if numbers.size <= SHOWN else f"{shown}, ... ({numbers.size})"
