"""Packs: amounts of credits that the operator offers on top of a plan."""

import functools
from importlib import resources
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tintype.core.data_file import read
from tintype.core.settings import own_file

_Credits = Annotated[int, Meta(ge=1, le=10**15)]


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """`price` is in words, as the operator's shop says it; null where it is not said here."""

    id: str
    name: str
    credits: int
    price: str | None
    limit: Literal["purchased_credits"] = "purchased_credits"


class _Entry(msgspec.Struct, frozen=True):
    name: str
    credits: _Credits
    price: str | None = None


@functools.cache
def packs() -> list[Pack]:
    """The packs of the operator's file (`packs.file`) or of `packs.toml`, in its order.

    Raises SettingsError.
    """
    shipped = resources.files("tintype.billing").joinpath("packs.toml")
    found = read("packs.file", own_file("packs"), shipped, dict[str, _Entry])
    return [Pack(id=it, **msgspec.structs.asdict(entry)) for it, entry in found.items()]
