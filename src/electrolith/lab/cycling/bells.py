"""What no cell does: efficiencies above one, hysteresis below zero, more charge than the mass can hold."""

import numpy as np

from electrolith.core.plausible import ring
from electrolith.lab.cycling.cycles import CycleTable

SHOWN = 5


def doubts_of(table: CycleTable) -> tuple[str, ...]:
    """Sentences on the cycles of a table that cannot be as they stand."""
    whole = table.complete
    said = []
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
        said.append(ring("specific_capacity", _most(specific), "mAh/g"))
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
