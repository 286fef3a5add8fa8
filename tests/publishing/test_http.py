"""Publishing over HTTP: what a page shows, when it changes, and when it is gone."""

import asyncio
import base64
import hashlib
import re
from urllib.parse import urlsplit

import pytest

from support import images
from support.house import House
from support.pages import judge, picture_in, project_of, publish
from tintype.core import ids

HTML = {"Accept": "text/html"}
INSIDE = {"scene_type": "interior", "scene_location": "bedroom"}


def path_of(project) -> str:
    return urlsplit(project["public_url"]).path


async def page(house: House, path: str, **headers: str):
    return await house.ask("GET", path, headers=HTML | headers)


async def test_approved_pictures_are_shown_and_no_others(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    first = await picture_in(idle_house, me, project, images.file("png"), **INSIDE)
    original = await picture_in(idle_house, me, project, images.file("jpeg"), approved=False)
    second = await picture_in(idle_house, me, project, images.file("png"), of=original, **INSIDE)
    pending = await picture_in(idle_house, me, project, images.file("png"), approved=False)
    rejected = await picture_in(idle_house, me, project, images.file("png"), approved=False)
    await judge(idle_house, me, rejected, "rejected")
    elsewhere = await picture_in(
        idle_house, me, await project_of(idle_house, me), images.file("png")
    )
    done = await idle_house.ask("POST", f"/api/v1/projects/{project}/publish", key=me)
    assert done.status == 200, done.body
    assert (done.data["status"], done.data["id"]) == ("published", project)
    assert done.data["published_at"] is not None
    assert re.fullmatch(r".*/p/villa-rosa-[a-z0-9]{12}", done.data["public_url"])
    seen = await idle_house.ask("GET", f"/v1/projects/{project}", key=me)
    assert (seen.json, seen.headers["ETag"]) == (done.data, done.headers["ETag"])
    shown = await page(idle_house, path_of(done.data))
    assert shown.status == 200
    text = shown.body.decode()
    for picture in (first, second, original):
        assert picture in text
    for picture in (pending, rejected, elsewhere):
        assert picture not in text
    assert text.count('class="tile"') == 2
    assert text.count('class="pair"') == 1, "the one that was made of another"
    assert ('alt="Bedroom 1"' in text, 'alt="Before: Bedroom 2"' in text) == (True, True)
    made = (await idle_house.ask("GET", path_of(done.data) + "/manifest.json")).json
    assert [it["id"] for it in made["pictures"]] == [first, second]
    assert [it["before"] and it["before"]["id"] for it in made["pictures"]] == [None, original]
    assert [it["enhanced"] for it in made["pictures"]] == [False, True]


async def test_an_empty_project_has_nothing_to_publish(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"), approved=False)
    refused = await idle_house.ask("POST", f"/v1/projects/{project}/publish", key=me)
    assert (refused.status, refused.json["error"]["code"]) == (409, "CONFLICT")
    assert refused.json["error"]["details"] == {"pictures": 0, "videos": 0}
    assert "approve a picture" in refused.json["error"]["message"]
    seen = await idle_house.ask("GET", f"/v1/projects/{project}", key=me)
    assert (seen.json["status"], seen.json["public_url"]) == ("draft", None)


async def test_a_page_changes_when_it_is_published_again_and_not_before(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    first = await picture_in(idle_house, me, project, images.file("png"))
    before = await publish(idle_house, me, project)
    path = path_of(before)
    old = await page(idle_house, path)
    second = await picture_in(idle_house, me, project, images.file("jpeg"))
    await idle_house.ask("PATCH", f"/v1/projects/{project}", key=me, json={"name": "Villa Azul"})
    await judge(idle_house, me, first, "rejected")
    again = await page(idle_house, path, **{"If-None-Match": old.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    after = await publish(idle_house, me, project)
    assert after["public_url"] == before["public_url"], "the address is kept"
    assert after["published_at"] > before["published_at"]
    new = await page(idle_house, path, **{"If-None-Match": old.headers["ETag"]})
    assert new.status == 200
    text = new.body.decode()
    assert (second in text, first in text, "Villa Azul" in text) == (True, False, True)
    assert new.headers["ETag"] != old.headers["ETag"]
    assert 'data-revision="2"' in text


async def test_publishing_what_is_shown_already_does_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    first = await publish(idle_house, me, project, description="By the sea.", noindex=True)
    old = await page(idle_house, path_of(first))
    assert await publish(idle_house, me, project) == first
    assert await publish(idle_house, me, project, description="By the sea.") == first
    same = await page(idle_house, path_of(first))
    assert (same.body, same.headers["ETag"]) == (old.body, old.headers["ETag"])
    other = await publish(idle_house, me, project, description=None)
    assert other["published_at"] > first["published_at"]
    changed = await page(idle_house, path_of(first))
    assert b"By the sea" in old.body
    assert b"By the sea" not in changed.body
    assert changed.headers["X-Robots-Tag"] == "noindex", "what is left out stays as it was"
    events = (await idle_house.ask("GET", "/v1/events?type=project.published", key=me)).json["data"]
    assert [event["data"] for event in events] == [first, other]


async def test_unpublished_is_gone_at_once_and_comes_back_at_the_same_address(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    shown = await publish(idle_house, me, project)
    path = path_of(shown)
    old = await page(idle_house, path)
    hidden = await idle_house.ask("POST", f"/v1/projects/{project}/unpublish", key=me)
    assert (hidden.status, hidden.json["status"]) == (200, "draft")
    assert (hidden.json["public_url"], hidden.json["published_at"]) == (None, None)
    for place in (path, f"{path}/manifest.json", f"{path}/1/card.jpg"):
        for headers in ({}, {"If-None-Match": old.headers["ETag"]}, {"If-None-Match": "*"}):
            gone = await idle_house.ask("GET", place, headers=headers)
            assert gone.status == 404, place
    again = await idle_house.ask("POST", f"/v1/projects/{project}/unpublish", key=me)
    assert (again.status, again.json) == (200, hidden.json)
    back = await publish(idle_house, me, project)
    assert back["public_url"] == shown["public_url"]
    assert b'data-revision="2"' in (await page(idle_house, path)).body
    events = (await idle_house.ask("GET", "/v1/events", key=me)).json["data"]
    told = [event["type"] for event in events if event["type"].startswith("project.")]
    assert told == ["project.published", "project.unpublished", "project.published"]


async def test_what_is_deleted_leaves_the_page_at_once(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    kept = await picture_in(idle_house, me, project, images.file("png"))
    original = await picture_in(idle_house, me, project, images.file("jpeg"), approved=False)
    made = await picture_in(idle_house, me, project, images.file("png"), of=original)
    path = path_of(await publish(idle_house, me, project))
    old = await page(idle_house, path)
    assert (await idle_house.ask("DELETE", f"/v1/images/{original}", key=me)).status == 204
    without = await page(idle_house, path, **{"If-None-Match": old.headers["ETag"]})
    assert without.status == 200
    assert (original.encode() in without.body, made.encode() in without.body) == (False, True)
    assert b'class="pair"' not in without.body
    assert (await idle_house.ask("DELETE", f"/v1/images/{made}", key=me)).status == 204
    listed = (await idle_house.ask("GET", f"{path}/manifest.json")).json["pictures"]
    assert [it["id"] for it in listed] == [kept]
    await idle_house.ask("DELETE", f"/v1/images/{kept}", key=me)
    empty = await page(idle_house, path)
    assert empty.status == 200
    assert b"og:image" not in empty.body
    assert (await idle_house.ask("GET", f"{path}/1/card.jpg")).status == 404
    await idle_house.ask("DELETE", f"/v1/projects/{project}", key=me)
    assert (await page(idle_house, path)).status == 404


async def test_a_deleted_project_says_that_it_is_not_published(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    await publish(idle_house, me, project)
    assert (await idle_house.ask("DELETE", f"/v1/projects/{project}", key=me)).status == 204
    events = (await idle_house.ask("GET", "/v1/events", key=me)).json["data"]
    last = events[-1]
    assert (last["type"], last["data"]["id"]) == ("project.unpublished", project)
    assert (last["data"]["status"], last["data"]["public_url"]) == ("draft", None)


async def test_others_publish_nothing(idle_house: House) -> None:
    me, other = await idle_house.tenant(), await idle_house.tenant()
    project, beside = await project_of(idle_house, me), await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    organization = me.organization_id
    reader = await idle_house.tenant(organization_id=organization, scopes=["projects:read"])
    bound = await idle_house.tenant(organization_id=organization, project_id=beside)
    own = await idle_house.tenant(organization_id=organization, project_id=project)
    for who, status in ((other, 404), (reader, 403), (bound, 404)):
        for verb in ("publish", "unpublish"):
            answer = await idle_house.ask("POST", f"/v1/projects/{project}/{verb}", key=who)
            assert answer.status == status
    for wanted in (ids.new("prj"), "x"):
        answer = await idle_house.ask("POST", f"/v1/projects/{wanted}/publish", key=me)
        assert answer.status == 404
    assert (await publish(idle_house, own, project))["status"] == "published"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"noindex": "yes"}, "noindex"),
        ({"noindex": None}, "noindex"),
        ({"description": ""}, "description"),
        ({"description": "x" * 2001}, "description"),
        ({"no_index": True}, "no_index"),
    ],
)
async def test_bad_requests_are_refused_by_field(idle_house: House, body, field: str) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    answer = await idle_house.ask("POST", f"/v1/projects/{project}/publish", key=me, json=body)
    assert (answer.status, answer.json["error"]["param"]) == (422, field)


async def test_a_publish_is_done_once_per_idempotency_key(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    answers = await asyncio.gather(*(
        idle_house.ask(
            "POST", f"/v1/projects/{project}/publish", key=me, headers={"Idempotency-Key": "k"}
        )
        for _ in range(4)
    ))  # fmt: skip
    bodies = {answer.body for answer in answers if answer.status == 200}
    assert len(bodies) == 1
    assert {answer.status for answer in answers} <= {200, 409}
    events = (await idle_house.ask("GET", "/v1/events?type=project.published", key=me)).json["data"]
    assert len(events) == 1


async def test_nothing_a_client_says_becomes_markup(idle_house: House) -> None:
    me = await idle_house.tenant()
    evil = "</style><script>alert(1)</script>\"'>&amp;"
    project = await project_of(
        idle_house, me, name=evil,
        branding={"name": evil, "contact": f"{evil} a@b.example", "website": "https://x.example/?a=\"'<b>",
                  "colors": {"primary": "#aabbcc", "accent": "#ffffff"}},
    )  # fmt: skip
    await picture_in(
        idle_house, me, project, images.file("png"), meta={"caption": evil, "alt": evil}
    )
    path = path_of(await publish(idle_house, me, project, description=evil))
    seen = await page(idle_house, path)
    text = seen.body.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("<script") == 1
    assert text.count("<style") == 2
    assert re.search(r"<h1[^>]*>&lt;/style&gt;", text)
    assert 'href="mailto:a@b.example"' in text


async def test_the_policy_names_what_stands_in_the_page_and_nothing_else(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    original = await picture_in(idle_house, me, project, images.file("png"), approved=False)
    await picture_in(idle_house, me, project, images.file("jpeg"), of=original)
    path = path_of(await publish(idle_house, me, project))
    for answer in (await page(idle_house, path), await page(idle_house, "/p/nothing-here")):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; img-src 'self' data:; media-src 'self';")
        assert ("unsafe" in policy, "http" in policy) == (False, False)
        text = answer.body.decode()
        for tag in ("style", "script"):
            for inside in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL):
                digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in policy
        assert not re.search(r"\s(?:style|on\w+)=", text), "no attribute that the policy forbids"
        for address in re.findall(r'(?:src|href|poster)="([^"]*)"', text):
            assert address.startswith(("/", "#", "data:,")) or "canonical" in text
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_is_not_there_is_told_in_the_readers_own_way(idle_house: House) -> None:
    for slug in ("nothing-here", "a" * 61, "UPPER", "%00", "x.y", "%E2%82%AC"):
        shown = await page(idle_house, f"/p/{slug}")
        assert shown.status == 404, slug
        assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"This page is not here" in shown.body
        told = await idle_house.ask("GET", f"/p/{slug}")
        assert (told.status, told.json["error"]["code"]) == (404, "NOT_FOUND")
    head = await idle_house.ask("HEAD", "/p/nothing-here", headers=HTML)
    assert (head.status, head.body) == (404, b"")
    for path in ("/p/x/manifest.json", "/p/x/1/card.jpg", f"/p/x/1/images/{ids.new('img')}.jpg",
                 f"/p/x/1/videos/{ids.new('vid')}.mp4", "/p/x/1/images/x", "/p/x/1/videos/y.mp4",
                 "/p/x/0/card.jpg", "/p/x/99999999999/card.jpg", "/p/x/y/card.jpg", "/p/x/-1/card.jpg", "/p", "/p/x/y"):  # fmt: skip
        assert (await idle_house.ask("GET", path)).status == 404, path
    for method in ("POST", "PUT", "DELETE"):
        refused = await idle_house.ask(method, "/p/nothing-here")
        assert refused.status == 405
        assert "GET" in refused.headers["Allow"]


async def test_head_tells_what_get_would(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    path = path_of(await publish(idle_house, me, project))
    for place in (path, f"{path}/manifest.json", f"{path}/1/card.jpg"):
        whole = await idle_house.ask("GET", place)
        head = await idle_house.ask("HEAD", place)
        assert (head.status, head.body) == (200, b"")
        for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
            assert head.headers[name] == whole.headers[name], (place, name)
        assert whole.headers["Cache-Control"] == "public, no-cache"
        seen = await idle_house.ask("GET", place, headers={"If-None-Match": whole.headers["ETag"]})
        assert (seen.status, seen.body) == (304, b"")
    tracked = await page(idle_house, path + "?utm_source=letter&x=1&x=2")
    assert tracked.status == 200


async def test_a_page_is_compressed_for_who_takes_that(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    path = path_of(await publish(idle_house, me, project))
    for place in (path, f"{path}/manifest.json"):
        plain = await idle_house.ask("GET", place, headers={"Accept-Encoding": "identity"})
        packed = await idle_house.ask("GET", place, headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.body == plain.body, "the client of these tests unpacks it"
        assert int(packed.headers["Content-Length"]) < len(plain.body) / 2
        assert plain.headers["ETag"] != packed.headers["ETag"]
        for answer in (plain, packed):
            assert answer.headers["Vary"] == "Accept-Encoding"
        for refusal in ("gzip;q=0", "gzip; q=0.000", "x-gzip", ""):
            whole = await idle_house.ask("GET", place, headers={"Accept-Encoding": refusal})
            assert "Content-Encoding" not in whole.headers, refusal
            assert whole.headers["ETag"] == plain.headers["ETag"]


async def test_search_engines_keep_away_where_they_are_asked_to_and_from_the_sandbox(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    sandbox = await idle_house.tenant(organization_id=me.organization_id, livemode=False)
    for who, body, wanted in ((me, {}, False), (me, {"noindex": True}, True), (sandbox, {}, True)):
        project = await project_of(idle_house, who)
        made = await idle_house.upload(who, images.file("png"), project_id=project)
        async with idle_house.database.transaction() as tx:
            await tx.execute(
                "UPDATE images SET approval = 'approved', judged_at = now(), selected_id = id"
                " WHERE id = $1", made.data["id"],
            )  # fmt: skip
        path = path_of(await publish(idle_house, who, project, **body))
        shown, listed = (
            await page(idle_house, path), await idle_house.ask("GET", f"{path}/manifest.json")
        )  # fmt: skip
        assert ("X-Robots-Tag" in shown.headers, "X-Robots-Tag" in listed.headers) == (
            wanted, wanted,
        )  # fmt: skip
        assert (b'name="robots" content="noindex"' in shown.body) == wanted


async def test_a_suspended_organization_shows_nothing(idle_house: House) -> None:
    me = await idle_house.tenant()
    project = await project_of(idle_house, me)
    await picture_in(idle_house, me, project, images.file("png"))
    path = path_of(await publish(idle_house, me, project))
    for moment, status in (("now()", 404), ("NULL", 200)):
        async with idle_house.database.transaction() as tx:
            await tx.execute(
                f"UPDATE organizations SET suspended_at = {moment} WHERE id = $1",
                me.organization_id,
            )
        assert (await page(idle_house, path)).status == status
        assert (await idle_house.ask("GET", f"{path}/manifest.json")).status == status


async def test_a_key_of_the_project_hears_that_it_was_published(idle_house: House) -> None:
    """Its data is the project itself, which has no project_id."""
    me = await idle_house.tenant()
    mine, other = await project_of(idle_house, me), await project_of(idle_house, me)
    for project in (mine, other):
        await picture_in(idle_house, me, project, images.file("png"))
        await publish(idle_house, me, project)
    gone = await idle_house.ask("POST", f"/v1/projects/{mine}/unpublish", key=me)
    assert gone.status == 200, gone.body
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=mine)
    for kind, count in (("project.published", 2), ("project.unpublished", 1)):
        seen = (await idle_house.ask("GET", f"/v1/events?type={kind}", key=bound)).json
        assert ([it["data"]["id"] for it in seen["data"]], seen["total"]) == ([mine], 1)
        whole = (await idle_house.ask("GET", f"/v1/events?type={kind}", key=me)).json
        assert whole["total"] == count
