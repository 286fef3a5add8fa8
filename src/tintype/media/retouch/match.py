"""Makes a picture look as if it was taken and developed together with another.

Tone statistics in OKLab, as in Reinhard et al., "Color transfer between images" (2001), which
moves means and deviations of colour. Lightness is matched by quantiles instead, through a curve
that never turns back and is never steeper than 2.5 or flatter than 0.3: so black point, middle and
contrast follow, and no step of tone is torn or lost.

Means of colour also tell what a picture shows: an orange sofa pulls them as a lamp does. What is
grey has no colour of its own, so it may move by what the two pictures' lights differ and hardly
further; that holds the shift of colour back wherever content, not light, is what differs.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Band, Floats
from tintype.media.finish.realistic_tone import curve_at
from tintype.media.retouch.balance import Light, light_of
from tintype.media.retouch.light import encoded, reduced, strip_by_strip, table, through
from tintype.media.retouch.oklab import from_oklab, oklab
from tintype.media.stopping import Canceled

Numbers = NDArray[np.float64]

_SIDE: Final = 256
_QUANTILES: Final = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_STEEPEST: Final = 2.5
_FLATTEST: Final = 0.3
_RISE_MIN: Final = 0.01
_ENDS_PULL: Final = 0.2
_PLACES: Final = 41
_TURNS: Final = 400
_EVEN: Final = 1e-4
_OUTLIER: Final = 0.03
"""What a quantile can pull at most: one on the edge between sky and ground is far off by chance."""
_SPREAD: Final = (0.5, 2.0)
_SHIFT_MAX: Final = 0.09
_GREY_MAY: Final = 0.009
"""How far grey may move beyond what the lights differ, in OKLab's unit: about 3 in CIELAB's."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of a picture in OKLab: quantiles of lightness, mean and deviation of the two colour axes."""

    lightness: Numbers
    mean: Numbers
    deviation: Numbers

    def distance(self, other: "Statistics") -> float:
        """The mean difference of all of them, in OKLab's unit."""
        return float(
            np.abs(self.lightness - other.lightness).mean()
            + np.abs(self.mean - other.mean).mean()
            + np.abs(self.deviation - other.deviation).mean()
        )


def statistics(picture: Floats) -> Statistics:
    """From a small copy, without the share of outliers that a lamp or a toy would be."""
    lab = oklab(reduced(picture, _SIDE)).reshape(-1, 3).astype(np.float64)
    axes = lab[:, 1:]
    low, high = np.quantile(axes, (0.02, 0.98), axis=0)
    cut = np.clip(axes, low, high)
    return Statistics(np.quantile(lab[:, 0], _QUANTILES), cut.mean(0), cut.std(0))


def match(picture: Floats, reference: Floats, *, amount: float, canceled: Canceled) -> None:
    """Tone, white and contrast towards the reference's, by the share `amount`."""
    own, wanted = statistics(picture), statistics(reference)
    tones = _tone_table(own.lightness, wanted.lightness, amount)
    full = np.clip((wanted.deviation + 0.004) / (own.deviation + 0.004), *_SPREAD)
    before = _grey(light_of(picture), own)
    after = _grey(light_of(reference), wanted)
    shift = _shift(own, wanted, full, before, after) * amount
    spread = full**amount

    def work(rgb: Floats, _band: Band) -> Floats:
        light, *axes = cv2.split(oklab(rgb))
        level = np.asarray(light, np.float32)
        # Black and white take no tint, or they would look dirty.
        ends = np.clip(level / 0.15, 0, 1) * np.clip((1 - level) / 0.06, 0, 1)
        moved = [
            (part - np.float32(mean)) * np.float32(wider) + np.float32(mean) + ends * np.float32(to)
            for part, mean, wider, to in zip(axes, own.mean, spread, shift, strict=True)
        ]
        return from_oklab(np.asarray(cv2.merge((through(level, tones), *moved)), np.float32))

    strip_by_strip(picture, canceled, work)


def _grey(light: Light, of: Statistics) -> Numbers:
    """The two colour axes of a grey of middle lightness in this light, as far as that is sure."""
    pixel = (light.colour / light.colour.max()).astype(np.float32)[None, None]
    level, *axes = oklab(encoded(pixel))[0, 0].astype(np.float64)
    # Lightness and axes are of the same degree: a darker grey is nearer to none by as much.
    middle = of.lightness[_QUANTILES.index(0.5)]
    grey: Numbers = np.array(axes) / level * middle * light.sure
    return grey


def _shift(
    own: Statistics, wanted: Statistics, spread: Numbers, before: Numbers, after: Numbers
) -> Numbers:
    """What is added to the colour axes so that the means meet, as far as grey may follow.

    `before` is where grey is and `after` where the reference's light has it: it may stop anywhere
    between them, and pass by or beyond only a little.
    """
    shift = np.clip(wanted.mean - own.mean, -_SHIFT_MAX, _SHIFT_MAX)
    # Spreading goes out from the mean, so it moves grey too.
    moved = own.mean + (before - own.mean) * spread + shift
    way = after - before
    reached = np.clip((moved - before) @ way / max(float(way @ way), 1e-12), 0, 1)
    beyond = moved - (before + reached * way)
    kept = min(1.0, _GREY_MAY / max(float(np.hypot(*beyond)), 1e-9))
    held: Numbers = shift - beyond * (1 - kept)
    return held


def _tone_table(own: Numbers, wanted: Numbers, amount: float) -> NDArray[np.float32]:
    """Lightness to lightness: near to the wanted quantiles, nowhere too steep or too flat.

    A least-squares fit of the curve's slopes, by projected gradients with momentum (Nesterov,
    1983). Errors count by Huber's rule, so that one quantile on the edge between sky and ground,
    which is far off by chance, can't drag the others along. Black and white pull weakly: a
    reference may have neither.
    """
    at = np.concatenate(([0.0], own, [1.0]))
    to = np.concatenate(([0.0], own + (wanted - own) * amount, [1.0]))
    pull = np.ones_like(at)
    pull[[0, -1]] = _ENDS_PULL
    place = np.linspace(0, 1, _PLACES)
    # The curve at `at` is the first level and the slopes up to there, times their steps.
    reached = np.clip(at[:, None] * (_PLACES - 1) - np.arange(_PLACES - 1), 0, 1) / (_PLACES - 1)
    parts = np.column_stack((np.ones_like(at), reached))
    pace = 1 / (np.linalg.norm(parts * np.sqrt(pull)[:, None], 2) ** 2 + _EVEN)
    plain = np.concatenate(([0.0], np.ones(_PLACES - 1)))
    low = np.concatenate(([-1.0], np.full(_PLACES - 1, _FLATTEST)))
    high = np.concatenate(([1.0], np.full(_PLACES - 1, _STEEPEST)))
    found = ahead = plain
    for turn in range(_TURNS):
        off = np.clip(parts @ ahead - to, -_OUTLIER, _OUTLIER)
        moved = np.clip(
            ahead - pace * (parts.T @ (off * pull) + _EVEN * (ahead - plain)), low, high
        )
        found, ahead = moved, moved + turn / (turn + 3) * (moved - found)
    level = np.concatenate(([0.0], np.cumsum(found[1:]) / (_PLACES - 1))) + found[0]
    # What would pass black or white ends there, and every tone keeps its place among the others.
    level = np.concatenate(([0.0], np.clip(level[1:-1], 0, 1), [1.0]))
    level = (np.maximum.accumulate(level) + _RISE_MIN * place) / (1 + _RISE_MIN)
    knots = tuple(zip(place.tolist(), level.tolist(), strict=True))
    return table(lambda where: np.clip(curve_at(knots, where), 0, 1))
