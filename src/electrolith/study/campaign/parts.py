"""A campaign for people: the table of candidates, and the ranking with its probabilities."""

from __future__ import annotations

import numpy as np

from electrolith.core.format import number
from electrolith.study.campaign.result import CampaignResult
from electrolith.study.figure import Axis, Figure, Points
from electrolith.study.section import Part, Table

__all__ = ["parts"]

COLUMNS = (
    "candidate",
    "state",
    "σ(300 K)",
    "Ea",
    "P(ahead of the next)",
    "P(among the best)",
    "simulated / ps",
    "core hours",
    "trajectories",
    "broken",
    "why",
)


def parts(result: CampaignResult) -> tuple[Part, ...]:
    """One part: a sentence, the table, the ranking."""
    rows = tuple(
        (
            c.name,
            c.state,
            c.conductivity,
            c.activation_energy,
            c.ahead,
            c.best,
            round(c.picoseconds, 3),
            round(c.core_hours, 4),
            c.trajectories,
            c.stopped,
            c.reason,
        )
        for c in result.candidates
    )
    caption = f"Candidates of {result.title}; 'among the best' are the best {result.best}."
    table = Table(COLUMNS, rows, caption, minor=("P(among the best)", "simulated / ps", "broken"))
    notes = (
        f"Chunks that handed back at the end of their time: {result.passes}; lost with their place, for "
        f"free: "
        f"{result.lost}; processes that died: {result.crashed}.",
    )
    figure = _ranking(result)
    return (Part("Campaign", _sentence(result), () if figure is None else (figure,), (table,), notes=notes),)


def _sentence(result: CampaignResult) -> str:
    """Where the campaign stands."""
    known = [c for c in result.candidates if c.conductivity is not None]
    of = f" of {result.budget:g}" if result.budget is not None else ""
    spent = f"{number(result.core_hours)}{of} core hours, {result.rounds + 1} rounds"
    head = f"{len(known)} of {len(result.candidates)} candidates have a σ(300 K); {spent}"
    tail = f"; ended: {result.ended}" if result.ended else f"; {result.queue} trajectories wait or run"
    return head + tail + "."


def _ranking(result: CampaignResult) -> Figure | None:
    """σ(300 K) with 68 % intervals in the order of the table, the probabilities beside."""
    known = [c for c in result.candidates if c.conductivity is not None]
    if not known:
        return None
    ends = np.array([c.conductivity.interval() for c in known if c.conductivity is not None])
    text = tuple(
        f"{c.name}: among the best {result.best} with {c.best or 0:.0%}"
        + (f", ahead of the next with {c.ahead:.0%}" if c.ahead is not None else "")
        for c in known
    )
    names = ", ".join(f"{i + 1} {c.name}" for i, c in enumerate(known))
    return Figure(
        "campaign-ranking",
        f"σ(300 K) of the candidates with 68 % intervals, the highest first: {names}.",
        Axis("place", range=(0.5, len(known) + 0.5)),
        Axis("σ(300 K) / S/cm", log=True),
        (
            Points(
                np.arange(1, len(known) + 1, dtype=float),
                np.array([c.conductivity.value for c in known if c.conductivity is not None]),
                "68 %",
                "computed",
                ends[:, 0],
                ends[:, 1],
                text,
            ),
        ),
    )
