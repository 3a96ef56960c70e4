"""SevenNet (Park et al., J. Chem. Theory Comput. 20 (2024) 4857; MIT) as an engine (extra `sevennet`).

Models come in its wheel, from `electrolith train`, or as a checkpoint whose digest the user states: a
checkpoint is a pickle, and opening one executes whatever it holds.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from electrolith.core.errors import InputError, MissingExtra, nearest
from electrolith.core.files import sha256
from electrolith.crystal.frame import Frame
from electrolith.energy.engine import Evaluation
from electrolith.energy.neural.model_file import refuse_foreign, stated_digest
from electrolith.energy.neural.trained import is_trained, read_trained

__all__ = [
    "SHIPPED",
    "Network",
    "SevenNet",
    "SevenNetSettings",
    "open_network",
    "sevennet_engine",
    "torch_device",
]

SHIPPED = {"sevennet-0": "7net-0", "sevennet-l3i5": "7net-l3i5", "sevennet-mf-0": "7net-mf-0"}
# SevenNet orders a symmetric tensor xx, yy, zz, xy, yz, zx.
_ORDER = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2]])


@dataclass(frozen=True, slots=True)
class SevenNetSettings:
    """Which model, and where it runs.

    model: "sevennet-0", "sevennet-l3i5" or "sevennet-mf-0", as in the wheel; a folder that
        `electrolith train` wrote; or a checkpoint file, with its `sha256`.
    sha256: hexadecimal digest of a checkpoint file that you trust.
    modal: fidelity of a model that has several ("PBE" of sevennet-mf-0).
    device: "auto" takes a graphics card where there is one.
    """

    model: str = "sevennet-0"
    sha256: str = ""
    modal: str = ""
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def fingerprint(self) -> str:
        """Short text that two labels of equal settings share: the model's name and its weights' digest."""
        path, digest = _weights(self)
        modal = f"-{self.modal}" if self.modal else ""
        return f"sevennet-{path.name if self.model not in SHIPPED else self.model}{modal}-{digest[:8]}"


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A torch model, what it needs of a frame, and what is added to its energies.

    module: maps the graph of a frame to energy, forces and stress.
    numbers: atomic numbers that it knows.
    cutoff: Å.
    offsets: eV per atom of each atomic number, between its zero of energy and that of the labels.
    """

    module: Any
    numbers: frozenset[int]
    cutoff: float
    modal: str
    offsets: Mapping[int, float]

    def graph(self, frame: Frame) -> Any:
        """The neighbours of each atom as SevenNet wants them, on the processor.

        Raises
        ------
        InputError
            If the model does not know an element.
        """
        refuse_foreign(frame, self.numbers, "the model")
        from sevenn.atom_graph_data import AtomGraphData
        from sevenn.train.dataload import unlabeled_atoms_to_graph

        data = AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(frame.to_ase(), self.cutoff))
        if self.modal:
            data["data_modality"] = self.modal
        return data

    def evaluate(self, frame: Frame, device: Any) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`."""
        data = self.graph(frame)
        data.to(device)
        self.module.eval()
        out = self.module(data)
        energy = float(out["inferred_total_energy"].detach().cpu()) + self.offset(frame)
        forces = out["inferred_force"].detach().cpu().numpy().astype(float)
        stress = -out["inferred_stress"].detach().cpu().numpy().astype(float).reshape(-1)
        return Evaluation(energy, forces, stress[_ORDER])

    def offset(self, frame: Frame) -> float:
        """What is added to the energy of `frame`, eV."""
        return float(sum(self.offsets.get(int(z), 0.0) for z in frame.numbers))


class SevenNet:
    """Engine: a SevenNet model."""

    def __init__(self, settings: SevenNetSettings) -> None:
        self.settings = settings
        self._network = open_network(settings)
        self._device = torch_device(settings.device)
        self._network.module.to(self._device)

    @property
    def name(self) -> str:
        """The model and the digest of its weights."""
        return self.settings.fingerprint

    def evaluate(self, frame: Frame) -> Evaluation:
        """Energy (eV), forces (eV/Å) and stress (eV/Å³) of `frame`.

        Raises
        ------
        InputError
            If the model does not know an element of the frame.
        """
        return self._network.evaluate(frame, self._device)


def open_network(settings: SevenNetSettings) -> Network:
    """The torch model of `settings`, on the processor, for one frame at a time.

    Raises
    ------
    MissingExtra
        If sevenn is not installed.
    InputError
        If there is no such model, or a checkpoint is given without its digest.
    DataError
        If a trained model's files are damaged.
    """
    trained = read_trained(Path(settings.model)) if is_trained(Path(settings.model)) else None
    start = settings if trained is None else SevenNetSettings(trained.start, modal=trained.modal)
    path, _ = _weights(start)
    with _quiet():
        from sevenn.util import load_checkpoint

        checkpoint = load_checkpoint(str(path))
        module = checkpoint.build_model()
        type_map = checkpoint.config["_type_map"]
        cutoff = float(checkpoint.config["cutoff"])
        module.set_is_batch_data(False)
    fidelities = sorted(module.modal_map or {})
    if fidelities and start.modal not in fidelities:
        raise InputError(f"{start.model}: {nearest('modal', start.modal, fidelities)}")
    if trained is not None:
        module.load_state_dict(trained.weights())
    offsets = {} if trained is None else trained.offsets
    return Network(module, frozenset(int(z) for z in type_map), cutoff, start.modal, offsets)


def _weights(settings: SevenNetSettings) -> tuple[Path, str]:
    """The file that decides the numbers and its digest, checked against the one stated."""
    path = Path(settings.model)
    with _quiet():
        _require()
    if settings.model in SHIPPED:
        from sevenn.util import pretrained_name_to_path

        path = Path(pretrained_name_to_path(SHIPPED[settings.model]))
        return path, sha256(path)
    if is_trained(path):
        return path, read_trained(path).digest
    if not path.is_file():
        raise InputError(f"{nearest('SevenNet model', settings.model, SHIPPED)}; or a folder of `train`")
    return path, stated_digest(path, settings.sha256, "checkpoint")


def _require() -> None:
    """Import sevenn, or say which extra brings it."""
    try:
        # All of it here, where it is quiet: its graph library announces much when it is first imported.
        import sevenn.atom_graph_data
        import sevenn.train.dataload
        import sevenn.util  # noqa: F401
    except ImportError as error:
        raise MissingExtra("sevennet", "sevenn") from error


def torch_device(wanted: str) -> Any:
    """The torch device."""
    import torch

    if wanted == "cuda" and not torch.cuda.is_available():
        raise InputError("device: cuda was asked for and torch finds no graphics card; say cpu or auto")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the library prints and warns of while it loads."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def sevennet_engine(settings: SevenNetSettings | None = None) -> SevenNet:
    """SevenNet; without `settings` the model sevennet-0 of the wheel.

    Raises
    ------
    MissingExtra
        If sevenn is not installed.
    """
    return SevenNet(settings or SevenNetSettings())
