"""The raw UUID in an id, which a path takes as well."""

from uuid import UUID

from typeid import base32


def uuid_of(value: str) -> UUID:
    return UUID(bytes=bytes(base32.decode(value.rpartition("_")[2])))
