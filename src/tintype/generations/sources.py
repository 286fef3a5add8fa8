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
from tintype.storage import MissingObject

# A job's references together have at most the bytes of so many of the largest files.
_REFERENCES_FILES: Final = 2
# Kinds that work on one given picture, by the field in which requests name it.
_FIRST_FIELD: Final[dict[Kind, str]] = {
    "clean": "image_url",
    "realistic": "image_url",
    "sketch_to_photo": "image",
    "video": "image",
}


@dataclass(frozen=True, slots=True)
class Given:
    """The references of a work; `focal_point` is the first one's, where the library has one."""

    blobs: tuple[Blob, ...]
    focal_point: tuple[float, float] | None


async def given(workshop: Workshop, row: Row) -> Given:
    """All of them lie in memory at once, so each may have what the ones before have left."""
    left = _REFERENCES_FILES * workshop.settings.media.upload_bytes_max
    blobs: list[Blob] = []
    focal_point = None
    for number, source in enumerate(row["sources"]):
        field = field_of(row, number)
        if source.get("url"):
            blob = await _fetched(workshop, source["url"], field, left)
        else:
            blob, focal = await _master(
                workshop, row["organization_id"], source["image_id"], field, left
            )
            focal_point = focal if number == 0 else focal_point
        left -= len(blob.data)
        blobs.append(blob)
    return Given(tuple(blobs), focal_point)


def takes_a_picture(kind: Kind) -> bool:
    """Whether work of this kind is about one given picture."""
    return kind in _FIRST_FIELD


def field_of(row: Row, number: int) -> str:
    """The request's field that names a reference."""
    first = _FIRST_FIELD.get(row["kind"])
    return first if first and number == 0 else f"reference_images[{number}]"


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
