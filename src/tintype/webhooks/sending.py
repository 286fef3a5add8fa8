"""One lane worked through: claim, post, record, until nothing is due.

A lane is an endpoint, or one origin that requests of an organization named. Each has a run of its
own, so a slow one takes nobody's time but its own. A run sends a few at once, more as long as all
goes well, one after a failure. A claim is a lease in the delivery's row: a worker that dies in the
middle of a post leaves a delivery that is due again when the lease is over, under the same
`webhook-id`. Outcomes are written many in one statement, together with the next claim.

An endpoint's run that has nothing left waits a moment for more before it gives up its ring: where
events come one after the other, taking a job for each would cost as much again as sending it.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from standardwebhooks import Webhook

from tintype import queue
from tintype.core import log
from tintype.core.errors import Unavailable
from tintype.core.vault import Sealed, Vault
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.webhooks import queries, run_queries, signing
from tintype.webhooks.courier import Courier
from tintype.webhooks.fanout import FAILING, PROMPT, set_within
from tintype.webhooks.models import TEST
from tintype.webhooks.posting import GONE, Outcome, post

AT_ONCE_MAX: Final = 16
_AT_ONCE_FIRST: Final = 4
_IDLE_SECONDS: Final = 0.2
# What a lease has beyond the longest post, for a process that is short of breath.
_LEASE_MORE_SECONDS: Final = 15.0
# Those that end together are written together.
_LINGER_SECONDS: Final = 0.02
_AWAY_SECONDS: Final = 0.5
_SEALED_DELAY: Final = timedelta(minutes=1)
_SLOW_MILLISECONDS: Final = 1000
_log = log.get("tintype.webhooks")


@dataclass(slots=True)
class _Run:
    """What a run goes by; `signers` are those of `sealed`, made once.

    `drained`: the last claim found less than was asked for; `idled`: and no more came within a
    moment. `healthy`: a success is no news.
    """

    courier: Courier
    entrypoint: str
    lane: str
    claim: UUID
    at_once: int
    sealed: tuple[bytes | None, ...] = ()
    signers: tuple[Webhook, ...] = ()
    drained: bool = False
    idled: bool = False
    healthy: bool = True
    leaving: bool = False

    @property
    def is_endpoint(self) -> bool:
        return self.lane.startswith("whe_")

    @property
    def may_idle(self) -> bool:
        ending = self.idled or self.leaving or self.courier.stopping.is_set()
        return self.is_endpoint and self.entrypoint == PROMPT and not ending


async def work(courier: Courier, entrypoint: str, lane: str) -> timedelta | None:
    """Send what is due in a lane; answers a delay only where it can't be signed for now."""
    at_once = 1 if entrypoint == FAILING else _AT_ONCE_FIRST
    run = _Run(courier, entrypoint, lane, uuid4(), at_once)
    async with courier.signals.subscribe(lane) as told:
        return await _work(run, told)


async def _work(run: _Run, told: asyncio.Event) -> timedelta | None:
    posts: set[asyncio.Task[Outcome]] = set()
    ended: list[Outcome] = []
    while True:
        run.drained = run.drained and not told.is_set()
        told.clear()
        try:
            due = await _step(run, ended, free=run.at_once - len(posts), alone=not posts)
        except Sealed as fault:
            _log.error("webhook secret can't be opened", lane=run.lane, fault=str(fault))
            return _SEALED_DELAY
        except Unavailable:
            await asyncio.sleep(_AWAY_SECONDS)
            continue
        posts |= {asyncio.create_task(post(run.courier, run.signers, row)) for row in due}
        ended = []
        if not posts and run.may_idle:
            run.idled = not await set_within(told, _IDLE_SECONDS)
            run.drained = run.idled
            continue
        if not posts:
            if not await _goes_on(run):
                return None
            continue
        if run.courier.stopping.is_set():
            await _leave(run, posts)
            return None
        ended = await _some(posts, run.courier.stopping)
        _adapt(run, ended)


async def _step(run: _Run, ended: Sequence[Outcome], *, free: int, alone: bool) -> list[Row]:
    """Write what ended and claim what is due; with nothing left, give up the ring: one commit."""
    async with run.courier.database.transaction() as tx:
        if ended:
            await _record(tx, run, ended)
        due: list[Row] = []
        ending = run.leaving or run.courier.stopping.is_set() or (alone and run.drained)
        if free > 0 and not ending:
            due = await _claim(tx, run, free)
        if alone and not due and not run.may_idle:
            await queue.let_go(tx, run.entrypoint, run.lane)
        return due


async def _claim(tx: Transaction, run: _Run, free: int) -> list[Row]:
    if not run.is_endpoint and not run.sealed:
        fresh = run.courier.vault.seal(signing.new_secret().encode())
        await queries.own_secret(tx, run.lane.partition(":")[0], fresh)
    lease = run.courier.settings.seconds_max + _LEASE_MORE_SECONDS
    due = await run_queries.claim(tx, run.lane, run.claim, lease, free)
    run.drained = len(due) < free
    run.idled = run.idled and not due
    if due:
        run.healthy = due[0]["healthy"]
        sealed = (due[0]["secret"], due[0]["previous_secret"])
        if sealed != run.sealed:
            run.sealed, run.signers = sealed, _signers(run.courier.vault, *sealed)
    return due


def _signers(vault: Vault, secret: bytes, previous_secret: bytes | None) -> tuple[Webhook, ...]:
    """Raises Sealed for the present secret only: one in place of a lost one must do its work."""
    signers = [signing.signer(vault.unseal(secret).decode())]
    if previous_secret is not None:
        with contextlib.suppress(Sealed):
            signers.append(signing.signer(vault.unseal(previous_secret).decode()))
    return tuple(signers)


async def _record(tx: Transaction, run: _Run, ended: Sequence[Outcome]) -> None:
    failed = not all(it.delivered for it in ended)
    if run.is_endpoint and (failed or not run.healthy):
        reason = await run_queries.mark(
            tx, run.lane, succeeded=any(it.delivered for it in ended), failed=failed,
            gone=any(it.status == GONE for it in ended),
            failing_days=run.courier.settings.failing_days,
        )  # fmt: skip
        if reason is not None:
            _log.warning("webhook endpoint switched off", endpoint=run.lane, reason=reason)
    written = await run_queries.record(
        tx, run.claim,
        ids=[it.delivery_id for it in ended], started_at=[it.started_at for it in ended],
        milliseconds=[it.milliseconds for it in ended], status=[it.status for it in ended],
        error=[it.error for it in ended], answer=[it.answer for it in ended],
        outcome=[it.outcome for it in ended], delay=[it.delay for it in ended],
    )  # fmt: skip
    if written < len(ended):
        _log.warning("webhooks sent under a lost lease", lane=run.lane, lost=len(ended) - written)
    for it in ended:
        if it.type == TEST:
            # Someone may be waiting to see how it went.
            await notify(tx, it.delivery_id)


async def _some(posts: set[asyncio.Task[Outcome]], stopping: asyncio.Event) -> list[Outcome]:
    """Wait for an end, a moment longer for those that end with it, and take them out of `posts`."""
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({*posts, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not all(it.done() for it in posts):
            await asyncio.wait(posts, timeout=_LINGER_SECONDS)
    finally:
        stop.cancel()
    done = {it for it in posts if it.done()}
    posts -= done
    return [it.result() for it in done]


def _adapt(run: _Run, ended: Sequence[Outcome]) -> None:
    """More at once while all goes well, one after a failure.

    A run leaves its place after a slow failure, or when its lane is no longer one of the prompt.
    """
    if all(it.delivered for it in ended):
        if ended:
            run.at_once = min(2 * run.at_once, AT_ONCE_MAX)
        return
    run.at_once = 1
    slow = any(it.milliseconds >= _SLOW_MILLISECONDS for it in ended if not it.delivered)
    run.leaving = run.leaving or slow or run.entrypoint == PROMPT


async def _goes_on(run: _Run) -> bool:
    """The ring was given up: what came before is seen now, what comes later rings anew.

    A run that leaves has its successor here, in the places of those that fail.
    """
    async with run.courier.database.reading() as tx:
        due = await run_queries.is_due(tx, run.lane)
    run.drained = False
    if not due or run.courier.stopping.is_set():
        return False
    if run.leaving:
        async with run.courier.database.transaction() as tx:
            await queue.enqueue(tx, FAILING, run.lane)
    return not run.leaving


async def _leave(run: _Run, posts: set[asyncio.Task[Outcome]]) -> None:
    """At a stop: a moment for the posts under way; what has no answer by then is another's."""
    await asyncio.wait(posts, timeout=run.courier.stop_seconds)
    ended = [it.result() for it in posts if it.done()]
    for it in posts:
        it.cancel()
    await asyncio.gather(*posts, return_exceptions=True)
    async with run.courier.database.transaction() as tx:
        if ended:
            await _record(tx, run, ended)
        await run_queries.give_back(tx, run.lane, run.claim)
        await queue.let_go(tx, run.entrypoint, run.lane)
