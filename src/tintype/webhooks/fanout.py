"""From the log to deliveries: who is to be told of each event, and the rings that set it going.

One process at a time reads on behind a stored cursor, up to the oldest transaction that is still
open: no event is passed over, however late it was committed, and none is fanned out twice. Requests
pay nothing for it. A ring comes after the commit of what it rings for, and a run that ends gives up
its own ring before it looks for the last time (`sending.py`): so nothing waits for a lost one. Time
makes things due as well (retries, leases of dead workers): lanes with due work and no ring are
looked for every second.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tintype import queue
from tintype.core import ids, log
from tintype.core.errors import Unavailable
from tintype.db.listen import CHANNEL
from tintype.db.pool import Row
from tintype.events.operations import WANTED
from tintype.webhooks import metrics, queries, run_queries, targets
from tintype.webhooks.courier import Courier
from tintype.webhooks.models import TEST
from tintype.webhooks.operations import DUE

# Those that have been failing have places of their own, so that they take none of the others'.
PROMPT: Final = "webhook"
FAILING: Final = "webhook_failing"
_PAGE: Final = 200
_LANES: Final = 1000
_LOOK_SECONDS: Final = 1.0
# Between two looks, however many events come; it grows while an open transaction is waited for.
_GAP_SECONDS: Final = 0.005
_QUIET_SECONDS: Final = 0.1
_AWAY_SECONDS: Final = 0.5
_SWEEP_SHARE: Final = 20
_log = log.get("tintype.webhooks")


@dataclass(slots=True)
class Look:
    """What one look at the log found.

    `endpoints`: there are any. `behind`: events wait for an older transaction to end. `moved`: some
    were read; `whole_page`: there may be more at once.
    """

    endpoints: bool = True
    behind: bool = False
    moved: bool = False
    whole_page: bool = False


async def read_the_log(courier: Courier) -> None:
    """Fan out for as long as the process lives."""
    woken = asyncio.Event()
    seen = Look()

    def heard(subject_id: str | None) -> None:
        # Where nobody wants to be told, only an event with an address of its own is worth a look;
        # and none of our own wakes is.
        if subject_id in {None, WANTED} or (seen.endpoints and not _is_ours(subject_id)):
            woken.set()

    courier.signals.watch(heard)
    pause = _GAP_SECONDS
    while True:
        woken.clear()
        try:
            seen = await look(courier)
        except Unavailable:
            await asyncio.sleep(_AWAY_SECONDS)
            continue
        except Exception as fault:  # noqa: BLE001  The log must be read on, whatever it was.
            _log.error("fan-out failed", fault=log.where(fault))
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        pause = _pause(seen, pause)
        await asyncio.sleep(pause)
        if not seen.whole_page and not seen.behind:
            await set_within(woken, _LOOK_SECONDS)


def _pause(seen: Look, before: float) -> float:
    """Seconds to the next look: longer while an open transaction keeps all from being seen."""
    if not seen.behind or seen.whole_page:
        return _GAP_SECONDS
    if not seen.endpoints:
        return _QUIET_SECONDS
    return _GAP_SECONDS if seen.moved else min(2 * before, _QUIET_SECONDS)


def _is_ours(subject_id: str | None) -> bool:
    return subject_id is not None and subject_id.startswith("whe_")


async def look(courier: Courier) -> Look:
    """Read one page on, if it is our turn."""
    async with courier.database.transaction() as tx:
        standing = await run_queries.standing(tx)
        found = Look(standing["endpoints"], standing["behind"])
        turn = await run_queries.take_turn(tx)
        if turn is None:
            return found
        rows = await run_queries.log_after(tx, turn["xid"], turn["position"], _PAGE, TEST)
        if not rows:
            return found
        rings = _deliveries(rows)
        if rings:
            await queries.add_deliveries(tx, list(rings))
        await run_queries.move(tx, rows[-1]["xid"], rows[-1]["position"])
    metrics.fanned_out(rows[0]["age"])
    found.moved = True
    found.whole_page = len({row["id"] for row in rows}) == _PAGE
    await _ring(courier, {it[6]: failing for it, failing in rings.items()})
    return found


def _deliveries(
    rows: Sequence[Row],
) -> dict[tuple[str, str, str, str, str | None, str, str], bool | None]:
    """New deliveries, and of each whether its endpoint has been failing; None where it has none."""
    made: dict[tuple[str, str, str, str, str | None, str, str], bool | None] = {}
    by_request = set()
    for row in rows:
        owner, event_id = row["organization_id"], row["id"]
        if row["endpoint_id"] is not None:
            endpoint_id = row["endpoint_id"]
            made[
                ids.new("dlv"), owner, event_id, row["type"], endpoint_id, row["url"], endpoint_id
            ] = row["failing"]
        if row["webhook_url"] is not None and event_id not in by_request:
            by_request.add(event_id)
            url = row["webhook_url"]
            lane = f"{owner}:{targets.origin(url)}"
            made[ids.new("dlv"), owner, event_id, row["type"], None, url, lane] = None
    return made


async def _ring(courier: Courier, lanes: dict[str, bool | None]) -> None:
    """Ring for lanes that may have work; None is for one that has yet to be asked about."""
    if not lanes:
        return
    unknown = [lane for lane, failing in lanes.items() if failing is None]
    async with courier.database.transaction() as tx:
        failing = await run_queries.retried(tx, unknown) if unknown else set()
        failing |= {lane for lane, bad in lanes.items() if bad}
        await queue.enqueue_all(tx, {it: FAILING if it in failing else PROMPT for it in lanes})
        # For runs that wait for more: while they have their rings, these were none.
        waiting = [it for it, bad in lanes.items() if bad is False]
        if waiting:
            await run_queries.wake(tx, CHANNEL, waiting)


async def ring_what_is_due(courier: Courier) -> None:
    """Ring for what time made due and for what lost its ring, for as long as the process lives."""
    async with courier.signals.subscribe(DUE) as told:
        while True:
            told.clear()
            began = time.monotonic()
            try:
                await sweep(courier)
            except Unavailable:
                await asyncio.sleep(_AWAY_SECONDS)
            except Exception as fault:  # noqa: BLE001  As above.
                _log.error("looking for due webhooks failed", fault=log.where(fault))
            # Many lanes take long to look through: never more than a share of the time is spent.
            spent = time.monotonic() - began
            await asyncio.sleep(_GAP_SECONDS)
            await set_within(told, max(_LOOK_SECONDS, _SWEEP_SHARE * spent))


async def sweep(courier: Courier) -> None:
    async with courier.database.reading() as tx:
        rows = await run_queries.due_lanes(tx, [PROMPT, FAILING], _LANES)
    if deleted := [row["lane"] for row in rows if row["deleted"]]:
        async with courier.database.transaction() as tx:
            await run_queries.abandon(tx, deleted)
    await _ring(courier, {row["lane"]: row["failing"] for row in rows if not row["deleted"]})


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, so long at most; answer whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
