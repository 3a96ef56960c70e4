"""The engine of a study: what gives energies and forces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lacuna.core.errors import InputError
from lacuna.crystal.order import Ordering, composition_of
from lacuna.crystal.species import element_of
from lacuna.energy.engine import Engine, make_engine
from lacuna.energy.lammps import LammpsPod
from lacuna.energy.potential import load_potential
from lacuna.study.section import Section, Study
from lacuna.study.sections.material import Material, crystal

__all__ = ["SECTION", "EngineChoice", "engine_fingerprint", "open_engine"]


@dataclass(frozen=True)
class EngineChoice:
    """An engine by name, or a fitted potential by its folder.

    name : a registered engine (`lacuna engines` lists them).
    potential : folder with a potential written by `lacuna fit`; takes the place of the name.
    """

    SHORTHAND: ClassVar[str] = "name"
    name: str = "li-n-cl"
    potential: Path | None = None


def open_engine(engine: EngineChoice) -> Engine:
    """The engine, ready for use."""
    if engine.potential is not None:
        return LammpsPod(load_potential(engine.potential))
    return make_engine(engine.name)


def engine_fingerprint(**settings: object) -> str:
    """What results depend on beyond the engine's name: coefficients, or the version of the package."""
    choice = next(value for value in settings.values() if isinstance(value, EngineChoice))
    engine = open_engine(choice)
    if isinstance(engine, LammpsPod):
        return engine.potential.fingerprint
    text = f"{engine.name} {getattr(engine, 'version', '')}"
    return hashlib.sha256(text.encode()).hexdigest()


def check(study: Study) -> None:
    """The engine must exist and know the elements."""
    choice, material = study.get(EngineChoice), study.get(Material)
    if choice is None:
        return
    engine = open_engine(choice)
    known = getattr(getattr(engine, "potential", engine), "elements", None)
    ordering = study.get(Ordering)
    if known is None or material is None or ordering is None:
        return
    present = {element_of(name) for name in composition_of(crystal(material), ordering).atoms}
    if strange := sorted(present - set(known)):
        raise InputError(
            f"study.engine: {engine.name} does not know {', '.join(strange)}; it knows {', '.join(known)}. "
            "Choose an engine that covers the material, for instance chgnet"
        )


SECTION = Section("engine", EngineChoice, check=check, implicit=True)
