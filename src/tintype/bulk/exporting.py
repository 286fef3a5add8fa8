"""Results as a file, CSV or JSONL, sent as they are read: a few hundred rows in memory at once."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from tintype.api.accepting import VARY, accepted
from tintype.api.parts import AnyRequest
from tintype.api.rendering import Answer
from tintype.billing.table import guarded
from tintype.bulk.models import BatchResult

# The charset goes without saying: the framework adds it to every text.
CSV: Final = "text/csv"
JSONL: Final = "application/jsonl"
_OFFERED: Final = {
    "application/json": None, "text/csv": CSV, "application/jsonl": JSONL,
    "application/x-ndjson": JSONL, "application/ndjson": JSONL, "application/x-jsonlines": JSONL,
}  # fmt: skip
_COLUMNS: Final = (
    "index", "custom_id", "generation_id", "status", "variants", "delivered", "faults",
    "output_url", "output_urls", "image_ids", "credits_used", "error_code", "error_message",
)  # fmt: skip


class File(Answer[Any]):
    """An answer that is a file: no envelope on either mount, and of no length known before."""

    def __init__(self, rows: AsyncIterator[bytes], media_type: str, name: str) -> None:
        super().__init__(None)
        self._rows = rows
        self._type = media_type
        self._name = name

    def to_asgi_response(self, app: Litestar | None, request: AnyRequest, **_: Any) -> ASGIResponse:
        return Stream(
            self._rows,
            media_type=self._type,
            headers={
                "Content-Disposition": f'attachment; filename="{self._name}"',
                "Cache-Control": "no-store",
                **VARY,
                **self.headers,
            },
        ).to_asgi_response(app, request)


def file_type(request: AnyRequest) -> str | None:
    """The kind of file that `Accept` asks for; None for JSON."""
    return _OFFERED[accepted(request, list(_OFFERED))]


async def lines(
    pages: AsyncIterator[Sequence[BatchResult]], media_type: str
) -> AsyncIterator[bytes]:
    if media_type == CSV:
        yield _csv([_COLUMNS])
    async for page in pages:
        if media_type == CSV:
            yield _csv([_row(result) for result in page])
        else:
            yield b"".join(msgspec.json.encode(result) + b"\n" for result in page)


def _row(result: BatchResult) -> tuple[Any, ...]:
    error = result.error
    return (
        result.index,
        guarded(result.custom_id or ""),
        result.generation_id,
        result.status,
        result.variants,
        result.delivered,
        guarded("; ".join(f"{it.variant}: {it.code}: {it.message}" for it in result.faults)),
        result.output_url,
        " ".join(result.output_urls),
        " ".join(result.image_ids),
        result.credits_used,
        error.code if error else None,
        guarded(error.message if error else ""),
    )


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    """RFC 4180."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()
