"""Write a processed spectrum as XDI 1.0, the exchange form of the absorption community's databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from electrolith import __version__
from electrolith.core.errors import InputError, nearest
from electrolith.core.files import write_atomic
from electrolith.lab.xanes.normalise import Normalised

__all__ = ["absorber", "write_xdi", "xdi_text"]

WITHIN = 50.0  # eV; chemistry and calibration move an edge by less


def write_xdi(path: Path, spectrum: Normalised, *, edge: tuple[str, str]) -> None:
    """Write `xdi_text` atomically."""
    write_atomic(path, xdi_text(spectrum, edge=edge))


def xdi_text(spectrum: Normalised, *, edge: tuple[str, str]) -> str:
    """A spectrum as XDI: energy (eV), normalised and flattened absorption, and how they were made.

    Parameters
    ----------
    edge : symbol of the element and name of the edge, ("Cl", "K"), as `absorber` gives them.

    Raises
    ------
    InputError
        If the table has that edge more than 50 eV from the spectrum's.

    Source: XDI 1.0, Ravel & Newville, J. Phys. Conf. Ser. 712 (2016) 012148.
    """
    element, shell = edge
    tabulated = _energy(element, shell)
    if abs(tabulated - spectrum.edge) > WITHIN:
        raise InputError(
            f"{spectrum.name}: the edge is at {spectrum.edge:.1f} eV, that of {element} {shell} at "
            f"{tabulated:.1f} eV; name the absorber of this spectrum"
        )
    low, high, first, last = spectrum.ranges
    fields = {
        "Column.1": "energy eV",
        "Column.2": "norm",
        "Column.3": "flat",
        "Element.symbol": element,
        "Element.edge": shell,
        "Scan.edge_energy": f"{spectrum.edge:.8g} eV",
        "Scan.start_time": _time(spectrum.start),
        "Sample.name": _line(spectrum.name),
        "Electrolith.mode": spectrum.mode,
        "Electrolith.e0": f"{spectrum.edge:.8g} eV",
        "Electrolith.edge_step": f"{spectrum.edge_step:.8g}",
        "Electrolith.pre_edge_range": f"{low:g} {high:g} eV from e0",
        "Electrolith.norm_range": f"{first:g} {last:g} eV from e0",
        "Electrolith.norm_degree": str(spectrum.degree),
        "Electrolith.noise": f"{spectrum.noise:.3g} of the edge step, standard deviation of one point",
    }
    head = [f"# XDI/1.0 Electrolith/{__version__}"]
    head += [f"# {name}: {value}" for name, value in fields.items() if value]
    head += ["# ///", "# Normalised by the edge step; flat: post-edge curvature taken out above e0", "# ---"]
    rows = np.column_stack([spectrum.energy, spectrum.mu, spectrum.flat])
    lines = [" ".join(f"{x:.10g}" for x in row) for row in rows]
    return "\n".join([*head, "# energy norm flat", *lines]) + "\n"


def absorber(text: str) -> tuple[str, str]:
    """Element and edge of a text like "Cl K".

    Raises
    ------
    InputError
        If there is no such element or edge.
    """
    element, _, shell = (word.strip() for word in text.strip().partition(" "))
    _energy(element, shell)
    return element, shell


def _energy(element: str, shell: str) -> float:
    """Tabulated energy of an edge, eV."""
    import xraydb

    try:
        edges = xraydb.xray_edges(element)
    except ValueError as error:
        raise InputError(f"absorber {element!r}: no such element; expected one like 'Cl K'") from error
    if shell not in edges:
        raise InputError(nearest(f"edge of {element}", shell, edges))
    return float(edges[shell].energy)


def _time(start: float) -> str:
    """ISO time of the instrument's own clock, whose zone nobody stated; "" where unknown."""
    return datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%M:%S") if np.isfinite(start) else ""


def _line(text: str) -> str:
    """On one line, as a field must be."""
    return " ".join(text.split())
