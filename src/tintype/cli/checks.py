"""The doctor's checks of what surrounds the database: folder, disks, codecs, storage, engines."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Literal, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec

from tintype.cli.contact import SchemaState, reached, schema_state
from tintype.core.errors import TintypeError
from tintype.core.settings import Settings, SettingsError
from tintype.db.pool import dedicated_connection
from tintype.engines.base import Engine, EngineFault
from tintype.engines.of_worker import configured
from tintype.media.encode import QUALITY_DEFAULT, encode
from tintype.media.vips import MEDIA_TYPES, Format, Image, VipsError, open_picture
from tintype.storage import MissingObject, Storage, open_storage

State = Literal["ok", "warning", "fault"]
_FREE_FAULT_BYTES: Final = 200 * 2**20
_FREE_WARNING_BYTES: Final = 2 * 2**30
_PING_SECONDS: Final = 10.0
_SERVER_MAJOR_MIN: Final = 15
_SCHEMA: Final[dict[SchemaState, tuple[State, str]]] = {
    "new": ("fault", "empty; start the server once"),
    "older": ("fault", "migrations are due; run `tintype db migrate`"),
    "newer": ("fault", "made by a newer Tintype; start that one"),
    "current": ("ok", "its schema is current"),
}
_T = TypeVar("_T")


class Finding(msgspec.Struct, frozen=True):
    """`detail` is one line: what was found, and for a fault what to do."""

    check: str
    state: State
    detail: str


def data_folder(settings: Settings) -> Finding:
    folder = settings.folder
    if not folder.exists():
        return Finding("data folder", "ok", f"{folder}: not made yet; the first start makes it")
    if not folder.is_dir():
        return Finding("data folder", "fault", f"{folder} is no folder")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("data folder", "fault", f"{folder} can't be written by this user")
    return Finding("data folder", "ok", str(folder))


def disks(settings: Settings) -> list[Finding]:
    """Room where data and pictures lie; one line when that is the same disk."""
    places = {"data folder's disk": settings.folder}
    if (folder := _storage_folder(settings)) is not None:
        places["storage's disk"] = folder
    found: dict[int, Finding] = {}
    for name, path in places.items():
        nearest = next(part for part in (path, *path.parents) if part.exists())
        free = shutil.disk_usage(nearest).free
        state: State = "ok"
        if free < _FREE_WARNING_BYTES:
            state = "fault" if free < _FREE_FAULT_BYTES else "warning"
        found.setdefault(
            nearest.stat().st_dev, Finding(name, state, f"{free / 2**30:.1f} GiB free")
        )
    return list(found.values())


def _storage_folder(settings: Settings) -> Path | None:
    parts = urlsplit(settings.storage_url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def codecs() -> list[Finding]:
    """Each format that is taken in and delivered, written and read back."""
    return [_codec(kind) for kind in MEDIA_TYPES]


def _codec(kind: Format) -> Finding:
    name = f"codec {kind}"
    try:
        picture = Image.black(16, 16, bands=3).copy(interpretation="srgb")
        data = encode(picture, kind, QUALITY_DEFAULT[kind])
        open_picture(data, kind).avg()
    except VipsError as fault:
        return Finding(name, "fault", f"libvips can't: {str(fault).strip().splitlines()[0]}")
    return Finding(name, "ok", "writes and reads")


async def outside(settings: Settings) -> list[Finding]:
    return [await storage(settings), *await engines(settings)]


async def storage(settings: Settings) -> Finding:
    """A probe object written, read and deleted."""
    folder = _storage_folder(settings)
    if folder is not None and not folder.exists():
        return Finding("storage", "ok", f"folder {folder}: not made yet; the first start makes it")
    try:
        opened = open_storage(settings.storage_url)
    except ValueError as fault:
        return Finding("storage", "fault", str(fault))
    try:
        await opened.probe()
        return await _round_trip(opened)
    except (TintypeError, MissingObject) as fault:
        return Finding("storage", "fault", f"{opened.describe()}: {fault}")


async def _round_trip(opened: Storage) -> Finding:
    key, data = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(1024)
    await opened.put(key, data)
    same = await opened.get(key) == data
    await opened.delete([key])
    if not same:
        return Finding("storage", "fault", f"{opened.describe()} gave back other bytes")
    return Finding("storage", "ok", f"{opened.describe()} writes, reads and deletes")


async def engines(settings: Settings) -> list[Finding]:
    known = configured(draw_threads=settings.media.threads)
    return [await _ping(engine) for engine in known.all()]


async def _ping(engine: Engine) -> Finding:
    name = f"engine {engine.name}"
    try:
        await _within(engine.open)
        try:
            return Finding(name, "ok", await _within(engine.ping))
        finally:
            await engine.close()
    except TimeoutError:
        return Finding(name, "fault", f"no answer within {_PING_SECONDS:.0f} s")
    except EngineFault as fault:
        return Finding(name, "fault", f"{fault.message} ({fault.code})")


async def _within(work: Callable[[], Awaitable[_T]]) -> _T:
    async with asyncio.timeout(_PING_SECONDS):
        return await work()


async def schema(settings: Settings) -> Finding:
    """The server's version, and whether the schema is this Tintype's."""
    try:
        with reached(settings):
            state = await schema_state(settings.database.url)
            connection = await dedicated_connection(settings.database.url)
            version = connection.get_settings().server_version
            major = connection.get_server_version().major
            await connection.close()
    except (SettingsError, TintypeError) as fault:
        return Finding("database", "fault", str(fault))
    told = f"PostgreSQL {version}"
    if major < _SERVER_MAJOR_MIN:
        return Finding("database", "fault", f"{told}: {_SERVER_MAJOR_MIN} or newer is needed")
    well, what = _SCHEMA[state]
    return Finding("database", well, f"{told}, {what}")
