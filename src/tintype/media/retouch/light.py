"""sRGB and linear light, luma and gamut: what every step does between reading and writing pixels.

A picture in work is float32 (H, W, 3), sRGB-encoded, 0 to 1, and is changed in place, strip by
strip, so that a step needs the picture and a strip's planes. Between two steps every value is in
0 to 1. Curves are tables of 65,536 entries: fine enough that no step of 8 bits is skipped, and
equal on every machine.
"""

from collections.abc import Callable, Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Band, Floats, bands, strip_rows
from tintype.media.finish.realistic_tone import decoded as _decoded
from tintype.media.finish.realistic_tone import encoded as _encoded
from tintype.media.stopping import Canceled, Stopped

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Table = NDArray[np.float32]

ENTRIES: Final = 65_536
LUMA: Final = np.array([[0.2126, 0.7152, 0.0722]], np.float32)
"""Rec. 709, the weights of sRGB's primaries: luminance of linear light, luma of encoded colours."""
_LEAST: Final = np.float32(1 / 4096)


def table(curve: Curve) -> Table:
    """A curve over 0 to 1, for `through`."""
    return curve(np.linspace(0, 1, ENTRIES)).astype(np.float32)


_TO_LINEAR: Final = table(_decoded)
_TO_ENCODED: Final = table(_encoded)


def through(values: Floats, entries: Table) -> Floats:
    """Values of 0 to 1 (cut there) through a table."""
    words = cv2.addWeighted(values, ENTRIES - 1, values, 0, 0, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(words, entries), np.float32).reshape(values.shape)


def linear(rgb: Floats) -> Floats:
    """Linear light of sRGB-encoded values."""
    return through(rgb, _TO_LINEAR)


def encoded(light: Floats) -> Floats:
    """sRGB-encoded values of linear light; beyond white is cut."""
    return through(light, _TO_ENCODED)


def luma(rgb: Floats) -> Floats:
    """(H, W): Rec. 709 luma of encoded colours, or luminance of linear ones."""
    return np.asarray(cv2.transform(rgb, LUMA), np.float32).reshape(rgb.shape[:2])


def largest(rgb: Floats) -> Floats:
    """The largest of red, green and blue."""
    red, green, blue = cv2.split(rgb)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def smallest(rgb: Floats) -> Floats:
    """The smallest of red, green and blue."""
    red, green, blue = cv2.split(rgb)
    return np.asarray(cv2.min(cv2.min(red, green), blue), np.float32)


def scaled(rgb: Floats, gain: Floats) -> Floats:
    """Every colour times its place's gain."""
    return np.asarray(cv2.multiply(rgb, cv2.merge((gain, gain, gain))), np.float32)


def in_gamut(rgb: Floats) -> Floats:
    """The colours with what lies outside of 0 to 1 drawn towards grey of the same luma.

    So hue and brightness stay, and no channel is cut alone.
    """
    most, least = largest(rgb), smallest(rgb)
    if float(most.max()) <= 1 and float(least.min()) >= 0:
        return rgb
    grey = np.clip(luma(rgb), 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(most > 1, (1 - grey) / (most - grey), 1)
        below = np.where(least < 0, grey / (grey - least), 1)
    # A grey beyond white has nothing to be drawn towards but white itself.
    keep = np.nan_to_num(np.minimum(above, below), nan=0.0).astype(np.float32)
    level = cv2.merge((grey, grey, grey))
    kept = level + (rgb - level) * cv2.merge((keep, keep, keep))
    return np.asarray(np.clip(kept, 0, 1), np.float32)


def gain_of(before: Floats, after: Floats) -> Floats:
    """What colours of luma `before` are multiplied with to have luma `after`."""
    return np.asarray((after + _LEAST) / (before + _LEAST), np.float32)


def strips(picture: Floats, canceled: Canceled, margin: int = 0) -> Iterator[Band]:
    """The picture's strips from the top; raises Stopped between two when `canceled` says so."""
    height, width = picture.shape[:2]
    for band in bands(height, strip_rows(width, 1 << 18), margin):
        if canceled():
            raise Stopped
        yield band


def strip_by_strip(
    picture: Floats, canceled: Canceled, work: Callable[[Floats, Band], Floats], margin: int = 0
) -> None:
    """Replace each strip by what `work` makes of it, in place.

    `work` gets the strip with `margin` rows around, as they were before, and gives its own rows.
    """
    above = picture[:0]
    for band in strips(picture, canceled, margin):
        # The rows above were written already: what they were is kept from the strip before.
        rows = picture[band.top : band.last]
        seen = (
            np.concatenate((above[len(above) - (band.top - band.first) :], rows))
            if band.top > band.first
            else rows
        )
        following = seen[: band.own.stop]
        above = following[max(0, len(following) - margin) :].copy() if margin else above
        picture[band.write] = work(seen, band)


def reduced(picture: Floats, side: int) -> Floats:
    """A copy whose longer side has at most `side` pixels, each the mean of what it covers."""
    height, width = picture.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return picture.copy()
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def rows_of(plane: Floats, band: Band, height: int, width: int) -> Floats:
    """The strip's rows (with its margin) of a reduced plane, at the picture's size, linear."""
    high, wide = plane.shape[:2]
    down, across = high / height, wide / width
    place = np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5 + band.first * down]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (width, band.last - band.first)
    grown = cv2.warpAffine(plane, place, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(grown, np.float32)
