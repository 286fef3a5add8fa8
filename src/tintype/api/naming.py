"""Field names: snake_case is ours, camelCase is accepted, anything else is refused with a hint.

The map of names is made once per struct from its fields, so a user's own map (a field typed `dict`)
is never looked into.
"""

import difflib
import functools
import types
import typing
from typing import Any

import msgspec

from tintype.core.errors import ValidationFailed


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


@functools.cache
def accepted_names(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Each accepted spelling and the field it names."""
    fields = struct.__struct_fields__
    return {camel(name): name for name in fields} | {name: name for name in fields}


@functools.cache
def _nested(struct: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct]]:
    """Fields that hold a struct, or a list of them."""
    found = {}
    for name, hint in typing.get_type_hints(struct).items():
        if inner := _struct_in(hint):
            found[name] = inner
    return found


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    if typing.get_origin(hint) in {list, types.UnionType, typing.Union, typing.Annotated}:
        for part in typing.get_args(hint):
            if inner := _struct_in(part):
                return inner
    return None


def to_fields(raw: Any, struct: type[msgspec.Struct], at: str = "") -> Any:
    """Rename the keys of a decoded body to the struct's own.

    Raises ValidationFailed for an unknown key, and for one field under two spellings.
    """
    if isinstance(raw, list):
        return [to_fields(item, struct, f"{at}[{n}]") for n, item in enumerate(raw)]
    if not isinstance(raw, dict):
        return raw
    names, nested = accepted_names(struct), _nested(struct)
    renamed: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for key, value in raw.items():
        field = names.get(key)
        where = f"{at}.{key}" if at else key
        if field is None:
            raise ValidationFailed(where[:200], f"is not a known field{field_hint(key, names)}")
        if field in renamed:
            raise ValidationFailed(
                where, f"is the same field as {spelled[field]}; send one of them",
                (spelled[field], f"is the same field as {key}; send one of them"),
            )  # fmt: skip
        spelled[field] = key
        renamed[field] = to_fields(value, nested[field], where) if field in nested else value
    return renamed


def field_hint(key: str, names: typing.Mapping[str, str]) -> str:
    """The nearest of `accepted_names`, in camelCase only to who writes so."""
    return suggestion(key, names.values() if key == key.lower() else names)


def suggestion(name: str, known: typing.Iterable[str], least: float = 0.6) -> str:
    """The nearest name as the end of a sentence; nothing where none is alike by `least` of 1."""
    near = difflib.get_close_matches(name[:80], list(known), n=1, cutoff=least)
    return f"; did you mean `{near[0]}`?" if near else ""
