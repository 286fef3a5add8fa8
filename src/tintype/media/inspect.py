"""Is this a picture we take, and how large is it? Judged from its first bytes, never decoded."""

from dataclasses import dataclass
from typing import Any, Final

from tintype.core.errors import PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from tintype.media.encode import SIDE_MAX
from tintype.media.vips import MEDIA_TYPES, Format, VipsError, open_picture, sniff

_CHUNKS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What one upload may be: size of the file, and of the decoded picture."""

    bytes_max: int = 50_000_000
    pixels_max: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the header says. Width and height are upright: after EXIF orientation."""

    format: Format
    media_type: str
    width: int
    height: int
    has_alpha: bool
    frames: int


def inspect(data: bytes, limits: Limits, field: str = "file") -> Inspection:
    """Judge a file by its bytes alone; neither its name nor its declared type is asked.

    Raises ValidationFailed (empty, damaged header, no or too many pixels), PayloadTooLarge,
    or UnsupportedMediaType for everything that is not JPEG, PNG, WebP or AVIF.
    """
    if not data:
        raise ValidationFailed(field, "The file is empty.")
    if len(data) > limits.bytes_max:
        raise PayloadTooLarge(
            f"The file has {len(data):,} bytes; at most {limits.bytes_max:,} are accepted.",
            param=field,
        )
    kind = sniff(data)
    if kind is None:
        raise UnsupportedMediaType(
            "The file is not an accepted picture. Accepted are JPEG, PNG, WebP and AVIF.",
            param=field,
        )
    if kind == "png":
        # libpng reads text and colour chunks on opening; a bomb need not get that far.
        _check_pixels(*_png_size(data, field), limits, field)
    try:
        picture = open_picture(data, kind)
        if kind == "avif" and picture.get("heif-compression") != "av1":
            raise UnsupportedMediaType(
                "This HEIF file holds no AV1 picture. Accepted are JPEG, PNG, WebP and AVIF.",
                param=field,
            )
        width, height = _upright_size(picture)
        has_alpha = bool(picture.hasalpha())
        frames = _frames(picture, data, kind)
    except VipsError as error:
        raise ValidationFailed(field, "The picture's header is damaged.") from error
    _check_pixels(width, height, limits, field)
    if max(width, height) > SIDE_MAX[kind]:
        raise ValidationFailed(
            field,
            f"The picture is {max(width, height):,} pixels long;"
            f" a {kind.upper()} may have {SIDE_MAX[kind]:,} a side.",
        )
    return Inspection(kind, MEDIA_TYPES[kind], width, height, has_alpha, frames)


def _check_pixels(width: int, height: int, limits: Limits, field: str) -> None:
    if width < 1 or height < 1:
        raise ValidationFailed(field, "The picture has no pixels.")
    if width * height > limits.pixels_max:
        raise ValidationFailed(
            field,
            f"The picture has {width:,} x {height:,} pixels;"
            f" at most {limits.pixels_max:,} pixels are accepted.",
        )


def is_lossless_webp(data: bytes) -> bool:
    """Whether the (first) frame is coded losslessly: the `VP8L` chunk comes instead of `VP8 `."""
    start = 12
    for _ in range(_CHUNKS_MAX):
        name = data[start : start + 4]
        if name in {b"VP8L", b"VP8 ", b""}:
            return name == b"VP8L"
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        # An animation's frame is a chunk of 16 bytes of its own with chunks inside.
        start += 8 + (16 if name == b"ANMF" else size + size % 2)
    return False


def _png_size(data: bytes, field: str) -> tuple[int, int]:
    """Width and height of the IHDR chunk, which is always the first."""
    kind, size = data[12:16], data[16:24]
    if kind != b"IHDR" or len(size) != 8:  # noqa: PLR2004
        raise ValidationFailed(field, "The picture's header is damaged.")
    return int.from_bytes(size[:4], "big"), int.from_bytes(size[4:], "big")


def _upright_size(picture: Any) -> tuple[int, int]:
    """Orientations 5 to 8 lie on their side."""
    orientation = picture.get("orientation") if picture.get_typeof("orientation") else 1
    if orientation in range(5, 9):
        return picture.height, picture.width
    return picture.width, picture.height


def _frames(picture: Any, data: bytes, kind: Format) -> int:
    """How many frames the file says it has. libvips doesn't tell for PNG: its `acTL` chunk does."""
    if kind != "png":
        return int(picture.get("n-pages")) if picture.get_typeof("n-pages") else 1
    start = 8
    for _ in range(_CHUNKS_MAX):
        name = data[start + 4 : start + 8]
        if name == b"acTL":
            return max(1, int.from_bytes(data[start + 8 : start + 12], "big"))
        if name in {b"IDAT", b""}:
            return 1
        start += 12 + int.from_bytes(data[start : start + 4], "big")
    return 1
