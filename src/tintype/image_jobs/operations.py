"""Image jobs: pictures given or made from words, then finished. The work itself is a generation."""

import contextlib
from datetime import timedelta

import msgspec

from tintype.addresses import Network
from tintype.aliases.models import assignable
from tintype.billing.quotes import Terms
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotFound, NotReady
from tintype.db.pool import Transaction
from tintype.flows import operations as flows
from tintype.generations import finishing
from tintype.generations import operations as generations
from tintype.generations.models import STATUS_WORDS, CreateGeneration, Finishing, Generation
from tintype.generations.naming import flow_for
from tintype.generations.submit import Created
from tintype.image_jobs.models import (
    CreateImageJob,
    GenerateImageJob,
    ImageJob,
    ListImageJobs,
    Upload,
)
from tintype.images import references
from tintype.images.links import Links
from tintype.images.models import AssignedImage
from tintype.webhooks.targets import hook


async def create(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: CreateImageJob,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
    only_if_free: bool,
) -> Created:
    """Accept work that finishes the picture at `image_url`.

    With `only_if_free` an alias that names an image now is AliasTaken.
    """
    chosen = Finishing(mode=ask.mode, strength=ask.strength, preset=ask.preset)
    finishing.finisher(chosen, livemode=caller.livemode)
    flow_id, project_id = await flows.chosen(tx, caller, ask.flow_id, ask.project_id)
    alias, flow_alias = _name(ask.alias, "alias"), _name(ask.flow_alias, "flow_alias")
    webhook_url = hook(ask.webhook_url, allow_networks)
    source = await references.resolve_one(
        tx, caller, links, ask.image_url, "image_url",
        flow_id=flow_id, project_id=project_id, allow_networks=allow_networks,
    )  # fmt: skip
    flow_id = await flow_for(
        tx, caller, flow_id, project_id,
        alias=alias, flow_alias=flow_alias, only_if_free=only_if_free,
    )  # fmt: skip
    fields = {
        "flow_id": flow_id, "project_id": project_id, "seed": ask.seed, "meta": ask.meta,
        "alias": alias, "flow_alias": flow_alias, "webhook_url": webhook_url,
    }  # fmt: skip
    return await finishing.create(
        tx, caller, chosen, source, fields,
        terms=Terms(ask.dry_run, ask.quote_id), cancel_after=cancel_after,
    )  # fmt: skip


async def generate(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: GenerateImageJob,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
    only_if_free: bool,
) -> Created:
    """Accept work that makes a picture from words and finishes it; `only_if_free` as above."""
    asked = msgspec.structs.asdict(ask)
    chosen = Finishing(**{name: asked.pop(name) for name in Finishing.__struct_fields__})
    return await generations.create(
        tx, caller, links, CreateGeneration(**asked),
        allow_networks=allow_networks, cancel_after=cancel_after, finishing=chosen,
        only_if_free=only_if_free,
    )  # fmt: skip


async def get(tx: Transaction, caller: Caller, links: Links, job_id: str) -> Generation:
    """The generation behind a job; one that finishes no picture is no image job."""
    with contextlib.suppress(NotFound):
        found = await generations.get(tx, caller, links, job_id)
        if found.mode is not None:
            return found
    raise NotFound(f"There is no image job {job_id[:80]}.")


async def page(
    tx: Transaction, caller: Caller, links: Links, asked: ListImageJobs, *, after: str | None
) -> tuple[list[Generation], int]:
    """Newest first; see `generations.operations.page`."""
    filters = {
        "status": STATUS_WORDS[asked.status] if asked.status else None,
        "mode": asked.mode, "finished": True,
    }  # fmt: skip
    return await generations.page(
        tx, caller, links, filters, after=after, offset=asked.offset, limit=asked.limit
    )


def result_url(found: Generation) -> str:
    """Where the job's picture is; raises NotReady before its end, Conflict where it has none."""
    if found.status == "completed":
        if found.output_url is None:
            raise NotFound("The job's picture was deleted.")
        return found.output_url
    if found.status == "failed" and found.error is not None:
        raise Conflict(
            f"The job failed: {found.error.message}",
            details={"status": "failed", "error": found.error},
        )
    if found.status == "canceled":
        raise Conflict("The job was canceled.", details={"status": "canceled"})
    raise NotReady(
        f"The job is {found.status}; ask again when it is completed.",
        details={"status": found.status, "progress": found.progress},
        headers={"Retry-After": "1"},
    )


def to_upload(image: AssignedImage) -> Upload:
    return Upload(
        id=image.id, image_url=image.url, width=image.width, height=image.height,
        bytes=image.bytes, format=image.format, alias=image.alias, project_id=image.project_id,
        flow_id=image.flow_id, alias_moved_from=image.alias_moved_from,
        created_at=image.created_at,
    )  # fmt: skip


def to_job(found: Generation, links: Links) -> ImageJob:
    assert found.mode is not None
    assert found.strength is not None
    source = found.references[0] if found.references and not found.prompt else None
    image_url = None
    if source is not None:
        image_url = source.url or links.url(source.image_id or "", "auto")
    return ImageJob(
        job_id=found.id, status=found.status, progress=found.progress, mode=found.mode,
        strength=found.strength, preset=found.preset, image_url=image_url,
        prompt=found.prompt or None, seed=found.seed, width=found.width, height=found.height,
        result_url=found.output_url, image_id=found.image_id,
        project_id=found.project_id, flow_id=found.flow_id, alias=found.alias,
        flow_alias=found.flow_alias, retry_of=found.retry_of,
        credits_reserved=found.credits_reserved, credits_used=found.credits_used,
        error=found.error, livemode=found.livemode, meta=found.meta,
        webhook_url=found.webhook_url, created_at=found.created_at,
        started_at=found.started_at, completed_at=found.completed_at,
    )  # fmt: skip


def _name(alias: str | None, field: str) -> str | None:
    return None if alias is None else assignable(alias, field)
