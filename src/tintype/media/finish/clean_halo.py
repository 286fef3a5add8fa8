"""Undoes a halo: the inverse of unsharp masking, at the gain and radius that were measured.

A mask of gain `a` made ``u = x + a * (x - G x)``, so ``x = (u + a * G x) / (1 + a)``. All that is
needed of `x` is its blur, which has no fine detail: it is found on a reduced plane by putting the
equation into itself a few times (each turn shrinks the error by `a / (1 + a)`), and the picture at
full size takes one weighted sum, ``u + share * (G x - u)`` with ``share = a / (1 + a)``.
"""

from typing import Final

from tintype.media.finish.frame import Floats
from tintype.media.finish.frame_planes import blurred

_TURNS: Final = 3
_SIGMA_MIN: Final = 1.2


def reduction(pixels: float) -> int:
    """By how much the plane may be reduced so that a blur of `pixels` is still drawn well."""
    return next((by for by in (8, 4, 2) if pixels / by >= _SIGMA_MIN), 1)


def blur_before_halo(plane: Floats, amount: float, pixels: float) -> Floats:
    """The Gaussian blur that the picture had before it was masked, on the reduced plane.

    `pixels` is the mask's sigma counted in the plane's pixels.
    """
    share = amount / (1 + amount)
    before = blurred(plane, pixels)
    for _ in range(_TURNS):
        before = blurred((1 - share) * plane + share * before, pixels)
    return before
