"""The safetensors format, judged by its own header while the bytes go by.

A file is eight bytes (the header's length, little-endian), a header of JSON, and the bytes of the
tensors. The header names each with its type, its shape and where it lies. A file is taken only if
they lie side by side from the first byte to the last: no overlap, no gap, nothing behind them.
Nothing in such a file is ever run, and that is why no other format is taken: a pickle is a program.

`Reader` sees each byte once, holds the header only, and hashes all of it.
"""

import hashlib
import json
import re
from typing import Any, Final, NamedTuple

# The format allows 100 MB; what models have is far below 1 MB. Python's lock is held while it is
# read, so its length is how long one file may hold up everybody else.
HEADER_BYTES_MAX: Final = 16_000_000
TENSORS_MAX: Final = 100_000
# Commas, colons and opening brackets, each a part of what JSON becomes in memory: 100,000 tensors
# of four dimensions have 1.4 million. A header of nothing but "[]," would have five.
MARKS_MAX: Final = 2_000_000
METADATA_MAX: Final = 64
METADATA_CHARACTERS_MAX: Final = 1000
_NAME_CHARACTERS_MAX: Final = 1000
_DIMENSIONS_MAX: Final = 32
_LENGTH_BYTES: Final = 8
_SIZE_MAX: Final = 2**63 - 1
_METADATA: Final = "__metadata__"
_ENTRY: Final = {"dtype", "shape", "data_offsets"}
_BITS: Final = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
# How other formats begin, of which a file's name may promise otherwise.
_OTHERS: Final = (
    (re.compile(rb"PK\x03\x04"), "a ZIP archive, as PyTorch saves pickles"),
    (re.compile(rb"\x80[\x01-\x05]"), "a Python pickle"),
    (re.compile(rb"GGUF|GGML|ggjt"), "a GGML file"),
    (re.compile(rb"\x89HDF"), "an HDF5 file"),
    (re.compile(rb"\x93NUMPY"), "a NumPy file"),
    (re.compile(rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!"), "a compressed file"),
    (re.compile(rb"\s{0,7}<"), "a page"),
)


class NotSafetensors(Exception):
    """The file is of another format, or none that is known; the words say which."""


class Damaged(Exception):
    """The file means to be safetensors and breaks the format's rules; the words say how."""


class Contents(NamedTuple):
    """`metadata` is the file's own, cut to what a row can hold; `sha256` is of the whole file."""

    bytes: int
    sha256: str
    tensors: int
    metadata: dict[str, str]


class Header(NamedTuple):
    tensors: int
    data_bytes: int
    metadata: dict[str, str]


class Reader:
    """`feed` every piece in order, then `finish`; both raise NotSafetensors or Damaged."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._head = bytearray()
        self._seen = 0
        self._size: int | None = None  # Of the whole file, once its header was read.
        self._header: Header | None = None

    def feed(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._seen += len(piece)
        if self._header is None:
            self._head += piece
            self._read_head()
        if self._size is not None and self._seen > self._size:
            raise Damaged("has bytes behind the last tensor")

    def finish(self) -> Contents:
        if self._header is None or self._size is None:
            if self._seen <= _LENGTH_BYTES:
                raise NotSafetensors("too short for any format")
            raise Damaged("ends inside its header")
        if self._seen < self._size:
            raise Damaged(f"ends after {self._seen} bytes of {self._size}")
        return Contents(
            self._seen, self._hash.hexdigest(), self._header.tensors, self._header.metadata
        )

    def _read_head(self) -> None:
        if len(self._head) <= _LENGTH_BYTES:
            return
        length = int.from_bytes(self._head[:_LENGTH_BYTES], "little")
        # The format has every header begin with its brace. Only what has none, or a length that
        # can't be, is looked at for other marks: a pickle's is a fine length, too.
        braced = self._head[_LENGTH_BYTES] == ord("{")
        if not braced or length > HEADER_BYTES_MAX:
            for pattern, name in _OTHERS:
                if pattern.match(self._head):
                    raise NotSafetensors(name)
        if not braced:
            raise NotSafetensors("of no known format")
        if length > HEADER_BYTES_MAX:
            raise Damaged(f"has a header of {length} bytes; {HEADER_BYTES_MAX} are allowed")
        if length < 2:  # noqa: PLR2004  The shortest JSON object.
            raise Damaged(f"has a header of {length} bytes, too short for any")
        if len(self._head) >= _LENGTH_BYTES + length:
            self._header = read_header(bytes(self._head[_LENGTH_BYTES : _LENGTH_BYTES + length]))
            self._size = _LENGTH_BYTES + length + self._header.data_bytes
            self._head.clear()


def read_header(raw: bytes) -> Header:
    """The header without its length; raises Damaged."""
    if sum(raw.count(mark) for mark in (b",", b":", b"[", b"{")) > MARKS_MAX:
        raise Damaged(f"has a header of more than {MARKS_MAX} commas, colons and brackets")
    try:
        entries = json.loads(
            raw.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as fault:
        raise Damaged("has a header that is not valid JSON") from fault
    if not isinstance(entries, dict):
        raise Damaged("has a header that is no JSON object")
    metadata = _metadata(entries.pop(_METADATA, {}))
    if not entries:
        raise Damaged("holds no tensors")
    if len(entries) > TENSORS_MAX:
        raise Damaged(f"holds more than {TENSORS_MAX} tensors")
    end = 0
    for begin, after, name in sorted(_placed(name, entry) for name, entry in entries.items()):
        if begin != end:
            what = "overlaps the one before it" if begin < end else "leaves a gap before it"
            raise Damaged(f"has a tensor, {name[:80]!r}, that {what}")
        end = after
    if end == 0:
        raise Damaged("holds empty tensors only")
    return Header(len(entries), end, metadata)


def _placed(name: str, entry: Any) -> tuple[int, int, str]:
    """Where a tensor begins and ends, once type, shape and place agree."""
    told = f"{name[:80]!r}"
    if len(name) > _NAME_CHARACTERS_MAX:
        raise Damaged(f"has a tensor with a name of {len(name)} characters")
    if not isinstance(entry, dict) or set(entry) != _ENTRY:
        raise Damaged(f"has a tensor, {told}, without dtype, shape and data_offsets only")
    bits = _BITS.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
    if bits is None:
        raise Damaged(f"has a tensor, {told}, of an unknown dtype")
    shape, place = entry["shape"], entry["data_offsets"]
    if not _is_sizes(shape) or len(shape) > _DIMENSIONS_MAX:
        raise Damaged(f"has a tensor, {told}, of an impossible shape")
    if not _is_sizes(place) or len(place) != 2 or place[0] > place[1]:  # noqa: PLR2004
        raise Damaged(f"has a tensor, {told}, at an impossible place")
    size = bits
    for side in shape:
        size *= side
        if size > _SIZE_MAX:
            raise Damaged(f"has a tensor, {told}, of an impossible shape")
    if size != (place[1] - place[0]) * 8:
        raise Damaged(f"has a tensor, {told}, whose place is not of its size")
    return place[0], place[1], name


def _is_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(
        type(item) is int and 0 <= item <= _SIZE_MAX for item in value
    )


def _metadata(found: Any) -> dict[str, str]:
    """Bounded, and without what PostgreSQL can't hold; training tools write whole logs there."""
    if not isinstance(found, dict) or not all(isinstance(it, str) for it in found.values()):
        raise Damaged("has metadata that is no map of texts")
    kept = list(found.items())[:METADATA_MAX]
    return {_kept(name): _kept(text) for name, text in kept}


def _kept(text: str) -> str:
    short = text if len(text) <= METADATA_CHARACTERS_MAX else f"{text[:METADATA_CHARACTERS_MAX]}…"
    return short.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a file with one name twice would load different weights."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
