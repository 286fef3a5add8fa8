from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tintype.generations.models import SEED_MAX, Prompt, Short
from tintype.images.references import Reference

WIDTH_MAX = 4096
YEAR_SECONDS = 31_536_000


class LiveQuery(msgspec.Struct, kw_only=True):
    """The prompt and what shapes it; `w` and `format` only shape the delivered bytes.

    `reference_images` is a list with commas. `org`, `key`, `exp` and `sig` make a signed URL, which
    needs no key's secret and whose parameters can't be changed; `key` is the id of who signed it.
    """

    prompt: Prompt
    aspect_ratio: Short = "1:1"
    resolution: Short = "1K"
    model: Short | None = None
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | None = None
    project_id: Short | None = None
    reference_images: Annotated[str, Meta(max_length=4096)] | None = None
    auto_enhance: bool = False
    w: Annotated[int, Meta(ge=1, le=WIDTH_MAX)] | None = None
    format: Literal["jpg", "png", "webp", "avif", "auto"] = "auto"
    org: Short | None = None
    key: Short | None = None
    exp: Annotated[int, Meta(ge=1)] | None = None
    sig: Annotated[str, Meta(max_length=64)] | None = None


class CreateLiveUrl(msgspec.Struct, kw_only=True):
    """`expires_in` is in seconds; without it the URL lasts."""

    prompt: Prompt
    aspect_ratio: Short = "1:1"
    resolution: Short = "1K"
    model: Short | None = None
    seed: Annotated[int, Meta(ge=0, le=SEED_MAX)] | None = None
    project_id: Short | None = None
    reference_images: Annotated[list[Reference], Meta(max_length=16)] = []
    auto_enhance: bool = False
    w: Annotated[int, Meta(ge=1, le=WIDTH_MAX)] | None = None
    format: Literal["jpg", "png", "webp", "avif", "auto"] | None = None
    expires_in: Annotated[int, Meta(ge=1, le=YEAR_SECONDS)] | None = None


class LiveUrl(msgspec.Struct, kw_only=True):
    """A URL for `<img src>`: it needs no key, and its parameters can't be changed."""

    object: Literal["live_url"] = "live_url"
    url: str
    expires_at: datetime | None
