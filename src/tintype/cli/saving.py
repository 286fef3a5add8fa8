"""Pictures from the library into files that a person names."""

import asyncio
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tintype.cli.house import House
from tintype.core.errors import Internal, NotFound, ValidationFailed
from tintype.generations.models import Generation
from tintype.images import operations as images
from tintype.images.models import Image
from tintype.media.variants import FORMATS_BY_EXTENSION, Variant, render
from tintype.media.vips import Format
from tintype.storage import MissingObject, open_storage

_ENDINGS: Final = ", ".join(FORMATS_BY_EXTENSION)


@dataclass(frozen=True)
class Pattern:
    """A file's name with `{id}`, `{index}` and `{ext}`; `format` is what its ending asks for."""

    text: str
    format: Format | None

    @classmethod
    def of(cls, asked: str | None) -> "Pattern":
        """Refuse, before anything is paid for, what could not be written afterwards."""
        text = asked or "{id}.{ext}"
        if text.endswith(os.sep) or Path(text).is_dir():
            text = str(Path(text) / "{id}.{ext}")
        try:
            sample = Path(text.format(id="gen", index=1, ext="png"))
        except (KeyError, IndexError, ValueError, AttributeError) as fault:
            raise ValidationFailed("output", "may hold {id}, {index} and {ext}") from fault
        kind = FORMATS_BY_EXTENSION.get(sample.suffix[1:].lower())
        if kind is None:
            raise ValidationFailed("output", f"must end in one of {_ENDINGS}")
        nearest = next(it for it in sample.absolute().parents if it.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            raise ValidationFailed("output", f"the folder {sample.parent} can't be written to")
        return cls(text, None if "{ext}" in text else kind)

    def file(self, generation: Generation, index: int, ext: str) -> Path:
        """The file of picture `index`, from 1; several get their number even if not asked for."""
        file = Path(self.text.format(id=generation.id, index=index, ext=ext))
        if len(generation.images) > 1 and "{index}" not in self.text:
            return file.with_name(f"{file.stem}-{index}{file.suffix}")
        return file


async def save(opened: House, generation: Generation, pattern: Pattern) -> list[Path]:
    """Write every picture of the generation; answer the files. Raises ValidationFailed.

    Folders that lack are made.
    """
    files = []
    for index, image in enumerate(generation.images, 1):
        kind = pattern.format or image.format
        data = await _picture(opened, generation.id, image, kind)
        file = pattern.file(generation, index, "jpg" if kind == "jpeg" else kind)
        try:
            await asyncio.to_thread(_write, file, data)
        except OSError as fault:
            raise ValidationFailed(
                "output", f"{file} can't be written: {fault.strerror}"
            ) from fault
        files.append(file)
    return files


async def _picture(opened: House, generation_id: str, image: Image, kind: Format) -> bytes:
    async with opened.database.reading() as tx:
        row = await images.deliverable(tx, image.id)
    if row is None:
        raise NotFound(f"The picture {image.id} of {generation_id} was deleted meanwhile.")
    try:
        data = await open_storage(opened.settings.storage_url).get(row["object_key"])
    except MissingObject as fault:
        raise Internal from fault
    if kind == image.format:
        return data
    whole = Variant(None, None, "inside", 1.0, None, kind)
    return await asyncio.to_thread(render, data, whole, None)


def _write(file: Path, data: bytes) -> None:
    """Beside its place, then moved there, so that no half picture ever has the name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(beside).chmod(0o666 & ~umask)
        Path(beside).replace(file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
