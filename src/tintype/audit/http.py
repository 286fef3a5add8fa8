"""GET /audit-log."""

from litestar import get

from tintype.api.bodies import read_query
from tintype.api.guard import caller_of, needs
from tintype.api.pages import Page
from tintype.api.paging import TOTAL_MAX, cursor, page
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.audit import operations, queries
from tintype.audit.models import AuditEntry, ListAudit
from tintype.core.errors import Forbidden


@get("/audit-log", guards=[needs("keys:read")], opt={"query": ListAudit})
async def list_audit(request: AnyRequest) -> Answer[Page[AuditEntry]]:
    """What was done to keys and members, newest first: who, when, from where."""
    caller = caller_of(request)
    if caller.project_id is not None:
        raise Forbidden("The audit log is the organization's; this key is bound to a project.")
    organization_id = caller.organization_id
    query = read_query(request, ListAudit)
    filters = {
        "after": cursor(query, "aud"), "action": query.action, "actor_id": query.actor_id,
        "subject_id": query.subject_id, "created_after": query.created_after,
        "created_before": query.created_before,
    }  # fmt: skip
    async with parts(request).database.reading() as tx:
        rows = await queries.page(
            tx, organization_id, filters, offset=query.offset, limit=query.limit + 1
        )
        total = await queries.count(tx, organization_id, filters | {"after": None}, TOTAL_MAX)
    return Answer(page(rows, total, query, operations.to_entry))


ROUTES = [list_audit]
