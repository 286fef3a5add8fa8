"""A bulk's items out of JSON or JSONL: each is judged by itself, and every fault is kept.

An item that is wrong doesn't end the reading: its wrong fields get harmless values in `Entry.ask`,
so that what only the database knows is told in the same answer.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from tintype.api.bodies import check_depth, refuse_nul, to_struct
from tintype.api.limits import check_meta
from tintype.api.naming import accepted_names, field_hint, to_fields
from tintype.batches.models import ITEMS_MAX
from tintype.bulk.models import (
    FAULTS_LISTED_MAX,
    HARMLESS,
    BulkItem,
    BulkTerms,
    CreateBatch,
    Entry,
    Faults,
)
from tintype.core.errors import BadRequest, TintypeError, ValidationFailed

# Of the batch as a whole, though a single request has them too.
_NOT_OF_ITEMS: Final = frozenset({"dry_run", "quote_id"})
_NOT_OF_DEFAULTS: Final = _NOT_OF_ITEMS | {"custom_id"}
_LINE: Final = re.compile(rb"\S[^\n]*")
_BOM: Final = b"\xef\xbb\xbf"
_FAULTS_OF_ONE_MAX: Final = 50
# A list or object takes some hundred bytes of memory where its text takes three, and time with each
# look at it: 40 for each of the most items are plenty.
_CONTAINERS_MAX: Final = 400_000
_TWICE: Final = "is given twice"
# The only way in which JSON can say NUL.
_NUL: Final = b"\\u0000"

Fault = tuple[str, str]


class _Item:
    """The type that makes the decoder hand over each item as soon as it has been read."""


class _Twice(dict[str, Any]):
    """A JSON object in which some names stood more than once."""

    names: frozenset[str] = frozenset()


def from_json(raw: bytes) -> tuple[BulkTerms, list[Entry]]:
    """A whole request. Raises BadRequest where it is no JSON, ValidationFailed for its own fields.

    Items are decoded one at a time, so that a list of millions is refused at its 10,001st.
    """
    _check_containers(raw)
    check_depth(raw)
    try:
        top = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError as fault:
        raise ValidationFailed("body", "must be a JSON object") from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadRequest(f"The body is not valid JSON: {fault}") from fault
    named = to_fields({name: bytes(value) for name, value in top.items()}, CreateBatch)
    if "items" not in named:
        raise ValidationFailed("items", "is required")
    items = _listed(named.pop("items"))
    terms = to_struct({name: _decoded(text) for name, text in named.items()}, BulkTerms)
    marked = _repeated(raw)
    twice: Mapping[int, list[Fault]] = {}
    if marked is not None:
        outer = dict(marked)
        listed = outer.pop("items", [])
        if faults := [*_named_twice(marked, ""), *_twice_in(outer, "")]:
            raise ValidationFailed(*faults[0])
        twice = {n: _twice_in(item, "") for n, item in enumerate(listed)}
    judge = _judge(terms, has_nul=_NUL in raw)
    return terms, _unique(judge(n, None, item, twice.get(n, ())) for n, item in enumerate(items))


def from_lines(data: bytes, terms: BulkTerms) -> list[Entry]:
    """A JSONL file: one item a line, blank lines left out."""
    _check_containers(data)
    judge = _judge(terms, has_nul=_NUL in data)

    def entries() -> Iterator[Entry]:
        line, before = 1, 0
        for index, match in enumerate(_LINE.finditer(data.removeprefix(_BOM))):
            if index == ITEMS_MAX:
                raise _too_many()
            line += match.string.count(b"\n", before, match.start())
            before = match.start()
            try:
                check_depth(match[0])
                item = msgspec.json.decode(match[0])
            except (msgspec.DecodeError, TintypeError, UnicodeDecodeError, RecursionError) as fault:
                yield Entry(index, line, frozenset(), BulkItem(**HARMLESS), [("", _why(fault))])
                continue
            marked = _repeated(match[0])
            yield judge(index, line, item, () if marked is None else _twice_in(marked, ""))

    return _unique(entries())


def _check_containers(raw: bytes) -> None:
    """Count brackets, those in texts too: a look that costs next to nothing."""
    if raw.count(b"[") + raw.count(b"{") > _CONTAINERS_MAX:
        raise ValidationFailed(
            "items", f"may hold at most {_CONTAINERS_MAX:,} lists and objects in all"
        )


def _listed(raw: bytes) -> list[Any]:
    items: list[Any] = []
    item_of_type = _Item()

    def take(_: type, item: Any) -> _Item:
        if len(items) == ITEMS_MAX:
            raise _too_many()
        items.append(item)
        return item_of_type

    try:
        msgspec.json.decode(raw, type=list[_Item], dec_hook=take)
    except msgspec.ValidationError as fault:
        if "out of range" in str(fault):
            raise ValidationFailed(
                f"items[{len(items)}]", "holds a number that is out of range"
            ) from fault
        raise ValidationFailed("items", "must be a list") from fault
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadRequest(f"The body {_why(fault)}") from fault
    return items


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.ValidationError as fault:
        raise ValidationFailed("body", "holds a number that is out of range") from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadRequest(f"The body {_why(fault)}") from fault


def _why(fault: Exception) -> str:
    match fault:
        case TintypeError():
            return fault.message
        case msgspec.ValidationError():
            return "holds a number that is out of range"
        case msgspec.DecodeError():
            return f"is not valid JSON: {fault}"
        case _:
            return "is not valid UTF-8"


def _too_many() -> ValidationFailed:
    return ValidationFailed("items", f"may have at most {ITEMS_MAX:,} items")


def _unique(entries: Iterable[Entry]) -> list[Entry]:
    """At least one item, and no `custom_id` twice."""
    found = list(entries)
    if not found:
        raise ValidationFailed("items", "must have at least one item")
    seen: dict[str, int] = {}
    for entry in found:
        name = entry.ask.custom_id
        if name is not None and seen.setdefault(name, entry.index) != entry.index:
            entry.wrong.append(("custom_id", f"is that of items[{seen[name]}], too"))
    return found


Judge = Callable[[int, int | None, Any, Iterable[Fault]], Entry]


def _judge(terms: BulkTerms, *, has_nul: bool) -> Judge:
    """How the items of this batch are judged. Raises ValidationFailed for its `defaults`.

    Looking through every text for a NUL takes as long as all the rest: it is done where there may
    be one.
    """
    check_meta(terms.meta)
    defaults, wrong = _by_field(terms.defaults, _NOT_OF_DEFAULTS, hints=True)
    faults = Faults()
    for field, problem in wrong:
        faults.add(f"defaults.{field}", problem)
    faults.refuse()
    names = accepted_names(BulkItem)
    hinted = 0

    def judge(index: int, line: int | None, item: Any, twice: Iterable[Fault]) -> Entry:
        nonlocal hinted
        wrong = list(twice)
        if not isinstance(item, dict):
            return Entry(
                index, line, frozenset(), BulkItem(**HARMLESS), [("", "must be a JSON object")]
            )
        if not wrong and item.keys() <= names.keys() and (ask := _read(item, defaults, has_nul)):
            return Entry(index, line, frozenset(names[key] for key in item), ask, [])
        fields, more = _by_field(item, _NOT_OF_ITEMS, hints=hinted < FAULTS_LISTED_MAX)
        wrong += more
        fields = defaults | fields
        if "prompt" not in fields:
            if not any(field == "prompt" for field, _ in wrong):
                wrong.append(("prompt", "is required"))
            fields |= HARMLESS
        hinted += len(wrong)
        own = frozenset(names[key] for key in item if key in names)
        return Entry(index, line, own, msgspec.convert(fields, BulkItem), wrong)

    return judge


def _read(item: dict[str, Any], defaults: Mapping[str, Any], has_nul: bool) -> BulkItem | None:
    """The item as a whole; None where something is wrong with it."""
    try:
        if has_nul:
            refuse_nul(item, "")
        fields = to_fields(item, BulkItem)
        if not _NOT_OF_ITEMS.isdisjoint(fields):
            return None
        ask = msgspec.convert({**defaults, **fields}, BulkItem)
        check_meta(ask.meta)
    except (ValidationFailed, msgspec.ValidationError):
        return None
    return ask


def _by_field(
    item: Mapping[str, Any], refused: frozenset[str], *, hints: bool
) -> tuple[dict[str, Any], list[Fault]]:
    """The right ones of the fields under their own names, and what is wrong with the others."""
    names = accepted_names(BulkItem)
    fields: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    wrong: list[Fault] = []
    for key, value in item.items():
        field = names.get(key)
        if field is None:
            hint = field_hint(key, names) if hints and len(wrong) < _FAULTS_OF_ONE_MAX else ""
            wrong.append((key.replace("\x00", "")[:200], f"is not a known field{hint}"))
        elif field in refused:
            wrong.append((key, _refusal(field)))
        elif field in spelled:
            wrong.append((key, f"is the same field as {spelled[field]}; send one of them"))
        else:
            spelled[field] = key
            if faults := _faults_of(field, value):
                wrong += faults
            else:
                fields[field] = value
    if len(wrong) > _FAULTS_OF_ONE_MAX:
        rest = len(wrong) - _FAULTS_OF_ONE_MAX
        wrong = [*wrong[:_FAULTS_OF_ONE_MAX], ("", f"has {rest} more faults")]
    return fields, wrong


def _refusal(field: str) -> str:
    if field in _NOT_OF_ITEMS:
        return "is of the batch as a whole, not of its items"
    return "is each item's own"


def _faults_of(field: str, value: Any) -> list[Fault]:
    try:
        if field == "meta" and isinstance(value, dict):
            check_meta(value)  # Before anything looks at each of its values.
        to_struct({**HARMLESS, field: value}, BulkItem)
    except ValidationFailed as fault:
        return [(it["field"], it["problem"]) for it in fault.details]
    return []


def _repeated(raw: bytes) -> Any | None:
    """The document with objects marked in which a name stands twice; None where there are none."""
    found: list[_Twice] = []
    try:
        marked = json.loads(raw, object_pairs_hook=functools.partial(_object, found))
    except ValueError:  # It was read by the stricter decoder already; this one only looks.
        return None
    return marked if found else None


def _object(found: list[_Twice], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    marked = _Twice(made)
    times = Counter(name for name, _ in pairs)
    marked.names = frozenset(name for name, count in times.items() if count > 1)
    found.append(marked)
    return marked


def _named_twice(value: Any, at: str) -> list[Fault]:
    if not isinstance(value, _Twice):
        return []
    return [(f"{at}.{name}"[:200].lstrip("."), _TWICE) for name in sorted(value.names)]


def _twice_in(value: Any, at: str) -> list[Fault]:
    """Every name that stands twice in an object, at any depth."""
    found = _named_twice(value, at)
    if isinstance(value, dict):
        for name, inner in value.items():
            found += _twice_in(inner, f"{at}.{name}"[:200].lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += _twice_in(inner, f"{at}[{number}]")
    return found[: _FAULTS_OF_ONE_MAX + 1]
