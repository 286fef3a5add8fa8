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
_PLATEAU: Final = 0.09
"""The deviation of log2 light within a hard shadow; on a solid it is larger."""
_SPECK: Final = 0.0004
_COLOURED: Final = 0.12
"""Between a paper's strongest and weakest colour, as a share: then a shadow can be told from grey."""
import os
LEAST,GR,WK,CL=eval(os.environ.get('V','(.025,4.,.5,5)'))
_SEEP: Final = 12


class NotPlain(Exception):
    """The picture has no plain light backdrop that could be made white; the message says why."""


@dataclass(frozen=True, slots=True)
class Paper:
    """On a reduced copy: `light` (H, W, 3) of the bare paper and `shade` (H, W) of what is left
    of it in shadows, both linear and without the product; `product` where paper isn't seen.

    `noise` is the deviation of the paper's encoded values.
    """

    light: Floats
    shade: Floats
    product: Mask
    noise: float


def linear(rgb: Floats) -> Floats:
    """sRGB to linear light."""
    low = rgb / np.float32(12.92)
    high = ((rgb + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(rgb <= np.float32(0.04045), low, high).astype(np.float32)


def encoded(light: Floats) -> Floats:
    """Linear light to sRGB."""
    high = np.float32(1.055) * np.maximum(light, 1e-8) ** np.float32(1 / 2.4) - np.float32(0.055)
    low = light * np.float32(12.92)
    return np.where(light <= np.float32(0.0031308), low, high).astype(np.float32)


def find_paper(small: Floats) -> Paper:
    """Part paper from product on a reduced copy. Raises NotPlain where the border isn't plain."""
    bare, noise = _surface(small)
    seen = np.abs(small - bare).max(2) < max(_TOLERANCE, 4 * noise)
    seen = _reached(seen)
    if seen.mean() > 0.5:  # noqa: PLR2004
        bare = _fitted(small, seen, bare)
    light = linear(np.clip(bare, 0.02, 1))
    ratio = linear(np.clip(small, 0, 1)) / np.maximum(light, 1e-3)
    ratio = cv2.GaussianBlur(ratio, (0, 0), 0.8)
    shade = ratio.mean(2)
    tint = (ratio.max(2) - ratio.min(2)) / np.maximum(shade, 0.05)
    grain = max(0.02, 8 * noise)
    impossible = (tint > _TINT + grain) | (shade > 1.05 + grain) | (shade < _SHADE_MIN)
    # A JPEG's colours are coarser than its light: at an edge they err, over an area they don't.
    impossible = cv2.morphologyEx(impossible.astype(np.uint8), cv2.MORPH_OPEN, _square(5)) > 0
    grainy = noise / np.maximum(encoded(shade), 0.1)
    free = ~(impossible | _sharp(np.log2(np.maximum(ratio, 0.03)), grainy))
    product = ~(_grown(_reached(free), 3) & ~impossible)
    typical = np.median(light.reshape(-1, 3), 0)
    coloured = float(typical.max() - typical.min()) > _COLOURED * float(typical.max())
    if coloured:  # Its own colour in the shade is paper, however sharp the shadow's edge.
        product &= ~_seeped(~product, ~impossible, _SEEP)
    product &= ~_hard_shadows(product, free, impossible, shade)
    product = _without_rims(product, impossible)
    expected = filled(np.minimum(shade, 1)[..., None], ~_grown(product, 9)) * light
    off = np.abs(encoded(expected) - small).max(2)
    product &= ~_holes(product, free, impossible, off, noise, coloured)
    product = _without_specks(product, impossible, coloured)
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
    return made


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
    left = np.abs(small - bare).max(2)[border]
    if (left < _TOLERANCE).mean() < _PLAIN_MIN:
        raise NotPlain("The background isn't plain: one smooth surface doesn't explain its border.")
    if float(linear(np.clip(bare, 0, 1)).max(2).min()) < _DARKEST:
        raise NotPlain("The background is dark; only a light or coloured one is made white.")
    fine = small - cv2.GaussianBlur(small, (0, 0), 2)
    plain = border & (np.abs(small - bare).max(2) < _TOLERANCE)
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
        weight = np.clip(1 - (near / (3 * _TOLERANCE)) ** 2, 0, 1)[:, None] ** 2 + 1e-6
        fit = np.linalg.lstsq(taken * weight, wanted * weight, rcond=None)[0].astype(np.float32)
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
        steep.append(np.hypot(across, down).max(2))
    fine, coarse = steep
    least = np.maximum(np.float32(LEAST), GR * grainy)
    weak = ((fine > least * WK) & (fine > 1.4 * coarse)).astype(np.uint8)
    # Faint edges count where they go on from clear ones, and small gaps are closed.
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    clear = np.bincount(labels[fine > least], minlength=count) > 0
    clear[0] = False
    edges = clear[labels].astype(np.uint8)
    return cv2.morphologyEx(edges, cv2.MORPH_CLOSE, _disc(CL)) > 0


def _hard_shadows(product: Mask, free: Mask, impossible: Mask, shade: Floats) -> Mask:
    """Plateaus of even darkness that lie by the feet of something that is no shadow."""
    taken = np.zeros_like(product)
    count, labels, boxes, centres = cv2.connectedComponentsWithStats(
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
        solid = (rest & impossible).sum() > 0.8 * areas[number]
        other = rest.sum() > 1.5 * areas[number]
        heights = np.flatnonzero(rest.any(1))
        if not (solid or other) or not len(heights):
            continue
        lower = (centres[number][1] - heights[0]) / max(1, np.ptp(heights))
        dark = float(np.median(logs)) < -0.08  # noqa: PLR2004
        flat = float(np.std(logs)) < _PLATEAU
        if dark and flat and lower > (0.45 if solid else 0.55) and (part & around).any():
            taken |= part
    wide = cv2.dilate(taken.astype(np.uint8), _square(9)) > 0
    return wide & product & ~impossible


def _without_rims(product: Mask, impossible: Mask) -> Mask:
    """Without what is left of hard shadows, their narrow edge; and so without grey threads."""
    core = cv2.morphologyEx(product.astype(np.uint8), cv2.MORPH_OPEN, _square(7))
    core |= cv2.dilate((product & impossible).astype(np.uint8), _square(5))
    return product & (cv2.dilate(core, _square(3)) > 0)


def _seeped(start: Mask, free: Mask, steps: int) -> Mask:
    """A mask grown into what is free, by so many pixels."""
    made = start.astype(np.uint8)
    for _ in range(steps):
        made = cv2.dilate(made, _square(3)) & (free | start).astype(np.uint8)
    return made > 0


def _grown(mask: Mask, side: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _square(side)) > 0)


def _holes(
    product: Mask, free: Mask, impossible: Mask, off: Floats, noise: float, coloured: bool
) -> Mask:
    """Paper that is seen through the product.

    It looks just as the paper nearby lets expect (`off` is by how much it doesn't), where the
    product around it is of another colour. Where the paper is coloured, its colour in any shade
    is proof enough.
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
        even = float(np.std(off[part])) < 0.03 + noise
        same = even and float(np.median(off[part])) < max(0.05, 1.5 * noise)
        other = float(np.median(off[ring])) > 0.12  # noqa: PLR2004
        proof = coloured and float(impossible[ring].mean()) > 0.5  # noqa: PLR2004
        if (same and other) or proof:
            taken |= part
    return _grown(taken, 5) & product & ~impossible


def _without_specks(product: Mask, impossible: Mask, coloured: bool) -> Mask:
    """Without dust, and without scraps of shadow that hang together with no product."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(
        product.astype(np.uint8), connectivity=8
    )
    areas = boxes[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    solid = np.bincount(labels[impossible & product], minlength=count) > 0.1 * areas
    least = areas.max() * (0.5 if coloured else 0.08)
    keep = (areas >= _SPECK * product.size) & (solid | (areas >= least))
    keep[0] = False
    return np.asarray(keep[labels])
