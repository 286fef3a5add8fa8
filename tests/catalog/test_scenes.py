"""Scene types and locations: known words pass, others are refused with the nearest."""

import re

import pytest

from tintype.catalog.actions import actions
from tintype.catalog.scenes import check_scene, check_scene_type, scenes
from tintype.core.errors import ValidationFailed

NEEDED = {
    "interior": {"living_room", "kitchen", "bedroom", "bathroom", "dining_room", "hallway", "office"},
    "exterior": {"facade", "garden", "pool", "terrace", "street", "aerial"},
    "product": set(), "fashion": set(), "food": set(), "vehicle": set(), "people": set(), "other": set(),
}  # fmt: skip


def test_the_words_of_listings_and_campaigns_are_known() -> None:
    assert set(NEEDED) <= set(scenes())
    for name, locations in NEEDED.items():
        assert locations <= set(scenes()[name].locations)
    words = [*scenes(), *(word for scene in scenes().values() for word in scene.locations)]
    assert [word for word in words if not re.fullmatch(r"[a-z]+(?:_[a-z]+)*", word)] == []
    assert all("other" in scene.locations for name, scene in scenes().items() if name != "other")


def test_known_words_and_no_words_pass() -> None:
    check_scene(None, None)
    for name, scene in scenes().items():
        check_scene(name, None)
        for location in scene.locations:
            check_scene(name, location)


@pytest.mark.parametrize(
    ("scene_type", "location", "field", "told"),
    [
        ("interor", None, "scene_type", "did you mean `interior`?"),
        ("Interior", None, "scene_type", "did you mean `interior`?"),
        ("zzz", None, "scene_type", "known are interior, exterior,"),
        ("", None, "scene_type", "there is no scene type ''"),
        ("interior", "livingroom", "scene_location", "did you mean `living_room`?"),
        ("interior", "garden", "scene_location", "is a location of exterior, not of interior"),
        (
            "exterior",
            "xxx",
            "scene_location",
            "'xxx' is not a location of exterior; known are facade,",
        ),
        (None, "kitchen", "scene_location", "needs a `scene_type`"),
        ("x" * 9000, None, "scene_type", "there is no scene type"),
        ("interior", "x" * 9000, "scene_location", "is not a location of interior"),
    ],
)
def test_other_words_are_refused_with_the_nearest(
    scene_type: str | None, location: str | None, field: str, told: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_scene(scene_type, location)
    assert refused.value.param == field
    assert told in str(refused.value)
    assert len(str(refused.value)) < 600


def test_each_scene_type_has_actions_of_its_own_or_for_all() -> None:
    for action in actions().by_id.values():
        for name in action.scene_types:
            assert check_scene_type(name) is scenes()[name]
