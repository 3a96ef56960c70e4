"""Fine-tune SevenNet on labels: a few thousand small steps that may be stopped at any one of them.

Adam with decoupled weight decay (Loshchilov and Hutter, arXiv:1711.05101), one cycle of the learning rate
(Smith and Topin, arXiv:1708.07120), a Huber loss, and a moving average of the weights, which is what is kept.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrolith.core.errors import DataError, InputError
from electrolith.core.files import write_atomic
from electrolith.core.lease import Lock
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.reference import digest
from electrolith.energy.labels.errors import FitErrors, errors_by_kind, runs_of
from electrolith.energy.labels.labels import Label, fingerprint
from electrolith.energy.neural.sevennet import Network, SevenNetSettings, open_network, torch_device
from electrolith.energy.neural.trained import Trained, is_trained, read_trained, write_trained

__all__ = ["TrainSettings", "Training", "held_out_runs", "train_network"]

CHECKPOINT = "checkpoint.pt"
FAR_FORCE = 2.0  # eV/Å; labels beyond it are judged apart, as in the fit of a POD


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How a network is fine-tuned.

    epochs: passes over the labels.     batch: frames per step.
    learning_rate: largest of the cycle.
    huber: eV/atom, eV/Å; errors beyond it count by their size, smaller ones by their square.
    energy_weight, force_weight, stress_weight: of errors per atom (eV), of force components (eV/Å) and of
        stresses times the volume per atom (eV).
    average: decay of the moving average of the weights, per step.
    held_out: share of the runs that is left out to judge by.
    replay: frames labelled by the untouched model, squeezed and shaken copies of the labelled ones, as a
        share of the labels: they keep short distances repulsive.     replay_weight: of one of them.
    seed: of the order, of what is left out and of the replayed frames; members of a committee differ by it.
    """

    epochs: int = 50
    batch: int = 2
    learning_rate: float = 1e-3
    huber: float = 0.01
    energy_weight: float = 1.0
    force_weight: float = 1.0
    stress_weight: float = 0.1
    average: float = 0.99
    held_out: float = 0.1
    replay: float = 0.2
    replay_weight: float = 0.1
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise InputError(f"training: {name} must be at least 1, got {getattr(self, name)}")
        for name in ("learning_rate", "huber"):
            if not getattr(self, name) > 0:
                raise InputError(f"training: {name} must be above 0, got {getattr(self, name)}")
        if not 0 <= self.average < 1 or not 0 < self.held_out < 1:
            raise InputError(
                f"training: average must lie in 0 to 1 and held_out between 0 and 1, "
                f"got {self.average} and {self.held_out}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Training:
    """What a call of training reached.

    model: the finished model, None while steps are left.
    step, steps: done and wanted.
    held_out: errors on the labels left out, with the averaged weights; empty while steps are left.
    before: errors of the untouched model on them, offsets fitted.
    """

    model: Trained | None
    step: int
    steps: int
    held_out: tuple[FitErrors, ...] = ()
    before: tuple[FitErrors, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    """A frame to learn from: its graph and the targets as tensors (energy per atom without offsets)."""

    graph: Any
    energy: Any
    forces: Any
    stress: Any
    weight: float


def held_out_runs(labels: Sequence[Label], share: float, seed: int) -> NDArray[np.bool_]:
    """Which labels are left out: whole runs, at least one, never all; shape (number of labels,).

    Raises
    ------
    InputError
        If there are fewer than two runs.
    """
    runs = np.array(runs_of(labels))
    names = np.unique(runs)
    if len(names) < 2:
        raise InputError(f"{len(labels)} labels of one run: a second run is needed to judge by")
    count = min(max(1, round(share * len(names))), len(names) - 1)
    chosen = np.random.default_rng([seed, 1]).choice(names, count, replace=False)
    return np.isin(runs, chosen)


def train_network(
    labels: tuple[Label, ...],
    folder: Path,
    *,
    start: SevenNetSettings,
    settings: TrainSettings,
    seconds: float | None = None,
    at_most: int | None = None,
    checkpoint_seconds: float = 60.0,
    progress: Callable[[int, int, float], None] | None = None,
) -> Training:
    """Fine-tune `start` on `labels`; stopped or killed, the same call goes on and ends with the same bits.

    Parameters
    ----------
    labels : of one reference method.
    folder : for the checkpoint and the finished model.
    start : a model of the wheel.
    seconds, at_most : no step is begun after this time; steps to make in this call.
    checkpoint_seconds : how often the state is written; a kill loses no more.
    progress : called with (steps done, steps in all, loss of the last step).

    Raises
    ------
    InputError
        If the labels hold an element that the model does not know, are too few, or the folder belongs to
        another training.
    DataError
        If the checkpoint is damaged or cannot be written.
    """
    with Lock(folder / ".lock"):
        key = _key(labels, start, settings)
        if is_trained(folder) and (done := read_trained(folder)).provenance.get("key") == key:
            steps = int(done.provenance["steps"])
            return Training(done, steps, steps, _kept(done, "held_out"), _kept(done, "before"))
        network = open_network(start)
        device = torch_device(start.device)
        network.module.to(device)
        out = held_out_runs(labels, settings.held_out, settings.seed)
        learned = [x for x, o in zip(labels, out, strict=True) if not o]
        offsets = _offsets(network, learned, device)
        replayed = _replay(network, learned, offsets, settings, device)
        items = [_item(network, x, offsets, 1.0, device) for x in learned]
        items += [_item(network, x, offsets, settings.replay_weight, device) for x in replayed]
        state = _State(network.module, settings, steps_of(len(items), settings), device)
        state.read(folder / CHECKPOINT, key)
        judged = [x for x, o in zip(labels, out, strict=True) if o]
        before = _errors(network, offsets, judged, device)
        written = begun = time.monotonic()
        first = state.step
        for batch in _batches(len(items), settings, state.step):
            late = seconds is not None and time.monotonic() - begun > seconds
            if late or (at_most is not None and state.step - first >= at_most):
                state.write(folder / CHECKPOINT, key)
                return Training(None, state.step, state.steps, before=before)
            loss = state.advance([items[i] for i in batch])
            if progress is not None:
                progress(state.step, state.steps, loss)
            if time.monotonic() - written > checkpoint_seconds:
                state.write(folder / CHECKPOINT, key)
                written = time.monotonic()
        network.module.load_state_dict(state.averaged)
        errors = _errors(network, offsets, judged, device)
        weights = {k: v.detach().cpu() for k, v in network.module.state_dict().items()}
        provenance = {
            "key": key,
            "start": start.fingerprint,
            "labels": fingerprint(labels),
            "reference": labels[0].settings,
            "number": len(labels),
            "left_out": [x.identity for x in judged],
            "settings": asdict(settings),
            "steps": state.steps,
            "held_out": [asdict(e) for e in errors],
            "before": [asdict(e) for e in before],
            "versions": _versions(),
        }
        model = write_trained(
            folder,
            weights,
            start=start.model,
            modal=start.modal,
            offsets={z: e + network.offsets.get(z, 0.0) for z, e in offsets.items()},
            provenance=provenance,
        )
        (folder / CHECKPOINT).unlink(missing_ok=True)
    return Training(model, state.steps, state.steps, errors, before)


def steps_of(items: int, settings: TrainSettings) -> int:
    """Steps of a whole training."""
    return settings.epochs * math.ceil(items / settings.batch)


def _batches(items: int, settings: TrainSettings, done: int) -> Iterator[NDArray[np.int64]]:
    """Indices of each step from step `done` on; the order of an epoch depends on seed and epoch alone."""
    each = math.ceil(items / settings.batch)
    for step in range(done, steps_of(items, settings)):
        epoch, at = divmod(step, each)
        order = np.random.default_rng([settings.seed, 2, epoch]).permutation(items)
        yield order[at * settings.batch : (at + 1) * settings.batch]


def learning_rate(step: int, steps: int, largest: float) -> float:
    """One cycle by cosines: a 25th of `largest`, up over three tenths of the steps, down to a 10⁵th."""
    rise = max(1.0, 0.3 * steps)
    if step < rise:
        low, high, at = largest / 25, largest, step / rise
    else:
        low, high, at = largest / 1e5, largest, 1 - (step - rise) / max(1.0, steps - rise)
    return low + (high - low) * (1 - math.cos(math.pi * min(max(at, 0.0), 1.0))) / 2


class _State:
    """The evolving part: weights, their average, the optimiser's moments, the number of the step."""

    def __init__(self, module: Any, settings: TrainSettings, steps: int, device: Any) -> None:
        import torch

        self.module, self.settings, self.steps, self.step = module, settings, steps, 0
        self.device = device
        self._trained = [p for p in module.parameters() if p.requires_grad]
        self._adam = torch.optim.AdamW(self._trained, lr=settings.learning_rate)
        self.averaged = {k: v.detach().clone() for k, v in module.state_dict().items()}

    def advance(self, batch: list[_Item]) -> float:
        """One step; returns its loss."""
        for group in self._adam.param_groups:
            group["lr"] = learning_rate(self.step, self.steps, self.settings.learning_rate)
        self.module.train()
        self._adam.zero_grad(set_to_none=True)
        total = 0.0
        for item in batch:
            loss = _loss(self.module(item.graph.clone()), item, self.settings) / len(batch)
            loss.backward()
            total += float(loss.detach())
        if not math.isfinite(total):
            raise DataError(
                f"training: the loss of step {self.step + 1} is {total}; a smaller learning_rate?"
            )
        self._adam.step()
        self.step += 1
        self._average()
        return total

    def _average(self) -> None:
        """Move the average towards the weights, at first nearly all the way: the start is forgotten."""
        decay = min(self.settings.average, (1 + self.step) / (10 + self.step))
        for name, value in self.module.state_dict().items():
            kept = self.averaged[name]
            if value.dtype.is_floating_point:
                kept.mul_(decay).add_(value.detach(), alpha=1 - decay)
            else:
                kept.copy_(value)

    def write(self, path: Path, key: str) -> None:
        """Everything that the next step depends on."""
        import torch

        buffer = io.BytesIO()
        torch.save(
            {
                "key": key,
                "step": self.step,
                "weights": self.module.state_dict(),
                "averaged": self.averaged,
                "adam": self._adam.state_dict(),
            },
            buffer,
        )
        write_atomic(path, buffer.getvalue())

    def read(self, path: Path, key: str) -> None:
        """Go on from `path`, if it is there."""
        import pickle

        import torch

        if not path.exists():
            return
        try:
            found = torch.load(path, map_location=self.device, weights_only=True)
            if found["key"] != key:
                raise InputError(
                    f"{path}: belongs to another training (labels, start or settings differ); "
                    "choose another folder, or delete this file to begin again"
                )
            self.module.load_state_dict(found["weights"])
            self._adam.load_state_dict(found["adam"])
            self.averaged = found["averaged"]
            self.step = int(found["step"])
        except (RuntimeError, ValueError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
            raise DataError(f"{path}: not a whole checkpoint; delete it to begin again") from error


def _loss(out: Any, item: _Item, settings: TrainSettings) -> Any:
    """Huber loss of one frame: energy per atom, mean over force components, mean over stresses."""
    from torch.nn.functional import huber_loss

    size = item.forces.shape[0]
    energy = huber_loss(out["inferred_total_energy"].reshape(()) / size, item.energy, delta=settings.huber)
    forces = huber_loss(out["inferred_force"], item.forces, delta=settings.huber)
    loss = settings.energy_weight * energy + settings.force_weight * forces
    if item.stress is not None:
        scale = item.graph["cell_volume"] / size
        stress = huber_loss(
            out["inferred_stress"].reshape(6) * scale, item.stress * scale, delta=settings.huber
        )
        loss = loss + settings.stress_weight * stress
    return item.weight * loss


def _item(network: Network, label: Label, offsets: dict[int, float], weight: float, device: Any) -> _Item:
    """A label as tensors; SevenNet's stress is minus ours, in its own order."""
    import torch

    frame, size = label.frame, len(label.frame)
    energy = (label.energy - network.offset(frame) - _sum(offsets, frame)) / size
    stress = None
    if label.stress is not None:
        s = -label.stress
        stress = torch.tensor(
            [s[0, 0], s[1, 1], s[2, 2], s[0, 1], s[1, 2], s[2, 0]], dtype=torch.float32, device=device
        )
    return _Item(
        network.graph(frame).to(device),
        torch.tensor(energy, dtype=torch.float32, device=device),
        torch.tensor(label.forces, dtype=torch.float32, device=device),
        stress,
        weight,
    )


def _sum(offsets: dict[int, float], frame: Frame) -> float:
    """Offsets of all atoms of a frame, eV."""
    return float(sum(offsets.get(int(z), 0.0) for z in frame.numbers))


def _offsets(network: Network, labels: Sequence[Label], device: Any) -> dict[int, float]:
    """Energy of each element between the two zeros, eV per atom, by least squares over the labels."""
    numbers = sorted({int(z) for x in labels for z in x.frame.numbers})
    counts = np.array([[np.sum(x.frame.numbers == z) for z in numbers] for x in labels], dtype=float)
    found = [evaluated(network, x.frame, device)[0] for x in labels]
    gaps = np.array([x.energy for x in labels]) - np.array(found)
    sizes = counts.sum(axis=1)
    solution, *_ = np.linalg.lstsq(counts / sizes[:, None], gaps / sizes, rcond=None)
    return {z: float(e) for z, e in zip(numbers, solution, strict=True)}


def _replay(
    network: Network, labels: Sequence[Label], offsets: dict[int, float], settings: TrainSettings, device: Any
) -> list[Label]:
    """Squeezed and shaken copies of some labelled frames with what the untouched model says of them."""
    rng = np.random.default_rng([settings.seed, 3])
    found = []
    for _ in range(round(settings.replay * len(labels))):
        base = labels[int(rng.integers(len(labels)))].frame
        stretch = (1 - rng.uniform(0.05, 0.25)) ** (1 / 3)
        positions = base.positions * stretch + rng.normal(0, rng.uniform(0.05, 0.3), base.positions.shape)
        frame = Frame(positions, base.cell * stretch, base.numbers)
        energy, forces, stress = evaluated(network, frame, device)
        found.append(Label(frame, energy + _sum(offsets, frame), forces, stress, "replay", {}))
    return found


def evaluated(
    network: Network, frame: Frame, device: Any
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Energy (eV), forces (eV/Å) and stress (eV/Å³) by the network as it is."""
    out = network.evaluate(frame, device)
    assert out.stress is not None  # noqa: S101 - SevenNet always gives one
    return out.energy, out.forces, out.stress


def _errors(
    network: Network, offsets: dict[int, float], labels: Sequence[Label], device: Any
) -> tuple[FitErrors, ...]:
    """Errors on `labels`, together and by kind and temperature."""
    misses = []
    for label in labels:
        energy, forces, stress = evaluated(network, label.frame, device)
        pressure = math.nan
        if label.stress is not None:
            pressure = abs(float(np.trace(stress - label.stress))) / 3
        gap = energy + _sum(offsets, label.frame) - label.energy
        misses.append((abs(gap) / len(label.frame), float(np.abs(forces - label.forces).mean()), pressure))
    near = np.array([np.sqrt(np.mean(x.forces**2)) <= FAR_FORCE for x in labels])
    return errors_by_kind(labels, misses, near if near.any() else ~near)


def _key(labels: tuple[Label, ...], start: SevenNetSettings, settings: TrainSettings) -> str:
    """What a checkpoint belongs to."""
    return f"{fingerprint(labels)} {start.fingerprint} {digest(settings)}"


def _kept(model: Trained, name: str) -> tuple[FitErrors, ...]:
    """Errors that the manifest of a finished training holds."""
    return tuple(FitErrors(**e) for e in model.provenance[name])


def _versions() -> dict[str, str]:
    """Of the libraries that decide the bits."""
    import torch
    from sevenn import __version__ as version

    return {"sevenn": str(version), "torch": str(torch.__version__)}
