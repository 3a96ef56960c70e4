"""CHGNet, a universal potential, as an engine (extra `mlip`)."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np

from electrolith.core.errors import MissingExtra
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation

__all__ = ["Chgnet", "chgnet_engine"]

EV_PER_CUBIC_ANGSTROM_PER_GPA = 0.006241509074460763


class Chgnet:
    """Engine: the pretrained CHGNet (Deng et al., Nat. Mach. Intell. 5 (2023) 1031), on the processor."""

    def __init__(self) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                from chgnet.model.model import CHGNet
        except ImportError as error:
            raise MissingExtra("mlip", "chgnet") from error
        # It greets on standard output, where programs read results.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            self._model = CHGNet.load(use_device="cpu", verbose=False)

    @property
    def name(self) -> str:
        """Name and version of the model."""
        return f"chgnet {self._model.version or ''}".strip()

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`."""
        from pymatgen.io.ase import AseAtomsAdaptor

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            structure = AseAtomsAdaptor.get_structure(frame.to_ase())
            out = self._model.predict_structure(structure, task="efs")
        stress = np.array(out["s"], dtype=float) * EV_PER_CUBIC_ANGSTROM_PER_GPA
        return Evaluation(float(out["e"]) * len(frame), np.array(out["f"], dtype=float), stress)


def chgnet_engine() -> Chgnet:
    """CHGNet with its pretrained weights.

    Raises
    ------
    MissingExtra
        If chgnet is not installed.
    """
    return Chgnet()
