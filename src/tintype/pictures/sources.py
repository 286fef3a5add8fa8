"""What a request gives as a picture, judged and read before any transaction."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tintype.addresses import Network
from tintype.aliases.models import assignable
from tintype.api.limits import check_meta
from tintype.catalog.scenes import check_scene
from tintype.core.errors import ValidationFailed
from tintype.images.models import FocalPoint
from tintype.pictures.models import CreatePicture, PictureForm, PictureSource
from tintype.webhooks.targets import hook

FIELD: Final = "source.data"
URL_FIELD: Final = "source.url"
# The field in which each type of source has what it needs, and those it may have beside.
_OWN: Final = {"url": "url", "base64": "data", "image": "image"}
_BESIDE: Final = {"base64": {"media_type"}}
_DATA_URL: Final = re.compile(r"data:[\w.+/;=-]{0,200}?;base64,", re.IGNORECASE)
_BASE64_OF: Final = (3, 4)
_PIECE: Final = 4 * 262_144


@dataclass(frozen=True, slots=True)
class Said:
    """What a client says of a new picture, judged; as the row has it."""

    scene_type: str | None
    scene_location: str | None
    alias: str | None
    focal_point: FocalPoint | None
    meta: dict[str, Any]
    webhook_url: str | None

    def fields(self) -> dict[str, Any]:
        focal = self.focal_point
        return {
            "scene_type": self.scene_type, "scene_location": self.scene_location,
            "focal_x": focal.x if focal else None, "focal_y": focal.y if focal else None,
            "meta": self.meta, "webhook_url": self.webhook_url, "alias_wanted": self.alias,
        }  # fmt: skip


def said(ask: CreatePicture | PictureForm, allow_networks: list[Network]) -> Said:
    """Raises ValidationFailed naming the field."""
    check_meta(ask.meta)
    check_scene(ask.scene_type, ask.scene_location)
    return Said(
        scene_type=ask.scene_type, scene_location=ask.scene_location,
        alias=None if ask.alias is None else assignable(ask.alias, "alias"),
        focal_point=_focal_point(ask.focal_point), meta=ask.meta,
        webhook_url=hook(ask.webhook_url, allow_networks),
    )  # fmt: skip


def check_source(source: PictureSource) -> str:
    """What the source's own field holds; raises ValidationFailed for a missing or foreign field."""
    own = _OWN[source.type]
    for name, value in msgspec.structs.asdict(source).items():
        if name not in {"type", own, *_BESIDE.get(source.type, ())} and value is not None:
            raise ValidationFailed(
                f"source.{name}", f"means nothing for type {source.type}; leave it out"
            )
    found: str | None = getattr(source, own)
    if found is None:
        raise ValidationFailed(f"source.{own}", f"is required for type {source.type}")
    return found


def body_bytes_max(file_bytes_max: int, rest_bytes_max: int) -> int:
    """How large a JSON body may be that has a file in base64, besides all else."""
    whole, coded = _BASE64_OF
    return -(-file_bytes_max // whole) * coded + rest_bytes_max


def decode_file(text: str) -> bytes:
    """The file that base64 text or a data URL holds; nothing is passed over.

    Raises ValidationFailed under `source.data`.
    """
    if text[:5].lower() == "data:":
        head = _DATA_URL.match(text)
        if head is None:
            raise ValidationFailed(FIELD, "a data URL must be of the form data:image/…;base64,…")
        text = text[head.end() :]
    try:
        return b"".join(_decoded(text))
    except (binascii.Error, ValueError) as fault:
        raise ValidationFailed(
            FIELD, "is not valid base64: A-Z a-z 0-9 + / in groups of four, filled up with ="
        ) from fault


def _decoded(text: str) -> Iterator[bytes]:
    """Piece by piece: a decoder lets no other thread run before it is done."""
    for start in range(0, len(text), _PIECE):
        piece, more = text[start : start + _PIECE], start + _PIECE < len(text)
        if more and piece.endswith("="):
            raise ValueError
        yield base64.b64decode(piece, validate=True)


def _focal_point(value: FocalPoint | dict[str, Any] | None) -> FocalPoint | None:
    """A form's comes as a map."""
    if not isinstance(value, dict):
        return value
    try:
        return msgspec.convert(value, FocalPoint)
    except msgspec.ValidationError as fault:
        raise ValidationFailed("focal_point", 'must be of the form {"x": 0.5, "y": 0.3}') from fault
