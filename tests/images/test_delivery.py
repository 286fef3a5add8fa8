"""GET /media over real HTTP: sizes, formats, focal points, conditions and ranges."""

from typing import Any

import pytest

from support import images
from support.delivery import media, uploaded
from support.house import House, Tenant

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Accept-Ranges": "bytes",
}


async def change(house: House, tenant: Tenant, image: Any, **fields: Any) -> None:
    reply = await house.ask("PUT", f"/api/v1/images/{image['id']}", key=tenant, json=fields)
    assert reply.status == 200, reply.body


# Sizes and formats.


async def test_without_parameters_it_is_the_stored_master(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me)
    assert image["url"] == image["public_url"]
    path = image["url"].removeprefix(idle_house.settings.public_url)
    for _ in range(2):  # From storage, then from memory.
        reply = await idle_house.ask("GET", path)
        assert (reply.status, len(reply.body)) == (200, image["bytes"])
        assert reply.headers["Content-Type"] == "image/png"
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reply.headers["ETag"] == f'"{image["sha256"][:32]}"'
        assert reply.headers["X-Request-Id"].startswith("req_")
        assert "Vary" not in reply.headers
        assert {name: reply.headers[name] for name in SAFE} == SAFE
    assert images.looks_upright(images.opened(reply.body))


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("?w=100", (100, 50)),
        ("?h=20", (40, 20)),
        ("?w=50&h=50", (50, 50)),
        ("?w=50&h=50&fit=cover", (50, 50)),
        ("?w=50&h=50&fit=contain", (50, 50)),
        ("?w=50&h=50&fit=inside", (50, 25)),
        ("?w=50&dpr=2", (100, 50)),
        ("?w=50&dpr=1.5", (75, 38)),
        ("?w=1000", (200, 100)),
        ("?q=40", (200, 100)),
    ],
)
async def test_a_size_is_what_its_parameters_say(idle_house: House, query, size) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me)
    for kind, ending in (("jpeg", "jpg"), ("png", "png"), ("webp", "webp"), ("avif", "avif")):
        reply = await media(idle_house, f"{image['id']}.{ending}", query)
        assert (reply.status, reply.headers["Content-Type"]) == (200, f"image/{kind}")
        picture = images.opened(reply.body)
        assert (picture.width, picture.height) == size


async def test_a_lower_quality_has_fewer_bytes_and_another_etag(idle_house: House) -> None:
    me = await idle_house.tenant()
    name = f"{(await uploaded(idle_house, me))['id']}.jpg"
    good, poor = [await media(idle_house, name, f"?q={q}") for q in (95, 20)]
    assert len(poor.body) < len(good.body)
    assert poor.headers["ETag"] != good.headers["ETag"]


@pytest.mark.parametrize(
    ("alpha", "accept", "kind"),
    [
        (False, "image/webp,*/*", "webp"),
        (False, "image/avif,image/webp;q=0.9", "webp"),
        (False, "*/*", "jpeg"),
        (False, "image/webp;q=0", "jpeg"),
        (True, "*/*", "png"),
        (True, "image/webp", "webp"),
    ],
)
async def test_auto_goes_by_accept_and_says_so(idle_house: House, alpha, accept, kind) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me, "png" if alpha else "jpeg", alpha=alpha)
    for query in ("", "?w=50", "?w=50"):
        reply = await media(idle_house, f"{image['id']}.auto", query, Accept=accept)
        assert reply.headers["Content-Type"] == f"image/{kind}"
        assert reply.headers["Vary"] == "Accept"


async def test_one_auto_url_gives_each_asker_their_format_from_memory_too(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    name = f"{(await uploaded(idle_house, me, 'jpeg'))['id']}.auto"
    for _ in range(2):
        for accept, kind in (("image/webp", "webp"), ("*/*", "jpeg"), ("image/png", "jpeg")):
            reply = await media(idle_house, name, "?w=40", Accept=accept)
            assert reply.headers["Content-Type"] == f"image/{kind}"


@pytest.mark.parametrize(
    "query",
    [
        "?w=0", "?w=1e3", "?w=%2010", "?w=+10", "?w=010", "?w=-1", "?w=", "?w=99999", "?w=٣",
        "?h=0", "?h=x", "?q=101", "?q=0", "?q=", "?dpr=1000", "?dpr=0", "?dpr=1.234", "?dpr=nan",
        "?fit=stretch", "?fit=", "?width=10", "?w=10&w=20", "?w=10&W=20", "?format=png",
    ],
)  # fmt: skip
async def test_a_wrong_or_unknown_parameter_is_refused_by_name(idle_house: House, query) -> None:
    me = await idle_house.tenant()
    name = f"{(await uploaded(idle_house, me))['id']}.webp"
    reply = await media(idle_house, name, query)
    assert (reply.status, reply.error["code"]) == (422, "VALIDATION_FAILED")
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "name",
    [
        "{id}.gif", "{id}.svg", "{id}", "{id}.", "{id}.webp.exe", "{id}.WEBP", ".webp",
        "img_01h455vb4pex5vsknk084sn02q.webp", "gen_01h455vb4pex5vsknk084sn02q.webp", "x.webp",
        "..%2f..%2fetc%2fpasswd.png", "{id}%00.webp", "a/{id}.webp",
    ],
)  # fmt: skip
async def test_unknown_ids_and_endings_are_not_found(idle_house: House, name) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me)
    reply = await media(idle_house, name.format(id=image["id"]))
    assert (reply.status, reply.error["code"]) == (404, "NOT_FOUND")


async def test_only_get_and_head_are_taken(idle_house: House) -> None:
    me = await idle_house.tenant()
    name = f"{(await uploaded(idle_house, me))['id']}.webp"
    for method in ("POST", "PUT", "DELETE"):
        reply = await media(idle_house, name, method=method)
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


# The focal point.


async def test_a_crop_keeps_the_focal_point_and_follows_it_at_once(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me, "png", 400, 100)
    name, tags = f"{image['id']}.png", set()
    for x, y, corner in ((0, 0, "top left"), (1, 1, "bottom right"), (1, 0, "top right")):
        await change(idle_house, me, image, focal_point={"x": x, "y": y})
        for _ in range(3):  # The last one in memory is of the point before.
            reply = await media(idle_house, name, "?w=40&h=40")
            found = images.opened(reply.body)
            middle = found(20, 5 if y == 0 else 35)
            assert all(
                abs(a - b) < 60 for a, b in zip(middle, images.CORNERS[corner], strict=False)
            )
        tags.add(reply.headers["ETag"])
    await change(idle_house, me, image, focal_point=None)
    tags.add((await media(idle_house, name, "?w=40&h=40")).headers["ETag"])
    assert len(tags) == 4


async def test_a_tag_of_the_old_crop_no_longer_matches(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me, "png", 400, 100)
    name = f"{image['id']}.webp"
    old = (await media(idle_house, name, "?w=40&h=40")).headers["ETag"]
    assert (await media(idle_house, name, "?w=40&h=40", If_None_Match=old)).status == 304
    await change(idle_house, me, image, focal_point={"x": 0.1, "y": 0.9})
    assert (await media(idle_house, name, "?w=40&h=40", If_None_Match=old)).status == 200


# Conditions, ranges and HEAD; each from storage and then from memory.


async def test_conditions_ranges_and_head_over_http(idle_house: House) -> None:
    me = await idle_house.tenant()
    name = f"{(await uploaded(idle_house, me))['id']}.png"
    for query in ("", "?w=64"):
        whole = await media(idle_house, name, query)
        size, tag = len(whole.body), whole.headers["ETag"]
        for match in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            reply = await media(idle_house, name, query, If_None_Match=match)
            assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)
            assert "immutable" in reply.headers["Cache-Control"]
        for asked, first, last in (
            ("bytes=0-9", 0, 9), ("bytes=10-", 10, size - 1), ("bytes=-7", size - 7, size - 1),
        ):  # fmt: skip
            reply = await media(idle_house, name, query, Range=asked)
            assert (reply.status, reply.body) == (206, whole.body[first : last + 1])
            assert reply.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        reply = await media(idle_house, name, query, Range=f"bytes={size}-")
        assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes */{size}")
        reply = await media(idle_house, name, query, Range="bytes=0-1,3-4")
        assert (reply.status, reply.body) == (200, whole.body)
        head = await media(idle_house, name, query, "HEAD", Range="bytes=0-1")
        assert (head.status, head.body) == (200, b"")
        assert int(head.headers["Content-Length"]) == size


async def test_the_first_asking_may_be_conditional_partial_or_head(idle_house: House) -> None:
    me = await idle_house.tenant()
    image = await uploaded(idle_house, me)
    name = f"{image['id']}.webp"
    head = await media(idle_house, name, "?w=31", "HEAD")
    part = await media(idle_house, name, "?w=32", Range="bytes=0-3")
    match = await media(idle_house, name, "?w=33", If_None_Match="*")
    assert (head.status, part.status, match.status) == (200, 206, 304)
    assert part.body == b"RIFF"
    for width in (31, 32, 33):
        whole = await media(idle_house, name, f"?w={width}")
        assert (whole.status, images.opened(whole.body).width) == (200, width)
    assert int(head.headers["Content-Length"]) == len((await media(idle_house, name, "?w=31")).body)
