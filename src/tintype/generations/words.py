"""What is said to an engine: judged before anything is charged."""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from tintype.catalog.models import Model
from tintype.core.errors import ValidationFailed
from tintype.media.draft.unknown import says_nothing

_DRAFT: Final = "builtin/draft"


def check_words(prompt: str | None, negative_prompt: str | None, model: Model) -> None:
    """Something to draw, in a length that the model takes (counted in code points); None is fine.

    Raises ValidationFailed naming the field.
    """
    for field, text in (("prompt", prompt), ("negative_prompt", negative_prompt)):
        if text is None:
            continue
        if not any(unicodedata.category(c)[0] not in "CZ" for c in text):
            raise ValidationFailed(field, "must say something")
        if len(text) > model.prompt_characters_max:
            raise ValidationFailed(
                field, f"may have at most {model.prompt_characters_max} characters"
            )
    if negative_prompt is not None and not model.negative_prompt:
        raise ValidationFailed("negative_prompt", f"{model.id} takes no negative prompt")


def spoken(persona_words: str | None, prompt: str) -> str:
    """What an engine is told: the person, then what the work says."""
    return ". ".join(part for part in (persona_words, prompt) if part)


def check_spoken(persona_words: str | None, prompt: str, model: Model) -> None:
    """A persona's words and the prompt share the model's limit.

    Raises ValidationFailed on `persona_id`.
    """
    length = len(spoken(persona_words, prompt))
    if persona_words and length > model.prompt_characters_max:
        raise ValidationFailed(
            "persona_id",
            f"its words and the prompt together have {length} characters; {model.id} takes at most"
            f" {model.prompt_characters_max}",
        )


def unread(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """In words, where the built-in engine would draw something else than the work's words say.

    Takes up to some 50 ms for the longest prompts, so it is for quotes, not for every request.
    """
    if fields["model"] != _DRAFT or fields.get("sources"):
        return ()
    words = spoken(fields["persona_words"], fields["prompt"])
    if not says_nothing(words, fields["negative_prompt"] or ""):
        return ()
    return (f"{_DRAFT} knows no thing or place in these words, and draws a scene of its own",)
