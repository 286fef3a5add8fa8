"""TOML files of data that an operator may replace by their own: plans, the catalogue.

A file is taken as a whole or not at all. What is wrong with it is told with the file, the line and
the field, so that the start can stop with a sentence that leads to the place.
"""

import difflib
import re
import tomllib
import typing
from collections.abc import Callable
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from tintype.core.settings import SettingsError

T = TypeVar("T")
# Names of tables and keys, and numbers of a list's items, from the top of the file.
Place: TypeAlias = tuple[str | int, ...]

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
_ENTRY: Final = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[\w-]+)*)\s*=""")
_PART: Final = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


class Wrong(Exception):
    """A value that can't be used: where it stands, and what is wrong with it."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(problem)
        self.place = place
        self.problem = problem


def read(
    setting: str,
    own: str,
    shipped: Traversable,
    kind: type[T],
    check: Callable[[T], None] = lambda _: None,
) -> T:
    """The operator's `own` file as `kind`, or the `shipped` one where `own` is empty.

    `kind` is made of structs, maps and lists; every name must be known. `check` raises Wrong for
    what a type can't say. Raises SettingsError, which names `setting`, file, line and field.
    """
    name = str(Path(own).expanduser()) if own else shipped.name
    try:
        text = (Path(name) if own else shipped).read_text(encoding="utf-8")
    except OSError as fault:
        raise SettingsError(
            f"Wrong setting {setting}: {name} can't be read: {fault.strerror}"
        ) from fault
    except UnicodeDecodeError as fault:
        raise SettingsError(f"Wrong setting {setting}: {name} is not UTF-8 text") from fault
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsError(
            f"Wrong setting {setting}: {name} is not valid TOML: {fault}"
        ) from fault
    try:
        _look(raw, kind, ())
        found = msgspec.convert(raw, kind)
        check(found)
    except Wrong as fault:
        line = _line(text, fault.place)
        raise SettingsError(
            f"Wrong setting {setting}: {name}, line {line}: {_told(fault.place)}: {fault.problem}"
        ) from fault
    return found


def _look(value: Any, kind: Any, place: Place) -> None:
    """Raise Wrong for the first value that isn't of its kind, and for names nobody knows."""
    plain = typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
    inner = typing.get_args(plain)
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        _look_at_struct(value, plain, place)
    elif typing.get_origin(plain) is dict and isinstance(value, dict):
        for name, item in value.items():
            _look(item, inner[1], (*place, name))
    elif typing.get_origin(plain) is list and isinstance(value, list):
        for number, item in enumerate(value):
            _look(item, inner[0], (*place, number))
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as fault:
        problem = str(fault).partition(" - at ")[0]
        raise Wrong(place, problem[:1].lower() + problem[1:]) from fault


def _look_at_struct(value: Any, kind: type[msgspec.Struct], place: Place) -> None:
    if not isinstance(value, dict):
        raise Wrong(place, "must be a table")
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    for name, item in value.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise Wrong((*place, name), f"is not known; {hint}")
        _look(item, known[name].type, (*place, name))
    for name, field in known.items():
        if field.required and name not in value:
            raise Wrong(place, f"has no `{name}`")


def _told(place: Place) -> str:
    """`models[2].credits`; the whole file has no name."""
    text = "".join(f"[{it}]" if isinstance(it, int) else f".{it}" for it in place)
    return text.removeprefix(".") or "the file"


def _line(text: str, place: Place) -> int:
    """The line where the place begins, or where the nearest thing around it does."""
    found: dict[Place, int] = {(): 1}
    seen: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = tuple(part.strip("\"'") for part in _PART.findall(header[2]))
            if header[1] == "[[":
                found.setdefault(table, number)
                seen[table] = seen.get(table, -1) + 1
                table = (*table, seen[table])
            found.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            keys = tuple(part.strip("\"'") for part in _PART.findall(entry[1]))
            found.setdefault((*table, *keys), number)
    while place not in found:
        place = place[:-1]
    return found[place]
