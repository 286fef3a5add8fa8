"""A stranger's picture becomes our master; `STEPS` is the order, and the documentation.

Everything we store or serve was decoded and encoded here once, so a file that is also something
else, a place in its EXIF or a bomb in its colour profile doesn't get past.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from tintype.core.errors import ValidationFailed
from tintype.media.encode import encode
from tintype.media.inspect import Inspection, is_lossless_webp
from tintype.media.thumb import thumbhash
from tintype.media.vips import MEDIA_TYPES, Format, Image, VipsError, open_picture

MASTER_QUALITY: Final = 92
_PROFILE: Final = "icc-profile-data"
_PROFILE_BYTES_MAX: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Master:
    """An upright, 8-bit sRGB picture without metadata, and what its row tells about it.

    `sha256` is the hex digest of `data`; `thumbhash` is base64 text.
    """

    data: bytes
    format: Format
    media_type: str
    width: int
    height: int
    sha256: str
    thumbhash: str
    has_alpha: bool


def make_master(data: bytes, inspection: Inspection, field: str = "file") -> Master:
    """Decode, clean and encode a file that `inspect` accepted; equal bytes in, equal bytes out.

    Stays in the source's format, and a lossless WebP lossless. A 1 MP PNG costs 25 to 70 ms (a
    drawing, a photograph), a 12 MP JPEG 300, an AVIF of that size 1,500. Memory at its peak, in
    bytes a pixel: PNG 9, JPEG and WebP 16, lossless WebP 33, AVIF 55, so callers bound how many
    run at once. Raises ValidationFailed for `field` when pixels are missing or damaged.
    """
    kind = inspection.format
    try:
        source = picture = open_picture(data, kind)
        for step in STEPS:
            picture = step(picture)
        encoded = encode(
            picture,
            kind,
            MASTER_QUALITY,
            lossless=kind == "webp" and is_lossless_webp(data),
            chroma_full=not has_halved_colour(source),
        )
        blurred = thumbhash(picture)
    except VipsError as error:
        raise ValidationFailed(field, "The picture is damaged or cut short.") from error
    return Master(
        data=encoded,
        format=kind,
        media_type=MEDIA_TYPES[kind],
        width=picture.width,
        height=picture.height,
        sha256=sha256(encoded).hexdigest(),
        thumbhash=blurred,
        has_alpha=bool(picture.hasalpha()),
    )


def as_master(data: bytes, inspection: Inspection, field: str = "file") -> Master:
    """A file that our own encoder wrote, as the master it is: upright sRGB without metadata.

    Raises ValidationFailed for `field` when pixels are missing or damaged.
    """
    try:
        blurred = thumbhash(open_picture(data, inspection.format))
    except VipsError as error:
        raise ValidationFailed(field, "The picture is damaged or cut short.") from error
    return Master(
        data=data,
        format=inspection.format,
        media_type=MEDIA_TYPES[inspection.format],
        width=inspection.width,
        height=inspection.height,
        sha256=sha256(data).hexdigest(),
        thumbhash=blurred,
        has_alpha=inspection.has_alpha,
    )


def turn_upright(picture: Any) -> Any:
    """Apply the EXIF orientation. Turning needs every pixel at hand, not one row after another."""
    if not picture.get_typeof("orientation") or picture.get("orientation") == 1:
        return picture
    return picture.copy_memory().autorot()


def convert_to_srgb(picture: Any) -> Any:
    """8-bit sRGB from CMYK, grey or 16 bits, read as the embedded profile says; alpha untouched."""
    if not picture.hasalpha():
        return _colours_to_srgb(picture)
    alpha = picture[picture.bands - 1]
    if alpha.format == "ushort":
        alpha = alpha >> 8
    colours = _colours_to_srgb(picture[: picture.bands - 1])
    return colours.bandjoin(alpha.cast("uchar"))


def keep_only_pixels(picture: Any) -> Any:
    """Compute every pixel, where damage shows, and leave all that is not a pixel behind.

    EXIF with its place and time, XMP, IPTC, comments, and the profile, which is now sRGB.
    """
    pixels = picture.write_to_memory()
    bare = Image.new_from_memory(pixels, picture.width, picture.height, picture.bands, "uchar")
    return bare.copy(interpretation="srgb")


STEPS: Final[tuple[Callable[[Any], Any], ...]] = (
    turn_upright,
    convert_to_srgb,
    keep_only_pixels,
)


def _colours_to_srgb(picture: Any) -> Any:
    profile_bytes = len(picture.get(_PROFILE)) if picture.get_typeof(_PROFILE) else 0
    if 0 < profile_bytes <= _PROFILE_BYTES_MAX:
        try:
            return picture.icc_transform("srgb", embedded=True, depth=8)
        except VipsError:
            # A profile that can't be read says nothing about the pixels; browsers ignore it too.
            pass
    return picture.colourspace("srgb").cast("uchar")


def has_halved_colour(source: Any) -> bool:
    """A JPEG that already has a quarter of the colour samples gains nothing from storing four."""
    name = "jpeg-chroma-subsample"
    return bool(source.get_typeof(name)) and source.get(name) == "4:2:0"
