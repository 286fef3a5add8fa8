"""Sky, lawn, seasons and dusk change what they are called for and leave the rest.

What counts as sky and grass was tuned on the exteriors of seeds 0 to 15 and rooms of 0 to 15; the
tests use 3000 to 3019, which nothing was tuned on.
"""

import numpy as np
import pytest

from media.retouch.places import WEATHERS, backdrop, exterior, interior
from support.scenes import scene
from tintype.media.finish.frame import Band
from tintype.media.retouch.dusk import dusk
from tintype.media.retouch.find_sky import sky_of
from tintype.media.retouch.light import luma
from tintype.media.retouch.oklab import chroma, hue_degrees, oklab
from tintype.media.retouch.regions import greenery_of, lawn_of
from tintype.media.retouch.season import lawn, season
from tintype.media.retouch.sky import WEATHERS as SKIES
from tintype.media.retouch.sky import sky

HELD_OUT = range(3000, 3020)
LOOKS = ("blue", "sunset", "overcast", "dramatic")


def never():
    return False


@pytest.fixture(scope="module")
def houses():
    return [exterior(seed, width=320, height=240) for seed in HELD_OUT]


@pytest.fixture(scope="module")
def house():
    """Under a white sky, as most photographs of houses that ask for another one."""
    return exterior(3002, "white", 400, 300)


def whole(region, picture):
    if region is None:
        return np.zeros(picture.shape[:2], np.float32)
    height = len(picture)
    return region.at(picture, Band(0, height, 0, height), height)


def done(step, picture, **parameters):
    made = picture.copy()
    step(made, **parameters, canceled=never)
    assert np.isfinite(made).all()
    assert made.min() >= 0
    assert made.max() <= 1
    return made


def share(mask, where):
    return float(mask[where].mean()) if where.any() else 0.0


def test_the_sky_is_found_to_its_edges(houses):
    found = [(whole(sky_of(it.picture), it.picture), it.masks) for it in houses]
    assert np.mean([share(mask, where["sky"]) > 0.9 for mask, where in found]) >= 0.9
    for name in ("grass", "leaves", "drive"):
        assert max(share(mask, where[name]) for mask, where in found) < 0.1
    # A wall as white as the sky beside it is sky for all that can be seen.
    assert np.mean([share(mask, where["house"]) < 0.05 for mask, where in found]) >= 0.85


def test_what_grows_is_found_and_nothing_else(houses):
    for place in houses:
        green = whole(greenery_of(place.picture), place.picture)
        assert share(green, place.masks["grass"]) > 0.9
        assert share(green, place.masks["leaves"]) > 0.7
        for name in ("sky", "house", "drive"):
            assert share(green, place.masks[name]) < 0.05


def test_a_lawn_lies_on_the_ground(houses):
    for place in houses:
        grass = whole(lawn_of(place.picture), place.picture)
        assert share(grass, place.masks["grass"]) > 0.9
        for name in ("sky", "house", "drive"):
            assert share(grass, place.masks[name]) < 0.07


@pytest.mark.parametrize("seed", HELD_OUT[::2])
def test_rooms_and_products_have_neither_sky_nor_lawn(seed):
    for kind in (interior, backdrop):
        picture = kind(seed, width=320, height=240).picture
        assert sky_of(picture) is None
        if kind is backdrop:
            assert greenery_of(picture) is None


@pytest.mark.parametrize("number", [3, 5, 6])
def test_close_pictures_have_no_sky(number):
    """Fabric, a face, things on a table."""
    assert sky_of(scene(number, 320, 240).astype(np.float32) / 255) is None


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (9, 400), (400, 9)])
def test_tiny_pictures_are_no_trouble(size):
    for level in (0.0, 0.6, 1.0):
        plain = np.full((*size, 3), level, np.float32)
        done(sky, plain, look="blue", amount=1.0, seed=1)
        done(lawn, plain, amount=1.0)
        done(season, plain, look="autumn", amount=1.0, seed=1)
        done(dusk, plain, amount=1.0, seed=1)


def test_a_picture_that_is_all_sky_gets_another_sky():
    picture = scene(0, 320, 240).astype(np.float32) / 255
    done(sky, picture, look="sunset", amount=1.0, seed=1)


@pytest.mark.parametrize("look", LOOKS)
def test_a_new_sky_leaves_the_ground_in_its_place(house, look):
    made = done(sky, house.picture, look=look, amount=1.0, seed=4)
    change = np.abs(made - house.picture).mean(2)
    assert change[house.masks["sky"]].mean() > 0.04
    assert change[house.masks["house"]].mean() < 0.07
    edges = [np.abs(np.diff(luma(it), axis=0)) for it in (house.picture, made)]
    ground = house.masks["grass"][1:]
    assert np.corrcoef(edges[0][ground], edges[1][ground])[0, 1] > 0.99


def test_a_blue_sky_is_blue_and_darkens_overhead(house):
    made = oklab(done(sky, house.picture, look="blue", amount=1.0, seed=4))
    where = house.masks["sky"]
    assert 225 < np.median(hue_degrees(made)[where]) < 275
    assert np.median(chroma(made)[where]) > 0.03
    assert made[:20, :, 0].mean() < made[80:100, :, 0][where[80:100]].mean()


def test_half_of_a_sky_lies_between(house):
    none, half, all_ = (
        done(sky, house.picture, look="dramatic", amount=amount, seed=4)[house.masks["sky"]].mean()
        for amount in (0.0, 0.5, 1.0)
    )
    assert all_ < half < none
    assert none == pytest.approx(float(house.picture[house.masks["sky"]].mean()), abs=0.002)


def test_a_seed_gives_its_own_clouds_again(house):
    one, same, other = (
        done(sky, house.picture, look="blue", amount=1.0, seed=seed) for seed in (4, 4, 5)
    )
    assert np.array_equal(one, same)
    assert np.abs(one - other)[house.masks["sky"]].mean() > 0.01


def test_where_no_sky_is_a_sky_changes_nothing():
    picture = interior(3001, width=320, height=240).picture
    assert np.array_equal(done(sky, picture, look="blue", amount=1.0, seed=1), picture)


def test_a_lawn_gets_greener_and_the_rest_stays(house):
    made = done(lawn, house.picture, amount=1.0)
    before, after = oklab(house.picture), oklab(made)
    grass = house.masks["grass"]
    away = [np.abs(hue_degrees(it)[grass] - 125).mean() for it in (before, after)]
    assert away[1] < 0.5 * away[0]
    assert chroma(after)[grass].mean() >= chroma(before)[grass].mean()
    for name in ("sky", "house", "drive"):
        assert np.abs(made - house.picture)[house.masks[name]].mean() < 0.01


def test_each_season_has_its_colours(house):
    grass, leaves = house.masks["grass"], house.masks["leaves"]
    before = oklab(house.picture)
    made = {
        look: oklab(done(season, house.picture, look=look, amount=1.0, seed=2))
        for look in ("spring", "summer", "autumn", "winter")
    }
    hues = {look: np.median(hue_degrees(it)[leaves]) for look, it in made.items()}
    assert hues["autumn"] < 100 < hues["spring"] < hues["summer"]
    assert made["winter"][grass][:, 0].mean() > before[grass][:, 0].mean() + 0.15
    assert chroma(made["winter"])[grass].mean() < 0.3 * chroma(before)[grass].mean()
    for look, picture in made.items():
        moved = np.abs(picture - before)[house.masks["house"]].mean()
        assert moved < 0.02, look


@pytest.mark.parametrize("weather", WEATHERS)
def test_dusk_is_dark_and_blue_with_light_in_the_windows(weather):
    place = exterior(3009, weather, 400, 300)
    made = done(dusk, place.picture, amount=1.0, seed=1)
    wall, panes = place.masks["house"], place.masks["panes"]
    assert luma(made)[wall].mean() < 0.65 * luma(place.picture)[wall].mean()
    red, _, blue = (made[..., band] for band in range(3))
    assert (blue - red)[place.masks["drive"]].mean() > 0.02
    lit = luma(made)[panes]
    assert np.median(lit) > 2 * np.median(luma(made)[wall]) or np.median(lit) > 0.5
    assert np.median((red - blue)[panes]) > 0.2


def test_indoors_dusk_is_seen_through_the_window():
    picture = interior(3004, width=320, height=240).picture
    made = done(dusk, picture, amount=1.0, seed=1)
    assert luma(made).mean() < luma(picture).mean()


def test_every_look_of_a_sky_has_its_weather():
    assert set(LOOKS) < set(SKIES)
