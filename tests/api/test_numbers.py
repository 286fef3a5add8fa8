"""Numbers at, past and beside their limits: strict in bodies, plain digits in queries."""

from api.wire import judged
from support import images
from support.house import House

POST = "/api/v1/generations"
JSON = {"Content-Type": "application/json"}


async def judge_bodies(
    house: House, me, method: str, path: str, bodies, status: int, code: str, field
):
    """The faults of raw JSON bodies; all should be the one named."""
    found = {}
    for body in bodies:
        reply = await house.ask(method, path, key=me, data=body, headers=JSON)
        fault = judged(reply, status, code, field=field)
        if fault:
            found[body] = fault
    return found


async def test_variants_are_one_to_eight_and_whole(idle_house: House) -> None:
    me = await idle_house.tenant()
    bodies = [b'{"prompt":"a","variants":%b}' % value for value in (
        b"0", b"9", b"-1", b"1.5", b'"3"', b"true", b"null", b"[]", b"{}", b"1.0", b"1e0", b"18446744073709551617",
    )]  # fmt: skip
    assert await judge_bodies(
        idle_house, me, "POST", POST, bodies, 422, "VALIDATION_FAILED", "variants"
    ) == {}  # fmt: skip
    for variants in (1, 8):
        reply = await idle_house.ask(
            "POST", POST, key=me, json={"prompt": "a", "variants": variants}
        )
        assert (reply.status, reply.data["variants"]) == (202, variants)


async def test_seeds_reach_to_the_largest_whole_number(idle_house: House) -> None:
    me = await idle_house.tenant()
    outside = [
        b'{"prompt":"a","seed":%b}' % value
        for value in (b"-1", b"9223372036854775808", b"18446744073709551616", b"1.5", b'"7"')
    ]
    assert await judge_bodies(
        idle_house, me, "POST", POST, outside, 422, "VALIDATION_FAILED", "seed"
    ) == {}  # fmt: skip
    huge = b'{"prompt":"a","seed":' + b"9" * 5_000 + b"}"
    assert (
        await judge_bodies(idle_house, me, "POST", POST, [huge], 422, "VALIDATION_FAILED", None)
        == {}
    )
    no_number = [b'{"prompt":"a","seed":%b}' % value for value in (
        b"007", b"0x10", b"+1", b"1.", b".5", b"1e", b"--1", b"1_000", b"NaN", b"-Infinity",
    )]  # fmt: skip
    assert (
        await judge_bodies(idle_house, me, "POST", POST, no_number, 400, "BAD_REQUEST", None) == {}
    )
    for seed in (0, 2**63 - 1):
        reply = await idle_house.ask("POST", POST, key=me, json={"prompt": "a", "seed": seed})
        assert (reply.status, reply.data["seed"]) == (202, seed)


async def test_focal_points_are_two_shares(idle_house: House) -> None:
    me = await idle_house.tenant()
    path = "/api/v1/images/img_00000000000000000000000000"
    bad = [b'{"focal_point":%b}' % value for value in (
        b'{"x":1.2,"y":0.5}', b'{"x":0.5}', b'{"x":-1e-9,"y":0}', b'{"x":1.0000001,"y":0}', b'{"x":"0.5","y":0}',
        b'{"x":null,"y":0}', b'{"x":true,"y":0}', b"[0.5,0.5]", b'"center"', b"0.5", b'{"x":1e308,"y":0}',
    )]  # fmt: skip
    assert (
        await judge_bodies(idle_house, me, "PUT", path, bad, 422, "VALIDATION_FAILED", None) == {}
    )
    over = [b'{"focal_point":{"x":1e400,"y":0}}']
    assert (
        await judge_bodies(idle_house, me, "PUT", path, over, 422, "VALIDATION_FAILED", None) == {}
    )
    broken = [b'{"focal_point":{"x":NaN,"y":0}}', b'{"focal_point":{"x":Infinity,"y":0}}']
    assert await judge_bodies(idle_house, me, "PUT", path, broken, 400, "BAD_REQUEST", None) == {}
    for good in (
        b'{"focal_point":{"x":0,"y":1}}',
        b'{"focal_point":{"x":0.25,"y":1e-9}}',
        b'{"focal_point":null}',
    ):
        reply = await idle_house.ask("PUT", path, key=me, data=good, headers=JSON)
        assert judged(reply, 404, "NOT_FOUND") is None, "well-formed, but the image is not there"


async def test_aspect_ratios_and_resolutions_are_those_of_the_catalog(idle_house: House) -> None:
    me = await idle_house.tenant()
    for field, values in (
        (
            "aspect_ratio",
            (
                "16:0",
                "1e9:1",
                "16/9",
                "16:9 ",
                "",
                "0:0",
                "-1:1",
                "1:1:1",
                "a" * 65,
                1,
                "１:１",
            ),
        ),
        ("resolution", ("8K", "1k", "1024", "", 1024)),
        ("model", ("", "gpt", "../x", 3, "x" * 65)),
    ):
        for value in values:
            reply = await idle_house.ask("POST", POST, key=me, json={"prompt": "a", field: value})
            fault = judged(reply, 422, "VALIDATION_FAILED", field=field)
            assert fault is None, (field, value, fault)
    # As everywhere in what makes something, null is as good as left out: the project's, or 1:1, 1K.
    unsaid = {"prompt": "a", "aspect_ratio": None, "resolution": None, "model": None}
    reply = await idle_house.ask("POST", POST, key=me, json=unsaid)
    assert (reply.status, reply.data["aspect_ratio"], reply.data["resolution"]) == (
        202, "1:1", "1K"
    )  # fmt: skip


async def test_numbers_in_queries_are_plain_digits(idle_house: House) -> None:
    me = await idle_house.tenant()
    lists = (POST, "/api/v1/flows", "/api/v1/images", "/api/v1/projects", "/api/v1/events")
    for path in lists:
        for value in ("0", "101", "-1", "abc", "", "1.0", "1e1", "%2B5", "%2010", "10%20", "010", "1_0",
                      "%D9%A3", "0x10", "9" * 400, "true", "null", "10,20"):  # fmt: skip
            reply = await idle_house.ask("GET", f"{path}?limit={value}", key=me)
            fault = judged(reply, 422, "VALIDATION_FAILED", field="limit")
            assert fault is None, (path, value, fault)
        reply = await idle_house.ask("GET", f"{path}?limit=5&limit=5", key=me)
        assert judged(reply, 422, "VALIDATION_FAILED", field="limit") is None
        assert (await idle_house.ask("GET", f"{path}?limit=100", key=me)).status == 200
    for value in ("-1", "10001", "x", "1.5", ""):
        reply = await idle_house.ask("GET", f"{POST}?offset={value}", key=me)
        assert judged(reply, 422, "VALIDATION_FAILED", field="offset") is None, value
    assert (await idle_house.ask("GET", f"{POST}?offset=10000", key=me)).status == 200


async def test_sizes_of_pictures_are_bounded(idle_house: House) -> None:
    me = await idle_house.tenant()
    made = await idle_house.upload(me, images.file("png", 32, 24))
    image = f"/media/images/{made.data['id']}.jpg"
    for query in ("w=0", "w=100000", "dpr=1000", "q=101", "q=0", "w=1e3", "w=%2010", "w=010", "w=-1",
                  "w=1.5", "h=0", "fit=stretch", "w=9999999999999999999", "w=", "w=1&w=2", "width=3",
                  "w=%00"):  # fmt: skip
        reply = await idle_house.ask("GET", f"{image}?{query}")
        assert reply.status in (422, 400), (query, reply.status, reply.body)
        assert reply.error["code"] == "VALIDATION_FAILED", (query, reply.body)
    for query in ("w=0", "w=5000", "w=1e3", "w=%2010", "seed=-1", "seed=9223372036854775808", "seed=1e3",
                  "seed=%2B1", "exp=0", "exp=x", "auto_enhance=maybe", "format=gif"):  # fmt: skip
        reply = await idle_house.ask("GET", f"/api/v1/live?prompt=a&{query}", key=me)
        name = query.partition("=")[0]
        assert judged(reply, 422, "VALIDATION_FAILED", field=name) is None, (query, reply.body)


async def test_prefer_and_cancel_after_are_durations(idle_house: House) -> None:
    me = await idle_house.tenant()
    for header, values in (
        (
            "Prefer",
            (
                "wait=0",
                "wait=61",
                "wait=-1",
                "wait=1.5",
                "wait=x",
                "wait=",
                "wait=1e1",
                "wait=9999",
            ),
        ),
        (
            "Cancel-After",
            ("0", "0s", "-5s", "1.5s", "90 seconds", "1d", "", "25h", "9999999s", "86401"),
        ),
    ):
        for value in values:
            reply = await idle_house.ask(
                "POST", POST, key=me, json={"prompt": "a"}, headers={header: value}
            )
            fault = judged(reply, 422, "VALIDATION_FAILED", field=header)
            assert fault is None, (header, value, fault)
    total = await idle_house.ask("GET", POST, key=me)
    assert total.json["meta"]["pagination"]["total"] == 0, "refused before anything was made"
    for header, value in (("Prefer", "respond-async"), ("Prefer", "respond-async, wait=1"),
                          ("Prefer", 'wait="1"'), ("Cancel-After", "90s"), ("Cancel-After", "24h"),
                          ("Cancel-After", "5m"), ("Cancel-After", "30")):  # fmt: skip
        reply = await idle_house.ask(
            "POST", POST, key=me, json={"prompt": "a"}, headers={header: value}
        )
        assert reply.status == 202, (header, value, reply.body)
