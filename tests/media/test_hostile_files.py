"""Files made to hurt: cut, altered, two things at once, or far larger inside than outside."""

import struct
import time
import zlib

import pytest
import pyvips

from support import images
from tintype.core.errors import UnsupportedMediaType, ValidationFailed
from tintype.media.inspect import Limits, inspect
from tintype.media.pipeline import make_master
from tintype.media.vips import open_picture

SCRIPT = b"<html><script>alert(document.domain)</script>"


def clean(data: bytes) -> bytes:
    return make_master(data, inspect(data, Limits())).data


def noisy(kind):
    """Pixels that need many bytes, so that a cut falls among them."""
    noise = pyvips.Image.gaussnoise(200, 150, mean=128, sigma=40, seed=7)
    other = pyvips.Image.gaussnoise(200, 150, mean=100, sigma=40, seed=8)
    image = noise.bandjoin([other, noise]).cast("uchar").copy(interpretation="srgb")
    return images.encoded(image, kind)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("kind", images.FORMATS)
def test_a_file_cut_short_is_refused(kind, part):
    data = noisy(kind)
    with pytest.raises(ValidationFailed):
        clean(data[: int(len(data) * part)])


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_a_flipped_byte_among_a_pngs_pixels_is_refused(part):
    data = noisy("png")
    with pytest.raises(ValidationFailed, match="damaged"):
        clean(images.flipped(data, int(len(data) * part)))


@pytest.mark.parametrize("kind", images.FORMATS)
def test_flipped_bytes_anywhere_give_a_picture_or_our_own_error(kind):
    """The other formats carry no checksum, so some damage is only another picture."""
    data = images.file(kind, 40, 30)
    for position in range(0, len(data), max(1, len(data) // 120)):
        try:
            again = clean(images.flipped(data, position))
        except (UnsupportedMediaType, ValidationFailed):
            continue
        assert images.opened(again).format == "uchar"


@pytest.mark.parametrize("kind", images.FORMATS)
def test_what_hangs_behind_a_picture_is_gone(kind):
    for tail in (SCRIPT, b"PK\x03\x04" + bytes(400)):
        master = clean(images.file(kind) + tail)
        assert b"script" not in master
        assert b"PK\x03\x04" not in master


def test_a_script_in_a_comment_is_gone():
    data = images.file("jpeg")
    comment = b"\xff\xfe" + struct.pack(">H", len(SCRIPT) + 2) + SCRIPT
    assert SCRIPT in data[:2] + comment + data[2:]
    assert b"script" not in clean(data[:2] + comment + data[2:])


def test_a_colour_profile_that_unpacks_to_twenty_megabytes_is_harmless():
    bomb = b"icc\0\0" + zlib.compress(bytes(20_000_000), 9)
    data = images.with_png_chunk(images.file("png"), b"iCCP", bomb)
    started = time.process_time()
    master = clean(data)
    assert time.process_time() - started < 1
    assert len(master) < 10_000
    assert images.looks_upright(images.opened(master))


def test_a_colour_profile_that_says_twenty_megabytes_in_a_jpeg_is_harmless():
    image = images.with_profile(images.picture(), images.profile_of("p3") + bytes(16_000_000))
    master = clean(images.encoded(image, "jpeg"))
    assert len(master) < 10_000
    assert images.looks_upright(images.opened(master))


@pytest.mark.parametrize("profile", [b"\0" * 300, b"junk" * 99, images.profile_of("cmyk")])
def test_a_profile_that_makes_no_sense_here_is_ignored(profile):
    image = images.with_profile(images.picture(), profile)
    assert images.looks_upright(images.opened(clean(images.encoded(image, "png"))))


def test_text_chunks_that_unpack_to_much_are_harmless():
    data = images.file("png")
    packed = b"k\0\0" + zlib.compress(bytes(50_000_000), 9)
    for _ in range(4):
        data = images.with_png_chunk(data, b"zTXt", packed)
    started = time.process_time()
    assert len(clean(data)) < 10_000
    assert time.process_time() - started < 7


@pytest.mark.parametrize(
    "tags", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0*" + b"\xff" * 400]
)
def test_hostile_exif_is_harmless(tags):
    body = b"Exif\0\0" + tags
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    data = images.file("jpeg")
    master = clean(data[:2] + segment + data[2:])
    assert b"Exif" not in master
    assert images.looks_upright(images.opened(master))


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_is_ignored(orientation):
    entry = struct.pack("<HHII", 0x0112, 3, 1, orientation)
    body = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + bytes(4)
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    data = images.file("jpeg")
    assert images.looks_upright(images.opened(clean(data[:2] + segment + data[2:])))


def test_a_hollow_bomb_under_the_pixel_limit_is_refused_when_it_is_decoded():
    for hollow in (images.png_header(7_000, 7_000), images.webp_header(7_000, 7_000)):
        with pytest.raises(ValidationFailed):
            clean(hollow)


def test_two_thousand_frames_cost_as_much_as_one():
    data = images.animation("png", frames=2_000)
    started = time.process_time()
    assert inspect(data, Limits()).frames == 2_000
    clean(data)
    assert time.process_time() - started < 1


def test_the_loaders_libvips_calls_unfuzzed_are_blocked(tmp_path):
    """Blocked by the first import of `tintype.media.vips`, whichever test came first."""
    assert open_picture(images.file("png"), "png").width == 64
    table = tmp_path / "table.csv"
    table.write_text("1,2\n3,4\n")
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_file(str(table))
    with pytest.raises(pyvips.Error, match="blocked"):
        pyvips.Image.csvload(str(table))
