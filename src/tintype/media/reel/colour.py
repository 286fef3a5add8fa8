"""BT.709 in video range, there and back, rounded and not cut: FFmpeg's fast path is 1 too dark."""

from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes

Planes = tuple[Bytes, Bytes, Bytes]
"""Y (16 to 235), and U and V (16 to 240) of half its sides."""

_RED, _BLUE = 0.2126, 0.0722
_GREEN = 1 - _RED - _BLUE
_PARTS: Final = np.array(
    [
        [_RED, _GREEN, _BLUE],
        [-_RED, -_GREEN, 1 - _BLUE],
        [1 - _RED, -_GREEN, -_BLUE],
    ]
)
_SCALES: Final = np.array([219 / 255, 112 / 255 / (1 - _BLUE), 112 / 255 / (1 - _RED)])
_ZEROS: Final = np.array([16.0, 128.0, 128.0])
_TO_VIDEO: Final = np.column_stack([_PARTS * _SCALES[:, None], _ZEROS])
_FROM_VIDEO: Final = np.linalg.inv(_TO_VIDEO[:, :3])
_TO_RGB: Final = np.column_stack([_FROM_VIDEO, -_FROM_VIDEO @ _ZEROS])


def to_video(pixels: Bytes) -> Any:
    """Y, U and V of every pixel of an RGB picture, as (H, W, 3)."""
    return cv2.transform(pixels, _TO_VIDEO)


def to_rgb(planes: Planes) -> Bytes:
    """A frame's planes as RGB."""
    luma, *chroma = planes
    size = luma.shape[1], luma.shape[0]
    # A sample of U and V lies on the left of its two columns, a quarter of its own pitch off the
    # middle that `resize` takes it for.
    placed = np.array([[0.5, 0, 0], [0, 0.5, -0.25]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    full = [
        cv2.warpAffine(plane, placed, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for plane in chroma
    ]
    return np.asarray(cv2.transform(cv2.merge([luma, *full]), _TO_RGB), np.uint8)
