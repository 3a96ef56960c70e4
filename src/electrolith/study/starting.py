"""Studies to begin with: a commented file that runs at once, and simulated sample data that say so."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np

from electrolith.core.errors import InputError, nearest
from electrolith.core.files import write_atomic

__all__ = ["TEMPLATES", "Template", "begin"]

SEED = 1


@dataclass(frozen=True, slots=True)
class Template:
    """A study to begin with.

    name: its folder among the templates.     sentence: what it answers.
    layout: what belongs where below `data`, by the name of the file or folder; empty where it needs no data.
    beside: files that come with the study, of its own folder among the templates or of all.
    samples: writes simulated data into a folder; None where the study needs none.
    """

    name: str
    sentence: str
    layout: dict[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    samples: Callable[[Path], None] | None = None


def _pellet(folder: Path) -> None:
    """Six temperatures of one pellet, and its polarisation."""
    from electrolith.study.synthetic.transport import write_impedance, write_polarisation
    from electrolith.study.synthetic.truth import REFERENCE

    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as place:
        write_impedance(Path(place), rng, points=36)
        for path in sorted((Path(place) / REFERENCE).iterdir()):
            write_atomic(folder / "impedance" / path.name, path.read_bytes())
    write_polarisation(folder / "polarisation.csv", rng)


def _diffraction(folder: Path) -> None:
    """A laboratory pattern of Li9N2Cl3 with the noise of counting."""
    from electrolith.scattering.instrument import laboratory
    from electrolith.scattering.read_cif import read_cif_phase
    from electrolith.scattering.simulate import simulate
    from electrolith.study.synthetic.truth import MARK

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "li9n2cl3.cif"
        path.write_bytes(_resource("crystal.cif"))
        phase = read_cif_phase(path)
    pattern = simulate((phase,), laboratory(), low=20, high=100, points=2001)
    counts = np.random.default_rng(SEED).poisson(300 + 60 * pattern.total)
    rows = "\n".join(f"{x:.3f} {n}" for x, n in zip(pattern.x, counts, strict=True))
    write_atomic(folder / "Li9N2Cl3.xy", f"# {MARK}\n# 2theta counts\n{rows}\n")


def _cells(folder: Path) -> None:
    """A symmetric cell with steps of current until a soft short, and a full cell of twenty cycles."""
    from electrolith.study.synthetic.cells import write_full_cells, write_symmetric

    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as place:
        write_symmetric(Path(place) / "symmetric", rng, cycles=10)
        write_full_cells(Path(place) / "full", rng, cycles=20)
        for kind, name in (("symmetric", "trilayer-steps"), ("full", "pellet-0p1C")):
            for path in sorted((Path(place) / kind).glob(f"{name}.*")):
                write_atomic(folder / kind / path.name, path.read_bytes())


def _trajectories(folder: Path) -> None:
    """Hopping lithium at three temperatures, as LAMMPS and VASP write it."""
    from electrolith.study.synthetic.trajectories import write_trajectories

    write_trajectories(folder, np.random.default_rng(SEED))


def _paper(folder: Path) -> None:
    """Three samples' spectra, the polarisation and the pattern of one of them."""
    from electrolith.study.synthetic.transport import write_impedance, write_polarisation

    with tempfile.TemporaryDirectory() as place:
        write_impedance(Path(place), np.random.default_rng(SEED), points=30)
        for hours in (8, 24, 70):
            for path in sorted((Path(place) / f"Li9N2Cl3-500rpm-{hours}h").iterdir()):
                write_atomic(folder / "impedance" / path.parent.name / path.name, path.read_bytes())
    write_polarisation(folder / "polarisation.csv", np.random.default_rng(SEED))
    _diffraction(folder)


_SPECTRA = "one spectrum for each temperature, named by it (25C.csv), as the instrument wrote it"
_TRANSIENTS = "current over time at several voltages between blocking electrodes"
_PATTERNS = "powder patterns"
TEMPLATES = {
    t.name: t
    for t in (
        Template(
            "pellet",
            "σ(T), Eₐ and electronic conductivity of a pellet",
            {"impedance/": _SPECTRA, "polarisation.csv": _TRANSIENTS},
            samples=_pellet,
        ),
        Template(
            "md",
            "σ(300 K) of a disordered crystal by molecular dynamics",
            beside=("crystal.cif",),
        ),
        Template(
            "own-trajectories",
            "σ(300 K) and Eₐ from molecular dynamics that ran elsewhere (VASP, LAMMPS, …)",
            {"600K.lammpstrj, 750K/, …": "the run of each temperature: a file, or a folder of VASP"},
            samples=_trajectories,
        ),
        Template(
            "diffraction",
            "Rietveld refinement of a powder pattern",
            {"*.xy": _PATTERNS},
            ("crystal.cif",),
            _diffraction,
        ),
        Template(
            "cells",
            "critical current density, cycle table, and a cell designed from its layers",
            {
                "symmetric/": "records of lithium symmetric cells, one a cell",
                "full/": "records of full cells, one a cell",
            },
            ("design.yaml",),
            _cells,
        ),
        Template(
            "paper",
            "samples, measurements, published numbers, targets and numbered figures in one study",
            {
                "impedance/SAMPLE/": _SPECTRA,
                "polarisation.csv": _TRANSIENTS,
                "Li9N2Cl3.xy": _PATTERNS,
            },
            ("crystal.cif", "samples.csv", "published.yaml"),
            _paper,
        ),
    )
}


def begin(name: str, folder: Path, *, samples: bool = True) -> tuple[Path, ...]:
    """Write the template `name` into a new folder; what was written.

    Parameters
    ----------
    samples : whether simulated data come with it, so that it runs at once.

    Raises
    ------
    InputError
        If there is no such template, or the folder holds something.
    """
    if name not in TEMPLATES:
        raise InputError(nearest("template", name, TEMPLATES))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: already there and not empty; choose a new folder")
    template = TEMPLATES[name]
    if template.samples is not None and samples:
        template.samples(folder / "data")
    if template.layout:
        write_atomic(folder / "data" / "README.txt", _layout(template, samples=samples))
    for one in template.beside:
        write_atomic(folder / one, _resource(one if one == "crystal.cif" else f"{name}/{one}"))
    write_atomic(folder / "electrolith.schema.json", json.dumps(_schema(), indent=1) + "\n")
    write_atomic(folder / "study.yaml", _resource(f"{name}/study.yaml"))  # last: then it is whole
    return tuple(sorted(p for p in folder.rglob("*") if p.is_file()))


def _layout(template: Template, *, samples: bool) -> str:
    """What belongs where."""
    from electrolith.study.synthetic.truth import MARK

    said = f"{MARK}. Put your own in their place:\n" if samples else "Put here:\n"
    return said + "".join(f"{where:24s} {what}\n" for where, what in template.layout.items())


def _schema() -> dict[str, object]:
    from electrolith.study.sections import SECTIONS
    from electrolith.study.study import study_schema

    return study_schema(SECTIONS)


def _resource(name: str) -> bytes:
    return files("electrolith.study").joinpath("templates").joinpath(name).read_bytes()
