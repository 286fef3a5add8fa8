"""What a picture shows, and that the camera keeps it in the frame; every picture is made here."""

from functools import cache

import cv2
import numpy as np
import pytest
import pyvips

from tintype.media.reel.focus import SEEN_WITHIN, subject_of
from tintype.media.reel.moves import MOVES, covering, path_of
from tintype.media.reel.plate import glimpse, source

FRAMES = [(9, 16), (1, 1), (16, 9), (4, 5)]
TIMES = [step / 12 for step in range(13)]
NEAR = 0.008
"""Of a frame: what a box found in a picture of 512 pixels may be off, at both its ends."""


def jpeg(body, wide=900, high=1100, ground="#f5f3f0"):
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">'
        f'<rect width="100%" height="100%" fill="{ground}"/>{body}</svg>'
    )
    return pyvips.Image.svgload_buffer(svg.encode()).flatten().jpegsave_buffer(Q=90)


@cache
def bag(left=150, size=600, ground="#f5f3f0", **more):
    k = size / 600
    return jpeg(
        f'<g transform="translate({left} {420 - 320 * (k - 1)}) scale({k})">'
        '<path d="M120 30C120 -320 480 -320 480 30" fill="none" stroke="#5a2819" '
        'stroke-width="28"/><rect width="600" height="530" rx="60" fill="#8a4424"/>'
        '<rect width="600" height="220" rx="50" fill="#a8552f"/>'
        '<rect x="270" y="190" width="60" height="80" fill="#d4af55"/></g>',
        ground=ground,
        **more,
    )


@cache
def chair():
    lines = (
        "M300 150H700V500H300Z M300 500L240 600H760L700 500 M240 600V640H760V600 "
        "M240 640V900H280V640 M720 640V900H760V640"
    )
    body = f'<path d="{lines}" fill="none" stroke="#000" stroke-width="6"/>'
    return jpeg(body, 1000, 1000, ground="#fff")


def textured(wide=800, high=800, seed=3):
    dice = np.random.default_rng(seed)
    light = np.full((high, wide, 3), 128, np.float32)
    for cell in (40, 20, 10):
        small = dice.normal(0, 22, (high // cell + 2, wide // cell + 2, 3)).astype(np.float32)
        light += cv2.resize(small, (wide, high), interpolation=cv2.INTER_CUBIC)
    pixels = np.clip(light, 0, 255).astype(np.uint8)
    return pyvips.Image.new_from_array(pixels).copy(interpretation="srgb").pngsave_buffer()


def street(x):
    """A head and shoulders before a busy, dull street."""
    houses = "".join(
        f'<rect x="{n * 62 - 20}" y="{120 + 37 * (n * 7 % 5)}" width="58" height="700" '
        f'fill="#{0x50 + 9 * (n % 4):02x}{0x58 + 9 * (n % 3):02x}{0x60 + 7 * (n % 5):02x}"/>'
        for n in range(21)
    )
    person = (
        f'<ellipse cx="{x}" cy="820" rx="170" ry="260" fill="#3d4654"/>'
        f'<ellipse cx="{x}" cy="430" rx="95" ry="125" fill="#dcaa8c"/>'
    )
    return jpeg(houses + person, 1200, 800, ground="#8d99a6")


@cache
def found(data, frame=(1, 1)):
    picture = source(data)
    wide, high = covering(picture.size, frame)
    shown = wide / picture.size[0], high / picture.size[1]
    return subject_of(glimpse(picture, SEEN_WITHIN), shown)


def windows(data, move, frame, seed=1):
    """The windows of a move, 0 to 1 of the picture: (left, top, right, bottom)."""
    (wide, high), subject = source(data).size, found(data, frame)
    path = path_of(
        move, picture=(wide, high), frame=frame, focal=subject.point, thing=subject.thing,
        held=False, seconds=5, seed=seed,
    )  # fmt: skip
    shown = [path.at(time) for time in TIMES]
    return [(w.left / wide, w.top / high, w.right / wide, w.bottom / high) for w in shown]


def test_a_thing_in_the_middle_is_looked_at_in_its_middle():
    for data, box in ((bag(), (150, 174, 750, 950)), (chair(), (237, 147, 763, 903))):
        subject, size = found(data), source(data).size
        assert subject.point[0] == pytest.approx(0.5, abs=0.01)
        thing = subject.thing
        ends = thing.left, thing.top, thing.right, thing.bottom
        assert ends == pytest.approx(
            [box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1]], abs=0.008
        )
        assert thing.top < subject.point[1] < thing.bottom


@pytest.mark.parametrize("left", [10, 120, 300, 590])
def test_the_point_follows_a_thing_that_is_off_the_middle(left):
    middle = (left + 150) / 900
    assert found(bag(left, 300)).point[0] == pytest.approx(middle, abs=0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#f5f3f0", "#9fa8a0", "#22345f", "#101012"])
def test_any_plain_ground_will_do(ground):
    subject = found(bag(ground=ground))
    assert subject.point[0] == pytest.approx(0.5, abs=0.02)
    assert subject.thing.width == pytest.approx(600 / 900, abs=0.02)


def test_a_ground_that_fades_from_side_to_side_is_still_plain():
    fade = (
        '<defs><linearGradient id="f"><stop offset="0" stop-color="#f4f4f4"/>'
        '<stop offset="1" stop-color="#9a9a9a"/></linearGradient></defs>'
        '<rect width="100%" height="100%" fill="url(#f)"/>'
        '<circle cx="450" cy="500" r="180" fill="#a03020"/>'
    )
    subject = found(jpeg(fade))
    assert subject.point == pytest.approx((0.5, 500 / 1100), abs=0.02)
    assert subject.thing.width == pytest.approx(360 / 900, abs=0.03)


def test_two_things_are_seen_together_where_they_fit_and_the_heavier_alone_where_not():
    pair = jpeg(
        '<circle cx="300" cy="400" r="120" fill="#205080"/>'
        '<circle cx="1250" cy="400" r="80" fill="#205080"/>',
        1600,
        800,
    )
    together, alone = found(pair, (16, 9)), found(pair, (9, 16))
    assert together.thing.left == pytest.approx(180 / 1600, abs=0.01)
    assert together.thing.right == pytest.approx(1330 / 1600, abs=0.01)
    assert 300 / 1600 < together.point[0] < 1250 / 1600
    assert alone.point == pytest.approx((300 / 1600, 0.5), abs=0.01)
    assert alone.thing.right == pytest.approx(420 / 1600, abs=0.01)


def test_of_equals_that_do_not_fit_together_the_one_nearer_to_the_middle_counts():
    three = jpeg(
        "".join(f'<circle cx="{x}" cy="400" r="100" fill="#205080"/>' for x in (200, 820, 1400)),
        1600,
        800,
    )
    assert found(three, (9, 16)).point[0] == pytest.approx(820 / 1600, abs=0.01)


def test_a_texture_is_looked_at_in_its_middle_and_so_is_nothing():
    for seed in range(4):
        subject = found(textured(seed=seed))
        assert subject.thing is None
        assert subject.point == pytest.approx((0.5, 0.5), abs=0.1)
    assert found(jpeg("")).point == (0.5, 0.5)


@pytest.mark.parametrize("x", [330, 600, 900])
def test_in_a_scene_a_face_is_found(x):
    subject = found(street(x), (16, 9))
    assert subject.thing is None
    assert subject.point[0] == pytest.approx(x / 1200, abs=0.06)
    assert 0.3 < subject.point[1] < 0.75


@pytest.mark.parametrize("move", sorted(MOVES))
@pytest.mark.parametrize("data", [bag(), chair()], ids=["bag", "chair"])
def test_a_thing_that_nearly_fills_an_upright_film_stays_in_its_middle(data, move):
    shown = windows(data, move, (9, 16))
    for left, _, right, _ in (shown[0], shown[6], shown[-1]):
        assert (0.5 - left) / (right - left) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("move", sorted(MOVES))
@pytest.mark.parametrize("size", [250, 420, 600])
def test_what_fits_the_frame_is_never_cut(size, move, frame):
    data = bag((900 - size) / 2, size)
    wide, high = covering((900, 1100), frame)
    top = 420 - 320 * (size / 600 - 1) - 246 * size / 600
    bottom = top + 776 * size / 600
    for seed in range(3):
        for left, low, right, end in windows(data, move, frame, seed):
            if size <= wide:
                near = NEAR * (right - left)
                assert left - near <= (900 - size) / 1800
                assert (900 + size) / 1800 <= right + near
            if bottom - top <= high:
                near = NEAR * (end - low)
                assert low - near <= top / 1100
                assert bottom / 1100 <= end + near


@pytest.mark.parametrize("move", sorted(MOVES))
def test_of_a_thing_that_is_too_large_the_frame_shows_nothing_beside_it(move):
    data = bag(50, 800)
    for left, _, right, _ in windows(data, move, (9, 16)):
        assert left >= 50 / 900 - NEAR
        assert right <= 850 / 900 + NEAR


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("move", sorted(MOVES))
def test_a_thing_never_stops_a_move(move, frame):
    for data in (bag(), bag(300, 300), chair()):
        shown = windows(data, move, frame)
        (left, top, right, bottom), last = shown[0], shown[-1]
        way = abs(last[0] - left), abs(last[1] - top), abs(last[2] - last[0] - right + left)
        assert max(way) >= 0.02 * min(right - left, bottom - top)
