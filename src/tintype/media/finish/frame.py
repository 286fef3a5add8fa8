"""A picture as arrays, for work that libvips has no operation for, and the way back to bytes.

The bytes are opened and encoded through the same doors as a master: named loaders, upright, sRGB
by the embedded profile, the source's own format at a master's quality. Between them the pixels
are 8-bit arrays, the smallest form they have; floating point lives only inside a strip (`bands`),
so memory is bounded by the strip and not by the picture.

OpenCV keeps its settings for the whole process, so they are made here, once. One thread to a
picture: its filters release the interpreter's lock, so two pictures at once fill two cores, and
no result can depend on how many cores there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.core.errors import ValidationFailed
from tintype.media.encode import encode
from tintype.media.inspect import Limits, inspect, is_lossless_webp
from tintype.media.pipeline import (
    MASTER_QUALITY,
    convert_to_srgb,
    has_halved_colour,
    turn_upright,
)
from tintype.media.vips import Format, Image, VipsError, open_picture, sniff

cv2.setNumThreads(1)
cv2.ocl.setUseOpenCL(False)

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

_COLOURS: Final = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """An upright sRGB picture: `pixels` (H, W, 3), `alpha` (H, W) where there is one.

    The arrays may be read-only. `lossless` and `chroma_full` are what the source was, and what
    `encoded` will make again.
    """

    pixels: Bytes
    alpha: Bytes | None
    format: Format
    lossless: bool
    chroma_full: bool

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != _COLOURS:
            raise ValueError("Pixels are 8-bit arrays of rows, columns and three colours.")
        if self.alpha is not None and self.alpha.shape != self.pixels.shape[:2]:
            raise ValueError("Alpha has the picture's rows and columns.")

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    def with_pixels(self, pixels: Bytes) -> "Frame":
        """The same picture with other colours; alpha and format stay. The size must too."""
        if pixels.shape != self.pixels.shape:
            raise ValueError("Finishing keeps a picture's size.")
        return Frame(pixels, self.alpha, self.format, self.lossless, self.chroma_full)


def opened(data: bytes, limits: Limits | None = None) -> Frame:
    """Decode a file into arrays: its first frame, upright, in 8-bit sRGB.

    Raises what `inspect` raises for a file that is no picture of ours or too large (`Limits()`
    when none are given), and ValidationFailed for `file` when its pixels are damaged.
    """
    kind = inspect(data, limits or Limits()).format
    try:
        source = open_picture(data, kind)
        picture = convert_to_srgb(turn_upright(source))
        plain = np.frombuffer(picture.write_to_memory(), np.uint8)
    except VipsError as error:
        raise ValidationFailed("file", "The picture is damaged or cut short.") from error
    pixels = plain.reshape(picture.height, picture.width, picture.bands)
    alpha = None
    if picture.bands > _COLOURS:
        alpha = np.ascontiguousarray(pixels[..., _COLOURS])
        pixels = np.ascontiguousarray(pixels[..., :_COLOURS])
    return Frame(
        pixels,
        alpha,
        kind,
        lossless=kind == "webp" and is_lossless_webp(data),
        chroma_full=not has_halved_colour(source),
    )


def encoded(frame: Frame) -> bytes:
    """Encode in the format the picture came in, at a master's quality and without metadata."""
    pixels: Bytes = frame.pixels
    if frame.alpha is not None:
        pixels = np.dstack((frame.pixels, frame.alpha))
    pixels = np.ascontiguousarray(pixels)
    picture = Image.new_from_memory(
        pixels.data, frame.width, frame.height, pixels.shape[2], "uchar"
    ).copy(interpretation="srgb")
    return encode(
        picture,
        frame.format,
        MASTER_QUALITY,
        lossless=frame.lossless,
        chroma_full=frame.chroma_full,
    )


def is_plain(data: bytes) -> bool:
    """Whether the file's own pixels are already what `opened` gives: upright 8-bit sRGB.

    Then work that changes nothing can answer the very same bytes, and loses no generation of a
    lossy format; metadata stays in them. Only the header is read; False for what is no picture.
    """
    kind = sniff(data)
    if kind is None:
        return False
    try:
        source = open_picture(data, kind)
    except VipsError:
        return False
    upright = not source.get_typeof("orientation") or source.get("orientation") == 1
    bare = not source.get_typeof("icc-profile-data")
    eight_bit_colour = source.format == "uchar" and source.interpretation == "srgb"
    return bool(upright and bare and eight_bit_colour)


@dataclass(frozen=True, slots=True)
class Band:
    """A strip of rows: `top` to `bottom` are its own, `first` to `last` are what it may read."""

    top: int
    bottom: int
    first: int
    last: int

    @property
    def read(self) -> slice:
        """The rows to read from the picture: its own and the margin on both sides."""
        return slice(self.first, self.last)

    @property
    def write(self) -> slice:
        """The rows of the picture that are this strip's to write."""
        return slice(self.top, self.bottom)

    @property
    def own(self) -> slice:
        """Where its own rows lie within the rows that were read."""
        return slice(self.top - self.first, self.bottom - self.first)


def bands(height: int, rows: int, margin: int) -> Iterator[Band]:
    """Cut a picture of `height` into strips of `rows`, each reading `margin` rows beyond its own.

    Strips depend on nothing but these numbers, so whoever seeds noise by a strip's `top` gets the
    same pixels on every machine.
    """
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        yield Band(top, bottom, max(0, top - margin), min(height, bottom + margin))


def strip_rows(width: int, pixels: int = 1 << 19) -> int:
    """How many rows make a strip of about `pixels` pixels; at least 16."""
    return max(16, pixels // max(1, width))
