"""From 8-bit sRGB to linear light, and back through a camera's tone curve; the colour's softness.

Tables do both ways: 256 entries in, 65,536 out over linear light from black to a third of a stop
above white.
"""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tintype.media.finish.camera import Camera, Curve
from tintype.media.finish.frame import Bytes, Floats
from tintype.media.finish.realistic_lens import Field, blur_reach, falloff
from tintype.media.finish.realistic_scratch import Scratch

Table = NDArray[np.float32]

_ENTRIES: Final = 65_536
_ENCODED_MAX: Final = 1.1
_LUMA: Final = (0.299, 0.587, 0.114)  # Of encoded values, as JPEG and video weigh them.
_SAMPLES: Final = 40_000
_EXPOSURE_MIN, _EXPOSURE_MAX = 0.7, 1.6
_STEPS: Final = 14
_SIGMA_MIN: Final = 0.2


def decoded(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light of sRGB-encoded values (IEC 61966-2-1); it goes on beyond white."""
    low = encoded / 12.92
    high = ((np.maximum(encoded, 0.04) + 0.055) / 1.055) ** 2.4
    return np.where(encoded <= 0.04045, low, high)  # noqa: PLR2004


def encoded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `decoded`."""
    high = 1.055 * np.maximum(linear, 0.003) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, high)  # noqa: PLR2004


LIGHT_MAX: Final = float(decoded(np.array(_ENCODED_MAX)))
"""The brightest linear light that the tone curve tells apart; white is 1."""
_LINEAR: Final[Table] = decoded(np.arange(256) / 255).astype(np.float32)


def curve_at(knots: Curve, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """A smooth curve through the knots that never turns back between them.

    Cubic Hermite with the tangents of Fritsch and Butland (1984).
    """
    x, y = np.array(knots, np.float64).T
    step = np.diff(x)
    slope = np.diff(y) / step
    tangent = np.empty_like(x)
    tangent[0], tangent[-1] = slope[0], slope[-1]
    before, after = slope[:-1], slope[1:]
    # The harmonic mean, weighted by the steps; all slopes of a tone curve are above 0.
    wide, near = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    tangent[1:-1] = (wide + near) / (wide / before + near / after)
    place = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(step) - 1)
    t = (at - x[place]) / step[place]
    level = (1 + 2 * t) * (1 - t) ** 2 * y[place] + t * t * (3 - 2 * t) * y[place + 1]
    bend = t * (1 - t) ** 2 * tangent[place] - t * t * (1 - t) * tangent[place + 1]
    drawn: NDArray[np.float64] = level + bend * step[place]
    return drawn


def linear(pixels: Bytes, gain: float = 1.0, out: Floats | None = None) -> Floats:
    """8-bit sRGB as linear light, times `gain`."""
    table = _LINEAR * np.float32(gain)
    drawn: Any = cv2.LUT(pixels, table) if out is None else cv2.LUT(pixels, table, dst=out)
    return drawn  # type: ignore[no-any-return]


def tone_table(camera: Camera, strength: float) -> Table:
    """Encoded values, 0 to 255, for `_ENTRIES` steps of linear light from 0 to `LIGHT_MAX`."""
    plain = encoded(np.linspace(0, LIGHT_MAX, _ENTRIES))
    developed = curve_at(camera.curve, np.clip(plain, 0, _ENCODED_MAX))
    mixed = np.minimum(plain, 1) * (1 - strength) + developed * strength
    return (np.clip(mixed, 0, 1) * 255).astype(np.float32)


def develop(plane: Floats, table: Table, scratch: Scratch) -> None:
    """Take a plane of linear light through the tone table, in place: encoded, 0 to 255."""
    plane *= np.float32((_ENTRIES - 1) / LIGHT_MAX)
    plane += np.float32(0.5)
    np.clip(plane, 0, _ENTRIES - 1, out=plane)
    steps = scratch.words("steps", len(plane))
    np.copyto(steps, plane, casting="unsafe")
    cv2.LUT(steps, table, dst=plane)


def gains(camera: Camera, strength: float) -> tuple[float, float, float]:
    """White balance: how much brighter each colour's linear light becomes."""
    red, blue = camera.white_balance
    return red**strength, 1.0, blue**strength


def exposure(pixels: Bytes, camera: Camera, strength: float, table: Table) -> float:
    """The gain that keeps the picture's mean luma through falloff, balance and tone curve.

    What a camera's automatic exposure does. Found by halving on a sample of the pixels, between
    half a stop less and two thirds more, so a picture all in black or white is not forced.
    """
    height, width = pixels.shape[:2]
    pace = max(1, int((height * width / _SAMPLES) ** 0.5))
    rows = np.arange(min(pace, height) // 2, height, pace)
    columns = np.arange(min(pace, width) // 2, width, pace)
    sample = pixels[np.ix_(rows, columns)]
    radius_squared = Field(width, height).radius_squared_at(rows, columns)
    light = falloff(radius_squared, camera.focal_mm, strength)
    colours = [
        linear(sample[..., number], gain) * light
        for number, gain in enumerate(gains(camera, strength))
    ]
    scratch = Scratch(sample.shape[1])
    wanted = sum(weight * sample[..., number].mean() for number, weight in enumerate(_LUMA))
    low, high = _EXPOSURE_MIN, _EXPOSURE_MAX
    for _ in range(_STEPS):
        middle = (low + high) / 2
        got = 0.0
        for weight, colour in zip(_LUMA, colours, strict=True):
            exposed = colour * np.float32(middle)
            develop(exposed, table, scratch)
            got += weight * float(exposed.mean())
        low, high = (middle, high) if got < wanted else (low, middle)
    return (low + high) / 2


def soften_chroma(planes: list[Floats], sigma: float, scratch: Scratch) -> None:
    """Blur the colour of encoded planes, in place, by `sigma` pixels and leave the luma alone.

    Cameras resolve colour less finely than brightness, and their noise reduction takes more of it.
    """
    if sigma < _SIGMA_MIN:
        return
    red, green, blue = planes
    of_red, of_green, of_blue = (np.float32(weight) for weight in _LUMA)
    luma, part = scratch.floats("luma", len(red)), scratch.floats("part", len(red))
    np.multiply(red, of_red, out=luma)
    luma += np.multiply(green, of_green, out=part)
    luma += np.multiply(blue, of_blue, out=part)
    side = 2 * blur_reach(sigma) + 1
    for plane in (red, blue):
        np.subtract(plane, luma, out=part)
        cv2.GaussianBlur(part, (side, side), sigma, dst=plane, borderType=cv2.BORDER_REPLICATE)
    # Luma is weighed differences' zero: green's follows from red's and blue's.
    np.multiply(red, -of_red / of_green, out=green)
    green -= np.multiply(blue, of_blue / of_green, out=part)
    for plane in planes:
        np.add(plane, luma, out=plane)
