"""The engine of a study: what gives energies and forces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from electrolith.core.archive import fingerprint
from electrolith.core.errors import InputError
from electrolith.crystal.order import Ordering, composition_of
from electrolith.crystal.species import element_of
from electrolith.energy.certificate.certificate import Certificate, load_certificate
from electrolith.energy.certificate.domain import outside
from electrolith.energy.engine import Engine, make_engine
from electrolith.energy.neural.sevennet import SevenNet, SevenNetSettings
from electrolith.energy.neural.trained import is_trained
from electrolith.energy.pod.lammps import LammpsPod
from electrolith.energy.pod.potential import has_draws, load_draws, load_potential
from electrolith.motion.dynamics import Dynamics
from electrolith.study.section import Part, Results, Section, Study
from electrolith.study.sections.certificate_parts import certificate_part, error_table
from electrolith.study.sections.material import Material, crystal
from electrolith.study.wiring import Stage

__all__ = [
    "SECTION",
    "EngineAccount",
    "EngineChoice",
    "draws_fingerprint",
    "engine_fingerprint",
    "error_table",
    "open_draws",
    "open_engine",
]


@dataclass(frozen=True)
class EngineChoice:
    """An engine by name, or a fitted potential by its folder.

    name : a registered engine (`electrolith engines` lists them).
    potential : folder written by `electrolith fit` or `electrolith train`; takes the place of the name.
    """

    SHORTHAND: ClassVar[str] = "name"
    name: str = "li-n-cl"
    potential: Path | None = None


def open_engine(engine: EngineChoice) -> Engine:
    """The engine, ready for use."""
    if engine.potential is not None:
        if is_trained(engine.potential):
            return SevenNet(SevenNetSettings(str(engine.potential)))
        return LammpsPod(load_potential(engine.potential))
    return make_engine(engine.name)


def open_draws(engine: EngineChoice) -> tuple[LammpsPod, ...]:
    """Draws from the posterior of a fitted potential as engines; none where it has none."""
    if not isinstance(open_engine(engine), LammpsPod):
        return ()
    name = engine.potential or engine.name
    return tuple(LammpsPod(p) for p in load_draws(name)) if has_draws(name) else ()


def draws_fingerprint(**settings: object) -> str:
    """What results that use the draws depend on: the engine's fingerprint and those of its draws."""
    choice = next(value for value in settings.values() if isinstance(value, EngineChoice))
    marks = (engine_fingerprint(engine=choice), *(d.potential.fingerprint for d in open_draws(choice)))
    return " ".join(marks)


def engine_fingerprint(**settings: object) -> str:
    """What results depend on beyond the engine's name: coefficients, or the version of the package."""
    choice = next(value for value in settings.values() if isinstance(value, EngineChoice))
    engine = open_engine(choice)
    if isinstance(engine, LammpsPod):
        return engine.potential.fingerprint
    text = f"{engine.name} {getattr(engine, 'version', '')}"
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class EngineAccount:
    """What is known of how far the engine can be trusted.

    name : of the engine.     fingerprint : of its coefficients, empty for other engines.
    certificate : measured quality of a fitted potential, None where nobody has measured it.
    """

    name: str
    fingerprint: str
    certificate: Certificate | None


def engine_account(engine: EngineChoice) -> EngineAccount:
    """The engine and its certificate."""
    found = open_engine(engine)
    if not isinstance(found, LammpsPod):
        return EngineAccount(found.name, "", None)
    certificate = load_certificate(found.potential, engine.potential)
    return EngineAccount(found.name, found.potential.fingerprint, certificate)


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


def parts(results: Results) -> tuple[Part, ...]:
    """The engine's part of the report: its certificate, promise by promise."""
    account = results.get(EngineAccount)
    if account is None:
        return ()
    if account.certificate is None:
        text = f"{account.name} has no certificate: nobody measured here how far it can be trusted."
        return (Part("Engine", f"Energies and forces by {account.name}.", warnings=(text,)),)
    part = certificate_part(account.name, account.fingerprint, account.certificate)
    return (replace(part, warnings=(*part.warnings, *_strays(results, account.certificate))),)


def _strays(results: Results, certificate: Certificate) -> tuple[str, ...]:
    """Temperatures and pressures of this study that the labels do not cover."""
    from electrolith.study.sections.relaxed import RelaxedOrderings

    dynamics, relaxed = results.study.get(Dynamics), results.get(RelaxedOrderings)
    said: list[str] = []
    if dynamics is not None:
        said += outside(certificate.domain, temperature=max(dynamics.temperatures))
    if relaxed is not None:
        pressures = [float(-np.trace(r.stress) / 3) for r in relaxed.relaxed if r.stress is not None]
        for pressure in {min(pressures), max(pressures)} if pressures else ():
            said += outside(certificate.domain, pressure=pressure)
    return tuple(f"Outside the certificate of {certificate.potential}: {text}" for text in said)


def _account_fingerprint(engine: EngineChoice) -> str:
    """The coefficients and the certificate that speaks of them."""
    found = engine_account(engine)
    return f"{engine_fingerprint(engine=engine)} {fingerprint(found.certificate)}"


STAGE = Stage(engine_account, fingerprint=_account_fingerprint)
SECTION = Section("engine", EngineChoice, (STAGE,), parts=parts, check=check, implicit=True)
