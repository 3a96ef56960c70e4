"""`electrolith distil`: a material and a teacher to a fast potential with its certificate."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from electrolith.study.printed import printed

if TYPE_CHECKING:
    from electrolith.energy.certificate.certificate import Certificate
    from electrolith.energy.certificate.certification import CertifySettings
    from electrolith.energy.distil.distil import Distilled, Round, Teacher
    from electrolith.energy.distil.distillation import Distillation
    from electrolith.energy.distil.files import DistilFile
    from electrolith.energy.labels.labels import Label
    from electrolith.energy.pod.fit import PodFit
    from electrolith.study.figure import Figure
    from electrolith.study.section import Part, Table

__all__ = ["add"]

DFT = ("gpaw", "vasp", "cp2k", "espresso")
DFT_LABELS = 12  # a process makes before it is renewed; plane-wave codes grow by some 100 MB a label


def distil_command(
    file: Annotated[Path, typer.Argument(help="YAML: `distil:` and `certificate:`.", metavar="FILE")],
    teacher: Annotated[str | None, typer.Option(help="Engine that labels, in place of the file's.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; without it FILE's name beside it.")] = None,
    labels: Annotated[int | None, typer.Option(help="Budget of labels, in place of the file's.")] = None,
    hours: Annotated[float | None, typer.Option(help="Budget of time, in place of the file's.")] = None,
    processes: Annotated[int | None, typer.Option(help="Frames labelled at once.")] = None,
    html: Annotated[Path | None, typer.Option(help="Page; without it report.html in the folder.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Distil a teacher into a fast potential and measure how far it can be trusted.

    Stopped at any moment, it goes on when started again.

    Example: `electrolith distil examples/li9n2cl3/distil.yaml --teacher chgnet`
    """
    from electrolith.energy.distil.distil import distil
    from electrolith.energy.distil.files import DistilFile
    from electrolith.study.settings import load_yaml, pointing, read
    from electrolith.study.terminal import finish, live

    with pointing("distil"):
        wanted: DistilFile = read(DistilFile, load_yaml(file), file.name, folder=file.parent)
    given: dict[str, Any] = {"teacher": teacher, "labels": labels, "hours": hours, "processes": processes}
    settings = replace(wanted.distil, **{k: v for k, v in given.items() if v is not None})
    folder = out or file.with_suffix("")
    source = _teacher(settings.teacher)
    second = None if settings.second_teacher is None else _teacher(settings.second_teacher.engine)
    with live() as listener:
        listener.begin("distil")
        found = distil(
            settings,
            teacher=source,
            second=second,
            folder=folder,
            certify=partial(_certified, settings, wanted.certificate, source, listener.progress),
            report=listener.progress,
        )
    parts = (_part(found, settings, folder), _certificate(found))
    finish(
        f"Potential {settings.name}",
        parts,
        _data(found),
        html=html or folder / "report.html",
        json_file=json_file,
    )


def _teacher(name: str) -> Teacher:
    """An engine as a teacher."""
    from electrolith.energy.distil.distil import Teacher
    from electrolith.energy.engine import make_engine

    per_process = DFT_LABELS if name in DFT else 500
    return Teacher(partial(make_engine, name), make_engine(name).name, per_process)


def _certified(
    settings: Distillation,
    wanted: CertifySettings,
    teacher: Teacher,
    progress: Any,
    fit: PodFit,
    labels: tuple[Label, ...],
    folder: Path,
    seconds: float,
) -> Certificate:
    """Measure a student in the first decoration of each material."""
    from electrolith.energy.certificate.certificate import save_certificate
    from electrolith.energy.certificate.certification import CertifyMaterial
    from electrolith.energy.certificate.certify import certify
    from electrolith.energy.distil.distil import POTENTIAL
    from electrolith.energy.distil.start import bases_of
    from electrolith.study.commands.certify import diffusivity

    first: dict[str, CertifyMaterial] = {}
    asked = {m.name: m for m in settings.materials}
    for base in bases_of(settings.materials, seed=settings.seed):
        how = asked[base.material]
        material = CertifyMaterial(base.material, base.frame, how.certificate_runs, how.compared)
        first.setdefault(base.material, material)
    certificate = certify(
        fit,
        labels,
        tuple(first.values()),
        settings=wanted,
        teacher=teacher.open(),
        folder=folder / "certificate",
        diffusivity=diffusivity,
        progress=lambda share, text: progress(share, f"certificate: {text}"),
        seconds=seconds,
    )
    save_certificate(certificate, folder / POTENTIAL)
    return certificate


def _part(found: Distilled, settings: Distillation, folder: Path) -> Part:
    """How it went."""
    from electrolith.energy.distil.distil import POTENTIAL
    from electrolith.study.section import Part
    from electrolith.study.sections.engine import error_table

    last = found.rounds[-1]
    potential = found.fit.potential
    sentence = (
        f"{last.labels} labels by {found.certificate.reference} in {len(found.rounds)} rounds and "
        f"{found.elapsed / 60:.0f} min became {potential.coefficients.size} coefficients "
        f"({potential.fingerprint}), in {folder / POTENTIAL}; it ended because {found.reason}."
    )
    broken = [c.name for c in found.certificate.criteria if not c.trusted]
    warnings = [f"What still fails: {', '.join(broken)}."] if broken else []
    if found.failed:
        warnings.append(f"{len(found.failed)} frames could not be labelled, the first: {found.failed[0]}")
    tables = (_rounds(found.rounds), _shapes(found), error_table(found.fit.held_out))
    return Part("Distillation", sentence, _figures(found.rounds), tables, tuple(warnings))


def _rounds(rounds: tuple[Round, ...]) -> Table:
    import numpy as np

    from electrolith.study.section import Table

    rows = tuple(
        (
            r.number,
            r.labels,
            printed(1000 * r.energy, ".1f"),
            printed(1000 * r.forces, ".0f"),
            printed(100 * r.outside, ".0f") if np.isfinite(r.outside) else None,
            r.broken if r.runs else None,
            r.runs,
            printed(r.elapsed / 60, ".0f"),
        )
        for r in rounds
    )
    columns = (
        "round",
        "labels",
        "energy / meV per atom",
        "force / meV/Å",
        "frames outside / %",
        "runs that broke",
        "runs",
        "min",
    )
    return Table(columns, rows, "Rounds: errors on labels left out, then what the student met when it ran")


def _shapes(found: Distilled) -> Table:
    from electrolith.study.section import Table

    rows = tuple(
        (
            f"{s.settings.two_body} / {s.settings.three_body}×{s.settings.three_angular} / "
            f"{s.settings.four_body}×{s.settings.four_angular}",
            s.coefficients,
            printed(1000 * s.energy, ".1f"),
            printed(1000 * s.forces, ".0f"),
            printed(s.steps_per_second, ".0f"),
            "chosen" if s.chosen else "",
        )
        for s in found.shapes
    )
    columns = (
        "two / three / four-body",
        "coefficients",
        "energy / meV per atom",
        "force / meV/Å",
        "steps/s",
        "",
    )
    return Table(columns, rows, "Shapes of the potential at the last choice, at about eighty atoms")


def _figures(rounds: tuple[Round, ...]) -> tuple[Figure, ...]:
    import numpy as np

    from electrolith.study.figure import Axis, Figure, Line, Points

    if len(rounds) < 2:
        return ()
    labels = np.array([r.labels for r in rounds], dtype=float)
    forces = 1000 * np.array([r.forces for r in rounds])
    outside = 100 * np.array([r.outside for r in rounds])
    met = np.isfinite(outside)
    learning = Figure(
        "distil_errors",
        "Held-out force error as labels are added; each round adds what the student knew least.",
        Axis("labels"),
        Axis("mean absolute force error / meV Å⁻¹", range=(0.0, 1.1 * float(forces.max()))),
        (Line(labels, forces), Points(labels, forces, "held out", "computed")),
    )
    meeting = Figure(
        "distil_outside",
        "Share of the frames visited by the student on which its committee disagrees.",
        Axis("labels"),
        Axis("frames outside the training domain / %"),
        (Line(labels[met], outside[met]), Points(labels[met], outside[met], "student MD", "computed")),
    )
    return (learning, meeting)


def _certificate(found: Distilled) -> Part:
    """The certificate as every report shows it."""
    from electrolith.study.sections.certificate_parts import certificate_part

    potential = found.fit.potential
    return certificate_part(potential.name, potential.fingerprint, found.certificate)


def _data(found: Distilled) -> dict[str, Any]:
    return {
        "fingerprint": found.fit.potential.fingerprint,
        "reason": found.reason,
        "trusted": found.certificate.trusted,
        "criteria": [asdict(c) for c in found.certificate.criteria],
        "rounds": [asdict(r) for r in found.rounds],
        "held_out": [asdict(e) for e in found.fit.held_out],
    }


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command("distil")(distil_command)
