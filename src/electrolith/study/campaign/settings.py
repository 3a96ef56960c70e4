"""A campaign file: many candidates that share most of a study, and what is wanted of them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from electrolith.core.errors import InputError, brief, nearest
from electrolith.core.execution.profile import Execution
from electrolith.core.files import write_atomic
from electrolith.core.reading import reader
from electrolith.study.settings import load_yaml, read
from electrolith.study.study import execution_of

__all__ = ["FILE", "Campaign", "CampaignFile", "candidate_studies", "read_campaign"]

FILE = "campaign.yaml"
NAME = re.compile(r"[\w.+()-]{1,80}")


@dataclass(frozen=True)
class Campaign:
    """Candidates, and when enough is known of them.

    study : file of what all candidates have in common.
    candidates : by name, what differs: the same keys as a study, each replacing or adding to the common ones.
    studies : folders or files of whole studies instead, each a candidate named by its folder.
    want : "ranking": that each of the first `best` candidates is ahead of the one behind it with probability
        `certainty`; "intervals": that the standard deviation of ln σ(300 K) of each is below
        `relative_error`.
    hopeless : ranking only: a candidate with a smaller probability of being among the best is dropped.
    budget : core hours in all; None: no limit.      share : of the time spent so far that one round of
        decisions adds; every round waits for its last trajectory, so that no decision depends on the machine.
    """

    study: str = "study.yaml"
    candidates: dict[str, Any] = field(default_factory=dict)
    studies: tuple[str, ...] = ()
    want: Literal["ranking", "intervals"] = "ranking"
    best: int = 1
    certainty: float = 0.95
    relative_error: float = 0.3
    hopeless: float = 0.01
    budget: float | None = None
    share: float = 0.25

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if bool(self.candidates) == bool(self.studies):
            raise InputError("campaign: give either candidates (by name, what differs) or studies (folders)")
        if len(self.candidates) + len(self.studies) < 2 and self.want == "ranking":
            raise InputError("campaign: a ranking needs two candidates at least; or want: intervals")
        for name in self.candidates:
            if not NAME.fullmatch(name):
                raise InputError(
                    f"campaign.candidates: {brief(name)} is no name for a folder; take letters, digits "
                    f"and _.+()-"
                )
        if not 0.5 < self.certainty < 1 or not 0 <= self.hopeless < 0.5:
            raise InputError("campaign: certainty is between 0.5 and 1, hopeless between 0 and 0.5")
        if self.best < 1 or not self.relative_error > 0 or not 0 < self.share <= 1:
            raise InputError(
                "campaign: best is 1 or more, relative_error above 0, share above 0 and at most 1"
            )
        if self.budget is not None and not self.budget > 0:
            raise InputError(f"campaign.budget: core hours above 0, got {self.budget:g}")


@dataclass(frozen=True)
class CampaignFile:
    """A campaign with the folder it lies in and where it runs."""

    title: str
    folder: Path
    campaign: Campaign
    execution: Execution


@reader("a campaign")
def read_campaign(path: Path | str, *, execution: str | None = None) -> CampaignFile:
    """Read and check a campaign file, or that of a folder.

    Raises
    ------
    InputError
        If something in it is unknown, missing or impossible.
    """
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    data = load_yaml(path)
    if not isinstance(data, dict):
        raise InputError(f"{path}: expected a campaign (a mapping with candidates, …), got {brief(data)}")
    rest = {k: v for k, v in data.items() if k not in ("title", "execution")}
    title = data.get("title", path.parent.resolve().name)
    if not isinstance(title, str):
        raise InputError(f"campaign.title: expected text, got {brief(title)}")
    where = execution_of(
        data.get("execution") if execution is None else execution, path.parent, "campaign.execution"
    )
    return CampaignFile(title, path.parent.resolve(), read(Campaign, rest, "campaign"), where)


def candidate_studies(file: CampaignFile) -> dict[str, Path]:
    """The study file of each candidate by name; those that differ from a common study are written.

    Raises
    ------
    InputError
        If a study is missing, or two have one name.
    """
    campaign, folder = file.campaign, file.folder
    if campaign.studies:
        found: dict[str, Path] = {}
        for text in campaign.studies:
            path = folder / text
            path = path / "study.yaml" if path.is_dir() else path
            if not path.is_file():
                raise InputError(f"campaign.studies: no such study: {text} in {folder}")
            if path.parent.name in found:
                raise InputError(f"campaign.studies: two studies lie in folders named {path.parent.name!r}")
            found[path.parent.name] = path
        return found
    common = load_yaml(folder / campaign.study)
    if not isinstance(common, dict):
        raise InputError(f"{folder / campaign.study}: expected a study, got {brief(common)}")
    found = {}
    for name, own in campaign.candidates.items():
        if not isinstance(own, dict):
            raise InputError(
                f"campaign.candidates.{name}: expected what differs, as in a study; got {brief(own)}"
            )
        path = folder / "candidates" / name / "study.yaml"
        data = {"title": f"{file.title}: {name}", **_merged(common, own)}
        text = yaml.safe_dump(_followed(data, folder, path.parent), allow_unicode=True, sort_keys=False)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_atomic(path, text)
        found[name] = path
    return found


def _merged(common: Any, own: Any) -> Any:
    """Mappings key by key; anything else is replaced."""
    if isinstance(common, dict) and isinstance(own, dict):
        return {**common, **{k: _merged(common.get(k), v) for k, v in own.items()}}
    return own


def _followed(data: Any, folder: Path, place: Path) -> Any:
    """Names of files beside the campaign, as they are seen from the candidate's folder."""
    if isinstance(data, dict):
        return {k: _followed(v, folder, place) for k, v in data.items()}
    if isinstance(data, list):
        return [_followed(v, folder, place) for v in data]
    if isinstance(data, str) and len(data) < 1000 and "\n" not in data and (folder / data).is_file():
        return Path(os.path.relpath(folder / data, place)).as_posix()
    return data


def known(name: str, names: list[str]) -> str:
    """Text for a candidate that there is none of."""
    return nearest("campaign", name, names)
