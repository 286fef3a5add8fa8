"""Pixels to bytes: each format's settings in one place, chosen by measurement.

Milliseconds are of one core of a 2-core server; photographs are six real ones of 0.2 MP and our
benchmark's picture (`benchmarks/derived_size.py`) unless another is named.

- WebP at effort 2: 45 % of the time of effort 4, libvips' own, for 1 to 3 % more bytes (4.5 % on
  the benchmark's picture). Efforts 0 and 1 save another quarter but cost 11 to 30 % of bytes.
- Lossless WebP at effort 0 and search 20: 60 ms a megapixel; effort 2 takes 820 for 6 % less.
- AVIF at effort 1: 3 to 6 times the time of WebP, and at equal PSNR 2 to 14 % fewer bytes. Effort 0
  is a third of the time but no smaller than WebP; effort 4 takes a second and more.
- PNG at level 4 with the `sub` filter: 37 ms for a photograph of 1 MP, 13 to 20 for a drawing.
  Without the filter photographs grow by half; level 6 costs twice the time for 13 to 20 % off
  drawings and 1 % off photographs.
"""

from typing import Any, Final, assert_never

from tintype.media.vips import Format

QUALITY_DEFAULT: Final[dict[Format, int]] = {"jpeg": 80, "png": 100, "webp": 80, "avif": 65}
"""What `q` is when it is not asked for; PNG has none. AVIF's 65 loses as much as WebP's 80."""

SIDE_MAX: Final[dict[Format, int]] = {
    "jpeg": 65_500,
    "png": 1_000_000,
    "webp": 16_383,
    "avif": 16_384,
}
"""The longest side each encoder can write, in pixels."""


def encode(
    picture: Any,
    kind: Format,
    quality: int,
    *,
    lossless: bool = False,
    chroma_full: bool = False,
) -> bytes:
    """Encode without any metadata. Equal pixels and settings give equal bytes.

    `lossless` counts for WebP; `chroma_full` keeps colour at full resolution (4:4:4) in JPEG and
    AVIF. Raises VipsError when the pixels behind a lazy image turn out to be damaged.
    """
    subsample = "off" if chroma_full else "on"
    match kind:
        case "jpeg":
            encoded = picture.jpegsave_buffer(
                Q=quality, optimize_coding=True, subsample_mode=subsample, keep="none"
            )
        case "png":
            encoded = picture.pngsave_buffer(compression=4, filter="sub", keep="none")
        case "webp" if lossless:
            encoded = picture.webpsave_buffer(
                Q=20, effort=0, lossless=True, exact=True, keep="none"
            )
        case "webp":
            encoded = picture.webpsave_buffer(Q=quality, effort=2, keep="none")
        case "avif":
            encoded = picture.heifsave_buffer(
                Q=quality,
                effort=1,
                compression="av1",
                encoder="aom",
                subsample_mode=subsample,
                keep="none",
            )
        case _:
            assert_never(kind)
    return bytes(encoded)
