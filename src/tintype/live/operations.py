"""The prompt cache: one generation per organization and normalized request, over all nodes."""

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Any

import msgspec

from tintype.addresses import Network
from tintype.catalog.models import size_of
from tintype.core.caller import Caller
from tintype.core.errors import Conflict
from tintype.db.pool import Row, Transaction
from tintype.generations import operations as generations
from tintype.generations.models import CreateGeneration
from tintype.generations.words import check_words
from tintype.images import references
from tintype.images.links import Links
from tintype.live import queries
from tintype.live.models import LiveQuery
from tintype.models import operations as models
from tintype.projects import operations as projects


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request in its one form; `digest` is its name in the cache.

    `by_alias` tells that an alias decides which request this is: the same URL may mean another
    picture as soon as the alias moves.
    """

    ask: CreateGeneration
    digest: bytes
    sources: list[dict[str, Any]]
    by_alias: bool


async def normalize(
    tx: Transaction, caller: Caller, links: Links, query: LiveQuery, allow_networks: list[Network]
) -> Wanted:
    """The request with its defaults filled in, refused like any generation that can't be made.

    The prompt counts in NFC with its blanks folded. References count as the images that their
    aliases name now. Without a seed the request's own digest is the seed.
    """
    model = await models.chosen(tx, caller, "text_to_image", query.model)
    size_of(query.aspect_ratio, query.resolution)
    prompt = " ".join(unicodedata.normalize("NFC", query.prompt).split())
    asked = [text.strip() for text in (query.reference_images or "").split(",") if text.strip()]
    project_id = await projects.chosen(tx, caller, query.project_id)
    sources: list[dict[str, Any]] = await references.resolve(
        tx, caller, links, model, prompt=prompt, reference_images=asked,
        flow_id=None, project_id=project_id, allow_networks=allow_networks,
    )  # fmt: skip
    ask = CreateGeneration(
        prompt=prompt or query.prompt, aspect_ratio=query.aspect_ratio,
        resolution=query.resolution, model=model.id, seed=query.seed,
        reference_images=asked, project_id=project_id, auto_enhance=query.auto_enhance,
    )  # fmt: skip
    check_words(ask.prompt, ask.negative_prompt, model)
    digest = _digest(ask, sources)
    if ask.seed is None:
        ask.seed = int.from_bytes(digest[:4], "big")
    return Wanted(ask, digest, sources, any(source.get("alias") for source in sources))


def _digest(ask: CreateGeneration, sources: list[dict[str, Any]]) -> bytes:
    """Field by field, so that a new field of generations doesn't rename what is cached."""
    named = {
        "prompt": ask.prompt, "aspect_ratio": ask.aspect_ratio, "resolution": ask.resolution,
        "model": ask.model, "seed": ask.seed, "project_id": ask.project_id,
        "auto_enhance": ask.auto_enhance,
        "sources": [source.get("image_id") or source.get("url") for source in sources],
    }  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(named, order="deterministic")).digest()


async def cached(tx: Transaction, caller: Caller, wanted: Wanted) -> Row | None:
    """The entry that answers now: a picture, or work under way. Failed work answers nothing."""
    row = await queries.entry(tx, caller.organization_id, wanted.digest)
    if row is None or row["status"] in {"failed", "canceled"}:
        return None
    if row["status"] == "completed" and row["image_id"] is None:
        return None
    return row


async def start(
    tx: Transaction, caller: Caller, links: Links, wanted: Wanted, allow_networks: list[Network]
) -> str:
    """The generation that makes this picture: the one another request began, or a new one.

    Raises Conflict where an alias of the request moved since it was normalized.
    """
    await queries.take_turn(tx, caller.organization_id, wanted.digest)
    if row := await cached(tx, caller, wanted):
        return str(row["generation_id"])
    created = await generations.create(tx, caller, links, wanted.ask, allow_networks=allow_networks)
    generation_id = created.generation.id
    made_from = [found.image_id or found.url for found in created.generation.references]
    if made_from != [source.get("image_id") or source.get("url") for source in wanted.sources]:
        raise Conflict("An alias of this request moved just now; ask again.")
    await queries.put(tx, caller.organization_id, wanted.digest, generation_id)
    return generation_id
