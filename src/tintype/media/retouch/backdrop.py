"""The backdrop of a product made white, with its own shadow as far as it is wanted.

At the product's edge a pixel is a mixture of its colour and the paper's. Both are known from
either side of the edge, so the share can be solved for (and where they are too alike, the edge of
the mask decides); the paper's part is then taken away and white put in its place, in linear light
as the lens mixed it. Without that an edge keeps a seam of the old paper.
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import bands, strip_rows
from tintype.media.retouch.light import encoded, linear
from tintype.media.retouch.lines import Floats
from tintype.media.retouch.paper import LONG_SIDE, NotPlain, Paper, filled, find_paper
from tintype.media.stopping import Stopped

__all__ = ["NotPlain", "white_background"]

_LIT: Final = 0.96
"""Paper that keeps this share of its light is white; less of it is a shadow."""
_ALIKE: Final = 0.05
"""Product and paper closer than this, in linear light, can't be told apart by colour."""


def white_background(rgb: Floats, *, shadow: float = 0.5, canceled: Callable[[], bool]) -> Floats:
    """A picture of a product before white; `shadow` 0..1 is how much of its shadow stays.

    Raises NotPlain when the backdrop isn't plain and light, and Stopped when `canceled` says so.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    paper = find_paper(small)
    if canceled():
        raise Stopped
    fields = _fields(small, paper)
    made = np.empty_like(rgb)
    for band in bands(height, strip_rows(width), 0):
        if canceled():
            raise Stopped
        part = _stretched(fields, band.top, band.bottom, width, height)
        made[band.write] = _whitened(rgb[band.write], part, shadow)
    return made


def _fields(small: Floats, paper: Paper) -> Floats:
    """What the picture is taken apart with, (H, W, 9) on the reduced copy.

    The paper's light in its shadow (3), the product's nearest colour (3), the mask with a soft
    edge, where inside (1) and outside (0) are certain, and the shade.
    """
    inner = cv2.erode(paper.product.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if not inner.any():
        inner = paper.product
    outer = cv2.dilate(paper.product.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    front = filled(linear(np.clip(small, 0, 1)), inner)
    mask = cv2.GaussianBlur(paper.product.astype(np.float32), (0, 0), 1.0)
    known = np.where(inner, 1.0, np.where(outer, 0.5, 0.0)).astype(np.float32)
    shade = cv2.GaussianBlur(paper.shade, (0, 0), 1.0)
    return np.dstack([paper.light * paper.shade[..., None], front, mask, known, shade])


def _stretched(fields: Floats, top: int, bottom: int, width: int, height: int) -> Floats:
    """The rows `top` to `bottom` of the fields at the picture's size."""
    tall, wide = fields.shape[:2]
    across = (np.arange(width, dtype=np.float32) + 0.5) * wide / width - 0.5
    down = (np.arange(top, bottom, dtype=np.float32) + 0.5) * tall / height - 0.5
    x, y = np.meshgrid(across, down)
    parts = [
        cv2.remap(np.ascontiguousarray(fields[..., first : first + 3]), x, y, cv2.INTER_LINEAR,
                  borderMode=cv2.BORDER_REPLICATE)
        for first in (0, 3, 6)
    ]  # fmt: skip
    return np.dstack(parts)


def _whitened(rgb: Floats, fields: Floats, shadow: float) -> Floats:
    behind, front, mask, known, shade = (
        fields[..., 0:3], fields[..., 3:6], fields[..., 6], fields[..., 7], fields[..., 8],
    )  # fmt: skip
    light = linear(rgb)
    across = front - behind
    apart = np.einsum("ijk,ijk->ij", across, across)
    solved = np.einsum("ijk,ijk->ij", light - behind, across) / np.maximum(apart, 1e-6)
    trust = apart / (apart + _ALIKE**2)
    share = np.clip(trust * solved + (1 - trust) * mask, 0, 1)
    # Inside and outside are certain: only the edge is solved for.
    share = np.where(known > 0.75, 1, np.where(known < 0.25, 0, share))  # noqa: PLR2004
    left = 1 - shadow * (1 - np.minimum(shade / np.float32(_LIT), 1))
    own = np.clip(light - (1 - share)[..., None] * behind, 0, 1)
    own *= np.clip(share / 0.05, 0, 1)[..., None]
    made = own + ((1 - share) * left)[..., None]
    return encoded(np.where((share >= 1)[..., None], light, np.clip(made, 0, 1)))
