"""What a request starts from: aliases, ids and URLs, in `reference_images` and the prompt."""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tintype.addresses import Network, check_url
from tintype.aliases import operations as aliases
from tintype.aliases.models import mentions
from tintype.catalog.models import Model
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import Conflict, NotFound, ValidationFailed
from tintype.core.memo import Memo
from tintype.db.pool import Transaction
from tintype.images import operations as images
from tintype.images.links import Links

Reference = Annotated[str, Meta(min_length=1, max_length=2048, description="alias, id or URL")]
_URL: Final = re.compile(r"https?:", re.IGNORECASE)


class ReferenceView(msgspec.Struct):
    """A picture that work starts from: one of the library, or an URL."""

    image_id: str | None = None
    alias: str | None = None
    url: str | None = None


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
    memo: Memo | None = None,
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
    memo = memo or Memo()
    found: list[dict[str, Any]] = []
    for field, text in asked + named:
        look = partial(
            resolve_one, tx, caller, links, text, field,
            flow_id=flow_id, project_id=project_id, allow_networks=allow_networks, memo=memo,
        )  # fmt: skip
        source = await memo.once(("reference", text, field, flow_id, project_id), look)
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
    memo: Memo | None = None,
) -> dict[str, Any]:
    """The picture that an alias, an id or a URL names, as `resolve` gives it."""
    memo = memo or Memo()
    if (own := own_image(links, text)) is not None:
        return await _by_id(tx, caller, own, field, memo)
    if _URL.match(text):
        return {"url": check_url(text, field, allow_networks=allow_networks)}
    if text.startswith("@"):
        return await _by_alias(tx, caller, text, field, flow_id, project_id)
    return await _by_id(tx, caller, text, field, memo)


async def resolve_own(
    tx: Transaction,
    caller: Caller,
    links: Links,
    text: str,
    field: str,
    *,
    project_id: str | None,
) -> str:
    """The id of the library's image that an alias or an id names; other addresses are refused.

    A name that the project doesn't know is looked for among the organization's own, unless the
    key sees the project only.
    """
    problem = "there is no such image here; give an alias or an image's id"
    if is_elsewhere(links, text):
        raise ValidationFailed(field, problem)
    if text.startswith("@"):
        try:
            found = await _by_alias(tx, caller, text, field, None, project_id)
        except ValidationFailed:
            if project_id is None or caller.project_id is not None:
                raise
            found = await _by_alias(tx, caller, text, field, None, None)
    else:
        found = await _by_id(
            tx, caller, own_image(links, text) or text, field, Memo(), problem=problem
        )
    return str(found["image_id"])


async def remember(
    tx: Transaction,
    caller: Caller,
    sources: Iterable[Mapping[str, Any]],
    memo: Memo,
    *,
    flow_id: str | None,
    project_id: str | None,
) -> None:
    """Let a prompt's names mean in `resolve` what they did for `sources`, wherever they moved.

    Of an image that is gone the name is looked up anew.
    """
    named = [source for source in sources if source.get("alias")]
    there = set(await images.known(tx, caller, [source["image_id"] for source in named]))
    for source in named:
        if source["image_id"] in there:
            memo.tell(("reference", source["alias"], "prompt", flow_id, project_id), source)


async def foresee(
    tx: Transaction, caller: Caller, links: Links, texts: Iterable[str], memo: Memo
) -> None:
    """Look up at once the images that these references name by id or URL, for many `resolve`."""
    named = {own_image(links, text) or text for text in texts}
    for image_id in await images.known(tx, caller, [it for it in named if ids.is_id("img", it)]):
        memo.tell(("image", image_id), image_id)


def own_image(links: Links, text: str) -> str | None:
    """The id in a URL of an answer of ours: that image, without asking ourselves over the net."""
    own = f"{links.base_url}/media/images/"
    return (
        text.removeprefix(own).partition("?")[0].partition(".")[0] if text.startswith(own) else None
    )


def is_elsewhere(links: Links, text: str) -> bool:
    """Whether it is an address, and not one of ours."""
    return _URL.match(text) is not None and own_image(links, text) is None


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
    tx: Transaction,
    caller: Caller,
    text: str,
    field: str,
    memo: Memo,
    *,
    problem: str = "there is no such image here; give an alias, an image's id or a URL",
) -> dict[str, Any]:
    try:
        image_id = ids.parse("img", text)
        found = await memo.once(("image", image_id), lambda: images.require(tx, caller, image_id))
    except NotFound as fault:
        raise ValidationFailed(field, problem) from fault
    except Conflict as fault:
        raise ValidationFailed(field, fault.message) from fault
    return {"image_id": found}
