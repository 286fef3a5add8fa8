"""Creating work, finding it, and ending it early: what clients can do with generations."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from tintype.accounts.models import require_feature
from tintype.addresses import Network
from tintype.aliases.models import assignable, mentions
from tintype.api.paging import TOTAL_MAX
from tintype.batches import operations as batches
from tintype.billing.quotes import Terms
from tintype.catalog.models import flat_price
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from tintype.core.memo import Memo
from tintype.credits import operations as credits
from tintype.db.listen import notify
from tintype.db.pool import Row, Transaction
from tintype.flows import operations as flows
from tintype.generations import enhancing, queries, staging, views
from tintype.generations import finishing as finishings
from tintype.generations.models import (
    FINISHING,
    TERMINAL,
    CreateGeneration,
    Finishing,
    Generation,
    RetryGeneration,
)
from tintype.generations.naming import flow_for
from tintype.generations.retrying import said
from tintype.generations.showing import remember_persona, showing
from tintype.generations.sizing import sized
from tintype.generations.submit import Created, Order, publish_end, submit
from tintype.generations.words import check_words
from tintype.images import operations as images
from tintype.images import pictures, references
from tintype.images.links import Links
from tintype.models import operations as models
from tintype.videos import operations as videos
from tintype.webhooks.targets import hook


async def create(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: CreateGeneration,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None = None,
    retry_of: str | None = None,
    only_if_free: bool = False,
    finishing: Finishing | None = None,
    memo: Memo | None = None,
) -> Created:
    """Accept work that makes pictures from words, and finishes them if that is asked.

    With `only_if_free` an alias that names an image now is AliasTaken. Raises Quoted for a
    `dry_run`.
    """
    order = await prepare(
        tx, caller, links, ask,
        allow_networks=allow_networks, cancel_after=cancel_after, retry_of=retry_of,
        only_if_free=only_if_free, finishing=finishing, memo=memo,
    )  # fmt: skip
    return await submit(tx, caller, order, Terms(ask.dry_run, ask.quote_id))


async def prepare(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: CreateGeneration,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None = None,
    retry_of: str | None = None,
    only_if_free: bool = False,
    finishing: Finishing | None = None,
    memo: Memo | None = None,
) -> Order:
    """What `create` accepts, judged and priced, with all that it names looked up.

    Requests of one transaction may share a `memo`.
    """
    memo = memo or Memo()
    require_feature(caller, "images")
    model = await memo.once(
        ("model", ask.model), lambda: models.chosen(tx, caller, "text_to_image", ask.model)
    )
    check_words(ask.prompt, ask.negative_prompt, model)
    alias = _one_of(ask.alias, ask.assign_alias, "alias", "assign_alias")
    flow_alias = _one_of(ask.flow_alias, ask.assign_flow_alias, "flow_alias", "assign_flow_alias")
    webhook_url = hook(ask.webhook_url, allow_networks)
    flow_id, project_id = await memo.once(
        ("flow", ask.flow_id, ask.project_id),
        lambda: flows.chosen(tx, caller, ask.flow_id, ask.project_id),
    )
    size = await sized(
        tx, caller, model, aspect_ratio=ask.aspect_ratio, resolution=ask.resolution,
        variants=ask.variants, project_id=project_id, memo=memo,
    )  # fmt: skip
    sources = await references.resolve(
        tx, caller, links, model, prompt=ask.prompt, reference_images=ask.reference_images,
        flow_id=flow_id, project_id=project_id, allow_networks=allow_networks, memo=memo,
    )  # fmt: skip
    shown = await showing(tx, caller, model, ask.prompt, ask.persona_id, sources, memo)
    flow_id = await flow_for(
        tx, caller, flow_id, project_id,
        alias=alias, flow_alias=flow_alias, only_if_free=only_if_free,
    )  # fmt: skip
    cost = size.cost
    if finishing is not None:
        finisher = finishings.finisher(finishing, livemode=caller.livemode)
        cost += flat_price(finisher) * ask.variants
    return Order({
        "project_id": project_id, "flow_id": flow_id, "retry_of": retry_of,
        "kind": "text_to_image", "prompt": ask.prompt,
        **({} if finishing is None else msgspec.structs.asdict(finishing)),
        "negative_prompt": ask.negative_prompt, "auto_enhance": ask.auto_enhance,
        "model": model.id, "engine": model.engine, "fidelity": model.fidelity,
        "aspect_ratio": size.aspect_ratio, "resolution": size.resolution,
        "width": size.width, "height": size.height, "seed": ask.seed, "variants": ask.variants,
        **shown, "alias": alias, "flow_alias": flow_alias, "meta": ask.meta,
        "webhook_url": webhook_url, "cancel_at": cancel_after,
    }, cost, size.adjustments)  # fmt: skip


async def retry(
    tx: Transaction,
    caller: Caller,
    links: Links,
    generation_id: str,
    change: RetryGeneration,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
) -> Created:
    """Make failed or canceled work anew, with the overrides in `change`.

    What the work was accepted with stays: an image that a name meant, a person as it was.
    """
    row = await _row(tx, caller, generation_id)
    if row["status"] not in {"failed", "canceled"}:
        raise Conflict(
            f"Only failed or canceled generations can be retried; this one is {row['status']}."
        )
    if isinstance(change.webhook_url, str):
        change.webhook_url = hook(change.webhook_url, allow_networks)
    if row["persona_id"] is not None:
        require_feature(caller, "personas")
    if row["kind"] == "enhancement":
        return await enhancing.retry(tx, caller, row, change, cancel_after=cancel_after)
    if row["kind"] in FINISHING:
        return await finishings.retry(tx, caller, row, change, cancel_after=cancel_after)
    if row["kind"] in staging.FEATURES:
        return await staging.retry(tx, caller, row, change, cancel_after=cancel_after)
    before: dict[str, Any] = {
        "prompt": row["prompt"], "aspect_ratio": row["aspect_ratio"],
        "resolution": row["resolution"], "model": row["model"], "seed": row["seed"],
        "variants": row["variants"], "auto_enhance": row["auto_enhance"],
        "negative_prompt": row["negative_prompt"], "meta": row["meta"],
        "webhook_url": row["webhook_url"], "persona_id": row["persona_id"],
        "reference_images": [_reference(source, row["prompt"]) for source in row["sources"]],
    }  # fmt: skip
    before["reference_images"] = [text for text in before["reference_images"] if text]
    ask = CreateGeneration(
        **(before | said(change)), flow_id=row["flow_id"], project_id=row["project_id"],
        alias=row["alias"], flow_alias=row["flow_alias"],
    )  # fmt: skip
    memo = Memo()
    await references.remember(
        tx, caller, row["sources"], memo, flow_id=row["flow_id"], project_id=row["project_id"]
    )
    # Its pictures are among the work's own; beside other ones it is shown as it is now.
    if row["persona_id"] is not None and change.reference_images is msgspec.UNSET:
        remember_persona(memo, row["persona_id"], row["persona_words"])
    return await create(
        tx, caller, links, ask,
        allow_networks=allow_networks, cancel_after=cancel_after, retry_of=row["id"], memo=memo,
        finishing=None if row["mode"] is None else Finishing(
            mode=row["mode"], strength=row["strength"], preset=row["preset"]
        ),
    )  # fmt: skip


def _reference(source: Mapping[str, Any], prompt: str) -> str | None:
    """A stored reference as a request gives it; None for one that the prompt names itself."""
    if source.get("url"):
        return str(source["url"])
    if source.get("alias") in mentions(prompt):
        return None
    return str(source["image_id"])


async def get(tx: Transaction, caller: Caller, links: Links, generation_id: str) -> Generation:
    row = await _row(tx, caller, generation_id)
    return (await views.with_images(tx, caller.organization_id, [row], links))[0]


async def page(
    tx: Transaction,
    caller: Caller,
    links: Links,
    filters: Mapping[str, Any],
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> tuple[list[Generation], int]:
    """Newest first, one more than `limit` where there is more, and how many there are in all.

    A key that is bound to a project sees what belongs to that project, one for films sees films.
    """
    asked = {**filters, "project_id": caller.project_id or filters.get("project_id")}
    if not _deals_with_images(caller):
        if asked.get("kind") not in {None, "video"}:
            raise Forbidden("This key is for films.", details={"scope": "images:read"})
        asked["kind"] = "video"
    rows = await queries.page(
        tx, caller.organization_id, asked | {"after": after}, offset=offset, limit=limit + 1
    )
    total = await queries.count(tx, caller.organization_id, asked, TOTAL_MAX)
    return await views.with_images(tx, caller.organization_id, rows, links), total


async def cancel(tx: Transaction, caller: Caller, generation_id: str) -> Generation:
    """Queued work ends at once, running work as soon as its engine lets go; credits come back."""
    row = await _row(tx, caller, generation_id, lock=True)
    if row["status"] in TERMINAL:
        raise Conflict(f"This generation is {row['status']} already.")
    if row["status"] == "processing":
        await queries.request_cancel(tx, caller.organization_id, row["id"])
        await notify(tx, row["id"])
        return views.to_generation(row, [])
    return await cancel_queued(tx, caller.organization_id, row["id"])


async def lock(tx: Transaction, caller: Caller, generation_id: str) -> Row:
    """The work's row, held: until the transaction ends nobody else changes it."""
    return await _row(tx, caller, generation_id, lock=True)


async def cancel_queued(tx: Transaction, organization_id: str, generation_id: str) -> Generation:
    """End work that no run holds. The caller has locked its row."""
    row = await queries.cancel_queued(tx, organization_id, generation_id)
    assert row is not None
    if row["kind"] == "enhancement":
        await pictures.end_of_work(tx, organization_id, row["id"], "canceled", None)
    if row["hold_id"]:
        await credits.release(tx, organization_id, row["hold_id"], guarded=True)
    generation = await publish_end(tx, row)
    await batches.tally(
        tx, organization_id, row["batch_id"], "canceled", started_at=row["started_at"]
    )
    return generation


async def delete(tx: Transaction, caller: Caller, links: Links, generation_id: str) -> None:
    """Soft: the work and what it made are no longer shown; running work is canceled first."""
    # The flow first, as everyone locks them: a row changed twice here asks for its flow.
    await queries.hold_flow_of(tx, caller.organization_id, ids.parse("gen", generation_id))
    row = await _row(tx, caller, generation_id, lock=True)
    # Before the account, which canceling takes.
    await images.lock_of_generation(tx, caller.organization_id, row["id"])
    if row["status"] == "queued":
        await cancel_queued(tx, caller.organization_id, row["id"])
    elif row["status"] == "processing":
        await queries.request_cancel(tx, caller.organization_id, row["id"])
        await notify(tx, row["id"])
    made = await images.of_generations(tx, caller.organization_id, [row["id"]], links)
    for image in made[row["id"]]:
        await images.forget(tx, caller.organization_id, image.id)
        await images.publish(tx, caller, "image.deleted", image)
    await pictures.forget_unmade(tx, caller.organization_id, row["id"])
    await videos.forget_of_generation(tx, caller.organization_id, row["id"])
    await queries.soft_delete(tx, caller.organization_id, row["id"])


def _one_of(first: str | None, second: str | None, name: str, other: str) -> str | None:
    """One field under two names; both may be given if they agree."""
    if first is not None and second is not None and first != second:
        problem = f"`{name}` and `{other}` are one field; send one of them"
        raise ValidationFailed(name, problem, (other, problem))
    chosen = first if first is not None else second
    return None if chosen is None else assignable(chosen, name if first is not None else other)


async def _row(tx: Transaction, caller: Caller, generation_id: str, *, lock: bool = False) -> Row:
    wanted = ids.parse("gen", generation_id)
    row = await queries.find(tx, caller.organization_id, wanted, caller.project_id, lock=lock)
    if row is None:
        raise NotFound(f"There is no generation {generation_id[:80]}.")
    if row["kind"] != "video" and not _deals_with_images(caller):
        raise Forbidden("This key is for films.", details={"scope": "images:read"})
    return row


def _deals_with_images(caller: Caller) -> bool:
    """Or with films alone: scopes of images open these as well."""
    return not caller.scopes.isdisjoint({"images:read", "images:write"})
