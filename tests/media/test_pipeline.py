"""A stranger's file becomes a master: upright, 8-bit sRGB, bare, and the same every time."""

from base64 import b64decode
from hashlib import sha256

import pytest
import pyvips

from support import images
from tintype.core.errors import ValidationFailed
from tintype.media.inspect import Limits, inspect, is_lossless_webp
from tintype.media.pipeline import Master, make_master
from tintype.media.vips import MEDIA_TYPES

PICTURE_FIELDS = {
    *("width", "height", "bands", "format", "coding", "interpretation", "xoffset", "yoffset"),
    *("xres", "yres", "filename", "vips-loader", "bits-per-sample", "resolution-unit"),
    *("jpeg-multiscan", "jpeg-chroma-subsample", "interlaced", "n-pages"),
    *("heif-primary", "heif-compression", "lossless"),
}


def average_of(hashed: bytes) -> tuple[float, float, float]:
    """Red, green and blue, 0 to 1, as a client reads them from the first three bytes."""
    head = int.from_bytes(hashed[:3], "little")
    light = (head & 63) / 63
    yellow = (head >> 6 & 63) / 31.5 - 1
    reddish = (head >> 12 & 63) / 31.5 - 1
    blue = light - 2 / 3 * yellow
    red = (3 * light - blue + reddish) / 2
    return red, red - reddish, blue


def master_of(data: bytes) -> Master:
    return make_master(data, inspect(data, Limits()))


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", images.FORMATS)
def test_a_master_keeps_format_size_colours_and_alpha(kind, alpha):
    alpha = alpha and kind != "jpeg"
    master = master_of(images.file(kind, alpha=alpha))
    image = images.opened(master.data)
    assert (master.format, master.media_type) == (kind, MEDIA_TYPES[kind])
    assert (master.width, master.height) == (image.width, image.height) == (64, 48)
    assert master.has_alpha == bool(image.hasalpha()) == alpha
    assert (image.format, image.interpretation) == ("uchar", "srgb")
    assert master.sha256 == sha256(master.data).hexdigest()
    if not alpha:
        assert images.looks_upright(image)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_equal_bytes_in_give_equal_bytes_out(kind):
    data = images.file(kind, 300, 200)
    assert master_of(data) == master_of(data)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_a_master_of_a_master_is_nearly_itself(kind):
    first = master_of(images.file(kind, 300, 200))
    again = master_of(first.data)
    difference = (images.opened(first.data) - images.opened(again.data)).abs().avg()
    assert difference <= (0 if kind == "png" else 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", images.FORMATS)
def test_every_orientation_ends_upright(kind, orientation):
    data = images.turned(orientation, kind)
    if orientation != 1 and kind != "avif":
        assert not images.looks_upright(images.opened(data))
    master = master_of(data)
    image = images.opened(master.data)
    assert (master.width, master.height, image.width, image.height) == (64, 48, 64, 48)
    assert images.looks_upright(image)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_place_camera_profile_and_every_other_field_are_gone(kind):
    data = images.turned(6, kind)
    stray = images.opened(data)
    assert b"Secretcam" in data
    assert any("GPSLatitude" in name for name in stray.get_fields())
    master = master_of(data)
    assert b"Secretcam" not in master.data
    left = set(images.opened(master.data).get_fields()) - PICTURE_FIELDS
    # libvips makes itself an EXIF block of sizes while it opens an AVIF; the file has none.
    assert not {name for name in left if not name.startswith("exif-")}
    assert b"Exif" not in master.data
    assert not any("GPS" in name for name in left)


def test_a_comment_in_a_png_is_gone():
    data = images.with_png_chunk(images.file("png"), b"tEXt", b"Comment\0Secretcam")
    assert b"Secretcam" not in master_of(data).data


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif"])
def test_an_embedded_profile_is_applied_and_then_dropped(kind):
    red_in_p3 = images.picture(32, 32).new_from_image([200, 60, 60]).cast("uchar")
    tagged = images.with_profile(red_in_p3.copy(interpretation="srgb"), images.profile_of("p3"))
    image = images.opened(master_of(images.encoded(tagged, kind)).data)
    assert not image.get_typeof("icc-profile-data")
    red, green, blue = image(16, 16)[:3]
    # Display P3's red is wider, so the same colour needs more red and less of the rest in sRGB.
    assert red > 208
    assert green < 55
    assert blue < 60


@pytest.mark.parametrize("keep", ["all", "none"])
def test_cmyk_becomes_srgb_with_its_profile_or_without(keep):
    inks = images.picture(200, 160).icc_transform("cmyk", input_profile="srgb")
    data = inks.jpegsave_buffer(Q=95, keep=keep)
    assert images.opened(data).bands == 4
    master = master_of(data)
    image = images.opened(master.data)
    assert image.bands == 3
    assert not master.has_alpha
    assert (image - inks.icc_transform("srgb")).abs().avg() < 3


@pytest.mark.parametrize("profile", [None, "p3"])
@pytest.mark.parametrize("alpha", [False, True])
def test_sixteen_bits_become_eight(alpha, profile):
    image = images.picture(alpha=alpha)
    deep = (image.cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    if profile:
        deep = images.with_profile(deep, images.profile_of(profile))
    data = images.encoded(deep, "png", bitdepth=16)
    assert images.opened(data).format == "ushort"
    master = images.opened(master_of(data).data)
    assert master.format == "uchar"
    if profile is None:
        assert (master - image).abs().max() <= 1
    elif alpha:
        assert (master[3] - image[3]).abs().max() <= 1


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_of_every_depth_becomes_srgb(bits):
    ramp = pyvips.Image.xyz(64, 8)[0] * 255 / 63
    grey = ramp.cast("uchar").copy(interpretation="b-w")
    if bits == 16:
        grey = (ramp * 257).cast("ushort").copy(interpretation="grey16")
    image = images.opened(master_of(images.encoded(grey, "png", bitdepth=bits)).data)
    assert (image.bands, image.format, image.interpretation) == (3, "uchar", "srgb")
    assert image(0, 4) == [0, 0, 0]
    assert image(63, 4) == [255, 255, 255]


def test_a_palette_with_transparency_keeps_it():
    data = images.encoded(images.picture(alpha=True), "png", palette=True)
    master = master_of(data)
    assert master.has_alpha
    assert images.opened(master.data).bands == 4


@pytest.mark.parametrize("size", [(1, 1), (1, 50_000), (50_000, 1), (2, 3)])
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_odd_shapes_are_kept(kind, size):
    master = master_of(images.file(kind, *size))
    assert (master.width, master.height) == size
    assert len(b64decode(master.thumbhash)) >= 5


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_only_the_first_frame_of_an_animation_is_kept(kind):
    data = images.animation(kind, frames=5)
    assert inspect(data, Limits()).frames == 5
    master = master_of(data)
    assert inspect(master.data, Limits()).frames == 1
    assert (master.width, master.height) == (64, 48)
    assert images.looks_upright(images.opened(master.data))


def test_a_lossless_webp_stays_lossless():
    source = images.picture(alpha=True)
    master = master_of(images.encoded(source, "webp", lossless=True, exact=True))
    assert is_lossless_webp(master.data)
    assert (images.opened(master.data) - source).abs().max() == 0
    assert not is_lossless_webp(master_of(images.file("webp")).data)


@pytest.mark.parametrize(("mode", "expected"), [("on", "4:2:0"), ("off", "4:4:4")])
def test_a_jpeg_keeps_its_colour_resolution(mode, expected):
    data = images.encoded(images.picture(), "jpeg", subsample_mode=mode)
    assert images.opened(master_of(data).data).get("jpeg-chroma-subsample") == expected


@pytest.mark.parametrize("kind", images.FORMATS)
def test_the_thumbhash_has_the_colours_of_the_picture(kind):
    plain = images.picture().new_from_image([200, 40, 40]).cast("uchar").copy(interpretation="srgb")
    hashed = b64decode(master_of(images.encoded(plain, kind)).thumbhash)
    red, green, blue = average_of(hashed)
    assert red > 0.7
    assert green < 0.25
    assert blue < 0.25


def test_damage_is_the_clients_fault_and_names_the_file():
    data = images.file("png", 200, 200)
    with pytest.raises(ValidationFailed, match="damaged") as caught:
        master_of(data[: len(data) // 2])
    assert caught.value.param == "file"
