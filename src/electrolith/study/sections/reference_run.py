"""A longer run whose results lie beside a study: is it of the same, and what did it give?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrolith.core.errors import DataError
from electrolith.core.estimate import Estimate
from electrolith.core.reading import reader
from electrolith.study.section import Evidence, Results

__all__ = ["REFERENCE", "ReferenceRun", "read_reference", "reference_evidence", "reference_run"]

REFERENCE = "reference.json"
"""Results of a longer run (the `results.json` of a study) beside the study's file."""

SIGMA, ENERGY = "conductivity_300K", "activation_energy"
SAME = {"crystal": "crystal", "engine_account": "potential"}
"""Stages whose results decide what σ is of, by what they hold: those of both runs must have the same key."""


@dataclass(frozen=True, eq=False)
class ReferenceRun:
    """What a reference run gave.

    rows : its σ(300 K) and activation energy, as `results.json` has them.      keys : of its stages.
    supercell : that it was run in.      dynamics : its settings of dynamics.
    """

    rows: tuple[dict[str, Any], ...]
    keys: dict[str, str]
    supercell: tuple[int, ...]
    dynamics: dict[str, Any]

    def differs(self, results: Results) -> str:
        """In what it is another material or potential than the study's; empty where it is the same."""
        own = {r.stage: r for r in results.runs}
        for stage, name in SAME.items():
            if stage not in own or self.keys.get(stage) != own[stage].key:
                return f"another {name}"
        mine = _supercell(own["orderings"].provenance if "orderings" in own else {})
        return "" if mine == self.supercell else "another supercell"

    def text(self) -> str:
        """Its size in words."""
        temperatures = self.dynamics.get("temperatures") or []
        if not temperatures:
            return "reference run"
        span = f"{min(temperatures):g} to {max(temperatures):g} K"
        orderings = self.dynamics.get("orderings")
        return f"reference run: {len(temperatures)} temperatures, {span}, {orderings} orderings"


def _supercell(provenance: dict[str, Any]) -> tuple[int, ...]:
    """Of the settings of a stage."""
    settings = provenance.get("settings") or {}
    return tuple((settings.get("ordering") or {}).get("supercell") or ())


@reader("results of a study")
def read_reference(path: Path) -> ReferenceRun:
    """Numbers of a stored `results.json`: those of σ(300 K) and its activation energy.

    Raises
    ------
    DataError
        If the file holds no such results.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    rows = data.get("evidence") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise DataError(
            f"{path}: no results of a study; expected the results.json that `electrolith run` writes"
        )
    stages = {s["stage"]: s for s in data.get("stages") or [] if isinstance(s, dict) and "stage" in s}
    return ReferenceRun(
        rows=tuple(
            r
            for r in rows
            if isinstance(r, dict)
            and r.get("quantity") in (SIGMA, ENERGY)
            and r.get("kind") == "computed"
            and not r.get("published")
        ),
        keys={name: str(s.get("key", "")) for name, s in stages.items()},
        supercell=_supercell(stages.get("orderings", {})),
        dynamics=(stages.get("trajectories", {}).get("settings") or {}).get("dynamics") or {},
    )


def reference_run(results: Results) -> ReferenceRun | None:
    """The one beside the study, if there is one."""
    path = results.study.folder / REFERENCE
    return read_reference(path) if path.is_file() else None


def reference_evidence(results: Results) -> tuple[Evidence, ...]:
    """σ(300 K) and activation energy of a reference run of this material with this potential."""
    found = reference_run(results)
    if found is None or found.differs(results):
        return ()
    labels = {SIGMA: "σ(300 K)", ENERGY: "Activation energy of σT"}
    rng = np.random.default_rng(0)
    rows = []
    for row in found.rows:
        value, unit = float(row["value"]), str(row.get("unit", ""))
        low, high = row.get("interval_68") or (None, None)
        if low is None or high is None:
            estimate = Estimate.unknown_doubt(value, unit)
        elif row["quantity"] == SIGMA:
            estimate = Estimate.lognormal(value, float(np.log(high / low)) / 2, unit, rng=rng)
        else:
            estimate = Estimate.normal(value, (high - low) / 2, unit, rng=rng)
        rows.append(
            Evidence(
                row["quantity"], labels[row["quantity"]], estimate, "computed", REFERENCE, note=found.text()
            )
        )
    return tuple(rows)
