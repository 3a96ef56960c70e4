"""Mean square displacement of 84 atoms over 100 000 frames: ours, pymatgen-analysis-diffusion, MDAnalysis.

`python benchmarks/motion_msd.py [FRAMES]` prints seconds, memory beside the trajectory, and ratios. The other
two are timed where they are installed: `pip install pymatgen-analysis-diffusion MDAnalysis tidynamics`. Every
method runs in a process of its own, on one thread, and gives the mean over the 54 lithium atoms at every lag
up to half the frames; all must agree to 1e-8 (MDAnalysis, whose coordinates are single precision, to 1e-4).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np

ATOMS, LITHIUM = 84, 54


def trajectory(frames: int) -> np.ndarray:
    """Random walk of the first 54 atoms, rattling of all; Å, float64."""
    rng = np.random.default_rng(1)
    path = rng.normal(scale=0.05, size=(frames, ATOMS, 3))
    for atom in range(LITHIUM):
        path[:, atom] += np.cumsum(rng.normal(scale=0.02, size=(frames, 3)), axis=0)
    return path


def with_electrolith(path: np.ndarray) -> np.ndarray:
    from electrolith.motion.displacement import msd_fft

    return msd_fft(path[:, :LITHIUM], longest=len(path) // 2)


def while_running(path: np.ndarray) -> np.ndarray:
    """The accumulator, fed frame by frame, at lags up to 2000 frames (what a study keeps)."""
    from electrolith.motion.displacement import Accumulator

    accumulator = Accumulator(
        groups=(np.arange(ATOMS) >= LITHIUM).astype(int),
        mobile=np.arange(ATOMS) < LITHIUM,
        longest=2000,
        block=len(path) // 64 + 1,
    )
    for frame in path[:4000]:
        accumulator.add(frame)
    return accumulator.curves(interval=1.0, names=("Li", "rest")).of("Li")


def with_pymatgen(path: np.ndarray) -> np.ndarray:
    """Its FFT routine alone, without the smoothing and fits of its analyser (which only add time)."""
    from pymatgen.analysis.diffusion.analyzer import _msd_from_positions_fft

    per_ion = _msd_from_positions_fft(np.swapaxes(path[:, :LITHIUM], 0, 1))
    return per_ion.sum(axis=2).mean(axis=0)[: len(path) // 2 + 1]


def with_mdanalysis(path: np.ndarray) -> np.ndarray:
    import warnings

    warnings.simplefilter("ignore")
    import MDAnalysis
    from MDAnalysis.analysis.msd import EinsteinMSD
    from MDAnalysis.coordinates.memory import MemoryReader

    universe = MDAnalysis.Universe.empty(ATOMS, trajectory=False)
    universe.load_new(path, format=MemoryReader, order="fac")
    found = EinsteinMSD(universe.atoms[:LITHIUM], msd_type="xyz", fft=True).run()
    return found.results.timeseries[: len(path) // 2 + 1]


METHODS = {
    "electrolith": with_electrolith,
    "pymatgen-analysis-diffusion": with_pymatgen,
    "MDAnalysis": with_mdanalysis,
    "electrolith, while MD runs": while_running,
}


def peak() -> float:
    """Largest memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(name: str, frames: int) -> None:
    """Run one method and print what it took as JSON."""
    path = trajectory(frames)
    METHODS[name](path[:200])  # imports and plans are not counted
    before, begun = peak(), time.perf_counter()
    msd = METHODS[name](path)
    seconds = time.perf_counter() - begun
    lags = [1, 10, 100, 1000]
    if name != "electrolith, while MD runs":
        lags.append(frames // 2)
    shift = 1 if name == "electrolith, while MD runs" else 0
    values = [float(msd[k - shift]) for k in lags]
    print(json.dumps({"seconds": seconds, "memory": peak() - before, "values": values}))


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(
        f"{frames} frames of {ATOMS} atoms ({frames * ATOMS * 24 / 1e6:.0f} MB), MSD of {LITHIUM}, one thread"
    )
    found = {}
    for name in METHODS:
        command = [sys.executable, __file__, str(frames), "--only", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"  {name:30s} not timed: {done.stderr.strip().splitlines()[-1]}")
            continue
        found[name] = json.loads(done.stdout.strip().splitlines()[-1])
    ours = found["electrolith"]
    for name, row in found.items():
        if name == "electrolith, while MD runs":
            per_frame = row["seconds"] / min(4000, frames) * 1e6
            print(
                f"  {name:30s} {per_frame:.0f} µs per stored frame, "
                f"bounded by 2000 lags: {2000 * ATOMS * 56 / 1e6:.1f} MB"
            )
            continue
        ratio = row["seconds"] / ours["seconds"]
        agree = np.allclose(row["values"], ours["values"], rtol=1e-8 if name != "MDAnalysis" else 1e-4)
        print(
            f"  {name:30s} {row['seconds']:6.2f} s  {ratio:5.1f} x  {row['memory']:6.0f} MB beside the "
            f"trajectory  {'agrees' if agree else 'DIFFERS'}"
        )


if __name__ == "__main__":
    if "--only" in sys.argv:
        one(sys.argv[sys.argv.index("--only") + 1], int(sys.argv[1]))
    else:
        main()
