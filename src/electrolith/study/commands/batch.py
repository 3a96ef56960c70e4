"""`electrolith batch`: what to weigh; a pellet's density; a series of samples and what to try next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from electrolith.core.errors import InputError
from electrolith.core.units import parse

if TYPE_CHECKING:
    from electrolith.lab.synthesis.analysis import PelletSettings, SynthesisResult

__all__ = ["add"]


def batch(
    product: Annotated[str, typer.Argument(help="Formula of the product.")] = "Li9N2Cl3",
    mass: Annotated[str, typer.Option(help="Mass of product wanted.")] = "1 g",
    precursors: Annotated[
        str, typer.Option("--from", help="Precursors: 'Li2S, P2S5, LiCl'; Li3N, LiCl for Li-N-Cl.")
    ] = "",
    byproducts: Annotated[str, typer.Option(help="Other products of the reaction: 'NH3'.")] = "",
    purity: Annotated[str, typer.Option(help="Purities: 'Li3N 99.4 %, LiCl 99.9 %'.")] = "",
    excess: Annotated[str, typer.Option(help="Molar excess: 'Li3N 2 %'.")] = "",
    ratio: Annotated[float, typer.Option(help="Mass of balls over mass of powder.")] = 40.0,
    ball: Annotated[str, typer.Option(help="Diameter of a ball.")] = "5 mm",
    jar: Annotated[str, typer.Option(help="Volume of the jar.")] = "",
    pellet: Annotated[
        str,
        typer.Option(
            help="Mass, diameter, thickness, crystal density: '0.12(1) g, 10 mm, 0.90(2) mm, 1.6 g/cm3'."
        ),
    ] = "",
    samples: Annotated[Path | None, typer.Option(help="Table of samples to correlate.")] = None,
    given: Annotated[str, typer.Option(help="Columns held fixed in partial correlations.")] = "",
    improve: Annotated[
        str, typer.Option(help="Column to improve by the next condition (less is better: '-name').")
    ] = "",
    html: Annotated[Path | None, typer.Option(help="Write a page.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Balance a reaction and weigh a batch; look at a series of samples.

    Example: `electrolith batch Li9N2Cl3 --mass "2 g" --purity "Li3N 99.4 %, LiCl 99.9 %" --jar "45 mL"`
    """
    from electrolith.lab.synthesis.analysis import Improve, SynthesisSettings, measure_synthesis
    from electrolith.lab.synthesis.batch import BatchSettings
    from electrolith.study.sections.synthesis import synthesis_evidence, synthesis_parts
    from electrolith.study.terminal import finish

    settings = SynthesisSettings(
        batch=BatchSettings(
            product=product,
            precursors=_precursors(product, precursors),
            byproducts=_names(byproducts),
            mass=parse(mass, "kg"),
            purity=_shares("--purity", purity),
            excess=_shares("--excess", excess),
            ball_ratio=ratio,
            ball_diameter=parse(ball, "m"),
            jar_volume=parse(jar, "m^3") if jar else 0.0,
        ),
        pellet=_pellet(pellet) if pellet else None,
        samples=samples,
        given=_names(given),
        improve=Improve(improve.lstrip("-"), maximise=not improve.startswith("-")) if improve else None,
    )
    found = measure_synthesis(settings)
    finish(
        f"Batch of {product}",
        synthesis_parts(found),
        _data(found),
        evidence=synthesis_evidence(found),
        html=html,
        json_file=json_file,
    )


def _precursors(product: str, given: str) -> tuple[str, ...]:
    """Those given; without them Li3N and LiCl where the product has no other elements."""
    from electrolith.lab.synthesis.formula import parse_formula

    if not given and not set(parse_formula(product)) <= {"Li", "N", "Cl"}:
        raise InputError(f"batch: state what {product} is made from: --from 'Li2S, P2S5, LiCl'")
    return _names(given or "Li3N, LiCl")


def _names(text: str) -> tuple[str, ...]:
    return tuple(p.strip() for p in text.split(",") if p.strip())


def _shares(option: str, text: str) -> dict[str, float]:
    """'Li3N 99.4 %, LiCl 99.9 %' as shares of one."""
    found = {}
    for part in _names(text):
        name, _, value = part.partition(" ")
        if not value.strip():
            raise InputError(f"{option}: expected like 'Li3N 99.4 %', got {part!r}")
        found[name] = parse(value.strip(), "1")
    return found


def _pellet(text: str) -> PelletSettings:
    from electrolith.lab.synthesis.analysis import PelletSettings

    parts = _names(text)
    if len(parts) != 4:
        raise InputError(f"--pellet: expected mass, diameter, thickness and crystal density, got {text!r}")
    return PelletSettings(parts[0], parts[1], parts[2], parse(parts[3], "g/cm^3"))


def _data(found: SynthesisResult) -> dict[str, Any]:
    """The recipe, the pairs and the suggestion for programs."""
    data: dict[str, Any] = {}
    if found.batch is not None:
        data["equation"] = found.batch.equation
        data["weigh_g"] = {w.formula: 1e3 * w.mass for w in found.batch.weighings}
        data["balls"] = found.batch.ball_count
    if found.pellet is not None:
        data["porosity_percent"] = [found.pellet.porosity.value, *found.pellet.porosity.interval()]
    if found.correlations is not None:
        data["correlations"] = [
            {
                "first": p.first,
                "second": p.second,
                "given": list(p.given),
                "n": p.n,
                "r": p.r,
                "interval": [p.low, p.high],
            }
            for p in (*found.correlations.pairs, *found.correlations.partial)
        ]
    if found.suggestion is not None:
        data["next"] = list(found.suggestion.condition)
        data["expected"] = [found.suggestion.expected.value, *found.suggestion.expected.interval()]
    return data


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("batch")(batch)
