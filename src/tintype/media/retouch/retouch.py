"""Retouches a picture by a recipe of steps: decode, the steps in order, crop and size, encode.

The picture is in floats from the first step to the last, so that no step loses what the one before
has gained, and is dithered once on its way back to 8 bits, so that a lifted shadow or a drawn sky
has no bands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.core.errors import ValidationFailed
from tintype.media.encode import SIDE_MAX
from tintype.media.finish.frame import Bytes, Floats, encoded, opened
from tintype.media.inspect import Limits
from tintype.media.retouch import (
    balance,
    colour,
    detail,
    dusk,
    lens,
    match,
    season,
    sky,
    straighten,
    tone,
)
from tintype.media.retouch.backdrop import NotPlain, white_background
from tintype.media.retouch.crop import crop_to
from tintype.media.retouch.light import largest, reduced, strips
from tintype.media.retouch.plumb import measure
from tintype.media.retouch.regions import EDGE_SIDE
from tintype.media.retouch.steps import Step, checked
from tintype.media.retouch.vary import varied
from tintype.media.stopping import Canceled, Progress, report

_DECODED: Final = 0.1
_DONE: Final = 0.85
"""How far along the work is, for `progress`; encoding is the rest."""
_REFERENCE_SIDE: Final = 512
_DITHER_SIDE: Final = 256
_FLAT: Final = 1e-6
# A little less than a level, so that a whole one stays what it is.
_DITHER: Final = np.random.Generator(np.random.Philox(8)).random(
    (_DITHER_SIDE, _DITHER_SIDE, 3), np.float32
) * np.float32(0.98) - np.float32(0.49)

_BEFORE_PLACES: Final = frozenset({"straighten", "lens", "denoise", "white_balance"})
"""After these a picture shows best what is where."""

Apply = Callable[..., object]
Missed = Callable[[str], None]
Point = tuple[float, float]

_IN_PLACE: Final[Mapping[str, Apply]] = {
    "denoise": detail.denoise,
    "white_balance": balance.white_balance,
    "temperature": balance.temperature,
    "tint": balance.tint,
    "exposure": tone.exposure,
    "dehaze": tone.dehaze,
    "shadows": tone.shadows,
    "highlights": tone.highlights,
    "contrast": tone.contrast,
    "clarity": tone.clarity,
    "vibrance": colour.vibrance,
    "saturation": colour.saturation,
    "grade": colour.grade,
    "glow": colour.glow,
    "vignette": colour.vignette,
    "sharpen": detail.sharpen,
}
"""Steps that need nothing but the picture; each changes it in place."""
_SEEDED: Final[Mapping[str, Apply]] = {
    "sky": sky.sky,
    "season": season.season,
    "dusk": dusk.dusk,
}
"""Steps that draw something; False where the picture lacks what they change."""


@dataclass(frozen=True, slots=True)
class Work:
    """A picture on its way.

    `alpha` (H, W) and `reference` are None where there is none. The focal point moves with what
    it lies on. `seen` is a small copy from before light and colours were changed: places are
    looked for there, or a warmer sky would be none. `missed` is told steps that found no place.
    """

    picture: Floats
    alpha: Floats | None
    reference: Floats | None
    focal_point: Point | None
    seed: int
    canceled: Canceled
    missed: Missed
    seen: Floats | None = None


def retouch(
    data: bytes,
    steps: Sequence[Mapping[str, object]],
    *,
    width: int = 0,
    height: int = 0,
    focal_point: tuple[float, float] | None = None,
    reference: bytes | None = None,
    seed: int = 0,
    variant: int = 0,
    limits: Limits | None = None,
    canceled: Canceled,
    progress: Progress,
    missed: Missed = lambda _: None,
) -> bytes:
    """A picture file after the steps, in its own format; equal arguments give equal bytes.

    With a `width` and `height` it is cropped to their ratio around the focal point (shares of its
    width and height, the middle when None) and brought to that size; 0 and 0 keep its own.
    `variant` 0 is the recipe itself, others are as `varied` makes them. `reference` is the picture
    that the step `match` follows.

    Raises ValueError for steps, sizes or focal points that are none, what `opened` raises for bytes
    that are no picture of ours, ValidationFailed where a backdrop can't be made white since it
    isn't plain, and Stopped once `canceled` says so. `progress` is told 0 to 1, and `missed` the
    name of each step for which the picture has no place: a sky, grass, anything that grows.
    """
    todo = varied(checked(steps), variant, seed)
    limits = limits or Limits()
    _check(todo, width, height, focal_point, reference, limits)
    report(0.0, canceled, progress)
    frame = opened(data, limits)
    if max(width, height) > SIDE_MAX[frame.format]:
        most = SIDE_MAX[frame.format]
        raise ValueError(f"A {frame.format.upper()} may have {most:,} pixels a side.")
    picture = np.asarray(frame.pixels, np.float32)
    picture *= np.float32(1 / 255)
    alpha = None if frame.alpha is None else frame.alpha * np.float32(1 / 255)
    follows = _reference(reference, limits)
    work = Work(picture, alpha, follows, focal_point, seed + variant, canceled, missed)
    del picture
    for number, step in enumerate(todo):
        done = _DECODED + (_DONE - _DECODED) * number / len(todo)
        report(done, canceled, progress)
        if work.seen is None and step["step"] not in _BEFORE_PLACES:
            work = replace(work, seen=reduced(work.picture, EDGE_SIDE))
        work = _stepped(work, step)
    report(_DONE, canceled, progress)
    picture, alpha = crop_to(work.picture, work.alpha, width, height, work.focal_point)
    pixels = _eight_bits(picture, canceled)
    shown = None if alpha is None else np.asarray(np.rint(alpha * 255), np.uint8)
    # The encoder needs as much room for a large picture as its floats took.
    del work, picture, alpha
    made = encoded(replace(frame, pixels=pixels, alpha=shown))
    progress(1.0)
    return made


def _check(
    steps: Sequence[Step],
    width: int,
    height: int,
    focal_point: tuple[float, float] | None,
    reference: bytes | None,
    limits: Limits,
) -> None:
    matches = any(step["step"] == "match" for step in steps)
    if matches and reference is None:
        raise ValueError("The step match needs a second picture to follow.")
    if reference is not None and not matches:
        raise ValueError("A second picture is for the step match, which isn't in the recipe.")
    if (width, height) != (0, 0) and min(width, height) < 1:
        raise ValueError("Width and height are both above 0, or both 0 for the picture's own size.")
    if width * height > limits.pixels_max:
        raise ValueError(f"At most {limits.pixels_max:,} pixels are made.")
    if focal_point is not None and not all(0 <= share <= 1 for share in focal_point):
        raise ValueError("The focal point's x and y are 0 to 1.")


def _reference(data: bytes | None, limits: Limits) -> Floats | None:
    """A small copy of the picture to match: its statistics are all that counts."""
    if data is None:
        return None
    pixels = opened(data, limits).pixels
    return reduced(np.asarray(pixels, np.float32) / np.float32(255), _REFERENCE_SIDE)


def _stepped(work: Work, step: Step) -> Work:
    name = step["step"]
    parameters = {key: value for key, value in step.items() if key != "step"}
    if name in _IN_PLACE:
        _IN_PLACE[name](work.picture, **parameters, canceled=work.canceled)
    elif name in _SEEDED:
        found = _SEEDED[name](
            work.picture, **parameters, seed=work.seed, canceled=work.canceled, seen=work.seen
        )
        if found is False:
            work.missed(name)
    elif name in _REPLACING:
        return _REPLACING[name](work, **parameters)
    else:
        raise AssertionError(f"The step {name} is in the table and not here.")
    return work


def _mown(work: Work, *, amount: float) -> Work:
    if not season.lawn(work.picture, amount=amount, canceled=work.canceled, seen=work.seen):
        work.missed("lawn")
    return work


def _matched(work: Work, *, amount: float) -> Work:
    assert work.reference is not None
    match.match(work.picture, work.reference, amount=amount, canceled=work.canceled)
    return work


def _whitened(work: Work, *, shadow: float) -> Work:
    try:
        picture = white_background(work.picture, shadow=shadow, canceled=work.canceled)
    except NotPlain as fault:
        raise ValidationFailed("file", str(fault)) from fault
    return replace(work, picture=picture)


def _straightened(work: Work, *, vertical: bool, horizon: bool) -> Work:
    """Colours, alpha and focal point by one correction."""
    high, wide = work.picture.shape[:2]
    back = straighten.correction(
        measure(work.picture), wide, high, vertical=vertical, horizon=horizon
    )
    if back is None:
        return work
    return _moved(
        work,
        lambda plane: straighten.straightened(plane, back, work.canceled),
        lambda point: straighten.moved(point, back, wide, high),
    )


def _unbent(work: Work, *, amount: float | None) -> Work:
    high, wide = work.picture.shape[:2]
    bend = lens.bend_of(work.picture, amount)
    return _moved(
        work,
        lambda plane: lens.unbent(plane, bend, work.canceled),
        lambda point: lens.moved(point, bend, wide, high),
    )


def _moved(work: Work, plane: Callable[[Floats], Floats], point: Callable[[Point], Point]) -> Work:
    """Colours, alpha and focal point moved alike."""
    return replace(
        work,
        picture=plane(work.picture),
        alpha=None if work.alpha is None else plane(work.alpha),
        focal_point=None if work.focal_point is None else point(work.focal_point),
    )


_REPLACING: Final[Mapping[str, Callable[..., Work]]] = {
    "lens": _unbent,
    "straighten": _straightened,
    "match": _matched,
    "lawn": _mown,
    "white_background": _whitened,
}
"""Steps that need more of the work, or make another picture of it."""


def _eight_bits(picture: Floats, canceled: Canceled) -> Bytes:
    """Rounded with noise of one level, but where the picture is flat, as drawings are."""
    made = np.empty(picture.shape, np.uint8)
    width = picture.shape[1]
    across = np.arange(width) % _DITHER_SIDE
    for band in strips(picture, canceled):
        rows = picture[band.write]
        before = picture[band.top - 1] if band.top else rows[0]
        above = np.concatenate((before[None], rows[:-1]))
        flat = _alike(rows, above)
        if width > 1:
            flat[:, 1:] &= _alike(rows[:, 1:], rows[:, :-1])
            flat[:, 0] = flat[:, 1]
        noise = _DITHER[np.arange(band.top, band.bottom) % _DITHER_SIDE][:, across]
        noise[flat] = 0
        level = cv2.scaleAdd(rows, 255, noise)
        made[band.write] = np.clip(np.rint(level, out=level), 0, 255, out=level)
    return made


def _alike(rows: Floats, others: Floats) -> NDArray[np.bool_]:
    return largest(np.asarray(cv2.absdiff(rows, others), np.float32)) < _FLAT
