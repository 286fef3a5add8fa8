from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from tintype.api.pages import Paging
from tintype.images.references import Reference, ReferenceView

# Its words go before those of the work that shows it, and both share the model's limit.
WORDS_MAX: Final = 2000
REFERENCES_MAX: Final = 8
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=WORDS_MAX)]
Attributes = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=60)],
        Annotated[str, Meta(min_length=1, max_length=200)],
    ],
    Meta(max_length=30),
]
References = Annotated[list[Reference], Meta(max_length=REFERENCES_MAX)]
Short = Annotated[str, Meta(min_length=1, max_length=64)]


class Persona(msgspec.Struct, kw_only=True):
    """A person whom work can show by `persona_id`."""

    id: str
    object: Literal["persona"] = "persona"
    name: str
    description: str
    attributes: dict[str, str]
    reference_images: list[ReferenceView]
    project_id: str | None
    livemode: bool
    meta: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CreatePersona(msgspec.Struct, kw_only=True):
    """`description` and `attributes` ("hair": "red, short") go into the words of work.

    `reference_images` (aliases, ids, URLs) go into its references.
    """

    name: Name
    description: Description = ""
    attributes: Attributes = {}
    reference_images: References = []
    project_id: Short | None = None
    meta: dict[str, Any] = {}


class ChangePersona(msgspec.Struct, kw_only=True):
    """What is left out stays; lists and maps are replaced as a whole."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    description: Description | msgspec.UnsetType = msgspec.UNSET
    attributes: Attributes | msgspec.UnsetType = msgspec.UNSET
    reference_images: References | msgspec.UnsetType = msgspec.UNSET
    meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class ListPersonas(Paging, kw_only=True):
    """`q` is looked for, without case, in name, description and the values of the attributes."""

    project_id: Short | None = None
    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
