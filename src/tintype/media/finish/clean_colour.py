"""Cast, contrast and saturation as tables, so that a pixel costs a look-up and not a formula.

Two tables do it. One per channel from 8 bits to float undoes the S-curve and the cast. The other
is a plane over (Cr, Cb): what to multiply a pixel's chroma with. It is worked out in OKLab
(Ottosson, "A perceptual color space for image processing", 2020), where equal factors look
equally strong at every hue, and skin, foliage and sky are ranges of hue.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.clean_plan import LEAST, Plan
from tintype.media.finish.frame import Bytes, Floats
from tintype.media.finish.frame_planes import blurred, largest, threefold, times
from tintype.media.finish.frame_room import Room

_SIDE: Final = 129
"""Entries a side of the chroma plane, bilinear between them."""
_GAMMA: Final = 2.2
_WALL_REACH: Final = 0.25
_WALL_SPARED: Final = 0.45
_STRONG: Final = 0.2
"""OKLab chroma over lightness of the strong colours of real things."""

_TO_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS: Final = np.linalg.inv(_TO_LMS)
_FROM_LAB: Final = np.linalg.inv(_TO_LAB)
_TO_CHROMA: Final = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
"""Cb and Cr of JPEG's YCbCr, in this order because columns come before rows in OpenCV."""

_SKIN_HUE: Final = (52.0, 26.0)
"""Middle and half width in degrees of OKLab hue: skin of all tones lies between 30 and 75."""
_FOLIAGE_HUE: Final = (130.0, 30.0)
_SKY_HUE: Final = (245.0, 28.0)


def channel_tables(plan: Plan) -> Floats:
    """(256, 3): sRGB of 8 bits to sRGB 0 to 255 with cast and S-curve undone, for cv2.LUT."""
    coded = np.linspace(0, 1, 256)
    if plan.steepness >= LEAST:
        foot = 1 / (1 + np.exp(plan.steepness / 2))
        flat = foot + coded * (1 - 2 * foot)
        coded = 0.5 + np.log(flat / (1 - flat)) / plan.steepness
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
    red, blue = plan.gains
    gains = np.array([red, 1.0, blue])
    gains = gains / (gains @ [0.2126, 0.7152, 0.0722])
    mended = np.clip(linear[:, None] * gains, 0, 1)
    low, high = mended * 12.92, 1.055 * mended ** (1 / 2.4) - 0.055
    return np.asarray(255 * np.where(mended <= 0.0031308, low, high), np.float32)  # noqa: PLR2004


def toned(pixels: Bytes, tables: Floats, into: Floats | None = None) -> Floats:
    """8-bit sRGB through the channel tables to float sRGB 0 to 255."""
    return np.asarray(cv2.LUT(pixels, tables.reshape(1, 256, 3), dst=into), np.float32)


def chroma_plane(plan: Plan) -> Floats:
    """(side, side, 3): what is added to red, green and blue, divided by the largest of the three.

    Divided so, only a colour's chromaticity is left: two numbers between -1/2 and 1/2 (rows are
    Cr, columns Cb over the largest). With a power law for sRGB's curve OKLab's hue and relative
    chroma depend on nothing else, so one plane serves every brightness.
    """
    axis = np.linspace(-0.5, 0.5, _SIDE)
    cr, cb = np.meshgrid(axis, axis, indexing="ij")
    offsets = np.stack([1.402 * cr, -0.714136 * cr - 0.344136 * cb, 1.772 * cb], -1)
    coded = np.clip(1 - offsets.max(-1, keepdims=True) + offsets, 0, 1)
    lab = np.cbrt(coded**_GAMMA @ _TO_LMS.T) @ _TO_LAB.T
    chroma = np.hypot(lab[..., 1], lab[..., 2]) / np.maximum(lab[..., 0], 1e-3)
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    spared = plan.skin * _around(hue, *_SKIN_HUE) * (chroma < _STRONG) + plan.nature * np.maximum(
        _around(hue, *_FOLIAGE_HUE), _around(hue, *_SKY_HUE)
    )
    taken = (1 - plan.chroma) * (1 - np.minimum(1, spared))
    # A colour that was pushed against the gamut's wall was cut off there: it went up by less than
    # the others did, so it comes back by less.
    walled = np.clip(1 - coded.min(-1) / _WALL_REACH, 0, 1)
    lab[..., 1:] *= (1 - taken * (1 - _WALL_SPARED * walled))[..., None]
    back = np.maximum((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0) ** (1 / _GAMMA)
    return blurred((back - coded).astype(np.float32), 1.0)


def chroma_change(coded: Floats, plane: Floats, room: Room) -> Floats:
    """What the plane adds to red, green and blue of float sRGB 0 to 255."""
    height, width = coded.shape[:2]
    most = np.maximum(largest(coded), 1)
    chroma = cv2.transform(coded, _TO_CHROMA * (_SIDE - 1), dst=room.floats("cc", height, width, 2))
    middle = np.float32((_SIDE - 1) / 2)
    columns, rows = (np.asarray(part) / most + middle for part in cv2.split(chroma))
    found = np.asarray(
        cv2.remap(
            plane,
            columns,
            rows,
            cv2.INTER_LINEAR,
            dst=room.floats("found", height, width, 3),
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )
    scale = threefold(most, into=room.floats("scale", height, width, 3))
    return times(found, scale, into=found)


def _around(hue: NDArray[np.float64], middle: float, half: float) -> NDArray[np.float64]:
    away = np.abs((hue - middle + 180) % 360 - 180)
    near: NDArray[np.float64] = np.clip(2 - away / half, 0, 1)
    return near
