"""The order in which a recipe frees parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .histogram import Histogram
from .instrument import ConstantWavelength, TimeOfFlight
from .parameter import Parameter, catalogue
from .phase import Phase

__all__ = ["Displacement", "Wanted", "stages"]

Displacement = Literal["auto", "yes", "no"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Groups to refine; see Recipe."""

    positions: bool
    displacements: bool
    occupancies: bool
    calibration: bool | None
    displacement: Displacement
    size_strain: bool
    texture: bool


def stages(
    phases: tuple[Phase, ...], histograms: tuple[Histogram, ...], wanted: Wanted
) -> list[tuple[str, tuple[str, ...]]]:
    """Names of the stages and the parameters that each frees."""
    table = catalogue(phases, histograms)
    owners = [p.name for p in phases]

    def of(*kinds: str, owner: tuple[str, ...] | None = None) -> tuple[str, ...]:
        return tuple(n for n, p in table.items() if p.kind in kinds and (owner is None or p.owner in owner))

    tof = {h.name: isinstance(h.instrument, TimeOfFlight) for h in histograms}
    zeros = tuple(h for h, t in tof.items() if wanted.calibration or (wanted.calibration is None and not t))
    lorentz = (
        of("size", "strain", owner=tuple(owners))
        if wanted.size_strain
        else tuple(n for n in of("lorentzian") if not (tof[table[n].owner] and n.endswith("/x")))
    )
    narrow = tuple(f"{h}/{'s1' if t else 'w'}" for h, t in tof.items())
    wide = tuple(n for n in of("gaussian") if n not in narrow)
    wide += tuple(n for n in of("exponential") if not n.endswith("/alpha"))
    texture = tuple(f"{p.name}/texture" for p in phases if p.texture_axis is not None)
    return [
        ("background and scale", of("scale", "background")),
        ("cell", of("length", "angle")),
        ("zero", tuple(f"{h}/zero" for h in zeros)),
        ("width", narrow),
        ("Lorentzian width", lorentz),
        ("width over the range", wide),
        ("axial divergence", tuple(n for n in of("axial") if table[n].value > 0)),
        ("specimen displacement", _displacement(histograms, table, wanted.displacement)),
        ("texture", texture if wanted.texture else ()),
        ("positions", of("coordinate") if wanted.positions else ()),
        ("displacements", of("B") if wanted.displacements else ()),
        ("occupancies", of("occupancy", owner=(owners[0],)) if wanted.occupancies else ()),
    ]


def _displacement(
    histograms: tuple[Histogram, ...], table: dict[str, Parameter], wanted: Displacement
) -> tuple[str, ...]:
    """Components of the displacement that the geometry has."""
    out = []
    for histogram in histograms:
        tool = histogram.instrument
        if not isinstance(tool, ConstantWavelength) or wanted == "no":
            continue
        if wanted == "yes" or tool.geometry == "reflection":
            out.append(f"{histogram.name}/displacement")
            if tool.geometry == "capillary":
                out.append(f"{histogram.name}/offset")
    return tuple(n for n in out if n in table)
