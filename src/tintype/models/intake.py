"""Weights into the storage: judged, hashed and stored as they come, never whole in memory.

Each taking has a key of its own, so that two at once, of which only one can count, don't write over
each other. What no row came to name is the sweeper's.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Final

from tintype.core.errors import TintypeError, UnsupportedMediaType, ValidationFailed
from tintype.models.safetensors import Contents, Damaged, NotSafetensors, Reader
from tintype.storage import Storage

FOLDER: Final = "weights/"
_BLOCK_BYTES: Final = 2**20


def new_key(organization_id: str) -> str:
    """Where to store the next file of the organization."""
    return f"{FOLDER}{organization_id}/{secrets.token_hex(16)}.safetensors"


async def take_in(storage: Storage, key: str, pieces: AsyncIterator[bytes]) -> Contents:
    """Store what comes and say what it is; raises NotSafetensors or Damaged as soon as it shows."""
    reader = Reader()

    async def judged() -> AsyncIterator[bytes]:
        async for block in _blocks(pieces):
            # Hashing takes a while, and the header's end may be in this block.
            await asyncio.to_thread(reader.feed, block)
            yield block

    await storage.put_stream(key, judged())
    try:
        return reader.finish()
    except (NotSafetensors, Damaged):
        await storage.delete([key])
        raise


def refusal(fault: NotSafetensors | Damaged, field: str) -> TintypeError:
    """The error for the client who gave the file as `field`."""
    if isinstance(fault, NotSafetensors):
        return UnsupportedMediaType(
            f"{field}: the file is {fault}; weights are taken as safetensors only", param=field
        )
    return ValidationFailed(field, f"the safetensors file {fault}")


async def _blocks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in fewer, larger pieces."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) >= _BLOCK_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
