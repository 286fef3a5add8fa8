"""What a request starts from: aliases, ids and URLs, in `reference_images` and the prompt."""

import re
from typing import Any, Final

from tintype.addresses import Network, check_url
from tintype.aliases import operations as aliases
from tintype.aliases.models import mentions
from tintype.catalog.models import Model
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import NotFound, ValidationFailed
from tintype.db.pool import Transaction
from tintype.images import operations as images
from tintype.images.links import Links

_URL: Final = re.compile(r"https?:", re.IGNORECASE)


async def resolve(
    tx: Transaction,
    caller: Caller,
    links: Links,
    model: Model,
    *,
    prompt: str,
    reference_images: list[str],
    flow_id: str | None,
    project_id: str | None,
    allow_networks: list[Network],
) -> list[dict[str, Any]]:
    """What the run will start from, fixed now: a later move of an alias changes nothing.

    Raises ValidationFailed naming the field; an id that is unknown, deleted, of another kind or
    of another organization gets one and the same answer.
    """
    asked = [(f"reference_images[{n}]", text) for n, text in enumerate(reference_images)]
    named = [("prompt", alias) for alias in mentions(prompt)]
    if len(asked) + len(named) > model.references_max:
        raise ValidationFailed(
            "reference_images", f"{model.id} takes at most {model.references_max} references"
        )
    found: list[dict[str, Any]] = []
    for field, text in asked + named:
        source = await resolve_one(
            tx, caller, links, text, field,
            flow_id=flow_id, project_id=project_id, allow_networks=allow_networks,
        )  # fmt: skip
        if source not in found:
            found.append(source)
    return found


async def resolve_one(
    tx: Transaction,
    caller: Caller,
    links: Links,
    text: str,
    field: str,
    *,
    flow_id: str | None,
    project_id: str | None,
    allow_networks: list[Network],
) -> dict[str, Any]:
    """The picture that an alias, an id or a URL names, as `resolve` gives it."""
    own = f"{links.base_url}/media/images/"
    if text.startswith(own):
        # The URL of an answer of ours: that image, without asking ourselves over the network.
        name = text.removeprefix(own).partition("?")[0]
        return await _by_id(tx, caller, links, name.partition(".")[0], field)
    if _URL.match(text):
        return {"url": check_url(text, field, allow_networks=allow_networks)}
    if text.startswith("@"):
        return await _by_alias(tx, caller, text, field, flow_id, project_id)
    return await _by_id(tx, caller, links, text, field)


async def _by_alias(
    tx: Transaction,
    caller: Caller,
    alias: str,
    field: str,
    flow_id: str | None,
    project_id: str | None,
) -> dict[str, Any]:
    try:
        named = await aliases.resolve(
            tx, caller, alias, flow_id=flow_id, project_id=project_id, field=field
        )
    except NotFound as fault:
        raise ValidationFailed(field, f"{alias[:70]} names no image here") from fault
    return {"image_id": named.image_id, "alias": alias.lower()}


async def _by_id(
    tx: Transaction, caller: Caller, links: Links, text: str, field: str
) -> dict[str, Any]:
    try:
        image = await images.get(tx, caller, links, ids.parse("img", text))
    except NotFound as fault:
        problem = "there is no such image here; give an alias, an image's id or a URL"
        raise ValidationFailed(field, problem) from fault
    return {"image_id": image.id}
