"""A sound file that comes with a request: judged and stored before any row names it.

It lies beside the films, named by its content; a film's row names it, and so keeps it.
"""

import asyncio
import hashlib
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from tintype.core.errors import ValidationFailed
from tintype.media.sound.decode import decode, sniff
from tintype.pictures.sources import decode_file
from tintype.storage import Storage
from tintype.videos.intake import key_of

FIELD: Final = "background.audio"
SECONDS_TRIED: Final = 120.0
"""No film is longer, so no more of a file is ever heard."""


@dataclass(frozen=True, slots=True)
class StoredSound:
    object_key: str
    sha256: str


async def take_in(
    storage: Storage, pixels: Executor, organization_id: str, text: str, *, bytes_max: int
) -> StoredSound:
    """Store the file that base64 text or a data URL holds.

    Raises what `media.sound.decode.decode` raises, naming `FIELD`.
    """
    loop = asyncio.get_running_loop()
    data, kind = await loop.run_in_executor(pixels, _judged, text, bytes_max)
    sha256 = hashlib.sha256(data).hexdigest()
    key = key_of(organization_id, sha256, kind)
    await storage.put_once(key, data)
    return StoredSound(key, sha256)


def _judged(text: str, bytes_max: int) -> tuple[bytes, str]:
    try:
        data = decode_file(text)
    except ValidationFailed as fault:
        raise ValidationFailed(FIELD, fault.details[0]["problem"]) from fault
    decode(data, SECONDS_TRIED, canceled=_never, field=FIELD, bytes_max=bytes_max)
    return data, str(sniff(data))


def _never() -> bool:
    return False
