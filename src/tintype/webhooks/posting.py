"""One post of one delivery: what is sent, and what its answer means for the next attempt."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec
from standardwebhooks import Webhook

from tintype.core import log
from tintype.db.pool import Row
from tintype.fetch import FetchFailed, Posted
from tintype.webhooks import metrics, signing
from tintype.webhooks.courier import Courier
from tintype.webhooks.models import Body

GONE: Final = 410
_JITTER: Final = 0.1
_RETRY_AFTER_SECONDS_MAX: Final = 86_400.0
_log = log.get("tintype.webhooks")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one post came to; `status` of the delivery is `outcome`, due again after `delay`."""

    delivery_id: str
    type: str
    started_at: datetime
    milliseconds: int
    status: int | None
    error: str | None
    answer: str
    outcome: str
    delay: timedelta

    @property
    def delivered(self) -> bool:
        return self.outcome == "delivered"


async def post(courier: Courier, signers: Sequence[Webhook], row: Row) -> Outcome:
    """One attempt to its end, whatever that is; raises nothing.

    The moment is the database's, as all times here: a worker whose clock is wrong still signs what
    receivers accept.
    """
    began = time.monotonic()
    moment: datetime = row["claimed_at"]
    milliseconds, status, error, answer, wait = None, None, None, "", 0.0
    try:
        posted = await _posted(courier, signers, row)
        status, milliseconds = posted.status, posted.milliseconds
        answer = posted.head.decode(errors="replace").replace("\0", "�")
        if not 200 <= status < 300:  # noqa: PLR2004
            error = "bad_status"
            wait = seconds_asked(posted.retry_after, moment)
    except FetchFailed as failed:
        error = failed.fault
    except Exception as fault:  # noqa: BLE001  An attempt without a record would be made for ever.
        _log.error("webhook attempt broke", delivery=row["id"], fault=log.where(fault))
        error = "bad_answer"
    if milliseconds is None:
        milliseconds = round((time.monotonic() - began) * 1000)
    outcome, delay = "delivered", timedelta(0)
    if error is not None:
        outcome, delay = _next(courier.settings.retry_seconds, row["tries"], status, wait)
    metrics.attempted(error or "delivered", milliseconds)
    return Outcome(
        row["id"], row["type"], moment, milliseconds, status, error, answer, outcome, delay
    )


async def _posted(courier: Courier, signers: Sequence[Webhook], row: Row) -> Posted:
    data = msgspec.Raw(row["data"].encode())
    body = msgspec.json.encode(Body(row["event_id"], row["type"], row["created_at"], data))
    headers = signing.headers(signers, row["event_id"], row["claimed_at"].astimezone(UTC), body)
    return await courier.fetcher.post(
        row["url"], body, headers, seconds_max=courier.settings.seconds_max
    )


def _next(
    retry_seconds: Sequence[float], tries: int, status: int | None, wait: float
) -> tuple[str, timedelta]:
    """After a failure: due again, or failed for good."""
    if status == GONE or tries >= len(retry_seconds):
        return "failed", timedelta(0)
    scheduled = retry_seconds[tries] * random.uniform(1, 1 + _JITTER)
    return "pending", timedelta(seconds=max(scheduled, wait))


def seconds_asked(retry_after: str | None, now: datetime) -> float:
    """The seconds of a `Retry-After` (RFC 9110 §10.2.3), at most a day; 0 where it says none."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _RETRY_AFTER_SECONDS_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _RETRY_AFTER_SECONDS_MAX)
