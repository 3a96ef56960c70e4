"""What the cycling of full cells gives."""

from __future__ import annotations

from dataclasses import dataclass

from electrolith.core.account import Account
from electrolith.lab.cycling.cycles import CycleTable
from electrolith.lab.cycling.fade import Fade
from electrolith.lab.cycling.profile import Differential, Profile
from electrolith.lab.cycling.rates import RateStep

__all__ = ["FullCells", "OneFullCell"]


@dataclass(frozen=True, eq=False)
class OneFullCell:
    """One record's table and what follows from it. reference : cycle number of the retention."""

    source: str
    table: CycleTable
    steps: tuple[RateStep, ...]
    reference: int | None
    fade: Fade | None
    profiles: tuple[Profile, ...]
    differentials: tuple[Differential, ...]
    account: Account | None = None


@dataclass(frozen=True, eq=False)
class FullCells:
    """All cells. failures : (file, reason)."""

    cells: tuple[OneFullCell, ...]
    failures: tuple[tuple[str, str], ...]
