"""Polishing a text: what is asked is judged, an engine does it, and what it did is told."""

import asyncio
import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Final

from tintype.billing.quotes import Offer
from tintype.catalog.models import flat_price, model_for
from tintype.core import log
from tintype.core.caller import Caller
from tintype.core.errors import (
    ContentRejected,
    EngineUnavailable,
    ProviderError,
    ProviderTimeout,
    TintypeError,
    Unavailable,
    ValidationFailed,
)
from tintype.engines.base import Engine, EngineFault, Job, Output
from tintype.engines.polish.differences import compared
from tintype.engines.polish.edits import Edits
from tintype.engines.polish.engine import PolishOutput
from tintype.engines.polish.locale import DEFAULT, canonical
from tintype.engines.polish.proofread import Proof
from tintype.engines.polish.shorten import TooShort, shortened
from tintype.engines.polish.tone import TONES
from tintype.engines.registry import Engines
from tintype.text.models import Change, PolishedText, PolishText, Suggestion

OPERATION: Final = "polish_text"
NOTE: Final = "text polish"
_SECONDS_MAX: Final = 30.0
_GRACE_SECONDS: Final = 2.0  # For the engine to heed the deadline that it was told.
_ANSWER_CHARACTERS_MAX: Final = 20_000
_log = log.get("tintype.text")
_FAULTS: Final[dict[str, type[TintypeError]]] = {
    "CONTENT_REJECTED": ContentRejected,
    "TIMEOUT": ProviderTimeout,
    "BAD_CREDENTIALS": EngineUnavailable,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, with defaults filled in; `variants`: the locale was asked for."""

    text: str
    tone: str
    locale: str
    variants: bool
    max_length: int | None


def wanted(ask: PolishText) -> Wanted:
    """Raises ValidationFailed, naming the field."""
    if not any(unicodedata.category(c)[0] not in "CZ" for c in ask.text):
        raise ValidationFailed("text", "must say something")
    tone = TONES[0] if ask.tone is None else ask.tone
    if tone not in TONES:
        raise ValidationFailed("tone", f"must be one of {', '.join(TONES)}")
    try:
        locale = DEFAULT if ask.locale is None else canonical(ask.locale)
    except ValueError as fault:
        raise ValidationFailed("locale", str(fault)) from fault
    return Wanted(ask.text, tone, locale, ask.locale is not None, ask.max_length)


def price(caller: Caller) -> int:
    """Credits for one text, whichever engine polishes it."""
    return flat_price(model_for(OPERATION, None)) if caller.livemode else 0


def offer(engines: Engines, caller: Caller) -> Offer:
    """What a text's polishing costs, and by whom; raises EngineUnavailable where nobody does it."""
    model_id, engine = engines.serving(OPERATION, livemode=caller.livemode)
    model = model_for(OPERATION, None)
    priced = f"{OPERATION}:{model.id}".encode()
    return Offer(
        credits=price(caller), model=model_id, engine=engine.name, fidelity=model.fidelity,
        width=None, height=None, adjustments=(), digest=hashlib.sha256(priced).digest(),
    )  # fmt: skip


async def polish(engines: Engines, caller: Caller, ask: Wanted) -> PolishedText:
    """Have the text polished by the engine that serves this caller; no transaction is open."""
    model, engine = engines.serving(OPERATION, livemode=caller.livemode)
    output = await _run(engine, model, ask, livemode=caller.livemode)
    return await asyncio.to_thread(_told, ask, model, output)


def _told(ask: Wanted, model: str, output: Output) -> PolishedText:
    """The answer: what the engine made of the text, cut where it is too long."""
    proof = _proof(ask, output)
    edits = proof.edits
    if ask.max_length is not None:
        try:
            edits = shortened(edits, ask.max_length)
        except TooShort as fault:
            raise ValidationFailed(
                "max_length", "is too short to keep a link, tag, placeholder or character whole"
            ) from fault
    return PolishedText(
        text=edits.text, changes=_changes(edits), suggestions=_suggestions(edits, proof),
        tone=ask.tone, locale=ask.locale, engine=model,
    )  # fmt: skip


async def _run(engine: Engine, model: str, ask: Wanted, *, livemode: bool) -> Output:
    """The engine's answer; however it fails, a fault that a client can act on."""
    job = Job(
        "polish_text", model, prompt=ask.text, livemode=livemode, deadline_seconds=_SECONDS_MAX,
        extra={"tone": ask.tone, "locale": ask.locale, "variants": ask.variants,
               "max_length": ask.max_length},
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS_MAX + _GRACE_SECONDS):
            output = await engine.run(job, _Watch())
    except EngineFault as fault:
        if fault.code == "RATE_LIMITED" and fault.retry_after_seconds is not None:
            raise Unavailable(fault.message) from fault
        kind = _FAULTS.get(fault.code, ProviderError)
        raise kind(fault.message) from fault
    except TimeoutError as fault:
        raise ProviderTimeout("The text engine took too long.") from fault
    except Exception as fault:
        _log.error("text engine failed", engine=engine.name, fault=log.where(fault))
        raise ProviderError("The text engine failed.") from fault
    if not _is_usable(output.text):
        raise ProviderError("The text engine gave no usable text.")
    return output


def _is_usable(text: str) -> bool:
    """Whether it says something that JSON can carry. A lone surrogate is no character."""
    halves = any("\ud800" <= c <= "\udfff" for c in text)
    return bool(text.strip()) and len(text) <= _ANSWER_CHARACTERS_MAX and not halves


def _proof(ask: Wanted, output: Output) -> Proof:
    """What the engine did: as it tells, or found by comparing."""
    if isinstance(output, PolishOutput) and output.proof.edits.original == ask.text:
        return output.proof
    return Proof(compared(ask.text, output.text, "rewritten"))


def _changes(edits: Edits) -> list[Change]:
    return [
        Change(edit.start, edit.end, edits.original[edit.start : edit.end], edit.after,
               "; ".join(edit.reasons))
        for edit in edits.items
    ]  # fmt: skip


def _suggestions(edits: Edits, proof: Proof) -> list[Suggestion]:
    """Those whose words are in the answer: not cut away."""
    return [
        Suggestion(item.start, item.end, edits.original[item.start : item.end], item.options[0],
                   item.reason, list(item.options))
        for item in proof.suggestions
        if not any(edit.start < item.end and item.start < edit.end for edit in edits.items)
    ]  # fmt: skip


class _Watch:
    """A request that waits: nobody cancels it, and nobody looks at its progress."""

    def canceled(self) -> bool:
        return False

    def progress(self, done: float) -> None:
        del done
