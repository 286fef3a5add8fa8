"""A page is read as ink: whatever its light, its colours and its paper, and only if it is drawn."""

import cv2
import numpy as np
import pytest

from media.sketch.drawings import dress, handbag, mug, page, pencil, png, rgb, shoe
from support.scenes import scene
from tintype.core.errors import UnsupportedMediaType
from tintype.media.sketch.ink import NotASketch, read_ink

SIDE = 800


def strokes_of(pixels):
    """The page's strokes at its own size, 0 or 1."""
    mask = read_ink(png(pixels)).mask
    size = (pixels.shape[1], pixels.shape[0])
    return cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)


def alike(found, drawn):
    """The share of the drawn line that was found, and of the found one that was drawn (F1)."""
    near = np.ones((5, 5), np.uint8)
    hit = (drawn & cv2.dilate(found, near)).sum() / drawn.sum()
    true = (found & cv2.dilate(drawn, near)).sum() / max(1, found.sum())
    return 2 * hit * true / (hit + true)


def drawn(strokes, side=SIDE):
    return (page(strokes, side=side)[..., 0] < 128).astype(np.uint8)


def transparent(strokes, ink):
    share = 255 - page(strokes, side=SIDE, ink=(0, 0, 0))[..., 0]
    return np.dstack((np.full((SIDE, SIDE, 3), ink, np.uint8), share))


@pytest.mark.parametrize(
    "pixels",
    [
        page(mug(), side=SIDE),
        page(mug(), side=SIDE, ink=(235, 235, 235), paper=(22, 26, 30)),
        page(mug(), side=SIDE, ink=(240, 240, 250), paper=(30, 60, 150)),
        page(mug(), side=SIDE, ink=(250, 205, 40)),
        page(mug(), side=SIDE, ink=(40, 90, 200), paper=(236, 222, 190)),
        page(mug(), side=SIDE, ink=(206, 206, 210)),
        transparent(mug(), 30),
        transparent(mug(), 245),
        pencil(mug(), side=SIDE),
    ],
    ids=[
        "black on white", "chalk on a board", "white on blue", "yellow pen", "blue on tan",
        "faint", "dark on nothing", "white on nothing", "pencil in a window's light",
    ],
)  # fmt: skip
def test_the_same_lines_are_read_from_every_page(pixels):
    assert alike(strokes_of(pixels), drawn(mug())) > 0.97


@pytest.mark.parametrize("side", [160, 400, 2400])
def test_small_and_large_pages_are_read(side):
    assert alike(strokes_of(page(shoe(), side=side)), drawn(shoe(), side)) > 0.95


def test_the_width_of_the_pen_is_known():
    thin, thick = (read_ink(png(page(mug(), side=1000, pen=pen))).width for pen in (4, 20))
    assert thin == pytest.approx(4, abs=3)
    assert thick == pytest.approx(20, abs=4)


def test_dust_is_no_line():
    dusty = page(dress(), side=SIDE)
    dice = np.random.default_rng(2)
    for x, y in dice.integers(0, SIDE, (60, 2)):
        cv2.circle(dusty, (int(x), int(y)), 1, (40, 40, 40), -1)
    assert alike(strokes_of(dusty), drawn(dress())) > 0.95


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((600, 600, 3), 255, np.uint8),
        np.zeros((600, 600, 3), np.uint8),
        np.dstack([np.tile(np.linspace(120, 250, 600), (600, 1)).astype(np.uint8)] * 3),
        np.clip(
            np.random.default_rng(1).normal(200, 4, (600, 600, 1)).repeat(3, axis=2), 0, 255
        ).astype(np.uint8),
        np.zeros((600, 600, 4), np.uint8),
    ],
    ids=["white", "black", "a fall of light", "paper's grain", "nothing at all"],
)
def test_a_blank_page_is_refused(pixels):
    with pytest.raises(NotASketch, match="no strokes"):
        read_ink(png(pixels))


@pytest.mark.parametrize("number", [0, 1, 2, 4, 5, 8, 11])
def test_a_photograph_is_refused_with_what_to_send_instead(number):
    with pytest.raises(NotASketch, match=r"photograph.*Send a drawing"):
        read_ink(png(scene(number)))


def shaded(strokes):
    """A hand's hatching over half of the page."""
    pixels = page(strokes, side=SIDE)
    for start in range(-SIDE, SIDE, 9):
        cv2.line(pixels, (start, SIDE), (start + 500, 200), (120, 120, 120), 1, cv2.LINE_AA)
    return pixels


def crayoned(strokes):
    """Broad strokes of colour within the lines."""
    pixels = page(strokes, side=SIDE, pen=8)
    for y in range(300, 620, 14):
        cv2.line(pixels, (240, y), (470, y + 6), (235, 120, 90), 9, cv2.LINE_AA)
    return pixels


@pytest.mark.parametrize(
    "pixels",
    [shaded(handbag()), crayoned(mug()), pencil(handbag()), page(mug(), side=SIDE, pen=40)],
    ids=["hatched", "crayon", "pencil", "brush"],
)
def test_a_busy_drawing_is_no_photograph(pixels):
    assert read_ink(png(pixels)).mask.any()


def test_a_photograph_of_a_drawing_is_a_drawing():
    """A phone's picture of a page: uneven light, noise, blur and a JPEG's blocks."""
    photo = cv2.GaussianBlur(pencil(handbag(), side=1000), (0, 0), 1.2)
    data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()
    mask = read_ink(data).mask
    found = cv2.resize(mask, (1000, 1000), interpolation=cv2.INTER_NEAREST)
    assert alike(found, drawn(handbag(), 1000)) > 0.9
    assert rgb(data).shape == (1000, 1000, 3)


def test_what_is_no_picture_is_refused_as_everywhere():
    with pytest.raises(UnsupportedMediaType):
        read_ink(b"%PDF-1.7 a scanned sketch")
