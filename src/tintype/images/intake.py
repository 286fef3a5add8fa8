"""Bytes into the library: inspect, clean, hash and store, before any row is written.

A crash in between leaves an object without a row, which the sweeper removes; never a row without
bytes. Objects are named by their content within an organization, so the same bytes taken in twice
share one object.
"""

import asyncio
import hashlib
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from tintype.core.settings import MediaSettings
from tintype.media.inspect import Inspection, Limits, inspect
from tintype.media.pipeline import Master, as_master, make_master
from tintype.media.vips import Format
from tintype.storage import Storage


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A master in storage, ready for its row."""

    object_key: str
    original_key: str | None
    format: Format
    has_alpha: bool
    width: int
    height: int
    bytes: int
    sha256: str
    thumbhash: str

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def limits_of(media: MediaSettings) -> Limits:
    """What a picture may have at most to be taken in."""
    return Limits(bytes_max=media.upload_bytes_max, pixels_max=media.pixels_max)


async def take_in(
    storage: Storage,
    pixels: Executor,
    organization_id: str,
    data: bytes,
    limits: Limits,
    *,
    keep_original: bool,
    ready: bool = False,
    field: str = "file",
) -> StoredPicture:
    """Make and store the master, and beside it (for uploads) the file as it came, never served.

    `ready` bytes come from our own encoder: they are the master, not encoded once more.
    Raises what `media.inspect` and `make_master` raise, naming `field`.
    """
    loop = asyncio.get_running_loop()
    master, original_sha256 = await loop.run_in_executor(
        pixels, _make, data, limits, field, keep_original, ready
    )
    object_key = f"masters/{organization_id}/{master.sha256[:2]}/{master.sha256}.{master.format}"
    original_key = None
    puts = [storage.put_once(object_key, master.data)]
    if original_sha256 is not None:
        original_key = f"originals/{organization_id}/{original_sha256[:2]}/{original_sha256}"
        puts.append(storage.put_once(original_key, data))
    await asyncio.gather(*puts)
    return StoredPicture(
        object_key, original_key, master.format, master.has_alpha, master.width, master.height,
        len(master.data), master.sha256, master.thumbhash,
    )  # fmt: skip


def _make(
    data: bytes, limits: Limits, field: str, keep_original: bool, ready: bool
) -> tuple[Master, str | None]:
    if ready:
        # Its bytes were never a client's to bound: grain makes a small file a large one.
        limits = Limits(max(len(data), limits.bytes_max), limits.pixels_max)
    inspection: Inspection = inspect(data, limits, field)
    make = as_master if ready else make_master
    master = make(data, inspection, field)
    return master, hashlib.sha256(data).hexdigest() if keep_original else None
