"""`electrolith nmr`: T1 of inversion and saturation recoveries, and what T1(T) supports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from electrolith.core.errors import InputError, nearest
from electrolith.core.units import parse, parse_list

if TYPE_CHECKING:
    from electrolith.lab.nmr.recovery import RecoveryFit
    from electrolith.lab.nmr.relaxation import Relaxation

__all__ = ["add"]


def nmr(
    files: Annotated[
        list[Path], typer.Argument(help="Bruker or Varian experiment folders, or tables of delay and signal.")
    ],
    temperatures: Annotated[
        str, typer.Option(help="One for each file: '25 degC, 50 degC' or '298, 323 K'.")
    ] = "",
    delays: Annotated[
        str, typer.Option(help="Of Bruker folders without a list: a file, or '1 ms, 20 ms, 1 s'.")
    ] = "",
    form: Annotated[
        str, typer.Option(help="three-parameter, two-parameter, saturation or stretched.")
    ] = "three-parameter",
    region: Annotated[str, typer.Option(help="Integration region in Hz from the carrier: 'low, high'.")] = "",
    broadening: Annotated[str, typer.Option(help="Exponential line broadening.")] = "20 Hz",
    larmor: Annotated[str, typer.Option(help="Larmor frequency, where the files do not state it.")] = "",
    hop: Annotated[str, typer.Option(help="Hop distance, for a diffusivity from the jump rate.")] = "",
    stretched_law: Annotated[bool, typer.Option(help="Fit the stretching of the BPP law as well.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """T1 from recoveries, activation energies from T1(T).

    Example: `electrolith nmr 28 30 304 --temperatures "25 degC, 60 degC, 100 degC" --html nmr.html`
    """
    from electrolith.lab.nmr.analysis import NmrSettings, measure_relaxation
    from electrolith.lab.nmr.recovery import Form
    from electrolith.lab.nmr.relaxation import RelaxationLaw
    from electrolith.lab.nmr.spectrum import Integration
    from electrolith.study.sections.nmr import nmr_evidence, nmr_parts
    from electrolith.study.settings import read
    from electrolith.study.terminal import finish

    integration: dict[str, object] = {"line_broadening": broadening}
    if region:
        integration["low"], integration["high"] = (p.strip() for p in region.split(","))
    kelvins = parse_list(temperatures, "K") if temperatures else None
    law = RelaxationLaw(
        larmor_frequency=parse(larmor, "Hz") if larmor else None,
        stretched=stretched_law,
        hop_distance=parse(hop, "m") if hop else None,
    )
    if form not in get_args(Form):
        raise InputError(nearest("--form", form, get_args(Form)))
    chosen = NmrSettings(
        tuple(files),
        kelvins,
        cast(Form, form),
        read(Integration, integration, "--region"),
        law,
        delays=_delays(delays),
    )
    found = measure_relaxation(chosen)
    data = {
        "fits": [_fit(f) for f in found.fits],
        "relaxation": _law(found.relaxation),
        "reason": found.no_relaxation,
    }
    finish(
        "NMR relaxation", nmr_parts(found), data, evidence=nmr_evidence(found), html=html, json_file=json_file
    )


def _delays(text: str) -> tuple[float, ...]:
    """Delays in s of a list in a file, or as written."""
    from electrolith.lab.nmr.read import read_delays

    if not text:
        return ()
    return tuple(read_delays(Path(text)).tolist()) if Path(text).is_file() else parse_list(text, "s")


def _fit(fit: RecoveryFit) -> dict[str, Any]:
    """One recovery for programs."""
    low, high = fit.relaxation_time.interval()
    return {
        "record": fit.recovery.source,
        "form": fit.form,
        "t1_s": fit.relaxation_time.value,
        "t1_interval_s": [low, high],
        "inversion": fit.inversion.value,
        "stretching": fit.stretching.value,
        "delays_s": fit.recovery.delays.tolist(),
        "signal": fit.recovery.signal.tolist(),
        "warnings": list(fit.warnings),
    }


def _law(found: Relaxation | None) -> dict[str, Any] | None:
    """T1(T) for programs."""
    if found is None:
        return None
    return {
        "flank": found.flank,
        "maximum": found.maximum,
        "activation_energy_eV": found.activation_energy.value,
        "interval_eV": list(found.activation_energy.interval()),
        "jump_rate_per_s": found.jump_rate.value if found.jump_rate else None,
        "statement": found.statement,
    }


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("nmr")(nmr)
