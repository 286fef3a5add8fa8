"""/credits: the account, its ledger, packs, and grants by the operator."""

from typing import Any, Final

from litestar import get, post
from litestar.response import Stream

from tintype.accounts import operations as accounts
from tintype.accounts.models import features_of, limits_of
from tintype.api.accepting import VARY, accepted
from tintype.api.bodies import read_json, read_query
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.pages import Page
from tintype.api.paging import TOTAL_MAX, cursor
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.audit import operations as audit
from tintype.audit.actors import actor_of
from tintype.billing import table
from tintype.billing.models import Account, CreateGrant, ListLedger
from tintype.billing.packs import Pack, packs
from tintype.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from tintype.credits import operations as credits
from tintype.credits.models import LedgerEntry
from tintype.db.pool import Transaction

_JSON: Final = "application/json"
_CSV: Final = "text/csv"


@get("/credits/balance", guards=[needs("credits:read")])
async def get_balance(request: AnyRequest) -> Answer[Account]:
    """What the organization has, what open work holds of it, and the limits of its plan."""
    caller = caller_of(request)
    async with parts(request).database.reading() as tx:
        organization = await accounts.organization(tx, caller.organization_id)
        have = await credits.balance(tx, caller.organization_id)
    found = Account(
        organization_id=organization.id, balance=have.balance, reserved=have.reserved,
        available=have.available, unlimited=not caller.livemode, plan=organization.plan,
        features=sorted(features_of(organization.plan, organization.features)),
        limits=limits_of(organization), livemode=caller.livemode,
    )  # fmt: skip
    return Answer(found, headers={"Cache-Control": "no-store"})


@get("/credits/ledger", guards=[needs("credits:read")], opt={"query": ListLedger})
async def list_ledger(request: AnyRequest) -> Answer[Page[LedgerEntry]] | Stream:
    """Every movement of credits, newest first, each with the balance after it.

    With `Accept: text/csv` all of them that the filters let through, as a table.
    """
    caller = caller_of(request)
    if caller.project_id is not None:
        raise Forbidden("The ledger is the organization's; this key is bound to a project.")
    query = read_query(request, ListLedger)
    after = cursor(query, "led")
    filters: dict[str, Any] = {
        "type": query.type, "generation_id": query.generation_id, "batch_id": query.batch_id,
        "api_key_id": query.api_key_id, "created_after": query.created_after,
        "created_before": query.created_before,
    }  # fmt: skip
    database = parts(request).database
    if accepted(request, [_JSON, _CSV]) == _CSV:
        return await _table(request, query, filters, after)
    async with database.reading() as tx:
        found = await credits.entries(
            tx, caller.organization_id, filters,
            after=after, offset=query.offset, limit=query.limit + 1,
        )  # fmt: skip
        total = await credits.count(tx, caller.organization_id, filters, TOTAL_MAX)
    shown, more = found[: query.limit], len(found) > query.limit
    page = Page(shown, total, more, shown[-1].id if more else None, query.limit, query.offset)
    return Answer(page, headers=VARY)


async def _table(
    request: AnyRequest, query: ListLedger, filters: dict[str, Any], after: str | None
) -> Stream:
    if query.offset or "limit" in request.query_params:
        raise ValidationFailed(
            "offset" if query.offset else "limit", "means nothing in a table, which is no page"
        )
    database, organization_id = parts(request).database, caller_of(request).organization_id
    async with database.reading() as tx:  # What is wrong is told before the table begins.
        await credits.entries(tx, organization_id, filters, after=after, offset=0, limit=1)
    return Stream(
        table.lines(database, organization_id, filters, after),
        media_type=_CSV,
        headers={**VARY, "Content-Disposition": 'attachment; filename="ledger.csv"'},
    )


@get("/credits/packs", guards=[needs("credits:read")])
async def list_packs() -> Answer[Page[Pack]]:
    """Amounts of credits that the operator of this server offers."""
    found = packs()
    whole = Page(found, len(found), has_more=False, next=None, limit=len(found), offset=0)
    return Answer(whole)


@post(
    "/credits/grants",
    guards=[needs("credits:write")],
    opt={
        "body": CreateGrant,
        "answers": [201],
        "errors": [Conflict],
        "example": {"amount": 500, "note": "pack Launch, invoice 1042"},
    },
)
async def create_grant(request: AnyRequest) -> Answer[LedgerEntry]:
    """Give credits to an organization. Only the operator's own administrators and keys may."""
    caller = caller_of(request)
    if caller.project_id is not None:
        raise Forbidden("Credits are the organization's; this key is bound to a project.")
    body = await read_json(request, CreateGrant)

    async def act(tx: Transaction) -> Answer[LedgerEntry]:
        to = await _granted(tx, body.organization_id or caller.organization_id)
        # Another organization's ledger names no key of the operator's.
        key_id = caller.key_id if to == caller.organization_id else None
        entry = await credits.grant(tx, to, body.amount, note=body.note, api_key_id=key_id)
        await audit.record(
            tx, caller.organization_id, actor_of(request, caller), "organization.granted", to,
            {"amount": body.amount, "note": body.note, "entry": entry.id},
        )  # fmt: skip
        return Answer(entry, status=201)

    return await write(request, caller, body, act)


async def _granted(tx: Transaction, organization_id: str) -> str:
    """The organization that is to have credits; a sandbox needs none."""
    try:
        found = await accounts.organization(tx, organization_id)
    except NotFound:
        found = None
    if found is None or found.sandbox_of is not None:
        raise ValidationFailed("organization_id", "there is no such organization")
    return found.id


ROUTES = [get_balance, list_ledger, list_packs, create_grant]
