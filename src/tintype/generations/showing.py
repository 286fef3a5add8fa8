"""Who work shows: a persona, in words and in pictures."""

from typing import Any

from tintype.catalog.models import Model
from tintype.core.caller import Caller
from tintype.core.errors import ValidationFailed
from tintype.core.memo import Memo
from tintype.db.pool import Transaction
from tintype.generations.words import check_spoken
from tintype.personas import operations as personas
from tintype.personas.operations import Shown


async def showing(
    tx: Transaction,
    caller: Caller,
    model: Model,
    prompt: str,
    persona_id: str | None,
    sources: list[dict[str, Any]],
    memo: Memo,
) -> dict[str, Any]:
    """The row's columns for what work starts from: `sources`, and the persona's pictures and words.

    Raises ValidationFailed on `persona_id`, also where the model takes fewer pictures or words.
    """
    if persona_id is None:
        return {"sources": sources, "persona_id": None, "persona_words": None}
    shown = await memo.once(("persona", persona_id), lambda: personas.shown(tx, caller, persona_id))
    given = {source.get("image_id") or source.get("url") for source in sources}
    together = sources + [
        source for source in shown.sources
        if (source.get("image_id") or source.get("url")) not in given
    ]  # fmt: skip
    if len(together) > model.references_max:
        raise ValidationFailed(
            "persona_id",
            f"has pictures that make {len(together)} references; {model.id} takes at most"
            f" {model.references_max}",
        )
    check_spoken(shown.words, prompt, model)
    return {"sources": together, "persona_id": shown.persona_id, "persona_words": shown.words}


def remember_persona(memo: Memo, persona_id: str, words: str) -> None:
    """Let `showing` add these words of a persona, which may be another now, and no pictures."""
    memo.tell(("persona", persona_id), Shown(persona_id, words, []))
