"""Mechanism in the study: sites of a relaxed ordering, and the part of the report."""

from pathlib import Path

import numpy as np
import pytest

from electrolith.core.constants import BOLTZMANN
from electrolith.core.estimate import Estimate
from electrolith.crystal.frame import Frame
from electrolith.crystal.order import Keep, Ordering, order_crystal
from electrolith.crystal.read import read_crystal
from electrolith.energy.relax import Relaxed
from electrolith.motion.displacement import relative_to
from electrolith.motion.jumps import count_jumps, site_history
from electrolith.motion.mechanism import CoreCheck, MechanismResult
from electrolith.motion.motor import masses_of
from electrolith.study.figure import Line
from electrolith.study.section import Evidence
from electrolith.study.sections import mechanism as section
from electrolith.study.sections.relaxed import RelaxedOrderings

EXAMPLE = Path(__file__).parents[2] / "examples" / "li9n2cl3" / "li9n2cl3.cif"
CHARGES = {"Li": 1.0, "N": -3.0, "Cl": -1.0}


@pytest.fixture(scope="module")
def ordered():
    """Three orderings, and one of them as a relaxation would leave it: strained, sheared, moved, rattled."""
    crystal = read_crystal(EXAMPLE, oxidation_states=CHARGES)
    orderings = order_crystal(crystal, Ordering(decorations=50, keep=Keep(lowest=2, random=1, monte_carlo=0)))
    rng = np.random.default_rng(1)
    strain = np.array([[1.02, 0.01, 0.0], [0.0, 0.99, 0.015], [-0.01, 0.0, 1.01]])
    frame = orderings.frames[1]
    positions = frame.positions @ strain + np.array([0.7, -0.4, 0.2])
    positions = positions + rng.normal(scale=0.15, size=positions.shape)
    moved = Frame(positions, frame.cell @ strain, frame.numbers)
    none = np.zeros(0)
    relaxed = tuple(
        Relaxed(f, 0.0, 0.01, None, True, none, none, 0.0)
        for f in (orderings.frames[0], moved, orderings.frames[2])
    )
    return orderings, RelaxedOrderings(
        relaxed,
        orderings.kinds,
        "none",
        (1, 0, 2),
        np.full(3, 5.35),
        np.full(3, 1 / 3),
        np.arange(3),
        600.0,
        1.0,
    )


def path_of(frame):
    mobile = np.array([s == "Li" for s in frame.symbols])
    return relative_to(frame.positions, ~mobile, masses_of(frame.numbers))[mobile]


def test_every_ion_of_a_relaxed_ordering_lies_on_the_site_it_was_put_on(ordered):
    orderings, relaxed = ordered
    sites, holes = section.sites_of(orderings, relaxed, "Li", 0)
    frame = relaxed.frames[0]
    index, _ = site_history(path_of(frame)[None], sites)
    mobile = np.array([s == "Li" for s in frame.symbols])
    all_sites = np.flatnonzero(
        orderings.sites.allowed[:, [s == "Li" for s in orderings.sites.species]].any(1)
    )
    assert all_sites[index[0]].tolist() == orderings.site_of_atom[1][mobile].tolist()
    assert len(sites.labels) == 64
    assert len(holes.labels) == 32
    assert all(sum(map(int, _counts(name.removeprefix("octahedron ")))) == 6 for name in holes.labels)
    assert all(sum(map(int, _counts(name))) == 4 for name in sites.labels)


def _counts(label):
    """Numbers behind the symbols of "N2Cl□": 2, 1, 1."""
    for symbol in ("N", "Cl", "□"):
        if symbol in label.replace("Cl", "c") or (symbol == "Cl" and "Cl" in label):
            rest = label.partition(symbol)[2]
            yield rest[0] if rest and rest[0].isdigit() else "1"


def test_surroundings_are_written_in_one_order_in_every_ordering(ordered):
    orderings, relaxed = ordered
    for index in range(3):
        sites, holes = section.sites_of(orderings, relaxed, "Li", index)
        mixed = [name for name in (*sites.labels, *holes.labels) if "N" in name and "Cl" in name]
        assert mixed
        assert all(name.index("N") < name.index("Cl") for name in mixed)


def test_ion_that_jumps_into_a_vacancy_is_counted_once(ordered):
    orderings, relaxed = ordered
    sites, _ = section.sites_of(orderings, relaxed, "Li", 0)
    start = path_of(relaxed.frames[0])
    index, _ = site_history(start[None], sites)
    vacant = sorted(set(range(64)) - set(index[0].tolist()))[0]
    path = np.repeat(start[None], 4, axis=0)
    path[2:, 5] = sites.positions[vacant]
    found = count_jumps(path, sites, interval=100.0)
    assert found.counts.sum() == 1
    assert found.counts[found.labels.index(sites.labels[index[0, 5]])].sum() == 1


def published(quantity, value, note):
    row = Estimate.unknown_doubt(value, "eV")
    return Evidence(quantity, quantity, row, "measured", "a paper", published=True, note=note)


class Study:
    published = (
        published("nmr_activation_energy", 0.13, "7Li T1"),
        published("activation_energy", 0.378, "impedance"),
        Evidence("activation_energy", "", Estimate.unknown_doubt(0.41, "eV"), "computed", "", published=True),
    )


class Found:
    study = Study()

    def __init__(self, value):
        self.value = value

    def get(self, kind):
        return self.value


def test_report_tells_energies_and_warns_of_jumps_too_fast_to_see(ordered, rng):
    orderings, relaxed = ordered
    sites, _ = section.sites_of(orderings, relaxed, "Li", 0)
    start = path_of(relaxed.frames[0])
    path = np.repeat(start[None], 6, axis=0)
    vacant = sorted(set(range(64)) - set(site_history(start[None], sites)[0][0].tolist()))[0]
    path[1::2, 5] = sites.positions[vacant]
    jumps = count_jumps(path, sites, interval=100.0)
    energy = Estimate.normal(0.2, 0.01, "eV", rng=rng)
    result = MechanismResult(
        temperatures=np.array([600.0, 700.0]),
        jumps=(jumps, jumps),
        labels=jumps.labels,
        rates=np.array([jumps.rates, jumps.rates]),
        correlation=np.array([0.5, 0.6]),
        local_energy=energy,
        lasting_energy=None,
        by_label={sites.labels[0]: energy},
        diffusion_energy=Estimate.normal(0.35, 0.02, "eV", rng=rng),
        diffusivities=np.array([1e-6, 3e-6]),
        relative_errors=np.array([0.2, 0.1]),
        holes=np.array([0.01, np.nan]),
        through=np.array([0.3, np.nan]),
        hole_times={"octahedron Cl4N2": 0.01},
        cores=(CoreCheck(0.3, jumps.rate * np.ones(2), np.array([0.4, 0.5]), energy, None),),
        interval=2000.0,
    )
    (part,) = section.parts(Found(result))
    assert "80 % of the jumps at 700 K undo the one before" in part.sentence
    assert "for every jump" in part.sentence
    assert "sample more often" in part.warnings[0]
    assert len(part.tables[1].rows) == len(jumps.labels)
    assert "A jump needs 0.15" in part.sentence
    assert "zero lies inside" not in part.sentence
    scale = part.figures[0]
    slopes = {
        layer.name: layer for layer in scale.layers if isinstance(layer, Line) and "published" in layer.name
    }
    for energy_of, line in zip((0.13, 0.378), slopes.values(), strict=True):
        slope = np.polyfit(line.x / 1000, np.log(line.y), 1)[0]
        assert -slope * BOLTZMANN == pytest.approx(energy_of, rel=1e-6)
    bars = {label for layer in part.figures[1].layers for label in layer.labels}
    assert {"every jump", "diffusion", "7Li T1, published", "impedance, published"} <= bars
    (row,) = section.evidence(Found(result))
    assert row.quantity == "nmr_activation_energy"
    assert section.parts(Found(None)) == section.evidence(Found(None)) == ()
