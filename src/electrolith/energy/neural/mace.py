"""MACE (Batatia et al., NeurIPS 2022; MIT) as an engine (extra `mace`): a model file of the user."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from electrolith.core.errors import InputError, MissingExtra
from electrolith.crystal.frame import Frame
from electrolith.energy.ase_engine import AseEngine
from electrolith.energy.engine import Evaluation
from electrolith.energy.neural.model_file import refuse_foreign, stated_digest

__all__ = ["Mace", "MaceSettings", "mace_engine"]


@dataclass(frozen=True, slots=True)
class MaceSettings:
    """Which model, and where it runs.

    model: file of the model.
    sha256: its hexadecimal digest; a model file can execute code when it is opened, so it is named twice.
    device: "auto" takes a graphics card where there is one.
    precision: "float64" for relaxations and energies, "float32" for dynamics.
    """

    model: str
    sha256: str = ""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["float64", "float32"] = "float64"

    @property
    def fingerprint(self) -> str:
        """Short text that two labels of equal settings share."""
        return f"mace-{Path(self.model).stem}-{_checked(self)[:8]}"


class Mace:
    """Engine: a MACE model."""

    def __init__(self, settings: MaceSettings) -> None:
        self.settings = settings
        _checked(settings)
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                from mace.calculators import MACECalculator

                calculator: Any = MACECalculator(
                    model_paths=settings.model,
                    device=_device(settings.device),
                    default_dtype=settings.precision,
                )
        except ImportError as error:
            raise MissingExtra("mace", "mace-torch") from error
        self._numbers = {int(z) for z in calculator.z_table.zs}
        self._engine = AseEngine(calculator, name=settings.fingerprint)

    @property
    def name(self) -> str:
        """The model and the digest of its file."""
        return self._engine.name

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        InputError
            If the model does not know an element of the frame.
        """
        refuse_foreign(frame, self._numbers, f"{self.settings.model}: this model")
        return self._engine.evaluate(frame)


def _checked(settings: MaceSettings) -> str:
    """Digest of the model file, which must be the one stated."""
    path = Path(settings.model)
    if not path.is_file():
        raise InputError(f"{path}: no such model file; `model:` names the file of a MACE model")
    return stated_digest(path, settings.sha256, "model file")


def _device(wanted: str) -> str:
    """The device's name for torch."""
    import torch

    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def mace_engine(settings: MaceSettings | None = None) -> Mace:
    """A MACE model, which must be named.

    Raises
    ------
    InputError
        If no settings are given, or the file is not the one stated.
    MissingExtra
        If mace is not installed.
    """
    if settings is None:
        raise InputError(
            "engine mace: none comes with the package; name one with a settings file "
            "(model: my.model, sha256: its digest)"
        )
    return Mace(settings)
