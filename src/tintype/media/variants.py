"""Derived sizes of a master: what may be asked for, its name in storage, and how it is rendered."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from tintype.core.errors import ValidationFailed
from tintype.media.encode import QUALITY_DEFAULT, SIDE_MAX, encode
from tintype.media.vips import Format, leading_bytes, open_picture, sniff

Fit = Literal["cover", "contain", "inside"]

FORMATS_BY_EXTENSION: Final[dict[str, Format]] = {
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "png": "png",
    "webp": "webp",
    "avif": "avif",
}
PIXELS_MAX: Final = 50_000_000
SIDE_PARAM_MAX: Final = 16_384
DPR_MIN: Final = 0.5
DPR_MAX: Final = 5.0

_SIDE: Final = re.compile(r"[1-9][0-9]{0,4}")
_DPR: Final = re.compile(r"[0-9](?:\.[0-9]{1,2})?")
_QUALITY: Final = re.compile(r"[1-9][0-9]{0,2}")
_SHRINK_REST_MIN: Final = 1.5


@dataclass(frozen=True, slots=True)
class Variant:
    """A derived size as asked for; `width` and `height` are multiplied by `dpr`.

    `inside` fits within the box and never enlarges; `cover` fills the box and crops around the
    focal point; `contain` fits and pads to the box. The latter two give exactly the box. With one
    side or none there is no box to fill, and every fit is `inside`.
    """

    width: int | None
    height: int | None
    fit: Fit
    dpr: float
    quality: int | None
    format: Format

    def key(self) -> str:
        """A safe path segment such as `w640-h480-cover-q80.webp`.

        Requests that give the same bytes have the same key: `dpr` is multiplied into the sides, a
        fit without a box is `inside`, a missing quality is the format's own, and PNG has none.
        """
        width, height = self.box()
        parts = []
        if width is not None:
            parts.append(f"w{width}")
        if height is not None:
            parts.append(f"h{height}")
        parts.append(self.effective_fit())
        if self.format != "png":
            parts.append(f"q{self.effective_quality()}")
        return f"{'-'.join(parts)}.{self.format}"

    def box(self) -> tuple[int | None, int | None]:
        """The asked sides in pixels of the output."""
        hundredths = round(self.dpr * 100)

        def scaled(side: int | None) -> int | None:
            return None if side is None else max(1, (side * hundredths + 50) // 100)

        return scaled(self.width), scaled(self.height)

    def effective_fit(self) -> Fit:
        return "inside" if self.width is None or self.height is None else self.fit

    def effective_quality(self) -> int:
        return QUALITY_DEFAULT[self.format] if self.quality is None else self.quality


def parse_variant(
    *,
    w: str | None,
    h: str | None,
    fit: str | None,
    dpr: str | None,
    q: str | None,
    format: Format,  # noqa: A002
) -> Variant:
    """Read raw query values strictly; None means the parameter was not given.

    Raises ValidationFailed naming every parameter that is wrong, so nothing is guessed: `010`,
    `+1`, `1e3` and ` 10` are refused as well as what is out of range.
    """
    faults: list[tuple[str, str]] = []
    width = _whole("w", w, _SIDE, SIDE_PARAM_MAX, faults)
    height = _whole("h", h, _SIDE, SIDE_PARAM_MAX, faults)
    quality = _whole("q", q, _QUALITY, 100, faults)
    ratio = 1.0
    if dpr is not None:
        ratio = float(dpr) if _DPR.fullmatch(dpr) else 0.0
        if not DPR_MIN <= ratio <= DPR_MAX:
            faults.append(("dpr", f"Must be {DPR_MIN} to {DPR_MAX} with at most two decimals."))
    if fit is not None and fit not in get_args(Fit):
        faults.append(("fit", f"Must be one of {', '.join(get_args(Fit))}."))
    if faults:
        (field, problem), *more = faults
        raise ValidationFailed(field, problem, *more)
    return Variant(width, height, cast("Fit", fit or "cover"), ratio, quality, format)


def _whole(
    name: str, text: str | None, shape: re.Pattern[str], most: int, faults: list[tuple[str, str]]
) -> int | None:
    if text is None:
        return None
    if shape.fullmatch(text) and int(text) <= most:
        return int(text)
    faults.append((name, f"Must be a whole number from 1 to {most}."))
    return None


def negotiate(accept: str, *, has_alpha: bool) -> Format:
    """The format for `auto` from an Accept header: WebP if named, else PNG with alpha, else JPEG.

    Wildcards don't count: `*/*` is what programs send that never thought about WebP, while every
    browser names it. AVIF is given only when the URL asks for it: it takes three to six times the
    encoder's time for 2 to 14 % fewer bytes (see `encode`), and since all browsers accept it, one
    header would make every cold picture that slow.
    """
    for entry in accept.split(","):
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        if kind == "image/webp" and not any(_refuses(parameter) for parameter in parameters):
            return "webp"
    return "png" if has_alpha else "jpeg"


def _refuses(parameter: str) -> bool:
    """`q=0`, `q=0.0` and so on say: anything but this."""
    return re.fullmatch(r"q=0(?:\.0{0,3})?", parameter) is not None


def output_size(variant: Variant, source_width: int, source_height: int) -> tuple[int, int]:
    """Width and height in pixels of what `render` gives for a master of this size."""
    width, height = variant.box()
    if width is not None and height is not None and variant.fit != "inside":
        return width, height
    sides = ((width, source_width), (height, source_height))
    scale = min([1.0, *(side / source for side, source in sides if side is not None)])
    return _scaled(source_width, source_height, scale)


def check(variant: Variant, source_width: int, source_height: int) -> None:
    """Refuse an output over 50 MP, or longer than its format can hold, before any work is done."""
    width, height = output_size(variant, source_width, source_height)
    longest = SIDE_MAX[variant.format]
    for name, side in (("w", width), ("h", height)):
        if side > longest:
            problem = f"{variant.format.upper()} holds at most {longest:,} pixels a side"
            raise ValidationFailed(name, f"{problem}; this picture would have {side:,}.")
    if width * height > PIXELS_MAX:
        asked = "w" if variant.width is not None else "h"
        raise ValidationFailed(
            "dpr" if variant.dpr > 1 else asked,
            f"The picture would be {width:,} x {height:,} pixels;"
            f" at most {PIXELS_MAX:,} pixels are rendered.",
        )


def render(
    source: bytes | Path, variant: Variant, focal_point: tuple[float, float] | None
) -> bytes:
    """Render a derived size of a master (upright, sRGB), given as bytes or as its file.

    `focal_point` is (x, y) in 0 to 1 of the master's sides; None means its centre. Raises
    ValidationFailed as `check` does, and VipsError when the master itself is damaged.
    """
    kind = sniff(leading_bytes(source))
    if kind is None:
        raise ValueError("The source is not a picture that make_master made.")
    picture = open_picture(source, kind)
    check(variant, picture.width, picture.height)
    width, height = output_size(variant, picture.width, picture.height)
    fit = variant.effective_fit()
    inner = width, height
    if fit == "contain":
        scale = min(width / picture.width, height / picture.height)
        inner = _scaled(picture.width, picture.height, scale)
    shrink = shrink_on_load(min(picture.width / inner[0], picture.height / inner[1]))
    if shrink > 1 and kind in {"jpeg", "webp"}:
        picture = open_picture(source, kind, shrink=shrink)
    if fit == "cover":
        picture = _crop(picture, width, height, focal_point)
    picture = _resize(picture, *inner)
    if fit == "contain":
        picture = _pad(picture, width, height, variant.format)
    if variant.format == "jpeg" and picture.hasalpha():
        picture = picture.flatten(background=255)
    return encode(picture, variant.format, variant.effective_quality())


def crop_start(side: int, window: int, focal: float) -> int:
    """Where a window of `window` pixels begins on a side, so that the focal point is at its centre.

    Clamped to the picture: near an edge the focal point leaves the centre, never the window.
    """
    return min(max(round(focal * side - window / 2), 0), side - window)


def crop_size(source_width: int, source_height: int, width: int, height: int) -> tuple[int, int]:
    """The largest part of the source, in its pixels, that has the shape of the output."""
    scale = max(width / source_width, height / source_height)
    wide, high = _scaled(width, height, 1 / scale)
    return min(wide, source_width), min(high, source_height)


def shrink_on_load(factor: float) -> int:
    """How much the JPEG or WebP decoder may shrink a picture that gets `factor` times smaller.

    At least a factor of 1.5 is left to the better filter. libvips' own `thumbnail` leaves 2, and
    so decodes a 12 MP JPEG whole for a width of 1024, which takes 1.7 times as long before encoding
    and comes no closer to an unrounded resize (55 dB against 57).
    """
    return next((by for by in (8, 4, 2) if factor / by >= _SHRINK_REST_MIN), 1)


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resize(picture: Any, width: int, height: int) -> Any:
    """`thumbnail_image` rather than `resize`, because it weighs colours by their alpha."""
    if (picture.width, picture.height) == (width, height):
        return picture
    return picture.thumbnail_image(width, height=height, size="force")


def _crop(picture: Any, width: int, height: int, focal_point: tuple[float, float] | None) -> Any:
    """Cropped before it is resized: a 1 x 50,000 picture must not grow before it is cut."""
    wide, high = crop_size(picture.width, picture.height, width, height)
    x, y = focal_point or (0.5, 0.5)
    left, top = crop_start(picture.width, wide, x), crop_start(picture.height, high, y)
    return picture.crop(left, top, wide, high)


def _pad(picture: Any, width: int, height: int, kind: Format) -> Any:
    """Centre on white, or on nothing where the format knows alpha."""
    background = [255.0, 255.0, 255.0]
    if kind == "jpeg":
        if picture.hasalpha():
            picture = picture.flatten(background=255)
    else:
        background.append(0.0)
        if not picture.hasalpha():
            picture = picture.addalpha()
    left, top = (width - picture.width) // 2, (height - picture.height) // 2
    return picture.embed(left, top, width, height, extend="background", background=background)
