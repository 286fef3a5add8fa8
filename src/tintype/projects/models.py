from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta


class Project(msgspec.Struct, kw_only=True):
    """A listing, property or campaign that groups images and has its own aliases."""

    id: str
    object: Literal["project"] = "project"
    name: str
    meta: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class CreateProject(msgspec.Struct, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    meta: dict[str, Any] = {}
