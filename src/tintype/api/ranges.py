"""Which bytes of a whole a request wants (RFC 9110 §14): a single range, or everything."""

from typing import Final, NamedTuple

_CHARACTERS_MAX: Final = 40


class Part(NamedTuple):
    """Bytes `start` up to, not including, `end`."""

    start: int
    end: int

    def content_range(self, size: int) -> bytes:
        return b"bytes %d-%d/%d" % (self.start, self.end - 1, size)


class Unsatisfiable(Exception):
    """The range begins behind the last byte: 416."""


def wanted(byte_range: bytes, if_range: bytes, etag: str, size: int) -> Part | None:
    """The part that the headers ask for; None for all, as for whatever isn't valid.

    A part is only of use to who has the rest of the same, so `If-Range` must be our tag; we send
    no dates.
    """
    if not byte_range or (if_range and if_range.strip() != etag.encode()):
        return None
    unit, _, spec = byte_range.partition(b"=")
    first, dash, last = (piece.strip() for piece in spec.partition(b"-"))
    if unit.strip().lower() != b"bytes" or not dash or len(spec) > _CHARACTERS_MAX:
        return None
    if (first and not first.isdigit()) or (last and not last.isdigit()) or not (first or last):
        return None
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(last))
    if start >= size:
        raise Unsatisfiable
    return Part(start, min(size, int(last) + 1) if first and last else size)
