"""A fine-tuned network on disk: weights that hold numbers alone, and a manifest of where they came from."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import sha256, write_atomic
from electrolith.core.reading import reader

__all__ = ["Trained", "is_trained", "read_trained", "write_trained"]

MANIFEST = "manifest.json"
WEIGHTS = "weights.pt"


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A fine-tuned model.

    start: name of the shipped model that it began from.     modal: its fidelity, empty where it has one.
    offsets: eV per atom of each atomic number, added to the network's energies.
    digest: SHA-256 of the weights.
    provenance: labels, settings, errors, versions, plain data.
    """

    folder: Path
    start: str
    modal: str
    offsets: Mapping[int, float]
    digest: str
    provenance: dict[str, Any]

    def weights(self) -> dict[str, Any]:
        """The tensors by name; nothing else can stand in the file.

        Raises
        ------
        DataError
            If the file is damaged.
        """
        import torch

        path = self.folder / WEIGHTS
        if not path.is_file() or sha256(path) != self.digest:
            raise DataError(f"{path}: missing, or not the weights its manifest names; train again")
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return state


def is_trained(folder: Path) -> bool:
    """Whether training wrote `folder`, and finished."""
    return (folder / MANIFEST).is_file() and (folder / WEIGHTS).is_file()


def write_trained(
    folder: Path,
    weights: Mapping[str, Any],
    *,
    start: str,
    modal: str,
    offsets: Mapping[int, float],
    provenance: dict[str, Any],
) -> Trained:
    """Write weights and manifest; the manifest last, so that a folder with one is whole."""
    import torch

    buffer = io.BytesIO()
    torch.save(dict(weights), buffer)
    write_atomic(folder / WEIGHTS, buffer.getvalue())
    digest = sha256(folder / WEIGHTS)
    manifest = {
        "engine": "sevennet",
        "start": start,
        "modal": modal,
        "offsets": {str(z): e for z, e in sorted(offsets.items())},
        "weights": digest,
        "provenance": provenance,
    }
    write_atomic(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    return read_trained(folder)


@reader("a trained model")
def read_trained(folder: Path) -> Trained:
    """The model in `folder`; its weights are read when they are asked for.

    Raises
    ------
    InputError
        If there is no manifest.
    DataError
        If the manifest is damaged.
    """
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text())
        return Trained(
            folder,
            str(data["start"]),
            str(data["modal"]),
            {int(z): float(e) for z, e in data["offsets"].items()},
            str(data["weights"]),
            dict(data["provenance"]),
        )
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no {MANIFEST}; did `electrolith train` write this folder?") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a manifest of a trained model ({error}); train again") from error
