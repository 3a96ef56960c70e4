"""The verbs of `import electrolith as el`: what the commands do, with results to go on with.

Quantities are text with their unit ("0.90(2) mm", "25 degC") or bare numbers in the unit that the parameter
names. Every verb returns an `Answer`: the frozen result of its room, with `.to_frame()`, `.plot()`,
`.figure()` and `.save()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from electrolith.core.errors import InputError

if TYPE_CHECKING:
    from electrolith.cell.work import CellResult
    from electrolith.crystal.order import Orderings
    from electrolith.lab.cycling.measure import FullCells
    from electrolith.lab.impedance.pellet import PelletImpedance
    from electrolith.scattering.measured import Diffraction
    from electrolith.stability.interface import Interface
    from electrolith.stability.window import Window
    from electrolith.study.answer import Answer
    from electrolith.study.section import Results

__all__ = [
    "cycling",
    "design",
    "diffusion",
    "impedance",
    "interface",
    "open_study",
    "order",
    "read",
    "rietveld",
    "window",
]

Files = str | Path | Sequence[str | Path]


def _files(given: Files) -> tuple[Path, ...]:
    """Files, the files of folders, and those of patterns."""
    from electrolith.study.commands.outputs import expanded

    every = [given] if isinstance(given, str | Path) else list(given)
    return tuple(path for one in every for path in expanded(Path(one)))


def _si(value: str | float | None, unit: str) -> float | None:
    from electrolith.core.units import parse

    return None if value is None else parse(value, unit)


_KINDS = {
    "crystal": (".cif", ".vasp", ".poscar", ".contcar"),
    "impedance": (".mpr", ".mpt", ".dta", ".z"),
    "cycling": (".nda", ".ndax"),
    "pattern": (".xye", ".xy", ".raw", ".brml", ".xrdml", ".ras", ".gsa", ".gsas", ".fxye"),
    "pdf": (".gr",),
    "trajectory": (".xyz", ".extxyz", ".traj", ".lammpstrj", ".dump", ".xml"),
}
Kind = Literal["crystal", "impedance", "cycling", "pattern", "pdf", "trajectory"]


def read(path: str | Path, kind: Kind | None = None) -> Any:
    """Read one file as what its ending says, or as the kind that is named.

    Returns the room's own value: a crystal, the spectra of a file, a cycler's record, a powder pattern,
    G(r), or a trajectory.

    Raises
    ------
    InputError
        If the ending does not say what the file is: tables may be anything.
    """
    path = Path(path)
    name = path.name.lower()
    found: str | None = kind or next((k for k, ends in _KINDS.items() if name.endswith(ends)), None)
    if found is None and name.startswith(("poscar", "contcar")):
        found = "crystal"
    if found is None and name.startswith(("xdatcar", "outcar", "vasprun")):
        found = "trajectory"
    if found == "crystal":
        from electrolith.crystal.read import read_crystal

        return read_crystal(path)
    if found == "impedance":
        from electrolith.lab.impedance.read import read_impedance

        return read_impedance(path)
    if found == "cycling":
        from electrolith.lab.cycling.read import read_cycling

        return read_cycling(path)
    if found == "pattern":
        from electrolith.scattering.read_pattern import read_pattern

        return read_pattern(path)
    if found == "pdf":
        from electrolith.scattering.read_gr import read_gr

        return read_gr(path)
    if found == "trajectory":
        from electrolith.motion.read import read_trajectory

        return read_trajectory(path)
    raise InputError(f"{path}: its ending does not say what it is; give kind= one of {', '.join(_KINDS)}")


def impedance(
    files: Files,
    *,
    diameter: str | None = None,
    thickness: str | None = None,
    temperatures: Sequence[float | str] | None = None,
    times: Sequence[float] = (),
    circuit: str | None = None,
    electrodes: Literal["blocking", "lithium"] = "blocking",
    form: Literal["sigma T", "sigma"] = "sigma T",
    simultaneous: bool = False,
) -> Answer[PelletImpedance]:
    """Spectra to σ(T) and Eₐ, without a starting guess.

    Parameters
    ----------
    diameter, thickness : of the pellet, "10 mm", "0.90(2) mm".
    temperatures : one per spectrum, °C or text with unit; None takes them from the names of the files.
    times : hours, one per spectrum, to follow a cell in time.
    """
    from electrolith.core.units import parse
    from electrolith.lab.impedance.pellet import measure_impedance
    from electrolith.lab.impedance.settings import ImpedanceSettings
    from electrolith.study.answer import Answer
    from electrolith.study.sections.impedance import evidence_of
    from electrolith.study.sections.impedance_parts import impedance_parts

    kelvins: Literal["from names"] | tuple[float, ...] = (
        "from names"
        if temperatures is None
        else tuple(parse(t, "K") if isinstance(t, str) else t + 273.15 for t in temperatures)
    )
    found = measure_impedance(
        ImpedanceSettings(
            files=_files(files),
            diameter=diameter,
            thickness=thickness,
            temperatures=kelvins,
            times=tuple(3600.0 * t for t in times),
            follow="time" if times else "auto",
            circuit=circuit,
            electrodes=electrodes,
            form=form,
            simultaneous=simultaneous,
        )
    )
    return Answer("Impedance", found, impedance_parts(found), evidence_of(found))


def window(
    formula: str,
    *,
    ion: str = "Li",
    temperature: str | float = 298.15,
    draws: int = 200,
    entropy: float = 0.0,
) -> Answer[Window]:
    """Electrochemical window of a phase with its doubt, ladder and products.

    Parameters
    ----------
    temperature : K, of the free energies that stand beside the enthalpies.
    entropy : configurational entropy, k per formula unit.
    """
    from electrolith.core.units import parse
    from electrolith.stability.entries import EntrySettings, entries_of
    from electrolith.stability.window import WindowSettings
    from electrolith.stability.window import window as window_of
    from electrolith.study.answer import Answer
    from electrolith.study.sections.stability import library_with, phase_in
    from electrolith.study.sections.stability_parts import window_part

    library = library_with(None)
    phase = phase_in(formula, library, configurational_entropy=entropy)
    pair = [
        window_of(
            phase,
            entries_of(library, phase.elements | {ion}, EntrySettings(draws=draws, temperature=kelvin)),
            WindowSettings(ion),
        )
        for kelvin in (None, parse(temperature, "K"))
    ]
    return Answer(f"Window of {formula}", pair[0], (window_part(*pair),))


def interface(
    first: str, second: str, *, open_to: dict[str, float] | None = None, draws: int = 100
) -> Answer[tuple[Interface, ...]]:
    """Reactions where two phases meet, closed, and open to elements at a voltage against them.

    Parameters
    ----------
    open_to : V against the pure element, {"Li": 4.2}.
    """
    from electrolith.stability.entries import EntrySettings, entries_of
    from electrolith.stability.interface import InterfaceSettings
    from electrolith.stability.interface import interface as interface_of
    from electrolith.study.answer import Answer
    from electrolith.study.sections.contact_parts import interface_part
    from electrolith.study.sections.stability import library_with, phase_in

    library = library_with(None)
    one, other = phase_in(first, library), phase_in(second, library)
    together = entries_of(
        library, one.elements | other.elements | set(open_to or {}), EntrySettings(draws=draws)
    )
    cases = [interface_of(one, other, together)]
    if open_to:
        cases.append(interface_of(one, other, together, InterfaceSettings.at_volts(open_to)))
    return Answer(f"{first} | {second}", tuple(cases), tuple(interface_part(c) for c in cases))


def order(
    crystal: str | Path,
    *,
    supercell: tuple[int, int, int] = (2, 2, 2),
    composition: str | None = None,
    charges: dict[str, float] | None = None,
    decorations: int = 3000,
    lowest: int = 30,
    random: int = 20,
    monte_carlo: int = 5,
    seed: int = 1,
) -> Answer[Orderings]:
    """A disordered crystal to its ordered supercells; `.frames` are the atoms, `.energies` their ranking."""
    from electrolith.crystal.crystal import DisorderedCrystal
    from electrolith.crystal.order import Keep, Ordering, Orderings, order_crystal
    from electrolith.crystal.read import read_crystal
    from electrolith.study.answer import Answer
    from electrolith.study.section import Results, Study
    from electrolith.study.sections import material, ordering

    path = Path(crystal)
    given = read_crystal(path, oxidation_states=charges or {})
    keep = Keep(lowest=lowest, random=random, monte_carlo=monte_carlo)
    found = order_crystal(
        given, Ordering(supercell, composition, decorations=decorations, keep=keep, seed=seed)
    )
    results = Results(Study("Orderings", path, {}, ()), {DisorderedCrystal: given, Orderings: found})
    parts = (*material.parts(results), *ordering.parts(results))
    return Answer(f"Orderings of {found.composition.formula}", found, parts)


def diffusion(
    trajectory: Files,
    mobile: str,
    *,
    hop: str | float,
    interval: str | float | None = None,
    temperature: str | float | None = None,
    charge: float | None = None,
    types: Sequence[str] = (),
    unwrap: bool = False,
    skip: int = 0,
) -> Answer[Any]:
    """Diffusivity with an honest error, conductivity and guards of a run of any program.

    Parameters
    ----------
    trajectory : files or folders of one run, restarts in order.
    hop : distance between neighbouring sites, Å. interval : between frames, fs. temperature : K; both
        where the files do not say them.
    types : elements of the types of a LAMMPS dump. skip : frames of the heating.
    """
    from electrolith.study.answer import Answer
    from electrolith.study.commands.diffusion import diffusion_part, diffusivity_of

    given = [trajectory] if isinstance(trajectory, str | Path) else list(trajectory)
    found, said = diffusivity_of(
        [Path(p) for p in given],
        mobile,
        hop=_si(hop, "angstrom") or 0.0,
        interval=_si(interval, "fs"),
        temperature=_si(temperature, "K"),
        charge=charge,
        types=tuple(types),
        unwrap=unwrap,
        skip=skip,
    )
    return Answer("Diffusion", found, (diffusion_part(found, said),))


def rietveld(
    files: Files,
    crystal: str | Path,
    *,
    instrument: str | Sequence[str],
    phases: Sequence[str] = (),
    limits: tuple[float, float] | None = None,
    background: int = 10,
    joint: bool = False,
    occupancies: bool = False,
    size_strain: bool = False,
    density: str | None = None,
) -> Answer[Diffraction]:
    """Powder patterns refined from a crystal, and what they cannot tell.

    Parameters
    ----------
    crystal : CIF, or a name of the library of phases.
    instrument : "Cu Ka", "xray 0.4592", "neutron 1.87", or an .instprm or .prm file; never assumed.
    """
    from electrolith.scattering.measured import DiffractionSettings, refine_files
    from electrolith.scattering.phase_library import candidate
    from electrolith.study.answer import Answer
    from electrolith.study.sections.diffraction import evidence_of
    from electrolith.study.sections.diffraction_parts import diffraction_parts

    settings = DiffractionSettings(
        files=_files(files),
        instrument=instrument if isinstance(instrument, str) else tuple(instrument),
        limits=limits,
        background=background,
        phases=tuple(phases),
        joint=joint,
        occupancies=occupancies,
        size_strain=size_strain,
        density=density,
    )
    found = refine_files(settings, candidate(str(crystal)))
    return Answer("Rietveld refinement", found, diffraction_parts(found), evidence_of(found))


def cycling(
    files: Files,
    *,
    mass: str | float | None = None,
    area: str | float | None = None,
    one_c: str | float | None = None,
    reference: int | None = None,
    profiles: Sequence[int] = (),
) -> Answer[FullCells]:
    """Cycle table, efficiency, rates, retention and voltage profiles of cells.

    Parameters
    ----------
    mass : of active material, kg or text ("3.5 mg"). area : m². one_c : current at 1C, A/kg.
    """
    from electrolith.study.answer import Answer
    from electrolith.study.sections import cycling as cells

    settings = cells.MeasuredCycling(
        files=_files(files),
        mass=_si(mass, "kg"),
        area=_si(area, "m2"),
        one_c=_si(one_c, "A/kg"),
        reference=reference,
        profiles=tuple(profiles),
    )
    found = cells.full_cells(settings)
    return Answer("Full cells", found, cells.cycling_parts(found), cells.evidence_of(found))


def design(file: str | Path) -> Answer[CellResult]:
    """Voltage curves, limits and energy density of a cell from its design file."""
    from electrolith.cell.work import work_out
    from electrolith.study.answer import Answer
    from electrolith.study.sections.cell import design_of, evidence_of, said_once
    from electrolith.study.sections.cell_parts import design_parts

    found = work_out(design_of(Path(file)))
    parts = tuple(said_once(list(design_parts(found))))
    return Answer(found.design.title, found, parts, evidence_of((found,)))


def open_study(folder: str | Path, *, run: bool = False) -> Answer[Results]:
    """A study with what is computed of it; `.get(Kind)` gives the result of a type.

    Parameters
    ----------
    run : compute what is missing first.
    """
    from electrolith.study.answer import Answer
    from electrolith.study.compose import evidence_of, parts_of
    from electrolith.study.run import run_study, stored_results
    from electrolith.study.study import read_study

    study = read_study(folder)
    results = run_study(study) if run else stored_results(study)
    return Answer(study.title, results, parts_of(results), evidence_of(results))
