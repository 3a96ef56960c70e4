"""A cell in the terms of BattINFO: what it is made of, its masses, lengths and area."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from electrolith.core.units import convert, split_quantity
from electrolith.lab.cycling.measure import CyclingSettings
from electrolith.lab.impedance.settings import ImpedanceSettings
from electrolith.lab.symmetric.measure import SymmetricSettings
from electrolith.study.sections.schemes import Scheme

__all__ = ["cell_entity"]

Entity = dict[str, Any]
_INTERVAL = re.compile(r"\(\+[^)]*\)|\([^)]* to [^)]*\)")  # of a doubt that leans to one side


def cell_entity(
    name: str, settings: CyclingSettings | SymmetricSettings | ImpedanceSettings, scheme: Scheme | None
) -> Entity:
    """The cell of a test as JSON-LD.

    Parameters
    ----------
    settings : of the test; they know the mass of active material (kg), the area (m²), a pellet's sizes.
    scheme : how the cell is built (mm, um, mg), where the study draws it.
    """
    found: Entity = {"@type": "BatteryCell", "schema:name": name}
    properties = list(_stated(settings))
    layers = list(_stacked(settings))
    if scheme is not None:
        layers = list(_built(scheme))
        properties += [
            _property(kind, size, "MilliMetre")
            for kind, size in (
                ("Diameter", scheme.diameter),
                ("Width", scheme.width),
                ("Length", scheme.length),
            )
            if size is not None
        ]
        if scheme.housing:
            found["hasCase"] = {"schema:name": scheme.housing}
    if properties:
        found["hasProperty"] = properties
    if layers:
        found["hasConstituent"] = layers
    return found


def _stated(settings: CyclingSettings | SymmetricSettings | ImpedanceSettings) -> Iterable[Entity]:
    """What the settings of the test say of the cell."""
    if isinstance(settings, ImpedanceSettings):
        for kind, text in (("Diameter", settings.diameter), ("Thickness", settings.thickness)):
            if text is not None:
                yield _text_length(kind, text)
        return
    if isinstance(settings, CyclingSettings) and settings.mass is not None:
        mass = _property("Mass", convert(settings.mass, "kg", "mg"), "MilliGram")
        yield mass | {"schema:description": "of active material"}
    if settings.area is not None:
        yield _property("Area", convert(settings.area, "m2", "cm2"), "SquareCentiMetre")


def _stacked(settings: CyclingSettings | SymmetricSettings | ImpedanceSettings) -> Iterable[Entity]:
    """Layers that a symmetric cell states for its resistance."""
    for layer in settings.layers if isinstance(settings, SymmetricSettings) else ():
        entity: Entity = {"schema:name": layer.name}
        if layer.thickness is not None:
            entity["hasProperty"] = [_text_length("Thickness", layer.thickness)]
        yield from [entity] * layer.count


def _built(scheme: Scheme) -> Iterable[Entity]:
    """Layers of a scheme, from the bottom upwards."""
    for layer in scheme.layers:
        properties = [_property("Thickness", layer.thickness, "MicroMetre")]
        if layer.mass is not None:
            properties.append(_property("Mass", layer.mass, "MilliGram"))
        yield {"schema:name": layer.name, "hasProperty": properties}


def _text_length(kind: str, text: str) -> Entity:
    """A length as the study states it, its doubt in words."""
    value, _, unit = split_quantity(_INTERVAL.sub("", text))
    return _property(kind, convert(value, unit, "mm"), "MilliMetre") | {"schema:description": text}


def _property(kind: str, value: float, unit: str) -> Entity:
    """One quantity: its kind and unit are terms of EMMO."""
    return {
        "@type": [kind, "ConventionalProperty"],
        "hasNumericalPart": {"@type": "RealData", "hasNumberValue": float(f"{value:.10g}")},
        "hasMeasurementUnit": unit,
    }
