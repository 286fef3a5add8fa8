"""Inner lines cut into the surface, as smooth as the pen drew them.

Lines come as pixels, and a slope that followed their steps would show them all, most of all in a
mirror. So each pixel of a line is moved to where the line around it runs, to a fraction of a
pixel, and distances are measured from there.
"""

from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.sketch.arrays import blurred, floats, gradient
from tintype.media.sketch.regions import Drawing

_ALONG: Final = 7.0
"""Pixels of a line, as a deviation, that say together where it runs."""
_MOVED_MAX: Final = 1.2
_LINE: Final = 0.5
"""How much longer than wide the pixels around must lie to be a line, and no crossing."""
_NEAR, _FAR = 8.0, 20.0
"""Pixels from a line up to which its exact place matters, and from which it does not."""


def creases(drawing: Drawing, extent: float, cloth: Bytes) -> tuple[Floats, Floats]:
    """How inner strokes and the borders between parts are cut in: slopes, and their own shade.

    On cloth a stroke drawn on a part is a soft fold and no cut.
    """
    labels = drawing.labels
    right = (labels[:, 1:] != labels[:, :-1]) & (labels[:, 1:] * labels[:, :-1] != 0)
    below = (labels[1:] != labels[:-1]) & (labels[1:] * labels[:-1] != 0)
    between = np.zeros(labels.shape, np.uint8)
    between[:, 1:] |= right
    between[1:] |= below
    folds = drawing.seams & cloth
    height, dark = _cut((drawing.seams & (1 - cloth)) | between, extent)
    fold = np.exp(-np.square(away(folds) / np.float32(0.013 * extent)))
    height = blurred(height - np.float32(0.011 * extent) * fold, 1.0)
    slope = -gradient(height)
    return slope, floats(dark * (1 - 0.3 * fold))


def _cut(cuts: Bytes, extent: float) -> tuple[Floats, Floats]:
    """Height and light along cut lines: a narrow groove in a broad, shallow hollow."""
    narrow, broad = max(1.4, 0.0034 * extent), 0.018 * extent
    far = away(cuts)
    groove = np.exp(-np.square(far / np.float32(narrow)))
    falloff = np.exp(-far / np.float32(broad))
    height = -narrow * 0.9 * groove - 0.22 * broad * falloff
    return floats(height), floats(1 - 0.5 * groove - 0.16 * falloff)


def away(lines: Bytes) -> Floats:
    """Each pixel's distance to the nearest of the lines; very far where there are none."""
    if not lines.any():
        return np.full(lines.shape, 1e4, np.float32)
    far, nearest = cv2.distanceTransformWithLabels(
        1 - lines, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(lines)
    at = rows, columns
    place, along, sure = _placed(lines, at)
    number = np.zeros(int(nearest.max()) + 1, np.int64)
    number[nearest[at]] = np.arange(len(at[0]))
    close = np.nonzero(np.asarray(far) < _FAR)
    own = number[nearest[close]]
    offset = np.stack([close[1], close[0]], axis=-1) - place[own]
    ahead = np.abs((offset * along[own]).sum(axis=-1))
    aside = np.abs(offset[:, 0] * along[own, 1] - offset[:, 1] * along[own, 0])
    # Beside a line the distance is straight to it; off its end, to its last pixel.
    exact = np.hypot(aside, np.maximum(ahead - 1, 0))
    plain = np.asarray(far)[close]
    share = sure[own] * np.clip((_FAR - plain) / (_FAR - _NEAR), 0, 1)
    out = floats(far).copy()
    out[close] = plain + share * (exact - plain)
    return out


def _placed(lines: Bytes, at: tuple[Any, Any]) -> tuple[Any, Any, Any]:
    """Of each pixel of the lines: where its line runs (x, y), which way, and how surely (0 to 1).

    The pixels around have a middle and a long axis; the pixel is moved onto that, across only.
    """
    reach = int(3 * _ALONG)
    steps = np.arange(-reach, reach + 1, dtype=np.float64)
    bell = np.exp(-np.square(steps / _ALONG) / 2)

    def moment(across: int, down: int) -> Any:
        kernels = bell * steps**across, bell * steps**down
        kind = cv2.BORDER_CONSTANT
        return cv2.sepFilter2D(floats(lines), cv2.CV_32F, *kernels, borderType=kind)[at]

    whole = np.maximum(moment(0, 0), 1e-6)
    x, y = moment(1, 0) / whole, moment(0, 1) / whole
    xx = moment(2, 0) / whole - x * x
    yy = moment(0, 2) / whole - y * y
    xy = moment(1, 1) / whole - x * y
    turn = np.arctan2(2 * xy, xx - yy) / 2
    along = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    straight = np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-6)
    sure = np.clip((straight - _LINE) / (0.9 - _LINE), 0, 1)
    aside = np.clip(y * along[:, 0] - x * along[:, 1], -_MOVED_MAX, _MOVED_MAX)
    place = np.stack([at[1] - aside * along[:, 1], at[0] + aside * along[:, 0]], axis=-1)
    return place, along, sure
