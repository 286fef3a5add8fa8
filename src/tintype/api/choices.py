"""What a field may be, for the error that refuses another word: msgspec names none of them."""

import re
from typing import Any, Final

import msgspec
from msgspec import inspect

_LISTED_MAX: Final = 20
_STEPS: Final = re.compile(r"\[[^\]]*\]|[^.\[]+")


def choices(struct: type[msgspec.Struct], path: str) -> str | None:
    """The words that the field at `path` takes: "must be one of a, b"; None where it is no choice.

    `path` is as msgspec's errors have it, such as "items[3].kind".
    """
    reached: list[inspect.Type] = [inspect.type_info(struct)]
    for step in _STEPS.findall(path):
        reached = [inner for kind in reached for inner in _below(kind, step)]
    known = [word for kind in _members(reached) for word in _words(kind)]
    if not known:
        return None
    said = ", ".join(str(word) for word in known[:_LISTED_MAX])
    rest = len(known) - _LISTED_MAX
    return f"must be one of {said}" + (f" and {rest} more" if rest > 0 else "")


def _members(kinds: list[inspect.Type]) -> list[inspect.Type]:
    """The kinds themselves, out of their unions and notes."""
    found: list[inspect.Type] = []
    for kind in kinds:
        if isinstance(kind, inspect.UnionType):
            found += _members(list(kind.types))
        elif isinstance(kind, inspect.Metadata):
            found += _members([kind.type])
        else:
            found.append(kind)
    return found


def _below(kind: inspect.Type, step: str) -> list[inspect.Type]:
    """What the step leads to: a field's name, or `[3]` and `[...]` of a list's or a map's items."""
    found: list[inspect.Type] = []
    for member in _members([kind]):
        if not step.startswith("["):
            if isinstance(member, inspect.StructType):
                found += [it.type for it in member.fields if it.encode_name == step]
        elif isinstance(member, inspect.DictType):
            found.append(member.value_type)
        elif isinstance(member, inspect.CollectionType):
            found.append(member.item_type)
    return found


def _words(kind: inspect.Type) -> list[Any]:
    if isinstance(kind, inspect.LiteralType):
        return list(kind.values)
    if isinstance(kind, inspect.EnumType):
        return [one.value for one in kind.cls]
    return []
