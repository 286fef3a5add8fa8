"""One effect per `Idempotency-Key`, whatever clients and connections do."""

import asyncio
from urllib.parse import urlsplit

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.wire import judged, request, talk
from support import images
from support.house import House, Tenant
from tintype.credits import operations as credits

POST = "/api/v1/generations"
FOX = {"prompt": "a red fox"}


async def send(
    house: House, me: Tenant, key: str, body=FOX, *, method="POST", path=POST, **headers: str
):
    return await house.ask(
        method, path, key=me, json=body, headers={"Idempotency-Key": key} | headers
    )


async def counted(house: House, me: Tenant) -> tuple[int, int]:
    """Generations and open holds of the organization."""
    async with house.database.reading() as tx:
        made = await tx.fetchval(
            "SELECT count(*) FROM generations WHERE organization_id = $1", me.organization_id
        )
        held = await tx.fetchval(
            "SELECT count(*) FROM ledger_entries WHERE organization_id = $1 AND type = 'hold'",
            me.organization_id,
        )
    return made, held


async def test_fifty_twins_at_once_make_one_work_and_one_hold(idle_house: House) -> None:
    me = await idle_house.tenant()
    replies = await asyncio.gather(*(send(idle_house, me, "twins") for _ in range(50)))
    assert {reply.status for reply in replies} == {202}
    assert len({reply.data["id"] for reply in replies}) == 1
    replayed = [reply.headers.get("Idempotent-Replayed") for reply in replies]
    assert sorted(word or "" for word in replayed) == [""] + ["true"] * 49
    assert await counted(idle_house, me) == (1, 1)


async def test_a_replay_answers_the_works_present_state_and_waits_for_it(house: House) -> None:
    me = await house.tenant()
    first = await send(house, me, "once")
    assert first.status == 202
    again = await send(house, me, "once", Prefer="wait=30")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert (again.data["id"], again.data["status"]) == (first.data["id"], "completed")
    assert again.headers["Location"] == first.headers["Location"]
    assert await counted(house, me) == (1, 1)


async def test_a_key_with_another_request_is_a_mismatch(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await send(idle_house, me, "k")
    for method, path, body in (
        ("POST", POST, {"prompt": "a blue fox"}), ("POST", POST, FOX | {"seed": 1}),
        ("POST", "/api/v1/flows", {}), ("POST", "/api/v1/projects", {"name": "a"}),
        ("DELETE", f"{POST}/{made.data['id']}", None), ("POST", f"{POST}/{made.data['id']}/cancel", None),
    ):  # fmt: skip
        reply = await send(idle_house, me, "k", body, method=method, path=path)
        fault = judged(reply, 422, "IDEMPOTENCY_MISMATCH")
        assert fault is None, (method, path, fault)
    assert (await idle_house.ask("GET", f"{POST}/{made.data['id']}", key=me)).data[
        "status"
    ] == "queued"


async def test_other_spellings_of_the_same_request_are_replays(idle_house: House) -> None:
    me = await idle_house.tenant()
    first = await send(
        idle_house, me, "k", {"prompt": "a", "aspect_ratio": "16:9", "meta": {"b": 1, "a": 2}}
    )
    raw = b' {"meta" : {"a":2, "b":1},\n "aspectRatio":"16:9", "prompt":"\\u0061"} '
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": "k"}
    for path, more in ((POST, {}), ("/v1/generations", {}), (POST, {"Prefer": "respond-async"}),
                       (POST, {"Cancel-After": "5m"})):  # fmt: skip
        reply = await idle_house.ask("POST", path, key=me, data=raw, headers=headers | more)
        assert reply.status == 202, reply.body
        assert reply.headers["Idempotent-Replayed"] == "true"
        resource = reply.data if path == POST else reply.json
        assert resource["id"] == first.data["id"]
    assert await counted(idle_house, me) == (1, 1)


async def test_keys_of_others_and_of_the_sandbox_are_their_own(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    second_key = await idle_house.tenant(organization_id=me.organization_id)
    replies = [await send(idle_house, who, "shared") for who in (me, other, sandbox)]
    assert len({reply.data["id"] for reply in replies}) == 3
    assert not any("Idempotent-Replayed" in reply.headers for reply in replies)
    same = await send(idle_house, second_key, "shared")
    assert same.data["id"] == replies[0].data["id"], "the key belongs to the organization"


async def test_only_what_was_done_is_remembered(idle_house: House) -> None:
    """After any failure the corrected request runs under the same key."""
    me = await idle_house.tenant(grant=0)
    wrong_type = {"Content-Type": "text/plain", "Idempotency-Key": "k"}
    tries = [
        (await idle_house.ask("POST", POST, key=me, data=b"{", headers=wrong_type | {"Content-Type": "application/json"}), 400),
        (await idle_house.ask("POST", POST, key=me.key[:-1] + "!", json=FOX, headers={"Idempotency-Key": "k"}), 401),
        (await idle_house.ask("POST", POST, key=me, data=b"{}", headers=wrong_type), 415),
        (await send(idle_house, me, "k", {"prompt": "a", "variants": 9}), 422),
        (await send(idle_house, me, "k", {"prompt": "like @nobody"}), 422),
        (await send(idle_house, me, "k"), 402),
    ]  # fmt: skip
    assert [reply.status for reply, _ in tries] == [status for _, status in tries]
    async with idle_house.database.transaction() as tx:
        await _grant(tx, me)
    done = await send(idle_house, me, "k")
    assert (done.status, "Idempotent-Replayed" in done.headers) == (202, False)
    assert await counted(idle_house, me) == (1, 1)


async def test_a_refusal_for_too_many_requests_is_not_remembered(idle_house: House) -> None:
    me = await idle_house.tenant(rate_limit=1)
    assert (await send(idle_house, me, "a")).status == 202
    refused = await send(idle_house, me, "b")
    assert judged(refused, 429, "RATE_LIMITED") is None
    async with idle_house.database.transaction() as tx:
        await tx.execute("DELETE FROM rate_windows")
    done = await send(idle_house, me, "b")
    assert (done.status, "Idempotent-Replayed" in done.headers) == (202, False)


async def test_a_dropped_connection_costs_neither_the_work_nor_a_second_charge(
    house: House,
) -> None:
    me = await house.tenant()
    address = urlsplit(house.base)
    whole = request("POST", POST, f"X-API-Key: {me.key}", "Content-Type: application/json",
                    "Idempotency-Key: cut", "Prefer: wait=30", body=b'{"prompt":"a red fox"}')  # fmt: skip
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(whole)
    await writer.drain()
    for _ in range(200):
        if (await counted(house, me))[0]:
            break
        await asyncio.sleep(0.01)
    writer.close()
    reply = await send(house, me, "cut", Prefer="wait=30")
    assert (reply.status, reply.data["status"]) == (201, "completed")
    assert reply.headers["Idempotent-Replayed"] == "true"
    assert await counted(house, me) == (1, 1)


async def test_a_delete_is_replayed(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await idle_house.ask("POST", POST, key=me, json=FOX)
    path = f"{POST}/{made.data['id']}"
    replies = [await send(idle_house, me, "d", None, method="DELETE", path=path) for _ in range(2)]
    assert [reply.status for reply in replies] == [204, 204]
    assert replies[1].headers["Idempotent-Replayed"] == "true"
    assert (replies[1].body, (await idle_house.ask("DELETE", path, key=me)).status) == (b"", 404)


async def test_what_creates_no_work_is_replayed_as_it_was_on_either_mount(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    first = await send(idle_house, me, "f", {"meta": {"n": 1}}, path="/api/v1/flows")
    again = await send(idle_house, me, "f", {"meta": {"n": 1}}, path="/v1/flows")
    assert (first.status, again.status) == (201, 201)
    assert again.json == first.data
    assert again.headers["Location"] == first.headers["Location"]
    twins = await asyncio.gather(
        *(send(idle_house, me, "g", {}, path="/api/v1/flows") for _ in range(20))
    )
    assert {reply.status for reply in twins} == {201}
    assert len({reply.data["id"] for reply in twins}) == 1


async def test_an_upload_is_known_by_its_bytes(idle_house: House) -> None:
    me = await idle_house.tenant()

    async def upload(data: bytes, key: str):
        form = aiohttp.FormData({"meta": '{"n": 1}'})
        form.add_field("file", data, filename="a.png", content_type="image/png")
        return await idle_house.ask(
            "POST", "/api/v1/images/upload", key=me, data=form, headers={"Idempotency-Key": key}
        )

    one, other = images.file("png", 32, 24), images.file("png", 48, 24)
    first, again, wrong = await upload(one, "u"), await upload(one, "u"), await upload(other, "u")
    assert (first.status, again.status) == (201, 201)
    assert again.data["id"] == first.data["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert judged(wrong, 422, "IDEMPOTENCY_MISMATCH") is None
    assert (await upload(other, "v")).status == 201


async def test_a_key_is_free_again_after_a_day(idle_house: House) -> None:
    me = await idle_house.tenant()
    first = await send(idle_house, me, "day")
    await _age(idle_house, me, "23 hours 59 minutes")
    assert (await send(idle_house, me, "day")).data["id"] == first.data["id"]
    await _age(idle_house, me, "24 hours 1 second")
    new = await send(idle_house, me, "day", {"prompt": "another request"})
    assert (new.status, "Idempotent-Replayed" in new.headers) == (202, False)
    assert new.data["id"] != first.data["id"]
    assert (await send(idle_house, me, "day", {"prompt": "another request"})).data[
        "id"
    ] == new.data["id"]


async def test_odd_keys_are_refused_by_name(idle_house: House) -> None:
    me = await idle_house.tenant()
    key, json_type = f"X-API-Key: {me.key}", "Content-Type: application/json"
    for value in ("", "a" * 256, "\xe9", "a\tb"):
        head = request(
            "POST", POST, key, json_type, f"Idempotency-Key: {value}", body=b'{"prompt":"a"}'
        )
        (reply,) = await talk(idle_house, head)
        fault = judged(reply, 422, "VALIDATION_FAILED", field="Idempotency-Key")
        assert fault is None, (value[:5], fault)
    twice = request(
        "POST",
        POST,
        key,
        json_type,
        "Idempotency-Key: a",
        "Idempotency-Key: a",
        body=b'{"prompt":"a"}',
    )
    (reply,) = await talk(idle_house, twice)
    assert judged(reply, 422, "VALIDATION_FAILED", field="Idempotency-Key") is None
    for control in ("\x7f", "\x01", "\x00"):  # These the server itself takes for broken HTTP.
        head = request("POST", POST, key, json_type, f"Idempotency-Key: a{control}", body=b"{}")
        assert {reply.status for reply in await talk(idle_house, head)} <= {400}
    assert await counted(idle_house, me) == (0, 0)
    assert (await send(idle_house, me, " ~" + "a" * 252)).status == 202


async def test_a_twin_of_what_still_runs_is_told_so(idle_house: House) -> None:
    me = await idle_house.tenant()
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO idempotency_keys (organization_id, key, fingerprint) VALUES ($1, 'k', '')",
            me.organization_id,
        )
        reply = await send(idle_house, me, "k", {}, path="/api/v1/flows")
        assert judged(reply, 409, "IDEMPOTENCY_IN_PROGRESS") is None, reply.body
        assert reply.headers["Retry-After"] == "1"


@settings(
    max_examples=12, derandomize=True, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    asks=st.lists(
        st.tuples(
            st.sampled_from([None, "a", "b", "c"]), st.sampled_from(["x", "y"]),
            st.sampled_from(["/api/v1", "/v1"]),
        ),
        min_size=1, max_size=16,
    )
)  # fmt: skip
async def test_any_interleaving_has_one_effect_per_key(idle_house: House, asks) -> None:
    me = await idle_house.tenant()

    async def ask(key: str | None, prompt: str, mount: str):
        headers = {} if key is None else {"Idempotency-Key": key}
        while True:
            reply = await idle_house.ask(
                "POST", f"{mount}/generations", key=me, json={"prompt": prompt}, headers=headers
            )
            if reply.status != 409:
                return reply
            assert reply.error["code"] == "IDEMPOTENCY_IN_PROGRESS"

    replies = await asyncio.gather(*(ask(*one) for one in asks))
    by_key: dict[str, list] = {}
    effects = 0
    for (key, prompt, mount), reply in zip(asks, replies, strict=True):
        if reply.status == 202:
            made = reply.data if mount == "/api/v1" else reply.json
            assert made["prompt"] == prompt
            by_key.setdefault(key or made["id"], []).append((made["id"], prompt, reply))
        else:
            assert (reply.status, reply.error["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    for found in by_key.values():
        effects += 1
        assert len({(made, prompt) for made, prompt, _ in found}) == 1
        assert sum("Idempotent-Replayed" not in reply.headers for _, _, reply in found) == 1
    assert effects == len({key for key, _, _ in asks if key}) + sum(
        key is None for key, _, _ in asks
    )
    assert await counted(idle_house, me) == (effects, effects)


async def _age(house: House, me: Tenant, interval: str) -> None:
    async with house.database.transaction() as tx:
        await tx.execute(
            "UPDATE idempotency_keys SET created_at = now() - $2::text::interval WHERE organization_id = $1",
            me.organization_id, interval,
        )  # fmt: skip


async def _grant(tx, me: Tenant) -> None:
    await credits.grant(tx, me.organization_id, 10)
