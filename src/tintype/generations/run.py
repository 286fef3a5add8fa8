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
from tintype.accounts.models import concurrency_limits
from tintype.aliases import operations as aliases
from tintype.batches import operations as batches
from tintype.core import log
from tintype.core.errors import Unavailable
from tintype.credits import operations as ledger
from tintype.db.pool import Row, Transaction
from tintype.engines.base import EngineFault
from tintype.generations import run_queries, views
from tintype.generations.faults import delay_seconds, error_of, judged
from tintype.generations.making import Made, make
from tintype.generations.metrics import attempt_failed, finished
from tintype.generations.models import FINISHING
from tintype.generations.places import release
from tintype.generations.submit import entrypoint, publish, publish_end
from tintype.generations.watch import LeaseLost, RunWatch, keep_lease
from tintype.generations.workshop import Workshop
from tintype.images import operations as images
from tintype.images import pictures
from tintype.images.links import Links
from tintype.images.models import Image
from tintype.videos import operations as videos
from tintype.videos.models import Video

DIED: Final = {
    "code": "PROVIDER_ERROR",
    "message": "The work was started several times and never finished; its credits came back.",
}
_INSIST_SECONDS: Final = 0.5
_TOO_EARLY: Final = timedelta(seconds=0.5)
_log = log.get("tintype.run")


async def run(workshop: Workshop, generation_id: str) -> timedelta | None:
    """Do the work behind a queue's ring; answer a delay when it should ring once more."""
    async with workshop.gate.together():
        again = await _run(workshop, generation_id, alone=False)
    if again != "alone":
        return again
    async with workshop.gate.alone():
        again = await _run(workshop, generation_id, alone=True)
    return _TOO_EARLY if again == "alone" else again


async def _run(
    workshop: Workshop, generation_id: str, *, alone: bool
) -> timedelta | Literal["alone"] | None:
    """As `run`; "alone" for work that killed its runs, or was near, and must not run beside any."""
    lease = uuid4()
    async with workshop.database.transaction() as tx:
        row, places, found = await _claimed(workshop, tx, generation_id, lease, alone=alone)
    if found is not None and found["parked"]:
        return None
    try:
        if row is None:
            return await _not_claimed(workshop, generation_id, found)
        await _leased(workshop, row, lease)
        return None
    finally:
        if places is not None:
            await release(workshop.database, places["organization_id"])


async def _claimed(
    workshop: Workshop, tx: Transaction, generation_id: str, lease: UUID, *, alone: bool
) -> tuple[Row | None, Row | None, Row | None]:
    """The work, if it could be taken; its places, where they are counted; and else how it stands.

    Work that lacks nothing but a place is parked.
    """
    worker = workshop.settings.worker
    limits = concurrency_limits()
    claim = partial(
        run_queries.claim, tx, generation_id, lease, worker.lease_seconds, worker.attempts_max,
        limits, alone=alone,
    )  # fmt: skip
    places, found = None, None
    row = await claim()
    if row is None:
        at = await run_queries.places(tx, generation_id, limits)
        places = at if at is not None and at["places"] is not None else None
        if places is not None:
            row = await claim(in_turn=True)
    if row is None:
        found = await run_queries.standing(tx, generation_id, places and places["places"])
        if found is not None and _only_wants_a_place(found, worker.attempts_max):
            found = await run_queries.park(tx, generation_id)
    else:
        generation = views.to_generation(row, [])
        await publish(tx, row["organization_id"], "generation.processing", generation)
    return row, places, found


def _only_wants_a_place(found: Row, attempts_max: int) -> bool:
    """Whether work that could not be taken is due, and lacks nothing but a place."""
    return bool(
        found["full"] and found["status"] == "queued" and not found["canceled"]
        and not found["wait"] and found["attempts"] < attempts_max
    )  # fmt: skip


async def _leased(workshop: Workshop, row: Row, lease: UUID) -> None:
    generation_id = row["id"]
    workshop.leases[generation_id] = lease
    try:
        await _attempt(workshop, row, lease)
    except LeaseLost:
        _log.warning("lease lost, outcome discarded", generation=generation_id)
    finally:
        if workshop.leases.get(generation_id) == lease:
            del workshop.leases[generation_id]


async def _attempt(workshop: Workshop, row: Row, lease: UUID) -> None:
    """Make the pictures and write the outcome, whatever it is, while the lease is kept."""
    started = time.monotonic()
    watch = RunWatch()
    async with keep_lease(workshop, row["id"], lease, watch):
        try:
            with watch.ending_after(workshop.settings.worker.job_seconds_max) as deadline:
                made = await make(workshop, row, lease, watch, deadline)
            watch.raise_if_stopped()
            made.timings["total_ms"] = round((time.monotonic() - started) * 1000)
            await _insist(watch, partial(_complete, workshop, row, lease, watch, made))
        except LeaseLost:
            raise
        except Exception as fault:  # noqa: BLE001  Every way to fail is an outcome to write down.
            wrong = judged(fault, watch)
            attempt_failed(row["model"], wrong.code)
            _log.warning("attempt failed", generation=row["id"], attempt=row["attempts"],
                         code=wrong.code, cause=log.where(wrong.__cause__))  # fmt: skip
            await _insist(watch, partial(_faulted, workshop, row, lease, wrong))
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


async def _complete(
    workshop: Workshop,
    row: Row,
    lease: UUID,
    watch: RunWatch,
    made: Made,
) -> None:
    """The rows of pictures or film, aliases, state, credits and event: one transaction.

    Only what was delivered is paid for: each variant has the same share of the price.
    A cancel that was answered counts: it ends in a CANCELED fault, never in a picture.
    """
    organization_id = row["organization_id"]
    async with workshop.database.transaction() as tx:
        if row["flow_id"]:
            await run_queries.keep_flow(tx, organization_id, row["flow_id"])
        delivered = row["variants"] - len(made.faults)
        width, height = made.size
        done = await run_queries.complete(
            tx, row["id"], lease,
            credits_used=row["credits_reserved"] * delivered // row["variants"],
            timings=made.timings, faults=made.faults, width=width, height=height,
            notes=made.notes,
        )  # fmt: skip
        if done is None:
            if await run_queries.still_held(tx, row["id"], lease) is None:
                raise LeaseLost
            watch.cancel()
            watch.raise_if_stopped()
            raise AssertionError("a canceled run is stopped")
        links = Links(
            workshop.settings.public_url, row["signing_secret"] if row["private_media"] else None
        )
        shown, film = await _shown(tx, done, made, links)
        if len(shown) < len(made.pictures):
            # What was deleted while it was made is not delivered.
            done = await run_queries.charge(
                tx, row["id"], row["credits_reserved"] * len(shown) // row["variants"]
            )
        if shown and (done["alias"] or done["flow_alias"]):
            await _name(tx, done, shown[0].id)
            (generation,) = await views.with_images(tx, organization_id, [done], links)
        else:
            generation = views.to_generation(done, shown, film)
        if done["hold_id"]:
            await ledger.settle(
                tx, organization_id, done["hold_id"], done["credits_used"], guarded=True
            )
        await publish(
            tx, organization_id, "generation.completed", generation, reel=videos.is_reel(done)
        )
        if film is not None:
            await videos.tell(tx, done, "video.completed", links)
        await batches.tally(
            tx, organization_id, done["batch_id"], "completed", done["credits_used"],
            started_at=done["started_at"],
        )  # fmt: skip


async def _shown(
    tx: Transaction, done: Row, made: Made, links: Links
) -> tuple[list[Image], Video | None]:
    """Make the rows of what was made. The work's flow is null if it was deleted meanwhile."""
    organization_id = done["organization_id"]
    common = {
        "livemode": done["livemode"], "project_id": done["project_id"], "generation_id": done["id"],
        "meta": {},
    }  # fmt: skip
    film = None
    if made.film is not None:
        film = videos.to_video(await videos.add(tx, organization_id, made.film, common), links)
    if done["kind"] == "enhancement":
        return await pictures.fill(tx, done, made.pictures, made.faults, links), film
    parent_id = _parent(done)
    root_id, version = await pictures.line_of(
        tx, organization_id, parent_id, done["project_id"]
    )  # fmt: skip
    shown = []
    for variant, picture in made.pictures.items():
        image = await images.add_generated(tx, organization_id, picture, {
            **common, "flow_id": done["flow_id"], "variant": variant, "parent_id": parent_id,
            "root_id": root_id, "version": version, "prompt": done["prompt"] or None,
        })  # fmt: skip
        shown.append(images.to_image(image, links))
    return shown, film


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


async def _faulted(workshop: Workshop, row: Row, lease: UUID, fault: EngineFault) -> None:
    """Cancel, try again a little later, or fail and give the credits back."""
    if fault.code == "CANCELED":
        await end(workshop, row["id"], lease, "canceled", None)
        return
    worker = workshop.settings.worker
    error = error_of(fault)
    if fault.retryable and row["attempts"] < worker.attempts_max:
        delay = timedelta(seconds=delay_seconds(fault, row["attempts"], worker.retry_seconds))
        await _put_back(workshop, row["id"], lease, delay, error, uncounted=False)
        return
    await end(workshop, row["id"], lease, "failed", error)


async def _put_back(
    workshop: Workshop,
    generation_id: str,
    lease: UUID,
    delay: timedelta,
    error: dict[str, Any] | None,
    *,
    uncounted: bool,
) -> None:
    """Queue our work again, with its ring; work that is to be canceled ends instead."""
    async with workshop.database.transaction() as tx:
        engine = await run_queries.put_back(
            tx, generation_id, lease, delay, error, uncounted=uncounted
        )
        if engine is not None:
            await queue.ring_again(tx, entrypoint(engine), generation_id, delay=delay)
            return
    await end(workshop, generation_id, lease, "canceled", None)


async def end(
    workshop: Workshop,
    generation_id: str,
    lease: UUID | None,
    status: Literal["failed", "canceled"],
    error: dict[str, Any] | None,
) -> bool:
    """Fail or cancel work and release its hold; False when it wasn't ours to end."""
    async with workshop.database.transaction() as tx:
        row = await run_queries.end(tx, generation_id, lease, status, error)
        if row is None:
            return False
        if row["kind"] == "enhancement":
            await pictures.end_of_work(tx, row["organization_id"], row["id"], status, error)
        if row["hold_id"]:
            await ledger.release(tx, row["organization_id"], row["hold_id"], guarded=True)
        await publish_end(tx, row)
        await batches.tally(
            tx, row["organization_id"], row["batch_id"], status, started_at=row["started_at"]
        )
    finished(row["model"], status, None)
    return True


async def _not_claimed(
    workshop: Workshop, generation_id: str, found: Row | None
) -> timedelta | Literal["alone"] | None:
    """There was nothing to take: done already, to be canceled, not due yet, or in other hands."""
    if found is None or found["status"] not in {"queued", "processing"}:
        return None
    left = workshop.settings.worker.attempts_max - found["attempts"]
    if found["canceled"] and await end(workshop, generation_id, None, "canceled", None):
        return None
    if left <= 0 and await end(workshop, generation_id, None, "failed", DIED):
        return None
    if left == 1 and found["status"] == "processing" and not found["wait"]:
        return "alone"
    # The ring of a run that died comes before its lease is over; then it is needed once more.
    wait: timedelta = max(found["wait"], _TOO_EARLY)
    return wait


async def give_back(workshop: Workshop) -> None:
    """At a shutdown whose grace is over: return this process's work to the queue at once."""
    returns = [
        _put_back(workshop, generation_id, lease, timedelta(0), None, uncounted=True)
        for generation_id, lease in workshop.leases.items()
    ]
    for outcome in await asyncio.gather(*returns, return_exceptions=True):
        if isinstance(outcome, Exception):
            _log.warning("work not given back", fault=type(outcome).__name__)
