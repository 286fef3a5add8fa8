"""Noise of unit variance with the grain of its medium, the same for the same seed and place.

Behind a Bayer mosaic a colour is measured at one site in four (green: two) and interpolated
between; noise takes the same way, by the bilinear kernels that Malvar, He and Cutler (2004) start
from. Film has no mosaic: its clumps of grain are a Gaussian a pixel wide, partly alike in its three
layers.
"""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.camera import Camera
from tintype.media.finish.frame import Floats
from tintype.media.finish.realistic_scratch import Scratch

_BLOCK_ROWS: Final = 16
_FIRST_BLOCK: Final = 1 << 32  # Rows above the picture, which grain reaches into, stay above 0.
_KEY_MASK: Final = (1 << 64) - 1
_BYTE: Final = np.uint64(8)
_EVEN_BYTES: Final = np.uint64(0x00FF_00FF_00FF_00FF)
_BYTE_MEAN: Final = 255 / 2
_BYTE_VARIANCE: Final = (256**2 - 1) / 12

# Bilinear interpolation, scaled to a mean variance of 1 over the mosaic's four sites: red and
# blue have 1, 1/2, 1/2 and 1/4 of a site's, green 1 and 5/8.
_RED_BLUE: Final = np.array([0.5, 1.0, 0.5], np.float32) * np.float32((16 / 9) ** 0.25)
_GREEN: Final = (
    np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]], np.float32) / 4 * np.float32((8 / 5) ** 0.5)
)
_MOSAIC_EDGE: Final = cv2.BORDER_REFLECT_101  # It keeps the mosaic's parity beyond the sides.


def grain(
    camera: Camera, seed: int, first: int, last: int, *, pixel_scale: float, scratch: Scratch
) -> Iterator[Floats]:
    """The camera's noise for red, green and blue, for the picture's rows from `first` to `last`.

    `pixel_scale` widens film's grain. Each plane's memory is the next one's too, so use it up
    before asking for another.
    """
    if camera.grain is None:
        return mosaic_noise(seed, first, last, scratch)
    return film_noise(
        seed, first, last, scratch, sigma=camera.grain * pixel_scale, layers=camera.layers
    )


def white_noise(
    seed: int, plane: int, first: int, last: int, scratch: Scratch, *, halves: int = 2
) -> Floats:
    """Independent unit normals for the rows from `first` to `last`; rows may be negative.

    Counter-based (Philox), in blocks of rows of their own: a row's numbers follow from the seed
    and its place, so no cutting into strips and no number of threads changes them. Each is a sum of
    random bytes, two for each of `halves`: four come close to a normal (none beyond 3.5 sigma,
    where it has one in two thousand) in a quarter of a generator's time, and two are enough for
    noise that is then blurred.
    """
    start, stop = first // _BLOCK_ROWS, -(-last // _BLOCK_ROWS)
    noise = scratch.floats("white", (stop - start) * _BLOCK_ROWS)
    block_pixels = _BLOCK_ROWS * noise.shape[1]
    part = block_pixels // 4  # Four sums of two bytes lie in a word.
    blocks = noise.reshape(stop - start, block_pixels)
    for number, block in enumerate(range(start, stop)):
        bits = np.random.Philox(
            key=[seed & _KEY_MASK, plane], counter=[0, 0, block + _FIRST_BLOCK, 0]
        )
        words = bits.random_raw(halves * part)
        sums = words >> _BYTE
        sums &= _EVEN_BYTES
        words &= _EVEN_BYTES
        sums += words
        for half in range(1, halves):
            sums[:part] += sums[half * part : (half + 1) * part]
        blocks[number] = sums[:part].view(np.uint16)
    terms = 2 * halves
    noise -= np.float32(terms * _BYTE_MEAN)
    noise *= np.float32(1 / (terms * _BYTE_VARIANCE) ** 0.5)
    skipped = first - start * _BLOCK_ROWS
    return noise[skipped : skipped + last - first]


def mosaic_noise(seed: int, first: int, last: int, scratch: Scratch) -> Iterator[Floats]:
    """Noise behind a Bayer mosaic (RGGB), of mean variance 1: of red, then green, then blue."""
    sites = white_noise(seed, 0, first - 1, last + 1, scratch)
    rows = len(sites)
    mask, plane = scratch.floats("mask", rows), scratch.floats("noise", rows)
    odd = (first - 1) % 2  # The row of `sites` with which a pair of rows begins.
    corners = {"red": (odd, 0), "blue": (1 - odd, 1)}
    for colour in ("red", "green", "blue"):
        if colour == "green":
            np.copyto(mask, sites)
            for down, across in corners.values():
                mask[down::2, across::2] = 0
            cv2.filter2D(mask, -1, _GREEN, dst=plane, borderType=_MOSAIC_EDGE)
        else:
            down, across = corners[colour]
            mask.fill(0)
            mask[down::2, across::2] = sites[down::2, across::2]
            cv2.sepFilter2D(mask, -1, _RED_BLUE, _RED_BLUE, dst=plane, borderType=_MOSAIC_EDGE)
        yield plane[1:-1]


def film_noise(
    seed: int, first: int, last: int, scratch: Scratch, *, sigma: float, layers: float
) -> Iterator[Floats]:
    """Noise of film's three layers, of variance 1, blurred by `sigma` pixels.

    `layers` is the share of the variance that any two layers have in common: each has some of its
    own clumps and some of all three's sum.
    """
    reach = int(np.ceil(2.5 * sigma))
    kernel = _gaussian(sigma, reach)
    clumps = []
    for number in range(3):
        white = white_noise(seed, number, first - reach, last + reach, scratch, halves=1)
        plane = scratch.floats(f"clumps {number}", len(white))
        cv2.sepFilter2D(white, -1, kernel, kernel, dst=plane, borderType=cv2.BORDER_REFLECT_101)
        clumps.append(plane[reach : reach + last - first])
    own = (1 - layers) ** 0.5
    all_three = ((1 + 2 * layers) ** 0.5 - own) / 3
    shared = scratch.floats("white", last - first)
    np.add(clumps[0], clumps[1], out=shared)
    shared += clumps[2]
    shared *= np.float32(all_three)
    for plane in clumps:
        np.multiply(plane, np.float32(own), out=plane)
        yield np.add(plane, shared, out=plane)


def _gaussian(sigma: float, reach: int) -> Floats:
    """A kernel whose squares sum to 1, so white noise keeps its variance."""
    places = np.arange(-reach, reach + 1, dtype=np.float64)
    kernel = np.exp(-0.5 * (places / sigma) ** 2)
    kernel /= np.sqrt((kernel * kernel).sum())
    return kernel.astype(np.float32)
