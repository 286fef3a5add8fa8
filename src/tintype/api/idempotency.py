"""`write()`: the one place where a request's transaction opens, and where `Idempotency-Key` acts.

The key is claimed in the transaction of the work itself, so only what committed is remembered: a
request that failed for any reason may be sent again, corrected, under the same key. Twins wait for
the first one's commit on the key's row and then replay it; a replay of created work answers that
work's present state, so a dropped connection costs neither a second charge nor the result.

The semantics are those of draft-ietf-httpapi-idempotency-key-header-07 and Stripe's API.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from tintype.api import queries
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.core.caller import Caller
from tintype.core.errors import (
    Conflict,
    IdempotencyInProgress,
    IdempotencyMismatch,
    ValidationFailed,
)
from tintype.core.vault import Sealed, Vault
from tintype.db.pool import LockNotAvailable, Row, Transaction

T = TypeVar("T")
Act = Callable[[Transaction], Awaitable[Answer[T]]]
Reattach = Callable[[str], Awaitable[Answer[T]]]


async def write(
    request: AnyRequest,
    caller: Caller,
    payload: Any,
    act: Act[T],
    *,
    work_id: Callable[[T], str] | None = None,
    reattach: Reattach[T] | None = None,
    sealed: bool = False,
) -> Answer[T]:
    """Run `act` in one transaction, once per `Idempotency-Key`.

    `payload` is the decoded request, for the fingerprint. Where the request creates work,
    `work_id` names it in the answer and `reattach` answers its present state on a replay.
    An answer that holds a secret is remembered `sealed`.
    """
    key = _key(request)
    database = parts(request).database
    if key is None:
        async with database.transaction() as tx:
            return await act(tx)
    fingerprint = _fingerprint(request, payload)
    async with database.transaction() as tx:
        await queries.limit_lock_wait(tx)
        if await _claim(tx, caller, key, fingerprint):
            await queries.usual_lock_wait(tx)
            answer = await act(tx)
            vault = parts(request).vault if sealed else None
            await _remember(tx, caller, key, answer, work_id, vault)
            return answer
        replayed = await queries.remembered(tx, caller.organization_id, key)
    if replayed is None:
        raise IdempotencyInProgress
    if replayed["fingerprint"] != fingerprint:
        raise IdempotencyMismatch
    return await _replay(replayed, reattach, parts(request).vault)


async def _claim(tx: Transaction, caller: Caller, key: str, fingerprint: bytes) -> bool:
    try:
        return await queries.claim_key(tx, caller.organization_id, key, fingerprint)
    except LockNotAvailable as fault:
        raise IdempotencyInProgress from fault


async def _remember(
    tx: Transaction,
    caller: Caller,
    key: str,
    answer: Answer[T],
    work_id: Callable[[T], str] | None,
    vault: Vault | None,
) -> None:
    body = msgspec.json.encode(answer.content)
    headers: dict[str, Any] = {"headers": dict(answer.headers)}
    if answer.credits_used is not None:
        headers["credits_used"] = answer.credits_used
    if vault is not None:
        headers["sealed"] = True
        body = vault.seal(body)
    await queries.remember(
        tx, caller.organization_id, key,
        status=answer.status_code or 200,
        headers=headers,
        body=body,
        work_id=work_id(answer.content) if work_id else None,
    )  # fmt: skip


async def _replay(row: Row, reattach: Reattach[T] | None, vault: Vault) -> Answer[T]:
    if row["work_id"] is not None and reattach is not None:
        answer = await reattach(row["work_id"])
    else:
        stored: Any = msgspec.Raw(_opened(row, vault))
        answer = Answer(
            stored,
            status=row["status"],
            headers=row["headers"]["headers"],
            credits_used=row["headers"].get("credits_used"),
        )
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _opened(row: Row, vault: Vault) -> bytes:
    body: bytes = row["body"]
    if not row["headers"].get("sealed"):
        return body
    try:
        return vault.unseal(body)
    except Sealed as fault:
        raise Conflict(
            "This was done already, and its answer can't be shown again: the server's own secret"
            " has changed since."
        ) from fault


def _key(request: AnyRequest) -> str | None:
    values = request.headers.getall("idempotency-key", [])
    if not values:
        return None
    value: str = values[0]
    if len(values) > 1:
        raise ValidationFailed("Idempotency-Key", "is given twice")
    if not 1 <= len(value) <= 255 or not (value.isascii() and value.isprintable()):  # noqa: PLR2004
        raise ValidationFailed("Idempotency-Key", "must be 1 to 255 printable ASCII characters")
    return value


def _fingerprint(request: AnyRequest, payload: Any) -> bytes:
    """Hash of what was asked: key order, spaces, spelling of names and the mount don't matter."""
    path = request.scope["path"].removeprefix("/api")
    asked = (request.method, path, request.scope["query_string"].decode("latin-1"), payload)
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).digest()
