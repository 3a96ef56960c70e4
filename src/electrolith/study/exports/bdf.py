"""Measured records of a study in the Battery Data Format, its cell and test as JSON-LD beside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from electrolith.core.errors import InputError
from electrolith.core.files import sha256, write_atomic
from electrolith.core.safe_text import file_name
from electrolith.lab.cycling.read import read_cycling
from electrolith.lab.cycling.record import CyclingRecord
from electrolith.lab.cycling.write_bdf import write_bdf as write_cycling
from electrolith.lab.impedance.place import placed
from electrolith.lab.impedance.read import read_impedance
from electrolith.lab.impedance.settings import pellet_geometry
from electrolith.lab.impedance.spectrum import Spectrum
from electrolith.lab.impedance.write_bdf import write_bdf as write_impedance
from electrolith.study.exports.cell_entity import cell_entity
from electrolith.study.origins import beside
from electrolith.study.section import Group, Study
from electrolith.study.sections.cycling import MeasuredCycling
from electrolith.study.sections.impedance import MeasuredImpedance
from electrolith.study.sections.metadata import LICENCES, Metadata
from electrolith.study.sections.schemes import Schemes
from electrolith.study.sections.symmetric import MeasuredSymmetric

__all__ = ["Written", "write_bdf_folder"]

CONTEXT = [
    "https://w3id.org/emmo/domain/battery/context",
    {
        "schema": "https://schema.org/",
        # Names of units are terms of the context, not addresses beside the document.
        "hasMeasurementUnit": {
            "@id": "https://w3id.org/emmo#EMMO_bed1d005_b04e_4a90_94cf_02bc678a8569",
            "@type": "@vocab",
        },
    },
]


@dataclass(frozen=True, slots=True)
class Written:
    """Tables that were written, and inputs that were not because the study marks them private."""

    files: tuple[Path, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Test:
    """One table to be described. inputs : files it was read from. remarks : what the reader did."""

    table: Path
    technique: str
    inputs: tuple[Path, ...]
    remarks: tuple[str, ...]


def write_bdf_folder(study: Study, folder: Path) -> Written:
    """Write records of full and symmetric cells, a table each, and the spectra of every impedance group.

    Raises
    ------
    InputError
        If the study has none of them.
    DataError
        If a file cannot be read or the folder not be written.
    """
    metadata = study.get(Metadata) or Metadata()
    tables: list[Path] = []
    hidden: list[str] = []
    measured = (MeasuredCycling, MeasuredSymmetric, MeasuredImpedance)
    groups = [g for kind in measured for g in study.groups.get(kind, ())]
    if not groups:
        raise InputError(f"{study.file}: no measured.cycling, symmetric_cells or impedance to write")
    for group in groups:
        private = [p for p in group.settings.files if _is_private(p, study, metadata)]
        hidden += [beside(p, study.folder) for p in private]
        for test in _tables(group, folder, set(private)):
            _describe(test, group, study, metadata)
            tables.append(test.table)
    return Written(tuple(tables), tuple(sorted(hidden)))


def _is_private(path: Path, study: Study, metadata: Metadata) -> bool:
    return any(fnmatch(beside(path, study.folder), pattern) for pattern in metadata.private)


def _tables(group: Group, folder: Path, private: set[Path]) -> Iterator[_Test]:
    """Write the tables of a group."""
    name = file_name(" ".join(filter(None, (group.section.removeprefix("measured."), group.name))))
    if isinstance(group.settings, MeasuredImpedance):
        yield from _spectra(group.settings, folder / f"{name}.bdf.csv", private)
        return
    for number, path in enumerate(group.settings.files, start=1):
        if path in private:
            continue
        mass = getattr(group.settings, "mass", None)
        record = read_cycling(path, mass=mass, area=group.settings.area)
        table = folder / f"{name}-{number:03d}.bdf.csv"
        write_cycling(record, table)
        yield _Test(table, "galvanostatic cycling", (path,), _said(record))


def _spectra(settings: MeasuredImpedance, table: Path, private: set[Path]) -> Iterator[_Test]:
    """One table of all spectra, in the order and at the temperatures that the study states."""
    geometry = pellet_geometry(settings.diameter, settings.thickness, seed=settings.seed)
    area, length = (None, None) if geometry is None else (geometry.area.value, geometry.thickness.value)
    file_of = {s.source: (p, s.in_ohm(area, length)) for p in settings.files for s in read_impedance(p)}
    ready = placed(tuple(s for _, s in file_of.values()), settings)
    open_ones = [s for s in ready if file_of[s.source][0] not in private]
    if open_ones:
        write_impedance(open_ones, table)
        inputs = tuple(dict.fromkeys(file_of[s.source][0] for s in open_ones))
        remarks = tuple(dict.fromkeys(r for s in open_ones for r in _said(s)))
        yield _Test(table, "electrochemical impedance spectroscopy", inputs, remarks)


def _said(read: CyclingRecord | Spectrum) -> tuple[str, ...]:
    """Everything a reader did and noticed."""
    account = () if read.account is None else (*read.account.notes, *read.account.warnings)
    return tuple(dict.fromkeys((*account, *read.remarks)))


def _describe(test: _Test, group: Group, study: Study, metadata: Metadata) -> None:
    """Write the JSON-LD beside a table."""
    schemes = study.get(Schemes)
    scheme = None if schemes is None else schemes.cells.get(group.name) or schemes.cells.get(group.sample)
    name = group.sample or group.name or study.title
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "BatteryTest",
        "schema:name": " ".join(filter(None, (study.title, group.name))),
        "schema:measurementTechnique": test.technique,
        "hasTestObject": cell_entity(name, group.settings, scheme),
        "hasOutput": {
            "@type": "schema:Dataset",
            "schema:name": test.table.name,
            "schema:description": "; ".join(_told(test.remarks, study)) or "read as it stands",
            "schema:isBasedOn": [_file(p, study) for p in test.inputs],
            "schema:distribution": {
                "@type": "schema:DataDownload",
                "schema:contentUrl": test.table.name,
                "schema:encodingFormat": "text/csv",
                "schema:sha256": sha256(test.table),
            },
        },
    }
    if metadata.authors:
        document["schema:creator"] = [
            {"@type": "schema:Person", "schema:name": p.name}
            | ({"@id": f"https://orcid.org/{p.orcid}"} if p.orcid else {})
            for p in metadata.authors
        ]
    if metadata.licence:
        document["schema:license"] = {"@id": LICENCES[metadata.licence]}
    beside_it = test.table.with_name(test.table.name.removesuffix(".csv") + ".jsonld")
    write_atomic(beside_it, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _told(remarks: Iterable[str], study: Study) -> list[str]:
    """What the reader did, without the folder of this machine."""
    return [r.replace(f"{study.folder.resolve()}/", "").replace(f"{study.folder}/", "") for r in remarks]


def _file(path: Path, study: Study) -> dict[str, str]:
    return {
        "@type": "schema:MediaObject",
        "schema:name": beside(path, study.folder),
        "schema:sha256": sha256(path),
    }
