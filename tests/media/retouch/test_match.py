"""Consistency: after `match` a picture's tone statistics lie nearer to the reference's.

And what another picture merely shows, an orange sofa say, tints nothing grey.

Written on pairs of the seeds 0 to 39; the tests use 4000 to 4050, which nothing was tuned on. The
distance is that of `Statistics`: quantiles of lightness, means and deviations of colour.
"""

import cv2
import numpy as np
import pytest

from media.retouch.places import backdrop, cast, exterior, interior
from tintype.media.retouch.balance import adapt, adaptation, light_of, temperature
from tintype.media.retouch.light import encoded, linear, luma
from tintype.media.retouch.match import match, statistics
from tintype.media.retouch.oklab import oklab
from tintype.media.retouch.profile import profile_of
from tintype.media.retouch.tone import contrast, exposure

HELD_OUT = range(4000, 4051)


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


STRONG = ((0.75, 0.2, 0.02), (0.55, 0.02, 0.05), (0.02, 0.12, 0.6), (0.05, 0.4, 0.08),
          (0.45, 0.03, 0.4), (0.8, 0.55, 0.02))  # fmt: skip


def coloured_room(seed, light):
    """A room with one large thing of a strong colour, in this light; and where it is grey."""
    dice = np.random.default_rng([seed, 6])
    place = interior(seed, light, width=192, height=144)
    wide, tall = int(192 * dice.uniform(0.3, 0.6)), int(144 * dice.uniform(0.25, 0.45))
    left, top = int(dice.uniform(0, 192 - wide)), int(dice.uniform(0.45, 0.55) * 144)
    where = np.s_[top : top + tall, left : left + wide]
    folds = 1 + 0.08 * cv2.GaussianBlur(dice.standard_normal((tall, wide)), (0, 0), 3)
    cloth = folds[..., None] * np.array(STRONG[seed % len(STRONG)]) * np.array(light)
    place.picture[where] = encoded(np.clip(cloth, 0, 1).astype(np.float32))
    grey = place.masks["neutral"]
    grey[where] = False
    return place.picture, grey


def unlike(seed):
    """A house outdoors (or a coloured room), a picture of the other kind, and where it is grey."""
    dice = np.random.default_rng([seed, 7])
    house = exterior(seed, width=192, height=144)
    room, grey = coloured_room(seed, cast(dice) if seed % 4 > 1 else (1.0, 1.0, 1.0))
    if seed % 2:
        return room, house.picture, grey
    return house.picture, room, house.masks["drive"]


def cielab(rgb):
    return cv2.cvtColor(np.asarray(rgb, np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0]


def mean_colour(picture, where):
    return encoded(linear(picture)[where].mean(0, dtype=np.float64).astype(np.float32)[None, None])


def tinted(picture, reference, grey):
    """How far in CIELAB (1976) grey ends off its way from one picture's light to the other's."""
    made = mean_colour(matched(picture, reference), grey)
    own, theirs = light_of(picture), light_of(reference)
    away = []
    for share in np.linspace(0, 1, 11):
        due = mean_colour(picture, grey)
        adapt(due, adaptation(own.colour, share * own.sure), never)
        adapt(due, adaptation(theirs.colour, -share * theirs.sure), never)
        level = linear(due) * (luma(linear(made)) / luma(linear(due)))[..., None]
        away.append(np.linalg.norm(cielab(made) - cielab(encoded(np.clip(level, 0, 1)))))
    return float(min(away))


def test_what_another_picture_shows_tints_no_grey():
    off = [tinted(*unlike(seed)) for seed in HELD_OUT]
    assert np.quantile(off, 0.9) < 4
    assert max(off) < 6


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
