"""Words on a film: laid out by Pango, and mixed into the frames' planes.

A scene's title and caption are one block at the foot of the frame, the title above, so they can't
overlap. Behind it lies a shade that is dark enough for white letters over any picture: over a white
one it leaves a contrast of 5.7. The block is drawn once a scene; a frame costs two passes over the
rows that it covers.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.reel.colour import Planes, to_video
from tintype.media.reel.wording import GAP, Part, Words, block, foot_of, size_of

SHADE: Final = 0.6
"""How much of the light the shade takes."""
_RAMP: Final = 5.0  # Of the size: the shade's soft upper edge.
_FULL: Final = 0.999


@dataclass(frozen=True, slots=True)
class Overlay:
    """A block of words over all columns and some rows of a frame.

    A pixel becomes what `kept` (0 to 255) keeps of it, and `lit` on top. `top` is even.
    """

    top: int
    lit: Planes
    kept: Planes

    def draw(self, planes: Planes, shown: float) -> None:
        """Mix the words into a frame; `shown` is 0 (not at all) to 1."""
        for plane, lit, kept, top in zip(
            planes, self.lit, self.kept, (self.top, self.top // 2, self.top // 2), strict=True
        ):
            rows = plane[top : top + lit.shape[0]]
            part, light = kept, lit
            if shown < _FULL:
                part = np.asarray(cv2.convertScaleAbs(kept, None, shown, 255 * (1 - shown)))
                light = np.asarray(cv2.convertScaleAbs(lit, None, shown))
            cv2.multiply(rows, part, rows, 1 / 255)
            cv2.add(rows, light, rows)


def overlay(words: Words, number: int, width: int, height: int) -> Overlay | None:
    """The block of the scene with this number; None where nothing is written.

    `width` and `height` are the frame's. Raises ValidationFailed as `check_words` does.
    """
    parts = block(words, number, width, height)
    if not parts:
        return None
    size = size_of(width, height)
    high = sum(part.height for part in parts) + round(GAP * size) * (len(parts) - 1)
    first = height - round(height * foot_of(width, height)) - high
    ramp = round(_RAMP * size)
    top = max(0, first - ramp) // 2 * 2
    letters = np.zeros((height - top, width, 4), np.float32)
    at = first - top
    for part in parts:
        _paste(letters, part, at)
        at += part.height + round(GAP * size)
    below = (np.arange(height - top, dtype=np.float32) - (first - ramp - top)) / ramp
    rise = np.clip(below, 0, 1)
    shade = np.asarray(SHADE * rise * rise * (3 - 2 * rise), np.float32)
    return Overlay(top, *_planes(letters, shade[:, None]))


def _paste(letters: Floats, part: Part, at: int) -> None:
    high, wide = part.pixels.shape[:2]
    left = (letters.shape[1] - wide) // 2
    room = letters[at + part.inset : at + part.inset + high, left : left + wide]
    room[:] = part.pixels[: room.shape[0]]


def _planes(letters: Floats, shade: Floats) -> tuple[Planes, Planes]:
    """`lit` and `kept` of letters (RGB and alpha, 0 to 255) before a black shade (0 to 1)."""
    ink = letters[..., 3] / np.float32(255)
    video = np.asarray(to_video(np.ascontiguousarray(letters[..., :3])), np.float32)
    black = shade * (1 - ink)
    kept = (1 - shade) * (1 - ink)
    lit = [video[..., 0] * ink + 16 * black]
    lit += [_halved(video[..., part] * ink + 128 * black) for part in (1, 2)]
    kepts = [kept * 255, *[_halved(kept * 255)] * 2]
    light, rest = ([np.rint(plane).astype(np.uint8) for plane in them] for them in (lit, kepts))
    return (light[0], light[1], light[2]), (rest[0], rest[1], rest[2])


def _halved(plane: Floats) -> Floats:
    size = plane.shape[1] // 2, plane.shape[0] // 2
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)
