"""What the lines enclose: the drawing's silhouette and the parts inside it.

The strokes belong to the thing they outline, so the silhouette ends at their outer edge. An
enclosed space may be a hole: it is one where it lies between parts and one of them is thinner
than the space itself, as a mug's handle is. A pocket or a label is a part, since it lies within
one other or between parts broader than itself.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.sketch.arrays import blurred, components, distances
from tintype.media.sketch.ink import Ink
from tintype.media.sketch.strokes import joined, joins, thinned

Labels = NDArray[np.int32]

PARTS_MAX: Final = 40
OUTSIDE: Final = 0
_REACH: Final = 0.032
_WIDENED: Final = (2.2, 4.4)
_GROWTH: Final = 1.3
_FRAME: Final = 0.92
_THINNER: Final = 0.8
_CONTACT: Final = 0.12


@dataclass(frozen=True, slots=True)
class Part:
    """One enclosed area with the half of its lines that is its own; `label` numbers it in the map.

    `box` is left, top, right, bottom in pixels of the map; `radius` that of the largest circle
    inside. `around` has the share of its border that each neighbour has, `OUTSIDE` included.
    A `rod` is a line that encloses nothing.
    """

    label: int
    area: int
    box: tuple[int, int, int, int]
    middle: tuple[float, float]
    radius: float
    around: dict[int, float]
    rod: bool = False

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The thing that was drawn. `labels` has each pixel's part, `OUTSIDE` where there is none.

    `edge` is how far each pixel is covered (0 to 1), for an outline finer than its pixels.
    `seams` is 1 on the centre lines of inner strokes; `holes` numbers the enclosed spaces that
    are no part, with the parts around each; `pen` is the strokes' width. The largest part first.
    """

    labels: Labels
    edge: Floats
    seams: Bytes
    parts: tuple[Part, ...]
    holes: tuple[frozenset[int], ...]
    pen: float

    @property
    def solid(self) -> Bytes:
        whole: Bytes = (self.labels != OUTSIDE).astype(np.uint8)
        return whole


def drawing_of(ink: Ink, *, ringed: bool = False) -> Drawing:
    """The parts of a drawing. `ringed` says that a space within one part is a hole: a ring's."""
    # A margin all around, so that lines at the edge of the page enclose something too.
    margin = 4
    padded: Any = cv2.copyMakeBorder(
        _unframed(ink.mask), margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0
    )
    mask = _cropped(padded, margin)
    closed = _closed(mask, ink.width)
    spaces = _spaces(closed, ink.width)
    borders = _borders(spaces)
    holes = _holes(spaces, borders, ringed=ringed)
    labels = _with_lines(spaces, closed, holes, ink.width)
    inside = (slice(margin, -margin), slice(margin, -margin))
    seams = np.ascontiguousarray(_seams(thinned(mask), labels, ink.width)[inside])
    labels = np.ascontiguousarray(labels[inside])
    return Drawing(
        labels,
        _edge((labels != OUTSIDE).astype(np.uint8), ink.edge),
        seams,
        _parts(labels, borders, holes, int(spaces.max())),
        tuple(frozenset(borders[hole]) - {OUTSIDE} for hole in holes),
        ink.width,
    )


def _edge(solid: Bytes, darkness: Floats) -> Floats:
    """The silhouette with the grey rim that a pen leaves on paper."""
    core = cv2.erode(solid, np.ones((3, 3), np.uint8))
    rim = cv2.dilate(solid, np.ones((3, 3), np.uint8))
    soft = blurred(core, 0.7)
    covered: Floats = np.maximum(soft, darkness * rim)
    return np.where(core > 0, np.float32(1), covered)


def _unframed(mask: Bytes) -> Bytes:
    """The strokes without a frame around the page, or the edge of the paper itself."""
    rows, columns = mask.shape
    count, labels, stats = components(mask)
    for n in range(1, count):
        wide, high = stats[n, cv2.CC_STAT_WIDTH], stats[n, cv2.CC_STAT_HEIGHT]
        rest = stats[np.arange(count) != n][1:]
        inside = rest.size and max(
            rest[:, cv2.CC_STAT_WIDTH].max() / columns, rest[:, cv2.CC_STAT_HEIGHT].max() / rows
        )
        if wide > _FRAME * columns and high > _FRAME * rows and inside > 0.2:  # noqa: PLR2004
            return np.where(labels == n, 0, mask).astype(np.uint8)
    return mask


def _closed(mask: Bytes, width: float) -> Bytes:
    """The strokes with their gaps closed, looking farther where that encloses clearly more."""
    rows, columns = np.nonzero(mask)
    extent = float(np.hypot(np.ptp(rows), np.ptp(columns)))
    near = max(3 * width, _REACH * extent)
    whole: Bytes = np.asarray(
        cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _disc(max(1.5, 0.35 * width))), np.uint8
    )
    found = joins(thinned(whole), near, width, strict=False)
    # A grainy pencil's line needs its breaks filled; a clean pen's keeps its sharp corners.
    clean = joined(mask, found, width)
    best = joined(whole, found, width)
    if _enclosed(clean) > 0.98 * _enclosed(best):
        best = clean
    enclosed = _enclosed(best)
    for farther in _WIDENED:
        if enclosed > 0.5 * _hull(mask):
            break
        wider = joined(best, joins(thinned(best), near * farther, width, strict=True), width)
        more = _enclosed(wider)
        if more > max(_GROWTH * enclosed, enclosed + 0.004 * mask.size):
            best, enclosed = wider, more
    return best


def _cropped(mask: Bytes, margin: int) -> Bytes:
    """The strokes, and the page's own edge where a drawing runs off it.

    The thing goes on beyond the page there, so the edge between the outermost lines that reach it
    bounds what is seen of it.
    """
    rows, columns = mask.shape
    out = mask.copy()
    near = 2
    for horizontal in (True, False):
        for first in (True, False):
            lines = mask if horizontal else mask.T
            edge = lines[margin : margin + near] if first else lines[-margin - near : -margin]
            reached = np.nonzero(edge.any(axis=0))[0]
            if reached.size and np.ptp(reached) > 0.02 * max(rows, columns):
                at = slice(margin - 1, margin + 1) if first else slice(-margin - 1, -margin + 1)
                (out if horizontal else out.T)[at, reached[0] : reached[-1] + 1] = 1
    return out


def _enclosed(closed: Bytes) -> int:
    """How many pixels the strokes cover or enclose."""
    outside = (closed == 0).astype(np.uint8)
    cv2.floodFill(outside, None, (0, 0), 2)
    return int(np.count_nonzero(outside != 2) - np.count_nonzero(closed))  # noqa: PLR2004


def _hull(mask: Bytes) -> float:
    hull = cv2.convexHull(cv2.findNonZero(mask))
    return float(cv2.contourArea(hull))


def _spaces(closed: Bytes, width: float) -> Labels:
    """The areas between strokes: 0 strokes, 1 outside, parts from 2 on, the largest first.

    What is hardly wider than a stroke is the gap between two strokes of one line, and too small
    an area is a loop of the pen; both count as strokes.
    """
    count, found, stats, _ = cv2.connectedComponentsWithStats(
        (closed == 0).astype(np.uint8), connectivity=4
    )
    depth = distances((closed == 0).astype(np.uint8))
    radius = np.zeros(count, np.float32)
    np.maximum.at(radius, found.ravel(), depth.ravel())
    outside = int(found[0, 0])
    slim = max(2.5, 0.6 * width, 0.0035 * max(closed.shape))
    least = 0.00025 * closed.size
    order = [
        n for n in np.argsort(-stats[:, cv2.CC_STAT_AREA])
        if n not in {0, outside} and radius[n] > slim and stats[n, cv2.CC_STAT_AREA] > least
    ]  # fmt: skip
    number = np.zeros(count, np.int32)
    number[outside] = 1
    for i, n in enumerate(order[:PARTS_MAX]):
        number[n] = i + 2
    number[0] = 0
    spaces: Labels = number[found]
    return spaces


def _nearest(sites: Labels) -> tuple[Labels, Floats]:
    """For each pixel the nearest site's number (sites are above 0), and how far it is."""
    far, index = cv2.distanceTransformWithLabels(
        (sites == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    number = np.zeros(int(index.max()) + 1, np.int32)
    at = sites > 0
    number[index[at]] = sites[at]
    near: Labels = number[index]
    return near, np.asarray(far, np.float32)


def _borders(spaces: Labels) -> dict[int, dict[int, float]]:
    """For each space the share of its border that each neighbour has.

    Spaces are numbered as in the drawing: `OUTSIDE`, then parts from 1.
    """
    near, _ = _nearest(spaces)
    contact: dict[int, dict[int, float]] = {n: {} for n in range(int(spaces.max()))}
    for a, b in ((near[:, 1:], near[:, :-1]), (near[1:], near[:-1])):
        differ = a != b
        pairs, counts = np.unique(
            np.stack((a[differ], b[differ]), 1) - 1, axis=0, return_counts=True
        )
        for (one, other), times in zip(pairs.tolist(), counts.tolist(), strict=True):
            for x, y in ((one, other), (other, one)):
                contact[x][y] = contact[x].get(y, 0.0) + times
    return {
        n: {other: times / sum(found.values()) for other, times in found.items()}
        for n, found in contact.items()
    }


def _holes(spaces: Labels, borders: dict[int, dict[int, float]], *, ringed: bool) -> list[int]:
    """The numbers of the spaces that one sees through."""
    depth = distances((spaces > 1).astype(np.uint8))
    count = int(spaces.max())
    radius = np.zeros(count + 1, np.float32)
    np.maximum.at(radius, spaces.ravel(), depth.ravel())
    area = np.bincount(spaces.ravel(), minlength=count + 1)
    holes: list[int] = []
    for n in range(1, count):
        around = borders[n]
        if not around or around.get(OUTSIDE, 0) > 0.03:  # noqa: PLR2004
            continue
        sides = [k for k, share in around.items() if k != OUTSIDE and share > _CONTACT]
        thin = [
            k for k in sides
            if _thin(int(area[k + 1]), float(radius[k + 1]), float(radius[n + 1]), around[k])
            and borders[k].get(OUTSIDE, 0) > _CONTACT
            and k not in holes
        ]  # fmt: skip
        if thin and (len(sides) > 1 or ringed):
            holes.append(n)
    return holes


def _thin(area: int, radius: float, space: float, wraps: float) -> bool:
    """Whether a part is slim beside a space of radius `space`, or a band bent around it."""
    if radius < _THINNER * space:
        return True
    band = area > 5 * np.pi * radius**2
    return bool(band and wraps > 0.4 and radius < 1.5 * space)  # noqa: PLR2004


def _with_lines(spaces: Labels, closed: Bytes, holes: list[int], width: float) -> Labels:
    """The map of parts: areas with the strokes along them; lines far from any area are rods."""
    parts = np.where(spaces > 1, spaces - 1, 0).astype(np.int32)
    for hole in holes:
        parts[parts == hole] = OUTSIDE
    if parts.any():
        near, far = _nearest(parts)
        reach = 1.6 * width + 2
        # A stroke that several hands' lines make broad is still the outline of its part.
        slivers = (spaces == 0) & (closed == 0)
        own = (spaces == 0) & (far <= reach)
        own |= slivers & (far <= 3 * reach)
        parts = np.where((parts == 0) & own, near, parts).astype(np.int32)
    rods = ((spaces == 0) & (parts == OUTSIDE)).astype(np.uint8)
    count, found, stats = components(rods)
    spans = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    long = spans > 5 * width if parts.any() else np.ones(count, bool)
    long[0] = False
    near = _nearest(parts)[0] if parts.any() else parts
    # A short end is the tip of the part that it hangs on to.
    parts = np.where(rods > 0, np.where(long[found], int(spaces.max()), near), parts)
    return parts.astype(np.int32)


def _seams(lines: Bytes, labels: Labels, width: float) -> Bytes:
    """The lines well inside a part: what is drawn on it. Its own border is no seam."""
    edge = np.zeros(labels.shape, np.uint8)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[1:] |= labels[1:] != labels[:-1]
    depth = distances(1 - edge)
    inner = ((lines > 0) & (labels != OUTSIDE) & (depth > 1.2 * width + 1)).astype(np.uint8)
    count, found, stats = components(inner)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, found.ravel(), depth.ravel())
    # Lines drawn twice run beside the border and are no detail.
    keep = (stats[:, cv2.CC_STAT_AREA] > 2 * width) & (deepest > 2 * width)
    keep[0] = False
    kept: Bytes = keep[found].astype(np.uint8)
    return kept


def _parts(
    labels: Labels, borders: dict[int, dict[int, float]], holes: list[int], rod: int
) -> tuple[Part, ...]:
    out = []
    for n in np.unique(labels).tolist():
        if n == OUTSIDE:
            continue
        own = (labels == n).astype(np.uint8)
        left, top, wide, high = cv2.boundingRect(own)
        rows, columns = np.nonzero(own[top : top + high, left : left + wide])
        crop = cv2.copyMakeBorder(
            own[top : top + high, left : left + wide], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0
        )
        out.append(
            Part(
                label=n,
                area=rows.size,
                box=(left, top, left + wide, top + high),
                middle=(left + float(columns.mean()), top + float(rows.mean())),
                radius=float(distances(crop).max()),
                around={
                    (OUTSIDE if k in holes else k): share
                    for k, share in borders.get(n, {OUTSIDE: 1.0}).items()
                },
                rod=n == rod,
            )
        )
    return tuple(sorted(out, key=lambda part: (part.rod, -part.area)))


def _disc(radius: float) -> Any:
    size = 2 * round(radius) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
