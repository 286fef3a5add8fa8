"""A generation's row as clients see it."""

from collections.abc import Sequence
from typing import Any

from tintype.db.pool import Row, Transaction
from tintype.generations.models import Fault, Generation, ReferenceView
from tintype.images import operations as images
from tintype.images.links import Links
from tintype.images.models import Image


async def with_images(
    tx: Transaction, organization_id: str, rows: Sequence[Row], links: Links
) -> list[Generation]:
    """Two queries for any number of generations: theirs was one, this is the other."""
    done = [row["id"] for row in rows if row["status"] == "completed"]
    pictures = await images.of_generations(tx, organization_id, done, links)
    return [to_generation(row, pictures.get(row["id"], [])) for row in rows]


def to_generation(row: Row, pictures: list[Image]) -> Generation:
    first = pictures[0] if pictures else None
    error: dict[str, Any] | None = row["error"]
    return Generation(
        id=row["id"],
        kind=row["kind"],
        status=row["status"],
        progress=round(row["progress"], 3),
        prompt=row["prompt"],
        enhanced_prompt=row["enhanced_prompt"],
        negative_prompt=row["negative_prompt"],
        model=row["model"],
        engine=row["engine"],
        fidelity=row["fidelity"],
        aspect_ratio=row["aspect_ratio"],
        resolution=row["resolution"],
        width=row["width"],
        height=row["height"],
        seed=row["seed"],
        variants=row["variants"],
        references=[ReferenceView(**source) for source in row["sources"]],
        mode=row["mode"],
        strength=None if row["strength"] is None else round(row["strength"], 6),
        preset=row["preset"],
        project_id=row["project_id"],
        flow_id=row["flow_id"],
        persona_id=row["persona_id"],
        batch_id=row["batch_id"],
        retry_of=row["retry_of"],
        alias=row["alias"],
        flow_alias=row["flow_alias"],
        attempts=row["attempts"],
        source=row["source"],
        api_key_id=row["api_key_id"],
        livemode=row["livemode"],
        credits_reserved=row["credits_reserved"],
        credits_used=row["credits_used"],
        images=pictures,
        image_id=first.id if first else None,
        output_url=first.url if first else None,
        error=Fault(error["code"], error["message"]) if error else None,
        meta=row["meta"],
        webhook_url=row["webhook_url"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        timings=row["timings"],
    )
