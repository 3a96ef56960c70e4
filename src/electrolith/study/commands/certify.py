"""`electrolith certify`: what a fitted potential may be trusted with, measured and stored beside it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from electrolith.core.errors import DataError, InputError

if TYPE_CHECKING:
    import numpy as np

    from electrolith.core.estimate import Estimate
    from electrolith.crystal.frame import Frame
    from electrolith.energy.certificate.certificate import Certificate
    from electrolith.energy.certificate.certification import CertifyMaterial
    from electrolith.energy.distil.files import CertifyFile
    from electrolith.energy.labels.labels import Label
    from electrolith.energy.pod.fit import PodFit
    from electrolith.energy.pod.potential import Potential

__all__ = ["add", "diffusivity", "refitted"]

SECONDS_PER_HOUR = 3600.0
SAME = 1e-4  # relative difference of coefficients that two machines may make of one fit


def certify_command(
    folder: Annotated[Path, typer.Argument(help="Folder of the potential.")],
    labels: Annotated[list[Path], typer.Option(help="Labels it was fitted to, .xyz or .xyz.xz.")],
    settings: Annotated[Path, typer.Option(help="YAML: materials, and how much is measured.")],
    teacher: Annotated[
        str, typer.Option(help="Engine to compare with, as in `electrolith engines`; or none.")
    ] = "none",
    hours: Annotated[
        float | None, typer.Option(help="Budget; what does not fit is said to be unmeasured.")
    ] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for the pieces; else FOLDER/certificate.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with figures.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Measure how far a potential can be trusted; killed or out of time, the same command goes on.

    Example: `electrolith certify potential --labels labels.xyz.xz --settings certify.yaml --teacher chgnet`
    """
    from electrolith.core.lease import Lock
    from electrolith.energy.certificate.certificate import save_certificate
    from electrolith.energy.certificate.certify import certify
    from electrolith.energy.distil.files import CertifyFile
    from electrolith.energy.engine import Engine, make_engine
    from electrolith.energy.labels.labels import read_labels
    from electrolith.energy.pod.potential import load_potential
    from electrolith.study.sections.certificate_parts import certificate_part
    from electrolith.study.settings import load_yaml, pointing, read
    from electrolith.study.terminal import finish, live

    with pointing("certify"):
        wanted: CertifyFile = read(CertifyFile, load_yaml(settings), settings.name, folder=settings.parent)
    if not wanted.materials:
        raise InputError(f"{settings}: no material to measure on; list some under materials:")
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; the certificate is written beside the coefficients in it"
        )
    potential = load_potential(folder)
    reference: Engine | None = None if teacher == "none" else make_engine(teacher)
    known = read_labels(*labels)
    pieces = work or folder / "certificate"
    with live() as listener, Lock(pieces / "lock"):
        listener.begin("fit again")
        fit = refitted(potential, known, folds=wanted.folds, labels_from=", ".join(map(str, labels)))
        listener.begin("certify")
        found = certify(
            fit,
            known,
            _materials(wanted),
            settings=wanted.certificate,
            teacher=reference,
            folder=pieces,
            diffusivity=diffusivity,
            progress=listener.progress,
            seconds=None if hours is None else hours * SECONDS_PER_HOUR,
        )
        save_certificate(found, folder)
    part = certificate_part(potential.name, potential.fingerprint, found)
    finish(f"Certificate of {potential.name}", (part,), _data(found), html=html, json_file=json_file)


def refitted(potential: Potential, labels: tuple[Label, ...], *, folds: int, labels_from: str) -> PodFit:
    """The stored potential with the committee and the held-out errors of its own fit.

    Parameters
    ----------
    potential : as stored; its coefficients are kept.
    labels : it was fitted to.
    folds : left-out groups where the potential does not say.
    labels_from : where they came from, for the text of a refusal.

    Raises
    ------
    DataError
        If these are not its labels, or do not give its coefficients.
    """
    import numpy as np

    from electrolith.energy.labels.labels import fingerprint
    from electrolith.energy.pod.fit import fit_pod

    if fingerprint(labels) != potential.training:
        raise DataError(
            f"{labels_from}: {len(labels)} labels with fingerprint {fingerprint(labels)}, but "
            f"{potential.name} was fitted to {potential.provenance.get('labels', 'some')} with "
            f"{potential.training}; give the labels it was fitted to, or fit it again"
        )
    folds = int(potential.provenance.get("folds", folds))
    fit = fit_pod(labels, potential.settings, name=potential.name, folds=folds)
    ours, stored = fit.potential.coefficients, potential.coefficients
    apart = float(np.linalg.norm(ours - stored) / np.linalg.norm(stored))
    if not apart < SAME:
        raise DataError(
            f"{labels_from}: fitting {potential.name} again gives coefficients {fit.potential.fingerprint} "
            f"in place of {potential.fingerprint} (relative difference {apart:.1g}); was it fitted with a "
            "second teacher, or by another version? Fit it again with electrolith fit"
        )
    return replace(fit, potential=potential)


def _materials(wanted: CertifyFile) -> tuple[CertifyMaterial, ...]:
    """The first cell of each material."""
    from electrolith.energy.certificate.certification import CertifyMaterial
    from electrolith.energy.distil.start import bases_of

    found: dict[str, CertifyMaterial] = {}
    compared = {m.name: m.compared for m in wanted.materials}
    for base in bases_of(wanted.materials, seed=wanted.seed):
        material = CertifyMaterial(base.material, base.frame, base.dynamics, compared[base.material])
        found.setdefault(base.material, material)
    return tuple(found.values())


def diffusivity(
    positions: np.ndarray, frame: Frame, *, mobile: str, interval: float, temperature: float
) -> Estimate:
    """D of one element along a path, cm²/s, with the error its data show.

    A hop is taken as long as the median distance from a mobile atom to the nearest other one at the start.

    Parameters
    ----------
    positions : unwrapped, Å, shape (frames, n, 3).
    frame : cell and elements.
    interval : between frames, fs.     temperature : K.

    Raises
    ------
    NotConverged
        If the ions moved too little.
    """
    import numpy as np

    from electrolith.motion.analyse import analyse_path

    found = analyse_path(
        np.asarray(positions),
        frame,
        mobile=mobile,
        hop_distance=_hop_distance(frame, mobile),
        interval=interval,
        temperature=temperature,
        charge=1.0,  # of the conductivity, which nobody asks for here
        rng=np.random.default_rng(1),
    )
    return found.diffusivity


def _hop_distance(frame: Frame, mobile: str) -> float:
    """Median distance from a mobile atom to the nearest other one, images included, Å."""
    import numpy as np

    fractional = frame.fractional[[s == mobile for s in frame.symbols]]
    if len(fractional) < 2:
        raise InputError(f"a hop distance needs two atoms of {mobile}, the frame has {len(fractional)}")
    shifts = np.stack(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    between = fractional[None, :, None] - fractional[:, None, None] + shifts
    lengths = np.linalg.norm(between @ frame.cell, axis=-1).reshape(len(fractional), -1)
    return float(np.median(np.where(lengths > 1e-6, lengths, np.inf).min(axis=1)))


def _data(found: Certificate) -> dict[str, object]:
    return {
        "potential": found.potential,
        "fingerprint": found.fingerprint,
        "trusted": found.trusted,
        "criteria": [asdict(c) for c in found.criteria],
        "unmeasured": [asdict(u) for u in found.unmeasured],
    }


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command("certify")(certify_command)
