"""Limits on what clients may attach to objects."""

from typing import Any, Final

import msgspec

from tintype.core.errors import ValidationFailed

META_BYTES_MAX: Final = 16_384
META_KEYS_MAX: Final = 256


def check_meta(meta: dict[str, Any], field: str = "meta") -> None:
    if len(meta) > META_KEYS_MAX:
        raise ValidationFailed(field, f"may have at most {META_KEYS_MAX} keys")
    if len(msgspec.json.encode(meta)) > META_BYTES_MAX:
        raise ValidationFailed(field, f"may have at most {META_BYTES_MAX} bytes as JSON")
