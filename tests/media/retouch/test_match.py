"""Consistency: after `match` a picture's tone statistics lie nearer to the reference's.

Written on pairs of the seeds 0 to 39; the tests use 2000 to 2050, which nothing was tuned on. The
distance is that of `Statistics`: quantiles of lightness, means and deviations of colour.
"""

import numpy as np
import pytest

from media.retouch.places import backdrop, cast, exterior, interior
from tintype.media.retouch.balance import temperature
from tintype.media.retouch.match import match, statistics
from tintype.media.retouch.oklab import oklab
from tintype.media.retouch.profile import profile_of
from tintype.media.retouch.tone import contrast, exposure

HELD_OUT = range(2000, 2051)


def never():
    return False


def developed(picture, dice):
    """The picture as another camera and another hand would have developed it."""
    made = picture.copy()
    exposure(made, stops=dice.uniform(-1.2, 0.8), canceled=never)
    contrast(made, amount=dice.uniform(-0.8, 0.8), canceled=never)
    temperature(made, amount=dice.uniform(-1, 1), canceled=never)
    return made


def pair(seed):
    """Two different rooms, or products, or houses, and what developed the second."""
    dice = np.random.default_rng([seed, 5])
    kind = (interior, backdrop, exterior)[seed % 3]
    light = () if kind is exterior else (cast(dice),)
    picture = kind(seed, *light, width=192, height=144).picture
    reference = kind(seed + 10_000, width=192, height=144).picture
    return picture, developed(reference, dice)


def matched(picture, reference, amount=1.0):
    made = picture.copy()
    match(made, reference, amount=amount, canceled=never)
    return made


def test_it_at_least_halves_the_distance_to_the_reference():
    shares, profiles = [], []
    for seed in HELD_OUT:
        picture, reference = pair(seed)
        made = matched(picture, reference)
        goal = statistics(reference)
        shares.append(statistics(made).distance(goal) / statistics(picture).distance(goal))
        if seed % 4:
            continue
        wanted = np.array(profile_of(reference)[:10])
        off = [np.abs(np.array(profile_of(it)[:10]) - wanted).mean() for it in (picture, made)]
        profiles.append(off[1] / off[0])
    assert np.median(shares) < 0.2
    # Where two pictures differ by what they show and hardly by tone there is little to halve.
    assert max(shares) <= 0.5
    # The profile's numbers are others than those that are matched, and follow as well.
    assert np.median(profiles) < 0.5


@pytest.mark.parametrize("seed", [2001, 2002, 2003])
def test_what_was_lighter_stays_lighter(seed):
    picture, reference = pair(seed)
    grey = np.linspace(0, 1, 512, dtype=np.float32)[None, :, None].repeat(3, 2).repeat(8, 0)
    made = oklab(matched(np.ascontiguousarray(grey), reference))[0, :, 0]
    assert np.all(np.diff(made) > -2e-3)
    assert np.isfinite(matched(picture, reference)).all()


def test_a_picture_matches_itself():
    picture, _ = pair(2004)
    assert np.abs(matched(picture, picture) - picture).mean() < 1 / 255


def test_half_the_amount_goes_about_half_of_the_way():
    picture, reference = pair(2005)
    goal = statistics(reference)
    away = [
        statistics(matched(picture, reference, amount)).distance(goal) for amount in (0, 0.5, 1)
    ]
    assert away[2] < away[1] < away[0]
    assert 0.25 * away[0] < away[1] < 0.75 * away[0]


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_plain_pictures_are_no_trouble(level):
    plain = np.full((30, 40, 3), level, np.float32)
    picture, reference = pair(2006)
    for one, other in ((plain, reference), (picture, plain), (plain, plain)):
        made = matched(one, other)
        assert np.isfinite(made).all()
        assert made.min() >= 0
        assert made.max() <= 1
