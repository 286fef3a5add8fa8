"""The one door to libvips: how it is set up for strangers' bytes, and how a picture is opened.

libvips keeps process-wide settings, so they are made here, once, where the library is imported;
nothing else in the tree imports it for reading.

- Loaders that libvips itself calls unfuzzed are blocked, and we name the loader we want instead of
  letting libvips guess it from the bytes: a file is never both a PNG and something else.
- No operation cache: a hostile picture must not stay in memory, and ours are never asked twice.
- Two threads per operation, on every machine. AV1's bytes depend on the number, so it must not
  follow the cores. Two instead of one makes a lone 12 MP JPEG to WebP some 8 % and to AVIF 35 %
  faster, and cost no throughput with both cores full; three brought nothing more. Callers bound
  how many pictures are in work at once.
"""

from pathlib import Path
from typing import Any, Final, Literal, assert_never

import pyvips

Format = Literal["jpeg", "png", "webp", "avif"]

pyvips.block_untrusted_set(True)
# Our own drawings are SVG. Strangers' bytes never come near: `sniff` knows no SVG, and what it
# doesn't know is not opened.
pyvips.operation_block_set("VipsForeignLoadSvg", False)
pyvips.cache_set_max(0)
pyvips.cache_set_max_mem(0)
pyvips.cache_set_max_files(0)
pyvips.concurrency_set(2)

Image = pyvips.Image
VipsError = pyvips.Error

MEDIA_TYPES: Final[dict[Format, str]] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
}

_SIGNATURE_BYTES: Final = 256


def sniff(data: bytes) -> Format | None:
    """The accepted format whose signature these bytes begin with, or None.

    A HEIF container is AVIF only by its brands; what is coded inside is checked after opening.
    """
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        box = data[8 : min(int.from_bytes(data[:4], "big"), _SIGNATURE_BYTES)]
        brands = {box[i : i + 4] for i in range(0, len(box), 4)}
        if brands & {b"avif", b"avis"}:
            return "avif"
    return None


def open_picture(source: bytes | Path, kind: Format, *, shrink: int = 1) -> Any:
    """The first frame as a lazy image: only the header is read, pixels come when they are used.

    `shrink` (1, 2, 4 or 8) lets the JPEG and WebP decoders deliver a smaller picture for less work;
    the other formats ignore it. Raises VipsError here for a bad header, and while pixels are
    computed for damage (`fail_on="error"`).
    """
    options: dict[str, Any] = {"access": "sequential", "fail_on": "error"}
    match kind:
        case "jpeg":
            loader = "jpegload"
            options["shrink"] = shrink
        case "png":
            loader = "pngload"
        case "webp":
            loader = "webpload"
            options |= {"page": 0, "n": 1, "scale": 1 / shrink}
        case "avif":
            loader = "heifload"
            options |= {"page": 0, "n": 1}
        case _:
            assert_never(kind)
    if isinstance(source, Path):
        return pyvips.Operation.call(loader, str(source), **options)
    return pyvips.Operation.call(f"{loader}_buffer", source, **options)


def leading_bytes(source: bytes | Path) -> bytes:
    """Enough of the beginning for `sniff`."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(_SIGNATURE_BYTES)
    return source[:_SIGNATURE_BYTES]
