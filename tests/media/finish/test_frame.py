"""A file becomes arrays and a file again: upright, sRGB, its own format, nothing lost between."""

import cv2
import numpy as np
import pytest

from support import images
from tintype.core.errors import ValidationFailed
from tintype.media.finish.frame import Band, Frame, bands, encoded, is_plain, opened, strip_rows
from tintype.media.inspect import Limits, inspect, is_lossless_webp
from tintype.media.pipeline import make_master


def pixels_of(data):
    return images.opened(data).numpy()[..., :3]


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", images.FORMATS)
def test_format_size_colours_and_alpha_survive_the_way_there_and_back(kind, alpha):
    alpha = alpha and kind != "jpeg"
    data = images.file(kind, alpha=alpha)
    frame = opened(data)
    back = images.opened(encoded(frame))
    assert (frame.format, frame.width, frame.height) == (kind, 64, 48)
    assert inspect(encoded(frame), Limits()).format == kind
    assert (frame.alpha is not None) == bool(back.hasalpha()) == alpha
    if alpha:
        assert np.array_equal(frame.alpha, images.opened(data).numpy()[..., 3])
        assert np.abs(frame.alpha.astype(int) - back.numpy()[..., 3]).max() <= 2
    else:
        assert images.looks_upright(back)


def test_a_png_comes_back_pixel_for_pixel():
    data = images.file("png", alpha=True)
    assert np.array_equal(images.opened(encoded(opened(data))).numpy(), images.opened(data).numpy())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(orientation):
    data = images.turned(orientation)
    frame = opened(data)
    assert (frame.width, frame.height) == (64, 48)
    assert images.looks_upright(images.opened(encoded(frame)))
    assert is_plain(data) == (orientation == 1)


def test_a_profile_is_read_as_the_master_reads_it():
    picture = images.picture()
    data = images.encoded(images.with_profile(picture, images.profile_of("p3")), "png", keep="icc")
    master = make_master(data, inspect(data, Limits()))
    assert np.array_equal(opened(data).pixels, pixels_of(master.data))
    assert not np.array_equal(opened(data).pixels, pixels_of(data))
    assert not is_plain(data)
    assert not images.opened(encoded(opened(data))).get_typeof("icc-profile-data")


@pytest.mark.parametrize("mode", ["on", "off"])
def test_a_jpeg_keeps_the_fineness_of_its_colour(mode):
    data = images.picture().jpegsave_buffer(Q=95, subsample_mode=mode)
    back = images.opened(encoded(opened(data)))
    assert back.get("jpeg-chroma-subsample") == images.opened(data).get("jpeg-chroma-subsample")


@pytest.mark.parametrize("lossless", [False, True])
def test_a_webp_stays_as_lossless_as_it_was(lossless):
    data = images.picture().webpsave_buffer(lossless=lossless)
    assert opened(data).lossless is lossless
    assert is_lossless_webp(encoded(opened(data))) is lossless


def test_grey_and_16_bits_become_8_bit_colour():
    grey = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    _, data = cv2.imencode(".png", grey)
    frame = opened(data.tobytes())
    assert frame.pixels.shape == (48, 64, 3)
    assert frame.pixels.dtype == np.uint8
    assert np.array_equal(frame.pixels[..., 0], frame.pixels[..., 2])
    assert not is_plain(data.tobytes())


def test_damaged_pixels_and_too_many_are_refused():
    data = images.file("jpeg", 300, 200)
    with pytest.raises(ValidationFailed, match="damaged"):
        opened(data[: len(data) // 2])
    with pytest.raises(ValidationFailed, match="pixels"):
        opened(data, Limits(pixels_max=1000))
    with pytest.raises(ValidationFailed, match="50,000,000"):
        opened(images.png_bomb(8000))


def test_only_pictures_that_need_no_conversion_are_plain():
    assert all(is_plain(images.file(kind)) for kind in images.FORMATS)
    assert not is_plain(b"no picture")
    assert not is_plain(images.file("png")[:30])


def test_a_frame_refuses_arrays_of_another_shape():
    pixels = np.zeros((4, 5, 3), np.uint8)
    frame = Frame(pixels, None, "png", lossless=False, chroma_full=True)
    with pytest.raises(ValueError, match="size"):
        frame.with_pixels(np.zeros((5, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="8-bit"):
        Frame(pixels.astype(np.float32), None, "png", lossless=False, chroma_full=True)
    with pytest.raises(ValueError, match="Alpha"):
        Frame(pixels, np.zeros((5, 4), np.uint8), "png", lossless=False, chroma_full=True)


@pytest.mark.parametrize(("height", "rows", "margin"), [(1, 16, 8), (100, 16, 8), (96, 32, 200)])
def test_strips_own_every_row_once_and_read_a_margin_beyond(height, rows, margin):
    numbers = np.arange(height)
    strips = list(bands(height, rows, margin))
    assert np.array_equal(np.concatenate([numbers[strip.write] for strip in strips]), numbers)
    for strip in strips:
        assert np.array_equal(numbers[strip.read][strip.own], numbers[strip.write])
        assert strip.top - strip.first == min(margin, strip.top)
        assert strip.last - strip.bottom == min(margin, height - strip.bottom)
    assert strips[0] == Band(0, min(rows, height), 0, min(height, rows + margin))


def test_a_strip_has_the_same_number_of_pixels_for_any_width():
    assert strip_rows(1024) * 1024 == strip_rows(4096) * 4096
    assert strip_rows(10_000_000) == 16
