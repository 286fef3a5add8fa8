"""Entity tags of resources (RFC 9110 §8.8.3, §13.1): what a client has seen, said when it writes.

A tag is a hash of the resource as it is shown bare, so it is the same on both mounts and changes
with everything that a reader could see change. `If-Match` is judged by the operation, under the
lock of the row: of two that race with one tag, one writes and the other is told. No framework:
commands and the worker have operations too.
"""

import hashlib
from typing import Any, Final

import msgspec

from tintype.core.errors import PreconditionFailed

Tags = frozenset[str]
ANY: Final = "*"
"""Instead of a tag: whatever there is."""


def etag_of(resource: Any) -> str:
    """The strong tag of a resource, or of whatever stands for one version of it."""
    body = msgspec.json.encode(resource, order="deterministic")
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def require_match(asked: Tags | None, resource: Any) -> None:
    """Raise PreconditionFailed where `asked` names another version than this one.

    The comparison is the strong one: a weak tag (`W/"…"`) matches nothing.
    """
    if asked is None or ANY in asked:
        return
    tag = etag_of(resource)
    if tag not in asked:
        raise PreconditionFailed(tag)
