"""Bulk requests: judged as a whole, accepted all or none, canceled where they still wait."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate, pairwise
from typing import Any, Final

import msgspec

from tintype.addresses import Network
from tintype.api.naming import accepted_names
from tintype.batches import operations as batches
from tintype.batches.models import Batch
from tintype.billing import quotes
from tintype.billing.quotes import Offer, Quoted
from tintype.bulk.models import HARMLESS, BatchResult, BulkItem, BulkTerms, Entry, Faults
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, ValidationFailed
from tintype.core.memo import Memo
from tintype.db.pool import Transaction
from tintype.generations import batching
from tintype.generations import operations as generations
from tintype.generations.models import Generation
from tintype.generations.submit import Order, offer_of
from tintype.images import references
from tintype.images.links import Links
from tintype.webhooks.targets import hook

# The loop is given to others after so many items, which take some milliseconds.
_IN_A_ROW: Final = 200
_TRIES_MAX: Final = 32
_ADJUSTMENTS_MAX: Final = 20
_ROOT: Final = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class Made:
    """`available` is the organization's credits after the holds, None where nothing was held."""

    batch: Batch
    available: int | None


async def create(
    tx: Transaction,
    caller: Caller,
    links: Links,
    terms: BulkTerms,
    entries: Sequence[Entry],
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
) -> Made:
    """Accept a batch with all of its items. Raises Quoted for a `dry_run`.

    Raises ValidationFailed with the faults of all items, and InsufficientCredits for their sum.
    """
    webhook_url = hook(terms.webhook_url, allow_networks)
    orders = await _prepared(
        tx, caller, links, entries, _named(terms),
        allow_networks=allow_networks, cancel_after=cancel_after,
    )  # fmt: skip
    offer = _offer(orders)
    if terms.dry_run:
        raise Quoted(offer)
    if terms.quote_id is not None:
        orders = _at_price(orders, await quotes.redeem(tx, caller, terms.quote_id, offer))
    projects = {order.fields["project_id"] for order in orders}
    batch = await batches.open(
        tx, caller, total=len(orders),
        credits_reserved=sum(order.cost for order in orders) if caller.livemode else 0,
        project_id=projects.pop() if len(projects) == 1 else None,
        name=terms.name, meta=terms.meta, webhook_url=webhook_url,
    )  # fmt: skip
    available = await batching.submit_all(
        tx, caller, batch.id, orders, [entry.ask.custom_id for entry in entries]
    )
    return Made(batch, available)


async def _prepared(
    tx: Transaction,
    caller: Caller,
    links: Links,
    entries: Sequence[Entry],
    defaults: frozenset[str],
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
) -> list[Order]:
    """The work of every item; raises ValidationFailed with all that is wrong with any of them.

    What is wrong with one of the `defaults` is told once.
    """
    faults = Faults()
    told: set[tuple[str, str]] = set()
    orders = []
    memo = Memo()
    texts = (text for entry in entries for text in _joined(entry.ask)[0].reference_images)
    await references.foresee(tx, caller, links, texts, memo)
    for entry in entries:
        wrong = list(entry.wrong)
        ask, kept = _joined(entry.ask)
        for _ in range(_TRIES_MAX):
            try:
                orders.append(await generations.prepare(
                    tx, caller, links, ask,
                    allow_networks=allow_networks, cancel_after=cancel_after, memo=memo,
                ))  # fmt: skip
                break
            except ValidationFailed as fault:
                found = [(it["field"], it["problem"]) for it in fault.details]
            named, ask = _without(ask, kept, [field for field, _ in found])
            for field, (_, problem) in zip(named, found, strict=True):
                root = _root(field)
                if root in entry.own or root not in defaults:
                    wrong.append((field, problem))
                elif (field, problem) not in told:
                    told.add((field, problem))
                    faults.add(f"defaults.{field}", problem)
            if faults.full:
                break
        faults.of_entry(entry, wrong)
        if entry.index % _IN_A_ROW == _IN_A_ROW - 1:
            await asyncio.sleep(0)
    faults.refuse()
    return orders


def _named(terms: BulkTerms) -> frozenset[str]:
    names = accepted_names(BulkItem)
    return frozenset(names[key] for key in terms.defaults)


def _root(field: str) -> str:
    match = _ROOT.match(field)
    return match[1] if match else field


def _joined(ask: BulkItem) -> tuple[BulkItem, list[str]]:
    """The item with its product first among the references, and the request's name of each."""
    names = [f"reference_images[{number}]" for number in range(len(ask.reference_images))]
    if ask.product_image is None:
        return ask, names
    together = [ask.product_image, *ask.reference_images]
    joined = msgspec.structs.replace(ask, product_image=None, reference_images=together)
    return joined, ["product_image", *names]


def _without(ask: BulkItem, kept: list[str], fields: Sequence[str]) -> tuple[list[str], BulkItem]:
    """The fields as the request names them, and the item with harmless values in their place.

    `kept` are the names that the references had in the request; what goes, goes there, too.
    """
    named: list[str] = []
    changed: dict[str, Any] = {}
    references = list(ask.reference_images)
    defaults = {it.name: it for it in msgspec.structs.fields(ask)}
    for field in fields:
        match = _ROOT.match(field)
        root, number = (match[1], match[2]) if match else (field, None)
        if root == "reference_images" and number is not None and int(number) < len(kept):
            named.append(kept[int(number)])
            del kept[int(number)], references[int(number)]
            changed["reference_images"] = references
            continue
        named.append(field)
        if root in HARMLESS:
            changed[root] = HARMLESS[root]
        elif root in defaults:
            plain = defaults[root]
            made = plain.default_factory
            changed[root] = plain.default if made is msgspec.NODEFAULT else made()
    return named, msgspec.structs.replace(ask, **changed)


def _offer(orders: Sequence[Order]) -> Offer:
    """The price of all of them; model, engine and size where they have the same."""
    offers = [offer_of(order) for order in orders]

    def common(name: str) -> Any:
        values = {getattr(offer, name) for offer in offers}
        return values.pop() if len(values) == 1 else None

    digest = hashlib.sha256()
    for offer in offers:
        digest.update(offer.digest)
    adjustments = [
        f"items[{n}]: {text}" for n, offer in enumerate(offers) for text in offer.adjustments
    ]
    if len(adjustments) > _ADJUSTMENTS_MAX:
        rest = len(adjustments) - _ADJUSTMENTS_MAX
        adjustments = [*adjustments[:_ADJUSTMENTS_MAX], f"and {rest} more"]
    return Offer(
        credits=sum(offer.credits for offer in offers), model=common("model") or "several",
        engine=common("engine") or "several", fidelity=common("fidelity") or "several",
        width=common("width"), height=common("height"),
        adjustments=tuple(adjustments), digest=digest.digest(),
    )  # fmt: skip


def _at_price(orders: Sequence[Order], total: int) -> list[Order]:
    """The same work for `total` credits: where prices have changed since, each by the same share.

    Credits are whole: what does not divide falls where the running sum says.
    """
    now = sum(order.cost for order in orders)
    if now == total:
        return list(orders)
    weights = accumulate(order.cost if now else 1 for order in orders)
    # Of the running sums, so that rounding never adds up.
    upto = [total * weight // (now or len(orders)) for weight in weights]
    costs = [after - before for before, after in pairwise([0, *upto])]
    return [replace(order, cost=cost) for order, cost in zip(orders, costs, strict=True)]


async def cancel(tx: Transaction, caller: Caller, batch_id: str) -> Batch:
    """What has not started ends at once, its credits come back; what runs goes on to its end.

    Raises Conflict where every item has ended.
    """
    batch = await batches.get(tx, caller, batch_id)
    if batch.ended:
        raise Conflict(f"This batch is {batch.status} already.")
    await batching.cancel_waiting(tx, caller.organization_id, batch.id)
    return await batches.get(tx, caller, batch_id)


async def results(
    tx: Transaction,
    caller: Caller,
    links: Links,
    batch_id: str,
    *,
    status: str | None,
    after: str | None,
    offset: int = 0,
    limit: int,
) -> list[BatchResult]:
    """What became of the items, in their order; the batch is known to be the caller's."""
    found = await batching.results(
        tx, caller, links, batch_id, status=status, after=after, offset=offset, limit=limit
    )
    return [to_result(index, generation) for index, generation in found]


def to_result(index: int, made: Generation) -> BatchResult:
    urls = [image.url for image in made.images]
    if not urls and made.output_url is not None:
        urls = [made.output_url]
    return BatchResult(
        index=index,
        custom_id=made.custom_id,
        generation_id=made.id,
        status=made.status,
        variants=made.variants,
        delivered=made.variants - len(made.faults) if made.status == "completed" else 0,
        output_url=made.output_url,
        output_urls=urls,
        image_ids=[image.id for image in made.images],
        credits_used=made.credits_used,
        error=made.error,
        faults=made.faults,
    )
