"""Aliases under concurrency: one holder whatever happens, no deadlock, no name for a dead image."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest

from tintype.accounts import operations as accounts
from tintype.aliases import operations as aliases
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import AliasTaken, NotFound, ValidationFailed
from tintype.db.pool import Database
from tintype.flows import operations as flows
from tintype.images import operations as images
from tintype.images.intake import StoredPicture
from tintype.images.links import Links
from tintype.images.models import UpdateImage
from tintype.projects import operations as projects
from tintype.projects.models import CreateProject

PICTURE = StoredPicture("masters/x", None, "png", False, 8, 8, 99, "0" * 64, "hash")
LINKS = Links("http://localhost", None)


async def studio(
    database: Database, count: int, *, project: bool = False
) -> tuple[Caller, list[str]]:
    """A caller and `count` images, in a project if so said."""
    async with database.transaction() as tx:
        owner = (await accounts.create_organization(tx, name="A", plan="pro")).id
        caller = Caller(owner, "pro", frozenset(SCOPES), livemode=True, source="api")
        made = (
            (await projects.create(tx, caller, "", CreateProject(name="P"))).id if project else None
        )
        fields = {"source": "uploaded", "livemode": True, "project_id": made, "flow_id": None,
                  "generation_id": None, "variant": 0, "prompt": None, "meta": {}}  # fmt: skip
        rows = [await images.add_generated(tx, owner, PICTURE, fields) for _ in range(count)]
    return caller, [row["id"] for row in rows]


async def assign(
    database: Database, owner: str, scope: str, image: str, **more: bool
) -> str | None:
    async with database.transaction() as tx:
        return await aliases.assign(tx, owner, scope, "@hero", image, **more)


def one_chain(ids: Sequence[str], moved: Sequence[str | None], last: str) -> bool:
    """Whether `moved[i]` (who lost to `ids[i]`) describes one line from nobody to `last`."""
    before = dict(zip(ids, moved, strict=True))
    walked = [last]
    while before[walked[-1]] is not None:
        walked.append(before[walked[-1]])
    return sorted(walked) == sorted(ids)


@pytest.mark.parametrize("scope", ["", "flow"])
async def test_twenty_assignments_at_once_form_one_chain(database: Database, scope: str) -> None:
    caller, made = await studio(database, 20)
    owner = caller.organization_id
    if scope:
        async with database.transaction() as tx:
            scope = await flows.start(tx, caller, project_id=None, meta={})
    moved = await asyncio.gather(*(assign(database, owner, scope, image) for image in made))
    async with database.reading() as tx:
        (holder,) = (await aliases.of_scopes(tx, owner, [scope]))[scope].values()
    assert one_chain(made, moved, holder)


async def test_only_if_free_is_granted_to_exactly_one(database: Database) -> None:
    caller, made = await studio(database, 20)
    owner = caller.organization_id
    results = await asyncio.gather(
        *(assign(database, owner, "", image, only_if_free=True) for image in made),
        return_exceptions=True,
    )
    winners = [image for image, result in zip(made, results, strict=True) if result is None]
    assert len(winners) == 1
    for result in results:
        if result is not None:
            assert isinstance(result, AliasTaken)
            assert result.details == {"image_id": winners[0]}
    # What one has already may be given to it again.
    assert await assign(database, owner, "", winners[0], only_if_free=True) is None


async def test_images_that_swap_their_names_do_not_block_each_other(database: Database) -> None:
    caller, (first, second) = await studio(database, 2)

    async def name(image: str, alias: str) -> None:
        async with database.transaction() as tx:
            await images.update(
                tx, caller, LINKS, image, UpdateImage(alias=alias), only_if_free=False
            )

    await name(first, "@a")
    await name(second, "@b")
    for turn in range(10):
        a, b = ("@b", "@a") if turn % 2 == 0 else ("@a", "@b")
        async with asyncio.timeout(60):
            await asyncio.gather(name(first, a), name(second, b))
        async with database.reading() as tx:
            held = (await aliases.of_scopes(tx, caller.organization_id, [""]))[""]
        # The one that came second took its name over; the first may have kept or lost its own.
        assert set(held.items()) <= {(a, first), (b, second)}
        assert held


async def test_maps_put_at_once_in_any_order_do_not_block_each_other(database: Database) -> None:
    caller, made = await studio(database, 6)
    async with database.transaction() as tx:
        flow = await flows.start(tx, caller, project_id=None, meta={})
    names = ["@C", "@b", "@A"]

    async def put(order: Sequence[str], pictures: Sequence[str]) -> None:
        async with database.transaction() as tx:
            await flows.put_aliases(tx, caller, flow, dict(zip(order, pictures, strict=True)))

    orders = list(itertools.permutations(names))
    async with asyncio.timeout(60):
        await asyncio.gather(
            *(put(order, made[n % 4 : n % 4 + 3]) for n, order in enumerate(orders))
        )
    async with database.reading() as tx:
        found = await flows.get(tx, caller, flow)
    assert set(found.aliases) == {"@a", "@b", "@c"}


async def test_an_image_deleted_while_it_is_named_ends_without_names(database: Database) -> None:
    caller, made = await studio(database, 12)
    owner = caller.organization_id

    async def forget(image: str) -> None:
        # As deleting a generation does: without a lock of its own on the image first.
        async with database.transaction() as tx:
            await images.forget(tx, owner, image)

    async def name(image: str) -> None:
        async with database.transaction() as tx:
            await aliases.assign(tx, owner, "", f"@n{made.index(image)}", image)
            await asyncio.sleep(0.05)

    naming = [asyncio.create_task(name(image)) for image in made]
    await asyncio.sleep(0.02)
    await asyncio.gather(*(forget(image) for image in made))
    for result in await asyncio.gather(*naming, return_exceptions=True):
        assert result is None or isinstance(result, NotFound)
    async with database.reading() as tx:
        assert await aliases.of_scopes(tx, owner, [""]) == {"": {}}


async def test_a_flow_deleted_while_it_is_named_into_leaves_no_names(database: Database) -> None:
    caller, made = await studio(database, 8)
    async with database.transaction() as tx:
        flow = await flows.start(tx, caller, project_id=None, meta={})

    async def put(number: int) -> None:
        async with database.transaction() as tx:
            await flows.put_aliases(tx, caller, flow, {f"@n{number}": made[number]})

    async def delete() -> None:
        await asyncio.sleep(0.01)
        async with database.transaction() as tx:
            await flows.delete(tx, caller, flow)

    results = await asyncio.gather(delete(), *(put(n) for n in range(8)), return_exceptions=True)
    assert results[0] is None
    assert all(result is None or isinstance(result, NotFound) for result in results)
    async with database.reading() as tx:
        assert await aliases.of_scopes(tx, caller.organization_id, [flow]) == {flow: {}}


async def test_a_key_of_a_project_names_that_projects_images_only(database: Database) -> None:
    caller, (inside,) = await studio(database, 1, project=True)
    async with database.transaction() as tx:
        project = (await images.get(tx, caller, LINKS, inside)).project_id
        bound = Caller(caller.organization_id, "pro", frozenset(SCOPES), livemode=True,
                       source="api", project_id=project)  # fmt: skip
        fields = {"source": "uploaded", "livemode": True, "project_id": None, "flow_id": None,
                  "generation_id": None, "variant": 0, "prompt": None, "meta": {}}  # fmt: skip
        outside = (await images.add_generated(tx, caller.organization_id, PICTURE, fields))["id"]
        flow = await flows.start(tx, bound, project_id=project, meta={})
        found = await flows.put_aliases(tx, bound, flow, {"@in": inside})
        assert found.aliases == {"@in": inside}
    with pytest.raises(ValidationFailed, match="no such image"):
        async with database.transaction() as tx:
            await flows.put_aliases(tx, bound, flow, {"@out": outside})


async def test_another_organizations_image_can_not_be_named(database: Database) -> None:
    mine, _ = await studio(database, 1)
    _, (foreign,) = await studio(database, 1)
    with pytest.raises(NotFound):
        await assign(database, mine.organization_id, "", foreign)


async def test_in_a_project_an_image_has_one_name_however_it_is_given(database: Database) -> None:
    caller, (image,) = await studio(database, 1)
    owner = caller.organization_id
    for alias in ("@a", "@b"):
        async with database.transaction() as tx:
            assert await aliases.assign(tx, owner, "", alias, image) is None
    async with database.reading() as tx:
        assert await aliases.of_scopes(tx, owner, [""]) == {"": {"@b": image}}
        assert (await images.get(tx, caller, LINKS, image)).alias == "@b"
