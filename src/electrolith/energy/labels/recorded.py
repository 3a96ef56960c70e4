"""An engine whose every evaluation is a label in a file: a kill loses one point, and none is made twice."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import ElectrolithError, InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Engine, Evaluation
from electrolith.energy.labels.labels import Label, append_label, read_labels, repair

__all__ = ["Recorded"]

DECIMALS = 8  # what a labels file keeps of a force


class Recorded:
    """Engine: another engine, with every frame it has seen looked up in a labels file first.

    A relaxation that was killed and is started again goes the same way from label to label and on, because
    the optimiser is given the very numbers that the file holds.

    Parameters
    ----------
    engine : what computes a frame that is not in the file.
    path : uncompressed labels file; made if it is not there, its end repaired if a kill cut it.
    source : written with each label: kind, origin, code, ...
    settings : fingerprint of the engine's settings.

    Raises
    ------
    InputError
        If the file holds labels of other settings.
    DataError
        If the file is damaged.
    """

    def __init__(
        self, engine: Engine, path: Path, *, settings: str, source: dict[str, Any] | None = None
    ) -> None:
        self.engine = engine
        self.path = path
        self.settings = settings
        self.source = source or {}
        self.asked = 0
        entries = repair(path)
        self._known = {x.identity: x for x in read_labels(path)} if entries else {}
        for label in self._known.values():
            if label.settings != settings:
                raise InputError(
                    f"{path}: holds labels of {label.settings}, this run would add {settings}; "
                    "choose another folder"
                )

    @property
    def name(self) -> str:
        """Name of the engine behind."""
        return self.engine.name

    def __len__(self) -> int:
        """Count the labels in the file."""
        return len(self._known)

    def about(self, **source: Any) -> Recorded:
        """The same file and engine for frames of which more is known."""
        other = object.__new__(Recorded)
        other.__dict__.update(self.__dict__)
        other.source = {**self.source, **source}
        other.asked = 0
        return other

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`, from the file or new.

        Raises
        ------
        ElectrolithError
            If the engine fails; the text says on which frame.
        """
        self.asked += 1
        asked = Label(frame, 0.0, np.zeros_like(frame.positions), None, self.settings, self.source)
        label = self._known.get(asked.identity)
        if label is None:
            label = self._new(frame)
            self._known[label.identity] = label
        return Evaluation(label.energy, label.forces, label.stress)

    def _new(self, frame: Frame) -> Label:
        """Compute a frame and write it down."""
        start = time.monotonic()
        try:
            out = self.engine.evaluate(frame)
        except ElectrolithError as error:
            what = self.source.get("origin") or self.source.get("kind") or "a frame"
            raise ElectrolithError(
                f"{what}, point {self.asked}: {error}; the {len(self)} labels before it are in {self.path}"
            ) from error
        source = {**self.source, "seconds": round(time.monotonic() - start, 1)}
        forces = np.round(out.forces, DECIMALS)
        label = Label(frame, float(out.energy), forces, out.stress, self.settings, source)
        append_label(self.path, label)
        return label
