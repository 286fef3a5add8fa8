"""Making, listing, changing and revoking API keys."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import UnsetType

from tintype.accounts import operations as accounts
from tintype.audit import operations as audit
from tintype.audit.models import Actor
from tintype.audit.operator import SERVER
from tintype.core import ids
from tintype.core.caller import SCOPES, Caller
from tintype.core.errors import Forbidden, NotFound, ValidationFailed
from tintype.credits import operations as credits
from tintype.credits.models import Usage
from tintype.credits.operations import AMOUNT_MAX
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.keys import queries, secrets
from tintype.keys.models import ApiKey, ChangeApiKey, ChangeSpendCap, NewApiKey, SpendCap

_DURATION: Final = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


async def create(
    tx: Transaction,
    organization_id: str,
    *,
    name: str,
    scopes: Collection[str],
    maker_scopes: Collection[str],
    livemode: bool = True,
    project_id: str | None = None,
    expires_at: datetime | None = None,
    maker_project_id: str | None = None,
    maker_expires_at: datetime | None = None,
    spend_cap: SpendCap | None = None,
    actor: Actor = SERVER,
) -> NewApiKey:
    """Make a key; the secret is shown only here.

    It can't do more than its maker: no scope that the maker lacks, no project but the one that the
    maker is bound to (`maker_project_id`), no life beyond a making key's end (`maker_expires_at`),
    no live key from a sandbox one. Raises Forbidden.
    """
    if not name.strip() or len(name) > 200:  # noqa: PLR2004
        raise ValidationFailed("name", "must have 1 to 200 characters")
    _check_scopes(scopes, maker_scopes)
    if expires_at is not None:
        if expires_at.tzinfo is None:
            raise ValidationFailed("expires_at", "must say its time zone")
        if expires_at <= datetime.now(UTC):
            raise ValidationFailed("expires_at", "must lie in the future")
    if maker_expires_at is not None:
        expires_at = expires_at or maker_expires_at
        if expires_at > maker_expires_at:
            raise Forbidden("A key that ends makes no key that ends later.")
    caps = spend_cap or SpendCap()
    _check_caps(caps)
    owner = await _owner(tx, organization_id, livemode=livemode)
    project = await _project(tx, owner, project_id, maker_project_id)
    secret = secrets.make(livemode=livemode)
    key_id = ids.new("key")
    await queries.insert(
        tx, key_id, owner, name=name.strip(), prefix=secrets.prefix(secret),
        secret_sha256=secrets.digest(secret), scopes=sorted(set(scopes)),
        project_id=project, expires_at=expires_at, cap_day=caps.day, cap_month=caps.month,
    )  # fmt: skip
    row = await queries.find(tx, owner, None, key_id)
    assert row is not None
    fields = _fields(row, Usage())
    told = ("name", "prefix", "scopes", "livemode", "project_id", "expires_at", "spend_cap")
    await audit.record(
        tx, organization_id, actor, "api_key.created", key_id, {name: fields[name] for name in told}
    )
    return NewApiKey(**fields, secret=secret)


def require_no_cap(caller: Caller, what: str) -> None:
    """Raise Forbidden to a key with a spend cap: by other keys, or other caps, it would escape."""
    if caller.capped:
        raise Forbidden(f"A key with a spend cap can't {what}.")


def _check_caps(caps: SpendCap) -> None:
    for name, cap in (("day", caps.day), ("month", caps.month)):
        if cap is not None and not 0 <= cap <= AMOUNT_MAX:
            raise ValidationFailed(f"spend_cap.{name}", f"must be 0 to {AMOUNT_MAX}")


def _check_scopes(scopes: Collection[str], maker_scopes: Collection[str]) -> None:
    if not scopes:
        raise ValidationFailed("scopes", f"must name one or more of {', '.join(SCOPES)}")
    for scope in scopes:
        if scope not in SCOPES:
            raise ValidationFailed("scopes", f"{scope!r:.80} is not one of {', '.join(SCOPES)}")
        if scope not in maker_scopes:
            raise Forbidden(
                f"A key can't be given the scope {scope}, which its maker lacks.",
                details={"scope": scope},
            )


async def _owner(tx: Transaction, organization_id: str, *, livemode: bool) -> str:
    """The organization that a key's data belongs to: its own, or its sandbox twin."""
    if not livemode:
        return (await accounts.sandbox_of(tx, organization_id)).id
    if (await accounts.organization(tx, organization_id)).sandbox_of is not None:
        raise Forbidden("A sandbox key can't make live keys.")
    return organization_id


async def _project(
    tx: Transaction, owner: str, project_id: str | None, maker_project_id: str | None
) -> str | None:
    if project_id is None:
        if maker_project_id and not await queries.has_project(tx, owner, maker_project_id):
            raise Forbidden("A key that is bound to a project makes no sandbox keys.")
        return maker_project_id
    if not ids.is_id("prj", project_id) or not await queries.has_project(tx, owner, project_id):
        raise ValidationFailed("project_id", "there is no such project")
    if maker_project_id not in {None, project_id}:
        raise Forbidden("A key that is bound to a project makes keys for that project only.")
    return project_id


async def keys(tx: Transaction, organization_id: str) -> list[ApiKey]:
    """All keys of an organization, its sandbox keys too, newest first."""
    rows = await queries.page(tx, organization_id, None, {}, offset=0, limit=None)
    return await shown(tx, rows)


async def get(tx: Transaction, caller: Caller, key_id: str) -> ApiKey:
    return await _key(tx, caller.organization_id, caller.project_id, key_id)


async def change(
    tx: Transaction, caller: Caller, key_id: str, asked: ChangeApiKey, *, actor: Actor
) -> ApiKey:
    """Another name, other caps: they hold from the next request on, in every process."""
    row = await queries.lock(
        tx, caller.organization_id, caller.project_id, ids.parse("key", key_id)
    )
    if row is None:
        raise _no_key(key_id)
    name, caps = row["name"], SpendCap(row["cap_day"], row["cap_month"])
    changed: dict[str, Any] = {}
    if not isinstance(asked.name, UnsetType):
        name = asked.name.strip()
        if not name:
            raise ValidationFailed("name", "must not be blank")
        changed["name"] = name
    if not isinstance(asked.spend_cap, UnsetType):
        require_no_cap(caller, "change caps")
        caps = _changed(caps, asked.spend_cap)
        changed["spend_cap"] = caps
    await queries.change(
        tx, row["organization_id"], row["id"], name=name, cap_day=caps.day, cap_month=caps.month
    )
    await notify(tx, row["id"])
    await audit.record(tx, caller.organization_id, actor, "api_key.updated", row["id"], changed)
    return await get(tx, caller, row["id"])


def _changed(caps: SpendCap, asked: ChangeSpendCap | None) -> SpendCap:
    """A cap that isn't named stays: a guard over money doesn't go unnoticed."""
    if asked is None:
        return SpendCap()
    day = caps.day if isinstance(asked.day, UnsetType) else asked.day
    return SpendCap(day, caps.month if isinstance(asked.month, UnsetType) else asked.month)


async def revoke(
    tx: Transaction,
    organization_id: str,
    key_id: str,
    *,
    bound_to: str | None = None,
    actor: Actor = SERVER,
) -> ApiKey:
    """End a key at once, in every process; revoking twice is the same as once.

    `bound_to` is the project that the asking key is bound to: it ends that project's keys only.
    """
    key_id = ids.parse("key", key_id)
    if await queries.revoke(tx, organization_id, bound_to, key_id):
        await notify(tx, key_id)
        await audit.record(tx, organization_id, actor, "api_key.revoked", key_id)
    return await _key(tx, organization_id, bound_to, key_id)


async def revoke_of_project(
    tx: Transaction, organization_id: str, project_id: str, *, actor: Actor
) -> list[str]:
    """End every key that is bound to a project which is being deleted; answer their ids."""
    ended = await queries.revoke_of_project(tx, organization_id, project_id)
    for key_id in ended:
        await notify(tx, key_id)
        await audit.record(
            tx, organization_id, actor, "api_key.revoked", key_id, {"deleted_project": project_id}
        )
    return ended


async def shown(tx: Transaction, rows: Sequence[Row]) -> list[ApiKey]:
    """Rows with what their keys have used."""
    used = await credits.usage(
        tx, [row["id"] for row in rows], sorted({row["organization_id"] for row in rows})
    )
    return [ApiKey(**_fields(row, used[row["id"]])) for row in rows]


async def _key(tx: Transaction, organization_id: str, bound_to: str | None, key_id: str) -> ApiKey:
    row = await queries.find(tx, organization_id, bound_to, ids.parse("key", key_id))
    if row is None:
        raise _no_key(key_id)
    return (await shown(tx, [row]))[0]


def _no_key(key_id: str) -> NotFound:
    return NotFound(f"There is no key {key_id[:80]}.")


def expiry(text: str) -> datetime:
    """The moment that `90d`, `12h` or `30m` from now is."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValidationFailed("expires", "must be a duration such as 90d, 12h or 30m")
    return datetime.now(UTC) + int(match[1]) * _UNITS[match[2]]


def _fields(row: Row, usage: Usage) -> dict[str, Any]:
    made = {"status", "spend_cap", "usage"}
    fields: dict[str, Any] = {
        name: row[name] for name in ApiKey.__struct_fields__ if name not in made
    }
    expired = row["expires_at"] is not None and row["expires_at"] <= datetime.now(UTC)
    fields["status"] = "revoked" if row["revoked_at"] else "expired" if expired else "active"
    fields["spend_cap"] = SpendCap(row["cap_day"], row["cap_month"])
    fields["usage"] = usage
    return fields
