"""*Realistic* as a whole: what it keeps, what it depends on, and that its look is measurable."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import pyvips

from tintype.core.errors import ValidationFailed
from tintype.media.draft.draw import draw
from tintype.media.finish.camera import CAMERAS, HALF_DIAGONAL_MM, TABLE
from tintype.media.finish.frame import Frame, encoded, opened
from tintype.media.finish.realistic import prepared, realistic, realistic_pixels
from tintype.media.finish.realistic_tone import LIGHT_MAX
from tintype.media.stopping import Stopped

LUMA = np.array([0.299, 0.587, 0.114])


def never():
    return False


def unheard(done):
    assert 0 <= done <= 1


def shot_of(
    pixels,
    camera="mirrorless",
    *,
    strength=1.0,
    seed=7,
    canceled=never,
    progress=unheard,
    rows=None,
):
    return realistic_pixels(
        pixels, strength=strength, camera=TABLE[camera], seed=seed,
        canceled=canceled, progress=progress, rows=rows,
    )  # fmt: skip


def finished(data, camera="mirrorless", *, strength=1.0, seed=7, canceled=never, progress=unheard):
    return realistic(
        data, strength=strength, camera=TABLE[camera], seed=seed,
        canceled=canceled, progress=progress,
    )  # fmt: skip


def drawing(prompt="a red fox in the forest", width=480, height=360, seed=3):
    return opened(draw(prompt, width=width, height=height, seed=seed)).pixels


def grey(value, width=600, height=400):
    return np.full((height, width, 3), value, np.uint8)


def light_of(pixels, table):
    """Linear light behind encoded values: the tone curve undone. All colours, at float precision."""
    steps = np.linspace(0, LIGHT_MAX, len(table))
    return np.interp(pixels.astype(np.float64), table, steps)


def image(pixels):
    pixels = np.ascontiguousarray(pixels)
    height, width, bands = pixels.shape
    return pyvips.Image.new_from_memory(pixels.data, width, height, bands, "uchar").copy(
        interpretation="srgb"
    )


@pytest.mark.parametrize("camera", CAMERAS)
def test_strength_0_is_the_picture_itself(camera):
    pixels = drawing()
    assert np.array_equal(shot_of(pixels, camera, strength=0), pixels)
    for data in (image(pixels).jpegsave_buffer(Q=90), image(pixels).pngsave_buffer()):
        assert finished(data, camera, strength=0) == data


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_same_seed_gives_the_same_pixels_and_another_seed_others(camera):
    pixels = drawing()
    one, same, other = (shot_of(pixels, camera, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(one, same)
    assert (one != other).mean() > 0.2


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("rows", [16, 37, 128])
def test_pixels_do_not_depend_on_how_the_picture_is_cut_into_strips(camera, rows):
    """But for lateral colour's rounding: one value in a hundred thousand may be one level off."""
    pixels = drawing()
    apart = shot_of(pixels, camera, rows=rows).astype(int) - shot_of(pixels, camera, rows=360)
    assert np.abs(apart).max() <= 1
    assert (apart != 0).mean() < 1e-4


def test_a_strip_reads_all_the_rows_that_a_large_picture_needs():
    pixels = np.random.default_rng(3).integers(0, 256, (3200, 500, 3), np.uint8)
    cut, whole = (shot_of(pixels, "film-800", rows=rows).astype(int) for rows in (300, 3200))
    assert np.abs(cut - whole).max() <= 1


def test_pictures_made_at_once_are_those_made_alone():
    pixels = [drawing(seed=seed) for seed in range(4)]
    alone = [shot_of(one, "film-800") for one in pixels]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda one: shot_of(one, "film-800"), pixels))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("camera", CAMERAS)
def test_more_strength_is_more_of_the_look(camera):
    pixels = drawing().astype(int)
    far = [
        np.abs(shot_of(pixels.astype(np.uint8), camera, strength=strength) - pixels).mean()
        for strength in (0.05, 0.3, 0.6, 1.0)
    ]
    assert far == sorted(far)
    assert far[0] < 1.0


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize(
    "prompt",
    [
        "a red fox in the forest",
        "A lighthouse in a storm at night",
        "a blue sneaker on a yellow background",
    ],
)
def test_the_picture_stays_as_bright_as_it_was(camera, prompt):
    pixels = drawing(prompt)
    before, after = (one.mean(axis=(0, 1)) @ LUMA for one in (pixels, shot_of(pixels, camera)))
    assert abs(after - before) < 2.0


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_flat_field_falls_off_by_the_cos4_law(camera):
    pixels = grey(128, 900, 600)
    shot = prepared(pixels, TABLE[camera], 1.0, 7)
    light = light_of(shot_of(pixels, camera), shot.table)[..., 1]
    places = range(0, 290, 20)  # Patches of 20 x 20 pixels along the diagonal, 3 : 2 as it is.
    measured = [light[y : y + 20, y * 3 // 2 : y * 3 // 2 + 20].mean() for y in places]
    middle = light[290:310, 440:460].mean()
    for y, found in zip(places, measured, strict=True):
        radius = np.hypot(450 - (y * 3 // 2 + 10), 300 - (y + 10)) / np.hypot(450, 300)
        angle = np.arctan(radius * HALF_DIAGONAL_MM / TABLE[camera].focal_mm)
        assert found / middle == pytest.approx(np.cos(angle) ** 4, rel=0.03)


@pytest.mark.parametrize("camera", CAMERAS)
def test_noise_variance_in_the_finished_picture_is_linear_in_luminance(camera):
    """From the 8-bit picture itself, as a lab would: grey steps, tone curve undone."""
    levels = [60, 80, 100, 120, 140, 160, 180, 200]
    steps = np.repeat(np.array(levels, np.uint8), 100)
    pixels = np.ascontiguousarray(np.broadcast_to(steps[None, :, None], (400, 800, 3)))
    shot = prepared(pixels, TABLE[camera], 1.0, 7)
    light = light_of(shot_of(pixels, camera), shot.table)[..., 1]
    means, variances = [], []
    for number in range(len(levels)):
        patch = light[20:380, number * 100 + 8 : number * 100 + 92]
        # Differences of neighbours two rows apart: falloff cancels, and grain is no longer alike.
        difference = (patch[6:] - patch[:-6]) / 2**0.5
        means.append(patch.mean())
        variances.append(difference.var())
    assert np.corrcoef(means, variances)[0, 1] ** 2 >= 0.95
    slope, _ = np.polyfit(means, variances, 1)
    assert slope > 0


def test_no_band_shows_where_strips_meet():
    pixels = grey(150, 800, 640)
    rows = shot_of(pixels, "film-800", rows=64).astype(float).mean(axis=(1, 2))
    jumps = np.abs(np.diff(rows))
    meetings = np.arange(64, 640, 64) - 1
    others = np.delete(jumps, meetings)
    assert jumps[meetings].max() <= others.max()


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 300), (300, 1), (2, 3), (17, 5), (3, 60_000), (200_000, 1)]
)
@pytest.mark.parametrize("camera", CAMERAS)
def test_tiny_and_thin_pictures_keep_their_size_and_colours(camera, size):
    pixels = np.full((*size, 3), (90, 140, 200), np.uint8)
    made = shot_of(pixels, camera)
    assert made.shape == pixels.shape
    assert np.abs(made.mean(axis=(0, 1)) - pixels[0, 0]).max() < 16


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("camera", CAMERAS)
def test_black_and_white_stay_nearly_so(camera, value):
    made = shot_of(grey(value), camera).astype(int)
    assert np.abs(made - value).mean() < 18


def test_it_stops_between_strips_when_asked_to():
    heard = []
    with pytest.raises(Stopped):
        shot_of(grey(90), canceled=lambda: len(heard) >= 2, progress=heard.append, rows=50)
    assert len(heard) == 2
    with pytest.raises(Stopped):
        finished(image(grey(90)).pngsave_buffer(), canceled=lambda: True)


def test_progress_rises_from_0_to_1():
    heard = []
    finished(image(grey(90, 2000, 1500)).jpegsave_buffer(), progress=heard.append)
    assert heard == sorted(heard)
    assert len(heard) > 5
    assert heard[-1] == 1.0


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_outside_0_to_1_is_refused(strength):
    with pytest.raises(ValueError, match="0 to 1"):
        shot_of(grey(90), strength=strength)


def test_transparency_is_untouched_and_the_format_stays():
    pixels = drawing()
    alpha = np.random.default_rng(2).integers(0, 256, (*pixels.shape[:2], 1), np.uint8)
    seen = image(np.concatenate((pixels, alpha), 2))
    for data, kind in (
        (seen.pngsave_buffer(), "png"),
        (seen.webpsave_buffer(lossless=True, exact=True), "webp"),
    ):
        made = opened(finished(data))
        assert made.format == kind
        assert np.array_equal(made.alpha, alpha[..., 0])
        assert np.array_equal(made.pixels, shot_of(pixels))


def test_a_turned_photograph_is_finished_upright():
    pixels = drawing(width=300, height=200)
    turned = image(pixels).rot270().copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 6)
    data = turned.jpegsave_buffer(Q=95)
    made = opened(finished(data))
    assert (made.width, made.height) == (300, 200)
    assert np.abs(made.pixels.astype(int) - shot_of(pixels)).mean() < 6


def test_a_damaged_file_is_refused():
    data = image(drawing()).jpegsave_buffer()
    with pytest.raises(ValidationFailed):
        finished(data[: len(data) // 2])


def test_black_and_white_stays_black_and_white() -> None:
    ramp = np.tile(np.linspace(20, 230, 160).astype(np.uint8), (120, 1))
    grey = Frame(np.dstack([ramp] * 3), None, "png", lossless=False, chroma_full=True)
    made = opened(
        realistic(
            encoded(grey), strength=1.0, camera=TABLE["film-800"], seed=3,
            canceled=lambda: False, progress=lambda _: None,
        )
    ).pixels  # fmt: skip
    assert np.array_equal(made[..., 0], made[..., 1])
    assert np.array_equal(made[..., 1], made[..., 2])
    assert not np.array_equal(made[..., 0], ramp)
