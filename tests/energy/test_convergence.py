import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from electrolith.core.errors import InputError
from electrolith.crystal.frame import Frame
from electrolith.energy.dft.convergence import convergence_points, label_series, series
from electrolith.energy.dft.gpaw import GpawSettings
from electrolith.energy.engine import Evaluation

DATA = Path(__file__).resolve().parents[2] / "data" / "convergence"


@dataclass(frozen=True)
class Settings:
    cutoff: float = 600.0
    kpoint_length: float = 10.0

    @property
    def fingerprint(self):
        return f"toy-{self.cutoff:g}-{self.kpoint_length:g}"


class Toy:
    """Li costs 0.01 eV and N 0.04 eV too much per missing 100 eV of cutoff; k-points change nothing."""

    name = "toy"
    calls = 0

    def __init__(self, settings, bent=0.0):
        self.settings, self.bent = settings, bent

    def evaluate(self, frame):
        Toy.calls += 1
        short = (800 - self.settings.cutoff) / 100
        each = np.where(frame.numbers == 3, 0.01, 0.04)
        energy = -5.0 + short * each.sum() + self.bent * short * frame.volume / 100
        forces = np.zeros_like(frame.positions)
        forces[0] = [0.003 * short, -0.006 * short, 0.0]
        return Evaluation(energy, forces, np.eye(3) * 0.001 * short)


def cell(numbers, edge):
    return Frame(np.arange(3 * len(numbers)).reshape(-1, 3) * 0.7, np.eye(3) * edge, np.array(numbers))


FRAMES = tuple((cell(n, e), {"key": f"{i}"}) for i, (n, e) in enumerate((([3, 7], 4), ([3, 3, 3, 7], 5))))


def test_errors_against_the_finest_are_those_by_hand(tmp_path):
    points = series(Settings(), cutoffs=(800, 400, 600), kpoint_lengths=(5, 10))
    label_series(FRAMES, tmp_path, points, engine_of=Toy)
    rows = {(r.frame, r.varied, r.value): r for r in convergence_points(tmp_path, points)}
    assert len(rows) == 2 * 3 + 2 * 2
    rough = rows["0", "cutoff", 400.0]
    assert rough.finest == 800
    assert rough.formula == "LiN"
    assert rough.energy == pytest.approx(1000 * 4 * 0.05 / 2)
    assert rough.relative == pytest.approx(0, abs=1e-6), "the atoms' own energies take all of it up"
    assert rough.forces == pytest.approx(1000 * 4 * (0.003 + 0.006) / 6)
    assert rough.force_largest == pytest.approx(24)
    assert rough.pressure == pytest.approx(-0.004 * 160.2176634)
    assert all(r.energy == 0 for (_, varied, _), r in rows.items() if varied == "kpoint_length")


def test_what_atomic_energies_cannot_take_up_is_an_error_of_differences(tmp_path):
    """Three frames of two elements: with an error in proportion to the volume one difference is left."""
    frames = (*FRAMES, (cell([3, 7], 6), {"key": "2"}))
    points = series(Settings(), cutoffs=(800, 700), kpoint_lengths=())
    label_series(frames, tmp_path, points, engine_of=lambda s: Toy(s, bent=1.0))
    off = {r.frame: r.relative for r in convergence_points(tmp_path, points) if r.value == 700}
    # LiN at 64 and 216 Å³ err by 0.32 and 1.08 eV per atom: their mean is taken up, 0.38 eV each is left.
    assert off["2"] == pytest.approx(380)
    assert off["0"] == pytest.approx(-380)
    assert off["1"] == pytest.approx(0, abs=1e-6)


def test_nothing_is_labelled_twice_and_no_time_means_no_label(tmp_path):
    points = series(Settings(), cutoffs=(600, 800), kpoint_lengths=(10,))
    assert len({p[2].fingerprint for p in points}) == 2
    Toy.calls = 0
    label_series(FRAMES, tmp_path, points, engine_of=Toy)
    assert Toy.calls == 4
    seen = []
    runs = label_series(FRAMES, tmp_path, points, engine_of=Toy, progress=lambda *a: seen.append(a))
    assert (Toy.calls, [r.already for r in runs]) == (4, [2, 2])
    more = series(Settings(), cutoffs=(900,), kpoint_lengths=())
    (run,) = label_series(FRAMES, tmp_path, more, engine_of=Toy, seconds=lambda: 0.0)
    assert (Toy.calls, run.left) == (4, 2)
    assert convergence_points(tmp_path, more) == ()


def test_a_frame_without_a_finest_label_is_left_out(tmp_path):
    points = series(Settings(), cutoffs=(600, 800), kpoint_lengths=())
    label_series(FRAMES, tmp_path, points[:1], engine_of=Toy)
    label_series(FRAMES[:1], tmp_path, points, engine_of=Toy)
    assert {r.frame for r in convergence_points(tmp_path, points)} == {"0"}


def test_settings_without_what_is_varied_are_refused():
    @dataclass(frozen=True)
    class Bare:
        kpoint_density: float = 64.0

    with pytest.raises(InputError, match="Bare has no cutoff"):
        series(Bare(), cutoffs=(400,), kpoint_lengths=())


def test_the_settings_of_gpaw_are_converged_as_the_documents_say():
    """Recomputed from the labels in the repository: they were made with these very settings, Γ-centred."""
    base = GpawSettings(kpoint_grid="gamma")
    points = series(base, cutoffs=(400, 520, 650, 800), kpoint_lengths=(7, 10, 14.6, 20))
    rows = convergence_points(DATA, points)
    assert {r.formula for r in rows} == {"ClLi", "Li3N", "Cl4Li13N3"}
    chosen = [r for r in rows if r.value in (base.cutoff, base.kpoint_length)]
    assert max(r.forces for r in chosen if r.varied == "cutoff") == pytest.approx(0.50, abs=0.01)
    assert max(r.forces for r in chosen if r.varied == "kpoint_length") == pytest.approx(3.36, abs=0.01)
    pulay = {r.formula: r.pressure for r in chosen if r.varied == "cutoff"}
    assert pulay["Cl4Li13N3"] == pytest.approx(-0.63, abs=0.01)
    with (DATA / "convergence.csv").open() as handle:
        table = list(csv.DictReader(handle))
    assert len(table) == len(rows)
    for line, row in zip(table, rows, strict=True):
        assert (line["frame"], float(line["value_eV_or_angstrom"])) == (row.frame, row.value)
        assert float(line["force_mean_meV_per_angstrom"]) == pytest.approx(row.forces, abs=0.006)
        assert float(line["pressure_GPa"]) == pytest.approx(row.pressure, abs=0.0006)
