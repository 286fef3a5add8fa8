"""What `tintype webhooks trigger` sends: an example of each type's `data`.

Each has the true form, and says of itself that it is an example: `example` is true in it, which no
event of real work has.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from tintype.batches.models import Batch
from tintype.catalog.models import model_for, price, size_of
from tintype.core import ids
from tintype.generations.models import Fault, Generation, Status
from tintype.images.links import Links
from tintype.images.models import Image, PictureEvent
from tintype.projects.models import Branding, Colors, Project
from tintype.videos.links import film_url, poster_url, public_url
from tintype.videos.models import Background, Video, VideoFault

_PROMPT: Final = "A red fox by a mountain lake at sunset"
_ASPECT_RATIO: Final = "1:1"
_RESOLUTION: Final = "1K"
_STATUSES: Final[dict[str, Status]] = {
    "queued": "queued", "processing": "processing", "completed": "completed", "failed": "failed",
    "canceled": "canceled",
}  # fmt: skip


def example(type_: str, links: Links, *, livemode: bool) -> tuple[str, dict[str, Any]]:
    """The subject's id and the `data` of an event of this type, as JSON would give it."""
    noun, _, what = type_.partition(".")
    moment = datetime.now(UTC)
    match noun:
        case "generation":
            made: Any = _generation(_STATUSES[what], links, moment, livemode=livemode)
        case "image":
            made = _image(None, links, moment, livemode=livemode)
        case "picture":
            made = _picture(what, links)
        case "video":
            made = _video(what, links, moment, livemode=livemode)
        case "batch":
            made = _batch(moment, livemode=livemode)
        case "project":
            made = _project(what, links, moment)
        case _:
            made = {
                "organization_id": ids.new("org"), "balance": 100, "reserved": 2, "available": 98,
                "threshold": 100,
            }  # fmt: skip
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
    return str(data.get("id") or data["organization_id"]), {"example": True, **data}


def _batch(moment: datetime, *, livemode: bool) -> Batch:
    return Batch(
        id=ids.new("bat"), status="completed", name="spring", total=3, queued=0, processing=0,
        completed=2, failed=1, canceled=0, credits_reserved=3, credits_used=2, project_id=None,
        source="cli", api_key_id=None, livemode=livemode, meta={}, webhook_url=None,
        created_at=moment - timedelta(seconds=9), started_at=moment - timedelta(seconds=8),
        cancel_requested_at=None, completed_at=moment,
    )  # fmt: skip


def _generation(status: Status, links: Links, moment: datetime, *, livemode: bool) -> Generation:
    generation_id = ids.new("gen")
    model = model_for("text_to_image", None)
    width, height = size_of(_ASPECT_RATIO, _RESOLUTION)
    credits = price(model, _RESOLUTION, 1)
    done = status == "completed"
    pictures = [_image(generation_id, links, moment, livemode=livemode)] if done else []
    began = None if status == "queued" else moment - timedelta(seconds=2)
    return Generation(
        id=generation_id, kind="text_to_image", status=status, progress=1.0 if done else 0.0,
        prompt=_PROMPT, enhanced_prompt=None, negative_prompt=None, model=model.id,
        engine=model.engine, fidelity=model.fidelity, aspect_ratio=_ASPECT_RATIO,
        resolution=_RESOLUTION, width=width, height=height, seed=7, variants=1, references=[],
        duration_seconds=None, faults=[], custom_id=None, video=None,
        mode=None, strength=None, preset=None,
        project_id=None, flow_id=None, persona_id=None, batch_id=None, retry_of=None, alias=None,
        flow_alias=None, attempts=0 if status == "queued" else 1, source="cli", api_key_id=None,
        livemode=livemode, credits_reserved=credits, credits_used=credits if done else 0,
        images=pictures,
        image_id=pictures[0].id if done else None, output_url=pictures[0].url if done else None,
        error=Fault("PROVIDER_ERROR", "The engine gave up.") if status == "failed" else None,
        meta={}, webhook_url=None, created_at=moment - timedelta(seconds=3), started_at=began,
        completed_at=moment if status in {"completed", "failed", "canceled"} else None, timings={},
    )  # fmt: skip


def _image(generation_id: str | None, links: Links, moment: datetime, *, livemode: bool) -> Image:
    image_id = ids.new("img")
    width, height = size_of(_ASPECT_RATIO, _RESOLUTION)
    return Image(
        id=image_id, source="uploaded" if generation_id is None else "generated",
        public_url=links.public_url(image_id, "png"),
        url=links.url(image_id, "png"), width=width, height=height, format="png",
        bytes=1_234_567, sha256="0" * 64, thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI", alias=None,
        focal_point=None, project_id=None, flow_id=None, generation_id=generation_id,
        parent_id=None, version=0, subversion=0, scene_type=None, scene_location=None,
        approval="pending", feedback=None, source_instruction=None, livemode=livemode, meta={},
        created_at=moment, updated_at=moment,
    )  # fmt: skip


def _video(what: str, links: Links, moment: datetime, *, livemode: bool) -> Video:
    video_id, stored = ids.new("vid"), what == "completed"
    return Video(
        id=video_id, status=_STATUSES[what], progress=1.0 if stored else 0.4,
        title="A spring walk", public_url=public_url(links, video_id) if stored else None,
        url=film_url(links, video_id) if stored else None,
        poster_url=poster_url(links, video_id) if stored else None,
        width=1080, height=1920, duration_seconds=15.0, fps=30.0 if stored else None,
        has_sound=True if stored else None, bytes=4_567_890 if stored else None,
        sha256="0" * 64 if stored else None, project_id=ids.new("prj"),
        generation_id=ids.new("gen"), picture_ids=[ids.new("img"), ids.new("img")],
        captions=["Living room", None], transition="fade", voice=None,
        background=Background(mood="calm"), aspect_ratio="9:16", resolution="1080p",
        model="builtin/montage", seed=1, credits_reserved=30, credits_used=30 if stored else 0,
        error=None if stored else VideoFault("PROVIDER_ERROR", "An example of a fault."),
        livemode=livemode, meta={}, webhook_url=None, created_at=moment, completed_at=moment,
    )  # fmt: skip


def _picture(what: str, links: Links) -> PictureEvent:
    image_id = ids.new("img")
    return PictureEvent(
        id=image_id, project_id=ids.new("prj"),
        status="failed" if what == "failed" else "completed",
        public_url=None if what == "failed" else links.public_url(image_id, "jpeg"),
        version=1, subversion=0, scene_type="interior", scene_location="living_room",
        source_instruction={
            "source": "preset",
            "actions": ["interior-style-japandi", "interior-decoration-medium"],
        },
    )  # fmt: skip


def _project(what: str, links: Links, moment: datetime) -> Project:
    published = what == "published"
    return Project(
        id=ids.new("prj"), name="Gdynia apartment campaign",
        status="published" if published else "draft", output="picture",
        picture_aspect_ratio="16:9", picture_resolution="2K", consistency_image_id=None,
        branding=Branding(name="Baltic Homes", colors=Colors(primary="#23576b")),
        public_url=f"{links.base_url}/p/gdynia-apartment-campaign-7f3k9x2m4qhd"
        if published else None,
        published_at=moment if published else None, meta={},
        created_at=moment - timedelta(days=3), updated_at=moment,
    )  # fmt: skip
