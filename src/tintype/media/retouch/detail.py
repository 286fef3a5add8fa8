"""Noise and sharpness, each measured before it is touched.

Noise: the picture is split into octaves (the à trous transform with the B3 spline; Starck and
Murtagh, 1994) and each coefficient is shrunk by what its neighbourhood shows above the noise
(Wiener's rule with local variance: Lee, 1980; Mihçak et al., 1999). Where a picture has no noise
nothing is shrunk. Luma is treated at full size, colour at half of it and more firmly, since colour
noise is the uglier and colour has less detail.

Sharpening raises luma's finest octave, not what is noise, and not beyond what is near: an edge gets
steeper and no halo.
"""

from typing import Final, NamedTuple

import cv2
import numpy as np

from tintype.media.finish.frame import Band, Floats
from tintype.media.retouch.guided import mean
from tintype.media.retouch.light import in_gamut, luma, strip_by_strip
from tintype.media.stopping import Canceled

_SPLINE: Final = np.array([1, 4, 6, 4, 1], np.float32) / 16
_OCTAVES: Final = 3
_OCTAVE_NOISE: Final = (0.891, 0.25, 0.12)
"""Deviation that noise of 1 has in each octave: white noise would have 0.891, 0.2 and 0.086, and a
camera's, which was interpolated and coded, somewhat more of the coarser ones."""
_FIRM: Final = 1.25
_MARGIN: Final = 32
_LEVELS: Final = 5
_TILE: Final = 12
_CALM: Final = 0.08
_WHITE: Final = 0.3
"""The power of the next octave over the finest one's, below which a tile may show noise alone."""
_GREY: Final = 0.02
_GRAIN: Final = 0.005
_GRAIN_OF_COLOUR: Final = 5
_CUT: Final = 0.02
_TILES_MIN: Final = 8
_PIECE: Final = 128
_PIECES: Final = 8
_NOISE_MIN: Final = 0.0012
"""A third of an 8-bit level: what quantizing alone leaves."""
_TO_CHROMA: Final = np.array([[-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]], np.float32)
_FROM_CHROMA: Final = np.array([[0.0, 1.5748], [-0.1873, -0.4681], [1.8556, 0.0]], np.float32)
_SHARP_SIGMA: Final = 1.1
_SHARP: Final = 1.6
_OVERSHOOT: Final = 0.12


def denoise(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Less noise, as far as there is some; edges and texture stay."""
    noise = noise_of(picture)
    if max(levels.max() for levels in noise) < _NOISE_MIN:
        return
    firm = np.float32(_FIRM * amount)

    def work(rgb: Floats, band: Band) -> Floats:
        level = luma(rgb)
        light = _shrunk(level, _at_level(level, noise.luma) * firm)
        half = (max(1, level.shape[1] // 2), max(1, level.shape[0] // 2))
        halved = np.asarray(cv2.resize(level, half, interpolation=cv2.INTER_AREA), np.float32)
        fine = _at_level(level, noise.colour) * firm
        coarse = _at_level(halved, noise.colour_halved) * firm
        chroma = [
            _colour_shrunk(np.asarray(part, np.float32), fine, coarse)
            for part in cv2.split(cv2.transform(rgb, _TO_CHROMA))
        ]
        clean = cv2.merge((light, light, light)) + cv2.transform(cv2.merge(chroma), _FROM_CHROMA)
        return np.asarray(np.clip(clean[band.own], 0, 1), np.float32)

    strip_by_strip(picture, canceled, work, _MARGIN)


def _at_level(level: Floats, deviations: Floats) -> Floats:
    """The noise's deviation by place: linear between those measured at a few levels."""
    place = np.clip(level, 0, 1) * np.float32(len(deviations) - 1)
    axis = np.arange(len(deviations), dtype=np.float32)
    found = np.interp(place.ravel(), axis, deviations)
    return np.asarray(found, np.float32).reshape(level.shape)


def _shrunk(plane: Floats, noise: Floats) -> Floats:
    """The plane without noise of this deviation by place."""
    rest, total = plane, np.zeros_like(plane)
    for octave, share in zip(range(_OCTAVES), _OCTAVE_NOISE, strict=True):
        smooth = _smoothed(rest, octave)
        detail = rest - smooth
        power = mean(detail * detail, 3)
        expected = np.square(noise * np.float32(share))
        detail *= np.maximum(power - expected, 0) / (power + np.float32(1e-12))
        total += detail
        rest = smooth
    return np.asarray(total + rest, np.float32)


def _colour_shrunk(plane: Floats, fine: Floats, coarse: Floats) -> Floats:
    """The same for a plane of colour: all but its finest detail at half the size."""
    height, width = plane.shape
    half = (coarse.shape[1], coarse.shape[0])
    small = np.asarray(cv2.resize(plane, half, interpolation=cv2.INTER_AREA), np.float32)
    detail = plane - np.asarray(cv2.resize(small, (width, height)), np.float32)
    power, expected = mean(detail * detail, 3), np.square(fine)
    detail *= np.maximum(power - expected, 0) / (power + np.float32(1e-12))
    smooth = cv2.resize(_shrunk(small, coarse), (width, height))
    return np.asarray(detail + np.asarray(smooth, np.float32), np.float32)


def _smoothed(plane: Floats, octave: int) -> Floats:
    """One step of the à trous transform: the spline's taps 2 to the power of `octave` apart."""
    gap = 1 << octave
    taps = np.zeros(4 * gap + 1, np.float32)
    taps[::gap] = _SPLINE
    return np.asarray(
        cv2.sepFilter2D(plane, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_REFLECT), np.float32
    )


class Noise(NamedTuple):
    """The noise's deviation at five levels of luma from black to white: of luma, and of colour."""

    luma: Floats
    colour: Floats
    colour_halved: Floats
    """At half the size."""


def noise_of(picture: Floats) -> Noise:
    """Measured in the calmest tiles of each level of luma (after Olsen, 1993).

    Texture raises a tile's deviation, and nothing but noise reduction lowers it.
    """
    sample = _sample(picture)
    half = (max(1, sample.shape[1] // 2), max(1, sample.shape[0] // 2))
    halved = np.asarray(cv2.resize(sample, half, interpolation=cv2.INTER_AREA), np.float32)
    level = luma(sample)
    noise = Noise(_measured(level, level), _of_colour(sample), _of_colour(halved))
    if np.ptp(sample, axis=2).max() < _GREY:
        return noise
    # A sensor's noise has colour. What has none is texture that is as fine as noise: leaves, sand.
    most = np.maximum(_GRAIN_OF_COLOUR * np.maximum(noise.colour, noise.colour_halved), _GRAIN)
    return noise._replace(luma=np.minimum(noise.luma, most))


def _of_colour(sample: Floats) -> Floats:
    level = luma(sample)
    one, other = (
        _measured(level, np.asarray(part, np.float32))
        for part in cv2.split(cv2.transform(sample, _TO_CHROMA))
    )
    return np.maximum(one, other)


def _sample(picture: Floats) -> Floats:
    """Pieces from all over a large picture, one under the other; a small one whole."""
    height, width = picture.shape[:2]
    if max(height, width) <= _PIECES * _PIECE:
        return picture
    high, wide = min(_PIECE, height), min(_PIECE, width)
    tops = np.unique(np.linspace(0, height - high, _PIECES).astype(int))
    lefts = np.unique(np.linspace(0, width - wide, _PIECES).astype(int))
    pieces = [picture[top : top + high, left : left + wide] for top in tops for left in lefts]
    return np.ascontiguousarray(np.concatenate(pieces))


def _measured(level: Floats, plane: Floats) -> Floats:
    """The deviation of white noise that the plane's finest octave speaks of, by level of luma."""
    high, wide = (side // _TILE * _TILE for side in plane.shape)
    if not high or not wide:
        return np.zeros(_LEVELS, np.float32)
    smooth = _smoothed(plane, 0)
    next_octave = smooth - _smoothed(smooth, 1)
    fine = plane - smooth
    shape = (high // _TILE, _TILE, wide // _TILE, _TILE)
    means = level[:high, :wide].reshape(shape).mean((1, 3)).ravel()
    power, coarse = (
        np.square(octave[:high, :wide]).reshape(shape).mean((1, 3)).ravel()
        for octave in (fine, next_octave)
    )
    found = np.sqrt(power) / np.float32(_OCTAVE_NOISE[0])
    # Noise is nearly white and has little of the next octave, texture as much as of the finest.
    # Places that are cut at black or white show no noise, and say nothing of their level.
    white = (coarse < _WHITE * power) | (found < _NOISE_MIN / 2)
    told = white & (means > _CUT) & (means < 1 - _CUT)
    everywhere = float(np.quantile(found[told], _CALM, method="lower")) if told.any() else 0.0
    levels = np.full(_LEVELS, everywhere, np.float32)
    nearest = np.rint(means * (_LEVELS - 1)).astype(int)
    for number in range(_LEVELS):
        here = found[told & (nearest == number)]
        if len(here) >= _TILES_MIN:
            # What one level has more than the others may also be its texture.
            levels[number] = min(float(np.quantile(here, _CALM, method="lower")), 2 * everywhere)
    return levels


def sharpen(picture: Floats, *, amount: float, canceled: Canceled) -> None:
    """Luma's fine detail raised, but neither its noise nor beyond what its surroundings reach."""
    noise = noise_of(picture).luma
    # A large picture's detail is as much larger as it was seen or scaled with more pixels.
    sigma = _SHARP_SIGMA * float(np.clip(max(picture.shape) / 4000, 0.7, 1.6))
    share = np.float32(_SHARP * amount)
    square = np.ones((3, 3), np.uint8)

    def work(rgb: Floats, band: Band) -> Floats:
        level = luma(rgb)
        detail = level - np.asarray(cv2.GaussianBlur(level, (0, 0), sigma), np.float32)
        floor = np.square(_at_level(level, noise) * 2)
        detail *= np.square(detail) / (np.square(detail) + floor + np.float32(1e-9))
        sharp = level + share * detail
        most, least = cv2.dilate(level, square), cv2.erode(level, square)
        room = np.float32(_OVERSHOOT) * (most - least)
        sharp = np.minimum(np.maximum(sharp, least - room), most + room)
        change = (sharp - level)[band.own]
        return in_gamut(rgb[band.own] + cv2.merge((change, change, change)))

    strip_by_strip(picture, canceled, work, _MARGIN)
