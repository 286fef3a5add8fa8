"""A word that is none of a field's choices is refused with the choices, wherever it stood."""

from typing import Literal

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
