from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging
from tintype.catalog.models import Model, Weighted

# How many an organization may have, so that nobody fills the storage.
MODELS_MAX: Final = 200
TRIGGER_WORDS_MAX: Final = 20
TRIGGER_CHARACTERS_MAX: Final = 100

Status = Literal["pending", "ready", "failed"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=2000)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]
Scale = Annotated[float, Meta(ge=0, le=2)]


class Fault(msgspec.Struct):
    code: str
    message: str


class ModelView(msgspec.Struct, kw_only=True):
    """A model of the catalogue (`kind` "base") or one that the organization registered.

    `created` is in seconds since 1970, 0 for the catalogue's. `weights` are the kinds of custom
    models that can be registered for it. What a custom model does and costs is its base model's.
    """

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    name: str
    description: str
    kind: Literal["base", "lora", "checkpoint"]
    status: Status
    error: Fault | None
    base_model: str | None
    engine: str
    fidelity: Literal["preview", "full"] | None
    operations: list[str]
    credits: dict[str, int]
    weights: list[Weighted]
    trigger_words: list[str]
    scale: float | None
    source_url: str | None
    bytes: int | None
    sha256: str | None
    tensors: int | None
    file_metadata: dict[str, str]
    livemode: bool | None
    meta: dict[str, Any]
    created_at: datetime | None
    updated_at: datetime | None


class CreateModel(msgspec.Struct, kw_only=True):
    """The weights are fetched from `source_url`; a form with the part `file` brings them along."""

    name: Name
    kind: Weighted
    base_model: Short
    source_url: Annotated[str, Meta(min_length=1, max_length=2048)]
    engine: Short | None = None
    trigger_words: Annotated[list[str], Meta(max_length=TRIGGER_WORDS_MAX)] = []
    scale: Scale = 1.0
    description: Description = ""
    meta: dict[str, Any] = {}


class ModelForm(msgspec.Struct, kw_only=True):
    """The parts beside `file`: `trigger_words` with commas between, `meta` as JSON text."""

    name: Name
    kind: Weighted
    base_model: Short
    engine: Short | None = None
    trigger_words: Annotated[str, Meta(max_length=4000)] = ""
    scale: Annotated[str, Meta(pattern=r"^([01](\.[0-9]{1,6})?|2(\.0{1,6})?)$")] = "1"
    description: Description = ""
    meta: dict[str, Any] = {}


class NewModel(msgspec.Struct, kw_only=True):
    """What is registered, however it was asked for."""

    name: str
    kind: Weighted
    base_model: str
    engine: str | None
    trigger_words: list[str]
    scale: float
    description: str
    meta: dict[str, Any]


class ListModels(Paging, kw_only=True):
    """Custom models first, newest first, then the catalogue's.

    `q` is looked for, without case, in id, name, description and trigger words.
    """

    limit: Annotated[int, Meta(ge=1, le=100)] = 100
    kind: Literal["base", "lora", "checkpoint"] | None = None
    base_model: Short | None = None
    engine: Short | None = None
    status: Status | None = None
    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class CustomModel(Model, frozen=True, kw_only=True):
    """A ready custom model as work chooses it: its base model's terms under an id of its own."""

    base_model: str
    trigger_words: list[str]


class StoredWeights(msgspec.Struct, frozen=True, kw_only=True):
    """What a run needs to know of a custom model. `object_key` names its bytes in the storage."""

    model_id: str
    base_model: str
    kind: Weighted
    object_key: str
    bytes: int
    sha256: str
    trigger_words: list[str]
    scale: float
