"""The public door: a sketch and a prompt in, PNG bytes of exactly the asked size out.

The steps, each in a file of its own: ink from the page (`ink`), lines joined (`strokes`), the
parts they enclose (`regions`), what the prompt says (`wish`), what each part is made of (`cast`),
bodies from flat parts (`shape`), the lamps (`light`), surfaces under them (`surface`, `texture`),
and the stage around (`stage`). The same arguments give the same bytes in any process.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tintype.media.draft.mark import test_mark as mark_of_tests
from tintype.media.draft.stage import SHORT_SIDE
from tintype.media.draft.svg import num
from tintype.media.encode import encode
from tintype.media.finish.frame import Bytes, Floats
from tintype.media.sketch.boards import color_of, lay, plane_for, stood_on
from tintype.media.sketch.cast import Cast, cast
from tintype.media.sketch.glass import drink_in
from tintype.media.sketch.ink import read_ink
from tintype.media.sketch.light import Rig, backdrop_color, rig_for
from tintype.media.sketch.materials import MATERIALS, SHADES, THINGS, linear
from tintype.media.sketch.place import Place, bands, placed
from tintype.media.sketch.regions import drawing_of
from tintype.media.sketch.shape import body_of
from tintype.media.sketch.stage import backdrop, developed, shadow
from tintype.media.sketch.surface import thing
from tintype.media.sketch.wish import Wish, read_wish
from tintype.media.stopping import Canceled, Progress, report
from tintype.media.vips import Image

PIXELS_MAX: Final = 3072 * 3072
SIDE_MIN, SIDE_MAX = 64, 8192
_SETTINGS: Final = {
    "sea": "blue", "lake": "blue", "sky": "blue", "underwater": "teal", "beach": "beige",
    "desert": "beige", "forest": "green", "field": "green", "hills": "green", "snowland": "white",
    "space": "navy",
}  # fmt: skip


def _never() -> bool:
    return False


def _unheard(_done: float) -> None:
    return None


def sketch_to_photo(
    sketch: bytes,
    prompt: str,
    *,
    width: int,
    height: int,
    seed: int,
    test_mark: bool = False,
    canceled: Canceled = _never,
    progress: Progress = _unheard,
) -> bytes:
    """The thing that `sketch` shows, as a studio photograph that follows the prompt's words.

    The page is fitted into `width` by `height` with its ratio kept, and the thing's outline is
    the drawing's own. A megapixel takes about a second and 40 to 110 MB, nine take three seconds
    and 250 to 950 MB. Raises ValueError for a size outside the limits above, NotASketch (one of
    them) for a page without strokes or a photograph, what `finish.frame.opened` raises for bytes
    that are no picture, and Stopped when `canceled` says so.
    """
    _check(width, height)
    tell = _told(canceled, progress)
    tell(0.02)
    ink = read_ink(sketch)
    tell(0.15)
    wish = read_wish(prompt)
    drawing = drawing_of(ink, ringed=THINGS[wish.thing].ringed)
    tell(0.25)
    parts = cast(drawing, wish)
    body = body_of(drawing, parts, THINGS[wish.thing].form)
    tell(0.4)
    rig = rig_for(wish, seed)
    place = placed(drawing, width, height)
    sheet = _sheet(wish, parts, rig, place, (width, height), seed)
    tell(0.45)
    colors, alpha = thing(
        drawing,
        parts,
        body,
        place,
        rig,
        sheet[place.window],
        liquid=wish.liquid,
        drink=drink_in(wish, parts),
        seed=seed,
        step=lambda done: tell(0.45 + 0.35 * done),
    )
    shadow(sheet, alpha, place, rig, clear=parts[0].material.clear)
    tell(0.85)
    _laid(sheet, colors, alpha, place)
    for rows in bands(0, height, width):
        sheet[rows] = _styled(sheet[rows], wish)
    film = developed(sheet, seed)
    tell(0.92)
    data = _png(film, marked=test_mark)
    tell(1.0)
    return data


def _check(width: int, height: int) -> None:
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        raise ValueError(f"Each side must be {SIDE_MIN} to {SIDE_MAX} pixels.")
    if width * height > PIXELS_MAX:
        raise ValueError(f"At most {PIXELS_MAX} pixels can be made from a sketch.")


def _told(canceled: Canceled, progress: Progress) -> Callable[[float], None]:
    def tell(done: float) -> None:
        report(done, canceled, progress)

    return tell


def _sheet(
    wish: Wish,
    parts: tuple[Cast, ...],
    rig: Rig,
    place: Place,
    size: tuple[int, int],
    seed: int,
) -> Floats:
    """All that is behind the thing and under it, in linear light."""
    material = stood_on(wish)
    if not material:
        return backdrop(*size, place, _behind(wish, parts, rig, seed), rig)
    own = next(one.material.color for one in parts if one.role == "main")
    wall = backdrop(*size, place, backdrop_color(own, "", rig, seed), rig)
    lit = backdrop(*size, place, linear(color_of(wish, material)), rig)
    lay(wall, lit, plane_for(place, wish.stand), material, seed)
    return wall


def _behind(wish: Wish, parts: tuple[Cast, ...], rig: Rig, seed: int) -> Floats:
    """The backdrop's colour in linear light."""
    ground = wish.ground
    asked = SHADES[ground.colors[0]] if ground.colors else ""
    if not asked and ground.material:
        asked = MATERIALS[ground.material].color
    if not asked and wish.setting in _SETTINGS:
        asked = SHADES[_SETTINGS[wish.setting]]
    own = next(one.material.color for one in parts if one.role == "main")
    return backdrop_color(own, asked, rig, seed)


def _laid(sheet: Floats, colors: Floats, alpha: Floats, place: Place) -> None:
    """The thing before the sheet."""
    window = sheet[place.window]
    for rows in bands(0, *alpha.shape):
        share = alpha[rows, :, None]
        window[rows] += (colors[rows] - window[rows]) * share


def _styled(light: Floats, wish: Wish) -> Floats:
    """The prompt's words for the whole picture: grey, pale, strong, warm, cool."""
    styles = wish.styles
    grey = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    if "monochrome" in styles:
        return np.asarray(np.repeat(grey[..., None], 3, axis=2), np.float32)
    if "pastel" in styles:
        light = np.asarray(0.62 * light + 0.16 * grey[..., None] + 0.2, np.float32)
    if "vivid" in styles:
        light = np.maximum(light + 0.25 * (light - grey[..., None]), 0)
    gains = np.ones(3, np.float32)
    if styles & {"warm", "vintage"}:
        gains *= np.array([1.05, 1.0, 0.9], np.float32)
    if "cool" in styles:
        gains *= np.array([0.93, 1.0, 1.08], np.float32)
    return np.asarray(light * gains, np.float32)


def _png(film: Bytes, *, marked: bool) -> bytes:
    rows, columns = film.shape[:2]
    picture: Any = Image.new_from_memory(film.data, columns, rows, 3, "uchar").copy(
        interpretation="srgb"
    )
    if marked:
        unit = SHORT_SIDE / min(columns, rows)
        w, h = columns * unit, rows * unit
        markup = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns}" height="{rows}" '
            f'viewBox="0 0 {num(w)} {num(h)}">{mark_of_tests(w, h)}</svg>'
        )
        mark = Image.svgload_buffer(markup.encode(), unlimited=True)
        picture = picture.composite2(mark, "over").flatten().cast("uchar")
    return encode(picture, "png", 100)
