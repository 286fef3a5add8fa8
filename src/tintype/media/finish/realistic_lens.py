"""What a lens does to light: falls off, draws colours at unlike sizes, and softens the corners.

All of it in linear light, on planes (rows, columns) of one colour each, strip by strip: `first`
is the picture's row with which a strip begins.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.camera import HALF_DIAGONAL_MM
from tintype.media.finish.frame import Floats
from tintype.media.finish.realistic_scratch import Scratch

_BLUR_FROM: Final = 0.3
"""Share of the half-diagonal, squared, within which the lens is sharp: a bit over half of it."""
_WARP_REACH: Final = 1
_SIGMA_MIN: Final = 0.2  # Below this a Gaussian's neighbours weigh less than a hundred-thousandth.


@dataclass(frozen=True, slots=True)
class Field:
    """The picture's rectangle, as seen from its optical axis: lengths in half-diagonals."""

    width: int
    height: int

    @property
    def half_diagonal(self) -> float:
        """In pixels."""
        return float(np.hypot(self.width, self.height)) / 2

    def radius_squared(self, first: int, last: int, out: Floats | None = None) -> Floats:
        """Of each pixel's centre in the rows from `first` to `last`; 1 is the extreme corner."""
        return self.radius_squared_at(np.arange(first, last), np.arange(self.width), out)

    def radius_squared_at(
        self, rows: NDArray[np.int_], columns: NDArray[np.int_], out: Floats | None = None
    ) -> Floats:
        """The same for any rows and columns."""
        x = (columns + 0.5 - self.width / 2) / self.half_diagonal
        y = (rows + 0.5 - self.height / 2) / self.half_diagonal
        down, across = (y * y).astype(np.float32)[:, None], (x * x).astype(np.float32)[None]
        squared: Floats = np.add(down, across, out=out)
        return squared


def falloff(
    radius_squared: Floats, focal_mm: float, strength: float, out: Floats | None = None
) -> Floats:
    """The cos4 law: illumination falls with the fourth power of the field angle's cosine.

    cos2 = 1 / (1 + tan2), so no angle is computed. `strength` scales the depth of the fall.
    """
    slope = np.float32((HALF_DIAGONAL_MM / focal_mm) ** 2)
    light: Floats = np.multiply(radius_squared, slope, out=out)
    light += 1
    np.multiply(light, light, out=light)
    np.reciprocal(light, out=light)
    if strength < 1:
        light *= np.float32(strength)
        light += np.float32(1 - strength)
    return light


def magnify(plane: Floats, field: Field, first: int, share: float, out: Floats) -> None:
    """Draw a strip larger about the optical axis by `share` (smaller below 0): lateral colour.

    Lateral chromatic aberration is, to first order, an image height that depends on the colour.
    Linear interpolation softens a little, more so away from the axis, as lenses do; cubic keeps
    5 % more of the finest detail there and takes four times as long.
    """
    scale = 1 / (1 + share)
    middle_x, middle_y = (field.width - 1) / 2, (field.height - 1) / 2 - first
    back = np.array([
        [scale, 0, middle_x * (1 - scale)],
        [0, scale, middle_y * (1 - scale)],
    ])  # fmt: skip
    cv2.warpAffine(
        plane,
        back,
        (plane.shape[1], plane.shape[0]),
        dst=out,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def shift_reach(field: Field, share: float) -> int:
    """How many rows away from its place a magnified pixel is read, at most."""
    return int(np.ceil(abs(share) * field.height / 2)) + _WARP_REACH


def soften_corners(
    planes: list[Floats],
    radius_squared: Floats,
    scratch: Scratch,
    *,
    sigma: float,
    strength: float,
) -> None:
    """Fade each plane, in place, into its blurred self from half-way out to the corners.

    `sigma` is in pixels. It stands for all that a lens loses off its axis (coma, astigmatism,
    curvature of field).
    """
    if sigma < _SIGMA_MIN or strength == 0:
        return
    rows, width = radius_squared.shape
    weight = scratch.floats("weight", rows)
    np.subtract(radius_squared, np.float32(_BLUR_FROM), out=weight)
    weight *= np.float32(strength / (1 - _BLUR_FROM))
    np.clip(weight, 0, 1, out=weight)
    # The middle columns of most strips are sharp from top to bottom: they are left out.
    sharp = np.flatnonzero(weight[0] + weight[-1] == 0)
    parts = [(0, int(sharp[0])), (int(sharp[-1]) + 1, width)] if len(sharp) else [(0, width)]
    side = 2 * blur_reach(sigma) + 1
    for start, stop in parts:
        if start == stop:
            continue
        blurred = scratch.floats("blurred", rows)[:, start:stop]
        for whole in planes:
            part = whole[:, start:stop]
            cv2.GaussianBlur(
                part, (side, side), sigma, dst=blurred, borderType=cv2.BORDER_REPLICATE
            )
            blurred -= part
            blurred *= weight[:, start:stop]
            part += blurred


def blur_reach(sigma: float) -> int:
    """How many pixels to each side a Gaussian of `sigma` is summed over."""
    return int(np.ceil(2.5 * sigma))
