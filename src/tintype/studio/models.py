from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tintype.aliases.models import AliasText
from tintype.generations.models import SEED_MAX, CreateGeneration, Prompt, Short, WebhookUrl
from tintype.images.references import Reference

WAIT_SECONDS: Final = 60
"""How long these routes hold their answer where the client says nothing."""
Seed = Annotated[int, Meta(ge=0, le=SEED_MAX)]


class GenerateImage(CreateGeneration, kw_only=True):
    """As a generation; `product_image` (alias, id or URL) goes first among its references."""

    product_image: Reference | None = None


class GenerateVideo(msgspec.Struct, kw_only=True):
    """A film of the picture at `image`/`image_url` (one field), or of one drawn from the prompt.

    In a form the picture may be a file, in a part named `image` or `file`; it is then an uploaded
    image of the library, too. Left out, `duration_seconds` is the model's own default.
    """

    prompt: Prompt | None = None
    image: Reference | None = None
    image_url: Reference | None = None
    persona_id: Short | None = None
    duration_seconds: Annotated[float, Meta(ge=0, le=3600)] | None = None
    aspect_ratio: Short = "16:9"
    resolution: Short = "720p"
    model: Short | None = None
    seed: Seed | None = None
    negative_prompt: Prompt | None = None
    flow_id: Short | None = None
    project_id: Short | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None


class SketchToPhoto(msgspec.Struct, kw_only=True):
    """A photograph of what the sketch at `image`/`image_url` (one field) shows.

    In a form the sketch may be a file, in a part named `image`, `sketch` or `file`; it is then an
    uploaded image of the library, too. The result takes `alias` and `flow_alias`. `aspect_ratio`
    and `resolution` that are left out are the project's, else 1:1 and 1K.
    """

    prompt: Prompt
    image: Reference | None = None
    image_url: Reference | None = None
    persona_id: Short | None = None
    aspect_ratio: Short | None = None
    resolution: Short | None = None
    model: Short | None = None
    seed: Seed | None = None
    variants: Annotated[int, Meta(ge=1, le=8)] = 1
    negative_prompt: Prompt | None = None
    flow_id: Short | None = None
    project_id: Short | None = None
    alias: AliasText | None = None
    flow_alias: AliasText | None = None
    meta: dict[str, Any] = {}
    webhook_url: WebhookUrl | None = None
    dry_run: bool = False
    quote_id: Short | None = None
