"""A page's media: ready in every size that is told, and gone with the page where they are private."""

from urllib.parse import urlsplit

from support import images
from support.house import House
from support.pages import judge, picture_in, project_of, publish
from tintype.core import ids
from tintype.media.vips import Image, sniff


def place(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def size(data: bytes) -> tuple[int, int]:
    picture = Image.new_from_buffer(data, "")
    return picture.width, picture.height


async def test_every_address_of_a_manifest_leads_to_what_it_says(idle_house: House) -> None:
    me = await idle_house.tenant()
    logo = (await idle_house.upload(me, images.file("png", 90, 30))).data["id"]
    project = await project_of(
        idle_house, me, branding={"name": "Nordic", "logo_image_id": logo, "colors": {"accent": "#ff8800"}}
    )  # fmt: skip
    original = await picture_in(
        idle_house, me, project, images.file("jpeg", 1300, 1100), approved=False
    )
    await picture_in(
        idle_house, me, project, images.file("png", 1250, 1000), of=original,
        focal_x=0.25, focal_y=0.75,
    )  # fmt: skip
    await picture_in(idle_house, me, project, images.file("webp", 60, 80), meta={"caption": "Tiny"})
    shown = await publish(idle_house, me, project)
    listed = await idle_house.ask("GET", place(shown["public_url"]) + "/manifest.json")
    assert listed.headers["Access-Control-Allow-Origin"] == "*"
    told = listed.json
    assert (told["page_url"], told["revision"]) == (shown["public_url"], 1)
    large, small = told["pictures"]
    assert large["focal_point"] == {"x": 0.25, "y": 0.75}
    assert [it["width"] for it in large["sizes"]] == [320, 640, 960, 1250]
    assert [it["name"] for it in large["cuts"]] == ["share"]
    assert (small["caption"], small["cuts"], len(small["sizes"])) == ("Tiny", [], 1)
    for picture in (large, large["before"], small):
        for it in [*picture["sizes"], *picture.get("cuts", [])]:
            for kind, url in it["urls"].items():
                answer = await idle_house.ask("GET", place(url))
                assert answer.status == 200, url
                assert size(answer.body) == (it["width"], it["height"]), url
                assert sniff(answer.body) == {"jpg": "jpeg"}.get(kind, kind)
        stored = await idle_house.ask("GET", place(picture["url"]))
        assert len(stored.body) == picture["bytes"]
    assert (await idle_house.ask("GET", place(told["branding"]["logo_url"]))).status == 200
    card = await idle_house.ask("GET", place(told["card_url"]))
    assert (card.headers["Content-Type"], size(card.body)) == ("image/jpeg", (1200, 630))
    again = await idle_house.ask("GET", place(told["card_url"]))
    assert (again.body, again.headers["ETag"]) == (card.body, card.headers["ETag"])


async def test_private_media_open_below_their_page_and_go_with_it(idle_house: House) -> None:
    me = await idle_house.tenant(private_media=True)
    project = await project_of(idle_house, me)
    first = await picture_in(idle_house, me, project, images.file("png", 700, 500))
    beside = await picture_in(idle_house, me, project, images.file("jpeg"), approved=False)
    path = place((await publish(idle_house, me, project))["public_url"])
    assert (await idle_house.ask("GET", f"/media/images/{first}.jpg")).status == 403
    text = (await idle_house.ask("GET", path)).body.decode()
    assert "/media/" not in text
    assert "sig=" not in text
    for name in (f"{first}.jpg", f"{first}.webp?w=320", f"{first}.auto?w=64&h=64", f"{first}.png"):
        seen = await idle_house.ask("GET", f"{path}/1/images/{name}")
        assert seen.status == 200, name
        assert seen.headers["Cache-Control"] == "public, no-cache"
        tag = {"If-None-Match": seen.headers["ETag"]}
        assert (await idle_house.ask("GET", f"{path}/1/images/{name}", headers=tag)).status == 304
        part = await idle_house.ask(
            "GET", f"{path}/1/images/{name}", headers={"Range": "bytes=2-5"}
        )
        assert (part.status, part.body) == (206, seen.body[2:6])
    assert f"{path}/1/images/{first}" in text
    for name in (f"{beside}.jpg", f"{first}.gif", f"{ids.new('img')}.jpg"):
        assert (await idle_house.ask("GET", f"{path}/1/images/{name}")).status == 404, name
    assert (await idle_house.ask("GET", f"{path}/2/images/{first}.jpg")).status == 404
    for query in ("w=0", "x=1", "w=1&w=2"):
        refused = await idle_house.ask("GET", f"{path}/1/images/{first}.jpg?{query}")
        assert refused.status == 422

    # Who has the page of before still gets what stands in it; who asks anew doesn't find it.
    await judge(idle_house, me, first, "rejected")
    await judge(idle_house, me, beside, "approved")
    await publish(idle_house, me, project)
    assert (await idle_house.ask("GET", f"{path}/1/images/{first}.jpg")).status == 200
    assert (await idle_house.ask("GET", f"{path}/2/images/{beside}.jpg")).status == 200
    assert (await idle_house.ask("GET", f"{path}/2/images/{first}.jpg")).status == 404
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE publications SET loads_until = now() - interval '1 second' WHERE revision = 1"
        )
    assert (await idle_house.ask("GET", f"{path}/1/images/{first}.jpg")).status == 404

    await idle_house.ask("POST", f"/v1/projects/{project}/unpublish", key=me)
    assert (await idle_house.ask("GET", f"{path}/2/images/{beside}.jpg")).status == 404
    await publish(idle_house, me, project)
    assert (await idle_house.ask("GET", f"{path}/2/images/{beside}.jpg")).status == 404
    assert (await idle_house.ask("GET", f"{path}/3/images/{beside}.jpg")).status == 200
    await idle_house.ask("DELETE", f"/v1/images/{beside}", key=me)
    assert (await idle_house.ask("GET", f"{path}/3/images/{beside}.jpg")).status == 404


async def test_films_are_shown_in_ranges_on_public_and_private_pages(house: House) -> None:
    for private in (False, True):
        me = await house.tenant(private_media=private)
        project = await project_of(house, me, output="video")
        body = {"prompt": "a lighthouse", "project_id": project, "duration_seconds": 1}
        made = await house.ask(
            "POST", "/v1/generate/video", key=me, json=body, headers={"Prefer": "wait=60"}
        )
        assert made.json["status"] == "completed", made.body
        film = made.json["video"]["id"]
        path = place((await publish(house, me, project))["public_url"])
        text = (await house.ask("GET", path)).body.decode()
        where = f"{path}/1/videos" if private else "/media/videos"
        assert f'src="{where}/{film}.mp4"' in text
        assert f'poster="{where}/{film}.jpg"' in text
        told = (await house.ask("GET", f"{path}/manifest.json")).json
        assert (told["pictures"], told["output"]) == ([], "video")
        (listed,) = told["videos"]
        assert (listed["id"], listed["duration_seconds"], listed["has_sound"]) == (film, 1.0, False)
        whole = await house.ask("GET", place(listed["url"]))
        assert (whole.status, len(whole.body)) == (200, listed["bytes"])
        part = await house.ask("GET", place(listed["url"]), headers={"Range": "bytes=4-11"})
        assert (part.status, part.body) == (206, whole.body[4:12])
        tag = {"If-None-Match": whole.headers["ETag"]}
        assert (await house.ask("GET", place(listed["url"]), headers=tag)).status == 304
        past = {"Range": "bytes=999999999-"}
        assert (await house.ask("GET", place(listed["url"]), headers=past)).status == 416
        head = await house.ask("HEAD", place(listed["url"]))
        assert (head.status, head.headers["Content-Length"]) == (200, str(listed["bytes"]))
        poster = await house.ask("GET", place(listed["poster_url"]))
        assert sniff(poster.body) == "jpeg"
        card = await house.ask("GET", place(told["card_url"]))
        assert size(card.body) == (1200, 630)
        await house.ask("POST", f"/v1/projects/{project}/unpublish", key=me)
        gone = await house.ask("GET", place(listed["url"]))
        assert gone.status == (404 if private else 200)
