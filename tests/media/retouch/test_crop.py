import numpy as np
import pytest

from tintype.media.retouch.crop import crop_to, window


def positions(width: int, height: int) -> np.ndarray:
    """A picture whose red is x and whose green is y, both 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.dstack([x / (width - 1), y / (height - 1), np.zeros_like(x)])


@pytest.mark.parametrize("seed", range(60))
def test_the_focal_point_is_in_and_as_central_as_the_edges_allow(seed):
    dice = np.random.default_rng([seed, 59])
    width, height = (int(side) for side in dice.integers(20, 400, 2))
    ratio = float(np.exp(dice.uniform(-1.2, 1.2)))
    focal = tuple(dice.uniform(0, 1, 2))
    left, top, wide, tall = window(width, height, ratio, focal)
    assert left >= 0 <= top
    assert left + wide <= width
    assert top + tall <= height
    assert wide == width or tall == height, "the largest part of the ratio"
    for start, length, side, share in (
        (left, wide, width, focal[0]),
        (top, tall, height, focal[1]),
    ):
        there = share * side
        assert start <= there <= start + length
        off = abs(start + length / 2 - there)
        assert off <= 0.51 or start in {0, side - length}


def test_a_square_of_a_wide_picture_follows_its_focal_point():
    picture = positions(200, 100)
    for focal, left in (((0.5, 0.5), 50), ((0.0, 0.5), 0), ((1.0, 0.2), 100), ((0.6, 0.9), 70)):
        made, _ = crop_to(picture, None, 100, 100, focal)
        assert made[0, 0, 0] == pytest.approx(left / 199, abs=1e-6)


def test_no_focal_point_is_the_middle():
    picture = positions(300, 100)
    made, _ = crop_to(picture, None, 100, 100, None)
    assert np.array_equal(made, picture[:, 100:200])


def test_a_shrinking_picture_is_averaged_and_loses_no_light():
    dice = np.random.default_rng(60)
    noise = dice.uniform(0, 1, (240, 320, 3)).astype(np.float32)
    made, _ = crop_to(noise, None, 80, 60, None)
    whole = noise.reshape(60, 4, 80, 4, 3).mean((1, 3))
    assert np.abs(made - whole).max() < 1e-5


def test_a_growing_picture_stays_between_black_and_white():
    picture = np.zeros((20, 20, 3), np.float32)
    picture[5:15, 5:15] = 1
    made, _ = crop_to(picture, None, 80, 80, None)
    assert made.shape == (80, 80, 3)
    assert made.min() >= 0
    assert made.max() <= 1
    assert made[40, 40].min() > 0.99


@pytest.mark.parametrize(
    ("asked", "made"),
    [((0, 0), (90, 60)), ((45, 0), (45, 30)), ((0, 20), (30, 20)), ((7, 31), (7, 31)),
     ((1, 1), (1, 1)), ((300, 1), (300, 1))],
)  # fmt: skip
def test_every_size_is_exact_and_zero_follows_the_ratio(asked, made):
    picture, alpha = crop_to(positions(90, 60), np.ones((60, 90), np.float32), *asked, (0.3, 0.3))
    assert picture.shape == (made[1], made[0], 3)
    assert alpha is not None
    assert alpha.shape == (made[1], made[0])


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_what_cannot_be_seen_does_not_bleed_into_what_can(kind):
    picture = np.zeros((64, 64, 3), np.float32)
    picture[:, :31] = (1, 0, 0)
    picture[:, 31:] = (0, 1, 0)
    alpha = np.zeros((64, 64), kind)
    alpha[:, :31] = 255 if kind is np.uint8 else 1
    made, veil = crop_to(picture, alpha, 32, 32, None)
    assert veil is not None
    assert veil.dtype == kind
    seen = veil > 0
    assert np.abs(made[seen] - (1, 0, 0)).max() < 1e-4
    assert 0 < veil[0, 15] < veil[0, 14]


def test_a_picture_of_that_size_is_not_resampled():
    dice = np.random.default_rng(61)
    picture = dice.uniform(0, 1, (50, 70, 3)).astype(np.float32)
    made, _ = crop_to(picture, None, 50, 50, (0.0, 0.0))
    assert np.array_equal(made, picture[:, :50])
