"""Personas: made, found, changed; and what one adds to the work that shows it.

A persona's pictures are fixed when they are given: an alias that moves later changes no persona.
A picture that is deleted later is not left out in silence: work that would show the persona is
refused, naming the picture, until the persona has other ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tintype.accounts.models import require_feature
from tintype.addresses import Network
from tintype.api.paging import TOTAL_MAX
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import NotFound, ValidationFailed
from tintype.db.pool import Row, Transaction
from tintype.images import operations as images
from tintype.images import references
from tintype.images.links import Links
from tintype.images.references import ReferenceView
from tintype.personas import queries
from tintype.personas.models import WORDS_MAX, ChangePersona, CreatePersona, Persona
from tintype.projects import operations as projects


@dataclass(frozen=True, slots=True)
class Shown:
    """What a persona adds to work: words for the prompt, and pictures to start from.

    `sources` are as `images.references.resolve` gives them.
    """

    persona_id: str
    words: str
    sources: list[dict[str, Any]]


async def create(
    tx: Transaction,
    caller: Caller,
    links: Links,
    ask: CreatePersona,
    *,
    allow_networks: list[Network],
) -> Persona:
    require_feature(caller, "personas")
    said = _said(ask.name, ask.description, ask.attributes)
    project_id = await projects.chosen(tx, caller, ask.project_id)
    sources = await _sources(tx, caller, links, ask.reference_images, project_id, allow_networks)
    row = await queries.insert(tx, ids.new("per"), caller.organization_id, {
        **said, "project_id": project_id, "reference_images": sources,
        "livemode": caller.livemode, "meta": ask.meta,
    })  # fmt: skip
    return to_persona(row)


async def get(tx: Transaction, caller: Caller, persona_id: str) -> Persona:
    return to_persona(await _row(tx, caller, persona_id))


async def page(
    tx: Transaction,
    caller: Caller,
    filters: Mapping[str, Any],
    *,
    after: str | None,
    offset: int,
    limit: int,
) -> tuple[list[Row], int]:
    """Newest first, one more than `limit` where there is more, and how many there are in all.

    `filters` are `project_id` and `q`, a LIKE pattern.
    """
    project_id = await projects.chosen(tx, caller, filters["project_id"])
    asked = {**filters, "project_id": project_id}
    rows = await queries.page(
        tx, caller.organization_id, asked | {"after": after}, offset=offset, limit=limit + 1
    )
    return rows, await queries.count(tx, caller.organization_id, asked, TOTAL_MAX)


async def change(
    tx: Transaction,
    caller: Caller,
    links: Links,
    persona_id: str,
    ask: ChangePersona,
    *,
    allow_networks: list[Network],
) -> Persona:
    """Change what `ask` sets; work that has begun keeps what it was given."""
    require_feature(caller, "personas")
    row = await _row(tx, caller, persona_id, lock=True)
    fields = {name: row[name] for name in ("name", "description", "attributes", "meta")} | {
        name: value for name, value in msgspec.structs.asdict(ask).items()
        if value is not msgspec.UNSET
    }  # fmt: skip
    said = _said(fields["name"], fields["description"], fields["attributes"])
    if ask.reference_images is msgspec.UNSET:
        sources = row["reference_images"]
    else:
        sources = await _sources(
            tx, caller, links, ask.reference_images, row["project_id"], allow_networks
        )
    return to_persona(
        await queries.update(
            tx, caller.organization_id, row["id"], fields | said | {"reference_images": sources}
        )
    )


async def delete(tx: Transaction, caller: Caller, persona_id: str) -> None:
    """Soft: work that showed the person keeps saying so."""
    row = await _row(tx, caller, persona_id, lock=True)
    await queries.soft_delete(tx, caller.organization_id, row["id"])


async def shown(tx: Transaction, caller: Caller, persona_id: str) -> Shown:
    """What the persona adds to new work.

    Raises ValidationFailed naming `persona_id` where there is no such one, and where a picture of
    it was deleted: without that picture the work would show somebody else.
    """
    require_feature(caller, "personas")
    try:
        row = await _row(tx, caller, persona_id)
    except NotFound as fault:
        raise ValidationFailed("persona_id", "there is no such persona") from fault
    for source in row["reference_images"]:
        image_id = source.get("image_id")
        if image_id and await images.stored(tx, caller.organization_id, image_id) is None:
            raise ValidationFailed(
                "persona_id",
                f"its reference image {image_id} was deleted; give the persona other"
                " reference_images",
            )
    words = words_of(row["name"], row["description"], row["attributes"])
    return Shown(row["id"], words, row["reference_images"])


def words_of(name: str, description: str, attributes: Mapping[str, str]) -> str:
    """The person in words: "Mira, a dancer with a calm face, hair: red, short"."""
    parts = [name, description.rstrip(".")]
    parts += [f"{what}: {how}" for what, how in attributes.items()]
    return ", ".join(part for part in parts if part)


def to_persona(row: Row) -> Persona:
    fields = {name: row[name] for name in Persona.__struct_fields__
              if name not in {"object", "reference_images"}}  # fmt: skip
    return Persona(
        **fields, reference_images=[ReferenceView(**it) for it in row["reference_images"]]
    )


def _said(name: str, description: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    """Name, description and attributes without outer space; ValidationFailed for blank ones."""
    clean = {what.strip(): how.strip() for what, how in attributes.items()}
    if not name.strip():
        raise ValidationFailed("name", "must not be blank")
    if not all(clean) or not all(clean.values()):
        raise ValidationFailed("attributes", "must have no blank name or value")
    if len(clean) < len(attributes):
        raise ValidationFailed("attributes", "has one name twice")
    name, description = name.strip(), description.strip()
    length = len(words_of(name, description, clean))
    if length > WORDS_MAX:
        raise ValidationFailed(
            "description" if description else "attributes",
            f"name, description and attributes together may have {WORDS_MAX} characters;"
            f" these have {length}",
        )
    return {"name": name, "description": description, "attributes": clean}


async def _sources(
    tx: Transaction,
    caller: Caller,
    links: Links,
    asked: Sequence[str],
    project_id: str | None,
    allow_networks: list[Network],
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, text in enumerate(asked):
        source = await references.resolve_one(
            tx, caller, links, text, f"reference_images[{number}]",
            flow_id=None, project_id=project_id, allow_networks=allow_networks,
        )  # fmt: skip
        if source not in found:
            found.append(source)
    return found


async def _row(tx: Transaction, caller: Caller, persona_id: str, *, lock: bool = False) -> Row:
    wanted = ids.parse("per", persona_id)
    row = await queries.find(tx, caller.organization_id, wanted, caller.project_id, lock=lock)
    if row is None:
        raise NotFound(f"There is no persona {persona_id[:80]}.")
    return row
