"""A generation's row as clients see it."""

from collections.abc import Sequence
from typing import Any

from tintype.db.pool import Row, Transaction
from tintype.generations.models import Fault, Generation, VariantFault
from tintype.images import operations as images
from tintype.images.links import Links
from tintype.images.models import Image
from tintype.images.references import ReferenceView
from tintype.videos import operations as videos
from tintype.videos.models import Video


async def with_images(
    tx: Transaction, organization_id: str, rows: Sequence[Row], links: Links
) -> list[Generation]:
    """Two queries at most for any number of generations: one for pictures, one for films."""
    done = [row for row in rows if row["status"] == "completed"]
    filmed = [row["id"] for row in done if row["kind"] == "video"]
    drawn = [row["id"] for row in done if row["kind"] != "video"]
    films = await videos.of_generations(tx, organization_id, filmed, links)
    pictures = await images.of_generations(tx, organization_id, drawn, links)
    return [to_generation(row, pictures.get(row["id"], []), films.get(row["id"])) for row in rows]


def to_generation(row: Row, pictures: list[Image], film: Video | None = None) -> Generation:
    first = pictures[0] if pictures else None
    shown = film or first
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
        duration_seconds=_rounded(row["duration_seconds"]),
        references=[ReferenceView(**source) for source in row["sources"]],
        mode=row["mode"],
        strength=_rounded(row["strength"]),
        preset=row["preset"],
        project_id=row["project_id"],
        flow_id=row["flow_id"],
        persona_id=row["persona_id"],
        batch_id=row["batch_id"],
        custom_id=row["custom_id"],
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
        video=film,
        image_id=first.id if first else None,
        output_url=shown.url if shown else None,
        error=Fault(error["code"], error["message"]) if error else None,
        faults=[VariantFault(**fault) for fault in row["faults"]],
        meta=row["meta"],
        webhook_url=row["webhook_url"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        timings=row["timings"],
    )


def _rounded(value: float | None) -> float | None:
    """As it was asked for: the column is of single precision."""
    return None if value is None else round(value, 6)
