"""Ids: `prefix_` + lower-case base32 of a UUIDv7 (TypeID 0.3).

They are stored and compared as text in the C collation, so newest-last is plain byte order and no
layer converts. A path also takes the raw UUID, for clients that kept one.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal
from uuid import UUID

import uuid_utils
from typeid import base32

from tintype.core.errors import NotFound

Kind = Literal[
    "org", "usr", "key", "prj", "img", "gen", "flw", "vid", "per", "mdl", "qa", "whe", "evt",
    "dlv", "led", "req", "bat", "ses", "aud", "quo", "pub",
]  # fmt: skip

# What a path's ids name, as errors call it.
_WORDS: Final[Mapping[Kind, str]] = {
    "org": "organization", "usr": "user", "key": "key", "prj": "project", "img": "image",
    "gen": "generation", "flw": "flow", "vid": "video", "per": "persona", "mdl": "model",
    "whe": "webhook endpoint", "dlv": "webhook delivery", "bat": "batch",
    "qa": "quick action",
}  # fmt: skip
_SUFFIX: Final = r"[0-7][0-9a-hjkmnp-tv-z]{25}"
_SUFFIX_RE: Final = re.compile(_SUFFIX)
_UUID_RE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def new(kind: Kind) -> str:
    """Make an id; ids made by one process sort in the order they were made."""
    return f"{kind}_{base32.encode(uuid_utils.uuid7().bytes)}"


def is_id(kind: Kind, value: str) -> bool:
    return value.startswith(f"{kind}_") and _SUFFIX_RE.fullmatch(value, len(kind) + 1) is not None


def parse(kind: Kind, value: str) -> str:
    """Canonical id of a path parameter; NotFound for another kind or shape."""
    if is_id(kind, value):
        return value
    if _UUID_RE.fullmatch(value):
        return f"{kind}_{base32.encode(UUID(value).bytes)}"
    said = "".join(letter for letter in value[:80] if letter.isprintable())
    raise NotFound(f"There is no {_WORDS.get(kind, 'object')} {said}.")


def pattern(kind: Kind) -> str:
    """A regular expression for the OpenAPI document."""
    return f"^{kind}_{_SUFFIX}$"
