"""*Realistic*: a picture as a camera would have taken it, computed in the order light takes.

Lens (falloff, lateral colour, soft corners), sensor or film (noise), development (exposure, white
balance, tone curve), and the softness of colour that remains. In strips, so memory is bounded by
the strip; every strip's pixels follow from the picture, the seed and their place alone.

A picture of fewer pixels than 12 MP is neither a small sensor nor a cut-out: it lies half-way
between a photograph made smaller and one cropped. So lengths in pixels go with the fourth root of
the number of pixels, and the electrons of a pixel with the inverse of its square root.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.camera import PIXELS, Camera
from tintype.media.finish.frame import (
    Band,
    Bytes,
    Floats,
    bands,
    encoded,
    is_plain,
    opened,
    strip_rows,
)
from tintype.media.finish.realistic_grain import grain
from tintype.media.finish.realistic_lens import (
    Field,
    blur_reach,
    falloff,
    magnify,
    shift_reach,
    soften_corners,
)
from tintype.media.finish.realistic_scratch import Scratch
from tintype.media.finish.realistic_sensor import add_noise, glow, glow_pace, halate
from tintype.media.finish.realistic_tone import (
    Table,
    develop,
    exposure,
    gains,
    linear,
    soften_chroma,
    tone_table,
)
from tintype.media.inspect import Limits
from tintype.media.stopping import Stopped, report

# Shares of the time, for progress: decoded, and finished with encoding still to come.
_DECODED: Final = 0.15
_FINISHED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Shot:
    """A camera set up for one picture; sizes are in the picture's own pixels."""

    camera: Camera
    strength: float
    seed: int
    field: Field
    pixel_scale: float
    white_electrons: float
    corner_sigma: float
    chroma_sigma: float
    table: Table
    gains: tuple[float, float, float]
    glow: Floats | None

    @property
    def margin(self) -> int:
        """Rows beyond a strip that its pixels depend on."""
        shift = shift_reach(self.field, self.camera.lateral)
        return shift + blur_reach(self.corner_sigma) + blur_reach(self.chroma_sigma)


def prepared(pixels: Bytes, camera: Camera, strength: float, seed: int) -> Shot:
    """Set the camera up for this picture: its exposure, and everything that goes with its size."""
    height, width = pixels.shape[:2]
    pixel_scale = (width * height / PIXELS) ** 0.25
    table = tone_table(camera, strength)
    lift = exposure(pixels, camera, strength, table)
    red, green, blue = gains(camera, strength)
    return Shot(
        camera=camera,
        strength=strength,
        seed=seed,
        field=Field(width, height),
        pixel_scale=pixel_scale,
        # Noise is an amplitude, electrons are its inverse square.
        white_electrons=camera.white_electrons / pixel_scale**2 / strength**2,
        corner_sigma=camera.corner_blur * pixel_scale,
        chroma_sigma=camera.chroma_blur * pixel_scale * strength,
        table=table,
        gains=(red * lift, green * lift, blue * lift),
        glow=glow(pixels) if camera.halation else None,
    )


def through_lens(shot: Shot, pixels: Bytes, first: int, scratch: Scratch) -> list[Floats]:
    """Rows of 8-bit sRGB, of which the first is the picture's row `first`, as light on the sensor.

    Three planes of linear light, exposure and white balance included.
    """
    rows = len(pixels)
    last = first + rows
    radius_squared = shot.field.radius_squared(first, last, scratch.floats("radius", rows))
    light = falloff(
        radius_squared, shot.camera.focal_mm, shot.strength, scratch.floats("light", rows)
    )
    share = shot.camera.lateral * shot.strength
    planes = []
    for number, lateral in enumerate((share, 0.0, -share)):
        plane = scratch.floats(f"plane {number}", rows)
        encoded_plane: Any = cv2.extractChannel(pixels, number, scratch.bytes("channel", rows))
        if lateral:
            source = linear(encoded_plane, shot.gains[number], scratch.floats("source", rows))
            magnify(source, shot.field, first, lateral, plane)
        else:
            linear(encoded_plane, shot.gains[number], plane)
        plane *= light
        planes.append(plane)
    soften_corners(planes, radius_squared, scratch, sigma=shot.corner_sigma, strength=shot.strength)
    return planes


def sensed(shot: Shot, planes: list[Floats], first: int, scratch: Scratch) -> None:
    """Add, in place, what the camera's sensor or film adds to planes of linear light."""
    rows = len(planes[0])
    if shot.glow is not None:
        share = shot.camera.halation * shot.strength
        pace = glow_pace(shot.field.width, shot.field.height)
        halate(planes, shot.glow, share, scratch, first=first, pace=pace)
    noise = grain(
        shot.camera, shot.seed, first, first + rows, pixel_scale=shot.pixel_scale, scratch=scratch
    )
    add_noise(
        planes,
        noise,
        scratch,
        white_electrons=shot.white_electrons,
        # Its share of white then goes with size and strength as the shot noise's does.
        read_noise=shot.camera.read_noise
        * (shot.white_electrons / shot.camera.white_electrons) ** 0.5,
    )


def realistic_pixels(
    pixels: Bytes,
    *,
    strength: float,
    camera: Camera,
    seed: int,
    canceled: Callable[[], bool],
    progress: Callable[[float], None],
    rows: int | None = None,
) -> Bytes:
    """The picture (H, W, 3) in 8-bit sRGB with the camera's look; strength 0 gives it back.

    `rows` is the height of a strip, for trying others than the usual one. Raises Stopped when
    `canceled` says so between strips.
    """
    if not 0 <= strength <= 1:
        raise ValueError("The strength is 0 to 1.")
    if strength == 0:
        return pixels
    shot = prepared(pixels, camera, strength, seed)
    made = np.empty_like(pixels)
    scratch = Scratch(pixels.shape[1])
    height, width = pixels.shape[:2]
    for band in bands(height, rows or strip_rows(width), shot.margin):
        report(band.top / height, canceled, progress)
        _strip(shot, pixels, band, made, scratch)
    report(1.0, canceled, progress)
    return made


def realistic(
    data: bytes,
    *,
    strength: float,
    camera: Camera,
    seed: int,
    canceled: Callable[[], bool],
    progress: Callable[[float], None],
    limits: Limits | None = None,
) -> bytes:
    """A picture file with the camera's look, in its own format, size and transparency.

    `strength` is 0 (the picture itself) to 1 (all of the look). Raises what `opened` raises for
    bytes that are no picture of ours, and Stopped when `canceled` says so.
    """
    if canceled():
        raise Stopped
    if strength == 0 and is_plain(data):
        progress(1.0)
        return data
    frame = opened(data, limits)
    progress(_DECODED)
    pixels = realistic_pixels(
        frame.pixels,
        strength=strength,
        camera=camera,
        seed=seed,
        canceled=canceled,
        progress=lambda done: progress(_DECODED + (_FINISHED - _DECODED) * done),
    )
    if _is_grey(frame.pixels):
        # A camera's tints belong to colour: black and white stays black and white.
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        pixels = np.asarray(cv2.merge((grey, grey, grey)), np.uint8)
    made = encoded(frame.with_pixels(pixels))
    progress(1.0)
    return made


def _is_grey(pixels: Bytes) -> bool:
    red, green, blue = (pixels[..., band] for band in range(3))
    return bool(np.array_equal(red, green) and np.array_equal(green, blue))


def _strip(shot: Shot, pixels: Bytes, band: Band, made: Bytes, scratch: Scratch) -> None:
    planes = through_lens(shot, pixels[band.read], band.first, scratch)
    sensed(shot, planes, band.first, scratch)
    for plane in planes:
        develop(plane, shot.table, scratch)
    soften_chroma(planes, shot.chroma_sigma, scratch)
    drawn = []
    for number, plane in enumerate(planes):
        own = np.clip(plane[band.own], 0, 255, out=plane[band.own])
        drawn.append(cv2.convertScaleAbs(own, scratch.bytes(f"drawn {number}", len(own))))
    cv2.merge(drawn, made[band.write])
