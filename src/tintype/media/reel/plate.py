"""A picture made ready for a camera move: planes of Y, U and V to sample every frame from.

The colours are converted once, to BT.709 in video range, so a frame costs three samplings of
planes (`sampling.py`) and no conversion. Sampling is linear, which is exact to a fraction of a
pixel and cheap; what it would blur is kept by planes of twice the frame's resolution. Measured
against windowed-sinc resampling in floating point, at 16 sub-pixel places of a slow pan over a
photograph-like picture:

| planes, sampling | PSNR | sharpness, 1 being the ideal | a 1080p frame's Y, warped |
|---|---|---|---|
| the frame's resolution, linear | 44 to 46 dB | 0.68 to 0.75: pulses | 4 ms |
| the frame's resolution, cubic | 52 dB | 0.97 to 0.98 | 12 ms |
| twice, linear | 53 to 54 dB | 0.93 to 0.94 | 4 ms |

OpenCV's cubic does not reproduce a straight slope, which moves edges by up to 0.05 pixels to and
fro; libvips' and zoompan's windows of whole pixels are what is known as jitter.
"""

from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Any, Final

import cv2
import numpy as np

from tintype.core.errors import ValidationFailed
from tintype.media.finish.frame import Bytes
from tintype.media.inspect import Inspection, Limits, inspect
from tintype.media.pipeline import convert_to_srgb, turn_upright
from tintype.media.reel.colour import Planes, to_video
from tintype.media.reel.path import Window
from tintype.media.reel.sampling import Sheet, sheet
from tintype.media.stopping import Canceled, Stopped
from tintype.media.variants import shrink_on_load
from tintype.media.vips import VipsError, open_picture

SIDE_MIN: Final = 16
"""Pixels of a picture's shorter side; fewer are no picture to move over."""
# Twice, and a little, because next to a simple fraction `sampling.py` finds no place to begin.
_OVERSAMPLED: Final = 2.06
_PLANE_PIXELS_MAX: Final = 64_000_000
_PLANE_SIDE_MAX: Final = 32_000  # OpenCV keeps places as 16-bit numbers.
_MARGIN: Final = 4  # Pixels around what is shown, for the filter that resizes.


@dataclass(frozen=True, slots=True)
class Source:
    """An encoded picture and its upright size; `inspection` is what its header says."""

    data: bytes
    inspection: Inspection

    @property
    def size(self) -> tuple[float, float]:
        return self.inspection.width, self.inspection.height


def source(data: bytes) -> Source:
    """Raises what `inspect` raises, and ValueError for a picture too narrow to move over."""
    found = inspect(data, Limits())
    if min(found.width, found.height) < SIDE_MIN:
        raise ValueError(f"A picture must have at least {SIDE_MIN} pixels a side.")
    return Source(data, found)


def glimpse(picture: Source, side: int) -> Bytes:
    """The whole picture as RGB, its longer side having `side` pixels at most."""
    small = _opened(picture, shrink_on_load(max(picture.size) / side))
    try:
        small = small.thumbnail_image(side, height=side, size="down")
        data = small.write_to_memory()
    except VipsError as error:
        raise _damaged() from error
    return np.frombuffer(data, np.uint8).reshape(small.height, small.width, 3)


@dataclass(frozen=True, slots=True)
class Plate:
    """The part of a picture that a path sweeps, as planes; `shown` is that part.

    U and V have half the sides of Y.
    """

    shown: Window
    planes: tuple[Sheet, Sheet, Sheet]

    def draw(self, window: Window, into: Planes) -> None:
        """Draw what `window` shows into a frame's planes of 4:2:0.

        As players expect of H.264, a sample of U and V lies on the left of the two columns and
        between the two rows that share it.
        """
        height, width = into[0].shape
        for plane, frame, pixels in zip(self.planes, into, (1, 2, 2), strict=True):
            across = plane.width / self.shown.width
            along = plane.height / self.shown.height
            wide, high = window.width / width * across, window.height / height * along
            plane.draw(
                (window.left - self.shown.left) * across + (0.5 - pixels / 2) * wide,
                (window.top - self.shown.top) * along,
                wide * pixels,
                high * pixels,
                frame,
            )


def plate(
    picture: Source,
    swept: Window,
    closest: float,
    frame: tuple[int, int],
    canceled: Canceled,
) -> Plate:
    """The planes for a `frame` of this width and height over a path that sweeps `swept`.

    At its `closest` window the picture has just the frame's pixels, whichever of the two had more,
    and then the planes are doubled: a tiny picture gets smooth, not blocky. Half a second for a
    JPEG of 12 MP. Raises ValidationFailed for damaged pixels, Stopped.
    """
    scale = frame[0] / closest
    pixels, shown = _resized(picture, swept, min(1.0, scale), canceled)
    video = to_video(pixels)
    del pixels
    height, width = video.shape[:2]
    larger = min(
        _OVERSAMPLED * max(1.0, scale),
        sqrt(_PLANE_PIXELS_MAX / (width * height)),
        _PLANE_SIDE_MAX / max(width, height),
    )
    half = round(width * larger / 2), round(height * larger / 2)
    luma, *chroma = cv2.split(video)
    del video
    planes = [_enlarged(luma, (half[0] * 2, half[1] * 2))]
    for plane in chroma:
        # What a frame's U and V are too coarse for would shimmer.
        coarse = plane
        if scale < _OVERSAMPLED:
            coarse = cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        planes.append(_enlarged(coarse, half))
    sheets = [sheet(planes[0], *frame)]
    sheets += [sheet(plane, frame[0] // 2, frame[1] // 2) for plane in planes[1:]]
    return Plate(shown, (sheets[0], sheets[1], sheets[2]))


def _resized(
    picture: Source, swept: Window, scale: float, canceled: Canceled
) -> tuple[Bytes, Window]:
    """RGB of what is swept at `scale` (at most 1), and the part of the picture that it is.

    Its sides are even where the picture's own allow it. Enlarging is left to OpenCV: libvips
    would place the picture half a pixel off.
    """
    shrink = shrink_on_load(1 / scale)
    opened = _opened(picture, shrink)
    across = opened.width / picture.size[0]
    along = opened.height / picture.size[1]
    margin = _MARGIN / min(1.0, scale / across)
    left = max(0, floor(swept.left * across - margin))
    top = max(0, floor(swept.top * along - margin))
    right = min(opened.width, ceil(swept.right * across + margin))
    bottom = min(opened.height, ceil(swept.bottom * along + margin))
    wide, high = right - left, bottom - top
    part = opened.crop(left, top, wide, high)
    if scale < 1:
        width = max(2, round(wide / across * scale / 2) * 2)
        height = max(2, round(high / along * scale / 2) * 2)
        part = part.resize(width / wide, vscale=height / high, kernel="lanczos3")
    data = _computed(part, canceled)
    pixels = np.frombuffer(data, np.uint8).reshape(part.height, part.width, 3)
    return pixels, Window(left / across, top / along, wide / across, high / along)


def _opened(picture: Source, shrink: int) -> Any:
    """Upright sRGB on white, with nothing see-through."""
    try:
        opened = open_picture(picture.data, picture.inspection.format, shrink=shrink)
        opened = convert_to_srgb(turn_upright(opened))
    except VipsError as error:
        raise _damaged() from error
    return opened.flatten(background=255) if opened.hasalpha() else opened


def _computed(picture: Any, canceled: Canceled) -> bytes:
    """The picture's pixels; a cancellation stops libvips midway."""

    def heard(_image: object, _state: object) -> None:
        if canceled():
            picture.set_kill(True)

    picture.set_progress(True)
    picture.signal_connect("eval", heard)
    try:
        return bytes(picture.write_to_memory())
    except VipsError as error:
        if canceled():
            raise Stopped from None
        raise _damaged() from error


def _enlarged(plane: Any, size: tuple[int, int]) -> Bytes:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)


def _damaged() -> ValidationFailed:
    return ValidationFailed("file", "The picture is damaged or cut short.")
