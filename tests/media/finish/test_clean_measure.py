"""What is measured is what is there: each trace rises with its own cause and not without it."""

import cv2
import numpy as np
import pytest

from support.machine_look import cast, decode, degrade, encode, halo, look, saturate, smear
from support.scenes import scene
from tintype.media.draft.draw import draw
from tintype.media.finish.clean_halo import blur_before_halo, reduction
from tintype.media.finish.clean_plan import evidence, plan
from tintype.media.finish.frame import opened
from tintype.media.finish.measure import luma, measure, native_tiles
from tintype.media.finish.measure_colour import measure_colour
from tintype.media.finish.measure_halo import measure_halo
from tintype.media.finish.measure_wax import measure_wax


def as_bytes(coded):
    return np.rint(np.clip(coded, 0, 1) * 255).astype(np.uint8)


def signs():
    """A wall with dark and light boards: many edges that stand alone."""
    wall = np.full((480, 640), 0.45, np.float32)
    for number, (row, column) in enumerate((r, c) for r in (60, 200, 340) for c in (50, 250, 450)):
        wall[row : row + 80, column : column + 120] = (0.2, 0.3, 0.65, 0.75)[number % 4]
    noise = np.random.default_rng(2).normal(0, 0.006, wall.shape)
    soft = cv2.GaussianBlur(wall, (0, 0), 0.7) + noise
    return np.repeat(soft[..., None], 3, 2).astype(np.float32)


@pytest.fixture(scope="module")
def found():
    """What is measured in a scene of each kind: as it is, and pushed."""
    plain = [scene(number, 480, 360) for number in range(12)]
    pushed = [degrade(pixels, look(number)) for number, pixels in enumerate(plain)]
    return [measure(pixels) for pixels in plain], [measure(pixels) for pixels in pushed]


@pytest.mark.parametrize(("amount", "pixels"), [(0.4, 3.0), (0.8, 3.0), (0.4, 6.5), (0.8, 6.5)])
def test_a_halo_is_found_with_its_strength_and_width(amount, pixels):
    found = measure_halo(luma(as_bytes(halo(signs(), amount, pixels))))
    assert found.amount == pytest.approx(amount, rel=0.25)
    assert found.pixels == pytest.approx(pixels, rel=0.5)


def test_no_halo_is_found_where_there_is_none(found):
    assert measure_halo(luma(as_bytes(signs()))).amount < 0.05
    assert measure_halo(np.full((300, 300), 90, np.float32)).amount == 0
    assert measure_halo(np.full((5, 300), 90, np.float32)).amount == 0
    assert np.mean([each.halo.amount for each in found[0]]) < 0.03


@pytest.mark.parametrize("pixels", [2.0, 5.0, 9.0, 30.0])
def test_undoing_a_halo_finds_the_picture_from_before(pixels):
    before = luma(scene(7)) / 255
    masked = halo(np.repeat(before[..., None], 3, 2), 0.8, pixels)[..., 0]
    by = reduction(pixels)
    size = (before.shape[1] // by, before.shape[0] // by)
    small = cv2.resize(masked, size, interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(blur_before_halo(small, 0.8, pixels / by), before.shape[::-1])
    mended = masked + 0.8 / 1.8 * (blurred - masked)
    assert np.abs(mended - before).mean() < 0.12 * np.abs(masked - before).mean()


@pytest.mark.parametrize("number", [0, 3, 5, 7, 10, 11])
def test_smearing_is_measured_as_wax(number):
    plain = scene(number)
    smeared = as_bytes(smear(plain, look(3)))
    found = [measure_wax([luma(tile) for tile in native_tiles(p)]).ratio for p in (plain, smeared)]
    assert found[1] < 0.8 * found[0]


def test_a_blurred_lens_is_not_taken_for_wax():
    blurred = cv2.GaussianBlur(scene(11).astype(np.float32), (0, 0), 3.0)
    noisy = blurred + np.random.default_rng(1).normal(0, 1.0, blurred.shape)
    tiles = native_tiles(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    assert measure_wax([luma(tile) for tile in tiles]).amount < 0.3


def test_saturation_is_seen_at_the_gamuts_wall():
    plain = scene(11)
    pushed = as_bytes(encode(saturate(decode(plain.astype(np.float32) / 255), 1.9)))
    before, after = measure_colour(plain), measure_colour(pushed)
    assert before.walled < 0.01
    assert after.walled > 0.1
    assert after.chroma_high > 1.4 * before.chroma_high


def test_a_cast_is_claimed_where_greys_agree_and_not_where_they_are_few():
    shop = scene(6).astype(np.float32) / 255
    tinted = as_bytes(encode(cast(decode(shop), 1.12, 0.9)))
    red, blue = measure_colour(tinted).cast
    plain_red, plain_blue = measure_colour(scene(6)).cast
    assert red / plain_red == pytest.approx(1.12, abs=0.04)
    assert blue / plain_blue == pytest.approx(0.9, abs=0.04)
    assert measure_colour(scene(11)).cast == (1.0, 1.0)
    assert measure_colour(scene(1)).cast == (1.0, 1.0)


def test_drawings_are_told_from_photographs_even_from_smeared_ones(found):
    drawing = opened(draw("a lighthouse", width=640, height=512, seed=1)).pixels
    assert measure(drawing).graphic > 0.7
    assert max(each.graphic for group in found for each in group) == 0


def test_traces_prove_something_only_together(found):
    plain, pushed = ([evidence(each) for each in group] for group in found)
    assert np.mean(plain) < 0.1
    assert np.mean(pushed) > 0.4


def test_every_amount_of_a_plan_grows_from_nothing():
    found = measure(degrade(scene(7), look(7)))
    assert plan(found, None, 0.0).is_nothing
    half, full = plan(found, None, 0.5), plan(found, None, 1.0)
    for name in ("texture", "lift", "halo", "steepness"):
        assert 0 < getattr(half, name) < getattr(full, name)
    assert 1 > half.chroma > full.chroma
