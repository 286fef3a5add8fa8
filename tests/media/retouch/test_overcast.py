"""Grey skies are found, also dark ones; grey walls over lawns and in rooms are no sky.

What tells them apart was tuned on the seeds 0 to 23; the tests use 3200 to
3229, which nothing was tuned on.
"""

import cv2
import numpy as np
import pytest

from media.retouch.places import DAYLIGHT, Place, blend, box, exterior, interior, taken
from support.machine_look import decode
from support.scenes import fractal, grid, paint, smooth
from tintype.media.finish.frame import Band
from tintype.media.retouch.find_sky import sky_of
from tintype.media.retouch.sky import sky

WIDE, HIGH = 320, 240
GREYS = (150, 162, 174, 186, 198, 210)
HELD_OUT = range(3200, 3230)


def photographed(picture, seed):
    """Noise and a JPEG over it."""
    dice = np.random.default_rng([seed, 8])
    noisy = picture * 255 + dice.standard_normal(picture.shape) * dice.uniform(0.5, 2.0)
    bgr = np.rint(np.clip(noisy, 0, 255)).astype(np.uint8)[..., ::-1]
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(dice.integers(75, 95))])
    rgb = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(rgb).astype(np.float32) / 255


def overcast(seed):
    place = exterior(seed, str(GREYS[seed % len(GREYS)]), WIDE, HIGH)
    return Place(photographed(place.picture, seed), place.masks)


def facade(seed):
    """A grey wall up to the picture's upper edge, over a lawn: bare, or with windows, or shrubs."""
    dice = np.random.default_rng([seed, 9])
    x, y = grid(WIDE, HIGH)
    grey = float(decode(np.float32(dice.uniform(150, 210) / 255)))
    shade = 1 - dice.uniform(0, 0.15) * y + dice.uniform(0, 0.02) * fractal(dice, WIDE, HIGH, 0.8)
    scene = paint((grey, grey, grey * dice.uniform(0.97, 1.03)), shade.astype(np.float32))
    base = 0.75 * dice.uniform(0.5, 0.72)
    if seed % 3:
        for number in range(int(dice.integers(1, 4))):
            left, top = 0.08 + 0.3 * number, base * dice.uniform(0.2, 0.35)
            frame = box(x, y, left, top, left + 0.16, top + base * 0.4)
            pane = box(x, y, left + 0.012, top + 0.012, left + 0.148, top + base * 0.4 - 0.012)
            scene = blend(scene, paint((0.8, 0.8, 0.8), np.ones_like(x)), frame)
            scene = blend(scene, paint((0.08, 0.1, 0.12), np.ones_like(x)), pane)
    rough = fractal(dice, WIDE, HIGH, 0.7)
    if seed % 3 == 2:
        crown = base - 0.05 - 0.025 * fractal(dice, WIDE, 8, 1.1)[0][None, :]
        shrub = smooth((y - crown + 0.012 * rough).astype(np.float32), 0.006)
        scene = blend(scene, paint((0.1, 0.19, 0.05), np.clip(0.75 + 0.42 * rough, 0.1, 2)), shrub)
    ground = smooth((y - base).astype(np.float32), 0.004)
    blades = np.clip(0.85 + 0.3 * fractal(dice, WIDE, HIGH, 0.5), 0.2, 2)
    scene = blend(scene, paint((0.13, 0.22, 0.05), blades), ground)
    return photographed(taken(scene, dice, DAYLIGHT), seed)


def grey_room(seed):
    """A room with grey walls, with a lawn behind a large window where the seed is even."""
    dice = np.random.default_rng([seed, 10])
    x, y = grid(WIDE, HIGH)
    grey = float(decode(np.float32(dice.uniform(150, 210) / 255)))
    shade = (1.05 - 0.2 * x - 0.1 * y).astype(np.float32)
    scene = paint((grey,) * 3, shade)
    if seed % 4 > 1:
        scene = blend(scene, paint((0.8, 0.8, 0.8), shade * 0.8), smooth(0.12 - y, 0.004))
    scene = blend(scene, paint((0.3, 0.17, 0.09), shade), smooth(y - 0.58, 0.004))
    if seed % 2 == 0:
        left, right = dice.uniform(0.1, 0.25), dice.uniform(0.7, 0.92)
        frame = box(x, y, left - 0.015, 0.165, right + 0.015, 0.575)
        glass = box(x, y, left, 0.18, right, 0.56)
        blades = np.clip(0.85 + 0.3 * fractal(dice, WIDE, HIGH, 0.5), 0.2, 2)
        scene = blend(scene, paint((0.82, 0.82, 0.82), shade), frame)
        scene = blend(scene, paint((0.2, 0.34, 0.08), blades), glass)
    return photographed(taken(scene, dice, DAYLIGHT), seed)


def found(picture):
    region = sky_of(picture)
    if region is None:
        return np.zeros(picture.shape[:2], np.float32)
    return region.at(picture, Band(0, len(picture), 0, len(picture)), len(picture))


def test_a_grey_sky_is_found_and_what_stands_under_it_is_not():
    places = [overcast(seed) for seed in HELD_OUT]
    masks = [found(it.picture) for it in places]
    inside = [mask[it.masks["sky"]].mean() for mask, it in zip(masks, places, strict=True)]
    # A wall of just the sky's grey may make both look like a wall: then there is no sky.
    assert np.mean(np.array(inside) > 0.9) >= 0.85
    for name in ("grass", "leaves", "drive"):
        assert max(m[it.masks[name]].mean() for m, it in zip(masks, places, strict=True)) < 0.1
    walls = [mask[it.masks["house"]].mean() for mask, it in zip(masks, places, strict=True)]
    assert np.mean(np.array(walls) < 0.05) >= 0.85


@pytest.mark.parametrize("kind", [facade, grey_room])
def test_a_grey_wall_is_no_sky(kind):
    for seed in HELD_OUT:
        picture = kind(seed)
        made = picture.copy()
        assert not sky(made, look="blue", amount=1.0, seed=1, canceled=lambda: False), seed
        assert np.array_equal(made, picture)


def test_rooms_in_lamplight_and_by_day_have_no_grey_sky():
    for seed in HELD_OUT:
        assert sky_of(photographed(interior(seed, width=WIDE, height=HIGH).picture, seed)) is None
