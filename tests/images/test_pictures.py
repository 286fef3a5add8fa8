"""Rows that come before their bytes, and lines of versions: what the tables hold and keep out."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from support import images
from support.house import House
from support.pictures import add, enhance, enhanced, project
from tintype.cli import queries as doctor
from tintype.db.migrate import migrate, migrations
from tintype.images import operations, pictures
from tintype.images import queries as image_queries
from tintype.images.intake import limits_of, take_in
from tintype.images.links import Links
from tintype.storage import open_storage

_BEFORE = 11
_LIBRARY = """
INSERT INTO organizations (id, name, plan, signing_secret) VALUES ('org_1', 'o', 'pro', '\\x00');
INSERT INTO projects (id, organization_id, name) VALUES
    ('prj_1', 'org_1', 'a'), ('prj_2', 'org_1', 'b');
INSERT INTO images (id, organization_id, project_id, parent_id, source, livemode, object_key,
    format, has_alpha, width, height, bytes, sha256, thumbhash)
SELECT id, 'org_1', project, parent, 'uploaded', true, id, 'png', false, 1, 1, 1, 'x', 'x'
FROM (VALUES ('img_1', NULL, NULL), ('img_2', NULL, 'img_1'), ('img_3', NULL, 'img_2'),
    ('img_4', NULL, 'img_1'), ('img_5', 'prj_1', 'img_1'), ('img_6', 'prj_1', 'img_5'),
    ('img_7', 'prj_2', 'img_6'), ('img_8', 'prj_1', NULL)) AS v (id, project, parent);
"""


@pytest.fixture
async def old_library(cluster: str) -> AsyncIterator[str]:
    """The address of a database as it was before pictures had lines."""
    name = "old_library"
    admin = await asyncpg.connect(cluster.replace("/tintype?", "/postgres?"))
    url = cluster.replace("/tintype?", f"/{name}?")
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name}")
        connection = await asyncpg.connect(url)
        await connection.execute(
            "CREATE TABLE schema_migrations (number integer PRIMARY KEY, name text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
        for number, file, sql in migrations():
            if number <= _BEFORE:
                await connection.execute(sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)", number, file
                )
        await connection.execute(_LIBRARY)
        await connection.close()
        yield url
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()


async def test_images_that_were_there_get_their_lines(old_library: str) -> None:
    await migrate(old_library)
    connection = await asyncpg.connect(old_library)
    rows = await connection.fetch("SELECT id, root_id, version, status FROM images ORDER BY id")
    await connection.close()
    assert [(row["id"], row["root_id"], row["version"]) for row in rows] == [
        ("img_1", None, 0), ("img_2", "img_1", 1), ("img_3", "img_1", 2), ("img_4", "img_1", 3),
        # Made of an image of another project, it begins a line.
        ("img_5", None, 0), ("img_6", "img_5", 1), ("img_7", None, 0), ("img_8", None, 0),
    ]  # fmt: skip
    assert {row["status"] for row in rows} == {"completed"}


@pytest.mark.parametrize(
    "change",
    [
        "status = 'completed'",
        "object_key = 'masters/x'",
        "status = 'failed'",
        "status = 'done'",
        "approval = 'approved', judged_at = now()",
        "approval = 'approved'",
        "version = 0",
        "root_id = NULL",
        "selected_id = id",
        "error = '{}'",
    ],
)
async def test_a_picture_without_bytes_can_not_pass_for_one_that_has_them(
    idle_house: House, change: str
) -> None:
    me = await idle_house.tenant()
    original = await add(idle_house, me, await project(idle_house, me))
    (made,) = await enhance(idle_house, me, original["id"])
    async with idle_house.database.pool.acquire() as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(f"UPDATE images SET {change} WHERE id = $1", made["id"])


async def test_what_is_in_process_is_nowhere_taken_for_an_image(idle_house: House) -> None:
    me = await idle_house.tenant()
    caller = await idle_house.caller(me)
    original = await add(idle_house, me, await project(idle_house, me))
    (made,) = await enhance(idle_house, me, original["id"])
    both = [original["id"], made["id"]]
    async with idle_house.database.reading() as tx:
        assert await operations.known(tx, caller, both) == [original["id"]]
        assert await operations.stored(tx, me.organization_id, made["id"]) is None
        assert await operations.deliverable(tx, made["id"]) is None
        assert [row["id"] for row in await doctor.objects(tx, "", 10)] == [original["id"]]
        assert await image_queries.existing(tx, both) == set(both)
    listed = (await idle_house.ask("GET", "/v1/images", key=me)).json
    assert [it["id"] for it in listed["data"]] == [original["id"]]
    told = await idle_house.ask("GET", f"/v1/images/{made['id']}", key=me)
    assert (told.status, told.error["code"]) == (409, "NOT_READY")
    assert told.headers["Retry-After"] == "2"
    path = f"/v1/images/{made['id']}"
    for method, body in (("PUT", {"meta": {}}), ("DELETE", None)):
        assert (await idle_house.ask(method, path, key=me, json=body)).status == 409
    work = await idle_house.ask("GET", f"/v1/generations/{made['generation_id']}", key=me)
    assert work.json["images"] == []


async def test_pictures_are_filled_once_and_only_while_they_are_in_process(
    idle_house: House,
) -> None:
    me = await idle_house.tenant()
    original = await add(idle_house, me, await project(idle_house, me))
    one, two, three = await enhance(idle_house, me, original["id"], variants=3)
    storage = open_storage(idle_house.settings.storage_url)
    stored = await take_in(
        storage, None, me.organization_id, images.file("png", 8, 8),
        limits_of(idle_house.settings.media), keep_original=False,
    )  # fmt: skip
    gone = await idle_house.ask("DELETE", f"/v1/pictures/{two['id']}", key=me)
    assert gone.status == 204
    fault = {"variant": 2, "code": "PROVIDER_ERROR", "message": "No."}
    links = Links("http://here", None)
    for expected in ([one["id"]], []):
        async with idle_house.database.transaction() as tx:
            work = await tx.fetchrow(
                "SELECT * FROM generations WHERE id = $1", one["generation_id"]
            )
            filled = await pictures.fill(tx, work, {0: stored, 1: stored}, [fault], links)
            assert [it.id for it in filled] == expected
            await pictures.end_of_work(tx, me.organization_id, work["id"], "canceled", None)
    async with idle_house.database.reading() as tx:
        rows = await tx.fetch(
            "SELECT id, status FROM images WHERE generation_id = $1 ORDER BY variant", work["id"]
        )
    assert [(row["id"], row["status"]) for row in rows] == [
        (one["id"], "completed"), (two["id"], "canceled"), (three["id"], "failed")
    ]  # fmt: skip


async def test_what_is_made_of_an_image_outside_the_project_begins_a_line(house: House) -> None:
    me = await house.tenant()
    drawn = (await house.picture(me))["images"][0]
    assert (drawn["version"], drawn["subversion"], drawn["parent_id"]) == (0, 0, None)
    prj = await project(house, me)

    async def clean(**more: str) -> dict:
        job = {"mode": "clean", "image_url": drawn["id"], **more}
        made = await house.ask(
            "POST", "/v1/images/jobs", key=me, json=job, headers={"Prefer": "wait=30"}
        )
        return (await house.ask("GET", f"/v1/images/{made.json['image_id']}", key=me)).json

    within, beyond = await clean(), await clean(project_id=prj)
    assert (within["parent_id"], within["version"]) == (drawn["id"], 1)
    assert (beyond["parent_id"], beyond["version"]) == (drawn["id"], 0)
    (picture,) = await enhanced(house, me, beyond["id"])
    assert (picture["root_id"], picture["version"]) == (beyond["id"], 1)


async def test_a_projects_published_pictures_are_one_of_each_line(house: House) -> None:
    me = await house.tenant()
    prj = await project(house, me)
    first, second, _ = [await add(house, me, prj) for _ in range(3)]
    made = await enhanced(house, me, first["id"], variants=2)
    for it in (second, made[0], made[1]):
        await house.ask("POST", f"/v1/pictures/{it['id']}/approve", key=me)
    async with house.database.reading() as tx:
        found = await pictures.selected(tx, me.organization_id, prj)
    assert [row["id"] for row in found] == [made[1]["id"], second["id"]]


async def test_deleting_and_judging_at_once_end_without_a_deadlock(house: House) -> None:
    me = await house.tenant()
    original = await add(house, me, await project(house, me))
    for _ in range(4):
        made = await enhanced(house, me, original["id"], variants=3)
        asked = [
            house.ask("POST", f"/v1/pictures/{it['id']}/approve", key=me) for it in made
        ] + [
            house.ask("DELETE", f"/v1/images/{made[0]['id']}", key=me),
            house.ask("DELETE", f"/v1/pictures/{made[1]['id']}", key=me),
            house.ask("DELETE", f"/v1/generations/{made[0]['generation_id']}", key=me),
            house.ask("POST", f"/v1/pictures/{original['id']}/reject", key=me),
        ]  # fmt: skip
        answers = await asyncio.gather(*asked)
        assert {it.status for it in answers} <= {200, 204, 404}, [it.body for it in answers]
    async with house.database.reading() as tx:
        assert await tx.fetchval("SELECT count(selected_id) FROM images") == 0
