"""The yardstick of `clean` is right itself: CIEDE2000 by its published pairs, the rest by sense."""

import cv2
import numpy as np
import pytest

from support.machine_look import HELD_OUT, cast, contrast, degrade, look, saturate, smear
from support.nearness import ciede2000, colourfulness, detail_distance, distance, fine_energy, lab
from support.scenes import scene

# Table 1 of Sharma, Wu and Dalal (2005): all 34 pairs, which reach every branch of the formula.
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, -1.1848, -84.8006), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, -0.9009, -85.5211), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0010), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0012), 7.2195),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0009, -2.4900), 4.8045),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0010, -2.4900), 4.8045),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0011, -2.4900), 4.7461),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
    ((50.0, 2.5, 0.0), (56.0, -27.0, -3.0), 31.9030),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((50.0, 2.5, 0.0), (50.0, 3.1736, 0.5854), 1.0000),
    ((50.0, 2.5, 0.0), (50.0, 3.2972, 0.0), 1.0000),
    ((50.0, 2.5, 0.0), (50.0, 1.8634, 0.5757), 1.0000),
    ((50.0, 2.5, 0.0), (50.0, 3.2592, 0.3350), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


def test_ciede2000_gives_every_published_value():
    one, other, wanted = (np.array(column) for column in zip(*SHARMA, strict=True))
    assert ciede2000(one, other) == pytest.approx(wanted, abs=5e-5)
    assert ciede2000(other, one) == pytest.approx(wanted, abs=5e-5)


def test_lab_of_the_primaries_is_as_tabulated():
    primaries = np.array([[[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]]], np.uint8)
    wanted = [[100, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [0, 0, 0]]
    assert lab(primaries)[0] == pytest.approx(np.array(wanted), abs=0.02)


def test_a_picture_is_at_no_distance_from_itself():
    found = distance(scene(3), scene(3))
    assert (found.colour, found.detail, found.colourfulness) == (0, 0, 0)


def test_each_measure_sees_its_own_kind_of_change():
    plain = scene(4)
    blurred = cv2.GaussianBlur(plain, (0, 0), 1.2)
    assert detail_distance(plain, blurred) > 0.5
    assert fine_energy(blurred).mean() < fine_energy(plain).mean() / 3
    grey = np.repeat(plain.mean(2, keepdims=True), 3, 2).astype(np.uint8)
    assert colourfulness(grey) < 0.2
    assert colourfulness(plain) > 5


def test_the_degradation_does_what_it_says():
    plain = scene(HELD_OUT)
    strengths = look(HELD_OUT)
    coded = plain.astype(np.float32) / 255
    assert (
        np.abs(np.diff(smear(plain, strengths), axis=1)).mean()
        < np.abs(np.diff(coded, axis=1)).mean()
    )
    assert contrast(np.float32([0, 0.25, 0.5, 0.75, 1]), 4.0) == pytest.approx(
        [0, 0.18, 0.5, 0.82, 1], abs=0.02
    )
    assert saturate(np.full((1, 1, 3), 0.3, np.float32), 2.0) == pytest.approx(0.3, abs=1e-4)
    warm = cast(np.full((1, 1, 3), 0.3, np.float32), 1.1, 0.9)[0, 0]
    assert warm @ [0.2126, 0.7152, 0.0722] == pytest.approx(0.3, abs=1e-5)
    assert warm[0] > warm[1] > warm[2]
    assert np.array_equal(degrade(plain, strengths), degrade(plain, strengths))
    assert look(HELD_OUT) != look(HELD_OUT + 1)
