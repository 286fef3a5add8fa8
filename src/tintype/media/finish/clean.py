"""Takes the machine look off a picture: waxy surfaces, halos, neon colours, casts, hard contrast.

First everything is measured (`measure`), then decided (`clean_plan`), then done in one pass over
strips: channel tables (cast, contrast), then luma (halo, texture) and chroma (saturation) apart.
Nothing is done that was not found, so a photograph that nobody pushed hardly changes.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.core.errors import ValidationFailed
from tintype.media.finish import clean_colour, clean_halo, clean_texture
from tintype.media.finish.clean_plan import LEAST, Plan, Preset, plan
from tintype.media.finish.frame import (
    Band,
    Bytes,
    Floats,
    bands,
    encoded,
    is_plain,
    opened,
    strip_rows,
)
from tintype.media.finish.frame_planes import (
    enlarged,
    luma_of,
    reduced,
    reduced_bytes,
    threefold,
)
from tintype.media.finish.frame_room import Room
from tintype.media.finish.measure import measure
from tintype.media.finish.measure_wax import CELL
from tintype.media.inspect import Limits
from tintype.media.stopping import Canceled, Progress, report

_MEASURED: Final = 0.15
_MENDED: Final = 0.85
# OpenCV's remap takes no wider strip, and colours are worked on at half of the resolution.
WIDTH_MAX: Final = 65_000
"""How far along the work is, for `progress`; encoding is the rest."""


def clean(
    data: bytes,
    *,
    strength: float,
    preset: Preset | None,
    seed: int,
    canceled: Canceled,
    progress: Progress,
    limits: Limits | None = None,
) -> bytes:
    """Clean a file and encode it in its own format; equal arguments give equal bytes.

    `strength` from 0, which gives the same pixels (and the same bytes, if they need no turning or
    conversion), to 1. Without a preset everything is mended as in an ordinary photograph. Raises
    Stopped once `canceled` says so, and what `opened` raises. `progress` is told 0 to 1.
    """
    if strength == 0 and is_plain(data):
        return data
    report(0.0, canceled, progress)
    frame = opened(data, limits)
    if frame.width > WIDTH_MAX:
        raise ValidationFailed("file", f"Pictures wider than {WIDTH_MAX} pixels can't be cleaned.")
    pixels = clean_pixels(
        frame.pixels,
        strength=strength,
        preset=preset,
        seed=seed,
        canceled=canceled,
        progress=progress,
    )
    if is_plain(data) and np.array_equal(pixels, frame.pixels):
        finished = data  # A drawing that is left alone loses nothing either.
    else:
        finished = encoded(frame.with_pixels(pixels))
    progress(1.0)
    return finished


def clean_pixels(
    pixels: Bytes,
    *,
    strength: float,
    preset: Preset | None,
    seed: int,
    canceled: Canceled,
    progress: Progress,
) -> Bytes:
    """The same on an array (H, W, 3) of sRGB; the answer is a new array, or `pixels` itself."""
    if strength == 0:
        return pixels
    todo = plan(measure(pixels), preset, strength)
    report(_MEASURED, canceled, progress)
    if todo.is_nothing:
        return pixels
    tools = _tools(pixels, todo, seed)
    height, width = pixels.shape[:2]
    mended = np.empty_like(pixels)
    rows = strip_rows(width) // CELL * CELL
    for band in bands(height, rows, clean_texture.MARGIN):
        _mend(pixels[band.read], band, tools, into=mended[band.write])
        report(_MEASURED + (_MENDED - _MEASURED) * band.bottom / height, canceled, progress)
    return mended


@dataclass(frozen=True, slots=True)
class _Luma:
    """What mending luma takes besides the strip: planes of the whole picture, and the noise."""

    expected: clean_texture.Expected
    grain: Floats
    before: Floats | None
    reduced_by: int


@dataclass(frozen=True, slots=True)
class _Tools:
    """What every strip needs: the plan and its tables; `luma` is None where it stays as it is."""

    todo: Plan
    tables: Floats
    plane: Floats
    luma: _Luma | None
    room: Room


def _tools(pixels: Bytes, todo: Plan, seed: int) -> _Tools:
    tables = clean_colour.channel_tables(todo)
    plane = clean_colour.chroma_plane(todo)
    if not todo.mends_luma:
        return _Tools(todo, tables, plane, None, Room())
    expected = clean_texture.expect(_reduced_luma(pixels, tables, CELL), todo)
    by = clean_halo.reduction(todo.halo_pixels)
    before = None
    if todo.halo >= LEAST:
        luma = _reduced_luma(pixels, tables, by)
        before = clean_halo.blur_before_halo(luma, todo.halo, todo.halo_pixels / by)
    mending = _Luma(expected, clean_texture.grain_tile(seed), before, by)
    return _Tools(todo, tables, plane, mending, Room())


def _mend(pixels: Bytes, band: Band, tools: _Tools, into: Bytes) -> None:
    """Mend a strip's own rows, and write them `into` their place.

    The change of chroma is worked out at half the resolution, as chroma is coded in nearly every
    JPEG: it differs little from a pixel to the next, and three quarters of the work are saved.
    """
    room, (height, width) = tools.room, pixels.shape[:2]
    coded = clean_colour.toned(pixels, tools.tables, room.floats("coded", height, width, 3))
    half = (max(1, width // 2), max(1, height // 2))
    small = reduced(coded, *half, into=room.floats("small", half[1], half[0], 3))
    chroma = clean_colour.chroma_change(small, tools.plane, room)
    change = enlarged(chroma, width, height, into=room.floats("change", height, width, 3))
    if tools.luma is not None:
        more = _luma_change(coded, band, tools.luma, tools)
        change += threefold(more, into=room.floats("more", height, width, 3))
    own = band.own
    cv2.add(coded[own], change[own], dst=into, dtype=cv2.CV_8U)


def _luma_change(coded: Floats, band: Band, planes: _Luma, tools: _Tools) -> Floats:
    room, (height, width) = tools.room, coded.shape[:2]
    luma = luma_of(coded, into=room.floats("luma", height, width))
    before = None
    if planes.before is not None:
        before = _rows_of(
            planes.before, band, planes.reduced_by, into=room.floats("before", height, width)
        )
    grain = room.floats("grain", height, width)
    clean_texture.grain_rows(planes.grain, band.first, into=grain)
    expected = planes.expected.rows(band.first, max(1, height // CELL))
    return clean_texture.mending(luma, expected, grain, before, tools.todo, room)


def _reduced_luma(pixels: Bytes, tables: Floats, by: int) -> Floats:
    height, width = pixels.shape[:2]
    if by > 1:
        pixels = reduced_bytes(pixels, max(1, width // by), max(1, height // by))
    return luma_of(clean_colour.toned(pixels, tables))


def _rows_of(plane: Floats, band: Band, by: int, into: Floats) -> Floats:
    """The strip's rows of a plane that is reduced `by`, at full size and bilinear."""
    if by == 1:
        into[:] = plane[band.read]
        return into
    height, width = into.shape
    shift = 0.5 / by - 0.5
    place = np.array([[1 / by, 0, shift], [0, 1 / by, band.first / by + shift]])
    rows = cv2.warpAffine(
        plane,
        place,
        (width, height),
        dst=into,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(rows, np.float32)
