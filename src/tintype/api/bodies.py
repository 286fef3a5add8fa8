"""Bodies and queries into typed structs, strictly.

The order is the defence: content type, size while reading, nesting before decoding, names, NUL,
then msgspec's strict conversion (no "3" for 3). The framework's own body path is not used: it
answers 500 to bad UTF-8 and to deep nesting, and takes JSON sent as text/plain.
"""

import asyncio
import contextlib
import functools
import re
from collections.abc import AsyncIterator
from typing import Any, Final, NoReturn, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec
from litestar.exceptions import InternalServerException
from msgspec import inspect

from tintype.api.choices import choices
from tintype.api.naming import to_fields
from tintype.api.parts import AnyRequest, parts
from tintype.core.errors import (
    BadRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)

S = TypeVar("S", bound=msgspec.Struct)
DEPTH_MAX: Final = 32
# Each value is a Python object that is looked at several times: a megabyte of `[],` would hold up
# the server for half a second. What brings more, such as a bulk, is read beside the event loop.
VALUES_MAX: Final = 20_000
# Possessive throughout: a string that never closes must not be tried again from each quote in it.
_STRINGS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[\]{}]")
_JSON_TYPE: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_AT: Final = re.compile(r" - at (?:`key` in )?`\$\.?(?P<path>[^`]*)`$")
_LENGTH: Final = re.compile(r"Expected `(str|array|object)` of length ([<>])= (\d+)")
_COUNTED: Final = {
    "str": ("character", "characters"), "array": ("item", "items"), "object": ("entry", "entries"),
}  # fmt: skip
_NO_CHOICE: Final = "Invalid enum value"
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_NUMBER: Final = re.compile(rf"{_WHOLE.pattern}(?:\.[0-9]{{1,18}})?")
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}
# A slow body is cut off: this long, plus its size at 64 kB/s.
_BODY_SECONDS: Final = 30.0
_BODY_BYTES_PER_SECOND: Final = 64_000
_DROPPED_BYTES_MAX: Final = 16_000_000
_DROPPED_SECONDS_MAX: Final = 2.0


async def read_json(request: AnyRequest, struct: type[S], *, required: bool = True) -> S:
    """The request's JSON body as `struct`; an absent body is allowed where `required` is false."""
    raw = await read_raw(request, required=required)
    if not raw and not required:
        return struct()
    return decode(raw, struct)


async def read_raw(
    request: AnyRequest, *, bytes_max: int | None = None, required: bool = True
) -> bytes:
    """The body of a request that says it is JSON, for `decode`.

    It may have `bytes_max` bytes, by default those of the settings, and VALUES_MAX values.
    """
    usual = parts(request).settings.server.body_bytes_max
    raw = await read_bytes(request, bytes_max or usual)
    _check_values(raw, usual)
    if not raw and not required:
        return raw
    content_type = request.headers.get("content-type", "")
    if not _JSON_TYPE.fullmatch(content_type) or "content-encoding" in request.headers:
        raise UnsupportedMediaType("Send the body as application/json, not compressed.")
    return raw


def _check_values(raw: bytes, usual: int) -> None:
    """Refuse more values than VALUES_MAX, by counting what must stand before each but the first."""
    if _marks(raw) <= VALUES_MAX:
        return
    # What is larger than usual has a file in it, as one long text: too much to look for others.
    if len(raw) > usual:
        raise PayloadTooLarge(f"Beside a file, the body may have at most {usual} bytes.")
    plain = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    if _marks(b"".join(plain.split(b'"')[::2])) > VALUES_MAX:
        raise PayloadTooLarge(f"The body may hold at most {VALUES_MAX:,} values.")


def _marks(text: bytes) -> int:
    return sum(text.count(mark) for mark in (b",", b"[", b"{"))


def decode(raw: bytes, struct: type[S]) -> S:
    """Strict JSON into `struct`. Duplicate keys: the last one wins, as RFC 8259 leaves open."""
    check_depth(raw)
    try:
        value = msgspec.json.decode(raw)
    except msgspec.ValidationError as fault:
        raise ValidationFailed("body", "holds a number that is out of range") from fault
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        reason = str(fault) if isinstance(fault, msgspec.DecodeError) else "not valid UTF-8"
        raise BadRequest(f"The body is not valid JSON: {reason}") from fault
    return to_struct(value, struct)


def to_struct(value: Any, struct: type[S]) -> S:
    if not isinstance(value, dict):
        raise ValidationFailed("body", "must be a JSON object")
    refuse_nul(value, "")
    return _convert(to_fields(value, struct), struct)


def _convert(value: Any, struct: type[S]) -> S:
    try:
        return msgspec.convert(value, struct)
    except msgspec.ValidationError as fault:
        text = str(fault)
        at = _AT.search(text)
        field = at["path"] if at else "body"
        missing = re.search(r"missing required field `(\w+)`", text)
        if missing:
            field = f"{field}.{missing[1]}" if at else missing[1]
            raise ValidationFailed(field, "is required") from fault
        problem = text[: at.start()] if at else text
        if problem.startswith(_NO_CHOICE) and (known := choices(struct, field)):
            raise ValidationFailed(field, known) from fault
        raise ValidationFailed(field, _said(problem)) from fault


def _said(problem: str) -> str:
    """The decoder's words in those of clients, where its own are a programmer's."""
    if found := _LENGTH.fullmatch(problem):
        kind, end, number = found.groups()
        one, many = _COUNTED[kind]
        bound = "at most" if end == "<" else "at least"
        return f"must have {bound} {int(number):,} {one if number == '1' else many}"
    return problem[0].lower() + problem[1:]


def read_query(request: AnyRequest, struct: type[S]) -> S:
    """The query string as `struct`: unknown and repeated names are refused, numbers are plain."""
    return query_of(request.scope["query_string"], struct)


def query_of(query_string: bytes, struct: type[S]) -> S:
    try:
        pairs = parse_qsl(
            query_string.decode(), keep_blank_values=True, errors="strict", max_num_fields=64
        )
    except (UnicodeDecodeError, ValueError) as fault:
        raise BadRequest(
            "The query string can't be read: it must be percent-encoded UTF-8."
        ) from fault
    raw: dict[str, str] = {}
    for name, value in pairs:
        if name in raw:
            raise ValidationFailed(name[:200], "is given twice")
        raw[name] = value
    return of_texts(raw, struct)


def of_texts(raw: dict[str, str], struct: type[S]) -> S:
    """The texts of a query or a form as `struct`, each read narrowly by its field's type.

    Python's int() takes " 10", "+1", "1_0" and other scripts' digits, and msgspec's lax mode takes
    a number for a time; a client means none of them.
    """
    refuse_nul(raw, "")
    kinds = _kinds(struct)
    fields = {
        name: _from_text(name, text, kinds[name]) for name, text in to_fields(raw, struct).items()
    }
    refuse_nul(fields, "")
    return _convert(fields, struct)


def _from_text(name: str, text: str, kinds: frozenset[type[inspect.Type]]) -> Any:
    if inspect.IntType in kinds:
        if not _WHOLE.fullmatch(text):
            raise ValidationFailed(name, "must be a whole number")
        return int(text)
    if inspect.FloatType in kinds:
        if not _NUMBER.fullmatch(text):
            raise ValidationFailed(name, "must be a number")
        return float(text)
    if inspect.BoolType in kinds:
        if text not in _TRUTHS:
            raise ValidationFailed(name, "must be true or false")
        return _TRUTHS[text]
    if inspect.DictType in kinds:
        try:
            check_depth(text.encode())
            return msgspec.json.decode(text)
        except (BadRequest, msgspec.DecodeError, RecursionError, UnicodeEncodeError) as fault:
            raise ValidationFailed(name, "must be a JSON object") from fault
    return text


@functools.cache
def _kinds(struct: type[msgspec.Struct]) -> dict[str, frozenset[type[inspect.Type]]]:
    """Each field's kinds of value: itself, or the members of its union."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    found = {}
    for field in info.fields:
        types = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
        found[field.name] = frozenset(
            type(kind.type if isinstance(kind, inspect.Metadata) else kind) for kind in types
        )
    return found


async def read_bytes(request: AnyRequest, limit: int) -> bytes:
    """The raw body, at most `limit` bytes; reading stops at the limit and at the deadline."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        await refuse_size(request, f"The body may have at most {limit} bytes.")
    found = bytearray()
    async with in_time(limit):
        async for chunk in chunks(request):
            found += chunk
            if len(found) > limit:
                await refuse_size(request, f"The body may have at most {limit} bytes.")
    return bytes(found)


async def chunks(request: AnyRequest) -> AsyncIterator[bytes]:
    """The body as it arrives; one that breaks off or is framed wrongly is a BadRequest."""
    try:
        async for chunk in request.stream():
            yield chunk
    except InternalServerException as fault:  # The framework's word for a client that left.
        raise BadRequest("The body broke off before its end.") from fault


async def refuse_size(request: AnyRequest, message: str) -> NoReturn:
    """Raise PayloadTooLarge, having taken some of the rest of the body and dropped it.

    A server that closes a connection on which a client is still sending resets it, and most
    clients then lose the answer. One that waits for leave to send (`Expect`) is told at once.
    """
    left = 0 if "expect" in request.headers else _DROPPED_BYTES_MAX
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DROPPED_SECONDS_MAX):
            while left > 0:
                event = cast("dict[str, Any]", await request.receive())
                left = left - len(event["body"]) if event.get("more_body") else 0
    raise PayloadTooLarge(message)


@contextlib.asynccontextmanager
async def in_time(bytes_max: int) -> AsyncIterator[None]:
    """Around the reading of a body: BadRequest when it comes slower than `bytes_max` may take."""
    try:
        async with asyncio.timeout(_BODY_SECONDS + bytes_max / _BODY_BYTES_PER_SECOND):
            yield
    except TimeoutError as fault:
        raise BadRequest("The body came too slowly.") from fault


def check_depth(raw: bytes) -> None:
    """Refuse nesting that could exhaust a decoder's stack, by scanning brackets outside strings."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_MAX:
        return
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            raise BadRequest(f"The body is nested too deeply; {DEPTH_MAX} levels are allowed.")


def refuse_nul(value: Any, at: str) -> None:
    """NUL can't be stored in PostgreSQL text; refuse it once, for every text of every body."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValidationFailed(at or "body", "holds a NUL character")
    elif isinstance(value, dict):
        for key, item in value.items():
            refuse_nul(key, at or "body")
            refuse_nul(item, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            refuse_nul(item, f"{at}[{number}]")
