"""Projects with approved pictures, as a publish finds them."""

from typing import Any

from support.house import House, Tenant
from tintype.images import pictures


async def project_of(house: House, me: Tenant, **fields: Any) -> str:
    made = await house.ask("POST", "/v1/projects", key=me, json={"name": "Villa Rosa"} | fields)
    assert made.status == 201, made.body
    return made.json["id"]


async def picture_in(
    house: House,
    me: Tenant,
    project: str,
    data: bytes,
    *,
    of: str | None = None,
    approved: bool = True,
    **fields: Any,
) -> str:
    """A picture of the project, made of the picture `of` where one is given; columns in `fields`."""
    made = await house.upload(me, data, project_id=project)
    assert made.status == 201, made.body
    found = made.data["id"]
    if of is not None:
        fields |= {"parent_id": of, "root_id": of, "version": 1, "source": "generated"}
    if fields:
        columns = ", ".join(f"{name} = ${at}" for at, name in enumerate(fields, start=2))
        async with house.database.transaction() as tx:
            await tx.execute(f"UPDATE images SET {columns} WHERE id = $1", found, *fields.values())
    if approved:
        await judge(house, me, found, "approved")
    return found


async def judge(house: House, me: Tenant, picture: str, approval: Any) -> None:
    caller = await house.caller(me)
    async with house.database.transaction() as tx:
        row = await pictures.find(tx, caller, picture, lock=True)
        await pictures.judge(tx, row, approval, None, me.key_id)


async def publish(house: House, me: Tenant, project: str, **body: Any) -> Any:
    """The published project."""
    done = await house.ask("POST", f"/v1/projects/{project}/publish", key=me, json=body or None)
    assert done.status == 200, done.body
    return done.json
