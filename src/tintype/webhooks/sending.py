"""One lane worked through: claim, post, record, until nothing is due or its turn is over.

A lane is an endpoint, or one origin that requests of an organization named. Each has a run of its
own, which sends a few at once, more as long as all goes well, one after a failure. A run has a turn
of a second: then it ends what is under way, gives up its place and rings for its lane anew, so that
lanes go round where there are more of them than places. Lanes that are slow to answer, well or not,
go round in the places of those that fail.

A claim is a lease in the delivery's row: a worker that dies in the middle of a post leaves a
delivery that is due again when the lease is over, under the same `webhook-id`. Outcomes are written
many in one statement, together with the next claim.

An endpoint's run that has nothing left waits a moment for more before it gives up its ring: where
events come one after the other, taking a job for each would cost as much again as sending it.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
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
from tintype.webhooks.models import LOST, TEST
from tintype.webhooks.posting import GONE, Outcome, post

AT_ONCE_MAX: Final = 16
_AT_ONCE_FIRST: Final = 4
_IDLE_SECONDS: Final = 0.2
# What a lease has beyond the longest post, for a process that is short of breath.
_LEASE_MORE_SECONDS: Final = 15.0
# Those that end together are written together.
_LINGER_SECONDS: Final = 0.02
_AWAY_SECONDS: Final = 0.5
_SEALED_SECONDS: Final = 300.0
_SLOW_MILLISECONDS: Final = 1000
_TURN_SECONDS: Final = 1.0
_log = log.get("tintype.webhooks")


@dataclass(slots=True)
class _Run:
    """What a run goes by; `signers` are those of `sealed`, made once.

    `drained`: the last claim found less than was asked for; `idled`: and no more came within a
    moment. `healthy`: a success is no news. `over`: the turn is, as of this round. `leaving`: what
    is left is for the places of those that fail.
    """

    courier: Courier
    entrypoint: str
    lane: str
    claim: UUID
    at_once: int
    turn_ends: float
    over: bool = False
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
    def ending(self) -> bool:
        return self.over or self.leaving or self.courier.stopping.is_set()

    @property
    def may_idle(self) -> bool:
        may = self.is_endpoint and self.entrypoint == PROMPT
        return may and not self.idled and not self.ending


async def work(courier: Courier, entrypoint: str, lane: str) -> None:
    """Send what is due in a lane, for a turn."""
    slow = courier.slow.at_once(lane)
    if slow and entrypoint == PROMPT:
        await _move(courier, lane)
        return
    at_once = slow or (1 if entrypoint == FAILING else _AT_ONCE_FIRST)
    run = _Run(courier, entrypoint, lane, uuid4(), at_once, time.monotonic() + _TURN_SECONDS)
    async with courier.signals.subscribe(lane) as told:
        posts: set[asyncio.Task[Outcome]] = set()
        try:
            await _work(run, told, posts)
        finally:
            for it in posts:
                it.cancel()
            await asyncio.gather(*posts, return_exceptions=True)


async def _work(run: _Run, told: asyncio.Event, posts: set[asyncio.Task[Outcome]]) -> None:
    """`posts` are those under way; what is left in it at the end has no more use."""
    ended: list[Outcome] = []
    while True:
        run.drained = run.drained and not told.is_set()
        told.clear()
        # Once for the whole round: giving up the ring and going on are decided by the same.
        run.over = time.monotonic() >= run.turn_ends
        try:
            due = await _step(run, ended, free=run.at_once - len(posts), alone=not posts)
        except Sealed as fault:
            _log.error("webhook secret can't be opened", lane=run.lane, fault=str(fault))
            await _hold_up(run, ended)
            return
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
                return
            continue
        if run.courier.stopping.is_set():
            await _leave(run, posts)
            return
        ended = await _some(posts, run.courier.stopping)
        _adapt(run, ended)


async def _step(run: _Run, ended: Sequence[Outcome], *, free: int, alone: bool) -> list[Row]:
    """Write what ended and claim what is due; with nothing left, give up the ring: one commit."""
    async with run.courier.database.transaction() as tx:
        if ended:
            await _record(tx, run, ended)
        due: list[Row] = []
        if free > 0 and not run.ending and not (alone and run.drained):
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


async def _hold_up(run: _Run, ended: Sequence[Outcome]) -> None:
    """Nothing can be signed for now: say so, and give up the ring."""
    async with run.courier.database.transaction() as tx:
        if ended:
            await _record(tx, run, ended)
        await run_queries.hold_up(tx, run.lane, LOST, _SEALED_SECONDS)
        await queue.let_go(tx, run.entrypoint, run.lane)


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

    A lane that fails or is slow is no longer one of the prompt.
    """
    if not ended:
        return
    well = all(it.delivered for it in ended)
    run.at_once = min(2 * run.at_once, AT_ONCE_MAX) if well else 1
    slow = any(it.milliseconds >= _SLOW_MILLISECONDS for it in ended)
    if slow:
        run.courier.slow.note(run.lane, run.at_once)
    elif well:
        run.courier.slow.forget(run.lane)
    run.leaving = run.leaving or (run.entrypoint == PROMPT and (slow or not well))


async def _goes_on(run: _Run) -> bool:
    """The ring was given up: what came before is seen now, what comes later rings anew.

    A run whose turn is over has its successor here, behind those that wait; one that leaves has it
    in the places of those that fail.
    """
    async with run.courier.database.reading() as tx:
        due = await run_queries.is_due(tx, run.lane)
    run.drained = False
    if not due or run.courier.stopping.is_set():
        return False
    if not run.ending:
        return True
    async with run.courier.database.transaction() as tx:
        await queue.enqueue(tx, FAILING if run.leaving else run.entrypoint, run.lane)
    return False


async def _move(courier: Courier, lane: str) -> None:
    """From the places of the prompt to those of lanes that fail, before anything is sent."""
    async with courier.database.transaction() as tx:
        await queue.let_go(tx, PROMPT, lane)
        await queue.enqueue(tx, FAILING, lane)


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
