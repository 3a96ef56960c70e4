"""Does the stated error of D match the scatter of repeated runs? Replicas with the built-in potential.

`python benchmarks/motion_replicas.py FOLDER [REPLICAS] [KELVIN] [PICOSECONDS]` runs one ordering of Li9N2Cl3
with as many velocity seeds (default 64 of 24 ps at 900 K: twenty minutes on two free cores; a killed run goes
on) and prints in how many the 68 % interval holds the mean of all.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from electrolith.crystal.order import Keep, Ordering, order_crystal
from electrolith.crystal.read import read_crystal
from electrolith.energy.engine import make_engine
from electrolith.energy.relax import relax
from electrolith.motion import Dynamics, diffusivities, simulate

CRYSTAL = Path(__file__).parents[1] / "examples" / "li9n2cl3" / "li9n2cl3.cif"


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "replicas")
    given = [float(a) for a in sys.argv[2:5]]
    replicas, kelvin, picoseconds = (*given, *(64.0, 900.0, 24.0)[len(given) :])
    crystal = read_crystal(CRYSTAL, oxidation_states={"Li": 1, "N": -3, "Cl": -1})
    keep = Keep(lowest=0, random=1, monte_carlo=0)
    frame = order_crystal(crystal, Ordering(decorations=100, keep=keep)).frames[0]
    engine = make_engine("li-n-cl")
    dynamics = Dynamics(
        temperatures=(kelvin,),
        duration=1000 * picoseconds,
        budget=1000 * picoseconds,
        orderings=1,
        seeds=int(replicas),
    )
    runs = simulate(
        [relax(frame, engine).frame],
        engine,
        dynamics=dynamics,
        mobile="Li",
        hop_distance=crystal.cell[0, 0] / 2,
        folder=folder,
        progress=lambda share, text: print(f"\r{100 * share:3.0f} %  {text}      ", end="", flush=True),
    )
    found = diffusivities(runs)
    slopes = [r.slope for r in found.runs if r.slope and not r.refused]
    value = np.array([s.self_value for s in slopes])
    error = np.array([s.self_std for s in slopes])
    number = len(value)
    if number < 3:
        print(f"\n{number} of {len(runs.runs)} runs passed their guards: too few to compare with one another")
        return
    held = np.mean(np.abs(value - value.mean()) < error * np.sqrt(1 - 1 / number))
    print(
        f"\n{number} of {len(runs.runs)} runs passed their guards; D {value.mean():.3g} cm²/s\n"
        f"scatter {value.std(ddof=1) / value.mean():.3f}, stated {error.mean() / value.mean():.3f} of D; "
        f"the 68 % interval holds the mean in {100 * held:.0f} % of the runs (± {47 / np.sqrt(number):.0f})\n"
        f"ions that move together raise the variance by {found.together:.2f}"
    )


if __name__ == "__main__":
    main()
