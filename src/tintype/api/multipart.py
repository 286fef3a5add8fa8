"""multipart/form-data by hand-over to the `multipart` parser, with every size limited."""

import re
from dataclasses import dataclass
from typing import Any, Final

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
    UnsupportedMediaType,
    ValidationFailed,
)

_PARTS_MAX: Final = 32
_TEXT_BYTES_MAX: Final = 64_000
_NAME_MAX: Final = 255
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part. `filename` is the client's words, cleaned; it never becomes a path."""

    filename: str
    data: bytes


async def read_form(
    request: AnyRequest, struct: type[S], *, file_bytes_max: int
) -> tuple[Upload, S]:
    """One file part named `file`, and the other parts as `struct`.

    A field whose type is a map or object is given as JSON text, as browsers can't send others.
    """
    async with in_time(file_bytes_max):
        texts, files = await _read_parts(request, file_bytes_max)
    if not files:
        raise ValidationFailed("file", "is required")
    if len(files) > 1 or files[0][0] != "file":
        raise ValidationFailed(files[-1][0] or "file", "send one file, in the part named `file`")
    fields: dict[str, str] = {}
    for name, text in texts:
        if name in fields:
            raise ValidationFailed(name[:200], "is given twice")
        fields[name] = text
    return files[0][1], of_texts(fields, struct)


async def _read_parts(
    request: AnyRequest, file_bytes_max: int
) -> tuple[list[tuple[str, str]], list[tuple[str, Upload]]]:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data":
        raise UnsupportedMediaType("Send the file as multipart/form-data.")
    if not options.get("boundary"):
        raise BadRequest("The Content-Type names no multipart boundary.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > file_bytes_max + 1_000_000:
        await refuse_size(request, f"A file may have at most {file_bytes_max} bytes.")
    texts: list[tuple[str, str]] = []
    files: list[tuple[str, Upload]] = []
    current: Any = None
    held = bytearray()
    try:
        with PushMultipartParser(
            options["boundary"], max_segment_count=_PARTS_MAX, max_segment_size=file_bytes_max
        ) as parser:
            async for chunk in chunks(request):
                for event in parser.parse(chunk) if chunk else ():
                    if event is None:
                        _finish(current, held, texts, files)
                        held = bytearray()
                    elif isinstance(event, (bytes, bytearray)):
                        held += event
                        if current.filename is None and len(held) > _TEXT_BYTES_MAX:
                            await refuse_size(request, f"The part {current.name} is too long.")
                    else:
                        current = event
    except ParserLimitReached:
        await refuse_size(
            request, f"A form may have {_PARTS_MAX} parts, and a file {file_bytes_max} bytes."
        )
    except (MultipartError, UnicodeDecodeError) as fault:
        raise BadRequest(f"The multipart body can't be read: {fault}") from fault
    return texts, files


def _finish(
    part: Any, held: bytearray, texts: list[tuple[str, str]], files: list[tuple[str, Upload]]
) -> None:
    if part.filename is None:
        texts.append((part.name or "", held.decode()))
        return
    name = re.split(r"[/\\]", part.filename)[-1]
    files.append((part.name or "", Upload(_UNSAFE.sub("", name)[:_NAME_MAX], bytes(held))))
