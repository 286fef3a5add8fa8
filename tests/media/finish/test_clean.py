"""`clean` as a caller meets it: what it keeps, what it refuses, when it stops, that it repeats."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from support import images
from support.machine_look import degrade, look
from support.nearness import colour_distance, lab
from support.scenes import scene
from tintype.core.errors import ValidationFailed
from tintype.media.draft.draw import draw
from tintype.media.finish.clean import clean, clean_pixels
from tintype.media.finish.clean_plan import CLEAN_PRESETS
from tintype.media.finish.frame import opened
from tintype.media.stopping import Stopped
from tintype.media.vips import Image


def on(pixels, strength=1.0, preset=None, seed=1, canceled=lambda: False, progress=lambda _: None):
    return clean_pixels(
        pixels,
        strength=strength,
        preset=preset,
        seed=seed,
        canceled=canceled,
        progress=progress,
    )


def of(data, strength=1.0, preset=None, seed=1, canceled=lambda: False, progress=lambda _: None):
    return clean(
        data, strength=strength, preset=preset, seed=seed, canceled=canceled, progress=progress
    )


def as_file(pixels, kind):
    height, width, bands = pixels.shape
    picture = Image.new_from_memory(
        np.ascontiguousarray(pixels).data, width, height, bands, "uchar"
    )
    return images.encoded(picture.copy(interpretation="srgb"), kind)


@pytest.fixture(scope="module")
def pushed():
    return degrade(scene(7), look(7))


@pytest.fixture(scope="module")
def wide():
    """Three strips and a part of one."""
    return degrade(scene(0, 3000, 600), look(0))


@pytest.mark.parametrize("kind", images.FORMATS)
def test_strength_0_gives_the_same_bytes(kind):
    data = images.file(kind, alpha=kind != "jpeg")
    assert of(data, strength=0) == data


def test_strength_0_still_turns_a_picture_upright_and_changes_nothing_else():
    data = images.turned(6, "png")
    assert images.looks_upright(images.opened(of(data, strength=0)))
    assert np.array_equal(opened(of(data, strength=0)).pixels, opened(data).pixels)


@pytest.mark.parametrize("preset", [None, *CLEAN_PRESETS])
def test_more_strength_moves_a_picture_further(pushed, preset):
    away = [colour_distance(pushed, on(pushed, strength, preset)) for strength in (0, 0.25, 0.5, 1)]
    assert away[0] == 0
    assert 0 < away[1] < away[2] < away[3]


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_alpha_and_size_stay_and_the_format_too(kind, pushed):
    alpha = np.tile(np.linspace(0, 255, pushed.shape[1]).astype(np.uint8), (pushed.shape[0], 1))
    data = as_file(np.dstack((pushed, alpha)), kind)
    before, after = opened(data), opened(of(data))
    assert after.format == kind
    assert after.pixels.shape == pushed.shape
    assert np.abs(after.alpha.astype(int) - before.alpha).max() <= (0 if kind != "avif" else 3)
    assert not np.array_equal(after.pixels, before.pixels)


def test_orientation_and_profile_are_applied_before_anything_is_measured():
    upright = images.file("png")
    assert (
        np.abs(
            opened(of(images.turned(8, "png"))).pixels.astype(int) - opened(of(upright)).pixels
        ).max()
        <= 1
    )
    wide = images.encoded(
        images.with_profile(images.picture(), images.profile_of("p3")), "png", keep="icc"
    )
    assert np.array_equal(opened(of(wide)).pixels, on(opened(wide).pixels))


@pytest.mark.parametrize(
    ("height", "width"),
    [(1, 1), (1, 2), (1, 700), (700, 1), (2, 2), (3, 5), (17, 4), (41, 300), (24, 40_000)],
)
def test_any_size_comes_back_as_large_as_it_was(height, width):
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)
    for preset in (None, *CLEAN_PRESETS):
        assert on(pixels, preset=preset).shape == pixels.shape
    assert opened(of(as_file(pixels, "png"))).pixels.shape == pixels.shape


def test_a_grey_picture_stays_grey():
    grey = cv2.cvtColor(degrade(scene(4), look(4)), cv2.COLOR_RGB2GRAY)
    cleaned = on(np.dstack((grey, grey, grey))).astype(int)
    assert np.abs(cleaned[..., 0] - cleaned[..., 1]).max() <= 1
    assert np.abs(cleaned[..., 2] - cleaned[..., 1]).max() <= 1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_even_area_stays_even(level):
    even = np.full((90, 120, 3), level, np.uint8)
    assert np.ptp(on(even)) <= 1


def test_a_smooth_gradient_gets_no_grain_beside_a_waxy_texture(pushed):
    sky = np.linspace(90, 200, pushed.shape[0]).astype(np.float32)[:, None, None]
    sky = np.repeat(sky * [0.7, 0.85, 1.0], pushed.shape[1], 1).astype(np.uint8)
    cleaned = on(np.hstack((pushed, sky)))[:, pushed.shape[1] + 80 :].astype(float)
    assert np.abs(np.diff(cleaned, axis=1)).max() <= 1


def test_equal_arguments_give_equal_bytes_on_any_number_of_threads(pushed):
    data = as_file(pushed, "jpeg")
    wanted = of(data)
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(of, [data] * 3)) == {wanted}
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(2)
        assert of(data) == wanted
    finally:
        cv2.setNumThreads(threads)


def test_another_seed_lays_another_grain_of_the_same_strength(pushed):
    one, other = on(pushed, seed=1).astype(int), on(pushed, seed=2).astype(int)
    assert not np.array_equal(one, other)
    assert np.abs(one - other).mean() < 2
    assert abs(one.std() - other.std()) < 0.2


def test_no_seam_shows_where_strips_meet(wide):
    cleaned = on(wide).astype(float)
    added = np.abs(np.diff(cleaned - wide, axis=0)).mean((1, 2))
    rows = (1 << 19) // 3000 // 4 * 4
    seams = added[rows - 1 :: rows]
    assert len(seams) >= 2
    assert seams.max() < np.quantile(added, 0.99) * 1.05


def test_progress_rises_to_1_and_is_told_between_strips(wide):
    told = []
    of(as_file(wide, "jpeg"), progress=told.append)
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1
    assert len(told) >= 5


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_cancelling_stops_between_two_strips(asked, wide):
    answers = iter([False] * asked + [True] * 9)
    with pytest.raises(Stopped):
        of(as_file(wide, "jpeg"), canceled=lambda: next(answers))
    assert len(list(answers)) == 8


def test_damaged_bytes_are_refused():
    data = images.file("jpeg", 300, 200)
    with pytest.raises(ValidationFailed):
        of(data[: len(data) // 2])
    with pytest.raises(ValidationFailed):
        of(b"", strength=0)


@pytest.mark.parametrize("number", [5, 17, 29])
def test_the_portrait_preset_keeps_the_hue_of_skin(number):
    pixels = degrade(scene(number), look(number))
    skin = (slice(140, 260), slice(240, 330))
    before, after = (
        lab(pixels[skin]).mean((0, 1)),
        lab(on(pixels, 1, "portrait")[skin]).mean((0, 1)),
    )
    turned = np.degrees(np.arctan2(after[2], after[1]) - np.arctan2(before[2], before[1]))
    assert abs((turned + 180) % 360 - 180) < 4
    plain = lab(on(pixels)[skin]).mean((0, 1))
    assert np.hypot(*after[1:]) >= np.hypot(*plain[1:])


@pytest.mark.parametrize("prompt", ["a red fox in snow", "a city at night", "a bowl of fruit"])
def test_drawings_hardly_change(prompt):
    drawing = opened(draw(prompt, width=640, height=512, seed=3)).pixels
    assert colour_distance(drawing, on(drawing)) < 0.3


def test_the_illustration_preset_adds_no_texture(pushed):
    assert np.array_equal(on(pushed, 1, "illustration", 1), on(pushed, 1, "illustration", 2))
    assert colour_distance(pushed, on(pushed, 1, "illustration")) < colour_distance(
        pushed, on(pushed)
    )
