"""Write accepted work: its row, its event, its job and its credit hold, all or nothing."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tintype import queue
from tintype.billing import operations as billing
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.db.pool import Transaction
from tintype.events import operations as events
from tintype.generations import queries, views
from tintype.generations.models import TERMINAL, Generation

ENTRYPOINT: Final = "generation"
_SEED_BITS: Final = 31
# What a request may leave out. The fuller prompt is the engine's work, made by the run.
_DEFAULTS: Final[Mapping[str, Any]] = {
    "project_id": None, "flow_id": None, "retry_of": None, "status": "queued", "mode": None,
    "strength": None, "preset": None, "prompt": "", "enhanced_prompt": None,
    "negative_prompt": None, "auto_enhance": False, "aspect_ratio": None, "resolution": None,
    "width": None, "height": None, "seed": None, "variants": 1, "alias": None, "flow_alias": None,
    "meta": {}, "webhook_url": None, "cancel_at": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Created:
    """`available` is the organization's credits after the hold, None where nothing was held."""

    generation: Generation
    available: int | None


async def submit(tx: Transaction, caller: Caller, fields: Mapping[str, Any], cost: int) -> Created:
    """`fields` are columns of the row; `cost` is what it holds, nothing in the sandbox.

    The hold comes last: it locks the organization's account, so the lock is short.
    """
    cost = cost if caller.livemode else 0
    generation_id = ids.new("gen")
    hold_id = ids.new("led") if cost else None
    seed = fields.get("seed")
    row = await queries.insert(tx, {
        **_DEFAULTS, **fields,
        "id": generation_id, "organization_id": caller.organization_id,
        "api_key_id": caller.key_id, "user_id": caller.user_id, "source": caller.source,
        "livemode": caller.livemode, "credits_reserved": cost, "hold_id": hold_id,
        "seed": secrets.randbits(_SEED_BITS) if seed is None else seed,
    })  # fmt: skip
    generation = views.to_generation(row, [])
    await publish(tx, caller.organization_id, "generation.queued", generation)
    await queue.enqueue(tx, ENTRYPOINT, generation_id)
    held = await billing.reserve(tx, caller, hold_id, cost, generation_id=generation_id)
    return Created(generation, held.available_after if held else None)


async def publish(
    tx: Transaction, organization_id: str, type_: str, generation: Generation
) -> None:
    await events.publish(
        tx, organization_id, type_, generation.id, livemode=generation.livemode, data=generation,
        # A request's own address hears how its work ended, once.
        webhook_url=generation.webhook_url if generation.status in TERMINAL else None,
    )  # fmt: skip
