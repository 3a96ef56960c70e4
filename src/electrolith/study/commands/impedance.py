"""`electrolith impedance`: spectra to conductivities, activation energy, or an interface in time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse_list
from electrolith.study.commands.options import one_of

if TYPE_CHECKING:
    from electrolith.lab.impedance.pellet import PelletImpedance
    from electrolith.lab.impedance.series import PartSeries

__all__ = ["add"]


def impedance(
    files: Annotated[
        list[Path], typer.Argument(help="BioLogic .mpr/.mpt, Gamry .dta, ZPlot .z, or text tables.")
    ],
    diameter: Annotated[str | None, typer.Option(help="Of the pellet, '10 mm' or '10.00(5) mm'.")] = None,
    thickness: Annotated[str | None, typer.Option(help="Of the pellet, '0.90(2) mm'.")] = None,
    temperatures: Annotated[
        str, typer.Option(help="One per spectrum, '25, 35, 45 degC' or '298 K, 308 K', or 'from names'.")
    ] = "from names",
    times: Annotated[
        str | None, typer.Option(help="One per spectrum in hours, '0,2,4', to follow a cell in time.")
    ] = None,
    circuit: Annotated[str | None, typer.Option(help="Own circuit, 'R0-p(R1,CPE1)-CPE2'.")] = None,
    electrodes: Annotated[
        str, typer.Option(help="'blocking' or 'lithium': circuits compared without --circuit.")
    ] = "blocking",
    form: Annotated[str, typer.Option(help="'sigma T' or 'sigma' for the Arrhenius line.")] = "sigma T",
    simultaneous: Annotated[bool, typer.Option(help="Fit all temperatures at once.")] = False,
    frequency: Annotated[str | None, typer.Option(help="Range used, '1 Hz,1 MHz'.")] = None,
    leads: Annotated[
        str | None, typer.Option(help="Resistance of cables and contacts, '0.35(5) ohm'; taken off.")
    ] = None,
    short: Annotated[
        Path | None, typer.Option(help="Spectrum of the short-circuited holder; taken off.")
    ] = None,
    constrain: Annotated[
        list[str] | None,
        typer.Option(
            help="Of an own circuit's parameters: 'CPE1_n = 1', 'R1 = 10 : 1e4 ohm', 'R1 < R2'; repeat."
        ),
    ] = None,
    admittance: Annotated[bool, typer.Option(help="Fit Y = 1/Z instead of Z.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Fit impedance spectra without a starting guess; σ(T), Eₐ and what cannot be known.

    Example: `electrolith impedance eis/*.mpr --diameter 10mm --thickness "0.90(2) mm" --html eis.html`
    """
    from electrolith.lab.impedance.pellet import measure_impedance
    from electrolith.lab.impedance.settings import ImpedanceSettings
    from electrolith.study.sections.impedance import evidence_of
    from electrolith.study.sections.impedance_parts import impedance_parts
    from electrolith.study.terminal import finish

    low, high = _range(frequency)
    settings = ImpedanceSettings(
        files=tuple(files),
        diameter=diameter,
        thickness=thickness,
        temperatures="from names" if temperatures == "from names" else parse_list(temperatures, "K"),
        times=() if times is None else tuple(3600 * float(t) for t in times.split(",")),
        follow="auto" if times is None else "time",
        circuit=circuit,
        electrodes=one_of("--electrodes", electrodes, ("blocking", "lithium")),  # type: ignore[arg-type]
        form=one_of("--form", form, ("sigma T", "sigma")),  # type: ignore[arg-type]
        simultaneous=simultaneous,
        frequency_low=low,
        frequency_high=high,
        leads=leads,
        short_circuit=short,
        constraints=tuple(constrain or ()),
        admittance=admittance,
    )
    found = measure_impedance(settings)
    finish(
        "Impedance",
        impedance_parts(found),
        _data(found),
        evidence=evidence_of(found),
        html=html,
        json_file=json_file,
    )


def _data(found: PelletImpedance) -> dict[str, Any]:
    """σ(T), parameters and what they were taken for of each spectrum, activation energies of each part."""
    return {
        "circuit": found.circuit,
        "circuits_compared": [{"circuit": c, "delta_aicc": d} for c, d in found.rivals],
        "spectra": [_spectrum(found, i) for i in range(len(found.fits))],
        "series": [] if found.series is None else [_series(part) for part in found.series.parts],
        "simultaneous": _together(found),
        "interface": None if found.growth is None else found.growth.text,
        "followed": found.followed,
        "failures": found.failures,
    }


def _spectrum(found: PelletImpedance, i: int) -> dict[str, Any]:
    """One fit and what its parts were taken for."""
    fit, one = found.fits[i], found.electrolytes[i]
    return {
        "source": fit.source,
        "temperature_K": fit.temperature,
        "time_s": fit.time,
        "conductivity": None if found.conductivity is None else found.conductivity[i],
        "electrolyte": None if one is None else one.resistance,
        "bulk": None if one is None else one.bulk,
        "grain_boundary": None if one is None else one.grain_boundary,
        "interface": None if one is None else one.interface,
        "parameters": dict(zip(fit.names, fit.values, strict=True)),
        "std": dict(zip(fit.names, fit.std, strict=True)),
        "chi2": fit.chi2,
        "degrees_of_freedom": fit.dof,
        "undetermined": fit.undetermined,
        "arcs": [
            {"element": a.name, "resistance": a.resistance, "capacitance": a.charging, "top": a.top}
            for a in found.arcs[i]
        ],
        "taken_for": [
            {"element": s.name, "label": s.label, "electrolyte": s.belonging, "because": s.reason}
            for s in (one.shares if one else ())
        ],
    }


def _together(found: PelletImpedance) -> dict[str, Any] | None:
    """The simultaneous fit against the single ones."""
    joint = found.series.together if found.series else None
    if joint is None:
        return None
    return {
        "activation_energies": dict(joint.energies),
        "chi2": joint.chi2_together,
        "chi2_single": joint.chi2_single,
        "constraints": joint.constraints,
        "f": joint.f,
        "probability": joint.probability,
        "rejected": joint.rejected,
    }


def _series(part: PartSeries) -> dict[str, Any]:
    """One part of the sample over temperature."""
    return {
        "part": part.part,
        "form": part.form,
        "temperature_K": part.temperature,
        "conductivity": part.conductivity,
        "activation_energy": part.activation_energy,
        "at_reference": part.at_reference,
        "reference_K": part.reference,
    }


def _range(text: str | None) -> tuple[float, float]:
    """Two frequencies in Hz."""
    if text is None:
        return 0.0, float("inf")
    parts = parse_list(text, "Hz")
    if len(parts) != 2:
        raise InputError(f"--frequency: expected two frequencies, '1 Hz,1 MHz', got {text!r}")
    return min(parts), max(parts)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("impedance")(impedance)
