"""A plain backdrop: what it would look like without the product, and which part of it is seen.

The border of the picture tells its colour. A smooth surface is fitted to it, then to all of the
paper that is found to be seen, so that light may fall off over it. Of what differs, a shadow is
what paper can do: darker in all three colours alike. What no paper can do is the product, and so
is all that a sharp edge parts from the paper, but for the plateau of a hard shadow.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.retouch.light import encoded, largest, linear, smallest
from tintype.media.retouch.lines import Floats

Mask = NDArray[np.bool_]

LONG_SIDE: Final = 640
_BORDER: Final = 0.03
_PLAIN_MIN: Final = 0.7
"""The share of the border that one smooth surface must explain: a product may touch it."""
_TOLERANCE: Final = 0.035
"""Of a smooth surface, in encoded values: paper has some texture."""
_DARKEST: Final = 0.1
"""Linear light. Below it a backdrop is dark, and white behind the same edges would look cut."""
_SHADE_MIN: Final = 0.2
_TINT: Final = 0.13
"""How differently a shadow may darken red, green and blue, as a share."""
_FAINT: Final = np.float32(0.015)
"""Linear light that is too little to tell a colour from."""
_PLATEAU: Final = 0.09
"""The deviation of log2 light within a hard shadow; on a solid it is larger."""
_SPECK: Final = 0.0004
_STEEP: Final = 0.07
"""Log2 light per pixel that no soft shadow reaches."""
_SEEP: Final = 12
"""How many pixels a sharp edge may keep a shadow on coloured paper from being known as one."""
_EDGE: Final = 0.025
"""Log2 light per pixel of an edge that is clear; half of it is enough where one goes on."""


class NotPlain(Exception):
    """The picture has no plain light backdrop that could be made white; the message says why."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What was found on a reduced copy.

    `light` (H, W, 3) is the bare paper's and `shade` (H, W) what shadows leave of it, both linear
    and without the product; `product` is where paper isn't seen. `noise` is the deviation of the
    paper's encoded values.
    """

    light: Floats
    shade: Floats
    product: Mask
    noise: float


def find_paper(small: Floats) -> Paper:
    """Part paper from product on a reduced copy. Raises NotPlain where the border isn't plain."""
    bare, noise = _surface(small)
    seen = _apart(small, bare) < max(_TOLERANCE, 4 * noise)
    seen = _reached(seen)
    if seen.mean() > 0.5:  # noqa: PLR2004
        bare = _fitted(small, seen, bare)
    light = linear(np.clip(bare, 0.02, 1))
    # A little is added to both, lest a colour that the paper hardly has decides.
    bright = (linear(np.clip(small, 0, 1)) + _FAINT) / (light + _FAINT)
    ratio: Floats = np.asarray(cv2.GaussianBlur(bright, (0, 0), 0.8), np.float32)
    shade = np.asarray(cv2.transform(ratio, np.full((1, 3), 1 / 3)), np.float32)
    tint = (largest(ratio) - smallest(ratio)) / np.maximum(shade, 0.05)
    grain = max(0.02, 8 * noise)
    # A JPEG's colours are coarser than its light: at an edge they err, over an area they don't.
    alien = _opened((tint > _TINT + grain) | (shade < _SHADE_MIN), 5)
    impossible = alien | _opened(shade > 1.05 + grain, 5)
    grainy = np.asarray(noise / np.maximum(encoded(shade), 0.1), np.float32)
    sharp = _sharp(np.log2(np.maximum(ratio, np.float32(0.03))), grainy)
    free = ~(impossible | sharp)
    product = ~(_grown(_reached(free), 3) & ~impossible)
    typical = np.median(light.reshape(-1, 3), 0)
    chroma = float((typical.max() - typical.min()) / typical.max())
    coloured = chroma > 1.5 * (_TINT + grain)
    # Its own colour in the shade is paper, however sharp the shadow's edge; the same goes for a
    # seam of shade along a product that is nowhere near the paper's colour.
    solid = float(alien.sum()) > 0.7 * float(product.sum())
    product &= ~_seeped(~product, ~impossible, _SEEP if coloured else 5 if solid else 0)
    expected = filled(np.minimum(shade, 1)[..., None], ~_grown(product, 9)) * light
    off = np.minimum(_apart(encoded(expected), small), np.abs(bare - small).max(2))
    product &= ~_holes(product, free, alien, off, noise, coloured)
    product &= ~_hard_shadows(product, free, alien, shade) | impossible
    product = _without_rims(product, impossible)
    product = _without_specks(product, impossible, sharp, coloured)
    if not product.any():
        raise NotPlain("Nothing stands out from the background.")
    shade = np.minimum(filled(shade[..., None], ~_grown(product, 5))[..., 0], 1)
    return Paper(light, shade, product, noise)


def filled(values: Floats, known: Mask) -> Floats:
    """Smooth values (H, W, C) where they aren't known, from those that are, the nearest most.

    By pushing known values down a pyramid and pulling them up again where nothing finer is known.
    """
    weight = known.astype(np.float32)
    total = values * weight[..., None]
    if not known.any():
        return values
    levels = [(total, weight)]
    while min(weight.shape) > 1:
        size = (max(1, weight.shape[1] // 2), max(1, weight.shape[0] // 2))
        weight = np.asarray(cv2.resize(weight, size, interpolation=cv2.INTER_AREA))
        small = cv2.resize(total, size, interpolation=cv2.INTER_AREA)
        total = np.asarray(small, np.float32).reshape(*weight.shape, -1)
        levels.append((total, weight))
    made = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)[..., None]
    for total, weight in reversed(levels[:-1]):
        size = (weight.shape[1], weight.shape[0])
        coarse = cv2.resize(made, size, interpolation=cv2.INTER_LINEAR).reshape(total.shape)
        share = np.minimum(weight * 4, 1)[..., None]
        own = total / np.maximum(weight, 1e-6)[..., None]
        made = np.asarray(own * share + coarse * (1 - share), np.float32)
    return np.asarray(made, np.float32)


def _apart(one: Floats, other: Floats) -> Floats:
    return largest(np.asarray(cv2.absdiff(one, other), np.float32))


def _square(side: int) -> NDArray[np.uint8]:
    return np.ones((side, side), np.uint8)


def _disc(side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _surface(small: Floats) -> tuple[Floats, float]:
    """The backdrop as its border tells it, and its noise. Raises NotPlain."""
    height, width = small.shape[:2]
    deep = max(4, round(_BORDER * min(height, width)))
    border = np.ones((height, width), bool)
    border[deep:-deep, deep:-deep] = False
    bare = _fitted(small, border, np.broadcast_to(np.median(small[border], 0), small.shape))
    left = _apart(small, bare)[border]
    if (left < _TOLERANCE).mean() < _PLAIN_MIN:
        raise NotPlain("The background isn't plain: one smooth surface doesn't explain its border.")
    if float(largest(linear(np.clip(bare, 0, 1))).min()) < _DARKEST:
        raise NotPlain("The background is dark; only a light or coloured one is made white.")
    fine = small - cv2.GaussianBlur(small, (0, 0), 2)
    plain = border & (_apart(small, bare) < _TOLERANCE)
    return bare, float(1.48 * np.median(np.abs(fine[plain])))


def _fitted(small: Floats, where: Mask, start: Floats) -> Floats:
    """A surface of the third degree through the pixels of a mask, without those that stray."""
    height, width = small.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width * 2 - 1, y / height * 2 - 1
    # From the border alone a surface of high degree would bulge in the middle.
    bulging = where.mean() > 0.4  # noqa: PLR2004
    terms = [x**0, x, y, x * x, x * y, y * y]
    if bulging:
        terms += [x**3, x * x * y, x * y * y, y**3]
    columns = np.stack(terms, -1)
    rows = np.flatnonzero(where.ravel())[:: max(1, int(where.sum()) // 5_000)]
    taken, wanted = columns.reshape(-1, len(terms))[rows], small.reshape(-1, 3)[rows]
    made = np.ascontiguousarray(start).reshape(-1, 3)[rows]
    fit = np.zeros((len(terms), 3), np.float32)
    for _ in range(6):
        near = np.abs(wanted - made).max(1)
        weight = np.clip(1 - (near / (3 * _TOLERANCE)) ** 2, 0, 1)[:, None] ** 4 + 1e-9
        pull = (taken * weight).T.astype(np.float64)
        ridge = np.eye(len(terms)) * 1e-6
        fit = np.linalg.solve(pull @ taken + ridge, pull @ wanted).astype(np.float32)
        made = taken @ fit
    return np.asarray(columns @ fit, np.float32)


def _reached(free: Mask) -> Mask:
    """The part of a mask that hangs together with the picture's border."""
    _, labels = cv2.connectedComponents(free.astype(np.uint8), connectivity=4)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.isin(labels, np.unique(edge[edge > 0])) & free


def _sharp(logs: Floats, grainy: Floats) -> Mask:
    """Edges that are sharper than a soft shadow's, in any colour."""
    steep = []
    for spread in (0.8, 4.0):
        soft = cv2.GaussianBlur(logs, (0, 0), spread)
        across, down = cv2.Scharr(soft, -1, 1, 0) / 32, cv2.Scharr(soft, -1, 0, 1) / 32
        steep.append(np.sqrt(largest(np.asarray(across * across + down * down, np.float32))))
    fine, coarse = steep
    least = np.maximum(np.float32(_EDGE), 4 * grainy)
    abrupt = (fine > 1.4 * coarse) | (fine > _STEEP)
    weak = ((fine > least / 2) & abrupt).astype(np.uint8)
    # Faint edges count where they go on from clear ones, and small gaps are closed.
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    clear = np.bincount(labels[fine > least], minlength=count) > 0
    clear[0] = False
    edges = clear[labels].astype(np.uint8)
    return cv2.morphologyEx(edges, cv2.MORPH_CLOSE, _disc(5)) > 0


def _hard_shadows(product: Mask, free: Mask, alien: Mask, shade: Floats) -> Mask:
    """Plateaus of even darkness that lie by the feet of something that is no shadow."""
    taken = np.zeros_like(product)
    _, labels, boxes, centres = cv2.connectedComponentsWithStats(
        (product & free).astype(np.uint8), connectivity=4
    )
    rows = np.flatnonzero(product.any(1))
    if not len(rows):
        return taken
    around = cv2.dilate((~product).astype(np.uint8), _square(9)) > 0
    areas = boxes[:, cv2.CC_STAT_AREA]
    for number in np.argsort(-areas):
        part = labels == number
        if number == 0 or areas[number] < _SPECK * product.size:
            continue
        logs = np.log2(np.maximum(shade[part], 0.03))
        rest = product & ~part & ~taken
        heights = np.flatnonzero((rest & alien).any(1))
        # A grey thing before grey paper may be all plateaus: then its shadow stays with it.
        if not len(heights) or (rest & alien).sum() < 0.6 * rest.sum():
            continue
        lower = (centres[number][1] - heights[0]) / max(1, np.ptp(heights))
        dark = float(np.median(logs)) < -0.08  # noqa: PLR2004
        flat = float(np.std(logs)) < _PLATEAU
        low = lower > 0.45  # noqa: PLR2004
        if dark and flat and low and (part & around).any():
            taken |= part
    wide = cv2.dilate(taken.astype(np.uint8), _square(9)) > 0
    return wide & product & ~alien


def _without_rims(product: Mask, impossible: Mask) -> Mask:
    """Without what is left of hard shadows, their narrow edge; and so without grey threads."""
    return product & (_grown(_opened(product, 7), 3) | _grown(product & impossible, 5))


def _seeped(start: Mask, free: Mask, steps: int) -> Mask:
    """A mask grown into what is free, by so many pixels."""
    made = start.astype(np.uint8)
    for _ in range(steps):
        made = cv2.dilate(made, _square(3)) & (free | start).astype(np.uint8)
    return made > 0


def _opened(mask: Mask, side: int) -> Mask:
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _square(side)) > 0)


def _grown(mask: Mask, side: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _square(side)) > 0)


def _holes(
    product: Mask, free: Mask, alien: Mask, off: Floats, noise: float, coloured: bool
) -> Mask:
    """Paper that is seen through the product.

    It looks just as the paper nearby lets expect (`off` is by how much it doesn't), and the
    product around it is of a colour that paper can't be. Where the paper is coloured, either is
    proof enough.
    """
    taken = np.zeros_like(product)
    count, labels = cv2.connectedComponents((product & free).astype(np.uint8), connectivity=4)
    for number in range(1, count):
        part = labels == number
        if int(part.sum()) < _SPECK * product.size:
            continue
        ring = _grown(part, 15) & product & ~part
        if not ring.any():
            continue
        even = float(np.std(off[part])) < 0.05 + noise
        same = even and float(np.median(off[part])) < max(0.05, 1.5 * noise)
        within = float(alien[ring].mean())
        if (within > 0.5 or same) if coloured else (within > 0.3 and same):  # noqa: PLR2004
            taken |= part
    return _grown(taken, 5) & product & ~alien


def _without_specks(product: Mask, impossible: Mask, sharp: Mask, coloured: bool) -> Mask:
    """Without dust, scraps of shadow, and parts that no edge parts from the paper."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        product.astype(np.uint8), connectivity=8
    )
    areas = boxes[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    solid = np.bincount(labels[impossible & product], minlength=count) > 0.1 * areas
    least = areas.max() * (0.5 if coloured else 0.08)
    keep = (areas >= _SPECK * product.size) & (solid | (areas >= least))
    keep[0] = False
    rim = labels[product & _grown(~product, 3)]
    edged = labels[product & _grown(~product, 3) & _grown(sharp, 5)]
    around = np.bincount(rim, minlength=count)
    keep &= np.bincount(edged, minlength=count) >= 0.4 * around
    return np.asarray(keep[labels])
