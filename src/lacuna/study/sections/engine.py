"""The engine of a study: what gives energies and forces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lacuna.core.archive import fingerprint
from lacuna.core.constants import GPA
from lacuna.core.errors import InputError
from lacuna.crystal.order import Ordering, composition_of
from lacuna.crystal.species import element_of
from lacuna.energy.certificate import Certificate, load_certificate
from lacuna.energy.engine import Engine, make_engine
from lacuna.energy.fit import FitErrors
from lacuna.energy.lammps import LammpsPod
from lacuna.energy.potential import load_potential
from lacuna.study.section import Part, Results, Section, Study, Table
from lacuna.study.sections.material import Material, crystal
from lacuna.study.wiring import Stage

__all__ = ["SECTION", "EngineAccount", "EngineChoice", "engine_fingerprint", "error_table", "open_engine"]


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
    certificate = account.certificate
    if certificate is None:
        text = f"{account.name} has no certificate: nobody measured here how far it can be trusted."
        return (Part("Engine", f"Energies and forces by {account.name}.", warnings=(text,)),)
    broken = tuple(
        f"The potential {account.name} misses a promise: {c.name} {_shown(c.reached, c.unit)}, "
        f"limit {_shown(c.limit, c.unit)}."
        for c in certificate.criteria
        if not c.trusted
    )
    kept = sum(c.trusted for c in certificate.criteria)
    sentence = (
        f"Energies and forces by the potential {account.name} ({account.fingerprint}), fitted to "
        f"{certificate.labels} labels of {certificate.reference}. Its certificate keeps {kept} of "
        f"{len(certificate.criteria)} promises; the framework stayed on its sites up to "
        f"{certificate.hottest:g} K, in runs of up to {certificate.longest / 1000:.0f} ps."
    )
    tables = (
        _promises(certificate),
        error_table(certificate.held_out),
        _lattices(certificate),
        _trials(certificate),
    )
    return (Part("Engine", sentence, tables=tables, warnings=broken),)


def _shown(value: float, unit: str) -> str:
    """A certificate's number in the unit people use for it."""
    factor, name = {
        "eV/atom": (1e3, "meV/atom"),
        "eV/Å": (1e3, "meV/Å"),
        "eV/atom/ps": (1e3, "meV/(atom ps)"),
        "fs": (1e-3, "ps"),
        "1": (1e2, "%"),
    }.get(unit, (1.0, unit))
    return f"{factor * value:.3g} {name}"


def _promises(certificate: Certificate) -> Table:
    rows = tuple(
        (c.name, _shown(c.reached, c.unit), _shown(c.limit, c.unit), "kept" if c.trusted else "NOT KEPT")
        for c in certificate.criteria
    )
    return Table(("promise", "reached", "limit", ""), rows, "Certificate of the potential")


def error_table(errors: tuple[FitErrors, ...]) -> Table:
    """Held-out errors by kind of material and temperature."""
    rows = tuple(
        (
            e.kind,
            "–" if e.temperature is None else f"{e.temperature:g}",
            str(e.labels),
            f"{1000 * e.energy:.1f}",
            f"{1000 * e.forces:.0f}",
        )
        for e in errors
    )
    columns = ("kind", "T / K", "labels", "energy / meV per atom", "force / meV/Å")
    return Table(columns, rows, "Mean absolute errors on labels left out of the fit, whole runs at a time")


def _lattices(certificate: Certificate) -> Table:
    rows = tuple(
        (
            x.material,
            f"{100 * x.length_error:+.2f}",
            f"{GPA * x.bulk_modulus:.1f}",
            f"{GPA * x.pressure:+.2f}",
        )
        for x in certificate.lattice
    )
    columns = ("material", "lattice error / %", "bulk modulus / GPa", "pressure of the reference there / GPa")
    return Table(columns, rows, "Relaxed cells against the reference")


def _trials(certificate: Certificate) -> Table:
    rows = tuple(
        (
            t.material,
            f"{t.temperature:g}",
            f"{t.duration / 1000:.0f}",
            f"{t.framework_msd:.2f}",
            f"{t.mobile_msd:.1f}",
            f"{t.steps_per_second:.0f}",
            t.failure or "stayed together",
        )
        for t in certificate.trials
    )
    columns = ("material", "T / K", "time / ps", "framework MSD / Å²", "mobile MSD / Å²", "steps/s", "")
    return Table(columns, rows, "Trial runs of the certificate")


def _account_fingerprint(engine: EngineChoice) -> str:
    """The coefficients and the certificate that speaks of them."""
    found = engine_account(engine)
    return f"{engine_fingerprint(engine=engine)} {fingerprint(found.certificate)}"


STAGE = Stage(engine_account, fingerprint=_account_fingerprint)
SECTION = Section("engine", EngineChoice, (STAGE,), parts=parts, check=check, implicit=True)
