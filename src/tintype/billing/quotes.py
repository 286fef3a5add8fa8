"""Quotes: what work would cost, said before it is done and binding for ten minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import msgspec

from tintype.billing import queries
from tintype.core import ids
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.credits import operations as credits
from tintype.db.pool import Transaction

LIFE: Final = timedelta(minutes=10)


class Asked(Protocol):
    """A request for work, whatever kind."""

    dry_run: bool
    quote_id: str | None


@dataclass(frozen=True, slots=True)
class Terms:
    """How work is asked for: `dry_run` asks its price only, `quote_id` names a price given."""

    dry_run: bool = False
    quote_id: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What work would be and cost; `digest` tells whether later work is the same."""

    credits: int
    model: str
    engine: str
    fidelity: str
    width: int | None
    height: int | None
    adjustments: tuple[str, ...]
    digest: bytes


class Quoted(Exception):
    """Work was asked for its price only: nothing that its transaction did may stay."""

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.offer = offer


class Size(msgspec.Struct):
    """In pixels."""

    width: int
    height: int


class Quote(msgspec.Struct, kw_only=True):
    """A price given: nothing was made. `quote_id` in the same request makes it binding till then.

    `sufficient` says whether the available credits pay for it now.
    """

    object: Literal["quote"] = "quote"
    quote_id: str
    credits: int
    model: str
    engine: str
    fidelity: str
    size: Size | None
    adjustments: list[str]
    available: int
    sufficient: bool
    expires_at: datetime


def only_price(asked: Asked) -> bool:
    """Whether the request is a dry run; ValidationFailed where it is to keep to a quote as well."""
    if asked.dry_run and asked.quote_id is not None:
        raise ValidationFailed("quote_id", "means nothing in a dry run")
    return asked.dry_run


async def keep(tx: Transaction, caller: Caller, offer: Offer) -> Quote:
    """Write the price down, so that it binds. In the sandbox it is nothing."""
    price = offer.credits if caller.livemode else 0
    have = await credits.balance(tx, caller.organization_id)
    quote_id = ids.new("quo")
    expires_at = await queries.insert_quote(
        tx, quote_id, caller.organization_id, digest=offer.digest, price=price, life=LIFE
    )
    size = None
    if offer.width is not None and offer.height is not None:
        size = Size(offer.width, offer.height)
    return Quote(
        quote_id=quote_id, credits=price, model=offer.model, engine=offer.engine,
        fidelity=offer.fidelity, size=size, adjustments=list(offer.adjustments),
        available=have.available, sufficient=have.available >= price, expires_at=expires_at,
    )  # fmt: skip


async def redeem(tx: Transaction, caller: Caller, quote_id: str, offer: Offer) -> int:
    """The credits that were quoted for this work; each quote counts once.

    It is used up with the transaction's commit: work that is refused after all leaves it. Raises
    ValidationFailed on `quote_id`, saying what is wrong with it.
    """
    row = None
    if ids.is_id("quo", quote_id):
        row = await queries.lock_quote(tx, caller.organization_id, quote_id)
    if row is None:
        raise ValidationFailed("quote_id", "there is no such quote")
    if row["used_at"] is not None:
        raise ValidationFailed("quote_id", "was used already; each quote counts once")
    if row["expired"]:
        raise ValidationFailed("quote_id", "has expired; ask for a new quote")
    if row["digest"] != offer.digest:
        raise ValidationFailed("quote_id", "is for other work; ask for a quote of this one")
    await queries.use_quote(tx, caller.organization_id, quote_id)
    price: int = row["credits"]
    return price


async def prune(tx: Transaction) -> bool:
    """Forget quotes a day after their end; True when there may be more than this batch."""
    return await queries.prune_quotes(tx)
