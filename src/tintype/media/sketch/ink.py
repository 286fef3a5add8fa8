"""A page becomes ink: how dark each pixel is against its own paper, and which pixels are strokes.

The paper is whatever most of the neighbourhood is, so uneven light, grey or coloured paper and a
blackboard need no setting: light strokes on a dark page are seen by which way the fine detail
leans, and the page is turned over. All of it happens at one working size, whatever came in.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats, Frame, opened
from tintype.media.sketch.arrays import blurred, components, distances, floats, resized

SIDE_MIN: Final = 640
SIDE_MAX: Final = 1200
"""The longer side of the page while strokes are looked for, in pixels."""

_SMALL: Final = 192
_BLANK: Final = 0.07
_STROKES_MIN: Final = 0.0004
_EXTENT_MIN: Final = 0.05
_OPAQUE_MOSTLY: Final = 0.5
_PALE: Final = 0.6
_LEANS: Final = 1.4
_RATIO_MAX: Final = 16
_BUSY: Final = 0.075
_PLAIN: Final = 0.45


class NotASketch(ValueError):
    """The picture shows no drawing that could be worked from; the words are for the client."""


@dataclass(frozen=True, slots=True)
class Ink:
    """`mask` is 1 on strokes and 0 elsewhere, `width` the usual stroke's in its pixels.

    `edge` is how dark each pixel is beside the darkest of its neighbours (0 to 1): where it is
    one half runs the stroke's true edge, finer than pixels.
    """

    mask: Bytes
    edge: Floats
    width: float


@dataclass(frozen=True, slots=True)
class Look:
    """What tells a drawing from a photograph, each measured over the whole page.

    `covered` is the share of strokes, `plain` the share of pixels that are nothing but paper,
    `busy` how far the usual pixel is from its paper, `tinted` how far the paper's own colour
    wanders (CIELAB units of a and b), `thick` the radius of the broadest ink as a share of the
    longer side, `uneven` how far the paper's light wanders between its 10th and 90th percentile
    (0 to 1).
    """

    covered: float
    plain: float
    busy: float
    tinted: float
    thick: float
    uneven: float

    @property
    def photograph(self) -> bool:
        """Only where the signs are strong: a wrong refusal is worse than an odd picture.

        The limits lie between some thirty drawings (hatched, filled, pencil in bad light, chalk,
        crayon) and as many photographs; a few plain photographs pass for drawings.
        """
        if self.busy > _BUSY or self.plain < _PLAIN:
            return True
        signs = (
            self.covered > 0.2,  # noqa: PLR2004
            self.plain < 0.62,  # noqa: PLR2004
            self.thick > 0.04,  # noqa: PLR2004
            self.uneven > 0.6,  # noqa: PLR2004
        )
        wandering = self.tinted > 7 and self.plain < 0.8  # noqa: PLR2004
        # Clean flat tones are a poster or a filled drawing, however dark.
        return wandering or (sum(signs) >= 3 and self.busy > 0.02)  # noqa: PLR2004


def read_ink(data: bytes) -> Ink:
    """The strokes of an encoded picture.

    Raises what `opened` raises for a file that is no picture, and NotASketch for a page without
    strokes and for what is surely a photograph.
    """
    page = _turned(_page(opened(data)))
    paper = _paper(page)
    darkness = _darkness(page, paper)
    mask = strokes_of(darkness)
    if look_of(page, paper, darkness, mask).photograph:
        raise NotASketch(
            "The picture looks like a photograph, not a sketch."
            " Send a drawing: dark lines on light paper, or light lines on dark."
        )
    mask = without_specks(mask)
    rows, columns = np.nonzero(mask)
    extent = max(np.ptp(rows), np.ptp(columns)) if rows.size else 0
    if mask.mean() < _STROKES_MIN or extent < _EXTENT_MIN * max(mask.shape):
        raise _blank()
    inside = distances(mask)
    # A stroke's area is its length times its width, and half its mean depth is a quarter of that.
    width = max(1.5, 4.0 * float(inside[mask > 0].mean()) - 1.0)
    darkest = cv2.dilate(darkness, np.ones((7, 7), np.uint8))
    edge = np.clip(darkness / np.maximum(darkest, 0.02), 0, 1)
    return Ink(mask, np.asarray(edge, np.float32), width)


def look_of(page: Floats, paper: Floats, darkness: Floats, mask: Bytes) -> Look:
    """See `Look`; the arguments are the steps of `read_ink`."""
    small = resized(paper, 64, 64, cv2.INTER_AREA)
    lab: Any = cv2.cvtColor(np.clip(small, 0, 1), cv2.COLOR_RGB2LAB)
    tinted = float(np.hypot(*(np.std(lab[..., i]) for i in (1, 2))))
    light = np.percentile(lab[..., 0], (10, 90))
    plain = float(np.mean(np.abs(darkness) < 0.05))  # noqa: PLR2004
    thick = float(distances(mask).max()) / max(page.shape)
    uneven = float((light[1] - light[0]) / max(light[1], 1.0))
    return Look(float(mask.mean()), plain, _noise(darkness), tinted, thick, uneven)


def _noise(darkness: Floats) -> float:
    """The deviation of the usual pixel from its paper; strokes are too few to count."""
    return 1.4826 * float(np.median(np.abs(darkness[::3, ::3])))


def _blank() -> NotASketch:
    return NotASketch("The sketch shows no strokes. Send a drawing with visible lines.")


def _page(frame: Frame) -> Floats:
    """The picture at the working size over white or black, whichever its ink shows on; 0 to 1."""
    long = max(frame.width, frame.height)
    if long > _RATIO_MAX * min(frame.width, frame.height):
        raise NotASketch("The sketch is a strip: its long side is over 16 times the short one.")
    scale = min(max(long, SIDE_MIN), SIDE_MAX) / long
    size = (max(1, round(frame.width * scale)), max(1, round(frame.height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    page = resized(frame.pixels, *size, how) / np.float32(255)
    if frame.alpha is None:
        return page
    cover = resized(frame.alpha, *size, how) / np.float32(255)
    luma = page @ np.array([0.299, 0.587, 0.114], np.float32)
    ink_luma = float((luma * cover).sum() / max(float(cover.sum()), 1e-6))
    under = 0.0 if cover.mean() < _OPAQUE_MOSTLY and ink_luma > _PALE else 1.0
    return floats(page * cover[..., None] + under * (1 - cover[..., None]))


def _turned(page: Floats) -> Floats:
    """Dark strokes on light paper, whichever way round it came."""
    luma = floats(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY))
    small = _shrunk(luma)
    plain = cv2.medianBlur(_eight_bit(small), 47)
    around = resized(plain, luma.shape[1], luma.shape[0]) / 255
    lean = around - luma
    down = float(np.square(np.maximum(lean, 0)).sum())
    up = float(np.square(np.maximum(-lean, 0)).sum())
    return 1 - page if up > _LEANS * down else page


def _paper(page: Floats) -> Floats:
    """The page without its ink: each place the colour that most of its neighbourhood has."""
    small = _eight_bit(_shrunk(page))
    bright = cv2.dilate(small, np.ones((5, 5), np.uint8))
    plain = blurred(cv2.medianBlur(bright, 39), 5)
    whole = resized(plain, page.shape[1], page.shape[0], cv2.INTER_CUBIC)
    return floats(whole / 255)


def _darkness(page: Floats, paper: Floats) -> Floats:
    """How much of the paper's light each pixel lost in the channel that lost most; 0 is paper.

    The channel that lost most sees a yellow pen as well as a black one.
    """
    smooth = blurred(page, 0.8)
    lost: Floats = (1 - smooth / np.maximum(paper, 0.06)).max(axis=2)
    # Paper's own grain makes the brightest neighbour brighter than the paper is.
    return lost - np.float32(np.median(lost[::3, ::3]))


def strokes_of(darkness: Floats) -> Bytes:
    """Pixels clearly darker than paper, and the fainter ones that hang on to them."""
    top = float(np.quantile(darkness, 1 - 1 / 800))
    # On anything but paper the noise says little, and `look_of` will tell.
    noise = min(_noise(darkness), _BUSY)
    if top < max(_BLANK, 5 * noise):
        return np.zeros(darkness.shape, np.uint8)
    weak = darkness > max(0.24 * top, 4 * noise, 0.035)
    strong = darkness > max(0.45 * top, 4.5 * noise)
    count, labels = cv2.connectedComponents(weak.astype(np.uint8), connectivity=8)
    held = np.zeros(count, np.uint8)
    held[labels[strong]] = 1
    held[0] = 0
    mask: Bytes = held[labels]
    return mask


def without_specks(mask: Bytes) -> Bytes:
    """The strokes without dust: dots far smaller than any line."""
    speck = 0.009 * max(mask.shape)
    count, labels, stats = components(mask)
    spans = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (spans >= speck).astype(np.uint8)
    keep[0] = 0
    kept: Bytes = keep[labels]
    return kept if count > 1 else mask


def _shrunk(page: Floats) -> Floats:
    scale = _SMALL / max(page.shape[:2])
    size = (max(8, round(page.shape[1] * scale)), max(8, round(page.shape[0] * scale)))
    return resized(page, *size, cv2.INTER_AREA)


def _eight_bit(values: Floats) -> Bytes:
    whole: Bytes = np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)
    return whole
