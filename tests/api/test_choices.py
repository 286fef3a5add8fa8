"""A word that is none of a field's choices is refused with the choices, wherever it stood."""

from typing import Annotated, Literal

import msgspec
import pytest

from api.wire import judged
from support.house import House
from support.images import file
from tintype.api.bodies import query_of, to_struct
from tintype.core.errors import ValidationFailed

Colour = Literal["red", "green", "blue"]
# More than are listed.
Many = Literal[
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s",
    "t", "u", "v", "w",
]  # fmt: skip


class Inner(msgspec.Struct):
    colour: Colour | None = None


class Outer(msgspec.Struct):
    colour: Colour | msgspec.UnsetType | None = msgspec.UNSET
    colours: list[Colour] = []
    named: dict[str, Colour] = {}
    items: list[Inner] = []
    many: Many = "a"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "pink"}, "colour"),
        ({"colours": ["red", "pink"]}, "colours[1]"),
        ({"named": {"sky": "pink"}}, "named[...]"),
        ({"items": [{}, {"colour": "pink"}]}, "items[1].colour"),
    ],
)
def test_the_choices_are_named_at_any_depth(body: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        to_struct(body, Outer)
    assert refused.value.details == [{"field": field, "problem": "must be one of blue, green, red"}]


def test_of_many_choices_twenty_are_named() -> None:
    with pytest.raises(ValidationFailed, match=r"o, p, q, r, s, t and 3 more$"):
        query_of(b"many=z", Outer)


def test_what_is_no_word_at_all_is_told_its_type() -> None:
    with pytest.raises(ValidationFailed, match=r"^colour: expected .*, got `int`$"):
        to_struct({"colour": 3}, Outer)


class Bounded(msgspec.Struct):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)] = "a"
    texts: Annotated[list[str], msgspec.Meta(max_length=40)] = []
    named: Annotated[dict[str, str], msgspec.Meta(min_length=2)] | None = None
    scene_type: str | None = None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": "a" * 2_001}, "text: must have at most 2,000 characters"),
        ({"text": ""}, "text: must have at least 1 character"),
        ({"texts": ["a"] * 41}, "texts: must have at most 40 items"),
        ({"named": {}}, "named: must have at least 2 entries"),
    ],
)
def test_a_length_is_told_in_a_clients_words(body: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        to_struct(body, Bounded)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("scenetype", "scene_type"), ("scene_typ", "scene_type"), ("scene_kind", "scene_type"),
        ("sceneTyp", "sceneType"), ("SceneType", "sceneType"),
    ],
)  # fmt: skip
def test_a_name_is_suggested_as_the_client_writes_names(name: str, meant: str) -> None:
    with pytest.raises(
        ValidationFailed, match=rf"^{name}: is not a known field; did you mean `{meant}`\?$"
    ):
        query_of(f"{name}=x".encode(), Bounded)


async def test_bodies_and_queries_name_them(idle_house: House) -> None:
    me = await idle_house.tenant()
    picture = (await idle_house.upload(me, file("png"))).data["url"]
    asks = [
        (await idle_house.ask("GET", "/api/v1/generations?status=done", key=me), "status", "canceled"),
        (await idle_house.ask("GET", "/api/v1/credits/ledger?type=x", key=me), "type", "adjustment"),
        (await idle_house.ask("POST", "/api/v1/images/jobs", key=me,
                              json={"mode": "cleen", "image_url": picture}), "mode", "clean"),
        (await idle_house.ask("POST", "/api/v1/api-keys", key=me, json={"name": "x", "mode": "dev"}),
         "mode", "live"),
    ]  # fmt: skip
    for reply, field, first in asks:
        assert judged(reply, 422, "VALIDATION_FAILED", field=field) is None, reply.body
        assert reply.error["message"].startswith(f"{field}: must be one of {first}, "), reply.body
