"""What looks alike and is not: crowns and lawns, doors and windows, dry grass and fresh."""

import cv2
import numpy as np

from tintype.media.finish.frame import Band
from tintype.media.retouch.dusk import windows
from tintype.media.retouch.oklab import from_oklab, hue_degrees, oklab
from tintype.media.retouch.regions import lawn_of
from tintype.media.retouch.season import season

HIGH, WIDE = 240, 320


def at(region, picture):
    high = len(picture)
    return region.at(picture, Band(0, high, 0, high), high)


def speckled(dice, mean, deviation, grain):
    """Lightness that varies from place to place; `grain` is in pixels."""
    noise = cv2.GaussianBlur(dice.standard_normal((HIGH, WIDE)).astype(np.float32), (0, 0), grain)
    return np.clip(mean + deviation * noise / noise.std(), 0.05, 0.9)


def painted(light, chroma, hue):
    angle = np.radians(np.broadcast_to(hue, light.shape))
    parts = (light, chroma * np.cos(angle), chroma * np.sin(angle))
    return from_oklab(np.stack(parts, 2).astype(np.float32))


def test_the_crown_of_a_tree_is_no_lawn():
    dice = np.random.default_rng(61)
    sky = painted(np.full((HIGH, WIDE), 0.92, np.float32), 0.01, 250)
    crown = painted(speckled(dice, 0.42, 0.11, 1.5), 0.09, 126)
    grass = painted(speckled(dice, 0.55, 0.03, 0.8), 0.11, 128)
    picture = sky.copy()
    picture[60:, : WIDE // 2] = crown[60:, : WIDE // 2]
    picture[150:, WIDE // 2 :] = grass[150:, WIDE // 2 :]
    mask = at(lawn_of(picture), picture)
    assert mask[160:, : WIDE // 2 - 12].mean() < 0.1
    assert mask[165:, WIDE // 2 + 12 :].mean() > 0.9


def test_lamps_are_lit_behind_glass_and_not_in_a_wooden_door():
    wall = painted(np.full((HIGH, WIDE), 0.85, np.float32), 0.005, 80)
    glass, door = np.s_[90:130, 60:90], np.s_[90:150, 200:230]
    wall[glass] = painted(np.full((40, 30), 0.4, np.float32), 0.02, 250)
    wall[door] = painted(np.full((60, 30), 0.4, np.float32), 0.07, 55)
    panes = windows(wall, np.zeros((HIGH, WIDE), np.float32))
    assert panes[glass].mean() > 0.9
    assert panes[door].max() == 0


def test_autumn_comes_to_dry_and_to_fresh_grass_alike():
    dice = np.random.default_rng(62)
    spots = cv2.GaussianBlur(dice.standard_normal((HIGH, WIDE)).astype(np.float32), (0, 0), 9)
    hue = np.where(spots > 0, 126, 92)
    grass = painted(speckled(dice, 0.55, 0.03, 0.8), 0.09, hue)
    picture = painted(np.full((HIGH, WIDE), 0.92, np.float32), 0.01, 250)
    picture[100:] = grass[100:]
    made = picture.copy()
    season(made, look="autumn", amount=1.0, seed=3, canceled=lambda: False)
    before, after = (hue_degrees(oklab(it))[170:] for it in (picture, made))
    dry = hue[170:] < 100
    assert abs(np.median(before[dry]) - np.median(before[~dry])) > 25
    assert abs(np.median(after[dry]) - np.median(after[~dry])) < 8
