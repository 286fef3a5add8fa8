"""Bodies, methods, paths and connections as only broken or hostile clients send them."""

import asyncio
import io
from urllib.parse import urlsplit

import msgspec

from api.wire import judged, request, talk
from support.house import House, Tenant

POST = "/api/v1/generations"
JSON = {"Content-Type": "application/json"}


async def post(house: House, me: Tenant, body, headers: dict[str, str] | None = None):
    return await house.ask(
        "POST", POST, key=me, data=body, headers=JSON if headers is None else headers
    )


async def test_what_is_not_json_is_a_bad_request(idle_house: House) -> None:
    me = await idle_house.tenant()
    wrong = [
        b"", b"   ", b"{", b'{"prompt":"a"} x', b'{"prompt":"a"}{"prompt":"b"}', b'{"prompt":"a",}',
        b'\xef\xbb\xbf{"prompt":"a"}', '{"prompt":"a"}'.encode("utf-16"), '{"prompt":"a"}'.encode("utf-32"),
        b'{"prompt":"\xff"}', b'{"prompt":"\\ud800"}', b'{"prompt":"\\udc00\\ud800"}',
        b'{"prompt":"a\x01b"}', b'{"prompt":"a\nb"}', b"{'prompt':'a'}", b'{"prompt":"a" /* b */}',
        b'{"prompt":"\xed\xa0\x80"}', b'{"prompt":"\xc0\xaf"}', b'{"\xff":1}', b"undefined", b"\x00",
        b'{"prompt":"a","seed":NaN}', b'{"prompt":"a","seed":Infinity}', b'{"prompt":"a\\x41"}',
        b'{"prompt":"a"', b'{"prompt":', b'{"prompt":"a}', b"{,}", b"[1,]", b'{"a" "b"}',
    ]  # fmt: skip
    faults = {body: judged(await post(idle_house, me, body), 400, "BAD_REQUEST") for body in wrong}
    assert {body: fault for body, fault in faults.items() if fault} == {}


async def test_nul_is_refused_wherever_text_is_kept(idle_house: House) -> None:
    me = await idle_house.tenant()
    flow = (await idle_house.ask("POST", "/api/v1/flows", key=me, json={})).data["id"]
    cases = [
        ("POST", POST, b'{"prompt":"a\\u0000b"}', "prompt"),
        ("POST", POST, b'{"prompt":"a","alias":"@a\\u0000"}', "alias"),
        ("POST", POST, b'{"prompt":"a","meta":{"k":["x","\\u0000"]}}', "meta.k[1]"),
        ("POST", POST, b'{"prompt":"a","meta":{"k\\u0000":1}}', "meta"),
        ("POST", "/api/v1/projects", b'{"name":"\\u0000"}', "name"),
        ("PUT", f"/api/v1/flows/{flow}/aliases", b'{"aliases":{"@a\\u0000":"x"}}', "aliases"),
        ("POST", POST, b'{"pro\\u0000mpt":"a"}', "body"),
    ]
    for method, path, body, field in cases:
        reply = await idle_house.ask(method, path, key=me, data=body, headers=JSON)
        assert judged(reply, 422, "VALIDATION_FAILED", field=field) is None, (body, reply.body)
    for query in ("q=a%00b", "status=%00", "%00=1"):
        reply = await idle_house.ask("GET", f"{POST}?{query}", key=me)
        assert judged(reply, 422, "VALIDATION_FAILED") is None, (query, reply.body)


async def test_a_body_is_an_object(idle_house: House) -> None:
    me = await idle_house.tenant()
    for body in (b"[]", b"null", b'"x"', b"3", b"true", b'[{"prompt":"a"}]', b"1e3", b"-0"):
        reply = await post(idle_house, me, body)
        assert judged(reply, 422, "VALIDATION_FAILED", field="body") is None, (body, reply.body)


async def test_deep_nesting_is_refused_before_it_is_decoded(idle_house: House) -> None:
    me = await idle_house.tenant()
    for depth in (33, 1_000, 10_000):
        for body in (
            b'{"prompt":"a","meta":{"k":' + b"[" * (depth - 2) + b"]" * (depth - 2) + b"}}",
            b'{"prompt":"a","odd":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}",
            b'{"k":' * depth + b"1" + b"}" * depth,
            b"[" * depth, b"{" * depth, b'[{"a":' * (depth // 2 + 1),
        ):  # fmt: skip
            reply = await post(idle_house, me, body)
            assert judged(reply, 400, "BAD_REQUEST") is None, (depth, body[:30], reply.body)
            assert "nested too deeply" in reply.error["message"]
    deepest = b'{"prompt":"a","meta":{"k":' + b"[" * 30 + b"]" * 30 + b"}}"
    assert (await post(idle_house, me, deepest)).status == 202
    quoted = msgspec.json.encode({"prompt": "a", "meta": {"k": "[" * 500 + '\\"' + "{" * 500}})
    assert (await post(idle_house, me, quoted)).status == 202, "brackets in a text are text"


async def test_a_body_over_the_limit_is_not_read_to_its_end(idle_house: House) -> None:
    me = await idle_house.tenant()
    for body in (b"[" * 4_000_000, b'{"prompt":"' + b"a" * 1_000_000 + b'"}', b" " * 1_000_001):
        reply = await post(idle_house, me, io.BytesIO(body))
        assert judged(reply, 413, "PAYLOAD_TOO_LARGE") is None, reply.body
    head = request("POST", POST, f"X-API-Key: {me.key}", "Content-Type: application/json",
                   "Content-Length: 20000000", "Expect: 100-continue")  # fmt: skip
    (reply,) = await talk(idle_house, head, seconds=5)
    assert judged(reply, 413, "PAYLOAD_TOO_LARGE") is None, reply.body
    head = request("POST", POST, f"X-API-Key: {me.key}", "Content-Type: application/json",
                   "Transfer-Encoding: chunked")  # fmt: skip
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    replies = await talk(idle_house, head, *[chunk] * 40, seconds=10)
    assert [judged(reply, 413, "PAYLOAD_TOO_LARGE") for reply in replies[:1]] == [None]


async def test_a_body_of_a_great_many_values_is_refused_before_it_is_decoded(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    for value in (b"[]", b"1", b'""', b"[[[[[[]]]]]]", b'{"a":0}', b'"\\\\"', b'"\\""'):
        body = b'{"prompt":"a","odd":[' + b",".join([value] * 20_000) + b"]}"
        reply = await post(idle_house, me, body)
        assert judged(reply, 413, "PAYLOAD_TOO_LARGE") is None, (value, reply.body)
        assert "at most 20,000 values" in reply.error["message"]
    few = b'{"prompt":"a","odd":[' + b",".join([b"[]"] * 9_000) + b"]}"
    assert judged(await post(idle_house, me, few), 422, "VALIDATION_FAILED", field="odd") is None
    for text in (",[{" * 10_000, '",\\' * 7_000 + ",", "\\" + "\\," * 15_000):
        reply = await idle_house.ask("POST", POST, key=me, json={"prompt": text})
        assert judged(reply, 422, "VALIDATION_FAILED", field="prompt") is None, "it is a text"


async def test_a_map_of_the_clients_own_is_bounded(idle_house: House) -> None:
    me = await idle_house.tenant()
    for meta in (
        {str(n): n for n in range(10_001)},
        {str(n): 1 for n in range(257)},
        {"k": "é" * 8_200},
    ):
        reply = await idle_house.ask("POST", POST, key=me, json={"prompt": "a", "meta": meta})
        assert judged(reply, 422, "VALIDATION_FAILED", field="meta") is None, reply.body
    full = {"k": "a" * 16_000}
    reply = await idle_house.ask("POST", POST, key=me, json={"prompt": "a", "meta": full})
    assert (reply.status, reply.data["meta"]) == (202, full)


async def test_the_last_of_two_equal_keys_wins(idle_house: House) -> None:
    me = await idle_house.tenant()
    reply = await post(idle_house, me, b'{"prompt":"a","prompt":"b"}')
    assert (reply.status, reply.data["prompt"]) == (202, "b")


async def test_one_field_under_two_names_is_refused_naming_both(idle_house: House) -> None:
    me = await idle_house.tenant()
    for body, fields in (
        ({"aspect_ratio": "1:1", "aspectRatio": "1:1"}, {"aspect_ratio", "aspectRatio"}),
        ({"alias": "@a", "assign_alias": "@b"}, {"alias", "assign_alias"}),
        ({"flow_alias": "@a", "assignFlowAlias": "@b"}, {"flow_alias", "assign_flow_alias"}),
    ):
        reply = await idle_house.ask("POST", POST, key=me, json={"prompt": "a"} | body)
        assert judged(reply, 422, "VALIDATION_FAILED") is None, reply.body
        assert {item["field"] for item in reply.error["details"]} == fields
    same = {"prompt": "a", "alias": "@a", "assign_alias": "@a"}
    assert (await idle_house.ask("POST", POST, key=me, json=same)).status == 202
    reply = await idle_house.ask("GET", f"{POST}?flow_id=flw_x&flowId=flw_x", key=me)
    assert judged(reply, 422, "VALIDATION_FAILED", field="flow_id") is None


async def test_an_unknown_name_is_refused_with_the_one_meant(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = "/api/v1/images/img_00000000000000000000000000"
    cases = [
        ("POST", POST, {"prompt": "a", "promt": "a"}, "promt", "did you mean `prompt`"),
        (
            "POST",
            POST,
            {"prompt": "a", "aspectratio": "1:1"},
            "aspectratio",
            "did you mean `aspect",
        ),
        ("PUT", image, {"focal_point": {"x": 0.1, "why": 1}}, "focal_point.why", "not a known"),
        ("GET", f"{POST}?limt=3", None, "limt", "did you mean `limit`"),
        ("GET", "/api/v1/flows?limt=3", None, "limt", "did you mean `limit`"),
        ("GET", f"{POST}/gen_x?expand=images", None, "expand", "is not a known field"),
        ("POST", f"{POST}?dry_run=1", {"prompt": "a"}, "dry_run", "is not a known field"),
        ("DELETE", f"{image}?force=1", None, "force", "is not a known field"),
        ("GET", "/api/v1/live?prompt=a&widht=3", None, "widht", "is not a known field"),
    ]
    for method, path, body, field, words in cases:
        reply = await idle_house.ask(method, path, key=me, json=body)
        assert judged(reply, 422, "VALIDATION_FAILED", field=field) is None, (path, reply.body)
        assert words in reply.error["details"][0]["problem"]


async def test_names_are_taken_in_both_spellings_and_own_maps_as_they_are(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    body = {"prompt": "a", "aspectRatio": "16:9", "autoEnhance": True,
            "meta": {"camelKey": {"innerKey": 1}, "snake_key": 2}}  # fmt: skip
    made = await idle_house.ask("POST", POST, key=me, json=body)
    assert made.status == 202
    assert made.data["aspect_ratio"] == "16:9"
    assert made.data["meta"] == body["meta"]


async def test_only_json_that_says_so_is_read(idle_house: House) -> None:
    me = await idle_house.tenant()
    body = b'{"prompt":"a"}'
    for headers in (
        {"Content-Type": "application/xml"}, {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "json"},
        {"Content-Type": "multipart/form-data; boundary=x"}, JSON | {"Content-Encoding": "gzip"},
        {"Content-Type": "application/jsonx"},
    ):  # fmt: skip
        reply = await post(idle_house, me, body, headers)
        assert judged(reply, 415, "UNSUPPORTED_MEDIA_TYPE") is None, (headers, reply.body)
    (reply,) = await talk(idle_house, request("POST", POST, f"X-API-Key: {me.key}", body=body))
    assert judged(reply, 415, "UNSUPPORTED_MEDIA_TYPE") is None, "no Content-Type at all"
    for accepted in (
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.x+json",
    ):
        assert (await post(idle_house, me, body, {"Content-Type": accepted})).status == 202
    upload = await idle_house.ask("POST", "/api/v1/images/upload", key=me, json={})
    assert judged(upload, 415, "UNSUPPORTED_MEDIA_TYPE") is None


async def test_wrong_methods_and_paths_are_told_apart(idle_house: House) -> None:
    me = await idle_house.tenant()
    for method, path, allowed in (
        ("FOO", POST, {"GET", "POST", "HEAD", "OPTIONS"}), ("PUT", POST, {"GET", "POST", "HEAD", "OPTIONS"}),
        ("PATCH", "/api/v1/flows", {"GET", "POST", "HEAD", "OPTIONS"}),
        ("POST", "/api/v1/catalog/models", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/api/v1/live", {"GET", "HEAD"}), ("TRACE", POST, {"GET", "POST", "HEAD", "OPTIONS"}),
    ):  # fmt: skip
        reply = await idle_house.ask(method, path, key=me)
        assert judged(reply, 405, "METHOD_NOT_ALLOWED") is None, (method, path, reply.body)
        told = {word.strip() for word in reply.headers["Allow"].split(",")}
        assert told, (method, path)
        assert told <= allowed, (method, path)
    key = f"X-API-Key: {me.key}"
    for path in (f"{POST}//", f"{POST}/%00", f"{POST}/%ff", f"{POST}/..%2fflows", "/nothing",
                 "/api/v1", "/api/v2/generations", "/api/v1/Generations", f"{POST}/a/b/c",
                 f"{POST}/%2e%2e/flows", f"{POST}/{'x' * 10_000}", "/api/v1/%00", "/%ff"):  # fmt: skip
        (reply,) = await talk(idle_house, request("GET", path, key))
        fault = judged(reply, 404, "NOT_FOUND") if path.startswith("/api/") else (
            None if reply.status == 404 and reply.error["code"] == "NOT_FOUND" else reply.body)  # fmt: skip
        assert fault is None, (path[:60], fault)


async def test_a_trailing_slash_is_the_same_path(idle_house: House) -> None:
    me = await idle_house.tenant()
    assert (await idle_house.ask("GET", f"{POST}/", key=me)).status == 200


async def test_malformed_http_never_reaches_a_handler_as_something_else(idle_house: House) -> None:
    """What Granian answers by itself is fixed here, so that a new version can't change it unseen."""
    me = await idle_house.tenant()
    key, body = f"X-API-Key: {me.key}", b'{"prompt":"a"}'
    json_type = "Content-Type: application/json"
    smuggled = request("POST", POST, key, json_type, "Content-Length: 4",
                       "Transfer-Encoding: chunked") + b"e\r\n" + body + b"\r\n0\r\n\r\n"  # fmt: skip
    replies = await talk(idle_house, smuggled)
    assert [reply.status for reply in replies] in ([202], [400]), replies
    bare = b"GET /healthz HTTP/1.1\nHost: a\nConnection: close\n\n"
    assert [reply.status for reply in await talk(idle_house, bare)] in ([200], [400])
    twice = request("GET", "/healthz", "Host: a", "Host: b")
    assert [reply.status for reply in await talk(idle_house, twice)] in ([200], [400])
    for broken in (
        b"GET / HTTP/9.9\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        request("POST", POST, key, json_type, "Transfer-Encoding: chunked") + b"zz\r\n",
        request("POST", POST, key, json_type, "Content-Length: -1"),
        request("POST", POST, key, json_type, "Content-Length: 1, 2"),
    ):  # fmt: skip
        statuses = [reply.status for reply in await talk(idle_house, broken)]
        assert statuses in ([], [400]), (broken[:60], statuses)
    # A body that breaks off is nobody's fault here: no 500, and nothing was made.
    cut = request("POST", POST, key, json_type, "Content-Length: 100")
    address = urlsplit(idle_house.base)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(cut + body)
    await writer.drain()
    writer.close()
    count = await idle_house.ask("GET", POST, key=me)
    assert count.json["meta"]["pagination"]["total"] <= 1


async def test_links_come_from_the_settings_and_never_from_the_request(idle_house: House) -> None:
    me = await idle_house.tenant()
    for head in (
        request("POST", "/api/v1/live/urls", "Host: evil.test", "X-Forwarded-Host: evil.test",
                f"X-API-Key: {me.key}", "Content-Type: application/json", body=b'{"prompt":"a"}'),
        request("POST", "http://evil.test/api/v1/live/urls", f"X-API-Key: {me.key}",
                "Content-Type: application/json", body=b'{"prompt":"a"}'),
    ):  # fmt: skip
        (reply,) = await talk(idle_house, head)
        assert reply.status == 201, reply.body
        assert reply.data["url"].startswith(idle_house.settings.public_url)
        assert b"evil" not in reply.body
        assert "evil" not in str(reply.headers)


async def test_both_mounts_give_the_same_fault_in_their_own_shape(idle_house: House) -> None:
    me = await idle_house.tenant()
    bare = await idle_house.ask("POST", "/v1/generations", key=me, json={"prompt": 3})
    assert bare.status == 422
    assert set(bare.json) == {"error"}
    error = bare.json["error"]
    assert set(error) == {"code", "message", "details", "type", "param", "request_id"}
    assert (error["type"], error["param"]) == ("invalid_request_error", "prompt")
    assert error["request_id"] == bare.headers["X-Request-Id"]
    wrapped = await idle_house.ask("POST", POST, key=me, json={"prompt": 3})
    assert wrapped.error == {name: error[name] for name in ("code", "message", "details")}


async def test_a_string_that_never_closes_is_scanned_once(house: House) -> None:
    """Near the size limit; scanned again from every quote it would take an hour."""
    me = await house.tenant()
    body = b"[" * 33 + b'"' + b'\\"' * 480_000
    reply = await house.ask(
        "POST", "/v1/generations", key=me, data=body, headers={"Content-Type": "application/json"}
    )
    assert (reply.status, reply.error["code"]) == (400, "BAD_REQUEST")
