"""One dear teacher, with and without a cheap one: held-out PBE forces for equal numbers of PBE labels.

Run with `python benchmarks/energy_teachers.py`. PBE labels come from data/labels; CHGNet labels the same
frames and rattled copies of them (extra `mlip`). Every error is on PBE runs that no fit has seen, neither
through PBE nor through CHGNet. Cost is in seconds of one core as the labels state it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from electrolith.core.errors import MissingExtra
from electrolith.energy.distil.start import deformed
from electrolith.energy.engine import make_engine
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.pod.equations import EquationBook
from electrolith.energy.pod.fit import CheapLabels, fit_pod
from electrolith.energy.pod.potential import PodSettings

DATA = Path(__file__).resolve().parents[1] / "data" / "labels" / "li-n-cl.xyz.xz"
SHAPE = PodSettings(three_body=5, three_angular=3, four_body=0, four_angular=0)
NUMBERS = (10, 20, 40)
COPIES = 2


def cheap_labels(labels: tuple[Label, ...]) -> tuple[tuple[Label, ...], float]:
    """CHGNet on the frames and on rattled copies of them; seconds it took."""
    engine, rng, begun = make_engine("chgnet"), np.random.default_rng(3), time.process_time()
    out = []
    for label in labels:
        frames = [label.frame] + [deformed(label.frame, 0.0, 0.01, 0.08, rng=rng) for _ in range(COPIES)]
        for frame in frames:
            found = engine.evaluate(frame)
            out.append(Label(frame, found.energy, found.forces, found.stress, engine.name, label.source))
    return tuple(out), time.process_time() - begun


def main() -> None:
    """Print held-out force errors."""
    labels = tuple(x for x in read_labels(DATA) if np.sqrt(np.mean(x.forces**2)) < SHAPE.far_force)
    rng = np.random.default_rng(1)
    labels = tuple(labels[i] for i in rng.permutation(len(labels)))
    tested, rest = labels[: len(labels) // 4], labels[len(labels) // 4 :]
    try:
        cheap, seconds = cheap_labels(rest[: max(NUMBERS)])
    except MissingExtra as error:
        sys.exit(str(error))
    each = len(cheap) // len(rest[: max(NUMBERS)])
    book = EquationBook()
    check = book.equations(tested, SHAPE)
    print(f"tested on {len(tested)} PBE labels; {len(cheap)} CHGNet labels in {seconds:.0f} s")
    print("PBE labels   PBE alone   + CHGNet, weight 0.3   + CHGNet, weight 0.1   correction to CHGNet")
    for number in NUMBERS:
        few, side = rest[:number], cheap
        if len(few) < number:
            break
        prior = fit_pod(side, SHAPE, name="prior", book=book).potential.coefficients
        ways = (
            fit_pod(few, SHAPE, name="alone", book=book),
            fit_pod(few, SHAPE, name="mixed", book=book, cheap=CheapLabels(side, 0.3)),
            fit_pod(few, SHAPE, name="mixed", book=book, cheap=CheapLabels(side, 0.1)),
            fit_pod(few, SHAPE, name="held", book=book, prior=prior),
        )
        errors = [1000 * np.mean([e.miss(w.potential.coefficients)[1] for e in check]) for w in ways]
        print(f"{number:10d} " + "".join(f"{e:15.0f}      " for e in errors) + "   meV/Å")
    known = [float(x.source["seconds"]) for x in labels if "seconds" in x.source]
    dear = np.mean(known) if known else np.nan
    print(f"a label costs {seconds / len(cheap):.2f} s by CHGNet, about {dear:.0f} s by PBE")
    print(f"{each} CHGNet labels stand beside each PBE frame")


if __name__ == "__main__":
    main()
