"""How the camera was held: its roll and its pitch, from the lines of what it saw.

Plumb lines meet in one point of the picture. Its direction from the middle is the roll, its
distance the pitch over the focal length. The point is found in three steps, each of which
forgives lines that are no plumb lines at all: the best of a grid of all ways to hold a camera,
the best of a finer one around it, then least squares with Tukey's weights. Where the level lines
of a room agree (two directions at right angles, as in Coughlan and Yuille's Manhattan worlds,
1999), they are fitted with the plumb lines, together with the focal length that they tell.

A false correction is worse than none: `Found.sure` is False where few lines agree, or where what
they say is less than their error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from tintype.media.retouch.lines import Floats, Segments, Wide, reduced, segments, shares

FOCAL: Final = 1.3
"""The focal length where lines don't tell it, in half diagonals: 28 mm on a 36 x 24 mm frame."""
_ROLL_MAX: Final = 15
_PITCH_MAX: Final = 25
_STEEP: Final = np.tan(np.radians(40))
"""Lines further from upright than this are no plumb lines of a picture that can be helped."""
_TUKEY: Final = 3.0
_LENGTH_MIN: Final = 1.2
"""The plumb lines that must agree, in half diagonals: about the picture's height."""
_LINES_MIN: Final = 5
_ERROR_MAX: Final = np.radians(0.45)
_CHANGE_MIN: Final = np.radians(0.25)
"""What nobody sees is left alone."""
_SIGNIFICANT: Final = 12.0
"""Chi squared of two degrees of freedom; chance alone passes it once in 400 pictures."""


@dataclass(frozen=True, slots=True)
class Found:
    """How the camera was held. Angles in degrees, `focal` in half diagonals of the picture.

    - `roll`: how far the plumb lines lean, at the picture's middle; above 0 their feet stand too
      far right, and the picture must be turned clockwise.
    - `pitch`: how far the camera looked down (above 0) or up; plumb lines converge with it.
    - `keystone`: the lean that the pitch alone gives to a plumb line at the picture's side.
    - `error`: the standard error of the worst lean within the picture.
    - `lines`: how many plumb lines agree. `sure`: whether there is something to correct, and
      enough evidence for it.
    """

    roll: float
    pitch: float
    keystone: float
    focal: float
    error: float
    lines: int
    sure: bool


NOTHING: Final = Found(0.0, 0.0, 0.0, FOCAL, 180.0, 0, sure=False)


@dataclass(frozen=True, slots=True)
class _Fit:
    """`held`: roll and the tangent of pitch over focal length; `cover` is their covariance."""

    held: Wide
    cover: Wide
    focal: float
    length: float
    lines: int


def measure(rgb: Floats) -> Found:
    """Find out how the camera was held from the picture's lines."""
    height, width = rgb.shape[:2]
    half = float(np.hypot(width, height)) / 2
    lines = segments(reduced(rgb))
    along = lines.along
    steep = lines.only(np.abs(along[:, 0]) < np.abs(along[:, 1]) * _STEEP)
    if len(steep.ends) < _LINES_MIN:
        return NOTHING
    fit = _refined(lines, _upright(steep))
    roll, lean = fit.held
    pitch = float(np.arctan(lean * fit.focal))
    if abs(roll) > np.radians(_ROLL_MAX) or abs(pitch) > np.radians(_PITCH_MAX):
        return NOTHING
    corners = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]) * (width, height)
    corners = corners / (2 * half)
    leans = _leans(fit.held, corners)
    slope = np.stack([_leans(fit.held + step, corners) - leans for step in np.eye(2) * 1e-4]) * 1e4
    error = float(np.sqrt(np.einsum("in,ij,jn->n", slope, fit.cover, slope).max()))
    told = float(fit.held @ np.linalg.solve(fit.cover, fit.held))
    evidence = fit.length >= _LENGTH_MIN and fit.lines >= _LINES_MIN and error <= _ERROR_MAX
    return Found(
        float(np.degrees(roll)),
        float(np.degrees(pitch)),
        float(np.degrees(np.arctan(lean * width / (2 * half)))),
        fit.focal,
        float(np.degrees(error)),
        fit.lines,
        sure=evidence and told > _SIGNIFICANT and float(np.abs(leans).max()) > _CHANGE_MIN,
    )


def _leans(held: Wide, points: Wide) -> Wide:
    """How far from upright a plumb line through each point is, in radians."""
    roll, lean = held
    across = np.sin(roll) - points[:, 0] * lean
    return np.asarray(np.arctan2(across, np.cos(roll) - points[:, 1] * lean))


def _off(lines: Segments, meet: Wide) -> Wide:
    """The angle of each line to the direction of each meeting point (..., 3), in radians."""
    middles, along = lines.middles, lines.along
    across = meet[..., 0, None] - middles[:, 0] * meet[..., 2, None]
    down = meet[..., 1, None] - middles[:, 1] * meet[..., 2, None]
    crossed = along[:, 0] * down - along[:, 1] * across
    angle = np.arctan2(crossed, along[:, 0] * across + along[:, 1] * down)
    return np.asarray((angle + np.pi / 2) % np.pi - np.pi / 2)


def _foot(roll: Wide, lean: Wide) -> Wide:
    """Where plumb lines meet."""
    return np.stack([np.sin(roll), np.cos(roll), lean + 0 * roll], -1)


def _agreed(lines: Segments, meet: Wide, votes: Wide, usual: Wide, slack: float) -> int:
    """The number of the meeting point that the most length of lines agrees on."""
    wide = np.hypot(lines.errors, np.radians(slack)) * 2.5
    near = np.clip(1 - (_off(lines, meet) / wide) ** 2, 0, 1)
    return int((near @ votes * usual).argmax())


def _upright(steep: Segments) -> _Fit:
    """Roll and pitch from plumb lines alone."""
    share = shares(steep)
    votes = share * steep.lengths
    held = np.zeros(2)
    # The first grid holds every camera within bounds; the second is ten times as fine.
    for roll_span, roll_step, pitch_span, pitch_step, slack in (
        (_ROLL_MAX, 0.5, _PITCH_MAX, 1.0, 0.35),
        (1.0, 0.1, 3.0, 0.2, 0.1),
    ):
        rolls = held[0] + np.radians(np.arange(-roll_span, roll_span + 0.01, roll_step))
        pitches = np.arctan(held[1] * FOCAL)
        pitches = pitches + np.radians(np.arange(-pitch_span, pitch_span + 0.01, pitch_step))
        roll, pitch = (side.ravel() for side in np.meshgrid(rolls, pitches, indexing="ij"))
        lean = np.tan(pitch) / FOCAL
        usual = np.exp(-((roll / np.radians(15)) ** 2 + (pitch / np.radians(25)) ** 2) / 2)
        best = _agreed(steep, _foot(roll, lean), votes, usual, slack)
        held = np.array([roll[best], lean[best]])

    def off(held: Wide, *, _held_fast: bool) -> Wide:
        return _off(steep, _foot(held[0], held[1]))

    held, cover, strays = _solved(off, held, steep.errors, share, np.zeros(2), np.zeros(2))
    kept = np.abs(strays) < _TUKEY
    return _Fit(held, cover, FOCAL, float(votes[kept].sum()), int(kept.sum()))


def _level(held: Wide, turn: Wide, focal: Wide) -> Wide:
    """Where level lines meet that are turned by `turn` from the picture's plane, (2, ..., 3)."""
    still = np.zeros_like(focal)
    down = np.stack([np.sin(held[0]) + still, np.cos(held[0]) + still, held[1] * focal], -1)
    down = down / np.linalg.norm(down, axis=-1, keepdims=True)
    side = np.array([np.cos(held[0]), -np.sin(held[0]), 0.0])
    ahead = np.cross(np.broadcast_to(side, down.shape), down)
    c, s = np.cos(turn)[..., None], np.sin(turn)[..., None]
    both = np.stack([c * side + s * ahead, c * ahead - s * side])
    return np.asarray(both * np.stack([focal, focal, np.ones_like(focal)], -1))


def _refined(lines: Segments, upright: _Fit) -> _Fit:
    """The same from all lines, where level ones agree with the plumb ones."""
    share = shares(lines)
    votes, errors = share * lines.lengths, lines.errors
    turn, focal = (
        side.ravel()
        for side in np.meshgrid(np.radians(np.arange(90.0)), [1.0, FOCAL, 1.7], indexing="ij")
    )
    wide = np.hypot(errors, np.radians(0.35)) * 2.5
    plumb = np.abs(_off(lines, _foot(*upright.held)))
    level = np.abs(_off(lines, _level(upright.held, turn, focal))).min(0)
    near = np.clip(1 - (np.minimum(level, plumb) / wide) ** 2, 0, 1)
    best = int((near @ votes).argmax())
    kinds = np.zeros(len(lines.ends), np.intp)

    def off(all_held: Wide, *, _held_fast: bool) -> Wide:
        held, turned, long = all_held[:2], all_held[2], np.exp(all_held[3])
        meet = np.concatenate([_foot(*held)[None], _level(held, turned, long)])
        angles = _off(lines, meet)
        if not _held_fast:  # A line may not change its kind between a step and its slope.
            kinds[:] = np.abs(angles).argmin(0)
        return np.asarray(angles[kinds, np.arange(len(kinds))])

    start = np.array([*upright.held, turn[best], np.log(focal[best])])
    expected = np.array([0, 0, 0, np.log(FOCAL)])
    trust = np.array([0, 0, 0, 1 / 0.25**2])  # Lenses for rooms lie within a quarter of 28 mm.
    held, cover, strays = _solved(off, start, errors, share, expected, trust)
    kept = np.abs(strays) < _TUKEY
    apart = np.abs(held[:2] - upright.held)
    doubt = np.sqrt(np.diag(cover)[:2] + np.diag(upright.cover))
    if np.any(apart > 2.5 * doubt) or (kept & (kinds > 0)).sum() < _LINES_MIN:
        return upright
    mine = kept & (kinds == 0)
    return _Fit(
        held[:2], cover[:2, :2], float(np.exp(held[3])), float(votes[mine].sum()), int(mine.sum())
    )


def _solved(
    off: Callable[..., Wide],
    start: Wide,
    errors: Wide,
    share: Wide,
    expected: Wide,
    trust: Wide,
) -> tuple[Wide, Wide, Wide]:
    """Least squares with Tukey's weights: the solution, its covariance and each line's stray.

    `trust` is the inverse variance of what is `expected`. Strays are in standard errors.
    """
    held, inverse = start, np.eye(len(start))
    strays = off(held, _held_fast=False) / errors
    for _ in range(25):
        here = off(held, _held_fast=False)
        steps = np.eye(len(held)) * 1e-4
        slope = np.stack([off(held + step, _held_fast=True) - here for step in steps], 1) * 1e4
        strays = here / errors
        weight = np.clip(1 - (strays / _TUKEY) ** 2, 0, 1) ** 2 * share / errors**2
        inverse = (slope * weight[:, None]).T @ slope + np.diag(trust + 1e-3)
        change = -np.linalg.solve(inverse, slope.T @ (weight * here) + trust * (held - expected))
        held = held + np.clip(change, -0.1, 0.1)
        if np.abs(change).max() < 1e-6:  # noqa: PLR2004
            break
    kept = np.abs(strays) < _TUKEY
    spread = float(np.mean(strays[kept] ** 2)) if kept.any() else 1.0
    return held, np.asarray(np.linalg.inv(inverse) * max(1.0, spread)), strays
