"""What a run starts from, as bytes: our own masters, or URLs through the guarded door."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

from tintype.core.errors import TintypeError
from tintype.db.pool import Row
from tintype.engines.base import Blob, EngineFault
from tintype.fetch import FetchFailed
from tintype.generations.models import Kind
from tintype.generations.workshop import Workshop
from tintype.images import operations as images
from tintype.images.intake import limits_of
from tintype.media.inspect import inspect
from tintype.media.sound.decode import BYTES_MAX
from tintype.storage import MissingObject
from tintype.videos.operations import is_reel

# A job's references together have at most the bytes of so many of the largest files.
_REFERENCES_FILES: Final = 2
REEL_FILES: Final = 8
# Kinds that work on one given picture, by the field in which requests name it.
_FIRST_FIELD: Final[dict[Kind, str]] = {
    "clean": "image_url",
    "realistic": "image_url",
    "sketch_to_photo": "image",
    "video": "image",
    "enhancement": "picture",
}
# An enhancement's second picture is the one that it is to match.
_MATCHED: Final = "instruction.reference_image_id"


@dataclass(frozen=True, slots=True)
class Given:
    """The references of a work; `focal_points` are those that the library has, one for each.

    `sound` is the file that lies under a reel.
    """

    blobs: tuple[Blob, ...]
    focal_points: tuple[tuple[float, float] | None, ...]
    sound: Blob | None = None

    @property
    def focal_point(self) -> tuple[float, float] | None:
        """That of the first picture."""
        return self.focal_points[0] if self.focal_points else None


async def given(workshop: Workshop, row: Row) -> Given:
    """All of them lie in memory at once, so each may have what the ones before have left."""
    left = _bytes_max(workshop, row)
    blobs: list[Blob] = []
    focal_points: list[tuple[float, float] | None] = []
    for number, source in enumerate(row["sources"]):
        field, focal = field_of(row, number), None
        if source.get("url"):
            blob = await _fetched(workshop, source["url"], field, left)
        else:
            blob, focal = await _master(
                workshop, row["organization_id"], source["image_id"], field, left
            )
        left -= len(blob.data)
        blobs.append(blob)
        focal_points.append(focal)
    sound = await _sound(workshop, row) if is_reel(row) else None
    return Given(tuple(blobs), tuple(focal_points), sound)


def _bytes_max(workshop: Workshop, row: Row) -> int:
    """What the pictures of a work may have together."""
    files = REEL_FILES if is_reel(row) else _REFERENCES_FILES
    return files * workshop.settings.media.upload_bytes_max


def takes_a_picture(kind: Kind) -> bool:
    """Whether work of this kind is about one given picture."""
    return kind in _FIRST_FIELD


def field_of(row: Row, number: int) -> str:
    """The request's field that names a reference."""
    first = _FIRST_FIELD.get(row["kind"])
    if is_reel(row):
        return f"picture_ids[{number}]"
    if row["kind"] == "enhancement" and number == 1:
        return _MATCHED
    return first if first and number == 0 else f"reference_images[{number}]"


async def _sound(workshop: Workshop, row: Row) -> Blob | None:
    """The sound file that lies under a reel; what it is, the engine finds out by its bytes."""
    background = row["recipe"].get("background") or {}
    if background.get("sound_key"):
        try:
            data = await workshop.storage.get(background["sound_key"])
        except MissingObject as fault:
            problem = "background.audio: the bytes of the file are missing"
            raise EngineFault("INVALID_REQUEST", problem) from fault
        return Blob(data, "application/octet-stream")
    if not background.get("audio_url"):
        return None
    fetched = await workshop.fetcher.get(
        background["audio_url"],
        bytes_max=min(BYTES_MAX, workshop.settings.media.upload_bytes_max),
        seconds_max=workshop.settings.fetch.seconds_max,
        field="background.audio_url",
    )
    return Blob(fetched.data, "application/octet-stream")


async def _fetched(workshop: Workshop, url: str, field: str, left: int) -> Blob:
    most = workshop.settings.media.upload_bytes_max
    try:
        fetched = await workshop.fetcher.get(
            url,
            bytes_max=min(most, left),
            seconds_max=workshop.settings.fetch.seconds_max,
            field=field,
        )
    except FetchFailed as fault:
        if fault.fault == "too_large" and left < most:
            raise _too_much(workshop) from fault
        raise
    # By its bytes, not by what the server claims; pixels are counted before any is decoded.
    judge = partial(inspect, fetched.data, limits_of(workshop.settings.media), field)
    try:
        found = await asyncio.get_running_loop().run_in_executor(workshop.pixels, judge)
    except TintypeError as fault:
        about = "" if fault.message.startswith(field) else f"{field}: "
        raise EngineFault("INVALID_REQUEST", f"{about}{fault.message}") from fault
    return Blob(fetched.data, found.media_type)


async def _master(
    workshop: Workshop, organization_id: str, image_id: str, field: str, left: int
) -> tuple[Blob, tuple[float, float] | None]:
    async with workshop.database.reading() as connection:
        stored = await images.stored(connection, organization_id, image_id)
    if stored is None:
        raise EngineFault("INVALID_REQUEST", f"{field}: the image {image_id} is gone")
    try:
        if (await workshop.storage.stat(stored.object_key)).size_bytes > left:
            raise _too_much(workshop)
        data = await workshop.storage.get(stored.object_key)
    except MissingObject as fault:
        raise EngineFault(
            "INVALID_REQUEST", f"{field}: the bytes of the image {image_id} are missing"
        ) from fault
    return Blob(data, f"image/{stored.format}"), stored.focal_point


def _too_much(workshop: Workshop) -> EngineFault:
    most = _REFERENCES_FILES * workshop.settings.media.upload_bytes_max
    return EngineFault(
        "INVALID_REQUEST", f"reference_images: together they have more than {most} bytes"
    )
