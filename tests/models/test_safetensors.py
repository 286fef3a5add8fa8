"""The judge of safetensors files: what it takes, and that it only ever takes or refuses."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.weights import PICKLE, ZIP, framed, header_of, lora
from tintype.models import safetensors
from tintype.models.safetensors import Contents, Damaged, NotSafetensors, Reader

FOUR = b"\x00" * 4


def read(data: bytes, piece: int = 1 << 20) -> Contents:
    reader = Reader()
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
    return reader.finish()


def entry(dtype: Any = "F32", shape: Any = (1,), place: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": place}


def file_of(entries: Any, data: bytes = FOUR) -> bytes:
    return framed(json.dumps(entries).encode(), data)


@pytest.mark.parametrize("piece", [1, 7, 8, 9, 1 << 20])
def test_a_sound_file_is_told_whole(piece: int) -> None:
    data = lora(64, author="me", steps="1200")
    assert read(data, piece) == Contents(
        len(data), hashlib.sha256(data).hexdigest(), 2, {"author": "me", "steps": "1200"}
    )


@pytest.mark.parametrize(
    "entries",
    [
        {"a": entry()},
        {"b": entry(place=(0, 4)), "a": entry(place=(4, 4), shape=(0,))},
        {"a": entry(shape=(), dtype="F32")},
        {"a": entry("F4", (8,))},
        {"a": entry("F6_E2M3", (4,), (0, 3)), "b": entry("BOOL", (1,), (3, 4))},
        {"a": entry(), "__metadata__": {}},
        {"a": entry(shape=(1, 1, 1, 1))},
    ],
)
def test_sound_headers_are_taken(entries: Any) -> None:
    assert read(file_of(entries)).tensors == len(entries) - ("__metadata__" in entries)


def test_a_header_may_end_in_spaces_and_its_tensors_stand_in_any_order() -> None:
    header = json.dumps({"b": entry(place=(4, 8)), "a": entry()}).encode() + b"   "
    assert read(framed(header, FOUR * 2)).tensors == 2


def test_a_length_that_looks_like_a_pickle_is_a_length() -> None:
    """0x0280 in the order of the file is the mark of a pickle of protocol 2."""
    header = json.dumps({"a": entry()}).encode().ljust(0x0280)
    data = framed(header, FOUR)
    assert data[:2] == PICKLE[:2]
    assert read(data).tensors == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (PICKLE, "a Python pickle"), (ZIP, "a ZIP archive"), (b"GGUF" + bytes(60), "a GGML file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(60), "an HDF5"), (b"<!doctype html><p>", "a page"),
        (b"\x1f\x8b\x08" + bytes(60), "compressed"), (b"", "too short"), (b"\x02" + bytes(7), "short"),
        (bytes(64), "no known format"), (b"\x20" + bytes(7) + b"[" * 32, "no known format"),
    ],
)  # fmt: skip
def test_other_formats_are_named(data: bytes, told: str) -> None:
    with pytest.raises(NotSafetensors, match=told):
        read(data)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (lora()[:-1], "ends after"), (lora()[:20], "ends inside its header"),
        (lora() + b"\x00", "behind the last tensor"),
        ((2**40).to_bytes(8, "little") + b"{" + bytes(60), "header of 1099511627776 bytes"),
        ((2**64 - 1).to_bytes(8, "little") + b"{}", "header of 18446744073709551615 bytes"),
        (b"\x01" + bytes(7) + b"{", "too short"),
        (framed(b"{}", b""), "no tensors"), (file_of({"__metadata__": {}}), "no tensors"),
        (framed(b'{"a": 1', FOUR), "not valid JSON"), (framed(b'{"\xff": 1}', FOUR), "not valid JSON"),
        (framed(b'{"a":' + b"[" * 100_000, FOUR), "not valid JSON"),
        (framed(b'{"a": NaN}', FOUR), "not valid JSON"),
        (framed(b'{"a": 1' + b"0" * 5000 + b"}", FOUR), "not valid JSON"),
        (framed(b'{"a":1,"a":1}', FOUR), "not valid JSON"),
        (file_of({"a": entry(), "b": entry()}, FOUR), "overlaps"),
        (file_of({"a": entry(), "b": entry(shape=(0,), place=(2, 2))}), "overlaps"),
        (file_of({"a": entry(place=(4, 8))}, FOUR * 2), "leaves a gap"),
        (file_of({"a": entry(), "b": entry(place=(8, 12))}, FOUR * 3), "leaves a gap"),
        (file_of({"a": entry("Q8")}), "unknown dtype"), (file_of({"a": entry(7)}), "unknown dtype"),
        (file_of({"a": entry([])}), "unknown dtype"), (file_of({"a": entry(shape=(2,))}), "not of its size"),
        (file_of({"a": entry(shape=(-1,))}), "impossible shape"), (file_of({"a": entry(shape=(1.0,))}), "impossible shape"),
        (file_of({"a": entry(shape=(True,))}), "impossible shape"), (file_of({"a": entry(shape="1")}), "impossible shape"),
        (file_of({"a": entry(shape=(2**62, 2**62, 2**62))}), "impossible shape"),
        (file_of({"a": entry(shape=(1,) * 33)}), "impossible shape"),
        (file_of({"a": entry(place=(4, 0))}), "impossible place"), (file_of({"a": entry(place=(0,))}), "impossible place"),
        (file_of({"a": entry(place=(0, 2**64))}), "impossible place"),
        (file_of({"a": entry() | {"more": 1}}), "dtype, shape and data_offsets only"),
        (file_of({"a": [1]}), "dtype, shape and data_offsets only"),
        (file_of({"a": {"dtype": "F32"}}), "dtype, shape and data_offsets only"),
        (file_of({"a": entry(), "__metadata__": {"a": 1}}), "no map of texts"),
        (file_of({"a": entry(), "__metadata__": []}), "no map of texts"),
        (file_of({"a": entry(shape=(0,), place=(0, 0))}, b""), "empty tensors only"),
        (file_of({"x" * 1001: entry()}), "name of 1001 characters"),
        (file_of({"a": entry("F4", (3,), (0, 2))}, FOUR[:2]), "not of its size"),
    ],
)  # fmt: skip
def test_what_breaks_the_formats_rules_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(Damaged, match=told):
        read(data)


def test_a_huge_header_is_refused_at_its_first_bytes() -> None:
    reader = Reader()
    with pytest.raises(Damaged):
        reader.feed((safetensors.HEADER_BYTES_MAX + 1).to_bytes(8, "little") + b"{")


@pytest.mark.parametrize(("junk", "marks"), [(b"[],", 2), (b"{},", 2), (b"0,", 1)])
def test_a_header_that_would_swell_in_memory_is_refused_unread(junk: bytes, marks: int) -> None:
    """16 MB of these are up to 400 MB of objects, and seconds in which nobody else gets a turn."""
    raw = b'{"a":[' + junk * (safetensors.MARKS_MAX // marks + 1) + b"0]}"
    assert len(raw) < safetensors.HEADER_BYTES_MAX
    with pytest.raises(Damaged, match="commas, colons and brackets"):
        safetensors.read_header(raw)


def test_bytes_behind_the_end_are_refused_before_all_have_come() -> None:
    reader = Reader()
    reader.feed(lora())
    with pytest.raises(Damaged, match="behind the last"):
        reader.feed(b"\x00")


def test_too_many_tensors_are_refused() -> None:
    many = {f"{n}": entry(shape=(0,), place=(0, 0)) for n in range(safetensors.TENSORS_MAX)}
    with pytest.raises(Damaged, match="more than 100000 tensors"):
        read(file_of(many | {"a": entry()}))


def test_the_files_own_words_are_kept_within_bounds() -> None:
    words = {f"k{n}": "x" for n in range(100)} | {"k0": "y" * 5000, "k1": "a\x00b", "k2": "\ud800"}
    kept = read(file_of({"a": entry(), "__metadata__": words})).metadata
    assert len(kept) == safetensors.METADATA_MAX
    assert kept["k0"] == "y" * 1000 + "…"
    assert (kept["k1"], kept["k2"]) == ("a\ufffdb", "?")


def judged(data: bytes, piece: int = 1 << 20) -> Contents | None:
    """Its contents, or None where it was refused; any other end is a fault of the judge."""
    try:
        return read(data, piece)
    except (NotSafetensors, Damaged):
        return None


@given(st.binary(max_size=200), st.integers(1, 50))
def test_random_bytes_are_refused_and_nothing_else(data: bytes, piece: int) -> None:
    assert judged(data, piece) is None


SOUND = lora(16, author="me")


@given(
    st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(SOUND)), st.binary(max_size=3), st.integers(1, 300),
)  # fmt: skip
def test_changed_files_are_taken_or_refused_alike_in_any_pieces(
    changes: list[tuple[int, int]], length: int, behind: bytes, piece: int
) -> None:
    data = bytearray(SOUND)
    for at, value in changes:
        data[at] = value
    told = judged(bytes(data[:length]) + behind)
    assert told == judged(bytes(data[:length]) + behind, piece)
    if length + len(behind) != len(SOUND):
        # Another length than the header's sum can only fit if that header says so.
        assert told is None or changes


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=12,
)  # fmt: skip
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "F4", "U8", "x"]) | JSON,
        "shape": st.lists(st.integers(-1, 4), max_size=3) | JSON,
        "data_offsets": st.lists(st.integers(-1, 20), min_size=2, max_size=2) | JSON,
    },
    optional={"more": JSON},
)


@given(st.dictionaries(st.text(max_size=5) | st.just("__metadata__"), ENTRY | JSON, max_size=4),
       st.binary(max_size=24))  # fmt: skip
def test_any_header_of_json_is_taken_only_if_it_covers_its_bytes(entries: Any, data: bytes) -> None:
    told = judged(framed(json.dumps(entries).encode(), data))
    if told is not None:
        places = [it["data_offsets"] for name, it in entries.items() if name != "__metadata__"]
        assert sum(after - begin for begin, after in places) == len(data) > 0
        assert told.tensors == len(places)


SIZES = {"U8": 1, "F16": 2, "F32": 4, "F64": 8}


@given(st.dictionaries(
    st.text(max_size=10).filter(lambda it: it != "__metadata__"),
    st.tuples(st.sampled_from(sorted(SIZES)), st.lists(st.integers(0, 4), max_size=3)),
    min_size=1, max_size=6,
))  # fmt: skip
def test_whatever_is_laid_out_as_the_format_says_is_taken(tensors: dict[str, Any]) -> None:
    laid = {}
    for name, (dtype, shape) in tensors.items():
        size = SIZES[dtype]
        for side in shape:
            size *= side
        laid[name] = (dtype, shape, bytes(size))
    data = b"".join(it[2] for it in laid.values())
    told = judged(framed(header_of(laid), data))
    assert (told is not None) == (len(data) > 0)
