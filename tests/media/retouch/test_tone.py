"""Light and dark, and looks: what must hold whatever the picture."""

import cv2
import numpy as np
import pytest

from media.retouch.places import exterior, interior
from tintype.media.retouch import colour, tone
from tintype.media.retouch.light import encoded, in_gamut, linear, luma, strip_by_strip
from tintype.media.retouch.oklab import from_oklab, hue_degrees, oklab
from tintype.media.stopping import Stopped

LOOK = {"shadows": "#2a4a6a", "highlights": "#f0c890"}


def never():
    return False


STEPS = {
    "exposure": lambda p, a: tone.exposure(p, stops=2 * a, canceled=never),
    "shadows": lambda p, a: tone.shadows(p, amount=a, canceled=never),
    "highlights": lambda p, a: tone.highlights(p, amount=a, canceled=never),
    "contrast": lambda p, a: tone.contrast(p, amount=a, canceled=never),
    "clarity": lambda p, a: tone.clarity(p, amount=a, canceled=never),
    "dehaze": lambda p, a: tone.dehaze(p, amount=abs(a), canceled=never),
    "saturation": lambda p, a: colour.saturation(p, amount=a, canceled=never),
    "vibrance": lambda p, a: colour.vibrance(p, amount=a, canceled=never),
    "glow": lambda p, a: colour.glow(p, amount=abs(a), canceled=never),
    "vignette": lambda p, a: colour.vignette(p, amount=abs(a), canceled=never),
}
GRADE = {"contrast": 0.0, "saturation": 0.0, "canceled": never}
AMOUNTS = (-1.0, -0.4, 0.4, 1.0)


def done(name, picture, amount):
    made = picture.copy()
    STEPS[name](made, amount)
    return made


@pytest.fixture(scope="module")
def room():
    return interior(5, (1.1, 1.0, 0.9), 240, 180).picture


@pytest.fixture(scope="module")
def house():
    return exterior(5, "clouds", 240, 180).picture


def greys():
    """A slow ramp of greys from black to white, with the noise that smooth filters look for."""
    ramp = np.linspace(0, 1, 320, dtype=np.float32)[None].repeat(200, 0)
    noise = np.random.default_rng(3).normal(0, 0.004, ramp.shape).astype(np.float32)
    grey = np.clip(ramp + noise, 0, 1)
    return np.ascontiguousarray(np.repeat(grey[..., None], 3, 2))


@pytest.mark.parametrize("name", sorted(STEPS))
@pytest.mark.parametrize("amount", AMOUNTS)
def test_grey_stays_grey_and_in_range(name, amount):
    made = done(name, greys(), amount)
    assert np.isfinite(made).all()
    assert made.min() >= 0
    assert made.max() <= 1
    assert (made.max(2) - made.min(2)).max() < 0.5 / 255


@pytest.mark.parametrize("name", sorted(STEPS))
@pytest.mark.parametrize("amount", AMOUNTS)
def test_pictures_stay_in_range_and_are_changed(name, amount, room, house):
    for picture in (room, house):
        made = done(name, picture, amount)
        assert np.isfinite(made).all()
        assert made.min() >= 0
        assert made.max() <= 1
        assert np.abs(made - picture).mean() > 0.5 / 255


@pytest.mark.parametrize("name", sorted(STEPS))
def test_nothing_of_it_changes_nothing(name, room):
    assert np.abs(done(name, room, 0.0) - room).max() < 0.7 / 255


@pytest.mark.parametrize("name", ["exposure", "shadows", "highlights"])
def test_more_is_lighter(name, room):
    levels = [float(luma(done(name, room, amount)).mean()) for amount in np.linspace(-1, 1, 7)]
    assert np.all(np.diff(levels) > 0)


@pytest.mark.parametrize("name", ["contrast", "clarity", "dehaze"])
def test_more_draws_tones_apart(name, house):
    amounts = (0.0, 0.5, 1.0) if name == "dehaze" else (-1.0, -0.5, 0.0, 0.5, 1.0)
    made = [luma(done(name, house, amount)) for amount in amounts]
    if name == "clarity":
        made = [level - cv2.blur(level, (9, 9)) for level in made]
    assert np.all(np.diff([float(level.std()) for level in made]) > 0)


@pytest.mark.parametrize("name", ["exposure", "contrast"])
@pytest.mark.parametrize("amount", [-1.0, -0.5, 0.5, 1.0])
def test_what_was_lighter_stays_lighter(name, amount):
    ramp = np.linspace(0, 1, 1024, dtype=np.float32)[None, :, None].repeat(3, 2).repeat(4, 0)
    made = done(name, ramp, amount)[0, :, 0]
    assert np.all(np.diff(made) > -1e-4)


@pytest.mark.parametrize("stops", [-2.0, -1.0, 1.0])
def test_exposure_is_a_factor_on_light(stops):
    dim = encoded(np.full((2, 2, 3), 0.06, np.float32))
    tone.exposure(dim, stops=stops, canceled=never)
    assert float(linear(dim).mean()) == pytest.approx(0.06 * 2**stops, rel=0.01)


def test_exposure_ends_at_white_and_keeps_lights_apart():
    ramp = np.linspace(0.7, 1, 64, dtype=np.float32)[None, :, None].repeat(3, 2)
    tone.exposure(ramp, stops=1.5, canceled=never)
    assert ramp[0, -1].min() == pytest.approx(1, abs=1e-3)
    assert np.all(np.diff(ramp[0, :, 0]) > 0)


def test_shadows_lift_what_is_dark_and_leave_what_is_light():
    halves = np.full((160, 240, 3), 0.12, np.float32)
    halves[:, 120:] = 0.8
    tone.shadows(halves, amount=1.0, canceled=never)
    assert halves[:, :90].mean() > 0.2
    assert abs(float(halves[:, 150:].mean()) - 0.8) < 0.01


@pytest.mark.parametrize("name", ["shadows", "highlights", "clarity"])
@pytest.mark.parametrize("amount", [-1.0, 1.0])
def test_an_edge_gets_no_halo(name, amount):
    step = np.full((200, 300, 3), 0.2, np.float32)
    step[:, 150:] = 0.75
    made = done(name, step, amount)[100, :, 0]
    # Away from the edge each side is flat; near it nothing passes either side's level by a little.
    dark, light = made[:20].mean(), made[-20:].mean()
    assert made[:150].max() - dark < 0.035
    assert dark - made[:150].min() < 0.035
    assert made[150:].max() - light < 0.035
    assert light - made[150:].min() < 0.035


def test_darker_highlights_show_more_of_what_is_in_them():
    rng = np.random.default_rng(1)
    bright = np.clip(0.92 + rng.normal(0, 0.02, (120, 160)), 0, 1).astype(np.float32)
    picture = np.repeat(bright[..., None], 3, 2)
    made = done("highlights", picture, -1.0)
    assert made.mean() < picture.mean() - 0.02
    white = np.ones((20, 20, 3), np.float32)
    assert done("highlights", white, -1.0).min() > 0.99


def test_dehaze_takes_a_veil_away_and_leaves_a_clear_picture_alone(house):
    veiled = house * 0.5 + 0.42
    cleared = done("dehaze", veiled.astype(np.float32), 1.0)
    assert luma(cleared).std() > 1.25 * luma(veiled).std()
    assert np.abs(done("dehaze", house, 1.0) - house).mean() < 0.06


@pytest.mark.parametrize("amount", [-0.5, 0.5, 1.0])
def test_saturation_keeps_hue_and_lightness(amount, room):
    before, after = oklab(room), oklab(done("saturation", room, amount))
    strong = np.hypot(before[..., 1], before[..., 2]) > 0.05
    turned = np.abs((hue_degrees(after) - hue_degrees(before) + 180) % 360 - 180)[strong]
    assert np.quantile(turned, 0.99) < 2
    assert np.abs(after[..., 0] - before[..., 0]).max() < 0.01


def test_the_strongest_colours_keep_their_hue_when_they_get_more():
    colours = np.array([[[0.6, 0.15, 0.06], [0.1, 0.3, 0.7], [0.2, 0.5, 0.1]]], np.float32)
    before = hue_degrees(oklab(colours))
    after = hue_degrees(oklab(done("saturation", colours, 1.0)))
    assert np.abs((after - before + 180) % 360 - 180).max() < 3


def test_without_saturation_there_is_no_colour(room):
    made = done("saturation", room, -1.0)
    assert (made.max(2) - made.min(2)).max() < 1 / 255


def test_vibrance_gives_weak_colours_more_than_strong_ones_and_spares_skin():
    weak, strong, skin = (0.5, 0.46, 0.56), (0.8, 0.1, 0.7), (0.78, 0.58, 0.48)
    made = np.array([[weak, strong, skin]], np.float32)
    before = np.hypot(*np.moveaxis(oklab(made)[0, :, 1:], -1, 0))
    after = np.hypot(*np.moveaxis(oklab(done("vibrance", made, 1.0))[0, :, 1:], -1, 0))
    grown = after / before
    assert grown[0] > 1.5
    assert grown[1] < 1.1
    assert grown[2] < 1.25


def test_a_grade_tints_shadows_and_lights_apart_and_neither_black_nor_white():
    made = greys()
    colour.grade(made, **LOOK, amount=1.0, **GRADE)
    row = made.mean(0)
    assert row[80, 2] > row[80, 0] + 0.02
    assert row[240, 0] > row[240, 2] + 0.02
    for end in (row[0], row[-1]):
        assert end.max() - end.min() < 0.01


def test_a_grade_by_nothing_is_none(room):
    made = room.copy()
    colour.grade(made, **LOOK, amount=0.0, **GRADE | {"contrast": 1.0, "saturation": -1.0})
    assert np.abs(made - room).max() < 0.7 / 255


def test_a_vignette_darkens_corners_and_leaves_the_middle():
    made = np.full((90, 120, 3), 0.6, np.float32)
    colour.vignette(made, amount=1.0, canceled=never)
    assert made[45, 60].min() > 0.595
    assert made[0, 0].max() < 0.45
    assert np.all(np.diff(made[45, 60:, 0]) <= 1e-6)


def test_glow_lights_the_surroundings_of_what_is_bright():
    made = np.full((120, 160, 3), 0.2, np.float32)
    made[50:70, 70:90] = 1.0
    colour.glow(made, amount=1.0, canceled=never)
    assert made[46, 80].mean() > made[10, 10].mean() + 0.01
    assert made[60, 80].max() <= 1


def test_strips_see_their_neighbours_as_they_were():
    picture = np.random.default_rng(1).random((700, 900, 3), np.float32)
    whole = cv2.blur(picture, (9, 9), borderType=cv2.BORDER_REFLECT_101)

    def work(rgb, band):
        return cv2.blur(rgb, (9, 9), borderType=cv2.BORDER_REFLECT_101)[band.own]

    strip_by_strip(picture, never, work, 4)
    assert np.abs(picture - whole).max() < 1e-5


def test_a_step_stops_between_strips():
    picture = np.full((900, 900, 3), 0.5, np.float32)
    asked = iter([False, False, True])
    with pytest.raises(Stopped):
        tone.exposure(picture, stops=1.0, canceled=lambda: next(asked))


def test_colours_and_oklab_are_each_other_s_inverse():
    colours = np.random.default_rng(2).random((40, 40, 3), np.float32)
    assert np.abs(from_oklab(oklab(colours)) - colours).max() < 1 / 255


def test_beyond_the_gamut_luma_stays():
    wild = np.random.default_rng(4).normal(0.5, 0.6, (60, 60, 3)).astype(np.float32)
    kept = in_gamut(wild)
    assert kept.min() >= 0
    assert kept.max() <= 1
    assert np.abs(luma(kept) - np.clip(luma(wild), 0, 1)).max() < 1e-3
