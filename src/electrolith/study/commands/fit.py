"""`electrolith fit`: labels to a potential with its held-out errors."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from electrolith.energy.labels.labels import Label
    from electrolith.energy.pod.fit import PodFit
    from electrolith.study.section import Part

__all__ = ["add"]


def fit(
    labels: Annotated[
        list[Path], typer.Argument(help="Extended XYZ, plain or .xz, of one set of DFT settings.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the potential.")],
    name: Annotated[str, typer.Option(help="Name of the potential.")] = "potential",
    settings: Annotated[Path | None, typer.Option(help="YAML with the shape and weights of the POD.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="Name of the reference method, for labels that state none.")
    ] = None,
    folds: Annotated[int, typer.Option(help="Groups of runs that are left out in turn.")] = 8,
    draws: Annotated[int, typer.Option(help="Draws from the posterior that go beside it.")] = 32,
    json_file: Annotated[Path | None, typer.Option("--json", help="Data for programs; - prints it.")] = None,
) -> None:
    """Fit a POD potential to labels and say what it gets wrong on frames it has not seen.

    Example: `electrolith fit labels.xyz.xz --out my-potential --name li-n-cl`
    """
    import numpy as np

    from electrolith.energy.labels.labels import read_labels
    from electrolith.energy.pod.fit import fit_pod, save_fit
    from electrolith.energy.pod.potential import PodSettings
    from electrolith.study.settings import load_yaml, pointing, read
    from electrolith.study.terminal import finish, live

    with pointing("fit"):
        shape = read(PodSettings, load_yaml(settings), "pod") if settings else PodSettings()
    used = read_labels(*labels, settings=reference)
    with live() as listener:
        listener.begin("fit")
        found = fit_pod(
            used,
            shape,
            name=name,
            folds=folds,
            progress=lambda done, total: listener.progress(done / total, f"label {done} of {total}"),
        )
    found = replace(found, potential=replace(found.potential, provenance=_provenance(found, used)))
    save_fit(found, out, draws=draws)
    data = {"fingerprint": found.potential.fingerprint, "held_out": [asdict(e) for e in found.held_out]}
    finish(
        f"Potential {name}",
        (_part(found, out, np.array([x.energy for x in used])),),
        data,
        json_file=json_file,
    )


def _provenance(found: PodFit, labels: tuple[Label, ...]) -> dict[str, Any]:
    """What the manifest says of the fit."""
    return {
        "labels": len(labels),
        "kinds": dict(sorted(Counter(x.kind for x in labels).items())),
        "reference": labels[0].settings,
        "codes": sorted({str(x.source["code"]) for x in labels if "code" in x.source}),
        "folds": len(found.committee),
    }


def _part(found: PodFit, out: Path, energies: NDArray[np.float64]) -> Part:
    from electrolith.core.plausible import all_equal
    from electrolith.study.section import Part
    from electrolith.study.sections.engine import error_table

    everything = found.held_out[0]
    sentence = (
        f"{found.potential.coefficients.size} coefficients, fingerprint {found.potential.fingerprint}, "
        f"in {out}; held-out forces {1000 * everything.forces:.0f} meV/Å, on its own labels "
        f"{1000 * found.trained.forces:.0f} meV/Å."
    )
    equal = tuple(filter(None, (all_equal(energies, label="the energies of the labels"),)))
    return Part("Fit", sentence, tables=(error_table(found.held_out),), warnings=equal)


def add(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(fit)
