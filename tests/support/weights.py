"""Safetensors files, sound and otherwise."""

import json
from typing import Any


def header_of(tensors: dict[str, tuple[str, list[int], bytes]], metadata: Any = None) -> bytes:
    """The header's JSON for tensors as (dtype, shape, bytes), laid out in their order."""
    entries: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    end = 0
    for name, (dtype, shape, data) in tensors.items():
        place = [end, end + len(data)]
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": place}
        end = place[1]
    return json.dumps(entries).encode()


def framed(header: bytes, data: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def lora(size: int = 64, fill: bytes = b"\x01", **metadata: str) -> bytes:
    """A small sound file of two tensors, of `size` bytes each."""
    tensors = {
        "unet.down": ("F16", [size // 2], fill * size),
        "unet.up": ("F32", [size // 4, 1], fill * size),
    }
    header = header_of(tensors, metadata or None)
    return framed(header, fill * (2 * size))


PICKLE = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01K\x01u." + bytes(40)
ZIP = b"PK\x03\x04" + bytes(60)
