"""Bodies of revolution: which parts are turned around an upright axis, and their slopes.

Parts that stand on one another with outlines that go on, as a vase and the band around it, are
one body. The arc at the foot of what is seen a little from above is the front of a round base,
not a taper.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Floats
from tintype.media.sketch.cast import Cast
from tintype.media.sketch.materials import Form
from tintype.media.sketch.place import Place
from tintype.media.sketch.regions import Drawing, Labels

_ASKEW: Final = 0.07
_FILLED: Final = 0.8
_LEAN_MAX: Final = 0.3
_SMALL: Final = 6
_STRAIGHT: Final = 0.1
_GOES_ON: Final = 0.8
_SEEN: Final = 0.99
"""How far around the camera sees, as a share of the radius: nothing is quite edge on."""
_NEVER: Final = frozenset({"opening", "nested", "rod", "handle"})


@dataclass(frozen=True, slots=True)
class Lathe:
    """A body from row `top` of the page on.

    For each row `axis` is its middle's column, `radius` its half width in pixels, and `widening`
    how fast that grows from row to row.
    """

    top: int
    axis: Floats
    radius: Floats
    widening: Floats

    def unrolled(self, scale: float) -> int:
        """How wide its surface is in pixels of the picture, `scale` of them to one of the page."""
        return int(2 * np.arcsin(_SEEN) * float(self.radius.max()) * scale) + 8


def lathes(drawing: Drawing, parts: tuple[Cast, ...], form: Form) -> dict[int, Lathe]:
    """The parts that are turned, by label."""
    able = [one for one in parts if _may_turn(one, form)]
    found: dict[int, Lathe] = {}
    for group in _groups(drawing.labels, able):
        lathe = _fitted(drawing.labels, group, form)
        members = [(one, lathe) for one in group]
        if lathe is None and len(group) > 1:
            members = [(one, _fitted(drawing.labels, [one], form)) for one in group]
        found |= {one.part.label: own for one, own in members if own is not None}
    return found


def _may_turn(one: Cast, form: Form) -> bool:
    leg = one.part.height > 2.5 * one.part.width
    if one.role in _NEVER or one.part.rod or one.part.height < _SMALL:
        return False
    return form in {"round", ""} or (form == "slab" and leg)


def _groups(labels: Labels, able: list[Cast]) -> list[list[Cast]]:
    """Parts that go on in one another, put together."""
    group = {one.part.label: [one] for one in able}
    for above in able:
        for below in able:
            one, other = group[above.part.label], group[below.part.label]
            if one is not other and _goes_on(labels, above, below):
                one.extend(other)
                for member in other:
                    group[member.part.label] = one
    unique = {id(members): members for members in group.values()}
    return list(unique.values())


def _goes_on(labels: Labels, above: Cast, below: Cast) -> bool:
    """Whether the lower part begins where and as wide as the upper one ends."""
    if above.part.around.get(below.part.label, 0) < 0.08:  # noqa: PLR2004
        return False
    meets = (labels[:-1] == above.part.label) & (labels[1:] == below.part.label)
    rows, columns = np.nonzero(meets)
    if not rows.size:
        return False
    shared = int(np.ptp(columns)) + 1
    first, last = max(0, int(rows.min()) - 3), min(labels.shape[0] - 1, int(rows.max()) + 4)
    upper = np.nonzero(labels[first] == above.part.label)[0]
    lower = np.nonzero(labels[last] == below.part.label)[0]
    if not upper.size or not lower.size:
        return False
    return bool(shared > _GOES_ON * max(np.ptp(upper), np.ptp(lower)))


def _fitted(labels: Labels, group: list[Cast], form: Form) -> Lathe | None:
    """The body of parts taken together, where it is mirrored around an upright line."""
    boxes = np.array([one.part.box for one in group])
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    right, bottom = boxes[:, 2].max(), boxes[:, 3].max()
    own = np.isin(labels[top:bottom, left:right], [one.part.label for one in group])
    if not own.any(axis=1).all() or (not form and bottom - top < 0.5 * (right - left)):
        return None
    rows = np.arange(bottom - top)
    first = np.argmax(own, axis=1)
    last = own.shape[1] - 1 - np.argmax(own[:, ::-1], axis=1)
    middle, radius = (first + last) / 2, (last - first + 1) / 2
    weight = radius / radius.max()
    base, lean = np.polynomial.polynomial.polyfit(rows, middle, 1, w=weight)
    axis = base + lean * rows
    askew = float(np.average(np.abs(middle - axis), weights=weight) / radius.max())
    filled = float(own.sum() / (2 * radius).sum())
    if askew > _ASKEW or filled < _FILLED or abs(lean) > _LEAN_MAX:
        return None
    radius = _stood(radius)
    widening = _widening(np.asarray(radius, np.float32))
    return Lathe(
        int(top),
        np.asarray(axis + left, np.float32),
        np.asarray(np.maximum(radius, 1), np.float32),
        widening,
    )


def _widening(radius: Floats) -> Floats:
    """How fast radii grow from row to row.

    A pen's tremble and the pixels' own steps would ripple in a mirror, so what is nearly straight
    is smoothed over far more rows than a shoulder is.
    """
    near, far = (
        np.gradient(_smoothed(radius, max(2.5, share * len(radius)))) for share in (0.02, 0.09)
    )
    turns = np.clip((np.abs(near) - _STRAIGHT) / _STRAIGHT, 0, 1)
    grown = near * turns + far * (1 - turns)
    return np.asarray(np.clip(grown, -1.1, 1.1), np.float32)


def _smoothed(values: Floats, rows: float) -> Floats:
    smooth: Any = cv2.GaussianBlur(
        values[:, None], (1, 0), sigmaX=0.1, sigmaY=rows, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(smooth[:, 0], np.float32)


def _stood(radius: Any) -> Any:
    """Radii with the arc of a round base taken for the base it is."""
    near = radius[int(0.72 * len(radius)) :]
    full = float(near.max())
    arc = np.nonzero(radius > 0.95 * full)[0][-1] + 1
    high = len(radius) - arc
    if radius[-1] < 0.7 * full and 0 < high < 0.4 * full:
        radius = radius.copy()
        radius[arc:] = radius[arc - 1]
    return radius


def turned(lathe: Lathe, at: tuple[slice, slice], place: Place) -> tuple[Floats, Floats]:
    """Over a part of the window: the slope (H, W, 2), and how far around each pixel lies.

    The latter is in pixels of the picture along the surface from the axis, for textures.
    """
    rows = (np.arange(at[0].start, at[0].stop) + 0.5 + place.top - place.y) / place.scale - 0.5
    columns = (np.arange(at[1].start, at[1].stop) + 0.5 + place.left - place.x) / place.scale - 0.5
    row = rows - lathe.top
    known = np.arange(len(lathe.axis))
    axis, radius, widening = (
        np.interp(row, known, values)[:, None].astype(np.float32)
        for values in (lathe.axis, lathe.radius, lathe.widening)
    )
    across = np.clip((columns[None, :].astype(np.float32) - axis) / radius, -_SEEN, _SEEN)
    toward = np.sqrt(1 - across**2)
    slope = np.dstack((across / toward, -widening / toward))
    return slope, np.arcsin(across) * radius * np.float32(place.scale)
