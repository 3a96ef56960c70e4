"""What a stretch of cycles at one rate is: formation, part of a rate test, or ageing."""

from typing import Literal

import numpy as np

from electrolith.lab.cycling.rates import RateStep

Regime = Literal["formation", "rate test", "ageing", "few cycles"]
AGEING = 20  # cycles at one rate from which a loss is ageing and not the change of rate
FORMING = 5  # cycles at the start that may be formation
TEST = 3  # neighbouring short stretches at different rates that make a rate test


def regimes(steps: tuple[RateStep, ...]) -> tuple[Regime, ...]:
    """One for each stretch.

    Formation: at most five cycles at the very start, no faster than the ageing that follows at once. Rate
    test: three or more neighbouring stretches of less than twenty cycles whose rates differ. Retention means
    something in the ageing only.
    """
    lengths = [s.last - s.first + 1 for s in steps]
    found: list[Regime] = ["ageing" if n >= AGEING else "few cycles" for n in lengths]
    short = np.flatnonzero([kind != "ageing" for kind in found])
    for run in np.split(short, np.flatnonzero(np.diff(short) > 1) + 1) if short.size else []:
        rates = {round(float(np.log(steps[i].current)), 1) for i in run}
        if len(run) >= TEST and len(rates) >= TEST:
            for i in run:
                found[i] = "rate test"
    if len(steps) > 1 and found[0] == "few cycles" and lengths[0] <= FORMING and found[1] == "ageing":
        if steps[0].current <= 1.05 * steps[1].current:
            found[0] = "formation"
    return tuple(found)
