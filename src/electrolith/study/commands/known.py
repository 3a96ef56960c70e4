"""`electrolith materials | instruments`: the names that the program knows, with what stands behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from electrolith.study.printed import printed

__all__ = ["add"]

Json = Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")]


def materials(json_file: Json = None) -> None:
    """List the materials of cells, the known electrolytes and the crystals that come with the program.

    Example: `electrolith materials`
    """
    from electrolith.cell.materials import LITHIUM_EXCHANGE_CURRENT, cathodes, electrolytes
    from electrolith.crystal.library import shipped_names
    from electrolith.stability.comparison import electrolytes as compared
    from electrolith.study.section import Part, Table
    from electrolith.study.terminal import finish

    active = {m.name: m for m in cathodes().values()}.values()
    solid = {m.name: m for m in electrolytes().values()}.values()
    tables = (
        Table(
            ("name", "capacity / mAh/g", "density / kg/m³", "D / m²/s", "i₀ / A/m²", "OCV", "source"),
            tuple(
                (
                    m.name,
                    m.capacity / 3600,
                    m.density,
                    m.diffusivity,
                    m.exchange_current,
                    m.ocp_name,
                    m.source,
                )
                for m in active
            ),
            "Cathode materials, at half filling and 25 °C",
            ("density / kg/m³", "D / m²/s", "i₀ / A/m²", "OCV"),
        ),
        Table(
            ("name", "σ(25 °C) / S/m", "Eₐ / eV", "density / kg/m³", "source"),
            tuple((m.name, m.conductivity, m.activation_energy, m.density, m.source) for m in solid),
            "Solid electrolytes of cells",
        ),
        Table(
            ("name", "formula", "family", "source"),
            tuple((w.material.name, w.material.formula, w.family, w.note) for w in compared()),
            "Electrolytes whose windows are compared; `electrolith window` takes any formula of the library",
        ),
        Table(("name",), tuple((n,) for n in shipped_names()), "Crystals that come with the program"),
    )
    note = (
        f"Kinetics at the lithium are those of Li | LNC ({LITHIUM_EXCHANGE_CURRENT:g} A/m²) for every "
        "electrolyte, unless a design states its own."
    )
    finish(
        "Materials",
        (Part("Materials", "Names that designs and commands take.", (), tables, (), (note,)),),
        None,
        json_file=json_file,
    )


def instruments(json_file: Json = None) -> None:
    """List the instruments that a pattern can be refined with.

    Example: `electrolith instruments`
    """
    from electrolith.scattering.instrument import EMISSION_LINES
    from electrolith.study.section import Part, Table
    from electrolith.study.terminal import finish

    rows = tuple(
        (f"{anode} Ka", printed(one[0], ".7g"), printed(two[0], ".7g"))
        for anode, (one, two) in EMISSION_LINES.items()
    )
    tubes = Table(("write", "Kα1 / Å", "Kα2 / Å"), rows, "Laboratory tubes; 'Cu Ka1' where Kα2 was stripped")
    others = Table(
        ("write", "is"),
        (
            ("xray 0.4592", "a synchrotron, wavelength in Å"),
            ("neutron 1.87", "a reactor, wavelength in Å"),
            ("NAME.instprm, NAME.prm", "the file of an instrument, also time of flight"),
        ),
        "Others",
    )
    sentence = "What --instrument takes; nothing is assumed."
    finish("Instruments", (Part("Instruments", sentence, (), (tubes, others)),), None, json_file=json_file)


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("materials")(materials)
    app.command("instruments")(instruments)
