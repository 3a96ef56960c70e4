"""What a reader took for what: columns, units, signs, rows left out, a second witness and its verdict.

Every reader returns data and one account; results carry it, `electrolith inspect` prints it, pages show it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Account", "Taken", "Verdict", "Witness", "account_notes"]

Verdict = Literal["agrees", "disagrees", "absent"]


@dataclass(frozen=True, slots=True)
class Taken:
    """One column and what it was taken for.

    meaning : "Z''". column : its name in the file. unit : as read, "kOhm"; "" where the quantity has none.
    note : what was done or assumed, "sign turned", "no unit: ohm assumed".
    """

    meaning: str
    column: str
    unit: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """One phrase."""
        unit = f" in {self.unit}" if self.unit else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.meaning} from {self.column!r}{unit}{note}"


@dataclass(frozen=True, slots=True)
class Witness:
    """A second way to the same numbers, and whether it agrees."""

    about: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class Account:
    """How one file, or one data set in it, was read.

    source : file and, where it holds several, which. kind : format in words.
    rows : used. left_out : rows and cells that were not, in words. ignored : columns not used.
    witnesses : second ways to the same numbers. doubtful : what a reader cannot decide, in sentences.
    """

    source: str
    kind: str
    taken: tuple[Taken, ...] = ()
    rows: int = 0
    left_out: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    doubtful: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must stand beside the numbers: doubts, and witnesses that disagree."""
        against = tuple(w.text for w in self.witnesses if w.verdict == "disagrees")
        return tuple(dict.fromkeys((*against, *self.doubtful)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken for what, in sentences."""
        said = []
        if self.taken:
            said.append(f"read as {self.kind}: {'; '.join(t.text for t in self.taken)}")
        said += self.left_out
        said += [w.text for w in self.witnesses if w.verdict == "agrees"]
        return tuple(said)

    def doubting(self, *sentences: str) -> Account:
        """The same account with further doubts."""
        return replace(self, doubtful=tuple(dict.fromkeys((*self.doubtful, *sentences))))


def account_notes(accounts: Iterable[Account]) -> tuple[str, ...]:
    """Notes of several accounts, each sentence once however many files it fits."""
    counted: dict[str, int] = {}
    for account in accounts:
        for note in account.notes:
            counted[note] = counted.get(note, 0) + 1
    return tuple(f"{note} ({times} files)" if times > 1 else note for note, times in counted.items())
