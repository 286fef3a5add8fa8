"""The ledger as a table that a spreadsheet may open."""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from tintype.credits import operations as credits
from tintype.credits.models import LedgerEntry
from tintype.db.pool import Database

COLUMNS: Final = (
    "id", "created_at", "type", "amount", "reserved", "balance_after", "available_after",
    "generation_id", "batch_id", "api_key_id", "note",
)  # fmt: skip
_PAGE: Final = 1000
# What a spreadsheet reads as the beginning of a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def lines(
    database: Database, organization_id: str, filters: Mapping[str, Any], after: str | None
) -> AsyncIterator[bytes]:
    """All entries that fit, newest first (RFC 4180), read a page at a time.

    No transaction lasts as long as a client reads. Entries are never changed and new ones stand
    before the first page, so the pages belong together.
    """
    yield _written([COLUMNS])
    while True:
        async with database.reading() as tx:
            found = await credits.entries(
                tx, organization_id, filters, after=after, offset=0, limit=_PAGE
            )
        if found:
            yield _written([_row(entry) for entry in found])
        if len(found) < _PAGE:
            return
        after = found[-1].id


def _row(entry: LedgerEntry) -> list[Any]:
    values = {name: getattr(entry, name) for name in COLUMNS}
    values["created_at"] = entry.created_at.isoformat().replace("+00:00", "Z")
    values["note"] = guarded(entry.note or "")
    return list(values.values())


def guarded(text: str) -> str:
    """A client's words as no spreadsheet takes them for a formula: a quote before them."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _written(rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
