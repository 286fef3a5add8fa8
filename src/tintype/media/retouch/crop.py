"""Crop to a ratio around the point that matters, and one resize to the size asked for."""

import cv2
import numpy as np

from tintype.media.retouch.lines import Floats, Plane


def window(
    width: int, height: int, ratio: float, focal_point: tuple[float, float] | None
) -> tuple[int, int, int, int]:
    """The largest part of `ratio` (width over height): left, top, width and height in pixels.

    The focal point (0..1 from the left and the top, the middle when None) is in it, and as near
    its middle as the picture's edges allow.
    """
    wide = min(width, max(1, round(height * ratio)))
    tall = min(height, max(1, round(width / ratio)))
    x, y = focal_point or (0.5, 0.5)
    left = min(max(0, round(x * width - wide / 2)), width - wide)
    top = min(max(0, round(y * height - tall / 2)), height - tall)
    return left, top, wide, tall


def crop_to(
    rgb: Floats,
    alpha: Plane | None,
    width: int,
    height: int,
    focal_point: tuple[float, float] | None,
) -> tuple[Floats, Plane | None]:
    """The picture and its alpha (0..1 floats or bytes) at exactly `width` x `height`.

    0 for one of the two is what the picture's own ratio makes of the other, 0 for both changes
    nothing. Pixels are averaged where the picture shrinks and interpolated (Lanczos) where it
    grows. Colours weigh as much as their alpha, so that what can't be seen bleeds into nothing.
    """
    tall, wide = rgb.shape[:2]
    if not width and not height:
        return rgb, alpha
    width = width or max(1, round(height * wide / tall))
    height = height or max(1, round(width * tall / wide))
    left, top, cut_wide, cut_tall = window(wide, tall, width / height, focal_point)
    part = (slice(top, top + cut_tall), slice(left, left + cut_wide))
    cut = np.ascontiguousarray(rgb[part])
    if (cut_wide, cut_tall) == (width, height):
        return cut, None if alpha is None else np.ascontiguousarray(alpha[part])
    if alpha is None:
        return _resized(cut, width, height), None
    veil = np.ascontiguousarray(alpha[part])
    share = np.asarray(veil, np.float32) / np.float32(255 if veil.dtype == np.uint8 else 1)
    small = _resized(share, width, height)
    seen = _resized(cut * share[..., None], width, height)
    plain = _resized(cut, width, height)
    clear = small[..., None] > 1 / 512
    colours = np.where(clear, seen / np.maximum(small, 1 / 512)[..., None], plain)
    if veil.dtype == np.uint8:
        small = np.rint(small * 255)
    return np.clip(colours, 0, 1), np.asarray(small, veil.dtype)


def _resized(plane: Floats, width: int, height: int) -> Floats:
    shrinks = width * height < plane.shape[0] * plane.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LANCZOS4
    made = cv2.resize(plane, (width, height), interpolation=how)
    return np.asarray(np.clip(made, 0, 1), np.float32)
