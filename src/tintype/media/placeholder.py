"""What a page shows until a picture is there: its ThumbHash drawn, some 150 bytes of WebP."""

from base64 import b64decode
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tintype.media.encode import encode
from tintype.media.vips import Image

_SIDE: Final = 24
_QUALITY: Final = 60
_SATURATED: Final = 1.25
"""Colours come out duller than they were, as half of their waves were left out."""

Floats = NDArray[np.float64]


def placeholder(thumbhash: str, width: int, height: int) -> bytes:
    """A blurred picture of at most 24 pixels a side, in the shape of `width` x `height`.

    Where the picture is transparent, this isn't: it shows the colours around. Raises ValueError
    for what is no ThumbHash.
    """
    scale = _SIDE / max(width, height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = _decoded(b64decode(thumbhash, validate=True), wide, high)
    image: Any = Image.new_from_memory(pixels.tobytes(), wide, high, 3, "uchar")
    return encode(image.copy(interpretation="srgb"), "webp", _QUALITY)


def _decoded(data: bytes, wide: int, high: int) -> NDArray[np.uint8]:
    """Rows of RGB, as the format's own decoder computes them (thumb.py says what the bits are)."""
    if len(data) < 5:  # noqa: PLR2004
        raise ValueError("a ThumbHash has 5 bytes and more")
    colour, shape = int.from_bytes(data[:3], "little"), int.from_bytes(data[3:5], "little")
    has_alpha, landscape = bool(colour >> 23), bool(shape >> 15)
    longer, shorter = 5 if has_alpha else 7, shape & 7
    across, down = (longer, shorter) if landscape else (shorter, longer)
    rest = data[6:] if has_alpha else data[5:]
    waves = iter([part / 7.5 - 1 for byte in rest for part in (byte & 15, byte >> 4)])
    size = wide, high
    light = _channel(waves, (max(3, across), max(3, down)), (colour >> 18 & 31) / 31, size)
    light += (colour & 63) / 63
    yellow = _channel(waves, (3, 3), (shape >> 3 & 63) / 63 * _SATURATED, size)
    yellow += (colour >> 6 & 63) / 31.5 - 1
    reddish = _channel(waves, (3, 3), (shape >> 9 & 63) / 63 * _SATURATED, size)
    reddish += (colour >> 12 & 63) / 31.5 - 1
    blue = light - 2 / 3 * yellow
    red = (3 * light - blue + reddish) / 2
    pixels = np.stack([red, red - reddish, blue], axis=-1)
    return np.asarray(np.rint(np.clip(pixels, 0, 1) * 255), np.uint8)


def _channel(waves: Any, counts: tuple[int, int], scale: float, size: tuple[int, int]) -> Floats:
    """The waves of a channel, without its mean, over a picture of `size`."""
    columns, rows = counts
    factors = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(0 if row else 1, columns):
            if column * rows < columns * (rows - row):
                wave = next(waves, None)
                if wave is None:
                    raise ValueError("a ThumbHash ends too early")
                factors[row, column] = wave * scale
    return np.asarray(2 * _cosines(size[1], rows).T @ factors @ _cosines(size[0], columns))


def _cosines(length: int, count: int) -> Floats:
    at = np.pi / length * (np.arange(length) + 0.5)
    return np.asarray(np.cos(np.arange(count)[:, None] * at))
