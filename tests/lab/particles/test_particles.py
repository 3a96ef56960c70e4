"""Particle sizes: rendered images of known sizes, scales from metadata, refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from scipy import ndimage

from electrolith.core.errors import DataError, InputError, MissingExtra
from electrolith.lab.particles.analysis import ParticleSettings, measure_particles
from electrolith.lab.particles.distribution import SizeSettings, size_distribution, weighted_quantile
from electrolith.lab.particles.read import Micrograph, read_micrograph
from electrolith.lab.particles.render import render
from electrolith.lab.particles.segment import Particles, Segmentation, overlay, segment

pytest.importorskip("skimage", reason="the extra electrolith[sem] is not installed")


def rendered(seed=0, **changes):
    settings = {
        "shape": (512, 768), "pixel": 10e-9, "median": 300e-9, "log_std": 0.35, "count": 130,
        "rng": np.random.default_rng(seed),
    }  # fmt: skip
    return render(**{**settings, **changes})


def disc(radius, *, at=(60, 60), shape=(120, 160), grey=0.9, into=None):
    rows, columns = np.indices(shape)
    picture = np.full(shape, 0.1) if into is None else into
    picture[np.hypot(rows - at[0], columns - at[1]) <= radius] = grey
    return picture


def measured(picture, **settings):
    return segment(Micrograph(picture, 1e-9, "drawn", "given"), Segmentation(smoothing=0.5, **settings))


def fake(diameters, box, shape=(100, 100)):
    n = len(diameters)
    d = np.array(diameters, float)
    return Particles(
        np.zeros(shape, int),
        d,
        d,
        np.ones(n),
        np.ones(n, bool),
        np.tile(box, (n, 1)),
        shape,
        1e-9,
        "fake",
        (),
    )


def test_a_drawn_disc_has_its_diameter():
    found = measured(disc(20))
    assert found.diameter.size == 1
    assert found.diameter[0] == pytest.approx(40e-9, rel=0.03)
    assert found.length[0] == pytest.approx(41e-9, rel=0.05)
    assert found.solidity[0] > 0.95


def test_two_touching_discs_are_two_and_one_oblong_is_one():
    touching = disc(20, at=(60, 95), into=disc(20, at=(60, 60)))  # overlap of 5 of 40 pixels
    assert measured(touching).diameter.size == 2
    rows, columns = np.indices((120, 160))
    oblong = np.where(((rows - 60) / 15) ** 2 + ((columns - 80) / 40) ** 2 <= 1, 0.9, 0.1)
    assert measured(oblong).diameter.size == 1


def test_particles_cut_by_the_edge_do_not_count():
    found = measured(disc(20, at=(5, 40), into=disc(15, at=(70, 100))))
    assert sorted(found.complete.tolist()) == [False, True]


def test_dark_particles_on_a_bright_ground_are_found():
    bright = measured(disc(20))
    dark = measured(1 - disc(20), bright=False)
    assert dark.diameter == pytest.approx(bright.diameter)


@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.2])
@pytest.mark.parametrize("elongation", [1.0, 1.3])
def test_rendered_images_give_mean_within_5_percent_and_share_within_3_points(overlap, elongation):
    made = rendered(seed=int(100 * overlap + 10 * elongation), overlap=overlap, elongation=elongation)
    found = size_distribution((segment(made.micrograph),), SizeSettings(window=(100e-9, 400e-9)))
    true = made.diameters
    share = 100 * np.mean((true >= 100e-9) & (true < 400e-9))
    assert found.mean.value == pytest.approx(1e9 * true.mean(), rel=0.05)
    assert abs(found.share.value - share) < 3


def test_uneven_light_is_followed_by_the_local_threshold():
    made = rendered(seed=4, gradient=1.6)
    found = size_distribution((segment(made.micrograph, Segmentation(threshold="local")),))
    assert found.mean.value == pytest.approx(1e9 * made.diameters.mean(), rel=0.08)


def test_sizes_scale_with_the_pixel():
    made = rendered()
    twice = Micrograph(made.micrograph.grey, 2 * made.micrograph.pixel, "x", "given")
    assert segment(twice).diameter == pytest.approx(2 * segment(made.micrograph).diameter)


def test_turning_the_image_does_not_change_the_sizes():
    made = rendered(count=120)
    turned = Micrograph(made.micrograph.grey.T.copy(), made.micrograph.pixel, "x", "given")
    first, second = segment(made.micrograph), segment(turned)
    assert np.sort(second.diameter) == pytest.approx(np.sort(first.diameter), rel=0.05)


def test_leaving_out_cut_particles_does_not_favour_small_ones():
    # squares of known size dropped anywhere on an image of 100 x 100
    rng = np.random.default_rng(3)
    size = np.clip(15 * np.exp(0.4 * rng.standard_normal(20000)), 2, 60)
    centre = rng.uniform(0, 100, (2, size.size))
    whole = np.all((centre - size / 2 > 0) & (centre + size / 2 < 100), axis=0)
    box = np.column_stack([size, size])
    everything = fake(size * 1e-9, (1, 1))
    found = size_distribution((replace(everything, box=box, complete=whole),), SizeSettings(resamples=50))
    assert found.diameters.mean() < 0.97e-9 * size.mean()
    assert found.mean.value == pytest.approx(size.mean(), rel=0.01)


def test_volume_weighting_by_hand():
    # nine of diameter 1 and one of diameter 3: volumes 9 and 27
    found = size_distribution((fake([1e-9] * 9 + [3e-9], (1, 1)),), SizeSettings(window=(2e-9, 4e-9)))
    assert np.median(found.share.draws) == pytest.approx(10, abs=10)
    cubes = np.array([1.0] * 9 + [27.0])
    assert cubes[-1] / cubes.sum() == 0.75
    assert found.volumes[-1] == pytest.approx(0.75)
    assert found.counts[-1] == pytest.approx(0.1)


def test_median_of_equal_weights_is_the_median():
    assert weighted_quantile(np.array([3.0, 1.0, 2.0]), np.ones(3), 0.5) == 2.0


def test_interval_of_a_share_is_the_binomial_one():
    found = size_distribution((fake([1e-9] * 200 + [3e-9] * 200, (1, 1)),), SizeSettings(window=(2e-9, 4e-9)))
    assert found.share.std == pytest.approx(100 * np.sqrt(0.25 / 400), rel=0.1)


def test_overlay_marks_counted_and_cut_particles_in_their_colours():
    image = Micrograph(disc(20, at=(5, 40), into=disc(15, at=(70, 100))), 1e-9, "drawn", "given")
    picture = overlay(image, segment(image, Segmentation(smoothing=0.5)))
    colours = {tuple(c) for c in picture.reshape(-1, 3)}
    assert {(0, 114, 178), (230, 159, 0)} <= colours


# Zeiss.tif of micromechanics/micromechanics @ d15824d
def test_the_zeiss_scale_is_read_from_its_tag(shared_data: Path):
    found = read_micrograph(shared_data / "sem" / "Zeiss.tif")
    assert found.pixel == pytest.approx(158.7e-9, rel=1e-3)
    assert found.scale_from == "tag 34118 (Zeiss)"
    assert found.grey.shape == (768, 1024)


def tiff(path, tag=None, text=""):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    if tag:
        info[tag] = text
        info.tagtype[tag] = 2
    Image.fromarray((255 * disc(20)).astype(np.uint8)).save(path, tiffinfo=info)
    return path


def test_an_fei_header_gives_pixel_and_scanned_rows(tmp_path):
    header = "[Scan]\r\nPixelWidth=2.5e-009\r\n[Image]\r\nResolutionX=160\r\nResolutionY=100\r\n"
    found = read_micrograph(tiff(tmp_path / "a.tif", 34682, header))
    assert found.pixel == pytest.approx(2.5e-9)
    assert found.grey.shape == (100, 160)


def test_a_hitachi_companion_file_gives_the_scale(tmp_path):
    path = tiff(tmp_path / "a.tif")
    (tmp_path / "a.txt").write_text(
        "[SemImageFile]\nDataSize=160x110\nPixelSize=9.921875\nMagnification=10000\n"
    )
    found = read_micrograph(path)
    assert found.pixel == pytest.approx(9.921875e-9)
    assert found.grey.shape == (110, 160)
    assert "Hitachi" in found.scale_from


def test_a_jeol_companion_file_gives_the_scale(tmp_path):
    path = tiff(tmp_path / "a.tif")
    (tmp_path / "a.txt").write_text("$$SM_MICRON_BAR 100\n$$SM_MICRON_MARKER 1um\n")
    assert read_micrograph(path).pixel == pytest.approx(1e-8)


def test_a_given_bar_gives_the_scale(tmp_path):
    found = read_micrograph(tiff(tmp_path / "a.tif"), bar_length=1e-6, bar_pixels=50, crop_bottom=20)
    assert found.pixel == pytest.approx(20e-9)
    assert found.grey.shape == (100, 160)


def test_an_image_without_scale_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"a\.tif: the image carries no scale; give pixel"):
        read_micrograph(tiff(tmp_path / "a.tif"))


def test_a_saturated_image_is_refused():
    picture = disc(45, grey=1.0)
    image = Micrograph(picture, 1e-9, "drawn", "given", saturated=float(np.mean(picture >= 1)))
    with pytest.raises(
        DataError, match=r"drawn: saturated: 33 % of the pixels are at the largest grey value"
    ):
        segment(image)


def test_an_empty_image_is_refused(rng):
    with pytest.raises(DataError, match="no contrast"):
        segment(Micrograph(np.full((64, 64), 0.5), 1e-9, "grey", "given"))


@pytest.mark.parametrize("grain", [0, 1, 3, 8])
@pytest.mark.parametrize("threshold", ["global", "local"])
def test_a_picture_without_particles_says_so(grain, threshold):
    """Noise of four coarsenesses on a bare ground: one hump of grey values, cut anywhere it makes blobs."""
    rng = np.random.default_rng(grain)
    ground = ndimage.gaussian_filter(rng.standard_normal((300, 400)), grain)
    ground = 0.5 + 0.1 * ground / ground.std()
    image = Micrograph(np.clip(ground, 0, 1), 1e-9, "bare", "given")
    with pytest.raises(DataError, match="bare: no particles to see: the grey values make one hump"):
        segment(image, Segmentation(threshold=threshold))


def test_a_picture_without_particles_beside_good_ones_is_named_and_the_rest_counts(tmp_path):
    made = rendered(seed=2).micrograph
    bare = np.clip(0.5 + 0.1 * np.random.default_rng(0).standard_normal(made.grey.shape), 0, 1)
    for name, grey in (("bare", bare), ("powder", made.grey)):
        Image.fromarray(np.round(255 * grey).astype(np.uint8)).save(tmp_path / f"{name}.tif")
    files = (tmp_path / "bare.tif", tmp_path / "powder.tif")
    found = measure_particles(ParticleSettings(files, pixel=made.pixel))
    assert found.sizes.count > 50
    ((source, reason),) = found.without
    assert source.endswith("bare.tif")
    assert "no particles to see" in reason
    assert found.outline.source.endswith("powder.tif")
    with pytest.raises(DataError, match="no particles to see"):
        measure_particles(ParticleSettings(files[:1], pixel=made.pixel))


def test_a_share_is_stated_only_of_a_window_that_was_asked_for():
    sizes = fake([1e-9] * 9 + [3e-9], (1, 1))
    bare = size_distribution((sizes,))
    assert bare.share is None
    assert bare.volume_share is None
    asked = size_distribution((sizes,), SizeSettings(window=(2e-9, 4e-9)))
    assert asked.share is not None


def test_specks_are_no_particles():
    picture = np.full((64, 64), 0.1)
    picture[10:14, 10:14] = 0.9
    with pytest.raises(DataError, match=r"no particle of 6 nm or more found"):
        segment(Micrograph(picture, 1e-9, "specks", "given"))


def test_ten_particles_are_needed():
    with pytest.raises(DataError, match="9 complete particles; a distribution needs at least 10"):
        size_distribution((fake([1e-9] * 9, (1, 1)),))


def test_a_file_that_is_no_image_is_refused(tmp_path):
    (tmp_path / "a.tif").write_text("not an image")
    with pytest.raises(DataError, match="no image that can be read"):
        read_micrograph(tmp_path / "a.tif", pixel=1e-9)
    with pytest.raises(DataError, match="no such file"):
        read_micrograph(tmp_path / "b.tif", pixel=1e-9)


def test_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[sem\]'"):
        segment(Micrograph(disc(20), 1e-9, "drawn", "given"))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"neck": 1.5}, "neck must lie between 0 and 1"),
        ({"threshold": 2.0}, "or a grey value between 0 and 1, got 2.0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, text):
    with pytest.raises(InputError, match=text):
        Segmentation(**settings)


def header_of_zeiss(pixel_nm, width_um, height_um):
    return (
        f"AP_PIXEL_SIZE\r\nPixel Size = {pixel_nm} nm\r\nWidth = {width_um} um\r\nHeight = {height_um} um\r\n"
    )


def test_an_image_stored_with_half_its_pixels_has_pixels_of_twice_the_size(tmp_path):
    whole = read_micrograph(tiff(tmp_path / "a.tif", 34118, header_of_zeiss(5, 0.8, 0.6)))
    half = read_micrograph(tiff(tmp_path / "b.tif", 34118, header_of_zeiss(5, 1.6, 1.2)))
    assert whole.pixel == pytest.approx(5e-9)  # 160 x 120 pixels
    assert half.pixel == pytest.approx(10e-9)
    assert "belong to 320 columns, 160 are stored" in half.scale_from


def test_an_image_that_was_cropped_after_the_scan_is_refused_until_the_pixel_is_stated(tmp_path):
    path = tiff(tmp_path / "a.tif", 34118, header_of_zeiss(5, 1.2, 0.6))
    with pytest.raises(DataError, match="resized or cropped"):
        read_micrograph(path)
    assert read_micrograph(path, pixel=5e-9).pixel == 5e-9


def test_a_scan_of_twice_the_columns_is_noticed_in_fei_and_hitachi_headers(tmp_path):
    header = "[Scan]\r\nPixelWidth=2.5e-009\r\n[Image]\r\nResolutionX=320\r\nResolutionY=200\r\n"
    found = read_micrograph(tiff(tmp_path / "a.tif", 34682, header))
    assert found.pixel == pytest.approx(5e-9)
    assert found.grey.shape == (100, 160)
    path = tiff(tmp_path / "b.tif")
    (tmp_path / "b.txt").write_text("DataSize=320x220\nPixelSize=10\n")
    assert read_micrograph(path).pixel == pytest.approx(2e-8)


@pytest.mark.parametrize(("unit", "metres"), [("nm", 1e-9), ("micron", 1e-6), ("um", 1e-6), ("mm", 1e-3)])
def test_the_scale_that_imagej_writes(tmp_path, unit, metres):
    path = tmp_path / "a.tif"
    image = Image.fromarray(np.zeros((120, 160), np.uint8))
    image.save(path, tiffinfo={270: f"ImageJ=1.53k\nunit={unit}\n", 282: 0.08, 283: 0.08, 296: 1})
    assert read_micrograph(path).pixel == pytest.approx(12.5 * metres, rel=1e-6)


def test_a_pixel_of_a_millimetre_asks_for_the_unit():
    with pytest.raises(InputError, match="no micrograph's; state the unit"):
        ParticleSettings(("a.tif",), pixel=12.4)
