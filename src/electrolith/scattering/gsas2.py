"""GSAS-II as a reference: found where it is installed, explained where it is not."""

from __future__ import annotations

from importlib.util import find_spec

from electrolith.core.errors import MissingExtra

__all__ = ["find_gsas2"]


def find_gsas2() -> str:
    """Name of the importable GSAS-II scripting module.

    Raises
    ------
    MissingExtra
        If none is found; the text says how to get it, since it is on no package index.
    """
    for name in ("GSASII.GSASIIscriptable", "GSASIIscriptable"):
        try:
            if find_spec(name) is not None:
                return name
        except ModuleNotFoundError:
            continue
    error = MissingExtra("gsas2", "GSAS-II")
    error.args = (
        "GSAS-II is not installed. It is on no package index: install it with its own "
        "installer (gsas2main from "
        "https://gsasii.github.io) or build it from its repository with a Fortran "
        "compiler, in this environment; "
        "without it, write the instrument with `electrolith rietveld --instprm` and compare by hand",
    )
    raise error
