"""Inner lines: cut as smoothly as the pen drew them, whatever the pixels' steps."""

import cv2
import numpy as np
import pytest

from media.sketch.drawings import rgb
from tintype.media.sketch.creases import away
from tintype.media.sketch.studio import sketch_to_photo

HIGH, WIDE = 200, 500


def stairs(course):
    """One pixel in each column: a line as thinning leaves it."""
    x = np.arange(20, WIDE - 20)
    lines = np.zeros((HIGH, WIDE), np.uint8)
    lines[np.rint(course(x)).astype(int), x] = 1
    return lines


COURSES = {
    "level": lambda x: 100 + 0 * x,
    "shallow": lambda x: 80 + 0.06 * x,
    "steeper": lambda x: 30 + 0.31 * x,
    "bowed": lambda x: 120 - 0.0005 * (x - 250) ** 2,
    "waved": lambda x: 100 + 12 * np.sin(x / 60),
}


@pytest.mark.parametrize("name", COURSES)
def test_distances_are_to_the_line_and_not_to_its_steps(name):
    course, lines = COURSES[name], stairs(COURSES[name])
    far = away(lines)
    x = np.arange(60, WIDE - 60)
    tilt = np.hypot(1, np.gradient(course(x)))
    for beside in (-6, -3, -1, 0, 1, 3, 6):
        rows = np.rint(course(x)).astype(int) + beside
        exact = np.abs(rows - course(x)) / tilt
        assert np.abs(far[rows, x] - exact).max() < 0.45, beside
        assert np.sqrt(np.mean(np.square(far[rows, x] - exact))) < 0.2, beside


def test_ends_and_crossings_keep_their_place():
    lines = np.zeros((HIGH, WIDE), np.uint8)
    lines[100, 100:400] = 1
    lines[40:160, 250] = 1
    far = away(lines)
    plain = cv2.distanceTransform(1 - lines, cv2.DIST_L2, 5)
    assert np.abs(far - plain).max() < 1.5
    assert far[100, 430] == pytest.approx(31, abs=1.5)
    assert far[100, 250] < 0.5
    assert away(np.zeros((40, 40), np.uint8)).min() > 1000


def vase():
    """A body with two bowed lines around it, on a page of 600 x 800."""
    page = np.full((800, 600), 255, np.uint8)
    left = np.array([[230, 130], [215, 220], [130, 400], [150, 560], [230, 690]], np.float32)
    steps = np.linspace(0, 1, 80)
    at = np.interp(steps, np.linspace(0, 1, 5), left[:, 0])
    at = np.convolve(np.pad(at, 8, mode="edge"), np.ones(17) / 17, mode="valid")
    down = np.interp(steps, np.linspace(0, 1, 5), left[:, 1])
    side = np.stack([at, down], axis=1)
    mirrored = side[::-1] * [-1, 1] + [600, 0]
    outline = np.rint(np.concatenate([side, mirrored]) * 16).astype(np.int32)
    cv2.polylines(page, [outline], True, 0, 4, cv2.LINE_AA, 4)
    for middle in (400, 460):
        x = np.linspace(140, 460, 60)
        y = middle + 26 * (1 - ((x - 300) / 160) ** 2)
        line = np.rint(np.stack([x, y], axis=1) * 16).astype(np.int32)
        cv2.polylines(page, [line], False, 0, 4, cv2.LINE_AA, 4)
    return cv2.imencode(".png", page)[1].tobytes()


def test_a_crease_on_a_glossy_body_has_no_staircase():
    picture = rgb(sketch_to_photo(vase(), "glossy blue vase", width=768, height=1024, seed=7))
    light = picture.astype(np.float32).mean(axis=2)
    light = cv2.GaussianBlur(light, (0, 0), sigmaX=1.0, sigmaY=0.01)  # The film's grain.
    across = np.arange(250, 520)
    found = []
    for x in across:
        column = light[520:580, x]
        deep = np.maximum(np.percentile(column, 30) - column, 0) ** 2
        found.append(float((deep * np.arange(60)).sum() / deep.sum()))
    smooth = np.polyval(np.polyfit(across - 384, found, 4), across - 384)
    off = np.abs(np.array(found) - smooth)
    # A step of the page would be 1.28 pixels here, off by 0.64 at both its ends.
    assert np.percentile(off, 95) < 0.35
