"""`electrolith train`: labels to an accurate, fine-tuned teacher."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import InputError, nearest

if TYPE_CHECKING:
    from electrolith.energy.neural.train import Training
    from electrolith.study.section import Part

__all__ = ["add"]

SECONDS_PER_HOUR = 3600.0


class Device(StrEnum):
    """Where torch computes; auto takes a graphics card where there is one."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def train(
    labels: Annotated[
        list[Path], typer.Argument(help="Extended XYZ, plain or .xz, of one set of DFT settings.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the model; started again on it, it goes on.")],
    start: Annotated[
        str, typer.Option("--from", help="Model to begin from: sevennet-0, sevennet-l3i5, sevennet-mf-0.")
    ] = "sevennet-0",
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="YAML with epochs, learning_rate, weights, ...")
    ] = None,
    members: Annotated[
        int, typer.Option(help="Models by other seeds and splits, in OUT/member-1, ...: a committee.")
    ] = 1,
    epochs: Annotated[int | None, typer.Option(help="Passes over the labels.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the first member.")] = None,
    device: Annotated[Device, typer.Option(help="Where it is computed.")] = Device.auto,
    hours: Annotated[float | None, typer.Option(help="No step is begun after so many hours.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Fine-tune a universal potential on labels; killed or out of time, the same command goes on.

    Example: `electrolith train labels.xyz.xz --from sevennet-0 --out teacher --members 3 --hours 8`
    """
    from electrolith.energy.labels.labels import read_labels
    from electrolith.energy.neural.sevennet import SHIPPED, SevenNetSettings
    from electrolith.energy.neural.train import TrainSettings, train_network
    from electrolith.study.settings import load_yaml, pointing, read
    from electrolith.study.terminal import finish, live

    if start not in SHIPPED:
        raise InputError(nearest("--from", start, SHIPPED))
    if members < 1:
        raise InputError(f"--members must be at least 1, got {members}")
    with pointing("train"):
        settings = (
            read(TrainSettings, load_yaml(settings_file), "training") if settings_file else TrainSettings()
        )
    changes = {"epochs": epochs, "seed": seed}
    settings = replace(settings, **{k: v for k, v in changes.items() if v is not None})
    model = SevenNetSettings(start, modal="PBE" if start == "sevennet-mf-0" else "", device=device.value)
    used = read_labels(*labels)
    deadline = None if hours is None else time.monotonic() + hours * SECONDS_PER_HOUR
    found: list[Training] = []
    with live() as listener:
        for number in range(members):
            listener.begin(f"train member {number + 1} of {members}" if members > 1 else "train")
            found.append(
                train_network(
                    used,
                    out / f"member-{number + 1}" if members > 1 else out,
                    start=model,
                    settings=replace(settings, seed=settings.seed + number),
                    seconds=None if deadline is None else max(0.0, deadline - time.monotonic()),
                    progress=lambda done, total, loss: listener.progress(
                        done / total, f"step {done} of {total}, loss {loss:.4f}"
                    ),
                )
            )
    data = [
        {
            "folder": str(t.model.folder) if t.model else None,
            "step": t.step,
            "steps": t.steps,
            "held_out": [asdict(e) for e in t.held_out],
            "before": [asdict(e) for e in t.before],
        }
        for t in found
    ]
    finish("Training", tuple(_part(t, n + 1, out) for n, t in enumerate(found)), data, json_file=json_file)


def _part(training: Training, number: int, out: Path) -> Part:
    """What one member reached."""
    from electrolith.study.section import Part
    from electrolith.study.sections.certificate_parts import error_table

    title = f"Member {number}"
    if training.model is None:
        sentence = f"{training.step} of {training.steps} steps, kept in {out}: the same command goes on."
        return Part(title, sentence)
    before, after = training.before[0], training.held_out[0]
    sentence = (
        f"In {training.model.folder}, {training.steps} steps. On {after.labels} labels left out: forces "
        f"{1000 * before.forces:.0f} meV/Å before, {1000 * after.forces:.0f} after; energies "
        f"{1000 * before.energy:.1f} meV/atom before, {1000 * after.energy:.1f} after."
    )
    return Part(title, sentence, tables=(error_table(training.held_out),))


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(train)
