"""What the machine look consists of in this picture, in numbers: judged before anything is mended.

Everything is read from a working copy of at most `_WORKING_PIXELS` (colour, contrast, halos) and,
for fine detail, from tiles of the picture itself: reduced, a waxy surface looks like any other.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.finish.frame_planes import largest_bytes, luma_of, ramp, reduced_bytes
from tintype.media.finish.measure_colour import Colour, measure_colour
from tintype.media.finish.measure_halo import Halo, measure_halo
from tintype.media.finish.measure_wax import Wax, measure_wax

_WORKING_PIXELS: Final = 1_000_000
_TILE: Final = 256
_TILES_ACROSS_MAX: Final = 5
_TINTED: Final = 20


@dataclass(frozen=True, slots=True)
class Found:
    """`wax`, `halo`, `colour`: see their own modules. `graphic` from 0, a photograph, to 1.

    `halo.pixels` counts pixels of the picture itself, at its full size.
    """

    wax: Wax
    halo: Halo
    colour: Colour
    graphic: float


def measure(pixels: Bytes) -> Found:
    """Measure sRGB pixels. Costs about as much for a large picture as for one of a megapixel."""
    small, scale = working_copy(pixels)
    halo = measure_halo(luma(small))
    tiles = native_tiles(pixels)
    return Found(
        wax=measure_wax([luma(tile) for tile in tiles]),
        halo=Halo(halo.amount, halo.pixels * scale),
        colour=measure_colour(small),
        graphic=_graphic(tiles),
    )


def luma(pixels: Bytes) -> Floats:
    """Luma of 8-bit pixels, 0 to 255."""
    return luma_of(pixels.astype(np.float32))


def working_copy(pixels: Bytes) -> tuple[Bytes, float]:
    """The picture at no more than the working size, and how many of its pixels make one there."""
    height, width = pixels.shape[:2]
    scale = max(1.0, (height * width / _WORKING_PIXELS) ** 0.5)
    if scale == 1.0:
        return pixels, 1.0
    return reduced_bytes(pixels, max(1, round(width / scale)), max(1, round(height / scale))), scale


def native_tiles(pixels: Bytes) -> list[Bytes]:
    """Squares of the picture at full size, spread evenly: at most 25, fewer when they'd touch."""
    height, width = pixels.shape[:2]
    return [
        pixels[top : top + _TILE, left : left + _TILE]
        for top in _starts(height)
        for left in _starts(width)
    ]


def _starts(length: int) -> list[int]:
    count = min(_TILES_ACROSS_MAX, max(1, -(-length // _TILE)))
    return sorted({int(at) for at in np.linspace(0, max(0, length - _TILE), count)})


def _graphic(tiles: list[Bytes]) -> float:
    """How much the picture is drawn of flat areas: by its perfectly flat ones and its few colours.

    A sensor's noise leaves hardly two neighbours equal, and even smoothed it takes a fifth at most.
    Blown skies and studio backdrops are flat too, so what has no colour counts only where the
    palette is small as well.
    """
    flat, flat_inside, inside, seen = 0, 0, 0, 0
    palette = np.zeros(1 << 12, np.bool_)
    for tile in tiles:
        if min(tile.shape[:2]) == 1:
            continue
        corner = tile[:-1, :-1]
        right, down = cv2.absdiff(corner, tile[:-1, 1:]), cv2.absdiff(corner, tile[1:, :-1])
        still = largest_bytes(np.asarray(cv2.max(right, down), np.uint8)) == 0
        most, least = largest_bytes(corner), ~largest_bytes(~corner)
        tinted = most - least > _TINTED
        flat += cv2.countNonZero(still.astype(np.uint8))
        flat_inside += cv2.countNonZero((still & tinted).astype(np.uint8))
        inside += cv2.countNonZero(tinted.astype(np.uint8))
        seen += still.size
        red, green, blue = (part.astype(np.uint16) for part in cv2.split(tile >> 4))
        packed = (red << 8) | (green << 4) | blue
        palette |= np.bincount(packed.ravel(), minlength=1 << 12) > packed.size // 500
    if not seen:
        return 0.0
    drawn = ramp(flat_inside / max(inside, seen // 50), 0.27, 0.45)
    poor = ramp(flat / seen, 0.3, 0.5) * ramp(-float(palette.sum()), -40, -28)
    return max(drawn, poor)
