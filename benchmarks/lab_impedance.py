"""The impedance fitter on 200 random R-(RQ)-(RQ)-W pellets, beside impedance.py and pyimpspec where "
"installed.

Bars: the global optimum in at least 98 %, 1 σ coverage 60 to 76 %, median below 0.5 s, no starting guess.
Run: python benchmarks/lab_impedance.py [pellets] [pellets for the others]
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from electrolith.lab.impedance.circuit import Circuit
from electrolith.lab.impedance.descent import descend
from electrolith.lab.impedance.fit import FitSettings, fit_circuit, sort_arcs, weighted_model
from electrolith.lab.impedance.pellets import FREQUENCY, PELLET, random_pellet
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.starts import Scales, bounds_of

CIRCUIT = Circuit.parse(PELLET)


def optimum(spectrum: Spectrum, truth: np.ndarray) -> float:
    """Cost of the optimum reached from the true parameters."""
    omega = 2 * np.pi * spectrum.frequency
    model = weighted_model(CIRCUIT, omega, spectrum.impedance, 1 / np.abs(spectrum.impedance))
    low, high = bounds_of(CIRCUIT, Scales.of(omega, spectrum.impedance))
    return float(descend(model, CIRCUIT.to_internal(truth[None]), low, high, iterations=500).cost[0])


def ours(count: int) -> None:
    reached, inside, known, totals, seconds, clock = 0, 0, 0, 0, [], []
    for seed in range(count):
        truth, spectrum = random_pellet(rng=np.random.default_rng(seed))
        begin, wall = time.process_time(), time.perf_counter()
        fit = fit_circuit(spectrum, FitSettings(PELLET))
        seconds.append(time.process_time() - begin)
        clock.append(time.perf_counter() - wall)
        reached += fit.chi2 <= optimum(spectrum, truth) * (1 + 1e-6)
        ordered = CIRCUIT.from_internal(sort_arcs(CIRCUIT, CIRCUIT.to_internal(truth[None])[0])[None])[0]
        counted = np.array([name not in fit.undetermined for name in fit.names])
        inside += int(np.sum((np.abs(fit.values - ordered) < fit.std)[counted]))
        known += int(counted.sum())
        total = fit.total_resistance
        totals += abs(total.value - truth[0] - truth[1] - truth[4]) < total.std
    print(f"electrolith, no guess: optimum reached {100 * reached / count:.1f} % of {count} (bar 98 %)")
    print(f"  1σ coverage {100 * inside / known:.1f} % of {known} determined parameters (bar 60 to 76 %)")
    print(f"  1σ coverage of the total resistance {100 * totals / count:.1f} %")
    print(
        f"  time: median {np.median(seconds):.3f} s of processor (bar 0.5 s), longest {max(seconds):.3f} s; "
        f"median {np.median(clock):.3f} s by the clock"
    )


def other(name: str, fit: Callable[[np.ndarray, np.ndarray], np.ndarray], count: int) -> None:
    """Another fitter from a start that is off by a factor of 1.3 at most."""
    reached, seconds, failed = 0, [], 0
    for seed in range(count):
        rng = np.random.default_rng(seed)
        truth, spectrum = random_pellet(rng=rng)
        exponents = ~CIRCUIT.logarithmic
        start = np.where(exponents, np.minimum(truth, 0.95), truth * 1.3 ** rng.uniform(-1, 1, truth.size))
        begin = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = fit(start, spectrum.impedance)
        except Exception as error:
            failed += 1
            if failed == 1:
                print(f"  {name} raised {type(error).__name__}: {' '.join(str(error).split())[:100]}")
            continue
        seconds.append(time.perf_counter() - begin)
        cost = float(np.sum(np.abs((model - spectrum.impedance) / spectrum.impedance) ** 2))
        reached += cost <= optimum(spectrum, truth) * (1 + 1e-3)
    if not seconds:
        print(f"{name}: no fit came back")
        return
    print(
        f"{name}, start within 1.3 of the truth: optimum (to 0.1 %) {100 * reached / count:.0f} % of "
        f"{count}, "
        f"{failed} raised; median {np.median(seconds):.2f} s"
    )


def impedance_py() -> Callable[[np.ndarray, np.ndarray], np.ndarray] | None:
    """impedance.py with modulus weights."""
    try:
        from impedance.models.circuits import CustomCircuit
    except ImportError:
        return None

    def fit(start: np.ndarray, measured: np.ndarray) -> np.ndarray:
        model = CustomCircuit("R0-p(R1,CPE1)-p(R2,CPE2)-W1", initial_guess=start.tolist())
        model.fit(FREQUENCY, measured, weight_by_modulus=True)
        return np.asarray(model.predict(FREQUENCY))

    return fit


def pyimpspec() -> Callable[[np.ndarray, np.ndarray], np.ndarray] | None:
    """The package pyimpspec, its trust-region method with modulus weights."""
    try:
        import pyimpspec as package
    except ImportError:
        return None

    def fit(start: np.ndarray, measured: np.ndarray) -> np.ndarray:
        r0, r1, q1, n1, r2, q2, n2, w = start
        y = 1 / (np.sqrt(2) * w)
        text = f"[R{{R={r0}}}(R{{R={r1}}}Q{{Y={q1},n={n1}}})(R{{R={r2}}}Q{{Y={q2},n={n2}}})W{{Y={y}}}]"
        data = package.DataSet(FREQUENCY, measured)
        found = package.fit_circuit(
            package.parse_cdc(text), data, method="least_squares", weight="modulus", num_procs=1
        )
        return np.asarray(found.circuit.get_impedances(FREQUENCY))

    return fit


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    few = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    ours(count)
    for name, make in (("impedance.py", impedance_py), ("pyimpspec", pyimpspec)):
        fit = make()
        if fit is None:
            print(f"{name}: not installed here")
        else:
            other(name, fit, few)


if __name__ == "__main__":
    main()
