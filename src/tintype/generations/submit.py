"""Write accepted work: its row, its event, its job and its credit hold, all or nothing."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from tintype import queue
from tintype.billing import operations as billing
from tintype.billing import quotes
from tintype.billing.quotes import Offer, Quoted, Terms
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.db.pool import Row, Transaction
from tintype.events import operations as events
from tintype.generations import queries, views
from tintype.generations.models import TERMINAL, Generation
from tintype.generations.words import unread
from tintype.images.links import Links
from tintype.videos import operations as videos

# How far one variant puts an organization of weight 1 back in the queue. Turns are even numbers.
_STEP: Final = 24
_TURN_MAX: Final = 2**31 - 1
_SEED_BITS: Final = 31
# What a request may leave out. The fuller prompt is the engine's work, made by the run.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "project_id": None, "flow_id": None, "persona_id": None, "persona_words": None,
    "batch_id": None, "retry_of": None, "status": "queued", "mode": None,
    "strength": None, "preset": None, "prompt": "", "enhanced_prompt": None,
    "negative_prompt": None, "auto_enhance": False, "aspect_ratio": None, "resolution": None,
    "width": None, "height": None, "seed": None, "variants": 1, "duration_seconds": None,
    "alias": None, "flow_alias": None, "meta": {}, "webhook_url": None, "cancel_at": None,
    "parked": False, "recipe": None,
}  # fmt: skip
# What the price depends on, and who reads a quote would call the same work.
_PRICED: Final = (
    "kind", "model", "mode", "preset", "aspect_ratio", "resolution", "width", "height", "variants",
    "duration_seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """Work that may be done: `fields` are columns of its row, `cost` what it holds in credits.

    `adjustments` say in words where it differs from what was asked for.
    """

    fields: Mapping[str, Any]
    cost: int
    adjustments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Created:
    """`available` is the organization's credits after the hold, None where nothing was held."""

    generation: Generation
    available: int | None


def entrypoint(engine: str) -> str:
    """The kind of ring that workers with this engine answer."""
    return f"generation.{engine}"


def step_of(caller: Caller) -> int:
    """How far one variant puts the caller's organization back in the queue: an even number."""
    return max(2, round(_STEP / caller.queue_weight / 2) * 2)


def priority(turn: int) -> int:
    """PgQueuer takes the greatest first, and its column has 32 bits."""
    return -max(-_TURN_MAX, min(turn, _TURN_MAX))


async def submit(
    tx: Transaction,
    caller: Caller,
    order: Order,
    terms: Terms | None,
    *,
    beside: Callable[[Row], Awaitable[object]] | None = None,
) -> Created:
    """Accept work; nothing is held in the sandbox. With `terms.dry_run` it raises Quoted.

    `beside` writes what belongs to the new row. The hold comes last: it locks the organization's
    account, so the lock is short.
    """
    offer = offer_of(order)
    if terms is not None and terms.dry_run:
        notes = unread({**_DEFAULTS, **order.fields})
        raise Quoted(replace(offer, adjustments=(*offer.adjustments, *notes)))
    cost = order.cost
    if terms is not None and terms.quote_id is not None:
        cost = await quotes.redeem(tx, caller, terms.quote_id, offer)
    row, hold_id = row_of(caller, order, cost if caller.livemode else 0)
    stored = await queries.insert(tx, row, step_of(caller))
    generation = views.to_generation(stored, [])
    if beside is not None:
        await beside(stored)
    await publish(tx, caller.organization_id, "generation.queued", generation)
    await queue.enqueue(
        tx, entrypoint(stored["engine"]), stored["id"], priority=priority(stored["turn"])
    )
    held = await billing.reserve(
        tx, caller, hold_id, stored["credits_reserved"], generation_id=stored["id"]
    )
    return Created(generation, held.available_after if held else None)


def offer_of(order: Order) -> Offer:
    fields = {**_DEFAULTS, **order.fields}
    priced = msgspec.json.encode([fields[name] for name in _PRICED])
    return Offer(
        credits=order.cost, model=fields["model"], engine=fields["engine"],
        fidelity=fields["fidelity"], width=fields["width"], height=fields["height"],
        adjustments=order.adjustments, digest=hashlib.sha256(priced).digest(),
    )  # fmt: skip


def row_of(caller: Caller, order: Order, cost: int) -> tuple[dict[str, Any], str | None]:
    """The whole row of new work, and the id of its hold."""
    hold_id = ids.new("led") if cost else None
    seed = order.fields.get("seed")
    return {
        **_DEFAULTS, **order.fields,
        "id": ids.new("gen"), "organization_id": caller.organization_id,
        "api_key_id": caller.key_id, "user_id": caller.user_id, "source": caller.source,
        "livemode": caller.livemode, "credits_reserved": cost, "hold_id": hold_id,
        "seed": secrets.randbits(_SEED_BITS) if seed is None else seed,
    }, hold_id  # fmt: skip


async def publish_end(tx: Transaction, row: Row) -> Generation:
    """Tell that work failed or was canceled, and of its film, where one was reserved."""
    reel = videos.is_reel(row)
    generation = views.to_generation(row, [])
    await publish(tx, row["organization_id"], f"generation.{row['status']}", generation, reel=reel)
    if reel:
        # What failed has no URL that could need a signature.
        await videos.tell(tx, row, "video.failed", Links("", None))
    return generation


async def publish(
    tx: Transaction,
    organization_id: str,
    type_: str,
    generation: Generation,
    *,
    reel: bool = False,
) -> None:
    hears = generation.kind != "enhancement" and not reel
    await events.publish(
        tx, organization_id, type_, generation.id, livemode=generation.livemode, data=generation,
        # A request's own address hears how its work ended, once; of an enhancement it hears that
        # from each of the pictures, of a reel from its video.
        webhook_url=generation.webhook_url if hears and generation.status in TERMINAL else None,
    )  # fmt: skip
