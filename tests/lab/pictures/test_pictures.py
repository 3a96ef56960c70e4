"""Layers of cross-sections and maps of elements: known truths, and pictures that show no boundary."""

import numpy as np
import pytest
from PIL import Image

from electrolith.core.errors import DataError, InputError
from electrolith.lab.pictures import PictureSettings, element_maps, find_layers, look_at_pictures

NAMES = ("Li", "LNC", "LHC")
PIXEL = 0.5e-6


def section(thickness, grey, *, columns=400, rough=0.0, tilt=0.0, noise=0.08, seed=0):
    """Layers one below the other. thickness, rough: pixels; tilt: degrees."""
    rng = np.random.default_rng(seed)
    edges = np.cumsum(thickness)[:-1]
    x = np.arange(columns)
    wave = rough * np.sin(2 * np.pi * x / 90.0)
    rows = np.arange(int(sum(thickness)))[:, None]
    index = sum((rows >= e + wave + np.tan(np.radians(tilt)) * (x - columns / 2)).astype(int) for e in edges)
    return np.clip(np.array(grey)[index] + noise * rng.standard_normal(index.shape), 0, 1)


def layers_of(grey, names=NAMES, **more):
    return find_layers(grey, names, pixel=PIXEL, rng=np.random.default_rng(1), **more)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rough", [0.0, 4.0])
def test_layers_come_back_with_their_thickness(seed, rough):
    found = layers_of(section((120, 90, 200), (0.2, 0.5, 0.75), rough=rough, seed=seed), whole=True)
    for value, truth in zip(found.thickness, (120, 90, 200), strict=True):
        assert abs(value.value - truth * PIXEL) < max(4 * value.std, 0.5 * PIXEL)
    assert found.cut == (False, False, False)
    assert found.spread[1] < (1.0 if rough == 0 else 6.0) * PIXEL


def test_layers_told_apart_by_their_grain_alone():
    """Equal in grey, one smooth, one grained."""
    rng = np.random.default_rng(3)
    smooth = 0.5 + 0.02 * rng.standard_normal((150, 400))
    grained = 0.5 + 0.2 * rng.standard_normal((100, 400))
    found = layers_of(np.vstack([smooth, grained]), ("a", "b"), whole=True)
    assert found.thickness[0].value == pytest.approx(150 * PIXEL, abs=1.5 * PIXEL)


def test_a_tilted_section_is_measured_along_the_normal():
    """At 8° a band of 90 pixels along the edge is 90 cos 8° thick; uncorrected it would be 1 % more."""
    found = layers_of(section((160, 90, 200), (0.2, 0.5, 0.75), tilt=8.0, columns=600))
    assert found.tilt == pytest.approx(8.0, abs=0.4)
    assert found.thickness[1].value == pytest.approx(90 * np.cos(np.radians(8)) * PIXEL, abs=1.2 * PIXEL)
    assert found.cut == (True, False, True)


def test_a_crack_in_some_strips_is_left_out():
    grey = section((120, 90, 200), (0.2, 0.5, 0.75))
    grey[60:160, 100:130] = 0.0
    found = layers_of(grey, whole=True)
    assert found.thickness[1].value == pytest.approx(90 * PIXEL, abs=1.5 * PIXEL)


@pytest.mark.parametrize("seed", range(5))
def test_a_boundary_that_nothing_shows_is_refused(seed):
    with pytest.raises(DataError, match=r"Li, LNC, LHC are 3 layers, the picture does not show as many"):
        layers_of(section((150, 260), (0.2, 0.6), seed=seed))
    with pytest.raises(DataError, match="does not show as many"):
        layers_of(np.random.default_rng(seed).uniform(0, 1, (400, 400)), ("a", "b"))


def test_the_interval_of_a_rough_layer_holds_its_mean():
    """Twenty sections whose edges wander; the mean over a finite width differs from the truth."""
    inside = []
    for seed in range(20):
        rng = np.random.default_rng(100 + seed)
        walk = np.convolve(rng.standard_normal(460), np.ones(60) / 60, "valid")[:400] * 30
        rows = np.arange(300)[:, None]
        grey = np.where(rows < 140 + walk, 0.3, 0.6) + 0.05 * rng.standard_normal((300, 400))
        found = layers_of(grey, ("a", "b"), whole=True).thickness[0]
        low, high = found.interval(0.95)
        inside.append(low <= 140 * PIXEL <= high)
    assert np.mean(inside) >= 0.6


def counts(mean, rng):
    return np.clip(rng.poisson(mean) / 40.0, 0, 1)


def test_even_maps_are_even_and_a_patch_is_not():
    rng = np.random.default_rng(0)
    flat = np.full((240, 320), 8.0)
    patch = flat.copy()
    patch[60:120, 80:160] = 24.0
    found = element_maps(
        {"Cl": counts(flat, rng), "N": counts(flat, rng), "Li3N": counts(patch, rng)}, pixel=1e-8
    )
    assert [m.uneven for m in found.maps] == [False, False, True]
    assert abs(found.together[0, 1]) < 0.2
    assert found.block == pytest.approx(15e-8)


def test_elements_that_exclude_each_other_have_a_negative_coefficient():
    rng = np.random.default_rng(0)
    one = np.where(np.arange(320) < 160, 20.0, 2.0) * np.ones((240, 1))
    found = element_maps({"Ho": counts(one, rng), "N": counts(22.0 - one, rng)}, pixel=1e-8)
    assert found.together[0, 1] < -0.9
    assert found.maps[0].share == pytest.approx(0.5, abs=0.1)


def test_maps_of_two_sizes_are_refused():
    with pytest.raises(DataError, match=r"Cl 40 × 40, N 30 × 40"):
        element_maps({"Cl": np.ones((40, 40)), "N": np.ones((40, 30))}, pixel=1e-8)
    with pytest.raises(DataError, match="map of N is empty"):
        element_maps({"N": np.zeros((40, 40))}, pixel=1e-8)


def test_a_photograph_needs_no_scale_and_a_section_does(tmp_path):
    grey = section((120, 90, 200), (0.2, 0.5, 0.75))
    rgb = np.repeat((255 * grey).astype(np.uint8)[:, :, None], 3, axis=2)
    Image.fromarray(rgb).save(tmp_path / "a.png")
    found = look_at_pictures(PictureSettings((tmp_path / "a.png",), labels=("0 h",)))
    assert np.isnan(found.pictures[0].width)
    assert found.pictures[0].rgb.shape == (410, 400, 3)
    with pytest.raises(DataError, match="carries no scale; give pixel"):
        look_at_pictures(PictureSettings((tmp_path / "a.png",), layers=NAMES))
    upright = tmp_path / "b.png"
    Image.fromarray(rgb.transpose(1, 0, 2)).save(upright)
    settings = PictureSettings((upright,), pixel=PIXEL, layers=NAMES, upright=True, whole=True)
    turned = look_at_pictures(settings).layers[0]
    assert turned.thickness[2].value == pytest.approx(200 * PIXEL, abs=1.5 * PIXEL)


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(DataError, match="no picture that can be read"):
        look_at_pictures(PictureSettings((tmp_path / "a.png",)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"layers": ("LNC",)}, "one layer has no boundary"),
        ({"layers": ("LNC", "LHC", "LNC")}, "LNC 1, LNC 2"),
        ({"labels": ("a", "b")}, "2 labels for 1 files"),
        ({"bar_length": 1e-6}, "belong together"),
        ({"crop_bottom": -1}, "must not be negative"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, wrong, said):
    with pytest.raises(InputError, match=said):
        PictureSettings((tmp_path / "a.png",), **wrong)
