"""What a client who waits is told: the finished work, or the error that it ended with.

Where a request only creates work, work that fails later has its error in its own fields. Here the
answer was held for the result, so a failure is the request's own, under its own status.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from tintype.api.parts import AnyRequest
from tintype.api.rendering import Answer
from tintype.billing.quotes import Quote
from tintype.core.caller import Caller
from tintype.core.errors import (
    Conflict,
    ContentRejected,
    EngineUnavailable,
    ProviderError,
    ProviderTimeout,
    TintypeError,
    ValidationFailed,
)
from tintype.db.pool import Transaction
from tintype.generations.answering import start
from tintype.generations.models import TERMINAL, Generation
from tintype.generations.submit import Created
from tintype.studio.models import WAIT_SECONDS

ENDINGS: Final = (Conflict, ContentRejected, EngineUnavailable, ProviderError, ProviderTimeout)
"""What work may end with besides ValidationFailed, which every route may answer."""
_BY_CODE: Final = {kind.code: kind for kind in ENDINGS}


async def finished(
    request: AnyRequest,
    caller: Caller,
    payload: Any,
    create: Callable[[Transaction], Awaitable[Created]],
    *,
    named: Callable[[str], str] = str,
) -> Answer[Generation] | Answer[Quote]:
    """200 with the completed work, or 202 where it goes on past the wait.

    Raises the error that the work ended with, its credits back; a replay raises the same. `named`
    gives the client's name of a field that the work names. `Prefer: respond-async` without a `wait`
    answers 202 at once.
    """
    prefer = request.headers.get("prefer", "").lower()
    answer = await start(
        request, caller, payload, create,
        wait_default=0 if "respond-async" in prefer else WAIT_SECONDS, ended=200,
    )  # fmt: skip
    if isinstance(answer.content, Generation) and answer.content.status in TERMINAL:
        if answer.content.status != "completed":
            raise _ending(answer.content, answer, named)
        answer.status_code = 200
    return answer


def _ending(work: Generation, answer: Answer[Any], named: Callable[[str], str]) -> TintypeError:
    """The error of failed or canceled work, with where to look and what came back."""
    facts = {
        "generation_id": work.id, "status": work.status,
        "credits_refunded": work.credits_reserved - work.credits_used,
    }  # fmt: skip
    headers = {**answer.headers, "X-Credits-Used": str(work.credits_used)}
    if answer.credits_remaining is not None:
        headers["X-Credits-Remaining"] = str(answer.credits_remaining)
    if work.error is None:
        return Conflict(
            "The work was canceled; its credits are back.", details=facts, headers=headers
        )
    code, message = work.error.code, work.error.message
    if code == ValidationFailed.code:
        field, colon, problem = message.partition(": ")
        if not colon or " " in field:
            field, problem = "prompt", message
        wrong = ValidationFailed(named(field), problem)
        wrong.details = [one | facts for one in wrong.details]
        wrong.headers = headers
        return wrong
    kind = _BY_CODE.get(code, ProviderError)
    return kind(message, details=facts, headers=headers)
