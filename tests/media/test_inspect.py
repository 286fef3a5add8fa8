"""What is accepted, told by the bytes alone and before anything is decoded."""

import struct
import time

import pytest

from support import images
from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.media.inspect import Inspection, Limits, inspect, is_lossless_webp

LIMITS = Limits()


@pytest.mark.parametrize("kind", images.FORMATS)
def test_each_accepted_format_is_recognized_with_its_size(kind):
    found = inspect(images.file(kind, 64, 48), LIMITS)
    expected = Inspection(kind, f"image/{kind}", 64, 48, has_alpha=False, frames=1)
    assert found == expected


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_alpha_is_seen(kind):
    assert inspect(images.file(kind, alpha=True), LIMITS).has_alpha


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
@pytest.mark.parametrize("kind", images.FORMATS)
def test_width_and_height_are_upright(kind, orientation):
    found = inspect(images.turned(orientation, kind), LIMITS)
    assert (found.width, found.height) == (64, 48)


@pytest.mark.parametrize("name", images.not_pictures())
def test_other_files_are_refused_naming_what_is_accepted(name):
    with pytest.raises(UnsupportedMediaType, match="JPEG, PNG, WebP and AVIF"):
        inspect(images.not_pictures()[name], LIMITS)


def test_an_empty_file_names_its_field():
    with pytest.raises(ValidationFailed) as caught:
        inspect(b"", LIMITS, field="image_url")
    assert caught.value.details == [{"field": "image_url", "problem": "The file is empty."}]


def test_one_byte_over_the_limit_is_too_large_and_the_limit_is_not():
    data = images.file("jpeg")
    assert inspect(data, Limits(bytes_max=len(data))).width == 64
    with pytest.raises(PayloadTooLarge):
        inspect(data, Limits(bytes_max=len(data) - 1))


def test_one_pixel_over_the_limit_is_refused_and_the_limit_is_not():
    data = images.file("webp", 64, 48)
    assert inspect(data, Limits(pixels_max=64 * 48)).height == 48
    with pytest.raises(ValidationFailed, match="64 x 48"):
        inspect(data, Limits(pixels_max=64 * 48 - 1))


def avif_claiming(width: int, height: int) -> bytes:
    """A real AVIF whose picture-size box promises more."""
    data = images.file("avif", 64, 48)
    size = struct.pack(">II", 64, 48)
    assert data.count(b"ispe\0\0\0\0" + size) == 1
    return data.replace(size, struct.pack(">II", width, height))


def jpeg_claiming(width: int, height: int) -> bytes:
    data = images.file("jpeg", 64, 48)
    size = struct.pack(">HH", 48, 64)
    assert data.count(b"\x08" + size) == 1
    return data.replace(size, struct.pack(">HH", height, width))


BOMBS = {
    "png 30,000 squared": images.png_bomb(30_000),
    "png 100,000 squared without data": images.png_header(100_000, 100_000),
    "png of 2^31 - 1 squared": images.png_header(2**31 - 1, 2**31 - 1),
    "webp 16,383 squared": images.webp_header(16_383, 16_383),
    "jpeg 65,500 squared": jpeg_claiming(65_500, 65_500),
    "avif 60,000 squared": avif_claiming(60_000, 60_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_judged_from_the_header_at_once(name):
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        with pytest.raises(ValidationFailed):
            inspect(BOMBS[name], LIMITS)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.5


def test_a_side_that_could_not_be_written_again_is_refused():
    with pytest.raises(ValidationFailed, match="16,384 a side"):
        inspect(avif_claiming(16_385, 8), LIMITS)


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(size):
    with pytest.raises(ValidationFailed, match="no pixels"):
        inspect(images.png_header(*size), LIMITS)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_a_signature_with_rubbish_behind_it_is_a_damaged_header(kind):
    head = images.file(kind)[: {"jpeg": 3, "png": 8, "webp": 12, "avif": 28}[kind]]
    for rest in (b"", b"\0" * 200, bytes(range(256))):
        with pytest.raises(ValidationFailed, match="damaged"):
            inspect(head + rest, LIMITS)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_no_cut_and_no_flipped_byte_in_the_header_surprises(kind):
    """Every outcome is an inspection or one of our own errors, never libvips' or Python's."""
    data = images.file(kind, 16, 16)
    tries = [data[:length] for length in range(0, min(len(data), 400), 7)]
    tries += [images.flipped(data, at) for at in range(min(len(data), 300))]
    outcomes = set()
    for attempt in tries:
        try:
            outcomes.add(type(inspect(attempt, LIMITS)))
        except (ValidationFailed, UnsupportedMediaType) as error:
            outcomes.add(type(error))
    assert outcomes == {Inspection, ValidationFailed, UnsupportedMediaType}


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_frames_are_counted(kind):
    assert inspect(images.animation(kind, frames=5), LIMITS).frames == 5


def test_lossless_webp_is_told_from_lossy():
    plain = images.picture()
    veiled = images.picture(alpha=True)
    for image in (plain, veiled):
        assert is_lossless_webp(images.encoded(image, "webp", lossless=True))
        assert not is_lossless_webp(images.encoded(image, "webp"))
    assert not is_lossless_webp(images.animation("webp"))
    assert not is_lossless_webp(b"RIFF\0\0\0\0WEBP")
