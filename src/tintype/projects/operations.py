"""Projects: making and finding them, and the check that work may go into one."""

from typing import Any

from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Forbidden, NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.projects import queries
from tintype.projects.models import Project


async def create(tx: Transaction, caller: Caller, *, name: str, meta: dict[str, Any]) -> Project:
    if caller.project_id is not None:
        raise Forbidden("This key is bound to a project and can't make others.")
    if not name.strip():
        raise ValidationFailed("name", "must not be blank")
    row = await queries.insert(tx, ids.new("prj"), caller.organization_id, name.strip(), meta)
    return to_project(row)


async def get(tx: Transaction, caller: Caller, project_id: str) -> Project:
    """Raises NotFound, also for a project that the caller's key isn't bound to."""
    wanted = ids.parse("prj", project_id)
    row = await queries.find(tx, caller.organization_id, wanted)
    if row is None or caller.project_id not in {None, wanted}:
        raise NotFound(f"There is no project {project_id[:80]}.")
    return to_project(row)


async def chosen(tx: Transaction, caller: Caller, project_id: str | None) -> str | None:
    """The project of new work: the one asked for, or the key's own; refused as a field."""
    if project_id is None:
        return caller.project_id
    try:
        return (await get(tx, caller, project_id)).id
    except NotFound as fault:
        raise ValidationFailed("project_id", "there is no such project") from fault


def to_project(row: Row) -> Project:
    return Project(
        id=row["id"],
        name=row["name"],
        meta=row["meta"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
