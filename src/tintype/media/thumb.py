"""ThumbHash: some 25 bytes that a client draws as a blurred picture while the real one loads.

Evan Wallace's format: the lowest frequencies of a cosine transform of brightness, of two colour
differences and of alpha, in 4 bits each; the picture's shape and average colour are inside. The
PyPI package of the name (0.1.2) fails on every picture with alpha and takes three times as long:
it sums all pixels for each frequency, where this sums rows first and columns after.
"""

from base64 import b64encode
from dataclasses import dataclass
from math import cos, pi
from operator import mul
from typing import Any, Final

_SIDE_MAX: Final = 32
"""Pixels of the longer side that are looked at: the highest frequency kept has 3.5 waves."""
_BANDS_WITH_ALPHA: Final = 4


@dataclass(frozen=True, slots=True)
class _Waves:
    """One channel: its mean, its other frequencies as -1 to 1, and the factor they were divided by.

    The order is the format's: by row, and in each row fewer the further down it is.
    """

    mean: float
    rest: list[float]
    scale: float


def thumbhash(picture: Any) -> str:
    """The ThumbHash of an upright 8-bit sRGB image, as base64 text. Some 1.5 ms of Python."""
    small = picture
    if max(picture.width, picture.height) > _SIDE_MAX:
        small = picture.thumbnail_image(_SIDE_MAX, height=_SIDE_MAX, size="down")
    pixels = bytes(small.write_to_memory())
    return b64encode(hash_pixels(small.width, small.height, pixels)).decode()


def hash_pixels(width: int, height: int, pixels: bytes) -> bytes:
    """The ThumbHash of rows of RGB pixels, or of RGBA pixels with unassociated alpha."""
    bands = len(pixels) // (width * height)
    with_alpha = bands == _BANDS_WITH_ALPHA
    alpha = [value / 255 for value in pixels[3::4]] if with_alpha else [1.0] * (width * height)
    has_alpha = min(alpha) < 1
    red, green, blue = (_over_average(pixels[band::bands], alpha) for band in range(3))
    channels = list(zip(red, green, blue, strict=True))

    longest = max(width, height)
    detail = 5 if has_alpha else 7
    wide, high = (max(1, round(detail * side / longest)) for side in (width, height))
    light = _waves([(r + g + b) / 3 for r, g, b in channels], width, max(3, wide), max(3, high))
    yellow = _waves([(r + g) / 2 - b for r, g, b in channels], width, 3, 3)
    reddish = _waves([r - g for r, g, _ in channels], width, 3, 3)
    planes = [light, yellow, reddish]

    landscape = width > height
    colour_bits = (
        round(63 * light.mean)
        | round(31.5 + 31.5 * yellow.mean) << 6
        | round(31.5 + 31.5 * reddish.mean) << 12
        | round(31 * light.scale) << 18
        | has_alpha << 23
    )
    shape_bits = (
        (high if landscape else wide)
        | round(63 * yellow.scale) << 3
        | round(63 * reddish.scale) << 9
        | landscape << 15
    )
    head = colour_bits.to_bytes(3, "little") + shape_bits.to_bytes(2, "little")
    if has_alpha:
        veil = _waves(alpha, width, 5, 5)
        planes.append(veil)
        head += bytes([round(15 * veil.mean) | round(15 * veil.scale) << 4])
    return head + _nibbles([round(7.5 + 7.5 * wave) for plane in planes for wave in plane.rest])


def _over_average(band: bytes, alpha: list[float]) -> list[float]:
    """A colour band as 0 to 1, laid over its own average where the picture is transparent."""
    seen = list(map(mul, band, alpha))
    weight = sum(alpha)
    average = sum(seen) / weight if weight else 0.0
    return [(value + average * (1 - a)) / 255 for value, a in zip(seen, alpha, strict=True)]


def _waves(channel: list[float], width: int, columns: int, rows: int) -> _Waves:
    """The cosine transform's lowest `columns` x `rows` frequencies, those above the diagonal."""
    height = len(channel) // width
    lines = [channel[start : start + width] for start in range(0, len(channel), width)]
    across = [[sum(map(mul, line, wave)) for line in lines] for wave in _cosines(width, columns)]
    down = _cosines(height, rows)
    found = [
        sum(map(mul, across[column], down[row])) / len(channel)
        for row in range(rows)
        for column in range(columns)
        if column * rows < columns * (rows - row)
    ]
    mean, *rest = found
    scale = max(map(abs, rest))
    return _Waves(mean, [wave / scale for wave in rest] if scale else rest, scale)


def _cosines(length: int, count: int) -> list[list[float]]:
    return [[cos(pi / length * n * (at + 0.5)) for at in range(length)] for n in range(count)]


def _nibbles(values: list[int]) -> bytes:
    """Two to a byte, the first in the lower half."""
    if len(values) % 2:
        values = [*values, 0]
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))
