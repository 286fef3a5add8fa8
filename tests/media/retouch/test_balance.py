"""White balance on rooms and products under lights of known colour.

The weights of `balance` were tuned on interiors and backdrops of the seeds 0 to 59; the tests here
use 1000 to 1049, which nothing was tuned on. Differences are CIE dE76 (CIELAB 1976) between the
mean of the neutral patches and the grey of the same lightness.
"""

import cv2
import numpy as np
import pytest

from media.retouch.places import backdrop, cast, interior
from tintype.media.retouch.balance import light_of, temperature, tint, white_balance

HELD_OUT = range(1000, 1050)


def never():
    return False


def off_grey(picture, where):
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2Lab)[where].mean(0)
    return float(np.hypot(lab[1], lab[2]))


def balanced(picture, amount=1.0):
    made = picture.copy()
    white_balance(made, amount=amount, canceled=never)
    return made


def cases(kind, lit, seeds=HELD_OUT):
    """Pictures with their neutral patches; each under a light of its own when `lit`."""
    for seed in seeds:
        light = cast(np.random.default_rng([seed, 99])) if lit else (1.0, 1.0, 1.0)
        place = kind(seed, light, 240, 180)
        yield place.picture, place.masks["neutral"]


@pytest.mark.parametrize("kind", [interior, backdrop])
def test_a_known_cast_is_taken_out(kind):
    before, after = zip(
        *((off_grey(picture, where), off_grey(balanced(picture), where))
          for picture, where in cases(kind, lit=True)), strict=True,
    )  # fmt: skip
    assert np.median(before) > 7
    assert np.median(after) < 1
    assert max(after) < 3


@pytest.mark.parametrize("kind", [interior, backdrop])
def test_a_picture_without_a_cast_keeps_its_white(kind):
    after = [
        off_grey(balanced(picture), where) for picture, where in cases(kind, False, HELD_OUT[:12])
    ]
    assert np.median(after) < 0.5
    assert max(after) < 3


def test_half_the_amount_takes_out_about_half():
    place = interior(3, (1.3, 0.95, 0.7))
    where = place.masks["neutral"]
    whole, half, none = (
        off_grey(balanced(place.picture, amount), where) for amount in (1.0, 0.5, 0.0)
    )
    assert whole < 1
    assert 0.3 * none < half < 0.7 * none


def test_lightness_stays_where_it_is():
    place = interior(3, (1.3, 0.95, 0.7))
    before, after = (
        cv2.cvtColor(picture, cv2.COLOR_RGB2Lab)[place.masks["neutral"]][:, 0].mean()
        for picture in (place.picture, balanced(place.picture))
    )
    assert abs(before - after) < 2


def test_what_is_blown_stays_white():
    picture = interior(3, (1.3, 0.95, 0.7)).picture
    picture[20:40, 20:60] = 1
    assert balanced(picture)[20:40, 20:60].min() > 0.995


def test_where_nothing_tells_the_light_nothing_changes():
    for picture in (np.zeros((40, 60, 3), np.float32), np.ones((40, 60, 3), np.float32)):
        assert light_of(picture).sure == 0
        assert np.abs(balanced(picture) - picture).max() < 1e-4


def ramp():
    return np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, 2).repeat(8, 0)


@pytest.mark.parametrize("amount", [-1, -0.5, 0.5, 1])
def test_temperature_goes_from_blue_to_yellow_at_the_same_luma(amount):
    grey = ramp()
    made = grey.copy()
    temperature(made, amount=amount, canceled=never)
    middle = made[0, 40:200]
    assert np.all((middle[:, 0] - middle[:, 2]) * amount > 0)
    light = cv2.cvtColor(made, cv2.COLOR_RGB2Lab)[0, 40:200, 0]
    assert np.abs(light - cv2.cvtColor(grey, cv2.COLOR_RGB2Lab)[0, 40:200, 0]).max() < 1
    assert made.min() >= 0
    assert made.max() <= 1


def test_tint_goes_from_green_to_magenta():
    red, green, blue = 0, 1, 2
    for amount in (-1, 1):
        made = ramp()
        tint(made, amount=amount, canceled=never)
        middle = made[0, 40:200]
        assert np.all((middle[:, red] - middle[:, green]) * amount > 0)
        assert np.all((middle[:, blue] - middle[:, green]) * amount > 0)


def test_more_warmth_is_warmer():
    made = []
    for amount in np.linspace(-1, 1, 9):
        picture = np.full((4, 4, 3), 0.5, np.float32)
        temperature(picture, amount=float(amount), canceled=never)
        made.append(picture[0, 0, 0] - picture[0, 0, 2])
    assert np.all(np.diff(made) > 0)
    assert abs(made[4]) < 1e-3
