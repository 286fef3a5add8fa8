"""Films into storage: looked into, hashed and stored, before any row is written.

A crash in between leaves objects without a row, which the sweeper removes; never a row without
bytes. Objects are named by their content within an organization, as pictures are. Only our own
encoder's films come here: they are stored as they are.
"""

import asyncio
import hashlib
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final, Literal

from tintype.core.errors import ValidationFailed
from tintype.media.inspect import Limits, inspect
from tintype.media.reel.probe import FilmFacts, probe
from tintype.storage import Storage

FOLDER: Final = "films/"
_POSTER_FORMAT: Final = "jpeg"


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """A film and its poster in storage, ready for their row."""

    object_key: str
    poster_key: str
    format: Literal["mp4"]
    width: int
    height: int
    duration_seconds: float
    fps: float
    has_sound: bool
    bytes: int
    sha256: str

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


async def take_in(
    storage: Storage,
    pixels: Executor,
    organization_id: str,
    film: bytes,
    poster: bytes,
    *,
    field: str = "engine",
) -> StoredFilm:
    """Store the film and the poster. Raises what `probe` and `inspect` raise, naming `field`."""
    loop = asyncio.get_running_loop()
    facts, sha256, poster_sha256 = await loop.run_in_executor(pixels, _look, film, poster, field)
    object_key = key_of(organization_id, sha256, "mp4")
    poster_key = key_of(organization_id, poster_sha256, "jpg")
    await asyncio.gather(storage.put_once(object_key, film), storage.put_once(poster_key, poster))
    return StoredFilm(
        object_key=object_key, poster_key=poster_key, format="mp4",
        width=facts.width, height=facts.height,
        duration_seconds=float(facts.seconds), fps=float(facts.fps), has_sound=facts.has_sound,
        bytes=len(film), sha256=sha256,
    )  # fmt: skip


def _look(film: bytes, poster: bytes, field: str) -> tuple[FilmFacts, str, str]:
    facts = probe(film, field)
    if inspect(poster, Limits(), field).format != _POSTER_FORMAT:
        raise ValidationFailed(field, "must have a JPEG for its poster")
    return facts, hashlib.sha256(film).hexdigest(), hashlib.sha256(poster).hexdigest()


def key_of(organization_id: str, sha256: str, extension: str) -> str:
    """Where bytes of this hash lie that belong to a film of the organization."""
    return f"{FOLDER}{organization_id}/{sha256[:2]}/{sha256}.{extension}"
