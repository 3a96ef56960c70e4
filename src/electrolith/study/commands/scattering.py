"""`electrolith rietveld`, `electrolith pdf`, `electrolith operando`: measured scattering and a crystal."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse
from electrolith.study.commands import complete

if TYPE_CHECKING:
    from electrolith.scattering.measured import Diffraction
    from electrolith.scattering.measured_pdf import PairDistribution
    from electrolith.scattering.operando import OperandoFit
    from electrolith.scattering.phase import Phase

__all__ = ["add"]

Html = Annotated[Path | None, typer.Option(help="Write a page.")]
Json = Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")]


def rietveld(
    files: Annotated[
        list[str], typer.Argument(help="Patterns, then the crystal: a CIF or a name of the phase library.")
    ],
    instrument: Annotated[
        list[str],
        typer.Option(
            help="'Cu Ka', 'xray 0.4592', 'neutron 1.87', or an .instprm/.prm file; never assumed.",
            autocompletion=complete.instruments,
        ),
    ],
    bank: Annotated[
        list[int] | None, typer.Option(help="Bank in the files; one, or one per pattern.")
    ] = None,
    abscissa: Annotated[
        str | None, typer.Option(help="two_theta, tof, q or d, where the file does not say.")
    ] = None,
    seconds_per_step: Annotated[
        str | None, typer.Option(help="Counting time of a point, '0.6 s', where the file gives rates.")
    ] = None,
    limits: Annotated[str | None, typer.Option(help="Part of the abscissa, '15,120'.")] = None,
    phase: Annotated[
        list[str] | None,
        typer.Option(help="Further phase: library name or CIF; may repeat.", autocompletion=complete.phases),
    ] = None,
    background: Annotated[int, typer.Option(help="Chebyshev terms.")] = 10,
    joint: Annotated[bool, typer.Option(help="All patterns at once, one scale each.")] = False,
    occupancies: Annotated[bool, typer.Option(help="Refine them; what cannot be known is said.")] = False,
    density: Annotated[
        str | None, typer.Option(help="Measured density that fixes the level, '1.63(1) g/cm3'.")
    ] = None,
    neutral: Annotated[
        bool, typer.Option(help="Tie the occupancies by charge neutrality (fixes ratios, not the level).")
    ] = False,
    charge: Annotated[
        list[str] | None, typer.Option(help="Charge of a species for --neutral, 'Li=1'; may repeat.")
    ] = None,
    total: Annotated[
        list[str] | None, typer.Option(help="Atoms on a site, 'X1=0.955'; fixes the level; may repeat.")
    ] = None,
    tie_: Annotated[
        list[str] | None, typer.Option("--tie", help="Known ratio of contents, 'N/Cl=2/3'; may repeat.")
    ] = None,
    constraint: Annotated[
        list[str] | None,
        typer.Option(help="Linear equation of parameters, 'LNC/X1/B = LNC/Li1/B'; may repeat."),
    ] = None,
    geometry: Annotated[
        str | None, typer.Option(help="reflection, transmission or capillary, if not the instrument's usual.")
    ] = None,
    radius: Annotated[str | None, typer.Option(help="Radius of the diffractometer, '240 mm'.")] = None,
    displacement: Annotated[
        str, typer.Option(help="Of the specimen: auto (refined in reflection), yes or no.")
    ] = "auto",
    axial: Annotated[
        float | None,
        typer.Option(help="Axial divergence S/L to start from; 0 for none; 0.02 for laboratory tubes."),
    ] = None,
    size_strain: Annotated[bool, typer.Option(help="Refine size and strain of the sample.")] = False,
    mu_r: Annotated[float, typer.Option(help="Absorption coefficient times radius of a capillary.")] = 0.0,
    monochromator: Annotated[
        str, typer.Option(help="2θ of the monochromator, '26.6 deg'; '0 deg' for none.")
    ] = "0 deg",
    ions: Annotated[bool, typer.Option(help="Say what changes with form factors of ions.")] = False,
    likelihood: Annotated[
        bool, typer.Option(help="Profile of each occupancy, all others refined again.")
    ] = False,
    cif: Annotated[Path | None, typer.Option(help="Write the (first) refinement as CIF.")] = None,
    instprm: Annotated[
        Path | None, typer.Option(help="Write the (first) refined instrument for GSAS-II.")
    ] = None,
    suspect: Annotated[
        list[str] | None,
        typer.Option(help="Phase to hold against unexplained lines (the library always is); may repeat."),
    ] = None,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Refine powder patterns from a crystal, stage by stage, and say what they cannot tell.

    Example: `electrolith rietveld lnc.xye lnc.cif --instrument "Cu Ka" --occupancies --html fit.html`
    """
    from electrolith.scattering.measured import DiffractionSettings, refine_files
    from electrolith.scattering.write_cif import write_cif
    from electrolith.scattering.write_instprm import write_instprm
    from electrolith.study.sections.diffraction import evidence_of
    from electrolith.study.sections.diffraction_parts import diffraction_parts
    from electrolith.study.terminal import finish

    patterns, crystal = _split(files, "rietveld")
    banks = tuple(bank or (1,))
    settings = DiffractionSettings(
        files=patterns,
        instrument=tuple(instrument),
        bank=banks[0] if len(banks) == 1 else banks,
        abscissa=abscissa,  # type: ignore[arg-type]
        seconds_per_step=None if seconds_per_step is None else parse(seconds_per_step, "s"),
        limits=_pair(limits, "--limits"),
        background=background,
        phases=tuple(phase or ()),
        suspects=tuple(suspect or ()),
        joint=joint,
        occupancies=occupancies,
        density=density,
        neutral=neutral,
        charges=_charges(charge, files[-1]) if neutral else None,
        totals=_pairs(total, "--total"),
        ties=_pairs(tie_, "--tie"),
        constraints=tuple(constraint or ()),
        geometry=geometry,  # type: ignore[arg-type]
        radius=_amount(radius, "mm"),
        displacement=displacement,  # type: ignore[arg-type]
        axial=axial,
        size_strain=size_strain,
        mu_r=mu_r,
        monochromator=parse(monochromator, "deg"),
        ions=ions,
        likelihood=likelihood,
    )
    found = refine_files(settings, crystal)
    if cif is not None:
        write_cif(cif, found.fits[0], title=found.names[0])
    if instprm is not None:
        write_instprm(instprm, found.fits[0].histograms[0].instrument)
    parts = diffraction_parts(found)
    finish(
        "Rietveld refinement",
        parts,
        _fit_data(found),
        evidence=evidence_of(found),
        html=html,
        json_file=json_file,
    )


def pdf(
    files: Annotated[
        list[str],
        typer.Argument(help="G(r) or S(Q) files, then the crystal: a CIF or a name of the library."),
    ],
    ranges: Annotated[
        str, typer.Option("--range", help="Ranges in Å, '1.6-50,1.6-6,6-50'.")
    ] = "1.6-50,1.6-6,6-50",
    radiation: Annotated[
        str | None, typer.Option(help="xray or neutron, where the file does not say.")
    ] = None,
    q_max: Annotated[str | None, typer.Option(help="'25 1/angstrom', where the file does not say.")] = None,
    q_damp: Annotated[str, typer.Option(help="Resolution damping.")] = "0.02 1/angstrom",
    q_broad: Annotated[str, typer.Option(help="Resolution broadening.")] = "0 1/angstrom",
    convention: Annotated[str, typer.Option(help="pdffit or srreal.")] = "pdffit",
    free: Annotated[str | None, typer.Option(help="Parameters, 'scale,a,Li1/B,delta2,q_damp'.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Sites whose nearest distance is split, 'Li1 X1'.")
    ] = None,
    structure_function: Annotated[
        str | None, typer.Option(help="The files hold S or F = Q [S - 1]; .sq and .fq say so by name.")
    ] = None,
    q_min: Annotated[str, typer.Option(help="Of an S(Q): smaller Q are left out.")] = "0 1/angstrom",
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Fit pair distribution functions over one or several ranges of r.

    Files of S(Q) are transformed; the same with a Lorch window shows which peaks are ripples of the cut.

    Example: `electrolith pdf ni.gr ni.cif --range 1.6-20,1.6-6 --html pdf.html`
    """
    from electrolith.scattering.measured_pdf import PdfFilesSettings, fit_pdf_files
    from electrolith.study.sections.diffraction import pdf_evidence_of
    from electrolith.study.sections.pdf_parts import pdf_parts
    from electrolith.study.terminal import finish

    patterns, crystal = _split(files, "pdf")
    settings = PdfFilesSettings(
        files=patterns,
        ranges=tuple(_range(text) for text in ranges.split(",")),
        radiation=radiation,  # type: ignore[arg-type]
        q_max=_amount(q_max, "1/angstrom"),
        q_damp=parse(q_damp, "1/angstrom"),
        q_broad=parse(q_broad, "1/angstrom"),
        convention=convention,  # type: ignore[arg-type]
        free=tuple(n.strip() for n in free.split(",")) if free else None,
        split=split,
        structure_function=_kind(structure_function),
        q_min=parse(q_min, "1/angstrom"),
    )
    found = fit_pdf_files(settings, crystal)
    finish(
        "Pair distribution function",
        pdf_parts(found),
        _pdf_data(found),
        evidence=pdf_evidence_of(found),
        html=html,
        json_file=json_file,
    )


def operando(
    files: Annotated[list[str], typer.Argument(help="Patterns in order of time, then the crystal.")],
    instrument: Annotated[str, typer.Option(help="As for rietveld.")],
    interval: Annotated[str, typer.Option(help="Time between frames, '6 min'.")] = "1 h",
    candidate_phase: Annotated[
        list[str] | None,
        typer.Option(
            "--candidate", help="Phase that might appear; may repeat.", autocompletion=complete.phases
        ),
    ] = None,
    gas: Annotated[
        str, typer.Option(help="What the gas brings to new phases: none, water (H, O) or air (H, C, N, O).")
    ] = "none",
    axis: Annotated[
        str | None,
        typer.Option(help="Column that stands for time, 'log.csv:temperature (K)', a row per frame."),
    ] = None,
    phase: Annotated[
        list[str] | None,
        typer.Option(help="Further phase that is there from the start.", autocompletion=complete.phases),
    ] = None,
    abscissa: Annotated[str | None, typer.Option(help="two_theta, tof, q or d.")] = None,
    limits: Annotated[str | None, typer.Option(help="Part of the abscissa, '15,80'.")] = None,
    html: Html = None,
    json_file: Json = None,
) -> None:
    """Follow a series of patterns: cell in time, new phases with onset, detection limits.

    Example: `electrolith operando f/*.xye lnc.cif --instrument "xray 0.4592" --interval "6 min"`
    """
    from electrolith.scattering.measured_operando import OperandoSettings, run_operando
    from electrolith.study.sections.operando_parts import operando_parts
    from electrolith.study.terminal import finish

    patterns, crystal = _split(files, "operando")
    table, _, column = (axis or "").rpartition(":")
    if axis and not (table and column):
        raise InputError(f"--axis: expected a table and a column such as log.csv:temperature, got {axis!r}")
    settings = OperandoSettings(
        files=patterns,
        instrument=instrument,
        interval=parse(interval, "h"),
        abscissa=abscissa,  # type: ignore[arg-type]
        limits=_pair(limits, "--limits"),
        phases=tuple(phase or ()),
        candidates=tuple(candidate_phase or ()),
        gas=gas,  # type: ignore[arg-type]
        axis_file=Path(table) if axis else None,
        axis_column=column or None,
    )
    found = run_operando(settings, crystal)
    data = {
        "candidates": [
            {
                "phase": t.phase,
                "detected": t.change.detected,
                "onset": t.change.time,
                "interval": [t.change.low, t.change.high],
                "weight_fraction": t.change.size,
                "sigma": t.change.size_sigma,
                "limit_frame": t.limit,
                "limit_series": t.limit_series,
            }
            for t in found.fit.candidates
        ],
        "changes": {n: [c.time, c.low, c.high, c.size, c.detected] for n, c in found.fit.changes.items()},
        "frames": _frames(found.fit),
        "warnings": list(found.fit.warnings),
    }
    finish("Operando series", operando_parts(found), data, html=html, json_file=json_file)


def _frames(fit: OperandoFit) -> list[dict[str, Any]]:
    """Axis, agreement and cells of every frame; the esds beside them."""
    cells = [k for k, n in enumerate(fit.names) if n.count("/") == 1]  # scales and backgrounds have two
    return [
        {
            fit.axis: float(fit.time[k]),
            "r_wp": float(fit.r_wp[k]),
            "chi2": float(fit.chi2[k]),
            "described": bool(fit.good[k]),
            "cell": {fit.names[i]: [float(fit.values[k, i]), float(fit.sigma[k, i])] for i in cells},
        }
        for k in range(len(fit.time))
    ]


def _amount(text: str | None, unit: str) -> float | None:
    """A quantity of the command line with its unit, or None."""
    return None if text is None else parse(text, unit)


def _split(files: list[str], command: str) -> tuple[tuple[Path, ...], Phase]:
    """Data files and, last, the crystal."""
    from electrolith.scattering.phase_library import candidate

    if len(files) < 2:
        raise InputError(
            f"{command}: give at least one data file and, last, the crystal (CIF or library name)"
        )
    return tuple(Path(f) for f in files[:-1]), candidate(files[-1])


_FORM = "expected a name and a number such as X1=0.955"


def _pairs(texts: list[str] | None, option: str) -> dict[str, float] | None:
    """Names with numbers, "X1=0.955" or "N/Cl=2/3"."""
    out = {}
    for text in texts or ():
        name, _, number = text.rpartition("=")
        try:
            value = float(Fraction(number.strip())) if "/" in number else float(number)
        except (ValueError, ZeroDivisionError) as error:
            raise InputError(
                f"{option}: expected a name and a number such as X1=0.955, got {text!r}"
            ) from error
        if not name.strip():
            raise InputError(f"{option}: expected a name and a number such as X1=0.955, got {text!r}")
        out[name.strip()] = value
    return out or None


def _charges(texts: list[str] | None, crystal: str) -> dict[str, float]:
    """Charges of the species: given, stated in the CIF, or the most neutral of the common ones."""
    from electrolith.crystal.read import read_crystal

    given = _pairs(texts, "--charge") or {}
    if not crystal.lower().endswith(".cif"):
        return given
    return dict(read_crystal(Path(crystal), oxidation_states=given).oxidation_states)


def _kind(text: str | None) -> Literal["S", "F"] | None:
    if text is not None and text not in ("S", "F"):
        raise InputError(f"--structure-function: expected S or F, got {text!r}")
    return text  # type: ignore[return-value]


def _pair(text: str | None, option: str) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(v) for v in text.split(","))
    except ValueError as error:
        raise InputError(f"{option}: expected two numbers such as 15,120, got {text!r}") from error
    return low, high


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in text.strip().split("-"))
    except ValueError as error:
        raise InputError(f"--range: expected ranges such as 1.6-6,6-50, got {text!r}") from error
    return low, high


def _number(value: float) -> float | None:
    """JSON has no infinity."""
    return float(value) if abs(value) < float("inf") else None


def _fit_data(found: Diffraction) -> dict[str, Any]:
    return {
        "fits": [
            {
                "name": name,
                "chi2": fit.chi2,
                "r_wp": [h.r_wp for h in fit.histograms],
                "parameters": {
                    n: [v, _number(e)]
                    for n, v, e in zip(fit.names, fit.values.tolist(), fit.esd.tolist(), strict=True)
                },
                "not_determined": [n.words for n in fit.null],
                "ratios": {k: [v.value, v.std] for k, v in fit.ratios.items()},
                "warnings": list(fit.warnings),
            }
            for name, fit in zip(found.names, found.fits, strict=True)
        ],
        "failed": found.failed,
    }


def _pdf_data(found: PairDistribution) -> dict[str, Any]:
    fits = {
        name: [
            {
                "range": [r.low, r.high],
                "r_w": r.r_w,
                "independent_points": r.independent,
                "parameters": {k: [v.value, v.std] for k, v in r.parameters.items()},
            }
            for r in fit.ranges
        ]
        for name, fit in zip(found.names, found.fits, strict=True)
    }
    peaks = {
        name: [
            {
                "r": p.r,
                "sigma": p.sigma,
                "calculated": _number(p.calculated) if p.calculated == p.calculated else None,
                "pairs": {d.pair: d.r for d in p.pairs},
                "ripple": p.ripple,
            }
            for p in here
        ]
        for name, here in zip(found.names, found.peaks, strict=False)
    }
    return fits | {"distances": peaks}


def add(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(rietveld)
    app.command()(pdf)
    app.command()(operando)
