import numpy as np
import pytest

from electrolith.core.errors import DataError, InputError, NotConverged
from electrolith.crystal.frame import Frame
from electrolith.crystal.oxidation import charge_of_ion
from electrolith.motion.analyse import analyse_path
from electrolith.motion.conductivity import nernst_einstein
from electrolith.motion.displacement import msd_fft, relative_to
from electrolith.motion.motor import masses_of
from electrolith.motion.unwrap import refuse_wrapped, unwrap

CELL = np.array([[9.0, 0.0, 0.0], [3.1, 8.7, 0.0], [-2.4, 2.2, 9.4]])
RATE = 0.03  # hops of 1 Å per frame of 50 fs


@pytest.fixture
def hopping(rng):
    """Twenty hopping lithium ions among ten rattling chlorine in a drifting, skewed cell."""
    frames, ions, rest = 400, 20, 10
    hops = rng.random((frames, ions)) < RATE
    steps = np.zeros((frames, ions, 3))
    sign = rng.choice([-1.0, 1.0], size=(frames, ions)) * hops
    np.put_along_axis(steps, rng.integers(3, size=(frames, ions))[..., None], sign[..., None], axis=2)
    lithium = rng.random((ions, 3)) @ CELL + np.cumsum(steps, axis=0)
    chlorine = rng.random((rest, 3)) @ CELL + rng.normal(scale=0.1, size=(frames, rest, 3))
    drift = np.linspace(0, 2, frames)[:, None, None] * np.array([1.0, -0.5, 0.3])
    path = np.concatenate([lithium, chlorine], axis=1) + drift
    return path, Frame(path[0], CELL, np.array([3] * ions + [17] * rest))


def analyse(path, frame, rng, **changes):
    settings = {"mobile": "Li", "hop_distance": 1.0, "interval": 50.0, "temperature": 600.0}
    return analyse_path(path, frame, rng=rng, **(settings | changes))


def test_hopping_ions_in_a_skewed_drifting_cell_give_d_and_sigma_end_to_end(hopping, rng):
    path, frame = hopping
    found = analyse(path, frame, rng)
    true = RATE / 6 / 50.0 * 0.1  # cm²/s
    assert abs(found.diffusivity.value - true) < 3.5 * found.diffusivity.std
    expected = nernst_einstein(
        found.diffusivity.value * 10, density=20 / frame.volume, charge=1.0, temperature=600.0
    )
    assert found.conductivity.value == pytest.approx(float(expected), rel=1e-9)
    steady = relative_to(path, frame.numbers == 17, masses_of(frame.numbers))
    assert found.curves.of("Li") == pytest.approx(msd_fft(steady[:, :20], longest=199)[1:], rel=1e-10)
    assert all(g.passed for g in found.guards)


def test_wrapped_trajectory_is_refused_and_unwrapped_on_request(hopping, rng):
    path, frame = hopping
    fractional = path @ np.linalg.inv(CELL)
    wrapped = (fractional - np.floor(fractional)) @ CELL
    with pytest.raises(DataError, match="look wrapped"):
        analyse(wrapped, frame, rng)
    straight, back = analyse(path, frame, rng), analyse(wrapped, frame, rng, wrapped=True)
    assert back.curves.of("Li") == pytest.approx(straight.curves.of("Li"), rel=1e-9)


def test_long_hops_of_an_unwrapped_run_are_no_folds_and_are_not_cut_short(rng):
    # ions hop by 0.67 of a 12 Å cell between frames, as two hops of 4 Å do
    cell = 12.0 * np.eye(3)
    hops = rng.integers(-2, 3, size=(200, 10, 3)) * (rng.random((200, 10, 1)) < 0.2)
    lithium = rng.random((10, 3)) * 12 + 4.0 * np.cumsum(hops, axis=0)
    chlorine = rng.random((6, 3)) * 12 + rng.normal(scale=0.1, size=(200, 6, 3))
    path = np.concatenate([lithium, chlorine], axis=1)
    refuse_wrapped(path, cell)
    with pytest.raises(DataError, match=r"unwrapped already .* leave --unwrap out"):
        unwrap(path, cell)
    with pytest.raises(DataError, match="look wrapped"):
        refuse_wrapped(path % 12.0, cell)


def test_folded_run_that_was_shifted_frame_by_frame_is_still_seen_as_folded(hopping):
    path, _ = hopping
    fractional = path @ np.linalg.inv(CELL)
    drifting = (fractional - np.floor(fractional)) + np.linspace(0, 0.7, len(path))[:, None, None]
    with pytest.raises(DataError, match="look wrapped"):
        refuse_wrapped(drifting @ CELL, CELL)


@pytest.mark.parametrize(("element", "charge"), [("Li", 1), ("Na", 1), ("Mg", 2), ("Al", 3), ("F", -1)])
def test_charge_of_the_ion_is_that_of_its_element(element, charge):
    assert charge_of_ion(element) == charge


@pytest.mark.parametrize("element", ["Cu", "S", "Fe", "H"])
def test_charge_of_an_element_with_several_is_asked_for(element):
    with pytest.raises(InputError, match=f"{element} has several oxidation states"):
        charge_of_ion(element)


def test_doubly_charged_ions_carry_four_times_the_current(hopping, rng):
    path, frame = hopping
    magnesium = Frame(frame.positions, frame.cell, np.where(frame.numbers == 3, 12, frame.numbers))
    one, two = analyse(path, frame, rng), analyse(path, magnesium, rng, mobile="Mg")
    assert two.charge == 2
    ratio = two.conductivity.value / two.diffusivity.value * one.diffusivity.value / one.conductivity.value
    assert ratio == pytest.approx(4.0, rel=1e-9)


def test_melting_framework_is_told(hopping, rng):
    path, frame = hopping
    melt = path.copy()
    melt[:, 20:] += np.cumsum(rng.normal(scale=0.15, size=(400, 10, 3)), axis=0)
    found = analyse(melt, frame, rng)
    assert not next(g for g in found.guards if g.name == "framework sites").passed


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"interval": 0.0}, InputError, "time between frames must be above 0 fs"),
        ({"mobile": "S", "charge": None}, InputError, "S has several oxidation states .* give its charge"),
        ({"mobile": "Na"}, InputError, "no mobile species: the frame holds no Na"),
        ({"hop_distance": 50.0}, NotConverged, "moved too little"),
    ],
)
def test_impossible_settings_are_refused(hopping, rng, changes, kind, text):
    with pytest.raises(kind, match=text):
        analyse(*hopping, rng, **changes)
