"""ThumbHash: the bytes other implementations give, and alpha, at which one of them breaks."""

from base64 import b64decode

import pytest
import pyvips

from support import images
from tintype.media.thumb import hash_pixels, thumbhash


def ramp(width: int, height: int) -> bytes:
    """Opaque pixels, each a plain function of its place."""
    return bytes(
        value
        for y in range(height)
        for x in range(width)
        for value in (x * 255 // width, y * 255 // height, (x * y * 7) % 256, 255)
    )


def veiled(width: int, height: int) -> bytes:
    pixels = bytearray(ramp(width, height))
    pixels[3::4] = bytes((x * x + 3 * y * y) % 256 for y in range(height) for x in range(width))
    return bytes(pixels)


@pytest.mark.parametrize(
    ("pixels", "size", "expected"),
    [
        (ramp, (32, 24), "1e080a2d9a7076777077777787687777a0800af887"),
        (ramp, (20, 32), "1ef8092c1a700677777776787777a1900af778"),
        (veiled, (32, 24), "1f0886148c07807690888879090ab8807f1811183235302104"),
        (veiled, (20, 32), "1ff885130e077091887989a1900bf778437a20b4431514"),
    ],
)
def test_the_bytes_are_those_of_the_reference(pixels, size, expected):
    """Recorded from the published algorithm, its precedence slip at alpha set right."""
    assert hash_pixels(*size, pixels(*size)).hex() == expected


def test_one_bit_says_whether_there_is_alpha():
    opaque = b64decode(thumbhash(images.picture()))
    through = b64decode(thumbhash(images.picture(alpha=True)))
    assert opaque[2] & 0x80 == 0
    assert through[2] & 0x80 == 0x80


@pytest.mark.parametrize("size", [(1, 1), (1, 50_000), (50_000, 1), (3, 2)])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_shape_has_one_and_it_is_short(size, alpha):
    hashed = b64decode(thumbhash(images.picture(*size, alpha=alpha)))
    assert 5 < len(hashed) <= 25


def test_a_picture_that_is_wholly_transparent_has_one():
    nothing = pyvips.Image.black(40, 30, bands=4).copy(interpretation="srgb")
    assert b64decode(thumbhash(nothing))[5] & 15 == 0
