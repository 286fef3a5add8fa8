"""Around the thing: the paper sweep behind it, its shadow on the floor, and the film."""

from typing import Any, Final

import cv2
import numpy as np

from tintype.media.finish.frame import Bytes, Floats
from tintype.media.sketch.arrays import blurred, components, floats, resized
from tintype.media.sketch.light import Rig
from tintype.media.sketch.place import Place, bands

_COARSE: Final = 4
_HALF: Final = 0.5
_THINGS_MAX: Final = 6
_SHOULDER: Final = 0.62


def backdrop(width: int, height: int, place: Place, color: Floats, rig: Rig) -> Floats:
    """A sheet of `color` (linear light) that sweeps from wall to floor, (H, W, 3).

    Nothing on it is sharp, so it is made small; the lamp's pool lies behind the thing, on the
    lamp's side, and the corners fall off as a lens lets them.
    """
    rows, columns = max(2, height // _COARSE), max(2, width // _COARSE)
    y = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / rows * height
    x = (np.arange(columns, dtype=np.float32)[None, :] + 0.5) / columns * width
    high = place.bottom - place.top
    size = float(np.hypot(width, height))
    middle = (place.left + place.right) / 2
    bend = place.bottom - 0.13 * high
    floor = 1 / (1 + np.exp(np.clip((bend - y) / (0.05 * high), -40, 40)))
    pool_x = (x - middle - rig.side * 0.1 * size) / (0.42 * size)
    pool_y = (y - place.top - 0.42 * high) / (0.38 * size)
    pool = np.exp(-(pool_x**2 + pool_y**2))
    wall = 0.7 + 0.4 * pool
    near = np.exp(-(((x - middle) / (0.44 * size)) ** 2))
    ground = 0.86 + 0.22 * near - 0.16 * np.clip((y - bend) / size, 0, 1)
    light = wall * (1 - floor) + ground * floor
    # The bend itself turns away from both the lamp and the camera.
    light *= 1 - 0.05 * np.exp(-(((y - bend) / (0.07 * high)) ** 2))
    corner = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (size / 2) ** 2
    light *= (1 - 0.22 * corner) * (0.35 + 0.65 * rig.backdrop if rig.dim else rig.backdrop)
    sheet = light[..., None] * color
    if len(rig.lamps) and rig.dim:
        glow = np.array(rig.lamps[1].color, np.float32)
        other = np.exp(-(((x - middle + rig.side * 0.34 * size) / (0.3 * size)) ** 2 + pool_y**2))
        sheet = sheet + other[..., None] * glow * color * 0.05
    whole: Any = cv2.resize(
        sheet.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return np.asarray(whole, np.float32)


def shadow(sheet: Floats, alpha: Floats, place: Place, rig: Rig, *, clear: float) -> None:
    """Takes from the backdrop what the thing takes of its light.

    `alpha` is the thing's cover over the window. Where it touches the floor it is dark and
    sharp; the rest of its shadow falls to the side away from the lamp, softer with every part
    that is higher up. `clear` is the share of light that passes through the thing.
    """
    coarse = min(_COARSE, max(1, min(sheet.shape[:2]) // 300))
    rows, columns = -(-sheet.shape[0] // coarse), -(-sheet.shape[1] // coarse)
    whole = np.zeros(sheet.shape[:2], np.float32)
    whole[place.window] = alpha
    small = resized(whole, columns, rows, cv2.INTER_AREA)
    dark = np.zeros_like(small)
    for one in _standing(small):
        base, high = _base(one), max(4.0, float(np.ptp(np.nonzero(one.max(axis=1) > _HALF)[0])))
        fallen = rig.shadow * _fallen(one, base, high, rig)
        dark = np.maximum(dark, 1 - (1 - _touching(one, base, high)) * (1 - fallen))
    dark = floats(dark * (1 - 0.6 * clear))
    width, height = sheet.shape[1], sheet.shape[0]
    share: Any = cv2.resize(dark, (width, height), interpolation=cv2.INTER_CUBIC)
    # Light that the floor throws back keeps its colour: shadows are deeper in it, not greyer.
    for rows in bands(0, height, width):
        kept = 1 - np.clip(share[rows], 0, 0.94)[..., None]
        sheet[rows] *= kept ** np.array([1.0, 1.03, 1.0], np.float32)


def _standing(small: Floats) -> list[Floats]:
    """The cover of each thing that stands on its own, the pieces above one belonging to it."""
    count, labels, stats = components((small > _HALF).astype(np.uint8))
    order = sorted(range(1, count), key=lambda n: -int(stats[n, [1, 3]].sum()))
    groups: list[tuple[int, int, list[int]]] = []
    for n in order:
        left, wide = int(stats[n, 0]), int(stats[n, 2])
        for low, high, members in groups:
            if min(high, left + wide) - max(low, left) > 0.5 * wide:
                members.append(n)
                break
        else:
            groups.append((left, left + wide, [n]))
    if len(groups) <= 1:
        return [small] if count > 1 else []
    reach = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8))
    return [np.where(np.isin(reach, members), small, 0) for _, _, members in groups[:_THINGS_MAX]]


def _base(small: Floats) -> float:
    """The row that the thing stands on."""
    held = np.nonzero(small.max(axis=1) > _HALF)[0]
    return float(held[-1] + 1) if held.size else float(small.shape[0])


def _touching(small: Floats, base: float, high: float) -> Floats:
    """The dark line under what rests on the floor: wherever an outline's low side is near it."""
    solid = small > _HALF
    lowest = np.where(solid.any(axis=0), small.shape[0] - np.argmax(solid[::-1], axis=0), -1e6)
    close = np.clip(1.15 - np.square((base - lowest) / (0.2 * high)), 0, 1)
    # A round foot leaves the floor towards its sides; a leg of its own does not.
    feet = np.zeros_like(small)
    columns = np.nonzero(close > 0.01)[0]  # noqa: PLR2004
    at = np.clip(lowest[columns].astype(int), 0, small.shape[0] - 1)
    deep = max(1, round(0.012 * high))
    for below in range(deep):
        feet[np.minimum(at + below - deep // 2, small.shape[0] - 1), columns] = close[columns]
    touch = np.zeros_like(small)
    for across, down, strength in ((0.01, 0.005, 0.42), (0.03, 0.014, 0.34), (0.07, 0.034, 0.24)):
        soft = max(0.7, down * high)
        # A thin line loses height as it is blurred; each layer gets its own back.
        gain = strength * max(1.0, soft * np.sqrt(2 * np.pi) / deep)
        touch += np.minimum(gain * blurred(feet, max(0.8, across * high), soft), strength)
    return touch


def _fallen(small: Floats, base: float, high: float, rig: Rig) -> Floats:
    """The shadow on the floor, in three heights of the thing, each softer than the one below."""
    rows = np.arange(small.shape[0], dtype=np.float32)[:, None]
    raised = (base - rows) / high
    lean, flat = -rig.side * 0.62, 0.13
    # Close to the floor it follows the foot's own outline, however that is rounded.
    foot = small * np.clip((0.14 - raised) / 0.06, 0, 1)
    moved = np.array([[1, 0, lean * 0.03 * high], [0, 1, 0.014 * high]])
    near = cv2.warpAffine(foot.astype(np.float32), moved, small.shape[::-1])
    blur_x, blur_y = max(0.8, 0.02 * high * rig.spread), max(0.6, 0.011 * high * rig.spread)
    out = 0.8 * blurred(near, across=blur_x, down=blur_y)
    for low, top, blur, strength in (
        (-0.1, 0.16, 0.022, 0.95), (0.05, 0.48, 0.05, 0.72), (0.3, 1.05, 0.1, 0.5),
    ):  # fmt: skip
        fade = np.clip((raised - low) / 0.1, 0, 1) * np.clip((top - raised) / 0.12, 0, 1)
        piece = small * fade
        # From a height above the base to the floor: aside, and a little towards the camera.
        matrix = np.array([[1, -lean, lean * base], [0, -flat, (1 + flat) * base]])
        cast = cv2.warpAffine(
            piece.astype(np.float32), matrix, (small.shape[1], small.shape[0]),
            flags=cv2.INTER_LINEAR,
        )  # fmt: skip
        soft = max(0.8, blur * high * rig.spread)
        cast = blurred(cast, across=soft, down=max(0.6, soft * 0.42))
        out = np.maximum(out, strength * cast) + 0.35 * np.minimum(out, strength * cast)
    fallen: Floats = np.clip(out, 0, 1)
    return fallen


def developed(light: Floats, seed: int) -> Bytes:
    """Linear light as 8-bit sRGB: lamps bloom, highlights roll off, and a film's grain."""
    height, width = light.shape[:2]
    size = (max(1, width // _COARSE), max(1, height // _COARSE))
    over = np.maximum(cv2.resize(light, size, interpolation=cv2.INTER_AREA) - 0.85, 0)
    sigma = max(1.0, 0.008 * max(over.shape))
    bloom = 0.12 * blurred(over, sigma)
    dice = np.random.default_rng([seed % 2**63, 17])
    film = np.empty(light.shape, np.uint8)
    for rows in bands(0, height, width):
        lit = light[rows] + enlarged(bloom, (height, width), rows)
        high = np.maximum(lit - _SHOULDER, 0) * np.float32(-1 / (1 - _SHOULDER))
        rolled = np.minimum(lit, _SHOULDER) + np.float32(1 - _SHOULDER) * (1 - cv2.exp(high))
        grain = dice.standard_normal(lit.shape[:2], np.float32) * np.float32(1.1)
        exact = 255 * _srgb(floats(rolled)) + grain[..., None]
        film[rows] = np.clip(np.rint(exact), 0, 255)
    return film


def enlarged(small: Floats, shape: tuple[int, int], rows: slice) -> Floats:
    """Some rows of a smooth map made as large as `shape`."""
    down, across = small.shape[0] / shape[0], small.shape[1] / shape[1]
    # Centres of pixels lie half a pixel in.
    matrix = np.array([[across, 0, 0.5 * across - 0.5], [0, down, (rows.start + 0.5) * down - 0.5]])
    return floats(
        cv2.warpAffine(
            small, matrix, (shape[1], rows.stop - rows.start),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )
    )  # fmt: skip


def _srgb(light: Floats) -> Floats:
    """SRGB's curve over linear light, both 0 to 1."""
    light = np.maximum(light, 0)
    bright: Any = cv2.pow(light, 1 / 2.4)
    return floats(np.maximum(1.055 * bright - 0.055, np.minimum(12.92 * light, 0.04)))
