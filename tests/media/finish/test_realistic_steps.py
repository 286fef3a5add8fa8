"""The steps of *realistic*, each measured alone: lens, sensor, film, tone."""

import numpy as np
import pytest

from tintype.media.finish.camera import CAMERAS, DEFAULT, PIXELS, TABLE
from tintype.media.finish.realistic import prepared, sensed, through_lens
from tintype.media.finish.realistic_grain import film_noise, mosaic_noise, white_noise
from tintype.media.finish.realistic_lens import Field, falloff, magnify, soften_corners
from tintype.media.finish.realistic_scratch import Scratch
from tintype.media.finish.realistic_sensor import glow
from tintype.media.finish.realistic_tone import (
    LIGHT_MAX,
    curve_at,
    develop,
    linear,
    soften_chroma,
    tone_table,
)

FILMS = [name for name in CAMERAS if TABLE[name].grain]


def correlation(plane, rows, columns):
    """Of each pixel with the one so many rows down and columns right."""
    a = plane[: plane.shape[0] - rows, : plane.shape[1] - columns]
    b = plane[rows:, columns:]
    return float((a * b).mean() / plane.var())


def kept(planes):
    """Planes that are each written over the one before."""
    return [plane.copy() for plane in planes]


def noise(seed, plane, first, last, width, *, halves=2):
    return white_noise(seed, plane, first, last, Scratch(width), halves=halves)


def flat(value, width=600, height=400):
    return np.full((height, width, 3), value, np.uint8)


def test_the_default_camera_is_one_of_the_table():
    assert DEFAULT in CAMERAS
    assert CAMERAS == ("phone", "mirrorless", "film-400", "film-800")


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_photon_transfer_curve_is_a_line_with_the_cameras_own_gain(camera):
    """EMVA 1288: variance over signal, before the tone curve. Its slope is 1 / white electrons."""
    shot = prepared(flat(128), TABLE[camera], 1.0, 7)
    levels = np.linspace(0.02, 0.95, 12)
    variances = []
    for level in levels:
        planes = [np.full((400, 600), level, np.float32) for _ in range(3)]
        glowless = planes[2]  # Film scatters no light into its blue layer.
        sensed(shot, planes, 0, Scratch(600))
        assert glowless.mean() == pytest.approx(level, rel=0.01)
        variances.append(np.mean([plane.var() for plane in planes]))
    assert np.corrcoef(levels, variances)[0, 1] ** 2 >= 0.99
    slope, floor = np.polyfit(levels, variances, 1)
    assert slope == pytest.approx(1 / shot.white_electrons, rel=0.05)
    assert abs(floor) < 0.03 * slope + (TABLE[camera].read_noise / shot.white_electrons) ** 2


def test_fewer_pixels_hold_more_electrons_each():
    small = prepared(flat(128), TABLE["phone"], 1.0, 7)
    assert small.white_electrons == pytest.approx(
        TABLE["phone"].white_electrons * (PIXELS / (600 * 400)) ** 0.5
    )


def test_noise_follows_from_seed_and_place_alone():
    whole = noise(9, 0, -5, 100, 64)
    assert np.array_equal(noise(9, 0, 20, 61, 64), whole[25:66])
    assert not np.array_equal(noise(10, 0, 20, 61, 64), whole[25:66])
    assert not np.array_equal(noise(9, 1, 20, 61, 64), whole[25:66])


@pytest.mark.parametrize("halves", [1, 2])
def test_noise_is_white_and_of_unit_variance(halves):
    big = noise(2**63 - 1, 0, 0, 500, 700, halves=halves)
    assert abs(big.mean()) < 0.01
    assert big.std() == pytest.approx(1, abs=0.01)
    assert abs(correlation(big, 0, 1)) < 0.01
    assert abs(correlation(big, 1, 0)) < 0.01
    assert abs(correlation(big, 16, 0)) < 0.01  # Where blocks of rows meet.


def test_a_mosaic_leaves_red_and_blue_coarser_than_green():
    red, green, blue = kept(mosaic_noise(4, 0, 600, Scratch(800)))
    for plane in (red, green, blue):
        assert plane.var() == pytest.approx(1, rel=0.03)
    # Of bilinear interpolation: red's neighbours share a site in 2 of 3 cases, green's less.
    assert correlation(red, 0, 1) == pytest.approx(2 / 3, abs=0.03)
    assert correlation(blue, 1, 0) == pytest.approx(2 / 3, abs=0.03)
    assert 0.2 < correlation(green, 0, 1) < 0.5
    assert abs(correlation(red, 0, 4)) < 0.03
    assert abs(float((red * blue).mean())) < 0.02


def test_the_mosaic_has_one_parity_whatever_row_a_strip_begins_with():
    whole = kept(mosaic_noise(4, 0, 60, Scratch(80)))
    for first in (1, 16, 31):
        for part, plane in zip(mosaic_noise(4, first, 50, Scratch(80)), whole, strict=True):
            assert np.array_equal(part, plane[first:50])


@pytest.mark.parametrize("sigma", [0.8, 1.4])
def test_grain_is_a_gaussian_wide_and_partly_alike_in_the_layers(sigma):
    layers = kept(film_noise(4, 0, 500, Scratch(700), sigma=sigma, layers=0.6))
    for plane in layers:
        assert plane.var() == pytest.approx(1, rel=0.04)
    # A Gaussian's autocorrelation is one too, sqrt(2) as wide.
    expected = np.exp(-1 / (4 * sigma**2))
    assert correlation(layers[0], 0, 1) == pytest.approx(expected, abs=0.03)
    assert float((layers[0] * layers[2]).mean()) == pytest.approx(0.6, abs=0.03)


@pytest.mark.parametrize("camera", FILMS)
def test_film_grain_shows_most_in_the_mid_tones(camera):
    table = tone_table(TABLE[camera], 1.0)
    shot = prepared(flat(128), TABLE[camera], 1.0, 7)
    seen = []
    for value in (3, 110, 245):
        planes = [linear(np.full((300, 400), value, np.uint8)) for _ in range(3)]
        sensed(shot, planes, 0, Scratch(400))
        develop(planes[1], table, Scratch(400))
        seen.append(planes[1].std())
    assert seen[1] > 1.3 * seen[0]
    assert seen[1] > 1.3 * seen[2]


def test_falloff_is_none_on_the_axis_and_scales_with_strength():
    squared = Field(601, 401).radius_squared(0, 401)
    assert squared[200, 300] == 0
    assert squared[0, 0] == pytest.approx(1, abs=0.01)
    full, half = falloff(squared, 50.0, 1.0), falloff(squared, 50.0, 0.5)
    assert full[200, 300] == half[200, 300] == 1
    assert np.allclose(1 - half, (1 - full) / 2, atol=1e-6)


def test_lateral_colour_grows_with_the_distance_from_the_axis():
    field = Field(2000, 1500)
    plane = np.zeros((1500, 2000), np.float32)
    places = [100, 550, 1000, 1450, 1900]
    for x in places:
        plane[:, x - 3 : x + 4] = 1
    drawn = np.empty_like(plane)
    magnify(plane, field, 0, 0.002, drawn)
    across = np.arange(-9, 10)
    for x in places:
        row = drawn[700, x - 9 : x + 10]
        shift = (row * across).sum() / row.sum()
        assert shift == pytest.approx((x - 999.5) * 0.002, abs=0.04)
    assert drawn.min() >= 0


def test_red_lies_outside_and_blue_inside_at_an_edge_near_the_corner():
    pixels = flat(20, 1600, 1200)
    pixels[100:140, 100:140] = 220
    shot = prepared(pixels, TABLE["film-800"], 1.0, 7)
    red, green, blue = (
        plane[90:150, 90:150] - 0.01 for plane in through_lens(shot, pixels, 0, Scratch(1600))
    )
    middle = [
        float((plane.clip(0.05) * np.arange(60)).sum() / plane.clip(0.05).sum())
        for plane in (red, green, blue)
    ]
    assert middle[0] < middle[1] < middle[2]


def test_corners_are_softer_than_the_middle():
    field = Field(800, 600)
    checks = (np.indices((600, 800)).sum(axis=0) // 4 % 2).astype(np.float32)
    plane = checks.copy()
    soften_corners([plane], field.radius_squared(0, 600), Scratch(800), sigma=1.0, strength=1.0)
    assert np.array_equal(plane[250:350, 350:450], checks[250:350, 350:450])
    assert plane[:40, :40].std() < 0.9 * checks[:40, :40].std()
    assert plane[:40, :40].std() < plane[:40, 200:240].std()


@pytest.mark.parametrize("camera", CAMERAS)
def test_tone_curves_go_through_their_knots_and_never_turn_back(camera):
    knots = TABLE[camera].curve
    x, y = np.array(knots).T
    assert curve_at(knots, x) == pytest.approx(y)
    assert (np.diff(curve_at(knots, np.linspace(0, 1.1, 2000))) > 0).all()
    # Mid grey stays mid grey to a few levels; the look is in the ends.
    assert curve_at(knots, np.array([0.46]))[0] == pytest.approx(0.46, abs=0.03)
    plain = tone_table(TABLE[camera], 0.0)
    for value in (0, 1, 17, 128, 254, 255):
        light = float(linear(np.array([[value]], np.uint8))[0, 0])
        assert plain[round(light / LIGHT_MAX * 65535)] == pytest.approx(value, abs=0.1)


def test_chroma_softness_leaves_luma_alone():
    rng = np.random.default_rng(5)
    planes = [rng.uniform(20, 230, (200, 300)).astype(np.float32) for _ in range(3)]
    weights = (0.299, 0.587, 0.114)
    luma = sum(weight * plane for weight, plane in zip(weights, planes, strict=True))
    colour = (planes[0] - luma).std()
    soften_chroma(planes, 1.5, Scratch(300))
    after = sum(weight * plane for weight, plane in zip(weights, planes, strict=True))
    assert np.allclose(after, luma, atol=0.01)
    assert (planes[0] - luma).std() < 0.4 * colour


def test_highlights_glow_red_around_them_on_film_800_only():
    pixels = flat(6, 900, 600)
    pixels[280:320, 430:470] = 255
    around = glow(pixels)
    assert around.max() > 0.1
    reds = {}
    for camera in ("film-400", "film-800"):
        shot = prepared(pixels, TABLE[camera], 1.0, 7)
        scratch = Scratch(900)
        planes = through_lens(shot, pixels, 0, scratch)
        sensed(shot, planes, 0, scratch)
        reds[camera] = float((planes[0] - planes[2])[270:278, 430:470].mean())
    assert reds["film-800"] > reds["film-400"] + 0.005
    assert glow(flat(100)).max() == 0
