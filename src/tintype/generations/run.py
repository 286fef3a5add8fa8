"""One run of a generation: claim, draw, store, finish. At most one run's outcome ever counts.

A run holds a lease and renews it while the engine works. Losing it (a frozen process, a lost
database) means that another run may have started: everything made so far is discarded. Bytes are
stored before the finishing transaction, which settles credits, names images and publishes the event
together, or not at all.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from tintype import queue
from tintype.aliases import operations as aliases
from tintype.core import log
from tintype.core.errors import EngineUnavailable, TintypeError, Unavailable
from tintype.credits import operations as ledger
from tintype.db.pool import Row, Transaction
from tintype.engines.base import EngineFault, FaultCode
from tintype.fetch import FetchFailed
from tintype.generations import run_queries, views
from tintype.generations.making import make
from tintype.generations.metrics import attempt_failed, finished
from tintype.generations.models import FINISHING
from tintype.generations.studio import Studio
from tintype.generations.submit import ENTRYPOINT, publish
from tintype.generations.watch import LeaseLost, RunWatch, canceled, keep_lease
from tintype.images import operations as images
from tintype.images.intake import StoredPicture
from tintype.images.links import Links

DIED: Final = {
    "code": "PROVIDER_ERROR",
    "message": "The work was started several times and never finished; its credits came back.",
}
_INSIST_SECONDS: Final = 0.5
# How long storage or database get before the next attempt, and an engine at most.
_AWAY_SECONDS: Final = 2.0
_RETRY_AFTER_SECONDS_MAX: Final = 300.0
_TOO_EARLY: Final = timedelta(seconds=0.5)
_log = log.get("tintype.run")
_ERROR_CODES: Final = {
    "CONTENT_REJECTED": "CONTENT_REJECTED",
    "TIMEOUT": "PROVIDER_TIMEOUT",
    "UNSUPPORTED": "VALIDATION_FAILED",
    "INVALID_REQUEST": "VALIDATION_FAILED",
    "BAD_CREDENTIALS": "ENGINE_UNAVAILABLE",
}


async def run(studio: Studio, generation_id: str) -> timedelta | None:
    """Do the work behind a queue's ring; answer a delay when it should ring once more."""
    async with studio.gate.together():
        again = await _run(studio, generation_id, alone=False)
    if again != "alone":
        return again
    async with studio.gate.alone():
        again = await _run(studio, generation_id, alone=True)
    return _TOO_EARLY if again == "alone" else again


async def _run(
    studio: Studio, generation_id: str, *, alone: bool
) -> timedelta | Literal["alone"] | None:
    """As `run`; "alone" for work that killed its runs, or was near, and must not run beside any."""
    worker = studio.settings.worker
    lease = uuid4()
    async with studio.database.transaction() as tx:
        row = await run_queries.claim(
            tx, generation_id, lease, worker.lease_seconds, worker.attempts_max, alone=alone
        )
        if row is None:
            found = await run_queries.standing(tx, generation_id)
        else:
            await publish(
                tx, row["organization_id"], "generation.processing", views.to_generation(row, [])
            )
    if row is None:
        return await _not_claimed(studio, generation_id, found)
    studio.leases[generation_id] = lease
    try:
        await _attempt(studio, row, lease)
    except LeaseLost:
        _log.warning("lease lost, outcome discarded", generation=generation_id)
    finally:
        if studio.leases.get(generation_id) == lease:
            del studio.leases[generation_id]
    return None


async def _attempt(studio: Studio, row: Row, lease: UUID) -> None:
    """Make the pictures and write the outcome, whatever it is, while the lease is kept."""
    started = time.monotonic()
    watch = RunWatch()
    async with keep_lease(studio, row["id"], lease, watch):
        try:
            with watch.ending_after(studio.settings.worker.job_seconds_max) as deadline:
                async with asyncio.timeout_at(deadline):
                    pictures, timings = await make(studio, row, lease, watch)
            watch.raise_if_stopped()
            timings["total_ms"] = round((time.monotonic() - started) * 1000)
            await _insist(watch, partial(_complete, studio, row, lease, watch, pictures, timings))
        except LeaseLost:
            raise
        except Exception as fault:  # noqa: BLE001  Every way to fail is an outcome to write down.
            wrong = _judged(fault, watch)
            attempt_failed(row["model"], wrong.code)
            _log.warning("attempt failed", generation=row["id"], attempt=row["attempts"],
                         code=wrong.code, cause=log.where(wrong.__cause__))  # fmt: skip
            await _insist(watch, partial(_faulted, studio, row, lease, wrong))
        else:
            finished(row["model"], "completed", time.monotonic() - started)


async def _insist(watch: RunWatch, write: Callable[[], Awaitable[None]]) -> None:
    """Write an outcome, again while the database is away or busy and the lease is ours.

    The engine's work is dear: it is not thrown away for a moment's trouble of the database.
    """
    while True:
        try:
            return await write()
        except Unavailable as fault:
            _log.warning("outcome not written yet", cause=log.where(fault.__cause__))
            if watch.lost:
                raise LeaseLost from fault
            await asyncio.sleep(_INSIST_SECONDS)


def _judged(fault: Exception, watch: RunWatch) -> EngineFault:
    """What went wrong, as a fault whose words a client may see. Raises LeaseLost."""
    if watch.lost:
        raise LeaseLost from fault
    if watch.asked_to_cancel:
        return canceled()
    if watch.overdue:
        fault = TimeoutError()
    if isinstance(fault, EngineFault) and fault.code != "CANCELED":
        return fault
    match fault:
        case EngineFault():
            # Nobody asked for it: an engine must not end work that a client waits for.
            wrong = EngineFault("PROVIDER_ERROR", "The engine gave up.", retryable=True)
        case FetchFailed():
            # What a second try can't mend is the URL's fault, and so the request's.
            code: FaultCode = "PROVIDER_ERROR" if fault.retryable else "INVALID_REQUEST"
            wrong = EngineFault(code, fault.reason, retryable=fault.retryable)
        case EngineUnavailable():
            wrong = EngineFault("BAD_CREDENTIALS", fault.message)
        case Unavailable():
            wrong = EngineFault("PROVIDER_ERROR", fault.message, retryable=True,
                                retry_after_seconds=_AWAY_SECONDS)  # fmt: skip
        case TintypeError():
            wrong = EngineFault("PROVIDER_ERROR", fault.message)
        case TimeoutError():
            wrong = EngineFault("TIMEOUT", "The engine did not answer in time.")
        case _:
            wrong = EngineFault(
                "PROVIDER_ERROR", "The work failed in an unforeseen way.", retryable=True
            )
    wrong.__cause__ = fault
    return wrong


async def _complete(
    studio: Studio,
    row: Row,
    lease: UUID,
    watch: RunWatch,
    pictures: list[StoredPicture],
    timings: dict[str, int],
) -> None:
    """Image rows, aliases, the state, the credits and the event: one transaction.

    A cancel that was answered counts: it ends in a CANCELED fault, never in a picture.
    """
    organization_id = row["organization_id"]
    async with studio.database.transaction() as tx:
        if row["flow_id"]:
            await run_queries.keep_flow(tx, organization_id, row["flow_id"])
        locked = await run_queries.lock(tx, row["id"], lease)
        if locked is None:
            raise LeaseLost
        if locked["canceled"]:
            watch.cancel()
            watch.raise_if_stopped()
        made = []
        for variant, picture in enumerate(pictures):
            made.append(await images.add_generated(tx, organization_id, picture, {
                "livemode": row["livemode"], "project_id": row["project_id"],
                # Null if the flow was deleted meanwhile.
                "flow_id": locked["flow_id"], "generation_id": row["id"], "variant": variant,
                "prompt": row["prompt"] or None, "parent_id": _parent(row), "meta": {},
            }))  # fmt: skip
        done = await run_queries.complete(
            tx, row["id"], lease, credits_used=row["credits_reserved"], timings=timings,
            width=pictures[0].width, height=pictures[0].height,
        )  # fmt: skip
        assert done is not None
        await _name(tx, done, made[0]["id"])
        if done["hold_id"]:
            await ledger.settle(tx, organization_id, done["hold_id"], done["credits_used"])
        links = await _links(studio, tx, organization_id)
        (generation,) = await views.with_images(tx, organization_id, [done], links)
        await publish(tx, organization_id, "generation.completed", generation)


def _parent(row: Row) -> str | None:
    """The library's picture of which the result is another version."""
    return row["sources"][0].get("image_id") if row["kind"] in FINISHING else None


async def _name(tx: Transaction, done: Row, image_id: str) -> None:
    """Give the first picture the names that were asked for; the newest image takes a name over."""
    if done["alias"]:
        await aliases.set_project_alias(
            tx, done["organization_id"], done["project_id"], image_id, done["alias"]
        )
    # The flow may have been deleted meanwhile: then there is nothing to name it in.
    if done["flow_alias"] and done["flow_id"]:
        await aliases.assign(
            tx, done["organization_id"], done["flow_id"], done["flow_alias"], image_id
        )


async def _faulted(studio: Studio, row: Row, lease: UUID, fault: EngineFault) -> None:
    """Cancel, try again a little later, or fail and give the credits back."""
    if fault.code == "CANCELED":
        await end(studio, row["id"], lease, "canceled", None)
        return
    worker = studio.settings.worker
    error = {"code": _ERROR_CODES.get(fault.code, "PROVIDER_ERROR"), "message": fault.message}
    if fault.retryable and row["attempts"] < worker.attempts_max:
        growing = worker.retry_seconds * 2 ** (row["attempts"] - 1)
        asked = min(fault.retry_after_seconds or 0, _RETRY_AFTER_SECONDS_MAX)
        delay = timedelta(seconds=max(growing, asked))
        await _put_back(studio, row["id"], lease, delay, error, uncounted=False)
        return
    await end(studio, row["id"], lease, "failed", error)


async def _put_back(
    studio: Studio,
    generation_id: str,
    lease: UUID,
    delay: timedelta,
    error: dict[str, Any] | None,
    *,
    uncounted: bool,
) -> None:
    """Queue our work again, with its ring; work that is to be canceled ends instead."""
    async with studio.database.transaction() as tx:
        if await run_queries.put_back(tx, generation_id, lease, delay, error, uncounted=uncounted):
            await queue.ring_again(tx, ENTRYPOINT, generation_id, delay=delay)
            return
    await end(studio, generation_id, lease, "canceled", None)


async def end(
    studio: Studio,
    generation_id: str,
    lease: UUID | None,
    status: str,
    error: dict[str, Any] | None,
) -> bool:
    """Fail or cancel work and release its hold; False when it wasn't ours to end."""
    async with studio.database.transaction() as tx:
        row = await run_queries.end(tx, generation_id, lease, status, error)
        if row is None:
            return False
        if row["hold_id"]:
            await ledger.release(tx, row["organization_id"], row["hold_id"])
        await publish(
            tx, row["organization_id"], f"generation.{status}", views.to_generation(row, [])
        )
    finished(row["model"], status, None)
    return True


async def _not_claimed(
    studio: Studio, generation_id: str, found: Row | None
) -> timedelta | Literal["alone"] | None:
    """There was nothing to take: done already, to be canceled, not due yet, or in other hands."""
    if found is None or found["status"] not in {"queued", "processing"}:
        return None
    left = studio.settings.worker.attempts_max - found["attempts"]
    if found["canceled"] and await end(studio, generation_id, None, "canceled", None):
        return None
    if left <= 0 and await end(studio, generation_id, None, "failed", DIED):
        return None
    if left == 1 and found["status"] == "processing" and not found["wait"]:
        return "alone"
    # The ring of a run that died comes before its lease is over; then it is needed once more.
    wait: timedelta = max(found["wait"], _TOO_EARLY)
    return wait


async def give_back(studio: Studio) -> None:
    """At a shutdown whose grace is over: return this process's work to the queue at once."""
    returns = [
        _put_back(studio, generation_id, lease, timedelta(0), None, uncounted=True)
        for generation_id, lease in studio.leases.items()
    ]
    for outcome in await asyncio.gather(*returns, return_exceptions=True):
        if isinstance(outcome, Exception):
            _log.warning("work not given back", fault=type(outcome).__name__)


async def _links(studio: Studio, tx: Transaction, organization_id: str) -> Links:
    row = await run_queries.organization(tx, organization_id)
    secret = row["signing_secret"] if row["private_media"] else None
    return Links(studio.settings.public_url, secret)
