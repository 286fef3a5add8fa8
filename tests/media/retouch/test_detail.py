"""Noise and sharpness: less of the one and more of the other, and nothing else."""

import functools

import cv2
import numpy as np
import pytest

from media.retouch.places import interior
from support.scenes import scene
from tintype.media.retouch.detail import denoise, noise_of, sharpen
from tintype.media.retouch.light import luma


def never():
    return False


@functools.cache
def clean(seed=2):
    """A picture without noise of its own: one rendered large, and reduced."""
    large = interior(seed, width=640, height=480).picture
    return np.asarray(cv2.resize(large, (320, 240), interpolation=cv2.INTER_AREA), np.float32)


def noisy(picture, sigma, seed=0, coarse=False):
    dice = np.random.default_rng(seed)
    noise = dice.normal(0, sigma, picture.shape).astype(np.float32)
    if coarse:
        noise = cv2.GaussianBlur(noise, (0, 0), 1.0)
        noise *= sigma / noise.std()
    return np.clip(picture + noise, 0, 1).astype(np.float32)


def done(step, picture, amount):
    made = picture.copy()
    step(made, amount=amount, canceled=never)
    return made


def error(one, other):
    return float(np.sqrt(np.square(one - other).mean()))


@pytest.mark.parametrize("sigma", [0.01, 0.02, 0.04])
def test_the_noise_is_measured(sigma):
    of_luma = noise_of(noisy(clean(), sigma)).luma
    # White noise of three channels makes luma noise of 0.75 of one channel's.
    assert np.median(of_luma) == pytest.approx(0.75 * sigma, rel=0.3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sigma", [0.015, 0.03])
def test_noise_is_halved_and_edges_stay(seed, sigma):
    picture = clean(seed)
    given = noisy(picture, sigma, seed)
    made = done(denoise, given, 0.7)
    assert error(made, picture) < 0.6 * error(given, picture)
    steep = np.abs(cv2.Sobel(luma(picture), cv2.CV_32F, 1, 0)) > 0.25
    kept = [np.abs(cv2.Sobel(luma(it), cv2.CV_32F, 1, 0))[steep].mean() for it in (made, picture)]
    assert kept[0] > 0.8 * kept[1]


def test_more_takes_more():
    picture = clean()
    given = noisy(picture, 0.03)
    left = [error(done(denoise, given, amount), picture) for amount in (0.0, 0.5, 1.0)]
    assert left[0] > left[1]
    assert left[2] < left[0]


def test_blotches_of_colour_go():
    grey = np.full((240, 320, 3), 0.4, np.float32)
    given = noisy(grey, 0.03, coarse=True)
    made = done(denoise, given, 1.0)
    colour = [float((it - luma(it)[..., None]).std()) for it in (given, made)]
    assert colour[1] < 0.6 * colour[0]


def test_a_picture_without_noise_is_left_alone():
    drawn = np.zeros((120, 160, 3), np.float32)
    drawn[30:90, 40:120] = (0.8, 0.3, 0.2)
    assert np.array_equal(done(denoise, drawn, 1.0), drawn)


def test_texture_is_mostly_kept():
    picture = scene(2, 320, 240).astype(np.float32) / 255
    made = done(denoise, picture, 0.5)
    detail = [luma(it) - cv2.GaussianBlur(luma(it), (0, 0), 2) for it in (picture, made)]
    assert detail[1].std() > 0.8 * detail[0].std()


def test_strips_meet_without_a_seam():
    tall = noisy(np.full((2100, 300, 3), 0.5, np.float32), 0.02)
    made = done(denoise, tall, 1.0)
    rows = luma(made).std(1)
    assert rows.max() < 3 * np.median(rows)
    assert done(sharpen, tall, 1.0).shape == tall.shape


def test_sharpening_makes_edges_steeper_and_no_halo():
    step = np.full((60, 80, 3), 0.3, np.float32)
    step[:, 40:] = 0.7
    soft = np.asarray(cv2.GaussianBlur(step, (0, 0), 1.2), np.float32)
    rises = [np.abs(np.diff(it[30, :, 0])).max() for it in (soft, done(sharpen, soft, 1.0))]
    assert rises[1] > 1.2 * rises[0]
    made = done(sharpen, soft, 1.0)
    assert made.max() < 0.7 + 0.03
    assert made.min() > 0.3 - 0.03


def test_sharpening_raises_detail_more_than_noise():
    flat = noisy(np.full((200, 200, 3), 0.5, np.float32), 0.015)
    assert luma(done(sharpen, flat, 1.0)).std() < 1.35 * luma(flat).std()
    picture = scene(2, 320, 240).astype(np.float32) / 255
    fine = [luma(it) - cv2.GaussianBlur(luma(it), (0, 0), 1) for it in
            (picture, done(sharpen, picture, 1.0))]  # fmt: skip
    assert fine[1].std() > 1.25 * fine[0].std()


def test_sharpening_keeps_grey_grey():
    given = np.repeat(luma(noisy(clean(), 0.01))[..., None], 3, 2)
    made = done(sharpen, np.ascontiguousarray(given), 1.0)
    assert (made.max(2) - made.min(2)).max() < 0.5 / 255
