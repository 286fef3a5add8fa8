"""The public door of the drawings: a prompt in, PNG bytes of exactly the asked size out.

The scene is composed as SVG from what the prompt's words mean and rasterized by librsvg inside
libvips, which leaves Python's lock free while it works. Everything that varies comes from
generators seeded by the seed and by what the prompt means: the same arguments give the same bytes
in any process, the same words in another language the same picture, and a seed that is kept while
the subject changes keeps the place.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tintype.media.draft.compose import compose
from tintype.media.draft.pictures import Print, print_of
from tintype.media.draft.reading import read_scene
from tintype.media.draft.stage import SHORT_SIDE
from tintype.media.draft.svg import num
from tintype.media.vips import Image, VipsError

PIXELS_MAX = 4096 * 4096
SIDE_MIN, SIDE_MAX = 16, 8192
RATIO_MAX = 16  # Longer strips would be all repetition, and cost seconds.
REFERENCES_MAX = 16


class DrawingCanceled(Exception):
    """`canceled()` answered true before the drawing was done."""


def _never() -> bool:
    return False


def _unheard(_done: float) -> None:
    return None


def draw(
    prompt: str,
    *,
    width: int,
    height: int,
    seed: int,
    references: Sequence[bytes] = (),
    test_mark: bool = False,
    negative_prompt: str = "",
    canceled: Callable[[], bool] = _never,
    progress: Callable[[float], None] = _unheard,
) -> bytes:
    """A poster-like drawing of what `prompt` names, as PNG of `width` by `height` pixels.

    `references` are encoded pictures, shown in the scene; `negative_prompt` names what stays away.
    Raises ValueError for a size or number of references outside the limits above and for a
    reference that is not a picture, DrawingCanceled when `canceled` says so.
    """
    _check(width, height, len(references))
    progress(0.02)
    prints = [_checked(print_of(data), canceled) for data in references]
    markup = drawing(
        prompt,
        width=width,
        height=height,
        seed=seed,
        prints=prints,
        test_mark=test_mark,
        negative_prompt=negative_prompt,
    )
    if canceled():
        raise DrawingCanceled
    progress(0.25)
    data = _rasterized(markup, width, height, canceled, progress)
    progress(1.0)
    return data


def drawing(
    prompt: str,
    *,
    width: int,
    height: int,
    seed: int,
    prints: Sequence[Print] = (),
    test_mark: bool = False,
    negative_prompt: str = "",
) -> str:
    """The same drawing as SVG text."""
    unit = SHORT_SIDE / min(width, height)
    w, h = width * unit, height * unit
    scene = read_scene(prompt, negative_prompt)
    words = " ".join(prompt.casefold().split())
    body = compose(scene, w, h, seed=seed, prints=prints, words=words, test=test_mark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {num(w)} {num(h)}" preserveAspectRatio="none">{body}</svg>'
    )


def _check(width: int, height: int, references: int) -> None:
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        raise ValueError(f"A side must be {SIDE_MIN} to {SIDE_MAX} pixels.")
    if width * height > PIXELS_MAX:
        raise ValueError(f"At most {PIXELS_MAX} pixels can be drawn.")
    if max(width, height) > RATIO_MAX * min(width, height):
        raise ValueError(f"Of its pixels, a long side has at most {RATIO_MAX} times the short one.")
    if references > REFERENCES_MAX:
        raise ValueError(f"At most {REFERENCES_MAX} references can be shown.")


def _checked(value: Print, canceled: Callable[[], bool]) -> Print:
    if canceled():
        raise DrawingCanceled
    return value


def _rasterized(
    markup: str,
    width: int,
    height: int,
    canceled: Callable[[], bool],
    progress: Callable[[float], None],
) -> bytes:
    """PNG bytes; progress runs on from a quarter, and a cancellation stops libvips midway."""
    image: Any = Image.svgload_buffer(markup.encode(), unlimited=True)
    if (image.width, image.height) != (width, height):
        raise RuntimeError("librsvg gave another size than the drawing has.")
    flat = image.flatten(background=[255, 255, 255]).copy()
    best = 0.25

    def heard(_image: object, state: Any) -> None:
        nonlocal best
        if canceled():
            flat.set_kill(True)
            return
        share = 0.25 + 0.7 * state.percent / 100
        if share >= best + 0.05:
            best = share
            progress(share)

    flat.set_progress(True)
    flat.signal_connect("eval", heard)
    try:
        data: bytes = flat.write_to_buffer(".png", compression=4, filter=0x08)
    except VipsError:
        if canceled():
            raise DrawingCanceled from None
        raise
    if canceled():
        raise DrawingCanceled
    return data
