"""Makers of real and hostile pictures, built on the spot; no file is kept in the tree."""

import struct
import zlib
from typing import Any, Literal

import pyvips

Format = Literal["jpeg", "png", "webp", "avif"]

FORMATS: tuple[Format, ...] = ("jpeg", "png", "webp", "avif")
CORNERS = {
    "top left": (230, 30, 30),
    "top right": (30, 200, 30),
    "bottom left": (30, 30, 230),
    "bottom right": (230, 220, 30),
}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture(width: int = 64, height: int = 48, *, alpha: bool = False) -> Any:
    """Four coloured quarters with a little shading: each corner tells which it is."""
    left, right = max(1, width // 2), width - width // 2
    top, bottom = max(1, height // 2), height - height // 2

    def area(name: str, wide: int, high: int) -> Any:
        return pyvips.Image.black(max(1, wide), max(1, high), bands=3) + list(CORNERS[name])

    upper = area("top left", left, top).join(area("top right", right, top), "horizontal")
    lower = area("bottom left", left, bottom).join(
        area("bottom right", right, bottom), "horizontal"
    )
    whole = upper.join(lower, "vertical").crop(0, 0, width, height)
    shade = pyvips.Image.xyz(width, height)
    whole = (whole + (shade[0] + shade[1]) % 16).cast("uchar").copy(interpretation="srgb")
    if alpha:
        veil = (shade[0] * 255 / max(1, width - 1)).cast("uchar")
        whole = whole.bandjoin(veil)
    return whole.copy_memory()


def encoded(image: Any, kind: Format, **options: Any) -> bytes:
    """The image as a file; quality is high enough that colours can be compared."""
    match kind:
        case "jpeg":
            return image.jpegsave_buffer(**{"Q": 95, **options})
        case "png":
            return image.pngsave_buffer(**{"compression": 1, **options})
        case "webp":
            return image.webpsave_buffer(**{"Q": 95, "effort": 0, **options})
        case "avif":
            return image.heifsave_buffer(**{"Q": 95, "effort": 0, "compression": "av1", **options})


def file(kind: Format, width: int = 64, height: int = 48, *, alpha: bool = False) -> bytes:
    return encoded(picture(width, height, alpha=alpha), kind)


def opened(data: bytes) -> Any:
    """All of a file decoded, by whatever loader libvips finds."""
    return pyvips.Image.new_from_buffer(data, "", fail_on="error").copy_memory()


def corner_colours(image: Any) -> dict[str, tuple[float, ...]]:
    right, bottom = image.width - 3, image.height - 3
    return {
        "top left": tuple(image(2, 2)[:3]),
        "top right": tuple(image(right, 2)[:3]),
        "bottom left": tuple(image(2, bottom)[:3]),
        "bottom right": tuple(image(right, bottom)[:3]),
    }


def looks_upright(image: Any, tolerance: float = 40) -> bool:
    return all(
        abs(have - want) <= tolerance
        for name, colour in corner_colours(image).items()
        for have, want in zip(colour, CORNERS[name], strict=True)
    )


def turned(orientation: int, kind: Format = "jpeg", *, gps: bool = True) -> bytes:
    """A file that is upright only once its EXIF orientation is applied, taken at a known place."""
    image = picture(64, 48)
    undo = {
        1: lambda i: i,
        2: lambda i: i.fliphor(),
        3: lambda i: i.rot180(),
        4: lambda i: i.flipver(),
        5: lambda i: i.rot270().flipver(),
        6: lambda i: i.rot270(),
        7: lambda i: i.rot270().fliphor(),
        8: lambda i: i.rot90(),
    }
    image = undo[orientation](image).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    tags = {"exif-ifd0-Make": "Secretcam"}
    if gps:
        tags["exif-ifd3-GPSLatitude"] = "52/1 31/1 12/1"
        tags["exif-ifd3-GPSLongitude"] = "13/1 24/1 18/1"
    for name, value in tags.items():
        image.set_type(
            pyvips.GValue.gstr_type, name, f"{value} ({value}, ASCII, 10 components, 10 bytes)"
        )
    image.set_type(pyvips.GValue.blob_type, "xmp-data", b"<x:xmpmeta>Secretcam</x:xmpmeta>")
    return encoded(image, kind)


def with_profile(image: Any, profile: bytes) -> Any:
    """Embed a profile without touching the pixels."""
    copy = image.copy()
    copy.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return copy


def profile_of(name: Literal["p3", "srgb", "cmyk"]) -> bytes:
    """One of the profiles that libvips carries."""
    return picture(8, 8).icc_transform(name, input_profile="srgb").get("icc-profile-data")


def animation(kind: Literal["png", "webp", "avif"], frames: int = 5) -> bytes:
    """The usual picture first, then frames of dark red or black."""
    first = picture()
    others = [first.new_from_image([9 * n, 0, 0]).cast("uchar") for n in range(1, frames)]
    stack = pyvips.Image.arrayjoin([first, *others], across=1).copy(interpretation="srgb")
    if kind == "png":
        return _animated_png(frames)
    stack.set_type(pyvips.GValue.gint_type, "page-height", first.height)
    return encoded(stack, kind)


def _animated_png(frames: int) -> bytes:
    still = file("png")
    start = still.index(b"IDAT") - 4
    end = still.index(b"IEND") - 4
    black = zlib.compress(bytes((64 * 3 + 1) * 48))
    out = still[:start] + png_chunk(b"acTL", struct.pack(">II", frames, 0))
    out += _frame_control(0) + still[start:end]
    for number in range(1, frames):
        out += _frame_control(2 * number - 1)
        out += png_chunk(b"fdAT", struct.pack(">I", 2 * number) + black)
    return out + still[end:]


def _frame_control(sequence: int) -> bytes:
    return png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, 64, 48, 0, 0, 1, 10, 0, 0))


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises pixels and has none."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG_SIGNATURE + png_chunk(b"IHDR", size)


def png_bomb(side: int) -> bytes:
    """A whole, valid, black PNG of one bit a pixel: some 110 kB for 30,000 squared."""
    size = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    pixels = b"".join([*(rows.compress(row) for _ in range(side)), rows.flush()])
    return (
        PNG_SIGNATURE
        + png_chunk(b"IHDR", size)
        + png_chunk(b"IDAT", pixels)
        + png_chunk(b"IEND", b"")
    )


def with_png_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """A chunk more, just before the pixels."""
    start = png.index(b"IDAT") - 4
    return png[:start] + png_chunk(name, body) + png[start:]


def webp_header(width: int, height: int) -> bytes:
    """A lossless WebP whose pixels end at once."""
    body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(21)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def flipped(data: bytes, position: int) -> bytes:
    """One byte turned over."""
    return data[:position] + bytes([data[position] ^ 0xFF]) + data[position + 1 :]


def not_pictures() -> dict[str, bytes]:
    """What strangers name `.png`, by what it really is."""
    image = picture()
    return {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>',
        "svg with xml": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "bmp": b"BM" + struct.pack("<IHHIIiiHH", 70, 0, 0, 54, 40, 2, 2, 1, 24) + bytes(40),
        "gif": image.gifsave_buffer(),
        "tiff": image.tiffsave_buffer(),
        "vips": b"\x08\xf2\xa6\xb6" + bytes(124),
        "heic": struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(64),
        "jpeg xl": b"\xff\x0a" + bytes(64),
        "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64),
        "html": b"<!doctype html><script>alert(1)</script>",
        "zip": b"PK\x03\x04" + bytes(64),
        "mvg": b"push graphic-context\nimage over 0,0 0,0 'https://example.com/x'\n",
        "ppm": b"P6 2 2 255\n" + bytes(12),
        "csv": b"1,2\n3,4\n",
        "mp4": struct.pack(">I", 24) + b"ftypisom\0\0\2\0isommp42" + bytes(64),
        "wav": b"RIFF" + struct.pack("<I", 60) + b"WAVEfmt " + bytes(52),
        "text": "Bild".encode("utf-16"),
        "half a signature": PNG_SIGNATURE[:6],
        "one byte": b"\xff",
    }
