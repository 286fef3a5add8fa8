"""Does `clean` bring degraded pictures nearer to what they were, and leave the others alone?

The scenes and strengths are those from seed `HELD_OUT` on: none of them was looked at while
`clean` was made (that was done on seeds below, and on a few photographs that are not ours to ship).
Nearness is judged by three measures on their own, defined in `support/nearness.py`.
"""

from dataclasses import astuple

import numpy as np
import pytest

from support.machine_look import HELD_OUT, degrade, look
from support.nearness import colour_distance, distance
from support.scenes import scene
from tintype.media.finish.clean import clean_pixels

CASES = 36
SHARE = 0.9
UNTOUCHED_MAX = 1.5


def cleaned(pixels):
    return clean_pixels(
        pixels,
        strength=1.0,
        preset=None,
        seed=0,
        canceled=lambda: False,
        progress=lambda _: None,
    )


@pytest.fixture(scope="module")
def cases():
    """Per case the three distances of the degraded and of the cleaned picture, and what cleaning
    did to the untouched one.
    """
    before, after, untouched = [], [], []
    for number in range(HELD_OUT, HELD_OUT + CASES):
        original = scene(number)
        pushed = degrade(original, look(number))
        before.append(astuple(distance(original, pushed)))
        after.append(astuple(distance(original, cleaned(pushed))))
        untouched.append(colour_distance(original, cleaned(original)))
    return np.array(before), np.array(after), np.array(untouched)


@pytest.mark.parametrize(
    ("measure", "name"), [(0, "CIEDE2000"), (1, "fine detail"), (2, "colourfulness")]
)
def test_nine_in_ten_come_nearer_to_their_originals(cases, measure, name):
    before, after, _ = cases
    told = ~np.isnan(before[:, measure])
    assert told.mean() > 0.9  # A scene without any texture has no texture to lose.
    nearer = after[told, measure] < before[told, measure]
    assert nearer.mean() >= SHARE, name


def test_most_come_nearer_by_all_three_measures_at_once(cases):
    before, after, _ = cases
    assert ((after < before) | np.isnan(before)).all(1).mean() >= 0.8


def test_the_distance_shrinks_by_a_good_part_and_not_by_a_hair(cases):
    before, after, _ = cases
    assert np.all(np.nanmean(after, 0) < [0.75, 0.85, 0.6] * np.nanmean(before, 0))


def test_untouched_originals_hardly_move(cases):
    _, _, untouched = cases
    assert untouched.mean() < UNTOUCHED_MAX
