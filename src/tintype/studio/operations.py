"""Product photos, films and photos of sketches, as a studio's clients ask for them."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import msgspec

from tintype.accounts.models import require_feature
from tintype.addresses import Network
from tintype.aliases.models import assignable, mentions
from tintype.billing.quotes import Terms
from tintype.catalog.models import Model
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.core.memo import Memo
from tintype.db.pool import Transaction
from tintype.flows import operations as flows
from tintype.generations import operations as generations
from tintype.generations.models import CreateGeneration
from tintype.generations.naming import flow_for
from tintype.generations.showing import showing
from tintype.generations.sizing import sized
from tintype.generations.staging import FEATURES, staged
from tintype.generations.submit import Created, submit
from tintype.images import references
from tintype.images.links import Links
from tintype.models import operations as models
from tintype.studio.models import GenerateImage, GenerateVideo, SketchToPhoto
from tintype.webhooks.targets import hook

_NUMBERED: Final = re.compile(r"reference_images\[(\d+)\]")


async def image(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: GenerateImage,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
    only_if_free: bool,
) -> Created:
    """Accept a product photo; with `only_if_free` an alias that names an image is AliasTaken."""
    asked = msgspec.structs.asdict(ask)
    product = asked.pop("product_image")
    if product is not None:
        asked["reference_images"] = [product, *asked["reference_images"]]
    try:
        return await generations.create(
            tx, caller, links, CreateGeneration(**asked),
            allow_networks=allow_networks, cancel_after=cancel_after, only_if_free=only_if_free,
        )  # fmt: skip
    except ValidationFailed as fault:
        faults = [(name_of(one["field"], ask), one["problem"]) for one in fault.details]
        raise ValidationFailed(*faults[0], *faults[1:]) from fault


async def video(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: GenerateVideo,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
) -> Created:
    """Accept a film of a picture, or of one that is drawn from the prompt first."""
    given = _one_of(ask.image, ask.image_url)
    if given is None and ask.prompt is None and ask.persona_id is None:
        raise ValidationFailed("image", "send a picture, or a prompt to draw one from")
    return await _stage(
        tx, caller, links, ask, given,
        {"kind": "video", "duration_seconds": ask.duration_seconds, "variants": 1},
        allow_networks=allow_networks, cancel_after=cancel_after,
    )  # fmt: skip


async def sketch(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: SketchToPhoto,
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
    only_if_free: bool,
) -> Created:
    """Accept a photo of what a sketch shows; `only_if_free` as above."""
    given = _one_of(ask.image, ask.image_url)
    if given is None:
        raise ValidationFailed("image", "is required: an alias, an id, a URL, or a file in a form")
    alias = None if ask.alias is None else assignable(ask.alias, "alias")
    flow_alias = None if ask.flow_alias is None else assignable(ask.flow_alias, "flow_alias")
    return await _stage(
        tx, caller, links, ask, given,
        {"kind": "sketch_to_photo", "variants": ask.variants, "alias": alias,
         "flow_alias": flow_alias},
        allow_networks=allow_networks, cancel_after=cancel_after, only_if_free=only_if_free,
    )  # fmt: skip


async def _stage(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: GenerateVideo | SketchToPhoto,
    given: tuple[str, str] | None,
    fields: dict[str, Any],
    *,
    allow_networks: list[Network],
    cancel_after: timedelta | None,
    only_if_free: bool = False,
) -> Created:
    """What both kinds have in common; `given` is the picture with the field that named it."""
    require_feature(caller, FEATURES[fields["kind"]])
    model = await models.chosen(tx, caller, fields["kind"], ask.model)
    flow_id, project_id = await flows.chosen(tx, caller, ask.flow_id, ask.project_id)
    memo = Memo()
    ratio, resolution = ask.aspect_ratio, ask.resolution
    if isinstance(ask, SketchToPhoto):
        # A project's ratio and resolution are those of pictures; films have sizes of their own.
        size = await sized(
            tx, caller, model, aspect_ratio=ratio, resolution=resolution,
            variants=ask.variants, project_id=project_id, memo=memo,
        )  # fmt: skip
        ratio, resolution = size.aspect_ratio, size.resolution
    sources = await _sources(
        tx, caller, links, model, given, ask.prompt or "",
        flow_id=flow_id, project_id=project_id, allow_networks=allow_networks,
    )  # fmt: skip
    shown = await showing(tx, caller, model, ask.prompt or "", ask.persona_id, sources, memo)
    order = staged(model, fields | {
        "prompt": ask.prompt or "", "negative_prompt": ask.negative_prompt,
        "aspect_ratio": ratio, "resolution": resolution, "seed": ask.seed,
        "project_id": project_id, "meta": ask.meta, "cancel_at": cancel_after,
        "webhook_url": hook(ask.webhook_url, allow_networks), **shown,
    })  # fmt: skip
    flow_id = await flow_for(
        tx, caller, flow_id, project_id, alias=fields.get("alias"),
        flow_alias=fields.get("flow_alias"), only_if_free=only_if_free,
    )  # fmt: skip
    order = replace(order, fields={**order.fields, "flow_id": flow_id})
    return await submit(tx, caller, order, Terms(ask.dry_run, ask.quote_id))


async def _sources(
    tx: Transaction,
    caller: Caller,
    links: Links,
    model: Model,
    given: tuple[str, str] | None,
    prompt: str,
    *,
    flow_id: str | None,
    project_id: str | None,
    allow_networks: list[Network],
) -> list[dict[str, Any]]:
    """The given picture, then those that the prompt names; each once."""
    first = [] if given is None else [given]
    named = [(alias, "prompt") for alias in mentions(prompt)
             if given is None or alias != given[0].lower()]  # fmt: skip
    if len(first) + len(named) > model.references_max:
        raise ValidationFailed(
            (named or first)[-1][1], f"{model.id} takes at most {model.references_max} pictures"
        )
    found: list[dict[str, Any]] = []
    for text, field in first + named:
        source = await references.resolve_one(
            tx, caller, links, text, field,
            flow_id=flow_id, project_id=project_id, allow_networks=allow_networks,
        )  # fmt: skip
        if source not in found:
            found.append(source)
    return found


def _one_of(image: str | None, image_url: str | None) -> tuple[str, str] | None:
    """The picture and the field that names it: one field under two names."""
    if image is not None and image_url is not None and image != image_url:
        problem = "`image` and `image_url` are one field; send one of them"
        raise ValidationFailed("image", problem, ("image_url", problem))
    if image is not None:
        return image, "image"
    return None if image_url is None else (image_url, "image_url")


def name_of(field: str, ask: GenerateImage) -> str:
    """How the client named a picture that we call `reference_images[n]`."""
    found = _NUMBERED.fullmatch(field)
    if found is None or ask.product_image is None:
        return field
    number = int(found[1])
    return f"reference_images[{number - 1}]" if number else "product_image"
