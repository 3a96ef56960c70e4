"""Electrolith: from a disordered crystal to a solid-state cell, every number with its doubt.

import electrolith as el
found = el.impedance("eis/*.csv", diameter="10 mm", thickness="0.90(2) mm")
found.to_frame(), found.plot("impedance-arrhenius"), found.save(xlsx="sigma.xlsx")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrolith.core.estimate import Estimate
    from electrolith.verbs import (
        cycling,
        design,
        diffusion,
        impedance,
        interface,
        open_study,
        order,
        read,
        rietveld,
        window,
    )

__all__ = [
    "Estimate",
    "cycling",
    "design",
    "diffusion",
    "impedance",
    "interface",
    "open_study",
    "order",
    "read",
    "rietveld",
    "window",
]


def __getattr__(name: str) -> Any:
    """The verbs, imported when they are used: the command line must not wait for them."""
    if name == "__version__":
        return _version()
    if name == "Estimate":
        from electrolith.core.estimate import Estimate

        return Estimate
    if name in __all__:
        from electrolith import verbs

        return getattr(verbs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    """The version that was installed: the last tag, between tags with the commit."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("electrolith")
    except PackageNotFoundError:  # the sources alone on the path
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
