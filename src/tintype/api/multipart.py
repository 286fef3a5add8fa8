"""multipart/form-data by hand-over to the `multipart` parser, with every size limited."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from tintype.api.bodies import S, chunks, in_time, of_texts, refuse_size
from tintype.api.parts import AnyRequest
from tintype.core.errors import (
    BadRequest,
    TintypeError,
    UnsupportedMediaType,
    ValidationFailed,
)

T = TypeVar("T")
_PARTS_MAX: Final = 32
_TEXT_BYTES_MAX: Final = 64_000
_NAME_MAX: Final = 255
_DROPPED_BYTES_MAX: Final = 16_000_000
_DROPPED_SECONDS_MAX: Final = 2.0
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part. `filename` is the client's words, cleaned; it never becomes a path."""

    filename: str
    data: bytes


def is_form(request: AnyRequest) -> bool:
    """Whether the body says that it is a form, for routes that take JSON as well."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    return bool(kind == "multipart/form-data")


async def read_form(
    request: AnyRequest, struct: type[S], *, file_bytes_max: int
) -> tuple[Upload, S]:
    """One file part named `file`, and the other parts as `struct`.

    A field whose type is a map or object is given as JSON text, as browsers can't send others.
    """
    file, fields = await read_form_with(
        request, struct, names=("file",), file_bytes_max=file_bytes_max
    )
    if file is None:
        raise ValidationFailed("file", "is required")
    return file, fields


async def read_form_with(
    request: AnyRequest, struct: type[S], *, names: Sequence[str], file_bytes_max: int
) -> tuple[Upload | None, S]:
    """As `read_form`, with at most one file in a part of one of these names."""
    async with in_time(file_bytes_max):
        texts, files = await _read_parts(request, file_bytes_max)
    if len(files) > 1 or any(name not in names for name, _ in files):
        wanted = " or ".join(f"`{name}`" for name in names)
        raise ValidationFailed(
            files[-1][0] or names[0], f"send one file, in the part named {wanted}"
        )
    return files[0][1] if files else None, of_texts(_each_once(texts), struct)


async def take_form(
    request: AnyRequest,
    struct: type[S],
    take: Callable[[AsyncIterator[bytes]], Awaitable[T]],
    *,
    file_bytes_max: int,
) -> tuple[str, T, S]:
    """As `read_form`, for a file too large for memory: `take` has its bytes as they come.

    Answers its name, what `take` made of it, and the other parts, wherever they stand. What `take`
    raises is raised once some of the rest was dropped, so that the client hears of it.
    """
    texts: list[tuple[str, str]] = []
    taken: list[tuple[str, T]] = []
    declared = request.headers.get("content-length", "")
    limit = min(int(declared), file_bytes_max) if declared.isdigit() else file_bytes_max
    async with in_time(limit), contextlib.aclosing(_events(request, file_bytes_max)) as events:
        async for part in events:
            if part.filename is None:
                held = b"".join([piece async for piece in _body(events)])
                texts.append((part.name or "", _text(held)))
                continue
            try:
                if taken or part.name != "file":
                    raise ValidationFailed(
                        part.name or "file", "send one file, in the part named `file`"
                    )
                taken.append((_file_name(part), await take(_body(events))))
            except TintypeError:
                await _drop_rest(events)
                raise
    if not taken:
        raise ValidationFailed("file", "is required")
    return *taken[0], of_texts(_each_once(texts), struct)


async def _body(events: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """The bytes of the part that has begun, up to its end."""
    async for event in events:
        if event is None:
            return
        yield bytes(event)


async def _drop_rest(events: AsyncIterator[Any]) -> None:
    """Take some of what still comes, so that the client hears the answer; see `refuse_size`."""
    left = _DROPPED_BYTES_MAX
    with contextlib.suppress(TimeoutError, TintypeError):
        async with asyncio.timeout(_DROPPED_SECONDS_MAX):
            async for event in events:
                left -= len(event) if isinstance(event, (bytes, bytearray)) else 0
                if left < 0:
                    return


async def _read_parts(
    request: AnyRequest, file_bytes_max: int
) -> tuple[list[tuple[str, str]], list[tuple[str, Upload]]]:
    texts: list[tuple[str, str]] = []
    files: list[tuple[str, Upload]] = []
    async with contextlib.aclosing(_events(request, file_bytes_max)) as events:
        async for part in events:
            held = bytearray()
            async for piece in _body(events):
                held += piece
            if part.filename is None:
                texts.append((part.name or "", _text(bytes(held))))
            else:
                files.append((part.name or "", Upload(_file_name(part), bytes(held))))
    return texts, files


async def _events(request: AnyRequest, file_bytes_max: int) -> AsyncGenerator[Any, None]:
    """A part's head, its bytes in pieces, None at its end; then the next part's."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        raise UnsupportedMediaType("Send the file as multipart/form-data.")
    if not options.get("boundary"):
        raise BadRequest("The Content-Type names no multipart boundary.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > file_bytes_max + 1_000_000:
        await refuse_size(request, f"A file may have at most {file_bytes_max} bytes.")
    part: Any = None
    length = 0
    try:
        with PushMultipartParser(
            options["boundary"], max_segment_count=_PARTS_MAX, max_segment_size=file_bytes_max
        ) as parser:
            async for chunk in chunks(request):
                for event in parser.parse(chunk) if chunk else ():
                    if isinstance(event, (bytes, bytearray)):
                        length += len(event)
                        if part.filename is None and length > _TEXT_BYTES_MAX:
                            await refuse_size(request, f"The part {part.name} is too long.")
                    elif event is not None:
                        part, length = event, 0
                    yield event
    except ParserLimitReached:
        await refuse_size(
            request, f"A form may have {_PARTS_MAX} parts, and a file {file_bytes_max} bytes."
        )
    except MultipartError as fault:
        raise _unreadable(fault) from fault


def _text(held: bytes) -> str:
    try:
        return held.decode()
    except UnicodeDecodeError as fault:
        raise _unreadable(fault) from fault


def _unreadable(fault: Exception) -> BadRequest:
    return BadRequest(f"The multipart body can't be read: {fault}")


def _file_name(part: Any) -> str:
    name = re.split(r"[/\\]", part.filename)[-1]
    return _UNSAFE.sub("", name)[:_NAME_MAX]


def _each_once(texts: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, text in texts:
        if name in fields:
            raise ValidationFailed(name[:200], "is given twice")
        fields[name] = text
    return fields
