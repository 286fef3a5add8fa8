"""POST /text/polish: one text corrected while the request waits."""

from litestar import post

from tintype.accounts.models import require_feature
from tintype.api.bodies import read_json
from tintype.api.guard import caller_of, needs
from tintype.api.idempotency import write
from tintype.api.parts import AnyRequest, parts
from tintype.api.rendering import Answer
from tintype.billing import operations as billing
from tintype.billing import quotes
from tintype.billing.quotes import Quote
from tintype.core.errors import (
    ContentRejected,
    EngineUnavailable,
    InsufficientCredits,
    ProviderError,
    ProviderTimeout,
)
from tintype.db.pool import Transaction
from tintype.text import operations
from tintype.text.models import PolishedText, PolishText


class _NotYetMade(Exception):
    """Rolls back a transaction that found nothing to replay: there is work to do first."""


@post(
    "/text/polish",
    guards=[needs("text:write")],
    opt={
        "body": PolishText,
        "answers": [200],
        "errors": [
            InsufficientCredits, ContentRejected, ProviderError, EngineUnavailable, ProviderTimeout,
        ],
        "example": {"text": "Its a nice bag, dont miss it", "tone": "neutral", "locale": "en-US"},
    },
)  # fmt: skip
async def polish_text(request: AnyRequest) -> Answer[PolishedText] | Answer[Quote]:
    """Correct a text: spelling, wording and tone, with every change told.

    No transaction spans the engine's work. A first one replays what an `Idempotency-Key` has done
    or refuses what can't be paid; a second one takes the credit and remembers the answer, so of
    twins that both did the work one pays and the other gets the same answer.
    """
    caller = caller_of(request)
    require_feature(caller, "text")
    body = await read_json(request, PolishText)
    wanted = operations.wanted(body)
    offer = operations.offer(request.app.state.text, caller)
    if quotes.only_price(body):
        async with parts(request).database.transaction() as tx:
            return Answer(await quotes.keep(tx, caller, offer))
    made: PolishedText | None = None

    async def act(tx: Transaction) -> Answer[PolishedText]:
        cost = offer.credits
        if body.quote_id is not None:
            cost = await quotes.redeem(tx, caller, body.quote_id, offer)
        if made is None:
            await billing.require(tx, caller, cost)
            raise _NotYetMade
        entry = await billing.charge(tx, caller, cost, note=operations.NOTE)
        left = await billing.left(tx, caller) if entry is None else entry.available_after
        return Answer(made, credits_used=cost, credits_remaining=left)

    try:
        answer = await write(request, caller, body, act)
    except _NotYetMade:
        made = await operations.polish(request.app.state.text, caller, wanted)
        answer = await write(request, caller, body, act)
    if answer.credits_remaining is None and caller.livemode:
        # A replay, whose credits moved long ago.
        async with parts(request).database.reading() as tx:
            answer.credits_remaining = await billing.left(tx, caller)
    return answer


ROUTES = [polish_text]
