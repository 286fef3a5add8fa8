"""ETags of resources: conditional reads, guarded writes, and races that one wins."""

import asyncio

import pytest

from support.house import House
from tintype.api.etag import if_match
from tintype.api.tags import etag_of, require_match
from tintype.core.errors import PreconditionFailed, ValidationFailed


class Asked:
    """What `if_match` reads of a request: its headers, each line by itself."""

    def __init__(self, *lines: str) -> None:
        self.headers = self
        self._lines = list(lines)

    def getall(self, name: str, default: list[str]) -> list[str]:
        return self._lines if name == "if-match" and self._lines else default


@pytest.mark.parametrize(
    ("lines", "tags"),
    [
        ((), None),
        (("*",), {"*"}),
        ((" * ",), {"*"}),
        (('"a"',), {'"a"'}),
        (('"a", "b"',), {'"a"', '"b"'}),
        (('"a" ,\t"b,c"',), {'"a"', '"b,c"'}),
        ((', "a",, "b",',), {'"a"', '"b"'}),
        (('"a"', 'W/"b"'), {'"a"', 'W/"b"'}),
        (('""',), {'""'}),
    ],
)
def test_the_header_is_read_as_the_standard_writes_it(lines, tags) -> None:
    found = if_match(Asked(*lines))
    assert found == (None if tags is None else frozenset(tags))


@pytest.mark.parametrize(
    "line",
    ["", "a", "'a'", '"a', '"a" "b"', '*, "a"', '"a", *', 'w/"a"', 'W/ "a"', '"a b"', '"é\x00"',
     '"' + "a" * 5000 + '"'],
)  # fmt: skip
def test_what_is_no_tag_is_refused_and_not_passed_over(line: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        if_match(Asked(line))
    assert refused.value.param == "If-Match"


def test_a_long_list_is_judged_in_time() -> None:
    assert len(if_match(Asked(",".join(f'"{n}"' for n in range(600)))) or ()) == 600
    with pytest.raises(ValidationFailed):
        if_match(Asked('"a",' * 1000 + "x"))


def test_only_a_strong_tag_of_this_version_matches() -> None:
    thing = {"name": "a"}
    tag = etag_of(thing)
    for good in (None, frozenset({"*"}), frozenset({tag}), frozenset({'"x"', tag})):
        require_match(good, thing)
    for bad in (frozenset({"W/" + tag}), frozenset({'"x"'}), frozenset({tag.strip('"')})):
        with pytest.raises(PreconditionFailed) as refused:
            require_match(bad, thing)
        assert refused.value.details == {"etag": tag}
    with pytest.raises(PreconditionFailed):
        require_match(frozenset({tag}), thing | {"name": "b"})


PATHS = ("/projects", "/quick-actions")


async def made(house: House, me, path: str):
    body = {"name": "A"} | ({"prompt": "soft light"} if path == "/quick-actions" else {})
    answer = await house.ask("POST", f"/v1{path}", key=me, json=body)
    assert answer.status == 201, answer.body
    return f"{path}/{answer.json['id']}", answer.headers["ETag"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_resource_has_one_tag_on_both_mounts_and_a_304(
    idle_house: House, path: str
) -> None:
    me = await idle_house.tenant()
    one, tag = await made(idle_house, me, path)
    for mount in ("/v1", "/api/v1"):
        seen = await idle_house.ask("GET", mount + one, key=me)
        assert (seen.status, seen.headers["ETag"]) == (200, tag)
        assert seen.headers["Cache-Control"] == "private, no-cache"
        for asked in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            again = await idle_house.ask(
                "GET", mount + one, key=me, headers={"If-None-Match": asked}
            )
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
        other = await idle_house.ask("GET", mount + one, key=me, headers={"If-None-Match": '"x"'})
        assert other.status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_a_write_with_an_old_tag_changes_nothing(idle_house: House, path: str) -> None:
    me = await idle_house.tenant()
    one, old = await made(idle_house, me, path)

    async def write(method: str, asked: str | None, **more):
        headers = {} if asked is None else {"If-Match": asked}
        return await idle_house.ask(method, "/v1" + one, key=me, headers=headers, **more)

    changed = await write("PATCH", old, json={"name": "B"})
    assert (changed.status, changed.json["name"]) == (200, "B")
    new = changed.headers["ETag"]
    assert new != old
    assert (await idle_house.ask("GET", "/v1" + one, key=me)).headers["ETag"] == new
    for method, more in (("PATCH", {"json": {"name": "C"}}), ("DELETE", {})):
        for asked in (old, f"W/{new}", '"x"'):
            refused = await write(method, asked, **more)
            assert (refused.status, refused.json["error"]["code"]) == (412, "PRECONDITION_FAILED")
            assert refused.json["error"]["details"] == {"etag": new}
            assert refused.headers["ETag"] == new
        broken = await write(method, "no quotes", **more)
        assert (broken.status, broken.json["error"]["param"]) == (422, "If-Match")
    assert (await idle_house.ask("GET", "/v1" + one, key=me)).json["name"] == "B"
    back = await write("PATCH", f'"x", {new}', json={"name": "A"})
    assert back.status == 200
    assert back.headers["ETag"] not in {old, new}, "the same words again are another version"
    assert (await write("PATCH", "*", json={"name": "D"})).status == 200
    assert (await write("DELETE", "*")).status == 204
    for asked in (None, "*", old):
        assert (await write("PATCH", asked, json={"name": "E"})).status == 404


@pytest.mark.parametrize("path", PATHS)
async def test_of_writes_that_race_with_one_tag_one_wins(idle_house: House, path: str) -> None:
    me = await idle_house.tenant()
    one, tag = await made(idle_house, me, path)
    for _ in range(3):
        answers = await asyncio.gather(*(
            idle_house.ask(
                "PATCH", "/v1" + one, key=me, json={"name": f"N{n}"}, headers={"If-Match": tag}
            )
            for n in range(8)
        ))  # fmt: skip
        assert sorted(answer.status for answer in answers) == [200] + [412] * 7
        won = next(answer for answer in answers if answer.status == 200)
        seen = await idle_house.ask("GET", "/v1" + one, key=me)
        assert (seen.json["name"], seen.headers["ETag"]) == (won.json["name"], won.headers["ETag"])
        tag = won.headers["ETag"]


async def test_a_replay_is_no_second_write_and_meets_no_412(idle_house: House) -> None:
    me = await idle_house.tenant()
    one, tag = await made(idle_house, me, "/projects")
    headers = {"If-Match": tag, "Idempotency-Key": "once"}
    answers = [
        await idle_house.ask("PATCH", "/v1" + one, key=me, json={"name": "B"}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert answers[0].headers["ETag"] == answers[1].headers["ETag"]


async def test_the_reference_tells_of_tags(idle_house: House) -> None:
    paths = (await idle_house.ask("GET", "/openapi.json")).json["paths"]
    for path in ("/v1/projects/{project_id}", "/v1/quick-actions/{action_id}"):
        item = paths[path]
        assert set(item["get"]["responses"]) >= {"200", "304"}
        assert "ETag" in item["get"]["responses"]["200"]["headers"]
        assert "ETag" in item["patch"]["responses"]["200"]["headers"]
        for method in ("patch", "delete"):
            assert "412" in item[method]["responses"]
            assert "If-Match" in {it["name"] for it in item[method]["parameters"]}
