"""An enhancement of what the picture doesn't show is told of, once for all variants."""

import cv2
import numpy as np

from media.retouch.places import interior
from support.house import House
from support.pictures import enhanced, look, project, sending

SAID = "no sky was found for sure, so it is as it was"


def a_room() -> bytes:
    pixels = np.rint(interior(3001, width=320, height=240).picture[..., ::-1] * 255)
    return bytes(cv2.imencode(".png", pixels.astype(np.uint8))[1])


async def test_a_sky_that_is_not_there_is_told_of_once(house: House) -> None:
    me = await house.tenant(grant=100)
    prj = await project(house, me)
    original = (await sending(house, me, prj, a_room(), scene_type="exterior")).json
    blue = {"source": "preset", "actions": ["sky-blue"]}
    made = await enhanced(house, me, original["id"], blue, variants=2)
    for picture in made:
        assert (await look(house, me, picture["id"]))["adjustments"] == [SAID]


async def test_what_has_its_place_is_not_told_of(house: House) -> None:
    me = await house.tenant(grant=100)
    prj = await project(house, me)
    original = (await sending(house, me, prj, a_room(), scene_type="interior")).json
    lighter = {"source": "preset", "actions": ["light-exposure-lift"]}
    (picture,) = await enhanced(house, me, original["id"], lighter)
    assert (await look(house, me, picture["id"]))["adjustments"] == []
