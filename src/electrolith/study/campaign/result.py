"""What is known of a campaign: one row per candidate, as it is stored after every round."""

from __future__ import annotations

from dataclasses import dataclass

from electrolith.core.estimate import Estimate

__all__ = ["CampaignResult", "CandidateResult"]


@dataclass(frozen=True, eq=False)
class CandidateResult:
    """One candidate.

    state : "prepared", "running", "done" or "dropped"; `reason` says why it was dropped or has no value.
    conductivity : σ(300 K), S/cm.      activation_energy : eV.
    picoseconds : simulated in all.      core_hours : spent on it.
    trajectories, stopped : how many there are, and how many broke.
    best : probability of being among the best; None without a value.      ahead : of the one behind it.
    """

    name: str
    state: str
    reason: str = ""
    conductivity: Estimate | None = None
    activation_energy: Estimate | None = None
    picoseconds: float = 0.0
    core_hours: float = 0.0
    trajectories: int = 0
    stopped: int = 0
    best: float | None = None
    ahead: float | None = None


@dataclass(frozen=True, eq=False)
class CampaignResult:
    """All candidates, the one with the highest σ(300 K) first, those without a value last.

    rounds : of decisions.      ended : why it ended; empty while it goes on.
    passes, lost, crashed : chunks that handed back, that were lost for free, and processes that died.
    queue : trajectories that wait or run now.
    """

    title: str
    candidates: tuple[CandidateResult, ...]
    want: str
    best: int
    budget: float | None
    rounds: int
    ended: str
    passes: int = 0
    lost: int = 0
    crashed: int = 0
    queue: int = 0

    @property
    def core_hours(self) -> float:
        """Spent in all."""
        return sum(c.core_hours for c in self.candidates)
