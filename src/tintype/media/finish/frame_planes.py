"""The few filters over planes of floats that finishing is made of, OpenCV's, in exact types.

A plane is (H, W) or (H, W, 3) of 32-bit floats. OpenCV's own annotations say "some array"; here
it is said what goes in and comes out, once. `into` is an array of the answer's shape to write to.
"""

from typing import Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats

LUMA: Final = np.array([[0.299, 0.587, 0.114]], np.float32)
"""Rec. 601: the brightness that sharpening and smearing act upon, of gamma-coded colours."""


def luma_of(coded: Floats, into: Floats | None = None) -> Floats:
    """Luma of red, green and blue, in their unit."""
    return np.asarray(cv2.transform(coded, LUMA, dst=into), np.float32)


def blurred(plane: Floats, sigma: float, into: Floats | None = None) -> Floats:
    """Gaussian blur; beyond the border the plane is mirrored."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, dst=into), np.float32)


def reduced(plane: Floats, width: int, height: int, into: Floats | None = None) -> Floats:
    """Smaller, every new pixel the mean of the area it covers."""
    size = (width, height)
    return np.asarray(cv2.resize(plane, size, dst=into, interpolation=cv2.INTER_AREA), np.float32)


def reduced_bytes(pixels: Bytes, width: int, height: int) -> Bytes:
    """The same for 8-bit pixels, rounded."""
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def enlarged(plane: Floats, width: int, height: int, into: Floats | None = None) -> Floats:
    """Larger, linear between pixels."""
    return np.asarray(cv2.resize(plane, (width, height), dst=into), np.float32)


def times(one: Floats, other: Floats, into: Floats | None = None) -> Floats:
    return np.asarray(cv2.multiply(one, other, dst=into), np.float32)


def minus(one: Floats, other: Floats, into: Floats | None = None) -> Floats:
    return np.asarray(cv2.subtract(one, other, dst=into), np.float32)


def largest(pixels: Floats) -> Floats:
    """The largest of red, green and blue."""
    red, green, blue = cv2.split(pixels)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def largest_bytes(pixels: Bytes) -> Bytes:
    """The largest of red, green and blue."""
    red, green, blue = cv2.split(pixels)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def threefold(plane: Floats, into: Floats | None = None) -> Floats:
    """One plane as red, green and blue."""
    return np.asarray(cv2.merge((plane, plane, plane), dst=into), np.float32)


def ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, linear between."""
    return float(np.clip((value - low) / (high - low), 0, 1))
