"""POST /videos: what is asked for, what follows from the project, what it costs, what is refused."""

import base64

import pytest

from support.house import House
from support.listings import add_picture, judged, listing, project
from support.sounds import sound_file, tone
from tintype.media.sound.voice import available
from tintype.storage import open_storage

PATH = "/v1/videos"


async def reel(house: House, me, *, headers=None, path=PATH, **body):
    return await house.ask("POST", path, key=me, json=body, headers=headers)


async def test_the_shortest_request_takes_what_the_project_has_published(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, pictures = await listing(idle_house, me, 3)
    await add_picture(idle_house, me, project_id, width=800)
    made = await reel(idle_house, me, project_id=project_id)
    assert made.status == 202, made.body
    video = made.json
    assert made.headers["Location"] == f"/v1/videos/{video['id']}"
    wanted = {
        "object": "video", "status": "queued", "progress": 0.0, "picture_ids": pictures,
        "captions": [None, None, None], "transition": "fade", "aspect_ratio": "16:9",
        "resolution": "720p", "width": 1280, "height": 720, "duration_seconds": 18.0,
        "credits_reserved": 18, "credits_used": 0, "url": None, "poster_url": None, "bytes": None,
        "error": None, "project_id": project_id, "title": None, "voice": None, "background": None,
        "model": "builtin/montage", "format": "mp4", "livemode": True,
    }  # fmt: skip
    assert {name: video[name] for name in wanted} == wanted
    work = (await idle_house.ask("GET", f"/v1/generations/{video['generation_id']}", key=me)).json
    assert (work["kind"], work["video"], work["credits_reserved"]) == ("video", None, 18)
    assert [it["image_id"] for it in work["references"]] == pictures
    enveloped = await idle_house.ask("GET", f"/api/v1/videos/{video['id']}", key=me)
    assert enveloped.data == video


async def test_all_that_can_be_said_is_kept_and_shown(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, pictures = await listing(idle_house, me, 3, picture_aspect_ratio="1:1")
    asked = {
        "picture_ids": [pictures[2], pictures[0]], "title": "By the sea",
        "captions": ["Hall", None], "duration_seconds": 7.5, "aspect_ratio": "9:16",
        "resolution": "1080p", "transition": "push",
        "background": {"mood": "elegant"}, "seed": 9, "meta": {"mls": "48"},
        "webhook_url": "https://example.com/hook",
    }  # fmt: skip
    made = await reel(idle_house, me, project_id=project_id, **asked)
    assert made.status == 202, made.body
    under = {"mood": "elegant", "audio_url": None, "audio_sha256": None}
    assert {name: made.json[name] for name in asked} == asked | {"background": under}
    assert (made.json["width"], made.json["height"]) == (1080, 1920)
    assert made.json["credits_reserved"] == 16
    camel = await reel(
        idle_house, me, projectId=project_id, pictureIds=[pictures[1]], durationSeconds=3
    )
    assert (camel.status, camel.json["duration_seconds"]) == (202, 3.0)
    assert (camel.json["width"], camel.json["height"]) == (720, 720), "the project's ratio"


async def test_a_length_that_nobody_said_suits_the_number_of_pictures(idle_house: House) -> None:
    me = await idle_house.tenant(grant=1000)
    project_id, pictures = await listing(idle_house, me, 2)
    for count, seconds in ((1, 6.0), (4, 20.0), (20, 30.0)):
        ids = (pictures * count)[:count]
        made = await reel(idle_house, me, project_id=project_id, picture_ids=ids)
        assert made.json["duration_seconds"] == seconds


async def test_captions_of_the_scene_are_the_catalogues_words(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, pictures = await listing(idle_house, me, 2)
    async with idle_house.database.transaction() as tx:
        await tx.execute(
            "UPDATE images SET scene_type = 'interior', scene_location = 'living_room'"
            " WHERE organization_id = $1 AND id = $2", me.organization_id, pictures[0],
        )  # fmt: skip
    made = await reel(idle_house, me, project_id=project_id, captions="scene")
    assert made.json["captions"] == ["Living room", None]


async def test_a_dry_run_tells_the_price_and_a_quote_holds(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, _ = await listing(idle_house, me, 1)
    asked = {"project_id": project_id, "duration_seconds": 4, "resolution": "1080p"}
    quote = await reel(idle_house, me, **asked, dry_run=True)
    assert (quote.status, quote.json["credits"]) == (200, 8), quote.body
    assert (await idle_house.ask("GET", PATH, key=me)).json["total"] == 0
    made = await reel(idle_house, me, **asked, quote_id=quote.json["quote_id"])
    assert (made.status, made.json["credits_reserved"]) == (202, 8)


async def test_the_same_key_gives_the_same_video(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, pictures = await listing(idle_house, me, 1)
    send = {"headers": {"Idempotency-Key": "reel-1"}, "project_id": project_id}
    first = await reel(idle_house, me, **send)
    await judged(idle_house, me, pictures[0], "rejected")
    again = await reel(idle_house, me, **send)
    assert again.status == 202, again.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["id"] == first.json["id"]
    assert again.headers["Location"] == first.headers["Location"]
    other = await reel(idle_house, me, **send, title="Other")
    assert (other.status, other.json["error"]["code"]) == (422, "IDEMPOTENCY_MISMATCH")


WRONG = [
    ({"picture_ids": ["{ok}", "{pending}"]}, "picture_ids[1]", "is pending; approve it first"),
    ({"picture_ids": ["{rejected}"]}, "picture_ids[0]", "is rejected; approve it first"),
    ({"picture_ids": ["{ok}", "{deleted}"]}, "picture_ids[1]", "there is no such picture"),
    ({"picture_ids": ["{processing}"]}, "picture_ids[0]", "is processing"),
    ({"picture_ids": ["{ok}", "{ok}", "{theirs}"]}, "picture_ids[2]", "there is no such"),
    ({"picture_ids": ["{elsewhere}"]}, "picture_ids[0]", "there is no such picture in this"),
    ({"picture_ids": ["img_nonsense"]}, "picture_ids[0]", "there is no such picture"),
    ({"picture_ids": []}, "picture_ids", "must have at "),
    ({"picture_ids": ["{ok}"] * 41}, "picture_ids", "must have at "),
    ({"project_id": "{empty}"}, "picture_ids", "no approved pictures"),
    ({"project_id": None}, "project_id", "is required"),
    ({"project_id": "prj_nonsense"}, "project_id", "there is no such project"),
    ({"captions": ["a", "b"]}, "captions", "are 2 for 1 pictures"),
    ({"captions": ["one\x07"]}, "captions", "control character"),
    ({"captions": ["word " * 79]}, "captions", "characters, at most"),
    ({"title": "t" * 150}, "title", "characters, at most"),
    ({"duration_seconds": 0.4}, "duration_seconds", "at least 0.5"),
    ({"duration_seconds": 0.7}, "duration_seconds", "1 to 120 seconds"),
    ({"duration_seconds": 500}, "duration_seconds", "1 to 120 seconds"),
    ({"picture_ids": ["{ok}"] * 5, "duration_seconds": 2}, "duration_seconds", "need at least"),
    ({"transition": "wipe"}, "transition", "must be one of cut, fade, push, slide"),
    ({"aspect_ratio": "7:5"}, "aspect_ratio", "must be one of"),
    ({"resolution": "4K"}, "resolution", "must be one of"),
    ({"background": {"mood": "upbaet"}}, "background.mood", "did you mean"),
    ({"background": {}}, "background", "needs one of"),
    ({"background": {"mood": "calm", "audio_url": "https://a.pl/x"}}, "background", "needs one of"),
    ({"background": {"audio_url": "file:///etc/passwd"}}, "background.audio_url", "http"),
    ({"background": {"audio_url": "http://127.0.0.1/x"}}, "background.audio_url", ""),
    ({"background": {"audio": "not base64!"}}, "background.audio", "base64"),
    ({"background": {"moood": "calm"}}, "background.moood", "did you mean"),
    ({"model": "builtin/reel"}, "model", "there is no model"),
    ({"webhook_url": "ftp://example.com"}, "webhook_url", "http"),
    ({"voice": {"text": "Hello"}}, "voice.language", "is required"),
    ({"pictures": []}, "pictures", "did you mean"),
]  # fmt: skip


async def test_what_cannot_be_is_refused_by_name(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    names = await _pictures_in_every_state(idle_house, me)

    def named(value):
        if isinstance(value, list):
            return [named(one) for one in value]
        return names.get(value, value) if isinstance(value, str) else value

    for body, field, problem in WRONG:
        asked = {"project_id": "{project}", **body}
        sent = {key: named(value) for key, value in asked.items() if value is not None}
        refused = await reel(idle_house, me, **sent)
        assert refused.status == 422, (body, refused.body)
        wrong = refused.json["error"]["details"][0]
        assert wrong["field"] == field, (body, wrong)
        assert problem in wrong["problem"], (body, wrong)
    assert (await idle_house.ask("GET", PATH, key=me)).json["total"] == 0
    balance = (await idle_house.ask("GET", "/v1/credits/balance", key=me)).json
    assert (balance["balance"], balance["reserved"]) == (100, 0)


async def test_a_file_that_is_no_sound_is_refused_before_it_is_stored(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, _ = await listing(idle_house, me, 1)
    background = {"audio": base64.b64encode(b"not sound").decode()}
    refused = await reel(idle_house, me, project_id=project_id, background=background)
    assert (refused.status, refused.json["error"]["param"]) == (415, "background.audio")
    background = {"audio": base64.b64encode(sound_file(tone(300, 2))[:9000]).decode()}
    refused = await reel(idle_house, me, project_id=project_id, background=background)
    assert (refused.status, refused.json["error"]["param"]) == (422, "background.audio")
    storage = open_storage(idle_house.settings.storage_url)
    assert [one.key async for one in storage.list() if one.key.startswith("films/")] == []


async def _pictures_in_every_state(house: House, me) -> dict[str, str]:
    project_id, (ok,) = await listing(house, me, 1)
    them = await house.tenant()
    _, (theirs,) = await listing(house, them, 1)
    _, (elsewhere,) = await listing(house, me, 1)
    made = {}
    for number, state in enumerate(("pending", "rejected", "deleted")):
        made[state] = await add_picture(house, me, project_id, width=500 + number)
    await judged(house, me, made["rejected"], "rejected")
    await judged(house, me, made["deleted"])
    await house.ask("DELETE", f"/v1/images/{made['deleted']}", key=me)
    async with house.database.transaction() as tx:
        made["processing"] = ok.replace("img_0", "img_1")
        await tx.execute(
            "INSERT INTO images (id, organization_id, source, status, livemode, project_id, meta)"
            " VALUES ($1, $2, 'uploaded', 'processing', true, $3, '{}')",
            made["processing"], me.organization_id, project_id,
        )  # fmt: skip
    return {
        "{project}": project_id, "{empty}": await project(house, me), "{ok}": ok,
        "{theirs}": theirs, "{elsewhere}": elsewhere,
        **{f"{{{state}}}": picture_id for state, picture_id in made.items()},
    }  # fmt: skip


async def test_who_may_make_and_see_films(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, _ = await listing(idle_house, me, 1)
    video = (await reel(idle_house, me, project_id=project_id)).json
    reader = await idle_house.tenant(organization_id=me.organization_id, scopes=("videos:read",))
    refused = await reel(idle_house, reader, project_id=project_id)
    assert (refused.status, refused.json["error"]["code"]) == (403, "FORBIDDEN")
    assert (await idle_house.ask("GET", f"{PATH}/{video['id']}", key=reader)).status == 200
    elsewhere = await project(idle_house, me)
    bound = await idle_house.tenant(organization_id=me.organization_id, project_id=elsewhere)
    assert (await idle_house.ask("GET", f"{PATH}/{video['id']}", key=bound)).status == 404
    assert (await idle_house.ask("GET", PATH, key=bound)).json["total"] == 0
    small = await idle_house.tenant(plan="starter", grant=100)
    denied = await reel(idle_house, small, project_id="prj_x")
    assert denied.status == 403
    assert denied.json["error"]["details"]["feature"] == "video"
    them = await idle_house.tenant()
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/events")):
        reply = await idle_house.ask(method, f"{PATH}/{video['id']}{path}", key=them)
        assert reply.status == 404, (method, path)


async def test_a_film_that_nobody_can_pay_is_not_begun(idle_house: House) -> None:
    me = await idle_house.tenant(grant=5)
    project_id, _ = await listing(idle_house, me, 1)
    refused = await reel(idle_house, me, project_id=project_id)
    assert (refused.status, refused.json["error"]["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert (await idle_house.ask("GET", PATH, key=me)).json["total"] == 0


async def test_the_sandbox_makes_reels_for_nothing(idle_house: House) -> None:
    me = await idle_house.tenant(grant=0, livemode=False)
    project_id, _ = await listing(idle_house, me, 1)
    made = await reel(idle_house, me, project_id=project_id)
    assert (made.status, made.json["credits_reserved"], made.json["livemode"]) == (202, 0, False)


async def test_a_voice_is_tried_before_anything_is_held(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, _ = await listing(idle_house, me, 1)
    voice = {"text": "Three rooms and a balcony by the sea.", "language": "en-US"}
    made = await reel(idle_house, me, project_id=project_id, voice=voice)
    if not available():
        assert (made.status, made.json["error"]["code"]) == (503, "ENGINE_UNAVAILABLE")
        assert "espeak-ng" in made.json["error"]["message"]
        pytest.skip("espeak-ng is not installed")
    assert (made.status, made.json["voice"]) == (202, voice), made.body
    long = {"text": "word " * 60, "language": "en"}
    lasts = await reel(idle_house, me, project_id=project_id, voice=long)
    assert lasts.json["duration_seconds"] > 15, "the film waits for its voice"
    for wrong, field in (
        ({"voice": {"text": "Hej", "language": "klingon"}}, "voice.language"),
        ({"voice": {"text": "  \x07 ", "language": "en"}}, "voice.text"),
        ({"voice": long, "duration_seconds": 3}, "voice.text"),
    ):
        refused = await reel(idle_house, me, project_id=project_id, **wrong)
        assert refused.status == 422, refused.body
        assert refused.json["error"]["details"][0]["field"] == field
