"""The beta distribution, as far as rates need it: its share below a value, and mixtures of several.

The share is the regularized incomplete beta function by its continued fraction (DLMF 8.17.22),
evaluated by Lentz's method.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

Pair = tuple[float, float]
"""The two parameters, each above 0: what speaks for it and what speaks against it."""
_TINY: Final = 1e-300
_TERMS_MAX: Final = 400
_PRECISION: Final = 1e-13
_STEPS_MAX: Final = 60
_NEAR: Final = 1e-8


class Part(NamedTuple):
    """One of a mixture; the weights of all sum to 1."""

    weight: float
    pair: Pair


def mean(mixture: Sequence[Part]) -> float:
    return math.fsum(weight * a / (a + b) for weight, (a, b) in mixture)


def below(mixture: Sequence[Part], value: float) -> float:
    """The probability that the rate is below `value`."""
    return math.fsum(weight * share_below(pair, value) for weight, pair in mixture if weight > 0)


def quantile(mixture: Sequence[Part], share: float) -> float:
    """The rate that `share` of the mixture is below of, to seven places.

    By Newton's steps, and by halves where one leaves the bracket or hardly narrows it.
    """
    low, high = 0.0, 1.0
    at = mean(mixture)
    for _ in range(_STEPS_MAX):
        off = below(mixture, at) - share
        low, high = (at, high) if off < 0 else (low, at)
        slope = math.fsum(weight * _density(pair, at) for weight, pair in mixture if weight > 0)
        step = at - off / slope if slope > _TINY else low
        after = step if low < step < high else (low + high) / 2
        if abs(after - at) < _NEAR:
            return after
        at = after
    return at


def share_below(pair: Pair, value: float) -> float:
    """I_value(a, b), from 0 at 0 to 1 at 1."""
    if value <= 0:
        return 0.0
    if value >= 1:
        return 1.0
    a, b = pair
    front = math.exp(a * math.log(value) + b * math.log1p(-value) - log_beta(a, b))
    # The fraction converges fast on this side of the mean; the function is symmetric.
    if value < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, value) / a
    return 1 - front * _fraction(b, a, 1 - value) / b


def _density(pair: Pair, value: float) -> float:
    if not 0 < value < 1:
        return 0.0
    a, b = pair
    return math.exp((a - 1) * math.log(value) + (b - 1) * math.log1p(-value) - log_beta(a, b))


def log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _fraction(a: float, b: float, x: float) -> float:
    under = 1 / _apart(1 - (a + b) * x / (a + 1))
    over, found = 1.0, under
    for m in range(1, _TERMS_MAX):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            under = 1 / _apart(1 + term * under)
            over = _apart(1 + term / over)
            found *= under * over
        if abs(under * over - 1) < _PRECISION:
            break
    return found


def _apart(value: float) -> float:
    """Away from 0, so that it can be divided by."""
    return value if abs(value) > _TINY else _TINY
