"""Finds the sky, clear or clouded, without a learned model; finds none if unsure.

It hangs from the picture's upper edge, is calm, blue or pale, and lights the rest. Where that is
so is grown over what looks alike, then cut into pieces along edges and put together again: a cloud
is part of it and a white wall is not.
"""

from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.retouch.light import luma, reduced
from tintype.media.retouch.oklab import chroma, hue_degrees, near_hue, oklab
from tintype.media.retouch.regions import (
    EDGE_SIDE,
    OUTDOORS,
    SIDE,
    SURE,
    Mask,
    Region,
    green,
    region,
    spread,
)
from tintype.media.sketch.arrays import components, resized

_CALM: Final = 0.022
"""The deviation of lightness below which a place is calm."""
_DEVIATIONS: Final = 3.0
# Of OKLab: blue has at least this chroma and lightness, grey at most that, and the warm axis tells
# a ceiling in lamplight from a cloud.
_BLUE: Final = (255.0, 40.0, 15.0)
_BLUE_CHROMA: Final = 0.018
_DEEP: Final = 0.35
_GREY: Final = 0.03
_WARM: Final = 0.016
_PALE_MIN: Final = 0.86
_OVERCAST_MIN: Final = 0.64
"""Outdoors a sky may be as grey as this; it then has to prove that it is no wall."""
_CLOUD_MIN: Final = 0.55
_SHINING: Final = 0.93
_BRIGHTER: Final = 0.015
# Shares of the sky, of the picture, and of its upper edge.
_BLUE_SHARE: Final = 0.3
_NOTHING_ELSE: Final = 0.97
_SKY_SHARE_MIN: Final = 0.03
_TOP_SHARE_MIN: Final = 0.12
_STEEP: Final = 0.006
"""How much OKLab changes from a pixel to the next where one surface ends."""
_ROUNDS: Final = 4
_RING: Final = 15
_CLOUD_DEPTH: Final = 0.35
_SMALL: Final = 0.002
_AROUND: Final = 0.5
_BESIDE: Final = 0.04
_STRAIGHT: Final = 0.22
"""The share of its surroundings that straight edges take: about 0.15 by a cloud, 0.35 by a wall."""
_DETECTABLE: Final = 16
# Of a wall: panes and doors in it, as a share of it, and its foot or a ceiling's end, a line over
# this share of the picture's width (and the share of its height by which it may stray).
_PANES: Final = 0.01
_PANE_STRAIGHT: Final = 0.15
_ONE_LINE: Final = 0.6
_TWO_LEVELS: Final = 0.8
_STRAY: Final = 0.012
_FITS: Final = 5
_BUILT_MIN: Final = 0.06
_AXES: Final = ((1, 0), (0, 1))


def sky_of(picture: Floats, seen: Floats | None = None) -> Region | None:
    """The sky, clear or clouded; None where there is none, or nothing sure to be one.

    It is looked for in `seen`, the picture as it was (None for itself), and drawn to the edges of
    what the picture has become.
    """
    seen = picture if seen is None else seen
    sky = sky_mask(reduced(seen, SIDE))
    if not sky.any():
        return None
    large = reduced(seen, EDGE_SIDE)
    height, width = large.shape[:2]
    lab = oklab(large)
    known = np.asarray(resized(sky, width, height) > SURE, np.uint8)
    # Edges are not calm, so what was found ends before them: what is near and like it is added.
    reach = 2 * (max(height, width) // 90) + 1
    near = cv2.dilate(known, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))) > 0
    inner = np.asarray(cv2.erode(known, np.ones((5, 5), np.uint8)), np.uint8)
    if not inner.any():
        inner = known
    mask = (known > 0) | (near & _like(lab, inner))
    return region(picture, mask.astype(np.float32))


def sky_mask(small: Floats) -> Mask:
    """Where a small picture's sky is; nowhere if unsure."""
    lab = oklab(small)
    sky = _sky_from(small, lab, _PALE_MIN)
    if not sky.any() and green(lab).mean() > OUTDOORS:
        return _sky_from(small, lab, _OVERCAST_MIN)
    return sky


def _sky_from(small: Floats, lab: Floats, pale_min: float) -> Mask:
    """The sky if what is pale has at least this lightness."""
    none = np.zeros(small.shape[:2], bool)
    light = np.asarray(lab[..., 0], np.float32)
    blue = (
        (near_hue(hue_degrees(lab), *_BLUE) > SURE) & (chroma(lab) > _BLUE_CHROMA) & (light > _DEEP)
    )
    pale = (chroma(lab) < _GREY) & (light > pale_min) & (lab[..., 2] < _WARM)
    calm = spread(light, 2) < _CALM
    seeds = _hanging(((blue | pale) & calm).astype(np.uint8))
    top_row = seeds[: max(1, len(seeds) // 50)].any(0)
    if seeds.mean() < _SKY_SHARE_MIN or top_row.mean() < _TOP_SHARE_MIN:
        return none
    grown = (_like(lab, seeds) & (spread(light, 1) < 3 * _CALM)) | (seeds > 0)
    if blue[seeds > 0].mean() > _BLUE_SHARE:
        # Under a blue sky clouds are as bright as they are, and neither they nor their edges calm.
        cloud = (chroma(lab) < 2 * _GREY) & (light > _CLOUD_MIN)
        grown |= (lab[..., 2] < _WARM) & (cloud | blue)
    built = _built(small)
    edges = _edges(lab)
    sky = _pieced_together(grown, edges, seeds > 0, built)
    if not sky.any():
        return none
    blue_share = float(blue[sky].mean())
    overcast = pale_min < _PALE_MIN
    grey = blue_share <= _BLUE_SHARE and np.median(light[sky]) < _SHINING
    if grey:
        # A wall in uneven light may be pale enough only in part: it is judged whole.
        surface = (chroma(lab) < _GREY) & (light > _OVERCAST_MIN) & calm
        whole = sky if overcast else _hanging(surface.astype(np.uint8)) > 0
        if _ends_in_lines(sky) or _ends_in_lines(whole):
            return none
    if grey and overcast:
        # A grey house under a grey sky is parted from it by its eaves: only what hangs is sky.
        hanging = _hanging((sky & ~edges).astype(np.uint8))
        sky = sky & (cv2.dilate(hanging, np.ones((5, 5), np.uint8)) > 0)
        if not sky.any() or _has_panes(sky, built) or _ends_in_lines(sky):
            return none
    outdoors = float(green(lab)[~sky].sum()) / sky.size > OUTDOORS
    return sky if _lights_the_rest(light, sky, blue_share, outdoors) else none


def _has_panes(sky: Mask, built: Mask) -> bool:
    """Whether something grey has windows in it, as a wall has."""
    count, labels, stats = components((~sky).astype(np.uint8))
    left, top, wide, high, area = (stats[:, at] for at in range(5))
    enclosed = (left > 0) & (top > 0) & (left + wide < sky.shape[1]) & (top + high < len(sky))
    panes = np.zeros(sky.shape, np.uint8)
    for number in range(1, count):
        if enclosed[number] and area[number] > _SMALL * sky.size:
            pane = (labels == number).astype(np.uint8)
            rim = cv2.dilate(pane, np.ones((5, 5), np.uint8)) > cv2.erode(pane, np.ones((5, 5)))
            if built[rim].mean() > _PANE_STRAIGHT:
                panes |= pane
    return bool(panes.sum() > _PANES * sky.sum())


def _ends_in_lines(sky: Mask) -> bool:
    """Whether it ends below in one line, or at two levels, as walls and ceilings do."""
    columns = np.flatnonzero(sky.any(0))
    ends = len(sky) - 1 - sky[::-1].argmax(0)[columns]
    stray = max(1.0, _STRAY * len(sky))
    fit = np.array([0.0, float(np.median(ends))])
    for _ in range(_FITS):
        near = np.abs(np.polyval(fit, columns) - ends) <= stray
        if near.sum() < 2:  # noqa: PLR2004
            break
        if near.sum() > _ONE_LINE * sky.shape[1]:
            return True
        fit = np.polyfit(columns[near], ends[near], 1)
    left = ends
    for _ in range(2):
        if len(left):
            level = int(np.bincount(left).argmax())
            left = left[np.abs(left - level) > stray]
    return bool(len(ends) - len(left) > _TWO_LEVELS * sky.shape[1])


def _hanging(mask: Any) -> Bytes:
    """What of a mask is connected with the picture's upper edge."""
    _, labels, _ = components(mask)
    depth = max(1, len(mask) // 50)
    names = np.unique(labels[:depth])
    return np.asarray(np.isin(labels, names[names > 0]), np.uint8)


def _edges(lab: Floats) -> Mask:
    """Where one surface ends before another, even a pale wall before a pale sky."""
    steep = np.zeros(lab.shape[:2], np.float32)
    for part in cv2.split(lab):
        plane = np.asarray(cv2.GaussianBlur(part, (0, 0), 0.8), np.float32)
        across, down = (cv2.Sobel(plane, cv2.CV_32F, *order, scale=0.125) for order in _AXES)
        steep = np.maximum(steep, np.asarray(cv2.magnitude(across, down), np.float32))
    return steep > _STEEP


def _built(small: Floats) -> Mask:
    """Long straight edges, two pixels wide, by the detector of von Gioi et al. (2010)."""
    grey = np.asarray(np.rint(luma(small) * 255), np.uint8)
    drawn = np.zeros(grey.shape, np.uint8)
    found = None
    if min(grey.shape) >= _DETECTABLE:
        found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    for ends in () if found is None else np.asarray(found, np.float32).reshape(-1, 4):
        if np.hypot(ends[2] - ends[0], ends[3] - ends[1]) >= _BUILT_MIN * max(grey.shape):
            start, stop = np.rint(ends[:2]).astype(int), np.rint(ends[2:]).astype(int)
            cv2.line(drawn, start.tolist(), stop.tolist(), 1, 2)
    return drawn > 0


def _pieced_together(grown: Mask, edges: Mask, seeds: Mask, built: Mask) -> Mask:
    """The sky out of pieces that edges divide.

    A piece is sky if it is that at the picture's upper edge, or if sky is all around it, as around
    a cloud, or beside it and its own outline is nowhere straight. A white wall has the sky on two
    sides at most, and straight edges.
    """
    count, labels, stats = components((grown & ~edges).astype(np.uint8))
    high_up = stats[:, cv2.CC_STAT_TOP] < max(1, len(labels) // 50)
    # At the upper edge also a cloud that isn't calm, but not what reaches far down, as a wall does.
    flat = stats[:, cv2.CC_STAT_HEIGHT] < _CLOUD_DEPTH * len(labels)
    sown = np.bincount(labels[seeds], minlength=count) > 0
    taken = np.isin(labels, 1 + np.flatnonzero((high_up & (sown | flat))[1:]))
    ring = np.ones((_RING, _RING), np.uint8)
    for _ in range(_ROUNDS):
        before = taken.sum()
        for number in range(1, count):
            left, up, wide, high, area = (int(stats[number, at]) for at in range(5))
            window = (
                slice(max(0, up - _RING), up + high + _RING),
                slice(max(0, left - _RING), left + wide + _RING),
            )  # fmt: skip
            piece = labels[window] == number
            if taken[window][piece].all():
                continue
            outside = (cv2.dilate(piece.astype(np.uint8), ring) > 0) & ~piece
            around = outside & ~edges[window]
            straight = built[window][outside].mean() if area > _SMALL * grown.size else 0.0
            enough = _AROUND if straight > _STRAIGHT else _BESIDE
            if around.any() and taken[window][around].mean() > enough:
                taken[window] |= piece
        if taken.sum() == before:
            break
    # The edges between them are sky too; that to another thing is narrow.
    near = _closed(taken, _RING) > 0
    taken |= near & grown & edges
    beside = cv2.dilate(taken.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return _closed(taken | (beside & grown), 3) > 0


def _closed(mask: Mask, side: int) -> Bytes:
    """Holes and gaps narrower than `side` filled: birds, wires."""
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, element), np.uint8)


def _like(lab: Floats, seeds: Bytes) -> Mask:
    """Colours that the seeds have, by a Gaussian of them."""
    known = lab[seeds > 0].astype(np.float64)
    covariance = np.cov(known.T, bias=True) + np.diag([0.014, 0.007, 0.01]) ** 2
    away = lab.astype(np.float64) - known.mean(0)
    squared = np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(covariance), away)
    near: Mask = squared < _DEVIATIONS**2
    return near


def _lights_the_rest(light: Floats, sky: Mask, blue_share: float, outdoors: bool) -> bool:
    """Whether it shines as a sky does, and isn't a ceiling or a wall.

    The sky is what lights the rest, so little of that is lighter. A pale one has to be the
    lightest thing by far, since ceilings come near, or to stand over much that is green.
    """
    if sky.mean() > _NOTHING_ELSE:
        return True
    inside, outside = light[sky], light[~sky]
    if blue_share > _BLUE_SHARE:
        # Blue skies darken overhead: it is their lighter part that tells.
        return bool(np.quantile(inside, 0.85) > np.quantile(outside, 0.6))
    middle = np.median(inside)
    if outdoors:
        return bool(middle > np.quantile(outside, 0.6))
    return bool(middle > _SHINING and middle > np.quantile(outside, 0.92) + _BRIGHTER)
