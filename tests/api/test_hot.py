"""Answers from memory: what is kept and for how long, and how a kept answer is given."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.house import House
from support.uuids import uuid_of
from tintype.api.edge import Edge
from tintype.api.hot import HotAnswer, HotStore, asked, send_answer
from tintype.core import ids
from tintype.keys import operations as keys

BODY = bytes(range(256)) * 4
TAG = '"abc123"'
FOREVER = time.monotonic() + 10_000


def answer_of(
    size: int = 100, *depends_on: str, good_until: float = FOREVER, body: bytes | None = None
) -> HotAnswer:
    headers = ((b"content-type", b"image/webp"), (b"etag", TAG.encode()))
    body = bytes(size) if body is None else body
    return HotAnswer("media", body, headers, TAG, frozenset(depends_on), good_until)


def question_of(name: str):
    return (f"/media/images/{name}", b"", b"", b"", b"")


def kept(store: HotStore, name: str, answer: HotAnswer) -> bool:
    store.keep(question_of(name), answer, store.moment())
    return store.find(question_of(name)) is answer


# The store.


@dataclass
class Model:
    """The same store, written for plainness: a list in order of use."""

    bytes_max: int
    answers: "OrderedDict[str, HotAnswer]" = field(default_factory=OrderedDict)

    def cost(self, name: str) -> int:
        return len(self.answers[name].body) + len(question_of(name)[0]) + 2_000

    def keep(self, name: str, answer: HotAnswer) -> None:
        before = self.answers.pop(name, None)
        self.answers[name] = answer
        if self.cost(name) * 8 > self.bytes_max:
            del self.answers[name]
            if before is not None:
                raise AssertionError("The test gives one name one size.")
            return
        while sum(map(self.cost, self.answers)) > self.bytes_max:
            self.answers.popitem(last=False)


NAMES = st.sampled_from([f"img_{n}" for n in range(12)])
STEPS = st.one_of(
    st.tuples(st.just("keep"), NAMES),
    st.tuples(st.just("find"), NAMES),
    st.tuples(
        st.just("forget"), st.sampled_from([*(f"img_{n}" for n in range(12)), "org_1", None])
    ),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=60), st.integers(17_000, 60_000))
def test_the_store_is_bounded_and_drops_the_least_recently_used(steps, bytes_max) -> None:
    store, model = HotStore(bytes_max), Model(bytes_max)
    for step, name in steps:
        if step == "keep":
            number = int(name.removeprefix("img_"))
            answer = answer_of(number * 700, name, "org_1" if number % 2 else "org_2")
            store.keep(question_of(name), answer, store.moment())
            model.keep(name, answer)
        elif step == "find":
            assert store.find(question_of(name)) is model.answers.get(name)
            if name in model.answers:
                model.answers.move_to_end(name)
        else:
            store.forget(name)
            for other in list(model.answers):
                if name is None or name in model.answers[other].depends_on:
                    del model.answers[other]
        assert store.size == sum(map(model.cost, model.answers)) <= bytes_max
    for name in list(model.answers):
        assert store.find(question_of(name)) is model.answers[name]


def test_an_answer_over_an_eighth_of_the_store_is_not_kept() -> None:
    store = HotStore(80_000)
    assert kept(store, "small", answer_of(7_000, "img_1"))
    assert not kept(store, "large", answer_of(9_000, "img_2"))
    assert kept(store, "small", answer_of(7_000, "img_1"))


def test_a_change_drops_every_answer_that_depends_on_it_and_no_other() -> None:
    store = HotStore(1_000_000)
    for name, depends_on in {
        "a": ("img_1", "org_1"),
        "b": ("img_1", "org_2"),
        "c": ("img_3",),
    }.items():
        assert kept(store, name, answer_of(10, *depends_on))
    store.forget("img_1")
    assert [store.find(question_of(name)) is None for name in "abc"] == [True, True, False]
    store.forget(None)
    assert store.find(question_of("c")) is None
    assert store.size == 0


def test_an_answer_is_gone_when_its_time_is_over() -> None:
    store = HotStore(1_000_000)
    store.keep(question_of("a"), answer_of(10, good_until=time.monotonic() - 0.001), 0)
    assert store.find(question_of("a")) is None
    assert store.size == 0


@pytest.mark.parametrize("shape", ["id", "uuid", "UUID"])
async def test_a_write_drops_its_object_before_it_is_answered_however_the_path_names_it(
    shape,
) -> None:
    """At once, and not only when the database's notice has come round."""
    image_id = ids.new("img")
    named = {"id": image_id, "uuid": str(uuid_of(image_id)), "UUID": str(uuid_of(image_id)).upper()}
    store = HotStore(1_000_000)
    assert kept(store, "a", answer_of(10, image_id))
    when_answered = []

    async def app(scope, receive, send) -> None:
        scope["path_params"] = {"image_id": named[shape]}
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message) -> None:
        when_answered.append(store.find(question_of("a")))

    path = f"/v1/images/{named[shape]}"
    await Edge(app, store)(
        {"type": "http", "method": "DELETE", "path": path, "headers": [], "state": {}}, None, send
    )
    assert when_answered == [None]


@pytest.mark.parametrize("change", ["img_1", None])
def test_an_answer_that_a_change_overtook_is_not_kept(change) -> None:
    store = HotStore(1_000_000)
    since = store.moment()
    store.forget(change)
    store.keep(question_of("a"), answer_of(10, "img_1"), since)
    assert store.find(question_of("a")) is None
    store.keep(question_of("a"), answer_of(10, "img_1"), store.moment())
    assert store.find(question_of("a"))


def test_changes_of_other_objects_do_not_stop_the_keeping() -> None:
    store = HotStore(1_000_000)
    since = store.moment()
    store.forget("img_2")
    store.keep(question_of("a"), answer_of(10, "img_1"), since)
    assert store.find(question_of("a"))


def test_the_record_of_changes_is_bounded_and_errs_on_the_safe_side() -> None:
    store = HotStore(1_000_000)
    since = store.moment()
    store.forget("img_1")
    for number in range(25_000):
        store.forget(f"gen_{number}")
    assert len(store._changed) <= 10_000
    store.keep(question_of("a"), answer_of(10, "img_1"), since)
    assert store.find(question_of("a")) is None
    assert kept(store, "b", answer_of(10, "img_1"))


# What is asked.


def scope_of(path: str, *headers: tuple[bytes, bytes], query: bytes = b""):
    return {"path": path, "query_string": query, "headers": list(headers)}


def test_only_what_shapes_an_answer_is_part_of_its_question() -> None:
    key, chrome = (b"x-api-key", b"k"), (b"accept", b"image/webp")
    plain = asked(scope_of("/media/images/a.webp"))
    assert asked(scope_of("/media/images/a.webp", key, chrome)).question == plain.question
    assert asked(scope_of("/media/images/a.webp", query=b"w=1")).question != plain.question
    auto = asked(scope_of("/media/images/a.auto"))
    assert asked(scope_of("/media/images/a.auto", key)).question == auto.question
    assert asked(scope_of("/media/images/a.auto", chrome)).question != auto.question
    live = asked(scope_of("/v1/live"))
    for header in (key, chrome, (b"authorization", b"Bearer k")):
        assert asked(scope_of("/v1/live", header)).question != live.question
    assert asked(scope_of("/api/v1/live")).question != live.question


@pytest.mark.parametrize("name", [b"x-api-key", b"authorization", b"accept"])
def test_a_header_given_twice_does_not_ask_what_its_last_one_asks(name) -> None:
    once = asked(scope_of("/v1/live", (name, b"good")))
    twice = asked(scope_of("/v1/live", (name, b"bad"), (name, b"good")))
    assert twice.question != once.question


# How a kept answer is given.


async def given_for(answer: HotAnswer, method: str = "GET", **headers: str):
    """Status, headers and body of the answer for a request with these headers."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    messages = []

    async def send(message) -> None:
        messages.append(message)

    asking = asked(scope_of("/media/images/a.webp", *raw))
    await send_answer(answer, asking, send, method=method, more=((b"x-request-id", b"req_1"),))
    start, body = messages
    told = dict(start["headers"])
    assert len(told) == len(start["headers"]), "A header is given twice."
    assert told[b"x-request-id"] == b"req_1"
    return start["status"], told, body["body"]


@pytest.mark.parametrize(
    ("asked_for", "status", "part"),
    [
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=100-100", 206, slice(100, 101)),
        ("bytes=1000-", 206, slice(1000, 1024)),
        ("bytes=-24", 206, slice(1000, 1024)),
        ("bytes=-5000", 206, slice(0, 1024)),
        ("bytes=0-5000", 206, slice(0, 1024)),
        ("Bytes = 0 - 9", 206, slice(0, 10)),
        ("bytes=1024-", 416, None),
        ("bytes=5000-6000", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=0-1,5-6", 200, slice(0, 1024)),
        ("bytes=9-2", 200, slice(0, 1024)),
        ("bytes=-", 200, slice(0, 1024)),
        ("bytes=a-b", 200, slice(0, 1024)),
        ("bytes=--5", 200, slice(0, 1024)),
        ("bytes=+1-2", 200, slice(0, 1024)),
        ("bytes=²-", 200, slice(0, 1024)),
        ("lines=0-9", 200, slice(0, 1024)),
        ("bytes", 200, slice(0, 1024)),
        ("bytes=" + "9" * 5000 + "-", 200, slice(0, 1024)),
    ],
)
async def test_a_range_is_given_as_rfc_9110_wants_it(asked_for, status, part) -> None:
    found, headers, body = await given_for(answer_of(body=BODY), range=asked_for)
    assert found == status
    assert body == (b"" if part is None else BODY[part])
    assert headers[b"content-length"] == b"%d" % len(body)
    if status == 206:
        assert headers[b"content-range"] == b"bytes %d-%d/1024" % (part.start, part.stop - 1)
    elif status == 416:
        assert headers[b"content-range"] == b"bytes */1024"
    else:
        assert b"content-range" not in headers


@pytest.mark.parametrize(
    ("none_match", "status"),
    [
        (TAG, 304),
        (f"W/{TAG}", 304),
        (f'"other", W/{TAG} ,"more"', 304),
        ("*", 304),
        (" * ", 304),
        ('"other"', 200),
        ("abc123", 200),
        ('"abc"', 200),
        ("", 200),
    ],
)
async def test_if_none_match_compares_weakly(none_match, status) -> None:
    found, headers, body = await given_for(answer_of(body=BODY), if_none_match=none_match)
    assert found == status
    assert body == (b"" if status == 304 else BODY)
    assert headers[b"etag"] == TAG.encode()
    assert (b"content-length" in headers) == (status == 200)


async def test_a_match_wins_over_a_range() -> None:
    found, _, body = await given_for(answer_of(body=BODY), if_none_match=TAG, range="bytes=0-9")
    assert (found, body) == (304, b"")


@pytest.mark.parametrize(
    ("if_range", "status"),
    [(TAG, 206), (f"W/{TAG}", 200), ('"old"', 200), ("Fri, 20 Nov 2026 09:00:00 GMT", 200)],
)
async def test_a_part_is_only_given_to_who_has_the_rest_of_the_same(if_range, status) -> None:
    found, _, body = await given_for(answer_of(body=BODY), if_range=if_range, range="bytes=0-9")
    assert (found, len(body)) == (status, 10 if status == 206 else 1024)


async def test_head_tells_the_whole_length_and_sends_nothing() -> None:
    for more in ({}, {"range": "bytes=0-9"}):
        found, headers, body = await given_for(answer_of(body=BODY), "HEAD", **more)
        assert (found, headers[b"content-length"], body) == (200, b"1024", b"")


# Over real HTTP.


async def test_a_revoked_key_gets_nothing_more_from_memory(house: House) -> None:
    me = await house.tenant()
    path = "/v1/live?prompt=a%20red%20fox&w=64"
    for _ in range(3):
        reply = await house.ask("GET", path, key=me)
        assert reply.status == 200
    assert await from_memory(house) >= 1
    async with house.database.transaction() as tx:
        await keys.revoke(tx, me.organization_id, me.key_id)
    for _ in range(50):  # The news travels by NOTIFY.
        reply = await house.ask("GET", path, key=me)
        if reply.status == 401:
            break
        await asyncio.sleep(0.02)
    assert reply.status == 401


async def test_an_answer_from_memory_is_only_for_who_asked_with_that_key(house: House) -> None:
    me, other = await house.tenant(), await house.tenant(scopes=["images:read"])
    path = "/v1/live?prompt=a%20red%20fox&w=64"
    for _ in range(2):
        assert (await house.ask("GET", path, key=me)).status == 200
    assert (await house.ask("GET", path)).status == 401
    assert (await house.ask("GET", path, key=other)).status == 403
    both = {"X-API-Key": me.key, "Authorization": f"Bearer {other.key}"}
    assert (await house.ask("GET", path, headers=both)).status == 400


async def from_memory(house: House) -> float:
    """Answers from memory so far, as the metrics tell."""
    text = (await house.ask("GET", "/metrics")).body.decode()
    lines = [line for line in text.splitlines() if line.startswith("tintype_cache_requests_total{")]
    return sum(float(line.split()[-1]) for line in lines if 'result="memory"' in line)
