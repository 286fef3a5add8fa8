"""Reels made: the film itself, its events, its cancellation, its end and its deletion."""

import asyncio
import base64
import hashlib
import io

import av
import pytest
from aiohttp import web

from support.house import House, opened, settings_for
from support.listings import add_picture, listing
from support.loopback import serving
from support.sounds import sound_file, tone
from tintype.media.reel.probe import probe
from tintype.storage import open_storage
from tintype.videos import operations as videos

PATH = "/v1/videos"


async def reel(house: House, me, *, wait: int = 50, **body):
    headers = {"Prefer": f"wait={wait}"} if wait else None
    return await house.ask("POST", PATH, key=me, json=body, headers=headers)


async def test_a_reel_is_made_shown_delivered_and_paid(house: House) -> None:
    me = await house.tenant(grant=100)
    project_id, pictures = await listing(house, me, 3)
    made = await reel(
        house, me, project_id=project_id, title="By the sea", captions=["Hall", None, "Garden"],
        duration_seconds=2, transition="slide", background={"mood": "calm"},
    )  # fmt: skip
    assert made.status == 201, made.body
    video = made.json
    assert (video["status"], video["progress"], video["credits_used"]) == ("completed", 1.0, 2)
    assert (video["duration_seconds"], video["fps"], video["has_sound"]) == (2.0, 30.0, True)
    assert made.headers["X-Credits-Remaining"] == "98"
    film = (await house.ask("GET", video["url"].removeprefix(house.settings.public_url))).body
    facts = probe(film, "film")
    assert (facts.width, facts.height, facts.seconds, facts.has_sound) == (1280, 720, 2, True)
    assert len(film) == video["bytes"]
    poster = await house.ask("GET", video["poster_url"].removeprefix(house.settings.public_url))
    assert (poster.status, poster.headers["Content-Type"]) == (200, "image/jpeg")
    work = (await house.ask("GET", f"/v1/generations/{video['generation_id']}", key=me)).json
    assert work["video"] == video
    assert [it["image_id"] for it in work["references"]] == pictures
    events = (await house.ask("GET", "/v1/webhooks/events?type=video.completed", key=me)).json
    assert [it["data"]["id"] for it in events["data"]] == [video["id"]]
    assert events["data"][0]["data"] == video


async def test_films_of_other_work_are_videos_too(house: House) -> None:
    me = await house.tenant(grant=100)
    project_id, (picture_id,) = await listing(house, me, 1)
    mine = (await reel(house, me, project_id=project_id, duration_seconds=1)).json
    film = await house.ask(
        "POST", "/v1/generate/video", key=me, headers={"Prefer": "wait=50"},
        json={"image": picture_id, "duration_seconds": 1},
    )  # fmt: skip
    assert film.status == 201, film.body
    both = (await house.ask("GET", PATH, key=me)).json
    assert [it["id"] for it in both["data"]] == [film.json["video"]["id"], mine["id"]]
    assert both["data"][0]["picture_ids"] == [picture_id]
    assert (both["data"][0]["title"], both["data"][0]["captions"]) == (None, [])
    of_project = (await house.ask("GET", f"{PATH}?project_id={project_id}", key=me)).json
    assert [it["id"] for it in of_project["data"]] == [mine["id"]]
    for word, total in (("success", 2), ("completed", 2), ("pending", 0), ("failed", 0)):
        assert (await house.ask("GET", f"{PATH}?status={word}", key=me)).json["total"] == total
    paged = (await house.ask("GET", f"{PATH}?limit=1", key=me)).json
    after = (await house.ask("GET", f"{PATH}?limit=1&after={paged['next']}", key=me)).json
    assert [it["id"] for it in after["data"]] == [mine["id"]]


async def test_a_customers_music_lies_under_the_film(database_url: str, tmp_path) -> None:
    music = sound_file(tone(500, 3), "mp3", "libmp3lame")
    answers = {"/a.mp3": music, "/b.mp3": b"<html>no</html>", "/c.mp3": music[:40]}

    async def answer(request: web.Request) -> web.Response:
        body = answers.get(request.path)
        return web.Response(body=body) if body else web.Response(status=404)

    settings = settings_for(database_url, tmp_path, fetch={"allow_networks": ["127.0.0.0/8"]})
    async with serving(answer) as server, opened(settings) as house:
        me = await house.tenant(grant=100)
        project_id, _ = await listing(house, me, 1)
        ask = {"project_id": project_id, "duration_seconds": 1.5}
        made = await reel(house, me, **ask, background={"audio_url": server.url("/a.mp3")})
        assert made.json["status"] == "completed", made.body
        assert made.json["background"]["audio_url"] == server.url("/a.mp3")
        film = await house.ask("GET", made.json["url"].removeprefix(settings.public_url))
        assert loudest(film.body) > 0.05
        for path, code in (("/b.mp3", "VALIDATION_FAILED"), ("/c.mp3", "VALIDATION_FAILED")):
            failed = await reel(house, me, **ask, background={"audio_url": server.url(path)})
            assert failed.json["status"] == "failed", failed.body
            assert failed.json["error"]["code"] == code, failed.body
            assert "background" in failed.json["error"]["message"]
            assert failed.json["url"] is None
        gone = await reel(house, me, **ask, background={"audio_url": server.url("/d.mp3")})
        assert gone.json["status"] == "failed"
        balance = (await house.ask("GET", "/v1/credits/balance", key=me)).json
        assert (balance["balance"], balance["reserved"]) == (98, 0)


async def test_a_sound_file_may_come_with_the_request(house: House) -> None:
    me = await house.tenant(grant=100)
    project_id, _ = await listing(house, me, 1)
    music = sound_file(tone(500, 3), "ipod", "aac")
    ask = {
        "project_id": project_id, "duration_seconds": 1.5,
        "background": {"audio": base64.b64encode(music).decode()},
    }  # fmt: skip
    made = await reel(house, me, **ask)
    assert made.json["status"] == "completed", made.body
    told = made.json["background"]
    assert told["audio_sha256"] == hashlib.sha256(music).hexdigest()
    film = await house.ask("GET", made.json["url"].removeprefix(house.settings.public_url))
    assert loudest(film.body) > 0.05
    storage = open_storage(house.settings.storage_url)
    assert house.workshop is not None
    keys = [found.key async for found in storage.list() if found.key.endswith(".mp4")]
    assert len(keys) == 2, "the film, and the sound under it"
    async with house.database.reading() as tx:
        assert await videos.referenced_keys(tx, keys) == set(keys)
    data_url = f"data:audio/mp4;base64,{base64.b64encode(music).decode()}"
    ask["background"] = {"audio": data_url}
    first = await house.ask(
        "POST", PATH, key=me, json=ask, headers={"Idempotency-Key": "with-sound"}
    )
    again = await house.ask(
        "POST", PATH, key=me, json=ask, headers={"Idempotency-Key": "with-sound"}
    )
    assert again.json["id"] == first.json["id"]
    ask["background"] = {"audio": base64.b64encode(sound_file(tone(300, 2))).decode()}
    other = await house.ask(
        "POST", PATH, key=me, json=ask, headers={"Idempotency-Key": "with-sound"}
    )
    assert other.json["error"]["code"] == "IDEMPOTENCY_MISMATCH"


async def test_queued_work_is_canceled_at_once(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, _ = await listing(idle_house, me, 1)
    video = (await reel(idle_house, me, wait=0, project_id=project_id)).json
    ended = await idle_house.ask("POST", f"{PATH}/{video['id']}/cancel", key=me)
    assert (ended.status, ended.json["status"], ended.json["error"]) == (200, "canceled", None)
    again = await idle_house.ask("POST", f"{PATH}/{video['id']}/cancel", key=me)
    assert (again.status, again.json["error"]["code"]) == (409, "CONFLICT")
    balance = (await idle_house.ask("GET", "/v1/credits/balance", key=me)).json
    assert (balance["balance"], balance["reserved"]) == (100, 0)
    events = (await idle_house.ask("GET", "/v1/webhooks/events?type=video.failed", key=me)).json
    assert [it["data"]["status"] for it in events["data"]] == ["canceled"]


async def test_running_work_is_canceled_between_frames(house: House) -> None:
    me = await house.tenant(grant=500)
    project_id, _ = await listing(house, me, 2)
    ask = {"project_id": project_id, "duration_seconds": 100, "resolution": "1080p"}
    video = (await reel(house, me, wait=0, **ask)).json
    await until(house, me, video["id"], "processing")
    ended = await house.ask(
        "POST", f"{PATH}/{video['id']}/cancel", key=me, headers={"Prefer": "wait=30"}
    )
    assert (ended.status, ended.json["status"]) == (200, "canceled"), ended.body
    assert (await house.ask("GET", f"{PATH}/{video['id']}", key=me)).json["url"] is None


async def test_a_stream_tells_progress_and_the_end(house: House) -> None:
    me = await house.tenant(grant=100)
    project_id, _ = await listing(house, me, 1)
    video = (await reel(house, me, wait=0, project_id=project_id, duration_seconds=1)).json
    told = (await house.ask("GET", f"{PATH}/{video['id']}/events", key=me)).body.decode()
    assert "event: progress" in told
    assert "event: video.completed" in told
    assert video["id"] in told


async def test_a_deleted_video_is_gone_and_its_work_is_canceled(house: House) -> None:
    me = await house.tenant(grant=500)
    project_id, _ = await listing(house, me, 2)
    ask = {"project_id": project_id, "resolution": "1080p"}
    done = (await reel(house, me, project_id=project_id, duration_seconds=1)).json
    running = (await reel(house, me, wait=0, **ask, duration_seconds=100)).json
    await until(house, me, running["id"], "processing")
    for video in (done, running):
        assert (await house.ask("DELETE", f"{PATH}/{video['id']}", key=me)).status == 204
        assert (await house.ask("GET", f"{PATH}/{video['id']}", key=me)).status == 404
        assert (await house.ask("DELETE", f"{PATH}/{video['id']}", key=me)).status == 404
    film = await house.ask("GET", done["url"].removeprefix(house.settings.public_url))
    assert film.status == 404
    work = await house.ask(
        "GET", f"/v1/generations/{running['generation_id']}", key=me,
        headers={"Prefer": "wait=30"},
    )  # fmt: skip
    assert work.json["status"] == "canceled"
    assert (await house.ask("GET", PATH, key=me)).json["total"] == 0


async def test_deleting_the_generation_takes_its_video_along(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, _ = await listing(idle_house, me, 1)
    video = (await reel(idle_house, me, wait=0, project_id=project_id)).json
    path = f"/v1/generations/{video['generation_id']}"
    assert (await idle_house.ask("DELETE", path, key=me)).status == 204
    assert (await idle_house.ask("GET", f"{PATH}/{video['id']}", key=me)).status == 404


async def test_a_picture_that_goes_while_the_reel_waits_ends_it_by_name(
    database_url: str, tmp_path
) -> None:
    settings = settings_for(database_url, tmp_path)
    async with opened(settings, with_worker=False) as house:
        me = await house.tenant(grant=100)
        project_id, pictures = await listing(house, me, 2)
        video = (await reel(house, me, wait=0, project_id=project_id)).json
        await house.ask("DELETE", f"/v1/images/{pictures[1]}", key=me)
    async with opened(settings) as house:
        await until(house, me, video["id"], "failed")
        found = (await house.ask("GET", f"{PATH}/{video['id']}", key=me)).json
        assert found["error"]["message"].startswith("picture_ids[1]")
        path = f"/v1/generations/{video['generation_id']}/retry"
        refused = await house.ask("POST", path, key=me, json={})
        assert (refused.status, refused.json["error"]["details"][0]["field"]) == (
            422, "picture_ids[1]",
        )  # fmt: skip


async def test_a_retry_is_a_new_video_of_the_same_storyboard(idle_house: House) -> None:
    me = await idle_house.tenant(grant=100)
    project_id, _ = await listing(idle_house, me, 2)
    ask = {"project_id": project_id, "title": "One", "captions": ["a", "b"]}
    first = (await reel(idle_house, me, wait=0, **ask, duration_seconds=2)).json
    await idle_house.ask("POST", f"{PATH}/{first['id']}/cancel", key=me)
    path = f"/v1/generations/{first['generation_id']}/retry"
    again = await idle_house.ask("POST", path, key=me, json={"resolution": "1080p"})
    assert (again.status, again.json["model"]) == (202, "builtin/montage"), again.body
    both = (await idle_house.ask("GET", PATH, key=me)).json["data"]
    assert [it["status"] for it in both] == ["queued", "canceled"]
    same = ("title", "captions", "picture_ids", "transition", "duration_seconds", "seed")
    assert {name: both[0][name] for name in same} == {name: first[name] for name in same}
    assert (both[0]["height"], both[0]["credits_reserved"]) == (1080, 4)
    refused = await idle_house.ask("POST", path, key=me, json={"prompt": "a fox"})
    assert (refused.status, refused.json["error"]["details"][0]["field"]) == (422, "prompt")


@pytest.mark.parametrize("ending", ["completed", "failed"])
async def test_the_requests_own_address_hears_of_its_video_once(house: House, ending: str) -> None:
    me = await house.tenant(grant=100)
    project_id, pictures = await listing(house, me, 1)
    hook = "https://hooks.example.com/reel"
    ask = {"project_id": project_id, "duration_seconds": 1, "webhook_url": hook}
    if ending == "failed":
        await add_picture(house, me, project_id, width=700)
        async with house.database.transaction() as tx:
            await tx.execute(
                "UPDATE images SET object_key = 'masters/none/none/none.jpg'"
                " WHERE organization_id = $1 AND id = $2", me.organization_id, pictures[0],
            )  # fmt: skip
    video = (await reel(house, me, **ask)).json
    assert video["status"] == ending, video
    async with house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT type, subject_id FROM events WHERE organization_id = $1"
            " AND webhook_url IS NOT NULL", me.organization_id,
        )  # fmt: skip
    assert [(row["type"], row["subject_id"]) for row in rows] == [(f"video.{ending}", video["id"])]


def loudest(film: bytes) -> float:
    """The highest sample of a film's sound."""
    with av.open(io.BytesIO(film)) as opened_film:
        return max(float(abs(it.to_ndarray()).max()) for it in opened_film.decode(audio=0))


async def until(house: House, me, video_id: str, status: str) -> None:
    for _ in range(600):
        found = (await house.ask("GET", f"{PATH}/{video_id}", key=me)).json
        if found["status"] == status:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(found)
