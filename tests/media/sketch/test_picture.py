"""The picture: the drawing's outline, the prompt's colours and materials, light and shadow."""

import colorsys

import cv2
import numpy as np
import pytest

from media.sketch.drawings import (
    armchair,
    bottle,
    car,
    chair,
    curve,
    dress,
    handbag,
    lamp,
    mug,
    page,
    pencil,
    png,
    rgb,
    shoe,
    silhouette,
    teapot,
)
from tintype.media.sketch.ink import NotASketch
from tintype.media.sketch.studio import sketch_to_photo
from tintype.media.stopping import Stopped

SIDE = 400


def made(strokes, prompt="", *, width=SIDE, height=SIDE, seed=3, **how):
    source = strokes if isinstance(strokes, bytes) else png(page(strokes, side=600, **how))
    return rgb(sketch_to_photo(source, prompt, width=width, height=height, seed=seed))


def thing_of(sketch, *, width, height, words="plastic"):
    """Where the thing is: what doesn't change with the colour of the ground behind it."""
    one, other = (
        rgb(
            sketch_to_photo(
                sketch, f"{words}, {color} background", width=width, height=height, seed=1
            )
        ).astype(int)
        for color in ("white", "blue")
    )
    same = np.abs(one - other).max(axis=2) < 14
    return cv2.morphologyEx(same.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))


def outline(mask):
    """The outer contour of the largest piece, as a mask one pixel wide."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    line = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(line, [max(found, key=cv2.contourArea)], -1, 1, 1)
    return line


def apart(one, other):
    """Of each point the distance to the nearest of the other outline, both ways, in pixels."""
    far = [
        cv2.distanceTransform(1 - b, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[a > 0]
        for a, b in ((one, other), (other, one))
    ]
    return np.concatenate(far)


@pytest.mark.parametrize(
    ("strokes", "side"),
    [
        (mug(), 1000), (shoe(), 1000), (armchair(), 1000), (bottle(), 640), (dress(), 640),
        (lamp(), 640), (handbag(), 640), (teapot(), 640), (car(), 640),
    ],
    ids=[
        "mug", "shoe", "armchair", "bottle", "dress", "lamp", "handbag", "teapot", "car",
    ],
)  # fmt: skip
def test_the_outline_stays_within_three_pixels_of_the_drawings(strokes, side):
    sketch = png(page(strokes, side=side))
    drawn = silhouette(strokes, side=side)
    found = thing_of(sketch, width=side, height=side)
    far = apart(outline(found), outline(drawn))
    assert np.percentile(far, 95) < 1.6
    assert far.max() <= 3


@pytest.mark.parametrize(("side", "pen", "target"), [(1600, 14, 768), (600, 4, 1200)])
def test_the_outline_holds_when_the_page_is_scaled(side, pen, target):
    strokes = handbag()
    drawn = cv2.resize(
        silhouette(strokes, side=side, pen=pen), (target, target), interpolation=cv2.INTER_AREA
    )
    found = thing_of(png(page(strokes, side=side, pen=pen)), width=target, height=target)
    far = apart(outline(found), outline(drawn > 127))
    assert np.percentile(far, 95) < 2.2
    assert far.max() <= 3


@pytest.mark.parametrize(("width", "height"), [(512, 512), (640, 360), (300, 533), (91, 64)])
def test_sizes_are_exact_and_the_page_keeps_its_ratio(width, height):
    picture = made(mug(), "a red mug", width=width, height=height)
    assert picture.shape == (height, width, 3)
    wide, high = np.ptp(np.argwhere(red(picture)), axis=0)[::-1] + 1
    assert wide / high == pytest.approx(545 / 480, rel=0.12)


def red(picture):
    return hue_mask(picture, 0.0)


def hue_mask(picture, hue, reach=0.06):
    values = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(float)
    turn = np.abs((values[..., 0] / 180 - hue + 0.5) % 1 - 0.5)
    return (turn < reach) & (values[..., 1] > 110)


def patch(picture, x, y, size=0.03):
    """A square around a place of the page of 1,000, of a square picture."""
    side = picture.shape[0]
    half = int(size * side)
    row, column = int(y * side / 1000), int(x * side / 1000)
    return picture[row - half : row + half, column - half : column + half]


def hue_of(pixels):
    return float(
        np.median([colorsys.rgb_to_hsv(*(pixel / 255))[0] for pixel in pixels.reshape(-1, 3)])
    )


@pytest.mark.parametrize(
    ("words", "hue"),
    [
        ("red ceramic", 0.0), ("orange plastic", 0.07), ("yellow velvet", 0.125),
        ("green ceramic", 0.37), ("teal leather", 0.48), ("blue plastic", 0.59),
        ("purple velvet", 0.74), ("pink wool", 0.95),
    ],
)  # fmt: skip
def test_colour_words_are_obeyed(words, hue):
    picture = made(mug(), f"a {words} mug")
    found = hue_of(patch(picture, 430, 520, 0.06))
    assert abs((found - hue + 0.5) % 1 - 0.5) < 0.045


def test_parts_take_the_colours_that_their_words_give_them():
    picture = made(shoe(), "white leather sneaker with a blue sole")
    assert hue_of(patch(picture, 500, 695, 0.02)) == pytest.approx(0.59, abs=0.05)
    upper = patch(picture, 240, 470, 0.02)
    assert np.ptp(upper.mean(axis=(0, 1))) < 30, "white"
    lampshade = made(lamp(), "red lamp with a blue stand")
    assert hue_of(patch(lampshade, 500, 330, 0.04)) % 0.97 == pytest.approx(0, abs=0.05)


def test_a_lamps_shade_takes_its_own_words_and_the_rest_takes_the_lamps():
    lampshade = made(lamp(), "blue lamp with a red shade")
    assert hue_of(patch(lampshade, 500, 330, 0.04)) % 0.97 == pytest.approx(0, abs=0.05)
    assert hue_of(patch(lampshade, 500, 830, 0.01)) == pytest.approx(0.59, abs=0.05)


def test_the_ground_takes_its_colour_and_only_the_ground():
    picture = made(mug(), "white mug on a pink background")
    assert hue_of(patch(picture, 100, 150)) == pytest.approx(0.95, abs=0.05)
    assert np.ptp(patch(picture, 430, 520).mean(axis=(0, 1))) < 30


def grey(picture):
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(float)


def body(material):
    return grey(patch(made(mug(), f"grey {material} mug"), 430, 500, 0.13))


def test_metal_mirrors_the_lamps_and_cloth_does_not():
    def gleam(material):
        soft = cv2.GaussianBlur(body(material), (0, 0), 3)
        return np.percentile(soft, 99) - np.median(soft)

    assert gleam("metal") > 2 * gleam("linen")
    assert gleam("ceramic") > 1.3 * gleam("matte clay")


def test_cloth_stone_and_wood_have_their_grain_and_plastic_has_none():
    def fine(material):
        patch = body(material)
        return (patch - cv2.GaussianBlur(patch, (0, 0), 3)).std()

    plain = fine("plastic")
    for material in ("linen", "knit", "stone", "leather", "wood"):
        assert fine(material) > 1.5 * plain, material


def test_glass_shows_what_is_behind_it():
    clear = [
        patch(made(mug(), f"glass mug, {c} background"), 430, 520).mean(axis=(0, 1))
        for c in ("red", "blue")
    ]
    solid = [
        patch(made(mug(), f"ceramic mug, {c} background"), 430, 520).mean(axis=(0, 1))
        for c in ("red", "blue")
    ]
    assert np.abs(clear[0] - clear[1]).max() > 40
    assert np.abs(solid[0] - solid[1]).max() < 3


def test_a_shadow_lies_below_and_not_above():
    for strokes, x, low in ((mug(), 430, 737), (handbag(), 500, 848), (car(), 275, 694)):
        picture = grey(made(strokes, "on a white background"))
        row, column = int(low * SIDE / 1000) + 2, int(x * SIDE / 1000)
        under = picture[row - 1 : row + 2, column - 8 : column + 8].mean()
        above = np.median(picture[int(0.05 * SIDE) : int(0.1 * SIDE)])
        floor = np.median(picture[int(0.95 * SIDE) :, int(0.4 * SIDE) : int(0.6 * SIDE)])
        assert under < 0.75 * min(above, floor)


def test_bodies_are_round_and_not_flat():
    """A mug is lit from one side: across it the light rises and falls, as on no flat fill."""
    picture = grey(made(mug(), "white clay mug"))
    across = cv2.GaussianBlur(picture, (0, 0), 5)[
        int(0.5 * SIDE), int(0.25 * SIDE) : int(0.6 * SIDE)
    ]
    assert np.ptp(across) > 35


def test_no_line_of_the_pen_is_left():
    """Ink is nowhere: what was black on the page is not what is darkest in the picture."""
    picture = grey(made(mug(), "white ceramic mug on a white background"))
    lines = page(mug(), side=SIDE)[..., 0] < 60
    assert np.median(picture[lines]) > 120


def test_a_handles_hole_shows_the_ground():
    picture = made(mug(), "white mug on a red background")
    assert red(patch(picture, 690, 490, 0.008)).mean() > 0.9


def test_light_words_change_the_light():
    usual = made(mug(), "white mug")
    dark = made(mug(), "white mug, dramatic light")
    warm = made(mug(), "white mug at sunset").mean(axis=(0, 1))
    night = made(mug(), "white mug at night").mean(axis=(0, 1))
    assert grey(dark).mean() < 0.7 * grey(usual).mean()
    assert warm[0] - warm[2] > 25
    assert night[2] > night[0]


def test_style_words_change_the_picture():
    monochrome = made(mug(), "red mug, monochrome").astype(int)
    assert np.ptp(monochrome, axis=2).max() <= 2


def test_drink_stands_in_the_mouth():
    full = patch(made(mug(), "white mug of coffee"), 430, 305, 0.012).mean()
    empty = patch(made(mug(), "white mug"), 430, 305, 0.012).mean()
    assert full < 0.6 * empty


def test_the_same_arguments_give_the_same_bytes():
    sketch = png(page(handbag(), side=500))
    one, same, other = (
        sketch_to_photo(sketch, "leather bag", width=256, height=256, seed=seed)
        for seed in (5, 5, 6)
    )
    assert one == same
    assert one != other


def test_the_seed_moves_the_lamp():
    sides = set()
    for seed in range(8):
        picture = grey(made(mug(), "white clay mug, white background", seed=seed))
        left, right = (patch(picture, x, 520, 0.02).mean() for x in (290, 570))
        sides.add(left > right)
        if len(sides) == 2:
            return
    raise AssertionError("always on one side")


@pytest.mark.parametrize(
    "sketch",
    [
        png(page(chair())),
        png(page(mug(), wobble=4, times=3)),
        png(page(shoe(), ink=(240, 240, 240), paper=(10, 10, 10))),
        png(pencil(handbag())),
        png(page([curve((200, 300), (500, 200), (800, 300))])),
        png(page(dress(), side=90)),
        png(page(lamp(), side=1200, pen=2)),
    ],
    ids=["gaps", "gone over", "inverted", "pencil", "one line", "tiny", "thin"],
)
def test_every_hand_gets_its_picture(sketch):
    picture = made(sketch, "blue, on a white background", width=480, height=480)
    assert hue_mask(picture, 0.59).sum() > 12


@pytest.mark.parametrize("count", [40, 400])
def test_any_page_of_lines_gives_a_picture(count):
    """Lines everywhere, over the page's edges too."""
    dice = np.random.default_rng(count)
    pixels = np.full((700, 700, 3), 255, np.uint8)
    for x, y, across, down in dice.integers((0, 0, -60, -60), (700, 700, 60, 60), (count, 4)):
        start, end = (int(x), int(y)), (int(x + across), int(y + down))
        cv2.line(pixels, start, end, (0, 0, 0), 2, cv2.LINE_AA)
    for width, height in ((200, 120), (64, 700)):
        assert made(png(pixels), "stone", width=width, height=height).shape == (height, width, 3)


def test_a_blank_page_is_refused():
    blank = png(np.full((300, 300, 3), 250, np.uint8))
    with pytest.raises(NotASketch, match="no strokes"):
        sketch_to_photo(blank, "a mug", width=256, height=256, seed=1)


@pytest.mark.parametrize(("width", "height"), [(32, 256), (256, 9000), (6000, 6000)])
def test_sizes_beyond_the_limits_are_refused(width, height):
    with pytest.raises(ValueError, match="pixels"):
        sketch_to_photo(png(page(mug())), "", width=width, height=height, seed=1)


def test_progress_rises_and_a_cancellation_ends_it():
    heard = []
    sketch_to_photo(png(page(mug())), "", width=128, height=128, seed=1, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) > 8
    for questions in (0, 3, 8):
        answers = iter([False] * questions + [True] * 99)
        with pytest.raises(Stopped):
            sketch_to_photo(
                png(page(mug())), "", width=128, height=128, seed=1,
                canceled=lambda answers=answers: next(answers),
            )  # fmt: skip


def test_the_sandboxs_mark_is_on_the_picture():
    sketch = png(page(mug()))
    plain, marked = (
        rgb(sketch_to_photo(sketch, "a mug", width=256, height=256, seed=1, test_mark=mark))
        for mark in (False, True)
    )
    changed = np.abs(plain.astype(int) - marked).max(axis=2) > 12
    assert changed[:60, -60:].mean() > 0.3, "the ribbon in the corner"
    assert changed[80:180, 60:200].mean() > 0.05, "the word across"
