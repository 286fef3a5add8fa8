"""`Prefer: wait=N` and `Cancel-After`: how long a client wants to wait, and when to give up."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

from tintype.api.parts import AnyRequest, parts
from tintype.core.errors import Unavailable, ValidationFailed
from tintype.db.listen import Signals

T = TypeVar("T")
WAIT_MAX_SECONDS: Final = 60
_LOOK_SECONDS: Final = 2.0
_PREFER_WAIT: Final = re.compile(r"(?:^|[,;\s])wait(?:\s*=\s*\"?([^\s,;\"]*)\"?)?(?=$|[,;\s])")
_DURATION: Final = re.compile(r"([0-9]{1,6})(s|m|h)?")
_UNIT_SECONDS: Final = {None: 1, "s": 1, "m": 60, "h": 3600}
_CANCEL_MAX_SECONDS: Final = 86_400


def wait_seconds(request: AnyRequest, default: int = 0) -> int:
    """Seconds that the client wants the answer held (RFC 7240 `wait`); 60 for a bare `wait`."""
    match = _PREFER_WAIT.search(request.headers.get("prefer", ""))
    if match is None:
        return default
    text = match[1]
    if text is None:
        return WAIT_MAX_SECONDS
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= WAIT_MAX_SECONDS:
        raise ValidationFailed("Prefer", f"wait must be 1 to {WAIT_MAX_SECONDS} seconds")
    return int(text)


def cancel_after(request: AnyRequest) -> timedelta | None:
    """The deadline of `Cancel-After: 90s` (or `5m`, `1h`, plain seconds)."""
    text = request.headers.get("cancel-after")
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip())
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]] if match else 0
    if not 1 <= seconds <= _CANCEL_MAX_SECONDS:
        raise ValidationFailed(
            "Cancel-After", "must be a duration such as 90s, 5m or 1h, up to 24h"
        )
    return timedelta(seconds=seconds)


async def wait_until(
    signals: Signals,
    subject_id: str,
    seconds: float,
    look: Callable[[], Awaitable[T]],
    done: Callable[[T], bool],
) -> T:
    """Look at an object whenever it is said to have changed, until `done` or the time is over.

    Rides over a database that is away for a moment: what is waited for is committed already.
    Raises Unavailable when it was never seen in all that time.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    seen: list[T] = []
    async with signals.subscribe(subject_id) as changed:
        while True:
            changed.clear()
            over = loop.time() >= end or signals.closing.is_set()
            try:
                seen = [await look()]
            except Unavailable:
                if over and not seen:
                    raise
            if (seen and done(seen[0])) or (over and seen):
                return seen[0]
            left = max(0.0, end - loop.time())
            try:
                async with asyncio.timeout(min(left, _LOOK_SECONDS)):
                    await changed.wait()
            except TimeoutError:
                continue


async def wait_in_place(
    request: AnyRequest,
    organization_id: str,
    subject_id: str,
    seconds: float,
    look: Callable[[], Awaitable[T]],
    done: Callable[[T], bool],
) -> T:
    """As `wait_until`, in one of the organization's places for held answers.

    Where all of them are taken, the object as it is now.
    """
    places = parts(request).places
    if not places.has_room(organization_id):
        return await look()
    with places.held(organization_id):
        return await wait_until(parts(request).signals, subject_id, seconds, look, done)
